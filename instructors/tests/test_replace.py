"""The pattern and many dates in one edit."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from bookings.tests.cast import Cast
from bookings.tests.factories import in_days
from instainstru.events.models import Event
from instainstru.lib.clock import SkippedTime
from instainstru.lib.errors import Invalid
from instructors.models import DateHours, WeeklyHours
from instructors.services import horizon, schedule
from instructors.services.replace import dates_of, replace

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_dates_that_are_not_named_keep_what_they_have(cast: Cast):
    instructor, first = cast.piano.instructor, in_days(10)
    schedule.set_date(instructor, first, [], by=cast.ana)
    schedule.set_date(instructor, first + DAY, [(600, 660)], by=cast.ana)
    replace(
        instructor,
        {0: [(840, 900), (600, 660)]},
        {first: None, first + 2 * DAY: [], first + 3 * DAY: [(0, 1440)]},
        by=cast.ana,
    )
    assert schedule.week_of(instructor) == {0: [(600, 660), (840, 900)], **{n: [] for n in range(1, 7)}}
    assert dates_of(instructor) == {
        first + DAY: [(600, 660)],
        first + 2 * DAY: [],
        first + 3 * DAY: [(0, 1440)],
    }
    assert list(horizon.differences()) == []
    event = Event.objects.latest("pk")
    assert (event.kind, event.by) == ("hours.changed", cast.ana)
    assert event.data["before"]["0"] == [[540, 1020]]
    assert event.data["dates"] == {
        str(first): None, str(first + 2 * DAY): [], str(first + 3 * DAY): [[0, 1440]],
    }  # fmt: skip


def test_what_is_so_already_is_not_told(cast: Cast):
    instructor, day = cast.piano.instructor, in_days(10)
    schedule.set_date(instructor, day, [(600, 660)], by=cast.ana)
    events, rows = Event.objects.count(), list(WeeklyHours.objects.values())
    replace(instructor, schedule.week_of(instructor), {day: [(600, 660)], day + DAY: None}, by=cast.ana)
    assert (Event.objects.count(), list(WeeklyHours.objects.values())) == (events, rows)


@pytest.mark.parametrize(
    ("week", "dates", "refusal"),
    [
        ({0: [(600, 660), (630, 700)]}, {}, Invalid),
        ({}, {date(2026, 3, 9): [(700, 600)]}, Invalid),
        ({}, {date(2026, 3, 9): [], date(2026, 3, 8): [(150, 300)]}, SkippedTime),
    ],
)
def test_what_cannot_be_changes_nothing(cast: Cast, week, dates, refusal):
    instructor = cast.piano.instructor
    before = schedule.week_of(instructor)
    with time_machine.travel("2026-02-20T12:00:00Z", tick=False), pytest.raises(refusal):
        replace(instructor, week, dates, by=cast.ana)
    assert schedule.week_of(instructor) == before
    assert not DateHours.objects.exists()


@pytest.mark.parametrize("dates", [1, 3])
def test_many_dates_take_no_more_statements_than_one(cast: Cast, django_assert_num_queries, dates):
    instructor, first = cast.piano.instructor, in_days(10)
    wanted = {first + n * DAY: [(600, 660)] for n in range(dates)}
    with django_assert_num_queries(14):
        replace(instructor, {0: [(600, 660)]}, wanted, by=cast.ana)
