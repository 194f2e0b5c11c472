"""Statements whose planning takes longer than their running, planned once for each connection."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper

# Of each connection, by their statements; and of how many rows at most.
MOST_KEPT = 300
MOST_ROWS_KEPT = 200

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


def cursor() -> CursorWrapper | Lean:
    """A cursor of the default connection for prepared statements, to be used in a ``with`` and read in it.

    The connection plans them once for all values (``plan_cache_mode`` in the settings); everything else
    binds on the client and is planned for its values each time.
    """
    # Looked up once: each access through ``django.db.connection`` finds out whose thread this is.
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    wrapper.close_if_health_check_failed()
    if wrapper.connection is None:
        wrapper.ensure_connection()
    if wrapper.queries_logged:
        return wrapper.make_debug_cursor(PreparedCursor(wrapper.connection))
    if wrapper.execute_wrappers:
        return wrapper.make_cursor(PreparedCursor(wrapper.connection))
    return Lean(wrapper)


class Lean:
    """What of Django's cursor a statement needs when nobody watches it: the same refusals and errors, in half
    the time.

    The driver's cursor is kept for the next time that the connection is asked the same: while the text stays,
    the driver goes on with the adapters that it has found for its values and columns. A cursor goes on
    holding what it has read, so that one with many rows is not kept.
    """

    __slots__ = ("_query", "_raw", "_wrapper")

    def __init__(self, wrapper: Any) -> None:
        self._wrapper = wrapper
        self._query = ""
        self._raw: PreparedCursor | None = None

    def __enter__(self) -> Lean:
        return self

    def __exit__(self, *_: object) -> None:
        self._keep()

    def _keep(self) -> None:
        if self._raw is not None and self._raw.rowcount <= MOST_ROWS_KEPT:
            kept = self._wrapper.kept_cursors
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[self._query] = self._raw
        self._raw = None

    def execute(self, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
        self._wrapper.validate_no_broken_transaction()
        self._keep()
        raw = self._wrapper.kept_cursors.pop(query, None)
        if raw is None or raw.connection is not self._wrapper.connection:
            raw = PreparedCursor(self._wrapper.connection)
        self._query, self._raw = query, raw
        with self._wrapper.wrap_database_errors:
            raw.execute(query, params)

    def fetchone(self) -> Any:
        with self._wrapper.wrap_database_errors:
            return self._asked.fetchone()

    def fetchall(self) -> list[Any]:
        with self._wrapper.wrap_database_errors:
            return self._asked.fetchall()

    @property
    def rowcount(self) -> int:
        return self._asked.rowcount

    @property
    def _asked(self) -> PreparedCursor:
        if self._raw is None:
            raise psycopg.ProgrammingError("Nothing was executed.")
        return self._raw
