"""``manage.py import_availability FILE…``: the old system's slots become weekly hours and dates."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from instainstru.lib.errors import DomainError
from instainstru.lib.fields import Unreadable, read_date
from instainstru.lib.locks import alone
from instructors.legacy import files, imports
from instructors.legacy.rows import Finding

# A table longer than this is read by nobody; --json has every line.
LINES_SHOWN = 200


class Command(BaseCommand):
    help = (
        "Import availability_slots and blackout_dates of the old system (CSV, or JSON, an object a line); "
        "docs/runbooks/availability-migration.md tells the format. Killed in the middle and started again "
        "with the same files it goes on. Prints what was found line by line."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done; write nothing")
        parser.add_argument("--json", action="store_true", help="a JSON object a line, the summary last")
        parser.add_argument(
            "--until", type=_date, metavar="DATE", help="dates up to here that have no rows were closed"
        )
        parser.add_argument(
            "--beyond",
            choices=("pattern", "closed"),
            default="pattern",
            help="after the last date: the weekly pattern goes on (the default), or nothing is open",
        )
        parser.add_argument(
            "--keep-existing", action="store_true", help="leave instructors alone who have hours here already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = imports.Options(
            until=options["until"],
            goes_on=options["beyond"] == "pattern",
            keep_existing=options["keep_existing"],
        )
        with alone("import_availability") as ours:
            if not ours:
                raise CommandError("Another import or its undoing is running.")
            try:
                job = imports.prepare(options["files"], chosen, dry_run=options["dry_run"])
            except files.FileProblem as problem:
                raise CommandError(f"{problem} Nothing was imported.") from problem
            except DomainError as error:
                raise CommandError(error.message) from error
            try:
                # Only where somebody watches: bars in a log file are noise.
                for _ in tqdm(job.work(), total=len(job.members), desc="instructors", unit="", disable=None):
                    pass
                self._report(job, [path.name for path in options["files"]], as_json=options["json"])
            finally:
                job.spool.close()

    def _report(self, job: imports.Job, names: list[str], *, as_json: bool) -> None:
        kinds: Counter[str] = Counter()
        for number, finding in enumerate(job.spool.findings()):
            kinds[f"{finding.what}: {finding.done.partition(' line ')[0]}"] += 1
            if as_json:
                told = {
                    "file": names[finding.file],
                    "line": finding.line,
                    "what": finding.what,
                    "done": finding.done,
                    "detail": finding.detail,
                }
                self.stdout.write(json.dumps(told, ensure_ascii=False))
            elif number < LINES_SHOWN:
                self._row(finding, names)
        summary = {
            "run": job.run.pk if job.run else None,
            "dry_run": job.run is None,
            "resumed": job.resumed,
            "counts": dict(sorted(job.counts.items())),
            "findings": dict(sorted(kinds.items())),
        }
        if as_json:
            self.stdout.write(json.dumps(summary, ensure_ascii=False))
        else:
            self._summary(job, kinds)

    def _row(self, finding: Finding, names: list[str]) -> None:
        where = f"{names[finding.file]}:{finding.line}" if len(names) > 1 else str(finding.line)
        self.stdout.write(f"{where:>8}  {finding.what:<18}  {finding.done:<26}  {finding.detail}")

    def _summary(self, job: imports.Job, kinds: Counter[str]) -> None:
        if kinds.total() > LINES_SHOWN:
            self.stdout.write(f"… and {kinds.total() - LINES_SHOWN:,} more lines; --json has them all.")
        for title, counter in (("Lines", kinds), ("Instructors and rows", job.counts)):
            if counter:
                self.stdout.write(f"\n{title}")
            for name, number in sorted(counter.items()):
                self.stdout.write(f"  {number:>9,} {name.replace('_', ' ')}")
        if job.run is None:
            self.stdout.write("\nA dry run: nothing was written.")
        else:
            self.stdout.write(
                f"\nRun {job.run.pk}{' (gone on with)' if job.resumed else ''} is finished. "
                f"To put everything back: manage.py undo_availability_import {job.run.pk}"
            )


def _date(text: str) -> date:
    try:
        return read_date(text)
    except Unreadable as error:
        raise CommandError(f"--until: {error}") from None
