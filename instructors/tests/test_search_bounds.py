"""The bound that “soonest first” walks follows the time."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from bookings.tests.cast import Cast
from bookings.tests.factories import NINE_TO_FIVE, OfferingFactory, in_days, local_time, teaching
from instainstru.lib import clock
from instainstru.rules import services as rules_service
from instructors.models import Offering, OpenDay
from instructors.services import catalogue, horizon
from instructors.services.search import bounds

pytestmark = pytest.mark.django_db
DAYS = dict.fromkeys(range(7), NINE_TO_FIVE)


def bound(offering: Offering):
    return Offering.objects.values_list("next_free_at", flat=True).get(pk=offering.pk)


def test_a_bound_whose_hour_is_over_moves_to_the_next_one():
    offering = teaching(week=DAYS)
    Offering.objects.update(next_free_at=local_time(in_days(-3), 9))

    assert bounds.refresh(now=local_time(in_days(1), 18)) == 1
    assert bound(offering) == local_time(in_days(2), 9)
    assert bounds.refresh(now=local_time(in_days(1), 18)) == 0


def test_a_bound_in_the_future_is_left_alone():
    offering = teaching(week=DAYS)
    ahead = clock.now() + timedelta(days=5)
    Offering.objects.update(next_free_at=ahead)

    assert bounds.refresh(now=clock.now()) == 0
    assert bound(offering) == ahead


def test_who_is_free_right_now_keeps_the_beginning_of_that_hour():
    offering = teaching(week=DAYS)
    Offering.objects.update(next_free_at=local_time(in_days(1), 9))

    assert bounds.refresh(now=local_time(in_days(1), 12)) == 0
    assert bound(offering) == local_time(in_days(1), 9)


def test_an_hour_without_room_for_notice_and_lesson_is_left_behind():
    offering = teaching(week=DAYS)
    assert offering.durations[0] == 30
    Offering.objects.update(next_free_at=local_time(in_days(1), 9))

    assert bounds.refresh(now=local_time(in_days(1), 15, 30)) == 0
    assert bounds.refresh(now=local_time(in_days(1), 15, 31)) == 1
    assert bound(offering) == local_time(in_days(2), 9)


def test_a_shorter_lesson_brings_the_hour_back(cast: Cast):
    day = in_days(1)
    Offering.objects.update(durations=[90])
    with time_machine.travel(local_time(day, 15), tick=False):
        assert bounds.refresh(now=clock.now()) == 1
        assert bound(cast.piano) == local_time(day + timedelta(days=1), 9)

        Offering.objects.update(durations=[30])
        catalogue.refresh_listing(cast.piano.instructor)
        assert bounds.refresh(now=clock.now()) == 0
        assert bound(cast.piano) == local_time(day, 9)


def test_shorter_notice_brings_the_hour_back(cast: Cast):
    day = in_days(1)
    with time_machine.travel(local_time(day, 16, 30), tick=False):
        assert bounds.refresh(now=clock.now()) == 1
        assert bound(cast.piano) == local_time(day + timedelta(days=1), 9)

        rules_service.change(by=cast.staff, notice_online_min=0)
        assert horizon.rederive() == 1
        assert bounds.refresh(now=clock.now()) == 0
        assert bound(cast.piano) == local_time(day, 9)


def test_days_that_came_later_give_a_bound_to_those_without():
    offering = teaching(week=DAYS)
    Offering.objects.update(next_free_at=None)

    assert bounds.refresh(now=local_time(in_days(0), 23)) == 1
    assert bound(offering) == local_time(in_days(1), 9)


def test_without_any_free_time_there_is_no_bound():
    offering = teaching(week=DAYS)
    OpenDay.objects.update(free=[])
    Offering.objects.update(next_free_at=local_time(in_days(-1), 9))

    assert bounds.refresh(now=clock.now()) == 1
    assert bound(offering) is None


def test_many_are_brought_up_to_date_a_batch_at_a_time(monkeypatch):
    monkeypatch.setattr(bounds, "BATCH", 2)
    for _ in range(5):
        teaching(OfferingFactory(), week=DAYS)
    Offering.objects.update(next_free_at=local_time(in_days(-1), 9))

    assert bounds.refresh(now=local_time(in_days(0), 23)) == 5
    assert set(Offering.objects.values_list("next_free_at", flat=True)) == {local_time(in_days(1), 9)}
