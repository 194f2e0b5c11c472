"""What explains a time says "free" exactly where it is offered, and else everything that is in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.models import Status
from bookings.services import lifecycle
from bookings.services.wanted import wish
from bookings.tests.cast import Cast
from bookings.tests.factories import (
    NINE_TO_FIVE,
    InstructorFactory,
    OfferingFactory,
    StudentFactory,
    booked,
    held,
    local_time,
    teaching,
)
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instainstru.lib.intervals import normal
from instainstru.rules import services as rules_service
from instructors.models import Modality, OutsideCalendar
from instructors.services import calendar, explain, limits, openings, schedule, slots
from instructors.services.explain import Code, Day
from instructors.services.open_days import at_minute, free_of
from instructors.tests.test_slots import DAYS, ZONES, blocks, limits_for, made_blocks, windows

NOW = datetime(2026, 12, 2, 17, 7, 31, tzinfo=UTC)
THURSDAY = date(2026, 12, 3)


@settings(max_examples=200)
@given(
    st.sampled_from(ZONES), st.sampled_from(DAYS), windows, blocks, st.sampled_from([15, 45, 60, 90]),
    st.sampled_from([15, 30, 60]), st.sampled_from([0, 15, 30]), st.sampled_from([0, 45]), st.booleans(),
    st.integers(-30 * 60, 40 * 60), st.sampled_from([0, 90]),
)  # fmt: skip
def test_free_is_what_slots_are_cut_from(
    zone, day, drawn_windows, drawn_blocks, duration, grid, buffer, travel, travels, since_midnight, horizon
):
    own = replace(limits_for(zone, grid, buffer, travel), horizon_days=horizon, overnight=(20, 8, 9, 11))
    low, high = clock.day_bounds(day, zone)
    now = low + timedelta(minutes=since_midnight)
    hours = slots_hours(day, zone, drawn_windows)
    taken = made_blocks(day, zone, drawn_blocks, own)
    modality = Modality.AT_STUDENT if travels else Modality.ONLINE
    free = free_of(hours, taken, own)
    offered = set(
        slots.cut(
            free.travel if travels else free.plain,
            duration=duration,
            low=max(low, slots.earliest(own, modality=modality, now=now)),
            high=min(high, slots.latest(own, now=now)),
            limits=own,
        )
    )
    facts = Day(day, own, hours, False, True, taken, "", {})
    start = low
    while start < high:
        found = explain.why(facts, start, duration_min=duration, modality=modality, now=now)
        assert (found == []) == (start in offered), found
        start += timedelta(minutes=15)
    stretches = explain.on(facts, duration_min=duration, modality=modality, now=now)
    told = {one for one in offered if any(s.is_free and s.start <= one < s.end for s in stretches)}
    assert told == offered
    assert all(one.end == other.start for one, other in pairwise(stretches))


def slots_hours(day: date, zone: str, drawn: list[tuple[int, int]]) -> list[Any]:
    return normal((at_minute(day, low * 15, zone), at_minute(day, high * 15, zone)) for low, high in drawn)


def world(rng: Random) -> Any:
    """An instructor with limits of their own, torn-up days, lessons and holds."""
    zone = rng.choice(["America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
    offering = teaching(
        OfferingFactory(
            instructor=InstructorFactory(time_zone=zone, overnight_rule=rng.random() < 0.5),
            durations=[30, 60],
            modalities=[Modality.ONLINE, Modality.AT_STUDENT],
        ),
        week={day: [(8 * 60, 13 * 60), (15 * 60, 22 * 60)] for day in range(6)},
    )
    instructor = offering.instructor
    here = clock.local(NOW, zone).date()
    for _ in range(5):
        take = rng.choice([held, booked])
        quarter = rng.randint(32, 80) * 15
        quietly(take, offering, at_minute(here + timedelta(days=rng.randint(0, 9)), quarter, zone))
    schedule.set_date(instructor, here + timedelta(days=2), [], by=instructor.user)
    away = at_minute(here + timedelta(days=3), rng.randint(0, 90) * 15, zone)
    schedule.add_time_off(instructor, away, away + timedelta(hours=7), by=instructor.user)
    facts = {
        "notice_online_min": rng.choice([None, 600]), "notice_at_student_min": rng.choice([None, 1440]),
        "grid_min": rng.choice([None, 30, 60]), "buffer_min": rng.choice([None, 0, 45]),
        "travel_min": rng.choice([None, 90]), "horizon_days": rng.choice([None, 8]),
        "lessons_per_day": rng.choice([None, 1]), "lessons_per_week": rng.choice([None, None, 3]),
    }  # fmt: skip
    offering.instructor = limits.save(instructor, facts, by=instructor.user)
    return offering


def somewhen(rng: Random, lesson: openings.Lesson) -> datetime:
    """A time that is offered, or any."""
    zone, rules = lesson.offering.instructor.time_zone, rules_service.current()
    high = NOW + timedelta(days=10)
    offered = list(openings.starts(lesson, low=NOW, high=high, now=NOW, rules=rules))
    if offered and rng.random() < 0.3:
        return rng.choice(offered)
    day = clock.local(NOW, zone).date() + timedelta(days=rng.randint(-1, 10))
    return at_minute(day, rng.randint(28, 92) * 15, zone)


def quietly(function: Any, *args: Any, **kwargs: Any) -> bool:
    try:
        with transaction.atomic():
            function(*args, **kwargs)
    except DomainError:
        return False
    return True


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_free_is_what_is_offered_and_what_can_be_booked(seed):
    rng = Random(seed)
    with time_machine.travel(NOW, tick=False):
        offering = world(rng)
        instructor, rules = offering.instructor, rules_service.current()
        outcomes = set()
        for _ in range(60):
            modality, length = rng.choice(offering.modalities), rng.choice([30, 60])
            lesson = openings.Lesson(offering, length, modality)
            start = somewhen(rng, lesson)
            why = explain.at(instructor, start, duration_min=length, modality=modality, now=NOW, rules=rules)
            offered = openings.is_open(lesson, start, now=NOW, rules=rules)
            assert (why == []) == offered, (start, why)
            student = StudentFactory()
            wanted = wish(offering, starts_at=start, duration_min=length, modality=modality)
            point = transaction.savepoint()
            assert quietly(lifecycle.hold, wanted, student=student, by=student.user) == offered, why
            transaction.savepoint_rollback(point)
            outcomes |= {one.code for one in why} or {"free"}
        assert len(outcomes) > 3


def say(cast: Cast, start: datetime, minutes: int = 60, modality: str = "online") -> list[tuple[str, str]]:
    found = explain.at(
        cast.piano.instructor, start, duration_min=minutes, modality=modality, now=NOW,
        rules=rules_service.current(),
    )  # fmt: skip
    return [(one.code.value, one.sentence) for one in found]


@pytest.fixture
def at_noon(cast: Cast):
    """Noon on a Wednesday in New York."""
    with time_machine.travel(NOW, tick=False):
        schedule.set_week(cast.piano.instructor, dict.fromkeys(range(7), NINE_TO_FIVE), by=cast.ana)
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("at_noon")
class TestSentences:
    def test_what_is_free_has_no_reason(self, cast: Cast):
        assert say(cast, local_time(THURSDAY, 10)) == []

    def test_hours(self, cast: Cast):
        schedule.set_date(cast.piano.instructor, THURSDAY, [], by=cast.ana)
        assert say(cast, local_time(THURSDAY, 10)) == [("closed_date", "Thursday 3 December is closed.")]
        friday = THURSDAY + timedelta(days=1)
        assert say(cast, local_time(friday, 18)) == [
            ("outside_hours", "The hours on Friday 4 December are 9:00 am–5:00 pm.")
        ]
        assert say(cast, local_time(friday, 16, 30)) == [
            ("outside_hours", "It would not end by 5:00 pm; the hours are 9:00 am–5:00 pm.")
        ]

    def test_notice_says_by_when_it_could_have_been_booked(self, cast: Cast):
        start = local_time(date(2026, 12, 2), 13)
        [reason] = explain.at(
            cast.piano.instructor, start, duration_min=60, modality="online", now=NOW,
            rules=rules_service.current(),
        )  # fmt: skip
        assert (reason.code, reason.sentence) == ("too_soon", "Lessons online need 1 hour of notice.")
        assert reason.until == start - timedelta(hours=1)
        assert reason.data["earliest"] == "2026-12-02T18:07:31Z"

    def test_every_reason_is_told_in_order(self, cast: Cast):
        far = local_time(date(2027, 6, 6), 20, 10)
        assert [code for code, _ in say(cast, far)] == ["outside_hours", "too_far", "off_grid"]
        past = local_time(date(2026, 12, 1), 8)
        assert [code for code, _ in say(cast, past)] == ["already_past", "outside_hours"]

    def test_gaps_name_the_side(self, cast: Cast):
        booked(cast.piano, local_time(THURSDAY, 12))
        assert say(cast, local_time(THURSDAY, 13)) == [
            ("buffer", "15 minutes stay free after the lesson that ends at 1:00 pm.")
        ]
        assert say(cast, local_time(THURSDAY, 11)) == [
            ("buffer", "15 minutes stay free before the lesson at 12:00 pm.")
        ]
        assert say(cast, local_time(THURSDAY, 13, 15), modality="at_student") == [
            ("travel", "45 minutes stay free after the lesson that ends at 1:00 pm, to travel.")
        ]
        assert say(cast, local_time(THURSDAY, 12, 30)) == [("lesson", "There is a lesson, 12:00–1:00 pm.")]

    def test_holds_time_off_and_outside_events(self, cast: Cast):
        instructor = cast.piano.instructor
        hold = held(cast.piano, local_time(THURSDAY, 12))
        assert hold.status == Status.HELD
        schedule.add_time_off(
            instructor, local_time(THURSDAY, 9), local_time(THURSDAY, 10), by=cast.ana, label="Dentist"
        )
        outside = OutsideCalendar.objects.create(
            instructor=instructor, name="Family", url="https://calendar.example/a.ics"
        )
        calendar.replace_outside(instructor, outside, [(local_time(THURSDAY, 15), local_time(THURSDAY, 16))])
        assert say(cast, local_time(THURSDAY, 12)) == [("hold", "A student holds a time, 12:00–1:00 pm.")]
        assert say(cast, local_time(THURSDAY, 9)) == [("time_off", "Time off, 9:00–10:00 am: Dentist.")]
        assert say(cast, local_time(THURSDAY, 15)) == [
            ("external", "An event of another calendar, 3:00–4:00 pm.")
        ]

    def test_caps_count_lessons_of_earlier_in_the_week(self, cast: Cast):
        instructor = cast.piano.instructor
        booked(cast.piano, local_time(THURSDAY, 12))
        booked(cast.piano, local_time(THURSDAY + timedelta(days=2), 12))
        limits.save(instructor, {"lessons_per_week": 2, "lessons_per_day": 1}, by=cast.ana)
        instructor.refresh_from_db()
        assert say(cast, local_time(THURSDAY, 9)) == [
            ("day_full", "The most for a day is 1 lesson, which is reached.")
        ]
        assert say(cast, local_time(THURSDAY + timedelta(days=3), 9)) == [
            ("week_full", "The most for a week is 2 lessons, which is reached.")
        ]

    def test_the_overnight_rule(self, cast: Cast):
        instructor = cast.piano.instructor
        limits.save(instructor, {"overnight_rule": True}, by=cast.ana)
        schedule.set_week(instructor, {day: [(6 * 60, 17 * 60)] for day in range(7)}, by=cast.ana)
        instructor.refresh_from_db()
        found = explain.at(
            instructor, local_time(THURSDAY, 8), duration_min=60, modality="online",
            now=local_time(date(2026, 12, 2), 21), rules=rules_service.current(),
        )  # fmt: skip
        assert [(one.code, one.sentence) for one in found] == [
            ("overnight", "Booked at night, nothing starts before Thu 3 Dec, 9:00 am.")
        ]

    def test_an_hour_that_daylight_saving_skips_is_named(self, cast: Cast):
        start, found = explain.at_wall(
            cast.piano.instructor, date(2027, 3, 14), time(2, 30), duration_min=60, modality="online",
            now=NOW, rules=rules_service.current(),
        )  # fmt: skip
        assert start is None
        assert [one.code for one in found] == [Code.SKIPPED]

    def test_who_is_not_listed_has_no_times(self, cast: Cast):
        instructor = cast.piano.instructor
        instructor.status = "suspended"
        assert [code for code, _ in say(cast, local_time(THURSDAY, 10))] == ["not_listed"]

    def test_a_day_is_told_in_stretches(self, cast: Cast):
        booked(cast.piano, local_time(THURSDAY, 12))
        day = explain.day_of(cast.piano.instructor, THURSDAY, rules=rules_service.current())
        found = explain.on(day, duration_min=60, modality="online", now=NOW)
        zone = "America/New_York"
        assert [
            (f"{clock.local(one.start, zone):%H:%M}", [reason.code.value for reason in one.reasons])
            for one in found
        ] == [
            ("00:00", ["outside_hours"]),
            ("09:00", []),
            ("11:00", ["buffer"]),
            ("11:15", ["lesson"]),
            ("13:00", ["buffer"]),
            ("13:15", []),
            ("16:15", ["outside_hours"]),
            ("17:00", ["outside_hours"]),
            ("23:15", ["outside_hours", "crosses_midnight"]),
        ]

    def test_a_time_costs_three_queries_whatever_the_day_holds(self, cast: Cast, django_assert_num_queries):
        rules = rules_service.current()
        for number in (1, 3):
            for hour in range(number):
                booked(cast.piano, local_time(THURSDAY + timedelta(days=number), 9 + 2 * hour))
            with django_assert_num_queries(3):
                explain.at(
                    cast.piano.instructor, local_time(THURSDAY + timedelta(days=number), 9),
                    duration_min=60, modality="online", now=NOW, rules=rules,
                )  # fmt: skip
