"""Founding places: never more than the rules say, whoever comes at once; and what they mean in search."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from bookings.services.payments import plan
from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, OfferingFactory, booked, in_days, local_time
from bookings.tests.racing import PATIENCE, race, without_constraint
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.lib import clock
from instainstru.rules import services as rules_service
from instructors import tasks
from instructors.models import Instructor, Offering, Place
from instructors.services import catalogue, founding, standing
from instructors.services.search import rank

TABLE = "instructors_instructor"


def with_places(cast: Cast, number: int) -> None:
    rules_service.change(by=cast.staff, founding_places=number)
    rules_service.forget()


def admit(instructor: Instructor) -> bool:
    with transaction.atomic():
        return founding.admit(Instructor.objects.select_for_update().get(pk=instructor.pk))


def places() -> list[int]:
    found = Instructor.objects.filter(founding_place__isnull=False).order_by("founding_place")
    return list(found.values_list("founding_place", flat=True))


@pytest.mark.django_db
def test_whoever_is_listed_while_there_are_places_gets_one(cast: Cast) -> None:
    ana = cast.piano.instructor
    ana.status, ana.verified_at, ana.place = "draft", None, Place.objects.order_by("pk").first()
    ana.save()
    with_places(cast, 2)
    waiting = standing.submit(ana, by=cast.ana)
    assert not waiting.is_founding
    listed = standing.verify(waiting, by=cast.staff)
    assert (listed.founding_place, listed.is_founding) == (1, True)
    assert [event.data for event in history(listed) if event.kind == Kind.INSTRUCTOR_FOUNDING] == [
        {"place": 1}
    ]
    cast.piano.refresh_from_db()
    [facts] = rank.facts_of([cast.piano.pk], now=clock.now()).values()
    assert (facts.is_founding, cast.piano.rank) == (True, pytest.approx(rank.score(facts), abs=0.002))


@pytest.mark.django_db
def test_by_default_nobody_is_one(cast: Cast) -> None:
    assert rules_service.current(fresh=True).founding_places == 0
    assert not admit(cast.piano.instructor)
    tasks.follow_rules()
    assert places() == []


@pytest.mark.django_db
def test_switched_on_the_places_go_to_those_verified_first(cast: Cast) -> None:
    late, early = InstructorFactory(), InstructorFactory(verified_at=clock.now() - timedelta(days=300))
    draft = InstructorFactory(status="draft", verified_at=None)
    with_places(cast, 2)
    tasks.follow_rules()
    early.refresh_from_db()
    assert early.founding_place == 1
    assert places() == [1, 2]
    with_places(cast, 100)
    tasks.follow_rules()
    assert places() == [1, 2, 3]
    assert Instructor.objects.get(pk=late.pk).is_founding
    assert not Instructor.objects.get(pk=draft.pk).is_founding
    tasks.follow_rules()
    assert len(history(early)) == 1


@pytest.mark.django_db
def test_a_place_is_for_life_and_nobody_elses(cast: Cast) -> None:
    with_places(cast, 1)
    ana, other = cast.piano.instructor, InstructorFactory()
    assert (admit(ana), admit(ana), admit(other)) == (True, False, False)
    standing.suspend(ana, by=cast.staff, reason="a complaint")
    assert not admit(other)
    with_places(cast, 0)
    ana.refresh_from_db()
    assert ana.is_founding
    assert plan.commission_pct(ana, rules_service.current(fresh=True)) == 8
    lesson_pct = plan.commission_pct(other, rules_service.current(fresh=True))
    assert lesson_pct == 15


@pytest.mark.django_db
def test_a_founding_instructors_lesson_is_settled_at_their_rate(cast: Cast) -> None:
    with_places(cast, 1)
    start = local_time(in_days(3), 12)
    before = plan.payment_of(booked(cast.piano, start, cast.ben_student))
    admit(cast.piano.instructor)
    piano = catalogue.offered(cast.piano.pk)
    after = plan.payment_of(booked(piano, start + timedelta(days=1), cast.ben_student))
    assert before is not None
    assert after is not None
    # What was agreed stays.
    assert (before.commission, after.commission) == (12_00, 6_40)


def unique_index() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'"
            " AND pg_get_constraintdef(oid) LIKE '%%(founding_place)%%'",
            [TABLE],
        )
        (name,) = cursor.fetchone()
    return str(name)


@pytest.mark.race
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_control_without_the_unique_index_two_have_the_last_place(cast: Cast, monkeypatch: Any) -> None:
    with_places(cast, 1)
    two = [cast.piano.instructor, InstructorFactory()]
    barrier = threading.Barrier(2)
    # Both have written before either commits.
    monkeypatch.setattr(founding, "record", lambda *args, **kwargs: barrier.wait(PATIENCE))
    with without_constraint(TABLE, unique_index()):
        assert race(*(lambda one=one: admit(one) for one in two)) == [True, True]
        assert places() == [1, 1]


@pytest.mark.race
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_ten_at_once_three_get_the_three_places(cast: Cast) -> None:
    with_places(cast, 3)
    ten = [cast.piano.instructor, *(InstructorFactory() for _ in range(9))]
    outcomes = race(*(lambda one=one: admit(one) for one in ten))
    assert sorted(outcomes) == [False] * 7 + [True] * 3
    assert places() == [1, 2, 3]


def test_what_is_their_own_in_the_rank_counts_half_as_much_again() -> None:
    facts = rank.Facts(
        rating=4.0, rating_count=9, price_per_hour=8000, usual_price=8000, days_here=365, complete=3, parts=6
    )
    lifted = replace(facts, is_founding=True)
    assert rank.score(lifted) == pytest.approx(1.5 * rank.score(facts))
    plain, raised = rank.signals(facts, closeness=0.5), rank.signals(lifted, closeness=0.5)
    added = {one.name: (one.adds, other.adds) for one, other in zip(plain, raised, strict=True)}
    for name, (one, other) in added.items():
        assert other == pytest.approx(one if name in ("relevance", "distance") else 1.5 * one)


@pytest.mark.django_db
def test_the_database_lifts_them_as_the_definition_says(cast: Cast) -> None:
    now = clock.now()
    one, other = OfferingFactory(is_listed=True), OfferingFactory(is_listed=True)
    Instructor.objects.filter(pk=one.instructor_id).update(founding_place=7, created_at=now)
    Instructor.objects.filter(pk=other.instructor_id).update(created_at=now)
    rank.refresh(now=now)
    found = {row.pk: row.rank for row in Offering.objects.all()}
    assert found[one.pk] == pytest.approx(1.5 * found[other.pk])
    assert found[one.pk] == pytest.approx(rank.score(rank.facts_of([one.pk], now=now)[one.pk]))
