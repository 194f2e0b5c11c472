"""Puts back what migrations loaded (subjects, places, rules) after a test that commits.

Django would empty all tables, and could restore them only row by row: minutes, with every postal code
of a country among the places. Here each test database keeps a copy of those tables beside them, and only
what a test touched is emptied or filled again: some hundredths of a second.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.creation import BaseDatabaseCreation
from django.test import TransactionTestCase

COPIES = "pristine"

TABLES = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname <> 'django_migrations'
"""
COLUMNS = """
    SELECT quote_ident(attname) FROM pg_attribute
    WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
# What is written carries the number of its transaction, and what is deleted is missing: this tells whether
# the rows are those that were put there, without reading what is in them.
STAMP = "SELECT '{table}', count(*), max(xmin::text::bigint) FROM {table}"
MAY_DO_ANYTHING = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
UNCHECKED, CHECKED = (f"SET LOCAL session_replication_role = {role}" for role in ("replica", "origin"))
REFERENCES = """
    SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'
"""


def instead_of_flush() -> None:
    """From now on tests that commit are cleaned up here."""
    # Django would first write the whole database down as JSON.
    BaseDatabaseCreation.serialize_db_to_string = lambda self: "[]"  # type: ignore[method-assign]
    TransactionTestCase._fixture_teardown = lambda self: restore()  # type: ignore[attr-defined]
    # A new connection for each test is a new process of the server, which has everything to learn.
    TransactionTestCase._should_reload_connections = lambda self: False  # type: ignore[attr-defined]


# The stamps of the copied tables as they were last filled, in this process's database.
_filled_as: dict[str, tuple[int, int]] = {}


def remember() -> None:
    """Copy every table that is not empty; called once, when the database has just been made."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {COPIES} CASCADE")
        cursor.execute(f"CREATE SCHEMA {COPIES}")
        filled = _filled(cursor, _column(cursor, TABLES))
        for table in filled:
            cursor.execute(f"CREATE TABLE {COPIES}.{table} AS TABLE {table}")
        _filled_as.clear()
        _filled_as.update(_stamps(cursor, filled))


def restore() -> None:
    """Empty what the test filled, and fill again what it changed or what refers to that."""
    with transaction.atomic(), connection.cursor() as cursor:
        # A connection that a test forgot must be an error, not an evening.
        cursor.execute("SET LOCAL lock_timeout = '20s'")
        changed = {
            table for table, stamp in _stamps(cursor, _filled_as).items() if _filled_as[table] != stamp
        }
        touched = {*added(cursor), *changed}
        if not touched:
            return
        touched = _empty(cursor, touched)
        again = touched.intersection(_filled_as)
        for table in again:
            names = ", ".join(columns(cursor, table))
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {COPIES}.{table}")
        _filled_as.update(_stamps(cursor, again))


def added(cursor: Any) -> list[str]:
    """The tables that have rows though migrations loaded none."""
    return _filled(cursor, [table for table in _column(cursor, TABLES) if table not in _filled_as])


def columns(cursor: Any, table: str) -> list[str]:
    """Those that can be written."""
    return _column(cursor, COLUMNS.format(table=table))


def unchecked(statements: list[str]) -> list[str]:
    """To be run without triggers, the checks of foreign keys among them: for rows that passed them before."""
    with connection.cursor() as cursor:
        return [UNCHECKED, *statements, CHECKED] if _may_do_anything(cursor) else statements


def _empty(cursor: Any, tables: set[str]) -> set[str]:
    """Without their triggers, row by row: ten times as quick as new files for each table and index. Whom the
    server does not let do that has everything emptied that refers to them too. Which tables are empty now."""
    if not _may_do_anything(cursor):
        tables = _with_referring(cursor, tables)
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
        return tables
    cursor.execute(UNCHECKED)
    for table in tables:
        cursor.execute(f"DELETE FROM {table}")
    return tables


def _may_do_anything(cursor: Any) -> bool:
    [allowed] = _column(cursor, MAY_DO_ANYTHING)
    return bool(allowed)


def _stamps(cursor: Any, tables: Iterable[str]) -> dict[str, tuple[int, int]]:
    each = [STAMP.format(table=table) for table in tables]
    cursor.execute(" UNION ALL ".join(each) if each else "SELECT '', 0, 0 WHERE FALSE")
    return {table: (number, newest) for table, number, newest in cursor.fetchall()}


def _column(cursor: Any, query: str) -> list[str]:
    cursor.execute(query)
    return [value for (value,) in cursor.fetchall()]


def _filled(cursor: Any, tables: list[str]) -> list[str]:
    """Those of the tables that have a row."""
    each = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables]
    return _column(cursor, " UNION ALL ".join(each)) if each else []


def _with_referring(cursor: Any, tables: set[str]) -> set[str]:
    """With all tables that refer to them, however indirectly: PostgreSQL empties them only together."""
    cursor.execute(REFERENCES)
    references = cursor.fetchall()
    while more := {source for source, target in references if target in tables} - tables:
        tables = tables | more
    return tables
