"""Puts back what migrations loaded (subjects, places, rules) after a test that commits.

Django would empty all tables, and could restore them only row by row: minutes, with every postal code
of a country among the places. Here each test database keeps a copy of those tables beside them, and only
what a test touched is emptied or filled again: some hundredths of a second.
"""

from typing import Any

from django.db import connection, transaction
from django.db.backends.base.creation import BaseDatabaseCreation
from django.test import TransactionTestCase

COPIES = "pristine"

TABLES = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname <> 'django_migrations'
"""
COPIED = f"SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = '{COPIES}'::regnamespace"
COLUMNS = """
    SELECT quote_ident(attname) FROM pg_attribute
    WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
SUMS = "SELECT ROW(count(*), sum(hashtextextended(t::text, 0)::numeric)) FROM"
DIFFERS = f"SELECT ({SUMS} {{table}} t) IS DISTINCT FROM ({SUMS} {COPIES}.{{table}} t)"
REFERENCES = """
    SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'
"""


def instead_of_flush() -> None:
    """From now on tests that commit are cleaned up here."""
    # Django would first write the whole database down as JSON.
    BaseDatabaseCreation.serialize_db_to_string = lambda self: "[]"  # type: ignore[method-assign]
    TransactionTestCase._fixture_teardown = lambda self: restore()  # type: ignore[attr-defined]


def remember() -> None:
    """Copy every table that is not empty; called once, when the database has just been made."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {COPIES} CASCADE")
        cursor.execute(f"CREATE SCHEMA {COPIES}")
        for table in _filled(cursor, _column(cursor, TABLES)):
            cursor.execute(f"CREATE TABLE {COPIES}.{table} AS TABLE {table}")


def restore() -> None:
    """Empty what the test filled, and fill again what it changed or what refers to that."""
    with transaction.atomic(), connection.cursor() as cursor:
        # A connection that a test forgot must be an error, not an evening.
        cursor.execute("SET LOCAL lock_timeout = '20s'")
        kept = _column(cursor, COPIED)
        added = [table for table in _column(cursor, TABLES) if table not in kept]
        touched = {*_filled(cursor, added), *(table for table in kept if _differs(cursor, table))}
        if not touched:
            return
        touched = _with_referring(cursor, touched)
        cursor.execute(f"TRUNCATE {', '.join(touched)}")
        for table in touched.intersection(kept):
            columns = ", ".join(_column(cursor, COLUMNS.format(table=table)))
            cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {COPIES}.{table}")


def _column(cursor: Any, query: str) -> list[str]:
    cursor.execute(query)
    return [value for (value,) in cursor.fetchall()]


def _filled(cursor: Any, tables: list[str]) -> list[str]:
    """Those of the tables that have a row."""
    each = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables]
    return _column(cursor, " UNION ALL ".join(each)) if each else []


def _differs(cursor: Any, table: str) -> bool:
    [differs] = _column(cursor, DIFFERS.format(table=table))
    return bool(differs)


def _with_referring(cursor: Any, tables: set[str]) -> set[str]:
    """With all tables that refer to them, however indirectly: PostgreSQL empties them only together."""
    cursor.execute(REFERENCES)
    references = cursor.fetchall()
    while more := {source for source, target in references if target in tables} - tables:
        tables = tables | more
    return tables
