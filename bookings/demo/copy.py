"""Loading by COPY: many rows, one round trip; and ids taken from the table's own sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection, models


def rows(instances: Iterable[models.Model]) -> int:
    """Insert unsaved instances of one model as they are; returns how many.

    Keys must be set: nothing is read back. Constraints are checked as in any insert.
    """
    iterator = iter(instances)
    first = next(iterator, None)
    if first is None:
        return 0
    fields = first._meta.concrete_fields
    number = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(_statement(first, [str(f.column) for f in fields])) as copy,
    ):
        for instance in _chain(first, iterator):
            copy.write_row(
                [field.get_db_prep_save(getattr(instance, field.attname), connection) for field in fields]
            )
            number += 1
    return number


def text(model: type[models.Model], columns: Iterable[str], lines: Iterable[str]) -> None:
    """Insert rows that are already in COPY's text form."""
    with connection.cursor() as cursor, cursor.copy(_statement(model, columns)) as copy:
        for line in lines:
            copy.write(line)


def ids(model: type[models.Model], number: int) -> Iterator[int]:
    """The next ``number`` keys of the model, which nobody else gets."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, column])
        sequence = cursor.fetchone()[0]
        cursor.execute("SELECT nextval(%s)", [sequence])
        first = cursor.fetchone()[0]
        cursor.execute("SELECT setval(%s, %s, %s)", [sequence, first + number, False])
    return iter(range(first, first + number))


def analyse(*tables: type[models.Model]) -> None:
    """Fresh statistics, so that the first queries are planned well."""
    with connection.cursor() as cursor:
        for model in tables:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _statement(model: Any, columns: Iterable[str]) -> str:
    quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
    return f"COPY {connection.ops.quote_name(model._meta.db_table)} ({quoted}) FROM STDIN"


def _chain(first: models.Model, others: Iterator[models.Model]) -> Iterator[models.Model]:
    yield first
    yield from others
