"""Rows that most tests begin with: made once by the product's own services, copied in for each test.

The tables they are in are kept beside the others, as ``pristine.py`` keeps what migrations loaded.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date, datetime
from typing import Generic, TypeVar

from django.db import connection, transaction

from instainstru.lib import clock
from ops.testing import pristine

T = TypeVar("T")
# Calendars of other days are other rows.
ZONES = ("UTC", "America/New_York")


class Recording(Generic[T]):
    """What ``make`` writes and gives back, for every test that asks for it.

    ``take`` is called by a fixture of the session, so that it comes before a test's own transaction and
    finds the database as migrations left it.
    """

    def __init__(self, schema: str, make: Callable[[], T]) -> None:
        self._schema = schema
        self._make = make
        self._taken: tuple[T, datetime, str] | None = None

    @property
    def taken_at(self) -> datetime:
        """When it was made: for tests of what would be over by the time they run."""
        assert self._taken is not None, "nothing was recorded"
        return self._taken[1]

    def take(self) -> None:
        """Make it, keep its rows in a schema of their own, and take them away again."""
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            made, copies = self._make(), []
            cursor.execute(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE")
            cursor.execute(f"CREATE SCHEMA {self._schema}")
            for table in pristine.added(cursor):
                columns = ", ".join(pristine.columns(cursor, table))
                cursor.execute(f"CREATE TABLE {self._schema}.{table} AS SELECT {columns} FROM {table}")
                copies.append(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {self._schema}.{table}")
        pristine.restore()
        self._taken = made, clock.now(), ";".join(pristine.unchecked(copies))

    def play(self) -> T:
        """The rows, and what stands for them: of one's own, to be changed at will. On another day than that
        of the recording they are made anew."""
        if self._taken is None or _days(self._taken[1]) != _days(clock.now()):
            return self._make()
        made, _, copies = self._taken
        with connection.cursor() as cursor:
            cursor.execute(copies)
        return copy.deepcopy(made)


def _days(at: datetime) -> list[date]:
    return [clock.local(at, zone).date() for zone in ZONES]
