"""Deliveries are claimed: by one dispatcher each, some at a time, for as long as a lease."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from instainstru.events import dispatch
from instainstru.events.dispatch import Outcome
from instainstru.events.models import Delivery
from instainstru.events.tests.test_dispatch import NOW, SECOND, Ear, happened, in_thread, to
from ops.testing.plans import run_subqueries_for_each_row


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_never_claim_the_same_delivery() -> None:
    for number in range(2):
        happened(str(number))
    dispatch.fan_out(to(Ear()), now=NOW)
    has_claimed, may_commit = threading.Event(), threading.Event()
    theirs: list[tuple[int, int]] = []

    def other_dispatcher() -> None:
        with transaction.atomic():
            theirs.extend(dispatch.claim_due(now=NOW, limit=1))
            has_claimed.set()
            may_commit.wait(10)

    other = in_thread(other_dispatcher)
    has_claimed.wait(10)
    ours = dispatch.claim_due(now=NOW)
    may_commit.set()
    other.join(10)

    assert len(theirs) == len(ours) == 1
    assert not set(theirs) & set(ours)
    assert dispatch.claim_due(now=NOW) == []


def five_due_under_a_bad_plan() -> None:
    for number in range(5):
        happened(str(number))
    dispatch.fan_out(to(Ear()), now=NOW)
    run_subqueries_for_each_row("events_delivery", "events_event")


@pytest.mark.django_db
def test_control_a_limit_within_in_is_not_kept_where_it_is_run_for_each_row() -> None:
    five_due_under_a_bad_plan()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_delivery SET attempts = 1 WHERE id IN "
            "(SELECT id FROM events_delivery ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)"
        )
        assert cursor.rowcount == 5


@pytest.mark.django_db
def test_a_claim_keeps_its_limit_whatever_the_plan() -> None:
    five_due_under_a_bad_plan()
    claims = [[pk for pk, _ in dispatch.claim_due(now=NOW, limit=2)] for _ in range(4)]
    assert [len(claimed) for claimed in claims] == [2, 2, 1, 0]
    assert [pk for claimed in claims for pk in claimed] == list(
        Delivery.objects.order_by("pk").values_list("pk", flat=True)
    )


@pytest.mark.django_db
def test_a_claim_whose_message_came_twice_runs_once() -> None:
    ear = Ear()
    happened()
    dispatch.fan_out(to(ear), now=NOW)
    [(pk, attempts)] = dispatch.claim_due(now=NOW)
    outcomes = [dispatch.deliver(pk, attempts=attempts, reactions=to(ear), now=NOW) for _ in range(2)]
    assert outcomes == [Outcome.DONE, Outcome.NOT_OURS]
    assert ear.heard == [("1", 1)]


@pytest.mark.django_db
def test_a_claim_nobody_ran_is_free_again_when_its_lease_ends() -> None:
    ear = Ear()
    happened()
    dispatch.fan_out(to(ear), now=NOW)
    [lost] = dispatch.claim_due(now=NOW)
    assert dispatch.claim_due(now=NOW + dispatch.LEASE - SECOND) == []
    assert dispatch.claim_due(now=NOW + dispatch.LEASE) == [lost]
    assert ear.heard == []
