"""Loading by COPY: many rows, one round trip; and ids taken from the table's own sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

# Fields whose values the driver does not write as they are.
NOT_PLAIN = (models.JSONField, models.FileField)


def rows(instances: Iterable[models.Model]) -> int:
    """Insert unsaved instances of one model as they are; returns how many.

    Keys must be set: nothing is read back. Constraints are checked as in any insert.
    """
    iterator = iter(instances)
    first = next(iterator, None)
    if first is None:
        return 0
    fields = first._meta.concrete_fields
    names = [(field.attname, field if isinstance(field, NOT_PLAIN) else None) for field in fields]
    database = connections[DEFAULT_DB_ALIAS]
    number = 0
    statement = _statement(first, [str(field.column) for field in fields])
    with database.cursor() as cursor, cursor.copy(statement) as copy:
        for instance in _chain(first, iterator):
            values = instance.__dict__
            copy.write_row(
                [
                    values[name] if field is None else field.get_db_prep_save(values[name], database)
                    for name, field in names
                ]
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


def rewrite(model: type[models.Model], *, order: str) -> None:
    """Write a table and its indexes anew, in the order of one of them: without what was updated after it was
    copied, which would take as much room again, and be read with every search."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"CLUSTER {quote(model._meta.db_table)} USING {quote(order)}")


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
