"""Django's PostgreSQL with three differences: a connection that answered a moment ago is taken to be alive,
prepared statements outlive a rollback, and their whole numbers are sent as what keys are, `bigint`.

``CONN_HEALTH_CHECKS`` asks before every request, which is a round trip more than most calls need. A server
that restarts within that moment costs each connection at most one request, answered with 503.

The driver would forget all that it has prepared at each rollback, in case a table was made in it and is made
anew. So whoever is refused something would have everybody after them on that connection wait for dozens of
statements to be planned. PostgreSQL looks names up again by itself where tables have changed.

It would send a number in the smallest type that holds it. Indexes that exclude overlaps (GiST)
compare a key with nothing but its own type, so that they could not be walked by it, and a statement would be
planned for each type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql import base
from psycopg._preparing import Key, Prepare, PrepareManager
from psycopg.adapt import Dumper, PyFormat
from psycopg.pq.abc import PGresult
from psycopg.types.numeric import IntBinaryDumper, IntDumper

from instainstru.lib import clock

# Seconds for which the last check holds.
MOMENT = 1.0

MOST = 2**63


class KeyDumper(IntDumper):
    """Every number that fits as ``bigint``."""

    def upgrade(self, obj: int, format: PyFormat) -> Dumper:  # noqa: A002 - the driver's name
        return self._int8_dumper if -MOST <= obj < MOST else self._int_numeric_dumper


class KeyBinaryDumper(IntBinaryDumper):
    """As ``KeyDumper``; both are asked, lists go as text."""

    def upgrade(self, obj: int, format: PyFormat) -> Dumper:  # noqa: A002 - the driver's name
        return self._int8_dumper if -MOST <= obj < MOST else self._int_numeric_dumper


class Kept(PrepareManager):
    """The driver's own; but what it would discard stays, also a statement that failed when it was first run:
    it is prepared, and would be once more with every failure."""

    prepared_max = 500

    def clear(self) -> bool:
        return False

    def validate(self, key: Key, prep: Prepare, name: bytes, results: Sequence[PGresult]) -> None:
        if prep is Prepare.SHOULD:
            self._rotate()
        else:
            super().validate(key, prep, name, results)


class DatabaseWrapper(base.DatabaseWrapper):
    """Checks a connection's health at most once a ``MOMENT``."""

    health_check_enabled: bool
    health_check_done: bool
    _alive_at = -MOMENT

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Of prepared statements, by their text (``lib/prepared.py``).
        self.kept_cursors: dict[str, Any] = {}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        kept = Kept()
        kept.prepare_threshold = connection.prepare_threshold
        connection._prepared = kept
        connection.adapters.register_dumper(int, KeyDumper)
        connection.adapters.register_dumper(int, KeyBinaryDumper)
        return connection

    def close_if_health_check_failed(self) -> None:
        if not self.health_check_enabled or self.health_check_done:
            return
        if clock.monotonic() - self._alive_at < MOMENT:
            # For the whole request: asking later could begin a transaction where one is just ending.
            self.health_check_done = True
            return
        super().close_if_health_check_failed()
        if self.connection is not None:
            self._alive_at = clock.monotonic()

    def close(self) -> None:
        self._alive_at = -MOMENT
        self.kept_cursors.clear()
        super().close()
