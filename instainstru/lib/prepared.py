"""Statements whose planning takes longer than their running, planned once for each connection."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


class PreparedCursor(psycopg.Cursor[tuple[Any, ...]]):
    """Prepares what it executes on the server; the connection keeps the most recently used hundred."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> PreparedCursor:
        super().execute(query, params, prepare=True, **options)
        return self


def cursor() -> CursorWrapper:
    """A cursor of the default connection for prepared statements, counted and logged like any other.

    The connection plans them once for all values (``plan_cache_mode`` in the settings); everything else
    binds on the client and is planned for its values each time.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    raw: Any = PreparedCursor(connection.connection)
    return connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)
