"""Weeks through their services: copied, applied, looked at beforehand; exact instants; nothing stale."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bookings.tests.cast import Cast
from bookings.tests.factories import (
    InstructorFactory,
    OfferingFactory,
    booked,
    held,
    in_days,
    local_time,
    teaching,
    utc,
)
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError, Invalid
from instructors.models import DateHours, Instructor, OpenDay
from instructors.services import horizon, open_days, outside, schedule, weeks

MORNING, EVENING = [(540, 720)], [(1020, 1260)]
DAY = timedelta(days=1)


def a_week() -> date:
    """A Monday whose whole week is ahead."""
    return weeks.monday_of(in_days(7)) + 7 * DAY


def hours_from(monday: date, number: int) -> list[list[tuple[int, int]]]:
    """What is open on so many days from that Monday on, from ``OpenDay``, in minutes."""
    days = OpenDay.objects.filter(date__range=(monday, monday + (number - 1) * DAY)).order_by("date")
    return [
        [
            tuple(
                round((edge - clock.day_bounds(day.date, "America/New_York")[0]).total_seconds()) // 60
                for edge in span
            )
            for span in day.free
        ]
        for day in days
    ]


def changed() -> list[dict]:
    return [event.data for event in Event.objects.filter(kind="date_hours.changed").order_by("pk")]


@pytest.fixture
def ana(cast: Cast) -> Instructor:
    return cast.piano.instructor


def test_a_copied_week_is_like_the_other_in_one_event(cast: Cast, ana: Instructor):
    monday = a_week()
    schedule.set_date(ana, monday, MORNING, by=cast.ana)
    schedule.set_date(ana, monday + 2 * DAY, [], by=cast.ana)
    week = weeks.copy(ana, monday + 9 * DAY, source=monday, by=cast.ana)
    nine_to_five = [(540, 1020)]
    assert [day.windows for day in week.days] == [MORNING, nine_to_five, [], *[nine_to_five] * 4]
    assert [day.differs for day in week.days] == [True, False, True, *[False] * 4]
    assert week == weeks.week_at(ana, monday + 7 * DAY)
    there = monday + 7 * DAY
    assert changed()[-1] == {"dates": {f"{there}": [[540, 720]], f"{there + 2 * DAY}": []}}
    assert list(horizon.differences()) == []


def test_copying_brings_days_back_to_the_pattern(cast: Cast, ana: Instructor):
    monday = a_week()
    schedule.set_date(ana, monday, [], by=cast.ana)
    weeks.copy(ana, monday, source=monday + 7 * DAY, by=cast.ana)
    assert not DateHours.objects.exists()
    assert changed()[-1] == {"dates": {f"{monday}": None}}


def test_a_week_is_applied_to_those_that_follow_and_to_no_other(cast: Cast, ana: Instructor):
    monday = a_week()
    windows = {monday: EVENING, monday + 5 * DAY: [], monday + 6 * DAY: []}
    before = len(changed())
    changes = weeks.apply(ana, monday, weeks=3, windows=windows, by=cast.ana)
    usual = [(540, 1020)]
    assert hours_from(monday, 35) == [EVENING, *[usual] * 4, [], []] * 4 + [usual] * 7
    assert [one.date for one in changes] == [
        monday + 7 * DAY * k + n * DAY for k in range(4) for n in (0, 5, 6)
    ]
    assert len(changed()) == before + 1
    assert weeks.apply(ana, monday, weeks=3, by=cast.ana) == []
    assert len(changed()) == before + 1
    assert list(horizon.differences()) == []


def test_days_that_are_over_stay_and_a_week_that_is_over_is_refused(cast: Cast, ana: Instructor):
    monday = a_week()
    with time_machine.travel(local_time(monday + 3 * DAY, 12), tick=False):
        weeks.copy(ana, monday, source=monday + 7 * DAY, by=cast.ana)
        schedule.set_date(ana, monday + 7 * DAY, [], by=cast.ana)
        schedule.set_date(ana, monday + 13 * DAY, [], by=cast.ana)
        weeks.copy(ana, monday, source=monday + 7 * DAY, by=cast.ana)
        assert [day.windows == [] for day in weeks.week_at(ana, monday).days] == [False] * 6 + [True]
        with pytest.raises(Invalid) as refusal:
            weeks.copy(ana, monday - 7 * DAY, source=monday, by=cast.ana)
    assert refusal.value.fields == {"date": "That week is over."}


@pytest.mark.parametrize("number", [0, -1, 53, 10**9])
def test_a_week_is_applied_to_a_year_at_most(cast: Cast, ana: Instructor, number: int):
    with pytest.raises(Invalid) as refusal:
        weeks.apply(ana, a_week(), weeks=number, by=cast.ana)
    assert list(refusal.value.fields) == ["weeks"]
    assert changed() == []


def test_a_year_ahead_is_written_and_opens_when_its_time_comes(cast: Cast, ana: Instructor):
    monday = a_week()
    weeks.apply(ana, monday, weeks=52, windows={monday: MORNING}, by=cast.ana)
    assert DateHours.objects.filter(date__gte=monday).count() == 53
    assert list(horizon.differences()) == []


def test_who_started_from_another_version_changes_nothing(cast: Cast, ana: Instructor):
    monday = a_week()
    seen = weeks.week_at(ana, monday).version
    schedule.set_date(ana, monday, MORNING, by=cast.ana)
    before = changed()
    for attempt in (
        lambda: weeks.save(ana, monday, {monday: []}, by=cast.ana, seen=seen),
        lambda: weeks.copy(ana, monday, source=monday + 7 * DAY, by=cast.ana, seen=seen),
        lambda: weeks.apply(ana, monday, weeks=2, by=cast.ana, seen=seen),
    ):
        with pytest.raises(Conflict) as refusal:
            attempt()
        assert refusal.value.code == "stale"
    assert changed() == before


def test_every_day_at_fault_is_named_at_once(cast: Cast, ana: Instructor):
    monday = a_week()
    windows = {monday: [(600, 540)], monday + DAY: [(540, 600), (570, 660)], monday + 2 * DAY: [(0, 1500)]}
    with pytest.raises(DomainError) as refusal:
        weeks.save(ana, monday, windows, by=cast.ana)
    assert refusal.value.fields == {
        "days.0": "10:00–09:00: the end must be after the start.",
        "days.1": "Two windows overlap around 09:30.",
        "days.2": "Times run from 00:00 to 24:00.",
    }
    assert changed() == []


def test_plans_change_nothing_and_say_what_writing_would(cast: Cast, ana: Instructor):
    monday = a_week()
    schedule.set_date(ana, monday, MORNING, by=cast.ana)
    before = changed()
    _, copying = weeks.plan_copy(ana, monday + 7 * DAY, source=monday)
    assert copying == [weeks.Change(monday + 7 * DAY, [(540, 1020)], MORNING)]
    _, applying = weeks.plan_apply(ana, monday, weeks=2)
    assert [one.date for one in applying] == [monday + 7 * DAY, monday + 14 * DAY]
    saving = weeks.plan_save(ana, monday, {monday: EVENING, monday + DAY: [(540, 1020)]})
    assert saving == [weeks.Change(monday, MORNING, EVENING)]
    assert changed() == before
    assert weeks.apply(ana, monday, weeks=2, by=cast.ana) == applying


def test_lessons_that_new_hours_do_not_cover_are_found(cast: Cast, ana: Instructor):
    monday = a_week()
    lesson = booked(cast.piano, local_time(monday, 12), cast.ben_student)
    held(cast.piano, local_time(monday, 15), cast.cy_student)
    later = booked(cast.piano, local_time(monday + 7 * DAY, 16), cast.ben_student)

    def ids(found):
        return [block.booking_id for block in found]

    assert ids(outside.of_dates(ana, {monday: [(540, 750)]})) == [lesson.pk]
    assert ids(outside.of_dates(ana, {monday: [(540, 720), (720, 1020)]})) == []
    assert ids(outside.of_dates(ana, {monday + DAY: []})) == []
    assert ids(outside.of_dates(ana, {})) == []
    assert ids(outside.of_pattern(ana, {})) == [lesson.pk, later.pk]
    schedule.set_date(ana, monday, [(540, 1020)], by=cast.ana)
    assert ids(outside.of_pattern(ana, {})) == [later.pk]
    with time_machine.travel(local_time(monday + DAY, 8), tick=False):
        assert ids(outside.of_dates(ana, {monday: []})) == []


@pytest.mark.parametrize("number", [3, 12])
def test_writing_weeks_takes_as_many_statements_for_twelve_windows_as_for_three(
    cast: Cast, ana: Instructor, django_assert_num_queries, number: int
):
    monday = a_week()
    some = [[(60 * n, 60 * n + 30) for n in range(number // 3)] for _ in range(3)]
    booked(cast.piano, local_time(monday, 12), cast.ben_student)
    # The instructor's row, hours, the write, days, blocks, open days with the bound, the event; and a
    # savepoint with its release, because a test is a transaction.
    with django_assert_num_queries(9):
        weeks.save(ana, monday, {monday + n * DAY: windows for n, windows in enumerate(some)}, by=cast.ana)
    with django_assert_num_queries(9):
        weeks.copy(ana, monday + 7 * DAY, source=monday, by=cast.ana)
    with django_assert_num_queries(9):
        weeks.apply(ana, monday, weeks=number, by=cast.ana)


def test_deriving_the_horizon_writes_only_what_changed(cast: Cast, ana: Instructor):
    def writes(windows) -> int:
        seen = []

        def note(execute, sql, *rest):
            seen.append("INSERT INTO instructors_openday" in sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(note):
            schedule.set_week(ana, {0: windows}, by=cast.ana)
        return sum(seen)

    assert [writes(MORNING), writes(MORNING), writes(EVENING)] == [1, 0, 1]
    assert list(horizon.differences()) == []


# Zone, now, a date, windows in minutes, and the exact instants that are free then.
INSTANTS = [
    # New York: 2:00 → 3:00 on 8 March, 2:00 ← on 1 November 2026 (of 1:30 the first is meant).
    ("America/New_York", "2026-03-01", "2026-03-07", [(540, 600)], [("03-07 14:00", "03-07 15:00")]),
    ("America/New_York", "2026-03-01", "2026-03-08", [(60, 240)], [("03-08 06:00", "03-08 08:00")]),
    ("America/New_York", "2026-03-01", "2026-03-08", [(540, 1440)], [("03-08 13:00", "03-09 04:00")]),
    ("America/New_York", "2026-10-20", "2026-11-01", [(0, 90), (540, 600)],
     [("11-01 04:00", "11-01 05:30"), ("11-01 14:00", "11-01 15:00")]),
    # London: 1:00 → 2:00 on 29 March, 2:00 ← on 25 October.
    ("Europe/London", "2026-03-20", "2026-03-28", [(540, 600)], [("03-28 09:00", "03-28 10:00")]),
    ("Europe/London", "2026-03-20", "2026-03-29", [(0, 180)], [("03-29 00:00", "03-29 02:00")]),
    ("Europe/London", "2026-10-20", "2026-10-25", [(0, 180)], [("10-24 23:00", "10-25 03:00")]),
    # Lord Howe moves by half an hour: 2:00 → 2:30 on 4 October, 2:00 ← 1:30 on 5 April.
    ("Australia/Lord_Howe", "2026-09-25", "2026-10-03", [(540, 600)], [("10-02 22:30", "10-02 23:30")]),
    ("Australia/Lord_Howe", "2026-09-25", "2026-10-04", [(60, 180)], [("10-03 14:30", "10-03 16:00")]),
    ("Australia/Lord_Howe", "2026-03-25", "2026-04-05", [(60, 180)], [("04-04 14:00", "04-04 16:30")]),
    # Kathmandu is 5:45 ahead, always; quarter hours there are quarter hours everywhere.
    ("Asia/Kathmandu", "2026-03-01", "2026-03-08", [(540, 600)], [("03-08 03:15", "03-08 04:15")]),
    # São Paulo moved at midnight: 4 November 2018 began at 1:00, 17 February 2019 had 23:00 twice.
    ("America/Sao_Paulo", "2018-10-30", "2018-11-04", [(60, 120)], [("11-04 03:00", "11-04 04:00")]),
    ("America/Sao_Paulo", "2019-02-10", "2019-02-16", [(1320, 1440)], [("02-17 00:00", "02-17 03:00")]),
    ("America/Sao_Paulo", "2026-10-30", "2026-11-01", [(0, 120)], [("11-01 03:00", "11-01 05:00")]),
    # Apia had no 30 December 2011.
    ("Pacific/Apia", "2011-12-20", "2011-12-29", [(540, 1440)], [("12-29 19:00", "12-30 10:00")]),
    ("Pacific/Apia", "2011-12-20", "2011-12-31", [(0, 600)], [("12-30 10:00", "12-30 20:00")]),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "now", "day", "windows", "expected"), INSTANTS)
def test_hours_of_a_week_are_these_instants(zone, now, day, windows, expected):
    at, year = date.fromisoformat(day), day[:4]
    with time_machine.travel(f"{now}T12:00:00Z", tick=False):
        instructor = InstructorFactory(time_zone=zone)
        teaching(OfferingFactory(instructor=instructor), week={})
        weeks.save(instructor, at, {at: windows}, by=instructor.user)
        assert OpenDay.objects.get(instructor=instructor, date=at).free == [
            (utc(f"{year}-{start}"), utc(f"{year}-{end}")) for start, end in expected
        ]
        assert list(horizon.differences()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "now", "day", "minute"),
    [
        ("America/New_York", "2026-03-01", "2026-03-08", 150),
        ("Europe/London", "2026-03-20", "2026-03-29", 75),
        ("Australia/Lord_Howe", "2026-09-25", "2026-10-04", 135),
        ("America/Sao_Paulo", "2018-10-30", "2018-11-04", 0),
        ("America/Sao_Paulo", "2018-10-30", "2018-11-04", 30),
        ("Pacific/Apia", "2011-12-20", "2011-12-30", 600),
    ],
)
def test_a_time_that_never_comes_is_refused_by_name(zone, now, day, minute):
    at = date.fromisoformat(day)
    with time_machine.travel(f"{now}T12:00:00Z", tick=False):
        instructor = InstructorFactory(time_zone=zone)
        with pytest.raises(clock.SkippedTime) as refusal:
            weeks.save(instructor, at, {at: [(minute, 1200)]}, by=instructor.user)
        assert list(refusal.value.fields) == [f"days.{at.weekday()}"]
        assert schedule.show_minute(minute) in refusal.value.message
    assert not DateHours.objects.exists()


@given(
    zone=st.sampled_from(sorted({row[0] for row in INSTANTS} | {"Africa/Casablanca", "Asia/Tehran", "UTC"})),
    day=st.dates(date(2009, 1, 1), date(2030, 1, 1)),
    minute=st.integers(0, 1440),
)
def test_even_days_are_a_shortcut_and_nothing_else(zone: str, day: date, minute: int):
    extra, rest = divmod(minute, 1440)
    looked_up = clock.day_edge(day + extra * DAY, clock.wall(rest), zone)
    assert open_days.at_minute(day, minute, zone) == looked_up
