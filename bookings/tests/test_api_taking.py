"""Holding and booking over the API."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import connection

from bookings.models import Booking, IdempotencyKey, Status
from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import (
    InstructorFactory,
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
from instainstru.events.models import Event
from instainstru.lib import clock
from instructors.models import CalendarBlock, Instructor, Modality, Offering

pytestmark = pytest.mark.django_db


def wish(cast: Cast, *, days: int = 3, hour: int = 12, minute: int = 0, **fields) -> dict:
    start = local_time(in_days(days), hour, minute)
    return {
        "offering": cast.piano.pk,
        "starts_at": clock.rfc3339(start),
        "duration_min": 60,
        **fields,
    }


def test_a_hold_is_answered_with_everything_one_needs_to_go_on(cast: Cast):
    start = local_time(in_days(3), 12)
    response = Caller(cast.ben).post("/holds", wish(cast, note="My first lesson"))
    assert response.status_code == 201
    booking = Booking.objects.get()
    assert response.headers["Location"] == f"/api/v1/holds/{booking.pk}"
    answered = response.json()
    assert answered == {
        "id": str(booking.pk),
        "status": "held",
        "starts_at": clock.rfc3339(start),
        "ends_at": clock.rfc3339(start + timedelta(hours=1)),
        "time_zone": "America/New_York",
        "duration_min": 60,
        "modality": "online",
        "price": 8000,
        "price_per_hour": 8000,
        "currency": "USD",
        "expires_at": clock.rfc3339(booking.created_at + timedelta(minutes=5)),
        "free_until": clock.rfc3339(start - timedelta(hours=24)),
        "offering": {"id": cast.piano.pk, "subject": "piano"},
        "instructor": {
            "id": cast.piano.instructor.pk,
            "slug": "ana-a",
            "name": "Ana A.",
            "time_zone": "America/New_York",
        },
        "student": {"id": cast.ben_student.pk, "name": "Ben B."},
        "address": None,
        "note": "My first lesson",
        "created_at": clock.rfc3339(booking.created_at),
        "confirmed_at": None,
        "ended_at": None,
        "cancelled_by": None,
        "cancellation_tier": None,
        "reason": "",
        "absent": None,
        "override": None,
        "version": 1,
    }
    assert booking.created_by == cast.ben


def test_a_hold_becomes_a_lesson_and_names_are_told_in_full(cast: Cast):
    ben = Caller(cast.ben)
    hold = ben.post("/holds", wish(cast)).json()
    response = ben.post("/bookings", {"hold": hold["id"], "note": "See you"})
    assert response.status_code == 201
    lesson = response.json()
    assert response.headers["Location"] == f"/api/v1/bookings/{hold['id']}"
    assert (lesson["id"], lesson["status"], lesson["expires_at"]) == (hold["id"], "confirmed", None)
    assert (lesson["instructor"]["name"], lesson["student"]["name"]) == ("Ana Alvarez", "Ben Baker")
    assert (lesson["note"], lesson["version"]) == ("See you", 2)
    assert CalendarBlock.objects.get().kind == CalendarBlock.Kind.LESSON


def test_confirming_without_a_note_keeps_the_hold_s(cast: Cast):
    ben = Caller(cast.ben)
    hold = ben.post("/holds", wish(cast, note="My first lesson")).json()
    assert ben.post("/bookings", {"hold": hold["id"]}).json()["note"] == "My first lesson"


def test_a_time_is_booked_straight_away(cast: Cast):
    response = Caller(cast.ben).post("/bookings", wish(cast))
    assert response.status_code == 201
    assert (response.json()["status"], response.json()["version"]) == ("confirmed", 1)
    assert Booking.objects.get().status == Status.CONFIRMED


def test_where_to_meet_is_told_once_it_is_booked(cast: Cast):
    instructor = cast.piano.instructor
    Instructor.objects.filter(pk=instructor.pk).update(address="1 Main Street")
    cast.piano.modalities = [Modality.AT_INSTRUCTOR]
    cast.piano.save()
    ben = Caller(cast.ben)
    hold = ben.post("/holds", wish(cast)).json()
    assert hold["address"] is None
    assert ben.post("/bookings", {"hold": hold["id"]}).json()["address"] == "1 Main Street"


def test_a_taken_time_comes_with_alternatives_that_can_be_booked(cast: Cast):
    day = in_days(3)
    others = [teaching(OfferingFactory()) for _ in range(4)]
    booked(others[0], local_time(day, 12))
    booked(cast.piano, local_time(day, 12), cast.cy_student)
    ben = Caller(cast.ben)
    response = ben.post("/bookings", wish(cast))
    assert response.status_code == 409
    problem = response.json()
    assert (problem["code"], problem["detail"]) == ("slot_taken", "That time was just taken.")
    same = [one["starts_at"] for one in problem["alternatives"]["same_instructor"]]
    assert same == [clock.rfc3339(local_time(day, *wall)) for wall in ((10, 45), (13, 15), (10, 30))]
    free = [one["offering"]["id"] for one in problem["alternatives"]["others"]]
    best = Offering.objects.filter(pk__in=[other.pk for other in others[1:]]).order_by("-rank", "pk")
    assert free == [offering.pk for offering in best]
    assert Booking.objects.filter(student=cast.ben_student).count() == 0

    other = problem["alternatives"]["others"][0]
    again = {"offering": other["offering"]["id"], "starts_at": other["starts_at"], "duration_min": 60}
    assert ben.post("/bookings", again).status_code == 201
    nearest = problem["alternatives"]["same_instructor"][1]
    assert nearest["ends_at"] == clock.rfc3339(local_time(day, 14, 15))
    assert ben.post("/bookings", wish(cast) | {"starts_at": nearest["starts_at"]}).status_code == 201


def test_alternatives_leave_out_who_would_refuse(cast: Cast):
    """Not listed, another subject, too short a notice for them, not that length, not that way."""
    day = in_days(3)
    teaching(OfferingFactory(instructor=InstructorFactory(status=Instructor.Status.DRAFT)))
    teaching(OfferingFactory(subject__slug="violin"))
    teaching(OfferingFactory(instructor=InstructorFactory(notice_online_min=7 * 24 * 60)))
    teaching(OfferingFactory(durations=[30]))
    teaching(OfferingFactory(modalities=[Modality.AT_STUDENT]))
    booked(cast.piano, local_time(day, 12), cast.cy_student)
    problem = Caller(cast.ben).post("/bookings", wish(cast)).json()
    assert problem["alternatives"]["others"] == []


@pytest.mark.parametrize(
    ("change", "code", "fields"),
    [
        ({"hour": 18}, "outside_hours", ["starts_at"]),
        ({"days": -3}, "too_soon", []),
        ({"days": 200}, "too_far", []),
        ({"minute": 7}, "off_grid", []),
        ({"duration_min": 45}, "wrong_duration", ["duration_min"]),
        ({"modality": "at_student"}, "wrong_modality", ["modality"]),
        ({"offering": 2**62}, "invalid", ["offering"]),
        ({"offering": 2**63}, "invalid", ["offering"]),
        ({"offering": True}, "invalid", ["offering"]),
        ({"offering": [1]}, "invalid", ["offering"]),
        ({"student": 2**62}, "invalid", ["student"]),
        ({"starts_at": "2026-12-03T12:00:00"}, "invalid", ["starts_at"]),
        ({"starts_at": "9999-12-31T23:59:59-23:59"}, "invalid", ["starts_at"]),
        ({"starts_at": "2026-02-30T12:00:00Z"}, "invalid", ["starts_at"]),
        ({"starts_at": 1764763200}, "invalid", ["starts_at"]),
        ({"starts_at": None}, "invalid", ["starts_at"]),
        ({"duration_min": 0, "note": "x" * 501}, "invalid", ["duration_min", "note"]),
        ({"durationmin": 60}, "invalid", ["durationmin"]),
    ],
)
@pytest.mark.parametrize("path", ["/holds", "/bookings"])
def test_what_cannot_be_is_refused_by_name_and_nothing_is_taken(cast: Cast, path, change, code, fields):
    response = Caller(cast.ben).post(path, wish(cast, **change))
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == code
    assert sorted(problem.get("errors", {})) == fields
    assert not Booking.objects.exists()
    assert not CalendarBlock.objects.exists()


def test_a_wall_time_without_its_offset_is_refused_with_the_way_out(cast: Cast):
    problem = Caller(cast.ben).post("/holds", wish(cast, starts_at="2026-12-03T12:00")).json()
    assert problem["errors"] == {
        "starts_at": [
            "Say the offset from UTC too: 2026-12-03T18:00:00Z or 2026-12-03T13:00:00-05:00.",
        ]
    }


def test_missing_fields_are_named(cast: Cast):
    ben = Caller(cast.ben)
    assert sorted(ben.post("/holds").json()["errors"]) == ["duration_min", "offering", "starts_at"]
    assert ben.post("/bookings").json()["errors"] == {
        "offering": ["Needed where there is no hold."],
        "starts_at": ["Needed where there is no hold."],
        "duration_min": ["Needed where there is no hold."],
    }


def test_a_hold_says_what_is_booked_and_nothing_may_contradict_it(cast: Cast):
    ben = Caller(cast.ben)
    hold = ben.post("/holds", wish(cast)).json()
    response = ben.post("/bookings", {**wish(cast), "hold": hold["id"]})
    assert response.status_code == 422
    assert sorted(response.json()["errors"]) == ["duration_min", "offering", "starts_at"]
    assert Booking.objects.get().status == Status.HELD


def test_an_offering_that_is_not_listed_is_as_absent_as_none(cast: Cast):
    hidden = OfferingFactory(instructor=InstructorFactory(status=Instructor.Status.DRAFT))
    ben = Caller(cast.ben)
    absent = ben.post("/holds", wish(cast, offering=hidden.pk + 1000)).json()
    assert ben.post("/holds", wish(cast, offering=hidden.pk)).json() == absent
    assert absent["errors"] == {"offering": ["There is no such offering."]}


def test_who_has_a_lesson_then_is_told_so(cast: Cast):
    other = teaching(OfferingFactory())
    lesson = booked(other, local_time(in_days(3), 12, 30), cast.ben_student)
    response = Caller(cast.ben).post("/holds", wish(cast))
    assert response.status_code == 409
    problem = response.json()
    assert (problem["code"], problem["booking"]) == ("student_busy", str(lesson.pk))
    assert Booking.objects.count() == 1


def test_a_hold_is_extended_once(cast: Cast):
    ben = Caller(cast.ben)
    hold = ben.post("/holds", wish(cast)).json()
    longer = ben.post(f"/holds/{hold['id']}/extend")
    assert longer.status_code == 200
    assert longer.json()["expires_at"] >= hold["expires_at"]
    again = ben.post(f"/holds/{hold['id']}/extend")
    assert (again.status_code, again.json()["code"]) == (409, "already_extended")


def test_a_hold_is_given_up_and_its_time_is_free(cast: Cast):
    ben = Caller(cast.ben)
    hold = ben.post("/holds", wish(cast)).json()
    assert ben.delete(f"/holds/{hold['id']}").status_code == 204
    assert ben.get(f"/holds/{hold['id']}").json()["status"] == "released"
    assert ben.delete(f"/holds/{hold['id']}").status_code == 204
    assert Caller(cast.cy).post("/holds", wish(cast)).status_code == 201


def test_a_hold_that_ran_out_is_not_confirmed(cast: Cast):
    ben = Caller(cast.ben)
    hold = ben.post("/holds", wish(cast)).json()
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        response = ben.post("/bookings", {"hold": hold["id"]})
    assert (response.status_code, response.json()["code"]) == (409, "hold_expired")
    assert not Booking.objects.filter(status=Status.CONFIRMED).exists()


def test_a_lesson_is_no_hold(cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    ben = Caller(cast.ben)
    for response in (
        ben.delete(f"/holds/{lesson.pk}"),
        ben.post(f"/holds/{lesson.pk}/extend"),
        ben.post("/bookings", {"hold": str(lesson.pk)}),
    ):
        assert (response.status_code, response.json()["code"]) == (409, "wrong_status")
    lesson.refresh_from_db()
    assert lesson.status == Status.CONFIRMED


@pytest.mark.parametrize("who", ["cy", "ana"])
def test_a_hold_is_nobody_else_s_to_touch(cast: Cast, who):
    """A stranger does not see it at all; the instructor sees it and can do nothing with it."""
    hold = held(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    other = Caller(getattr(cast, who))
    absent = other.delete(f"/holds/{uuid4()}")
    assert absent.status_code == 404
    assert other.delete(f"/holds/{hold.pk}").json() == absent.json()
    assert other.post(f"/holds/{hold.pk}/extend").json() == absent.json()
    refused = other.post("/bookings", {"hold": str(hold.pk)}).json()
    assert refused == other.post("/bookings", {"hold": str(uuid4())}).json()
    assert refused["errors"] == {"hold": ["There is no such hold of yours."]}
    assert other.get(f"/holds/{hold.pk}").status_code == (200 if who == "ana" else 404)
    before = hold.expires_at
    hold.refresh_from_db()
    assert (hold.status, hold.expires_at, hold.version) == (Status.HELD, before, 1)


def test_a_partner_books_for_its_own_students_only(cast: Cast):
    school = Partner.objects.create(name="School", user=UserFactory())
    pupil = StudentFactory(partner=school)
    partner = Caller(school.user)
    response = partner.post("/bookings", wish(cast, student=pupil.pk))
    assert response.status_code == 201
    booking = Booking.objects.get()
    assert (booking.student, booking.created_by) == (pupil, school.user)
    refused = partner.post("/bookings", wish(cast, hour=15, student=cast.ben_student.pk))
    assert refused.json()["errors"] == {"student": ["There is no such student of yours."]}
    assert Booking.objects.count() == 1


def test_nobody_books_in_another_student_s_name(cast: Cast):
    response = Caller(cast.cy).post("/holds", wish(cast, student=cast.ben_student.pk))
    assert response.status_code == 422
    assert not Booking.objects.exists()


def test_a_key_does_only_what_its_scopes_say(cast: Cast):
    hold = held(cast.piano, local_time(in_days(5), 12), cast.ben_student)
    reader = Caller(cast.ben, [Scope.BOOKINGS_READ, Scope.OPENINGS_READ, Scope.HOURS_WRITE])
    for response in (
        reader.post("/holds", wish(cast)),
        reader.post("/bookings", wish(cast)),
        reader.post(f"/holds/{hold.pk}/extend"),
        reader.delete(f"/holds/{hold.pk}"),
    ):
        assert response.status_code == 403
        assert response.json()["code"] == "scope_missing"
        assert response.json()["required_scope"] == "bookings:write"
    writer = Caller(cast.ben, [Scope.BOOKINGS_WRITE])
    assert writer.get(f"/holds/{hold.pk}").json()["required_scope"] == "bookings:read"
    hold.refresh_from_db()
    assert (hold.status, hold.version, Booking.objects.count()) == (Status.HELD, 1, 1)


def test_nobody_is_their_own_student(cast: Cast):
    for path in ("/holds", "/bookings"):
        response = Caller(cast.ana).post(path, wish(cast))
        assert (response.status_code, response.json()["code"]) == (422, "own_offering")
    assert not Booking.objects.exists()


def test_the_same_key_books_once_and_answers_alike(cast: Cast):
    ben = Caller(cast.ben)
    first = ben.post("/bookings", wish(cast), Idempotency_Key="a")
    second = ben.post("/bookings", wish(cast), Idempotency_Key="a")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["Location"] == first.headers["Location"]
    assert Booking.objects.count() == 1
    assert Event.objects.filter(subject_type="booking").count() == 1


def test_the_same_key_for_another_body_is_refused(cast: Cast):
    ben = Caller(cast.ben)
    ben.post("/bookings", wish(cast), Idempotency_Key="a")
    response = ben.post("/bookings", wish(cast, hour=15), Idempotency_Key="a")
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert Booking.objects.count() == 1


def test_two_callers_may_use_the_same_key(cast: Cast):
    assert Caller(cast.ben).post("/bookings", wish(cast), Idempotency_Key="a").status_code == 201
    assert Caller(cast.cy).post("/bookings", wish(cast, hour=15), Idempotency_Key="a").status_code == 201
    assert Booking.objects.count() == 2


def test_a_refusal_keeps_nothing_so_the_key_may_be_used_again(cast: Cast):
    ben = Caller(cast.ben)
    assert ben.post("/bookings", wish(cast, minute=7), Idempotency_Key="a").status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert ben.post("/bookings", wish(cast), Idempotency_Key="a").status_code == 201


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_time_books_once(cast: Cast):
    ben = Caller(cast.ben)
    answers = []
    start = threading.Barrier(6)

    def ask() -> None:
        start.wait()
        try:
            answers.append(ben.post("/bookings", wish(cast), Idempotency_Key="a"))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [answer for answer in answers if answer.status_code == 201]
    busy = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert len(answers) == 6
    assert len({answer.content for answer in made}) == 1
    assert set(busy) <= {"idempotency_in_progress"}
    assert UUID(made[0].json()["id"]) == Booking.objects.get().pk


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_who_want_one_time_one_gets_it_and_the_others_hear_what_else_there_is(cast: Cast):
    callers = [Caller(StudentFactory().user) for _ in range(6)]
    answers = []
    start = threading.Barrier(6)

    def ask(caller: Caller) -> None:
        start.wait()
        try:
            answers.append(caller.post("/bookings", wish(cast)))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "slot_taken"
            assert len(answer.json()["alternatives"]["same_instructor"]) == 3
    assert Booking.objects.count() == 1
