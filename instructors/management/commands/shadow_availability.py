"""``manage.py shadow_availability FILE``: would the new week have answered as the old system did?"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from instainstru.lib.errors import DomainError
from instructors.legacy import files, rows, shadow
from instructors.legacy.rows import Place
from instructors.legacy.shadow import Difference
from instructors.legacy.spool import Spool

LINES_SHOWN = 200


class Command(BaseCommand):
    help = (
        "Replay recorded operations through a model of the old rules and the new week, in memory, and "
        "print every difference. Exit status 1 on differences without a known name, or lines that cannot be "
        "read. docs/runbooks/availability-migration.md tells the format."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", type=Path, metavar="FILE", help="JSON, an object a line: rows and requests"
        )
        parser.add_argument("--json", action="store_true", help="a JSON object a line, the summary last")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if path.suffix.lower() not in files.JSON_SUFFIXES:
            raise CommandError(f"{path.name}: operations come as JSON, one object a line.")
        spool = Spool()
        try:
            unreadable = self._read_rows(path, spool)
            replay = shadow.Replay(spool)
            names: Counter[str] = Counter()
            unnamed = found = 0
            for difference in self._differences(path, replay, unreadable):
                found += 1
                names.update(difference.names)
                unnamed += not difference.names
                self._say(difference, found, as_json=options["json"])
        except files.FileProblem as problem:
            raise CommandError(str(problem)) from problem
        finally:
            spool.close()
        self._summary(replay, names, unnamed, unreadable, found, as_json=options["json"])
        if unnamed or unreadable:
            sys.exit(1)

    def _read_rows(self, path: Path, spool: Spool) -> list[tuple[int, str]]:
        """The slots as they stood before the first operation; returns the lines that are none."""
        unreadable = []
        for line, record in files.records(path, known=rows.COLUMNS):
            if not isinstance(record, str) and "operations" in record:
                continue
            reading = rows.read(record, Place(0, line))
            if reading.row:
                spool.add(reading.row)
            else:
                unreadable.append((line, reading.findings[-1].detail))
        spool.ready()
        return unreadable

    def _differences(
        self, path: Path, replay: shadow.Replay, unreadable: list[tuple[int, str]]
    ) -> Iterator[Difference]:
        for line, record in files.records(path, known=rows.COLUMNS):
            if isinstance(record, str) or "operations" not in record:
                continue
            try:
                recorded = shadow.read_recorded(record, line=line)
            except DomainError as error:
                unreadable.append(
                    (line, " ".join(f"{k}: {v}" for k, v in error.fields.items()) or error.message)
                )
                continue
            yield from replay.run(recorded)

    def _say(self, one: Difference, number: int, *, as_json: bool) -> None:
        if as_json:
            told = {
                "line": one.line,
                "operation": one.operation,
                "instructor": one.instructor,
                "date": one.date and one.date.isoformat(),
                "what": one.what,
                "old": one.old,
                "new": one.new,
                "names": list(one.names),
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        elif number <= LINES_SHOWN:
            where = f"{one.line}" + (f".{one.operation}" if one.operation is not None else "")
            names = ", ".join(one.names) or "NOT KNOWN"
            self.stdout.write(
                f"{where:>8}  {one.instructor:>8}  {one.date or ''!s:<10}  {one.what:<6}  {names:<18}  "
                f"{one.old} → {one.new}"
            )

    def _summary(
        self,
        replay: shadow.Replay,
        names: Counter[str],
        unnamed: int,
        unreadable: list[tuple[int, str]],
        found: int,
        *,
        as_json: bool,
    ) -> None:
        if as_json:
            told = {
                "requests": replay.requests,
                "operations": replay.operations,
                "differences": found,
                "not_known": unnamed,
                "known": dict(sorted(names.items())),
                "unreadable": [{"line": line, "detail": detail} for line, detail in unreadable],
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for line, detail in unreadable[:LINES_SHOWN]:
            self.stdout.write(f"{line:>8}  cannot be read: {detail}")
        self.stdout.write(f"\n{replay.operations:,} operations in {replay.requests:,} requests")
        for name, number in sorted(names.items()):
            self.stdout.write(f"  {number:>9,} {name}: {shadow.KNOWN[name]}")
        self.stdout.write(f"  {unnamed:>9,} differences that nobody expected")
        if unreadable:
            self.stdout.write(f"  {len(unreadable):>9,} lines that cannot be read")
