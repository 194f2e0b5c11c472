"""Cancelling, moving, completing and reporting over the API, and what the first two would mean."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from bookings.models import Booking, Status
from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, held, in_days, local_time
from instainstru.accounts.models import Scope
from instainstru.lib import clock, when

pytestmark = pytest.mark.django_db


@pytest.fixture
def lesson(cast: Cast) -> Booking:
    """Ben's lesson with ana in five days at noon."""
    return booked(cast.piano, local_time(in_days(5), 12), cast.ben_student)


def before(lesson: Booking, **span: int) -> time_machine.travel:
    return time_machine.travel(lesson.starts_at - timedelta(**span), tick=False)


@pytest.mark.parametrize(
    ("hours", "tier", "refund", "credit", "to_instructor", "fee_refund", "changes_in"),
    [
        (30, "free", 8000, 0, 0, 960, 6),
        (24, "free", 8000, 0, 0, 960, 0),
        (23, "credit", 0, 8000, 0, 0, 11),
        (12, "credit", 0, 8000, 0, 0, 0),
        (11, "half", 0, 4000, 4000, 0, None),
    ],
)
@pytest.mark.usefixtures("payments_on")
def test_what_cancelling_means_is_told_before_and_true_after(
    cast: Cast, lesson, hours, tier, refund, credit, to_instructor, fee_refund, changes_in
):
    ben = Caller(cast.ben)
    with before(lesson, hours=hours):
        told = ben.get(f"/bookings/{lesson.pk}/cancel").json()
        summary = told.pop("summary")
        assert told == {
            "allowed": True,
            "tier": tier,
            "refund": refund,
            "credit": credit,
            "to_instructor": to_instructor,
            "fee_refund": fee_refund,
            "currency": "USD",
            "free_until": clock.rfc3339(lesson.starts_at - timedelta(hours=24)),
            "next_change_at": None
            if changes_in is None
            else clock.rfc3339(clock.now() + timedelta(hours=changes_in)),
            "time_zone": "America/New_York",
        }
        assert when.short(lesson.starts_at - timedelta(hours=24), "America/New_York") in summary
        response = ben.post(f"/bookings/{lesson.pk}/cancel", {"reason": "Ill"})
    assert response.status_code == 200
    answered = response.json()
    assert (answered["status"], answered["cancellation_tier"]) == ("cancelled", tier)
    assert (answered["cancelled_by"], answered["reason"]) == ("student", "Ill")


def test_looking_at_the_cost_changes_nothing(cast: Cast, lesson):
    Caller(cast.ben).get(f"/bookings/{lesson.pk}/cancel")
    Caller(cast.ben).get(f"/bookings/{lesson.pk}/reschedule")
    lesson.refresh_from_db()
    assert (lesson.status, lesson.version) == (Status.CONFIRMED, 1)


def test_an_instructor_who_cancels_gives_everything_back(cast: Cast, lesson):
    ana = Caller(cast.ana)
    with before(lesson, hours=2):
        told = ana.get(f"/bookings/{lesson.pk}/cancel").json()
        answered = ana.post(f"/bookings/{lesson.pk}/cancel").json()
    assert (told["tier"], told["refund"], told["to_instructor"]) == ("not_by_student", 8000, 0)
    assert (answered["cancelled_by"], answered["cancellation_tier"]) == ("instructor", "not_by_student")


def test_a_lesson_is_cancelled_once(cast: Cast, lesson):
    ben = Caller(cast.ben)
    assert ben.post(f"/bookings/{lesson.pk}/cancel").status_code == 200
    again = ben.post(f"/bookings/{lesson.pk}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_status")
    assert again.json()["booking_status"] == "cancelled"
    assert ben.get(f"/bookings/{lesson.pk}/cancel").json()["allowed"] is False
    lesson.refresh_from_db()
    assert lesson.version == 2


def test_a_lesson_that_has_begun_is_not_cancelled(cast: Cast, lesson):
    ben = Caller(cast.ben)
    with before(lesson, hours=0):
        assert ben.get(f"/bookings/{lesson.pk}/cancel").json()["allowed"] is False
        response = ben.post(f"/bookings/{lesson.pk}/cancel")
    assert (response.status_code, response.json()["code"]) == (409, "already_started")
    lesson.refresh_from_db()
    assert lesson.status == Status.CONFIRMED


def test_staff_say_why(cast: Cast, lesson):
    staff = Caller(cast.staff)
    response = staff.post(f"/bookings/{lesson.pk}/cancel")
    assert (response.status_code, response.json()["code"]) == (422, "reason_required")
    assert staff.post(f"/bookings/{lesson.pk}/cancel", {"reason": "Fraud"}).status_code == 200


def test_a_lesson_is_moved_and_its_old_time_is_free(cast: Cast, lesson):
    later = lesson.starts_at + timedelta(hours=3)
    ben = Caller(cast.ben)
    told = ben.get(f"/bookings/{lesson.pk}/reschedule").json()
    assert (told["allowed"], told["terms"]) == (True, "free")
    assert told["free_until"] == clock.rfc3339(lesson.starts_at - timedelta(hours=24))
    response = ben.post(f"/bookings/{lesson.pk}/reschedule", {"starts_at": clock.rfc3339(later)})
    assert response.status_code == 200
    answered = response.json()
    assert (answered["starts_at"], answered["version"]) == (clock.rfc3339(later), 2)
    assert answered["ends_at"] == clock.rfc3339(later + timedelta(hours=1))
    booked(cast.piano, lesson.starts_at, cast.cy_student)


def test_moving_onto_a_taken_time_names_alternatives_and_changes_nothing(cast: Cast, lesson):
    taken = booked(cast.piano, local_time(in_days(5), 15), cast.cy_student)
    response = Caller(cast.ben).post(
        f"/bookings/{lesson.pk}/reschedule", {"starts_at": clock.rfc3339(taken.starts_at)}
    )
    assert response.status_code == 409
    problem = response.json()
    assert problem["code"] == "slot_taken"
    assert len(problem["alternatives"]["same_instructor"]) == 3
    lesson.refresh_from_db()
    assert (lesson.starts_at, lesson.version) == (local_time(in_days(5), 12), 1)


def test_late_moves_are_free_once_and_then_need_consent(cast: Cast, lesson):
    ben = Caller(cast.ben)

    def move(hours: int):
        start = clock.rfc3339(lesson.starts_at + timedelta(hours=hours))
        return ben.post(f"/bookings/{lesson.pk}/reschedule", {"starts_at": start})

    with before(lesson, hours=20):
        assert ben.get(f"/bookings/{lesson.pk}/reschedule").json()["terms"] == "once"
        assert move(1).status_code == 200
        told = ben.get(f"/bookings/{lesson.pk}/reschedule").json()
        assert (told["allowed"], told["terms"]) == (False, "once")
        assert move(2).json()["code"] == "moved_already"
    with before(lesson, hours=5):
        assert ben.get(f"/bookings/{lesson.pk}/reschedule").json()["terms"] == "consent"
        assert move(2).json()["code"] == "needs_consent"
    lesson.refresh_from_db()
    assert lesson.late_moves == 1


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({}, "invalid", ["starts_at"]),
        ({"starts_at": "soon"}, "invalid", ["starts_at"]),
        ({"starts_at": "2026-12-03T12:00:00"}, "invalid", ["starts_at"]),
        ({"starts_at": "same"}, "same_time", ["starts_at"]),
        ({"starts_at": "same", "reason": "x" * 301}, "invalid", ["reason"]),
    ],
)
def test_a_move_that_cannot_be_is_refused_by_name(cast: Cast, lesson, body, code, fields):
    if body.get("starts_at") == "same":
        body = {**body, "starts_at": clock.rfc3339(lesson.starts_at)}
    response = Caller(cast.ben).post(f"/bookings/{lesson.pk}/reschedule", body)
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert list(response.json()["errors"]) == fields
    lesson.refresh_from_db()
    assert lesson.version == 1


def test_the_instructor_says_that_a_lesson_was_given(cast: Cast, lesson):
    ana = Caller(cast.ana)
    early = ana.post(f"/bookings/{lesson.pk}/complete")
    assert (early.status_code, early.json()["code"]) == (409, "too_early")
    assert early.json()["possible_from"] == clock.rfc3339(lesson.ends_at)
    with before(lesson, hours=-1):
        assert Caller(cast.ben).post(f"/bookings/{lesson.pk}/complete").status_code == 404
        lesson.refresh_from_db()
        assert lesson.status == Status.CONFIRMED
        assert ana.post(f"/bookings/{lesson.pk}/complete").json()["status"] == "completed"


@pytest.mark.parametrize(("who", "absent"), [("ben", "instructor"), ("ana", "student")])
def test_who_waited_in_vain_says_so(cast: Cast, lesson, who, absent):
    caller = Caller(getattr(cast, who))
    with before(lesson, minutes=-10):
        early = caller.post(f"/bookings/{lesson.pk}/no-show")
        assert (early.status_code, early.json()["code"]) == (409, "too_early")
    with before(lesson, minutes=-20):
        answered = caller.post(f"/bookings/{lesson.pk}/no-show").json()
    assert (answered["status"], answered["absent"]) == ("no_show", absent)


def test_staff_name_who_did_not_come(cast: Cast, lesson):
    staff = Caller(cast.staff)
    with before(lesson, minutes=-20):
        response = staff.post(f"/bookings/{lesson.pk}/no-show")
        assert (response.status_code, list(response.json()["errors"])) == (422, ["absent"])
        answered = staff.post(f"/bookings/{lesson.pk}/no-show", {"absent": "student"}).json()
    assert answered["absent"] == "student"


CHANGES = ("cancel", "reschedule", "complete", "no-show")


@pytest.mark.parametrize("change", CHANGES)
def test_a_stranger_s_lesson_is_as_absent_as_none(cast: Cast, lesson, change):
    cy = Caller(cast.cy)
    body = (
        {"starts_at": clock.rfc3339(lesson.starts_at + timedelta(hours=3))} if change == "reschedule" else {}
    )
    forbidden = cy.post(f"/bookings/{lesson.pk}/{change}", body)
    assert forbidden.status_code == 404
    assert forbidden.json() == cy.post(f"/bookings/{uuid4()}/{change}", body).json()
    lesson.refresh_from_db()
    assert (lesson.status, lesson.version) == (Status.CONFIRMED, 1)


@pytest.mark.parametrize("change", CHANGES)
def test_changing_needs_its_scope(cast: Cast, lesson, change):
    reader = Caller(cast.ben, [Scope.BOOKINGS_READ])
    response = reader.post(f"/bookings/{lesson.pk}/{change}")
    assert (response.status_code, response.json()["required_scope"]) == (403, "bookings:write")
    lesson.refresh_from_db()
    assert (lesson.status, lesson.version) == (Status.CONFIRMED, 1)


def test_a_hold_is_neither_cancelled_nor_moved(cast: Cast):
    hold = held(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    ben = Caller(cast.ben)
    later = {"starts_at": clock.rfc3339(hold.starts_at + timedelta(hours=2))}
    assert ben.post(f"/bookings/{hold.pk}/cancel").json()["code"] == "wrong_status"
    assert ben.post(f"/bookings/{hold.pk}/reschedule", later).json()["code"] == "wrong_status"
    hold.refresh_from_db()
    assert (hold.status, hold.version) == (Status.HELD, 1)


def test_the_same_key_cancels_once(cast: Cast, lesson):
    ben = Caller(cast.ben)
    first = ben.post(f"/bookings/{lesson.pk}/cancel", {"reason": "Ill"}, Idempotency_Key="c")
    again = ben.post(f"/bookings/{lesson.pk}/cancel", {"reason": "Ill"}, Idempotency_Key="c")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    lesson.refresh_from_db()
    assert lesson.version == 2


def wished(lesson: Booking, hours: int = 3) -> dict[str, Any]:
    return {"starts_at": clock.rfc3339(lesson.starts_at + timedelta(hours=hours)), "reason": "train"}


def test_a_late_move_is_asked_for_listed_and_agreed_to(cast: Cast, lesson):
    ben, ana = Caller(cast.ben), Caller(cast.ana)
    with before(lesson, hours=5):
        asked = ben.post(f"/bookings/{lesson.pk}/reschedule", {**wished(lesson), "ask": True})
        assert (asked.status_code, asked.json()["status"], asked.json()["asked_by"]) == (
            202,
            "open",
            "student",
        )
        again = ben.post(f"/bookings/{lesson.pk}/move-requests", wished(lesson, 2))
        assert (again.status_code, again.json()["code"]) == (409, "already_asked")
        listed = ana.get(f"/bookings/{lesson.pk}/move-requests").json()["results"]
        assert listed == [asked.json()]
        agreed = ana.post(f"/bookings/{lesson.pk}/move-requests/{listed[0]['id']}/accept")
        assert (agreed.status_code, agreed.json()["starts_at"]) == (200, asked.json()["starts_at"])
        events = ana.get(f"/bookings/{lesson.pk}/events").json()["results"]
        assert [one["kind"] for one in events[1:]] == ["booking.move_asked", "booking.rescheduled"]
        assert events[1]["asked_starts_at"] == asked.json()["starts_at"]


def test_asking_moves_at_once_where_nobody_has_to_agree(cast: Cast, lesson):
    moved = Caller(cast.ben).post(f"/bookings/{lesson.pk}/reschedule", {**wished(lesson), "ask": True})
    assert (moved.status_code, moved.json()["status"]) == (200, "confirmed")
    refused = Caller(cast.ben).post(f"/bookings/{lesson.pk}/move-requests", wished(lesson, 1))
    assert (refused.status_code, refused.json()["code"]) == (409, "no_consent_needed")


def test_a_late_move_is_declined_or_taken_back(cast: Cast, lesson):
    ben, ana = Caller(cast.ben), Caller(cast.ana)
    with before(lesson, hours=5):
        for end in ("decline", "withdraw"):
            made = ben.post(f"/bookings/{lesson.pk}/move-requests", wished(lesson))
            assert made.status_code == 201
            one = f"/bookings/{lesson.pk}/move-requests/{made.json()['id']}"
            if end == "decline":
                assert ana.post(f"{one}/decline", {"reason": "no"}).json()["status"] == "declined"
            else:
                assert ana.delete(one).status_code == 404
                assert ben.delete(one).status_code == 204
            late = ana.post(f"{one}/accept")
            assert (late.status_code, late.json()["code"]) == (409, "already_answered")
    lesson.refresh_from_db()
    assert lesson.late_moves == 0


def test_a_time_that_went_meanwhile_comes_with_alternatives(cast: Cast, lesson):
    with before(lesson, hours=5):
        made = Caller(cast.ben).post(f"/bookings/{lesson.pk}/move-requests", wished(lesson)).json()
        booked(cast.piano, lesson.starts_at + timedelta(hours=3), cast.cy_student)
        refused = Caller(cast.ana).post(f"/bookings/{lesson.pk}/move-requests/{made['id']}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_taken")
    assert len(refused.json()["alternatives"]["same_instructor"]) == 3
    lesson.refresh_from_db()
    assert lesson.late_moves == 0


def test_a_request_to_move_is_absent_for_everybody_else(cast: Cast, lesson):
    with before(lesson, hours=5):
        made = Caller(cast.ben).post(f"/bookings/{lesson.pk}/move-requests", wished(lesson)).json()
        one = f"/bookings/{lesson.pk}/move-requests/{made['id']}"
        cy = Caller(cast.cy)
        assert cy.get(f"/bookings/{lesson.pk}/move-requests").status_code == 404
        assert cy.post(f"/bookings/{lesson.pk}/move-requests", wished(lesson)).status_code == 404
        assert [cy.post(f"{one}/{name}").status_code for name in ("accept", "decline")] == [404, 404]
        # Asked by Ben, it is not Ben's to answer; nor is it staff's.
        for user in (cast.ben, cast.staff):
            assert Caller(user).post(f"{one}/accept").status_code == 404
    lesson.refresh_from_db()
    assert (lesson.late_moves, lesson.version) == (0, 2)
