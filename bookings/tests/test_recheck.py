"""A last look at the instructor's own calendars before somebody books, through every door."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bookings.models import Booking, Status
from bookings.services import recheck
from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, booked, held, in_days, local_time, teaching
from instainstru.events.models import Event
from instructors.models import CalendarBlock, OutsideCalendar
from instructors.services import calendar_feeds, horizon
from instructors.tests.hosts import Host, event
from instructors.tests.hosts import calendar as file_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def start() -> datetime:
    return local_time(in_days(3), 12)


@pytest.fixture
def outside(host: Host, cast: Cast) -> OutsideCalendar:
    """Ana's own calendar, empty and last looked at some minutes ago."""
    ana = cast.piano.instructor
    found = calendar_feeds.add(ana, name="Family", url=host.url, by=cast.ana)
    earlier = found.checked_at - timedelta(minutes=5)
    OutsideCalendar.objects.update(checked_at=earlier, tried_at=earlier)
    host.asked.clear()
    found.refresh_from_db()
    return found


def confirm(client: Client, booking: Booking) -> Any:
    return client.post(reverse("bookings:confirm", args=[booking.pk]), {"note": ""})


def failing() -> int:
    return Event.objects.filter(kind="outside_calendar.failing").count()


def test_a_time_that_is_busy_now_is_not_booked_and_others_are_offered(
    client: Client, cast: Cast, host: Host, outside: OutsideCalendar, start: datetime
):
    other = teaching(OfferingFactory())
    hold = held(cast.piano, start, cast.ben_student)
    host.body = file_of(event(start))
    client.force_login(cast.ben)
    answer = confirm(client, hold)
    assert answer.status_code == 409
    assert b"Something else came up at that time" in answer.content
    assert len(answer.context["same"]) == 3
    assert [row["url"] for row in answer.context["others"]] != []
    hold.refresh_from_db()
    assert (hold.status, hold.confirmed_at) == (Status.RELEASED, None)
    assert not CalendarBlock.objects.filter(kind__in=["hold", "lesson"]).exists()
    assert list(horizon.differences()) == []
    # The hold is given up, so that somebody else who is free then can be held at once.
    assert held(other, start, cast.ben_student).status == Status.HELD


def test_a_time_that_is_still_free_is_booked(
    client: Client, cast: Cast, host: Host, outside: OutsideCalendar, start: datetime
):
    hold = held(cast.piano, start, cast.ben_student)
    host.body = file_of(event(start + timedelta(hours=1)))
    client.force_login(cast.ben)
    assert confirm(client, hold).url == reverse("bookings:booked", args=[hold.pk])
    assert len(host.asked) == 1
    assert CalendarBlock.objects.filter(kind="external").count() == 1
    assert failing() == 0


def test_what_was_looked_at_within_a_minute_is_good_enough(
    client: Client, cast: Cast, host: Host, outside: OutsideCalendar, start: datetime
):
    calendar_feeds.check(outside.pk)
    host.asked.clear()
    hold = held(cast.piano, start, cast.ben_student)
    host.body = file_of(event(start))
    client.force_login(cast.ben)
    assert confirm(client, hold).status_code == 302
    assert host.asked == []


def test_a_block_that_the_schedule_found_meanwhile_counts_as_well(
    client: Client, cast: Cast, host: Host, outside: OutsideCalendar, start: datetime
):
    hold = held(cast.piano, start, cast.ben_student)
    host.body = file_of(event(start))
    calendar_feeds.check(outside.pk)
    client.force_login(cast.ben)
    assert confirm(client, hold).status_code == 409
    hold.refresh_from_db()
    assert hold.status == Status.RELEASED


@pytest.mark.parametrize("how", ["dead", "slow", "broken", "endless"])
def test_a_calendar_that_does_not_answer_stops_nobody(
    client: Client, cast: Cast, host: Host, outside: OutsideCalendar, start: datetime, how: str
):
    never = event(start, None, "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30")
    bodies = {"dead": [b""], "slow": [b"x"] * 1000, "broken": [b"hello"], "endless": [file_of(never)]}
    host.slowly = 0.2
    host.reply = lambda path, headers: (503 if how == "dead" else 200, {}, bodies[how])
    hold = held(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    began = time.monotonic()
    assert confirm(client, hold).url == reverse("bookings:booked", args=[hold.pk])
    assert time.monotonic() - began < calendar_feeds.PATIENCE_OF_STUDENTS + 2
    outside.refresh_from_db()
    # The instructor is told, on the page and by an event that brings a letter; it is no failure of its own.
    assert outside.missed_at is not None
    assert (outside.failures, failing()) == (0, 1)
    client.force_login(cast.ana)
    [row] = client.get(reverse("instructors:office_calendars")).context["calendars"]
    assert row["missed"]


def test_one_that_has_not_answered_for_long_is_not_waited_for(
    client: Client, cast: Cast, host: Host, outside: OutsideCalendar, start: datetime
):
    OutsideCalendar.objects.update(failures=calendar_feeds.WARN_AFTER)
    hold = held(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    assert confirm(client, hold).status_code == 302
    assert host.asked == []
    outside.refresh_from_db()
    assert outside.missed_at is not None


def test_several_calendars_share_the_time(client: Client, cast: Cast, host: Host, start: datetime):
    ana = cast.piano.instructor
    for number in range(3):
        calendar_feeds.add(ana, name="x", url=f"{host.url}?{number}", by=cast.ana)
    OutsideCalendar.objects.update(tried_at=None, checked_at=None)
    host.slowly = 0.2
    host.reply = lambda path, headers: (200, {}, [b"x"] * 1000)
    hold = held(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    began = time.monotonic()
    assert confirm(client, hold).status_code == 302
    assert time.monotonic() - began < calendar_feeds.PATIENCE_OF_STUDENTS + 2
    assert OutsideCalendar.objects.filter(missed_at=None).count() == 0


def test_moving_a_lesson_looks_as_well(
    client: Client, cast: Cast, host: Host, outside: OutsideCalendar, start: datetime
):
    lesson = booked(cast.piano, start, cast.ben_student)
    later = start + timedelta(days=1)
    host.body = file_of(event(later))
    client.force_login(cast.ben)
    posted = {"starts_at": later.strftime("%Y-%m-%dT%H:%M:%SZ"), "reason": ""}
    answer = client.post(reverse("bookings:reschedule", args=[lesson.pk]), posted)
    assert answer.status_code == 409
    lesson.refresh_from_db()
    assert (lesson.starts_at, lesson.status) == (start, Status.CONFIRMED)


@pytest.fixture
def ben(cast: Cast) -> Caller:
    return Caller(cast.ben)


def wanted(cast: Cast, start: datetime) -> dict[str, Any]:
    return {"offering": cast.piano.pk, "starts_at": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "duration_min": 60}


def named(key: str | None) -> dict[str, str]:
    return {"Idempotency_Key": key} if key else {}


@pytest.mark.parametrize("key", [None, "k1"])
def test_booking_at_once_finds_the_time_taken(
    cast: Cast, ben: Caller, host: Host, outside: OutsideCalendar, start: datetime, key: str | None
):
    host.body = file_of(event(start))
    answer = ben.post("/bookings", wanted(cast, start), **named(key))
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert len(answer.json()["alternatives"]["same_instructor"]) == 3
    assert not Booking.objects.exists()
    assert len(host.asked) == 1


@pytest.mark.parametrize("key", [None, "k1"])
def test_confirming_a_hold_finds_the_time_taken_and_gives_it_up(
    cast: Cast, ben: Caller, host: Host, outside: OutsideCalendar, start: datetime, key: str | None
):
    hold = held(cast.piano, start, cast.ben_student)
    host.body = file_of(event(start))
    answer = ben.post("/bookings", {"hold": str(hold.pk)}, **named(key))
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert len(answer.json()["alternatives"]["same_instructor"]) == 3
    hold.refresh_from_db()
    assert hold.status == Status.RELEASED


def test_a_replay_is_answered_as_before_whatever_the_calendar_says_now(
    cast: Cast, ben: Caller, host: Host, outside: OutsideCalendar, start: datetime
):
    hold = held(cast.piano, start, cast.ben_student)
    first = ben.post("/bookings", {"hold": str(hold.pk)}, Idempotency_Key="k1")
    assert first.status_code == 201
    host.body = file_of(event(start))
    OutsideCalendar.objects.update(tried_at=None, checked_at=None)
    again = ben.post("/bookings", {"hold": str(hold.pk)}, Idempotency_Key="k1")
    assert (again.status_code, again.content) == (201, first.content)
    hold.refresh_from_db()
    assert hold.status == Status.CONFIRMED


def test_a_stranger_with_the_number_of_a_hold_neither_ends_it_nor_has_anybody_asked(
    cast: Cast, host: Host, outside: OutsideCalendar, start: datetime
):
    hold = held(cast.piano, start, cast.ben_student)
    host.body = file_of(event(start))
    for user in (cast.cy, cast.ana):
        assert Caller(user).post("/bookings", {"hold": str(hold.pk)}).status_code == 422
    hold.refresh_from_db()
    assert (hold.status, host.asked) == (Status.HELD, [])


@pytest.mark.parametrize(
    "body", [{}, [], {"hold": 1}, {"hold": "x"}, {"hold": None}, {"offering": True}, {"offering": "x"},
             {"offering": 10**30}, {"offering": []}, {"hold": {}}, {"offering": -1}, {"hold": []}]
)  # fmt: skip
def test_junk_is_refused_as_ever(cast: Cast, ben: Caller, outside: OutsideCalendar, body: Any):
    assert ben.bare("post", "/bookings", body).status_code in (400, 422)
    assert not Booking.objects.exists()


def test_who_has_no_calendars_costs_one_query(
    client: Client, cast: Cast, start: datetime, django_assert_num_queries: Any
):
    hold = held(cast.piano, start, cast.ben_student)
    with django_assert_num_queries(1):
        recheck.before_booking(cast.piano.pk)
    with django_assert_num_queries(1):
        recheck.before_confirming(hold)
    with django_assert_num_queries(1):
        assert not recheck.concerns(hold.pk)
