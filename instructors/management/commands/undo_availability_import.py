"""``manage.py undo_availability_import RUN``: every instructor has again what they had before."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from instainstru.lib.errors import DomainError
from instainstru.lib.locks import alone
from instructors.legacy import undo
from instructors.legacy.undo import Undone


class Command(BaseCommand):
    help = (
        "Put back the hours that an import replaced. Whoever has edited since is named and left, "
        "unless --force; then the exit status is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, help="the number that import_availability printed")
        parser.add_argument("--force", action="store_true", help="also over what was edited since")
        parser.add_argument("--json", action="store_true", help="a JSON object a line, the summary last")

    def handle(self, *args: Any, **options: Any) -> None:
        with alone("import_availability") as ours:
            if not ours:
                raise CommandError("An import or another undoing is running.")
            try:
                run = undo.run_of(options["run"])
            except DomainError as error:
                raise CommandError(error.message) from error
            counts: Counter[str] = Counter()
            waiting = run.parts.filter(undone_at=None).count()
            for one in tqdm(
                undo.undo(run, force=options["force"]),
                total=waiting,
                desc="instructors",
                unit="",
                disable=None,
            ):
                counts[one.what] += 1
                self._say(one, as_json=options["json"])
        summary = {"run": run.pk, "status": run.status, "counts": dict(sorted(counts.items()))}
        if options["json"]:
            self.stdout.write(json.dumps(summary))
        else:
            told = ", ".join(
                f"{number:,} {name.replace('_', ' ')}" for name, number in sorted(counts.items())
            )
            self.stdout.write(f"Run {run.pk}: {told or 'nothing was left to put back'}.")
        if set(counts) - {"restored"}:
            sys.exit(1)

    def _say(self, one: Undone, *, as_json: bool) -> None:
        if as_json:
            told = {"instructor": one.instructor, "email": one.email, "what": one.what, "detail": one.detail}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        elif one.what != "restored" or one.detail:
            self.stdout.write(f"{one.email:<40}  {one.what.replace('_', ' '):<14}  {one.detail}")
