"""Rows of files of any size, sorted by instructor on disk; gone when closed.

SQLite's private temporary database: in memory while it is small, in an unnamed file when it is not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date

from instructors.legacy.rows import Blackout, Finding, Person, Place, SlotRow

_TABLES = """
    CREATE TABLE person (key TEXT PRIMARY KEY, email TEXT NOT NULL, file INT, line INT);
    CREATE TABLE slot (key TEXT, day TEXT, low INT, high INT, id INT, file INT, line INT);
    CREATE TABLE slot_id (id INTEGER PRIMARY KEY);
    CREATE TABLE blackout (key TEXT, day TEXT, file INT, line INT);
    CREATE TABLE finding (file INT, line INT, what TEXT, done TEXT, detail TEXT);
"""


class Spool:
    """Filled first, then asked instructor by instructor."""

    def __init__(self) -> None:
        # Not isolated: nothing here outlives the connection, so there is nothing to commit.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)
        self._db.execute("BEGIN")

    def close(self) -> None:
        self._db.close()

    def add(self, row: Person | SlotRow | Blackout) -> None:
        """Keep a row; what contradicts an earlier one is left out and noted."""
        if row.email:
            self._add_person(row.at, row.key, row.email)
        if isinstance(row, SlotRow):
            self._db.execute(
                "INSERT INTO slot VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    row.key,
                    row.date.isoformat(),
                    row.low,
                    row.high,
                    self._fresh(row),
                    row.at.file,
                    row.at.line,
                ),
            )
        elif isinstance(row, Blackout):
            self._db.execute(
                "INSERT INTO blackout VALUES (?, ?, ?, ?)",
                (row.key, row.date.isoformat(), row.at.file, row.at.line),
            )

    def _fresh(self, row: SlotRow) -> int | None:
        """The row's id, unless another row had it."""
        if row.id is None:
            return None
        if self._db.execute("INSERT OR IGNORE INTO slot_id VALUES (?)", (row.id,)).rowcount:
            return row.id
        self.note(
            Finding(row.at.file, row.at.line, "duplicate_id", "taken without its id", f"Slot {row.id}.")
        )
        return None

    def _add_person(self, at: Place, key: str, email: str) -> None:
        values = (key, email, at.file, at.line)
        if self._db.execute("INSERT OR IGNORE INTO person VALUES (?, ?, ?, ?)", values).rowcount:
            return
        [known] = self._db.execute("SELECT email FROM person WHERE key = ?", (key,)).fetchone()
        if known != email:
            detail = f"Instructor {key} is {known} above."
            self.note(Finding(at.file, at.line, "contradiction", "the first is taken", detail))

    def note(self, finding: Finding) -> None:
        self._db.execute(
            "INSERT INTO finding VALUES (?, ?, ?, ?, ?)",
            (finding.file, finding.line, finding.what, finding.done, finding.detail),
        )

    def ready(self) -> None:
        """All rows are in: sort them."""
        self._db.execute("COMMIT")
        self._db.executescript(
            "CREATE INDEX slot_by_key ON slot (key); CREATE INDEX blackout_by_key ON blackout (key);"
        )

    def keys(self) -> list[str]:
        """The old numbers that have rows."""
        found = self._db.execute("SELECT DISTINCT key FROM slot UNION SELECT DISTINCT key FROM blackout")
        return sorted((key for (key,) in found), key=lambda key: (len(key), key))

    def emails(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT key, email FROM person"))

    def slots(self, key: str) -> Iterator[SlotRow]:
        """One instructor's slots as they stood in the files."""
        rows = self._db.execute(
            "SELECT day, low, high, id, file, line FROM slot WHERE key = ? ORDER BY file, line", (key,)
        )
        for day, low, high, number, file, line in rows:
            yield SlotRow(Place(file, line), key, number, date.fromisoformat(day), low, high)

    def blackouts(self, key: str) -> Iterator[Blackout]:
        rows = self._db.execute(
            "SELECT day, file, line FROM blackout WHERE key = ? ORDER BY file, line", (key,)
        )
        for day, file, line in rows:
            yield Blackout(Place(file, line), key, date.fromisoformat(day))

    def leave_out(self, key: str, what: str, detail: str) -> int:
        """Note every row of ``key`` as left out; how many there were."""
        number = 0
        for table in ("slot", "blackout"):
            number += self._db.execute(
                f"INSERT INTO finding SELECT file, line, ?, 'left out', ? FROM {table} WHERE key = ?",  # noqa: S608
                (what, detail, key),
            ).rowcount
        return number

    def findings(self) -> Iterator[Finding]:
        """All that was noted, in the order of the lines."""
        for row in self._db.execute("SELECT * FROM finding ORDER BY file, line, rowid"):
            yield Finding(*row)
