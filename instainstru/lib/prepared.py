"""Statements whose planning takes longer than their running, planned once for each connection."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|s|%)")


class PreparedCursor(psycopg.RawCursor[tuple[Any, ...]]):
    """Prepares what it executes on the server; the connection keeps the most recently used hundred.

    A text with Django's placeholders is turned into PostgreSQL's own once a process: psycopg would read a
    text as long as a search's again each time.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> PreparedCursor:
        if params is None:
            super().execute(query, None, prepare=True, **options)
            return self
        text, names = native(query)
        values = [params[name] for name in names] if isinstance(params, Mapping) else params
        super().execute(text, values, prepare=True, **options)
        return self


@lru_cache(maxsize=1024)
def native(query: str) -> tuple[str, tuple[str, ...]]:
    """The query with ``$1`` for ``%s`` or ``%(name)s``, and the names in the order of their numbers."""
    names: list[str] = []
    positions = 0

    def number(match: re.Match[str]) -> str:
        nonlocal positions
        if match.group() == "%%":
            return "%"
        name = match.group(1)
        if name is None:
            positions += 1
            return f"${positions}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACEHOLDER.sub(number, query), tuple(names)


def rows(values: Sequence[Mapping[str, Any]]) -> str:
    """Rows for ``json_to_recordset``: many in one parameter, and quicker than arrays by columns."""
    return orjson.dumps(values).decode()


def cursor() -> CursorWrapper:
    """A cursor of the default connection for prepared statements, counted and logged like any other.

    The connection plans them once for all values (``plan_cache_mode`` in the settings); everything else
    binds on the client and is planned for its values each time.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    raw: Any = PreparedCursor(connection.connection)
    return connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)
