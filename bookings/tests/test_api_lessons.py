"""Reading bookings over the API: the list, one, its history, its calendar file."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from bookings.models import Booking, Party
from bookings.services import lifecycle
from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import (
    OfferingFactory,
    StudentFactory,
    UserFactory,
    booked,
    held,
    in_days,
    local_time,
    teaching,
)
from instainstru.accounts.models import Partner, Scope
from instainstru.lib import clock

pytestmark = pytest.mark.django_db


def ids(response) -> list[str]:
    return [one["id"] for one in response.json()["results"]]


def lessons(cast: Cast, number: int) -> list[Booking]:
    return [booked(cast.piano, local_time(in_days(3 + n), 12), cast.ben_student) for n in range(number)]


def test_the_list_has_the_lessons_of_the_caller_and_of_nobody_else(cast: Cast):
    [lesson] = lessons(cast, 1)
    cy_s = booked(cast.piano, local_time(in_days(3), 15), cast.cy_student)
    other = booked(teaching(OfferingFactory()), local_time(in_days(3), 15))
    held(cast.piano, local_time(in_days(6), 12), cast.ben_student)
    assert ids(Caller(cast.ben).get("/bookings")) == [str(lesson.pk)]
    assert ids(Caller(cast.ana).get("/bookings")) == [str(cy_s.pk), str(lesson.pk)]
    assert ids(Caller(other.instructor.user).get("/bookings")) == [str(other.pk)]
    assert ids(Caller(UserFactory()).get("/bookings")) == []
    assert ids(Caller(cast.staff).get("/bookings")) == []


def test_a_partner_sees_the_lessons_of_the_students_it_brought(cast: Cast):
    school = Partner.objects.create(name="School", user=UserFactory())
    pupils = [StudentFactory(partner=school) for _ in range(2)]
    mine = [booked(cast.piano, local_time(in_days(3 + n), 12), pupil) for n, pupil in enumerate(pupils)]
    lesson = booked(cast.piano, local_time(in_days(6), 12), cast.ben_student)
    partner = Caller(school.user)
    assert ids(partner.get("/bookings")) == [str(one.pk) for one in reversed(mine)]
    assert partner.get(f"/bookings/{mine[0].pk}").status_code == 200
    assert partner.get(f"/bookings/{lesson.pk}").status_code == 404


def test_holds_are_listed_only_when_asked_for(cast: Cast):
    [lesson] = lessons(cast, 1)
    hold = held(cast.piano, local_time(in_days(6), 12), cast.ben_student)
    ben = Caller(cast.ben)
    assert ids(ben.get("/bookings")) == [str(lesson.pk)]
    assert ids(ben.get("/bookings?status=held")) == [str(hold.pk)]
    assert ids(ben.get("/bookings?status=held,confirmed")) == [str(hold.pk), str(lesson.pk)]
    lifecycle.release(hold, by=cast.ben)
    assert ids(ben.get("/bookings?status=held")) == []


def test_the_list_is_narrowed_by_when_lessons_start(cast: Cast):
    first, second, third = lessons(cast, 3)
    ben = Caller(cast.ben)
    low, high = clock.rfc3339(second.starts_at), clock.rfc3339(third.starts_at)
    assert ids(ben.get(f"/bookings?from={low}")) == [str(third.pk), str(second.pk)]
    assert ids(ben.get(f"/bookings?to={low}")) == [str(first.pk)]
    assert ids(ben.get(f"/bookings?from={low}&to={high}")) == [str(second.pk)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=lost", "status"),
        ("from=2026-12-03", "from"),
        ("to=2026-12-03T18:00:00", "to"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("page=2", "page"),
        ("status=held&status=confirmed", "status"),
    ],
)
def test_parameters_at_fault_are_named(cast: Cast, query, field):
    response = Caller(cast.ben).get(f"/bookings?{query}")
    assert response.status_code == 422
    assert list(response.json()["errors"]) == [field]


def test_pages_stay_right_while_lessons_are_added(cast: Cast):
    made = lessons(cast, 5)
    ben = Caller(cast.ben)
    first = ben.get("/bookings?limit=2")
    assert first.json()["previous"] is None
    newest = booked(cast.piano, local_time(in_days(20), 12), cast.ben_student)
    second = ben.get(first.json()["next"])
    third = ben.get(second.json()["next"])
    assert ids(first) + ids(second) + ids(third) == [str(one.pk) for one in reversed(made)]
    assert third.json()["next"] is None
    assert ids(ben.get(third.json()["previous"])) == ids(second)
    back = ben.get(second.json()["previous"])
    assert ids(back) == ids(first)
    assert ids(ben.get(back.json()["previous"])) == [str(newest.pk)]


@pytest.mark.parametrize("number", [1, 3])
def test_a_list_costs_the_same_however_long_it_is(cast: Cast, number, django_assert_num_queries):
    lessons(cast, number)
    ben = Caller(cast.ben)
    ben.get("/subjects")
    with django_assert_num_queries(4):  # the key, who I am as student and as instructor, the page
        assert len(ids(ben.get("/bookings"))) == number


def test_one_lesson_is_seen_by_its_people_and_staff(cast: Cast):
    [lesson] = lessons(cast, 1)
    for user in (cast.ben, cast.ana, cast.staff):
        response = Caller(user).get(f"/bookings/{lesson.pk}")
        assert (response.status_code, response.json()["id"]) == (200, str(lesson.pk))


@pytest.mark.parametrize("path", ["", "/events", ".ics", "/cancel", "/reschedule"])
def test_a_stranger_s_lesson_is_as_absent_as_none(cast: Cast, path):
    [lesson] = lessons(cast, 1)
    cy = Caller(cast.cy)
    absent = cy.get(f"/bookings/{uuid4()}{path}")
    forbidden = cy.get(f"/bookings/{lesson.pk}{path}")
    assert absent.status_code == forbidden.status_code == 404
    assert forbidden.json() == absent.json()


@pytest.mark.parametrize("path", ["", "/events", ".ics", "/cancel", "/reschedule"])
def test_reading_needs_its_scope(cast: Cast, path):
    [lesson] = lessons(cast, 1)
    writer = Caller(cast.ben, [Scope.BOOKINGS_WRITE])
    response = writer.get(f"/bookings/{lesson.pk}{path}")
    assert (response.status_code, response.json()["required_scope"]) == (403, "bookings:read")


def test_the_history_tells_what_happened_and_in_whose_name(cast: Cast):
    start = local_time(in_days(5), 12)
    hold = held(cast.piano, start, cast.ben_student)
    lesson = lifecycle.confirm(hold, by=cast.ben)
    later = start + timedelta(hours=2)
    lifecycle.reschedule(lesson, starts_at=later, by=cast.ana, party=Party.INSTRUCTOR, reason="Dentist")
    lifecycle.cancel(lesson, by=cast.staff, party=Party.STAFF, reason="Both asked")
    events = Caller(cast.ben).get(f"/bookings/{lesson.pk}/events").json()["results"]
    told = [(one["version"], one["kind"], one["by"], one["status"], one["reason"]) for one in events]
    assert told == [
        (1, "booking.held", "student", "held", ""),
        (2, "booking.confirmed", "student", "confirmed", ""),
        (3, "booking.rescheduled", "instructor", "confirmed", "Dentist"),
        (4, "booking.cancelled", "staff", "cancelled", "Both asked"),
    ]
    assert [one["starts_at"] for one in events] == [clock.rfc3339(at) for at in (start, start, later, later)]
    assert events[2]["previous_starts_at"] == clock.rfc3339(start)
    assert [one["cancellation_tier"] for one in events] == [None, None, None, "not_by_student"]


def test_what_nobody_did_was_done_by_the_system(cast: Cast):
    hold = held(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        lifecycle.expire(hold, now=clock.now())
    events = Caller(cast.ben).get(f"/bookings/{hold.pk}/events").json()["results"]
    assert [one["by"] for one in events] == ["student", "system"]


def test_the_history_comes_in_pages(cast: Cast):
    hold = held(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    lifecycle.confirm(lifecycle.extend(hold, by=cast.ben), by=cast.ben)
    ben = Caller(cast.ben)
    first = ben.get(f"/bookings/{hold.pk}/events?limit=2").json()
    second = ben.get(first["next"]).json()
    assert [one["version"] for one in first["results"] + second["results"]] == [1, 2, 3]
    assert second["next"] is None


def test_the_calendar_file_is_the_caller_s_own(cast: Cast):
    [lesson] = lessons(cast, 1)
    text = Caller(cast.ana).get(f"/bookings/{lesson.pk}.ics").content.decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert "Piano with Ben Baker" in text
