"""Statements whose planning takes longer than their running, planned once for each connection.

They go past the driver's cursors to its `libpq wrapper`_, which takes half as long for a short statement,
and are not among those that the driver forgets at each rollback: whoever is refused something would have
everybody after them on that connection wait for dozens of statements to be planned.

.. _libpq wrapper: https://www.psycopg.org/psycopg3/docs/api/pq.html
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer

# Of each connection.
MOST = 500
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|s|%)")
_FINE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


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


class Statements:
    """What a connection has prepared, by text and types; the least recently used of ``MOST`` is given up."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._adapt = Transformer(connection)
        self._names: OrderedDict[tuple[str, tuple[int, ...]], bytes] = OrderedDict()
        self._number = 0

    def run(self, text: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int]:
        """The rows, and how many were read or written. Begins a transaction where the connection is to."""
        server, adapt = self.connection.pgconn, self._adapt
        if not self.connection.autocommit and server.transaction_status == pq.TransactionStatus.IDLE:
            self._require(server.exec_(b"BEGIN"))
        sent: Sequence[Any] = adapt.dump_sequence(values, [PyFormat.AUTO] * len(values))
        formats = adapt.formats
        key = text, adapt.types or ()
        name = self._names.get(key)
        if name is None:
            name = self._prepare(*key)
        else:
            self._names.move_to_end(key)
        result = self._require(server.exec_prepared(name, sent, formats))
        if result.status == pq.ExecStatus.COMMAND_OK:
            return [], result.command_tuples or 0
        adapt.set_pgresult(result)
        return adapt.load_rows(0, result.ntuples, tuple), result.ntuples

    def _prepare(self, text: str, types: tuple[int, ...]) -> bytes:
        if len(self._names) >= MOST:
            _, old = self._names.popitem(last=False)
            self._require(self.connection.pgconn.close_prepared(old))
        name = b"ii_%d" % self._number
        self._number += 1
        self._require(self.connection.pgconn.prepare(name, text.encode(), types))
        self._names[text, types] = name
        return name

    def _require(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status in _FINE:
            return result
        error = psycopg.errors.error_from_result(result)
        if self.connection.closed and not isinstance(error, psycopg.OperationalError):
            # Whoever did not come to say why.
            raise psycopg.OperationalError(str(error)) from error
        raise error


class Cursor:
    """As much of a cursor as a prepared statement needs; its rows are read at once."""

    __slots__ = ("_at", "_rows", "_text", "_wrapper", "rowcount")

    def __init__(self, wrapper: Any) -> None:
        self._wrapper = wrapper
        self._text = ""
        self._rows: list[tuple[Any, ...]] = []
        self._at = 0
        self.rowcount = -1

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._rows = []

    def execute(self, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
        wrapper = self._wrapper
        wrapper.validate_no_broken_transaction()
        values: Sequence[Any] = ()
        if params is None:
            text = query
        else:
            text, names = native(query)
            values = [params[name] for name in names] if isinstance(params, Mapping) else params
        self._text, self._at = text, 0
        with wrapper.wrap_database_errors:
            self._rows, self.rowcount = wrapper.statements.run(text, values)

    def fetchone(self) -> Any:
        if self._at >= len(self._rows):
            return None
        self._at += 1
        return self._rows[self._at - 1]

    def fetchall(self) -> list[Any]:
        found = self._rows[self._at :] if self._at else self._rows
        self._at = len(self._rows)
        return found

    @property
    def _query(self) -> Any:
        """Where Django looks for what was asked, when it keeps a log."""
        return self

    @property
    def query(self) -> bytes:
        return self._text.encode()


def cursor() -> CursorWrapper | Cursor:
    """A cursor of the default connection for prepared statements, to be used in a ``with`` and read in it.

    The connection plans them once for all values (``plan_cache_mode`` in the settings); everything else
    binds on the client and is planned for its values each time.
    """
    # Looked up once: each access through ``django.db.connection`` finds out whose thread this is.
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    wrapper.close_if_health_check_failed()
    if wrapper.connection is None:
        wrapper.ensure_connection()
    if wrapper.statements is None or wrapper.statements.connection is not wrapper.connection:
        wrapper.statements = Statements(wrapper.connection)
    if wrapper.queries_logged:
        return wrapper.make_debug_cursor(Cursor(wrapper))
    if wrapper.execute_wrappers:
        return wrapper.make_cursor(Cursor(wrapper))
    # Nobody watches: past Django's own cursor, which takes as long again.
    return Cursor(wrapper)
