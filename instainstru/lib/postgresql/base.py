"""Django's PostgreSQL, except that a connection that answered a moment ago is taken to be alive.

``CONN_HEALTH_CHECKS`` asks before every request, which is a round trip more than most calls need. A server
that restarts within that moment costs each connection at most one request, answered with 503.
"""

from __future__ import annotations

from django.db.backends.postgresql import base

from instainstru.lib import clock

# Seconds for which the last check holds.
MOMENT = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Checks a connection's health at most once a ``MOMENT``."""

    health_check_enabled: bool
    health_check_done: bool
    _alive_at = -MOMENT

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
        super().close()
