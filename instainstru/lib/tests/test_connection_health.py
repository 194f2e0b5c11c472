"""A connection's health is asked for at most once a moment, and never in the middle of a request."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from instainstru.lib import clock, prepared
from instainstru.lib.postgresql.base import MOMENT

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def seconds(monkeypatch):
    """A clock that stands still until it is moved; the connection is checked as between requests."""
    passed = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: passed[0])
    connection.ensure_connection()
    connection.health_check_enabled = True
    connection.health_check_done = False
    connection._alive_at = 0.0
    yield passed
    connection._alive_at = 0.0
    connection.health_check_enabled = False
    connection.health_check_done = True


def select_one() -> None:
    with prepared.cursor() as cursor:
        cursor.execute("SELECT 1")


def new_request() -> None:
    connection.health_check_done = False


@transaction.atomic
def refused_after_a_while(seconds) -> None:
    select_one()
    seconds[0] += 2 * MOMENT
    raise RuntimeError("refused")


def test_one_check_serves_all_requests_of_a_moment(seconds, monkeypatch):
    asked = []
    is_usable = connection.is_usable
    monkeypatch.setattr(connection, "is_usable", lambda: asked.append(seconds[0]) or is_usable())
    select_one()
    new_request()
    select_one()
    assert asked == [1000.0]
    seconds[0] += MOMENT
    new_request()
    select_one()
    assert asked == [1000.0, 1000.0 + MOMENT]


def test_a_moment_that_ends_in_a_transaction_does_not_disturb_its_end(seconds):
    select_one()
    new_request()
    with transaction.atomic():
        select_one()
        seconds[0] += 2 * MOMENT
    new_request()
    with pytest.raises(RuntimeError, match="refused"):
        refused_after_a_while(seconds)
    select_one()
