"""Django's PostgreSQL with two differences: a connection that answered a moment ago is taken to be alive,
and the whole numbers of prepared statements (``lib/prepared.py``) are sent as what keys are, `bigint`.

``CONN_HEALTH_CHECKS`` asks before every request, which is a round trip more than most calls need. A server
that restarts within that moment costs each connection at most one request, answered with 503.

The driver would send a number in the smallest type that holds it. Indexes that exclude overlaps (GiST)
compare a key with nothing but its own type, so that they could not be walked by it, and a statement would be
planned for each type.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg.adapt import Dumper, PyFormat
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


class DatabaseWrapper(base.DatabaseWrapper):
    """Checks a connection's health at most once a ``MOMENT``."""

    health_check_enabled: bool
    health_check_done: bool
    _alive_at = -MOMENT
    # What the connection has prepared (``lib/prepared.py``).
    statements: Any = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
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
        self._alive_at, self.statements = -MOMENT, None
        super().close()
