"""Real threads with real connections, and guards taken away to see what they guard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

# Longer than any step takes; a test that waits this long has failed.
PATIENCE = 20


def race(*steps: Callable[[], Any]) -> list[Any]:
    """Run the steps at the same moment, a connection each; their results or exceptions, in order."""
    outcomes: list[Any] = [None] * len(steps)
    start = threading.Barrier(len(steps))

    def run(index: int, step: Callable[[], Any]) -> None:
        try:
            start.wait(PATIENCE)
            outcomes[index] = step()
        except Exception as error:
            outcomes[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
        assert not thread.is_alive(), "a step never ended"
    return outcomes


@contextmanager
def without_constraint(table: str, *names: str) -> Iterator[None]:
    """The database without these constraints; afterwards the table is emptied and they are back."""
    with connection.cursor() as cursor:
        definitions = {}
        for name in names:
            cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
            (definitions[name],) = cursor.fetchone()
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")
            for name, definition in definitions.items():
                cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


@contextmanager
def without_uniqueness(table: str) -> Iterator[None]:
    """The table with its primary key alone; afterwards it is emptied and its other keys are back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, indexrelid::regclass::text, pg_get_constraintdef(pg_constraint.oid),"
            " pg_get_indexdef(indexrelid) FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid"
            " WHERE indrelid = %s::regclass AND indisunique AND NOT indisprimary",
            [table],
        )
        keys = cursor.fetchall()
        for constraint, index, _, _ in keys:
            cursor.execute(
                f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"' if constraint else f"DROP INDEX {index}"
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")
            for constraint, _, definition, whole in keys:
                cursor.execute(
                    f'ALTER TABLE {table} ADD CONSTRAINT "{constraint}" {definition}' if constraint else whole
                )


def meet_after(function: Callable[..., Any], barrier: threading.Barrier) -> Callable[..., Any]:
    """The function, whose callers go on only when all of them have its answer."""

    def together(*args: Any, **kwargs: Any) -> Any:
        answer = function(*args, **kwargs)
        barrier.wait(PATIENCE)
        return answer

    return together
