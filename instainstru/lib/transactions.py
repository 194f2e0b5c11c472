"""Transactions that are undone as a whole, and parts of them that need no savepoint of their own.

Django gives a transaction within another a savepoint, so that the outer one may go on when the inner has
failed. Where nobody goes on, that is two statements for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction

_is_whole: ContextVar[bool] = ContextVar("is_whole", default=False)


@contextmanager
def whole() -> Iterator[None]:
    """A transaction of which nothing is kept once anything in it was refused: every error must leave it."""
    with transaction.atomic():
        token = _is_whole.set(True)
        try:
            yield
        finally:
            # Before it is committed: what waits for that is no part of it any more.
            _is_whole.reset(token)


@contextmanager
def part() -> Iterator[None]:
    """A transaction, or a part of the ``whole`` one that is open; in any other it has a savepoint."""
    if _is_whole.get():
        yield
    else:
        with transaction.atomic():
            yield
