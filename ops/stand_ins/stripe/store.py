"""One SQLite file in which the stand-in's world outlives its process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path


class Store:
    """Names and values. Used under the world's lock, from whichever thread holds it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute(
            "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"
        )

    def load(self) -> list[tuple[str, bytes]]:
        return self.connection.execute("SELECT name, value FROM kept ORDER BY name").fetchall()

    def save(self, rows: Iterable[tuple[str, bytes | None]]) -> None:
        """Writes values and deletes names without one, all or nothing."""
        self.connection.execute("BEGIN")
        for name, value in rows:
            if value is None:
                self.connection.execute("DELETE FROM kept WHERE name = ?", (name,))
            else:
                self.connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))
        self.connection.execute("COMMIT")

    def forget(self) -> None:
        self.connection.execute("DELETE FROM kept")

    def close(self) -> None:
        self.connection.close()
