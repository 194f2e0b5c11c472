"""The host books for a student, over the host's own rules and over nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, transaction

from bookings.models import Booking, Party, Status
from bookings.services import history, lifecycle, override
from bookings.services.wanted import SlotTaken, StudentBusy, wish
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
from instainstru.accounts.models import Partner
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import DomainError, NotFound
from instructors.models import CalendarBlock, Modality, Offering, OpenDay
from instructors.services import calendar, horizon, limits, schedule
from instructors.services.slots import limits_of
from students.models import Student

pytestmark = pytest.mark.django_db


def host(
    cast: Cast, start: Any, *, student: Student | None = None, minutes: int = 60, modality: str | None = None,
    reason: str = "An exam", party: Party = Party.INSTRUCTOR,
) -> Booking:  # fmt: skip
    """A lesson for Ben, booked by Ana or by staff."""
    return override.book(
        wish(cast.piano, starts_at=start, duration_min=minutes, modality=modality),
        student=student or cast.ben_student,
        by=cast.ana if party == Party.INSTRUCTOR else cast.staff,
        party=party,
        reason=reason,
    )


def block_of(booking: Booking) -> CalendarBlock:
    return CalendarBlock.objects.get(booking_id=booking.pk)


def assert_consistent() -> None:
    assert list(horizon.differences()) == []
    assert list(history.all_differences()) == []


def test_hours_notice_horizon_and_grid_are_passed_over_and_kept_with_the_reason(cast: Cast):
    late = host(cast, local_time(in_days(2), 20, 7), reason="  An exam on Friday ")
    assert (late.status, late.override_reason) == (Status.CONFIRMED, "An exam on Friday")
    [event] = Event.objects.filter(subject_id=str(late.pk))
    assert (event.kind, event.by) == ("booking.confirmed", cast.ana)
    assert event.data["reason"] == "An exam on Friday"
    assert event.data["by_role"] == "instructor"
    assert event.data["passed_over"] == ["outside_hours", "off_grid"]
    far = host(cast, local_time(in_days(200), 12))
    assert Event.objects.get(subject_id=str(far.pk)).data["passed_over"] == ["too_far"]
    start = local_time(in_days(1), 12)
    with time_machine.travel(start - timedelta(minutes=5)):
        soon = host(cast, start, minutes=30, student=cast.cy_student)
    assert "too_soon" in Event.objects.get(subject_id=str(soon.pk)).data["passed_over"]
    assert_consistent()


def test_time_off_closed_dates_and_caps_are_the_hosts_own(cast: Cast):
    instructor, day = cast.piano.instructor, in_days(3)
    schedule.add_time_off(instructor, local_time(day, 0), local_time(day, 23), by=cast.ana)
    schedule.set_date(instructor, in_days(4), [], by=cast.ana)
    booked(cast.piano, local_time(in_days(5), 9))
    limits.save(instructor, {"lessons_per_day": 1}, by=cast.ana)
    for number in (3, 4, 5):
        host(cast, local_time(in_days(number), 12))
    assert Booking.objects.filter(override_reason="An exam").count() == 3
    assert_consistent()


def test_a_free_time_booked_for_a_student_keeps_the_usual_gap(cast: Cast):
    lesson = host(cast, local_time(in_days(3), 12))
    assert Event.objects.get(subject_id=str(lesson.pk)).data["passed_over"] == []
    block = block_of(lesson)
    assert block.buffered.upper == lesson.ends_at + timedelta(minutes=15)
    assert block.reach.upper == lesson.ends_at + timedelta(minutes=45)


@pytest.mark.parametrize("modality", [Modality.ONLINE, Modality.AT_STUDENT])
@pytest.mark.parametrize("other", [Modality.ONLINE, Modality.AT_STUDENT])
def test_gaps_shrink_to_nothing_on_both_sides(cast: Cast, modality: str, other: str):
    day = in_days(3)
    cast.piano.modalities = [Modality.ONLINE, Modality.AT_STUDENT]
    cast.piano.save()

    def usual(hour: int) -> Booking:
        wanted = wish(cast.piano, starts_at=local_time(day, hour), duration_min=60, modality=other)
        return lifecycle.book(wanted, student=StudentFactory(), by=cast.ana)

    before, after = usual(11), usual(13)
    between = host(cast, local_time(day, 12), modality=modality)
    assert set(Event.objects.get(subject_id=str(between.pk)).data["passed_over"]) <= {"buffer", "travel"}
    assert block_of(before).buffered.upper == between.starts_at
    assert block_of(between).buffered.upper == after.starts_at
    for one in (before, between, after):
        block = block_of(one)
        assert (block.period.lower, block.period.upper) == (one.starts_at, one.ends_at)
    assert_consistent()
    # Nobody else comes nearer than the usual gap: 45 minutes where somebody travels.
    free = OpenDay.objects.get(instructor=cast.piano.instructor, date=day).free
    gap = timedelta(minutes=45 if other == Modality.AT_STUDENT else 15)
    assert free == [(local_time(day, 9), before.starts_at - gap), (after.ends_at + gap, local_time(day, 17))]
    lifecycle.cancel(between, by=cast.ana, party=Party.INSTRUCTOR)
    assert_consistent()


def test_who_comes_later_keeps_the_whole_gap_from_it(cast: Cast):
    day = in_days(3)
    host(cast, local_time(day, 12))
    for hour, minute in ((11, 0), (13, 0)):
        with pytest.raises(SlotTaken):
            booked(cast.piano, local_time(day, hour, minute))
    booked(cast.piano, local_time(day, 13, 15))
    assert_consistent()


def test_the_constraints_alone_refuse_an_overlap_in_both_orders_and_a_gap_behind(cast: Cast):
    """What slips past the open days: raw rows beside a lesson that squeezed in."""
    instructor, day = cast.piano.instructor, in_days(3)
    booked(cast.piano, local_time(day, 11))
    between = host(cast, local_time(day, 12))

    def raw(start: Any, minutes: int) -> CalendarBlock:
        return calendar.block_of(
            instructor, uuid4(), CalendarBlock.Kind.LESSON, start, start + timedelta(minutes=minutes),
            travels=False, limits=limits_of(instructor, between.rules),
        )  # fmt: skip

    for start, minutes in (
        (local_time(day, 11, 30), 40), (local_time(day, 12, 20), 10), (local_time(day, 12, 50), 30),
        (local_time(day, 13, 10), 30),
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match="no_double_booking"), transaction.atomic():
            raw(start, minutes).save()
    raw(local_time(day, 13, 15), 30).save()


def test_another_lesson_and_a_live_hold_are_never_overlapped(cast: Cast):
    day = in_days(3)
    booked(cast.piano, local_time(day, 12))
    hold = held(cast.piano, local_time(day, 15), cast.cy_student)
    before = CalendarBlock.objects.count(), Event.objects.count()
    for hour, minute in ((11, 30), (12, 0), (12, 30), (14, 30), (15, 30)):
        with pytest.raises(SlotTaken):
            host(cast, local_time(day, hour, minute))
    assert (CalendarBlock.objects.count(), Event.objects.count()) == before
    hold.refresh_from_db()
    assert hold.status == Status.HELD


def test_a_hold_that_ran_out_gives_way(cast: Cast):
    day = in_days(3)
    stale = held(cast.piano, local_time(day, 12), cast.cy_student)
    mine = held(cast.piano, local_time(day, 14), cast.ben_student)
    Booking.objects.filter(pk__in=[stale.pk, mine.pk]).update(expires_at=clock.now())
    host(cast, local_time(day, 12))
    host(cast, local_time(day, 14))
    for hold in (stale, mine):
        hold.refresh_from_db()
        assert hold.status == Status.EXPIRED
    assert list(horizon.differences()) == []


def test_what_else_the_student_has_is_respected_and_not_told(cast: Cast):
    start = local_time(in_days(3), 12)
    other = teaching(OfferingFactory())
    booked(other, start, cast.ben_student)
    with pytest.raises(StudentBusy) as refusal:
        host(cast, start + timedelta(minutes=30))
    assert refusal.value.message == "The student has another lesson or held time then."
    assert refusal.value.data == {}
    assert Booking.objects.count() == 1


@pytest.mark.parametrize(
    ("days", "hour", "minutes", "code"),
    [(0, 0, 30, "already_past"), (3, 23, 90, "crosses_midnight"), (800, 12, 60, "too_far")],
)
def test_what_cannot_be_is_refused(cast: Cast, days: int, hour: int, minutes: int, code: str):
    schedule.set_week(cast.piano.instructor, {day: [(0, 1440)] for day in range(7)}, by=cast.ana)
    start = local_time(in_days(days), hour)
    start = start - timedelta(minutes=1) if code == "already_past" else start
    with pytest.raises(DomainError) as refusal:
        host(cast, start, minutes=minutes)
    assert refusal.value.code == code
    assert not Booking.objects.exists()


def test_midnight_is_not_crossed_outside_the_hours_either(cast: Cast):
    with pytest.raises(DomainError) as refusal:
        host(cast, local_time(in_days(3), 23), minutes=90)
    assert refusal.value.code == "crosses_midnight"


def test_a_reason_is_needed_and_nobody_is_their_own_student(cast: Cast):
    with pytest.raises(DomainError) as refusal:
        host(cast, local_time(in_days(3), 12), reason="  ")
    assert refusal.value.code == "reason_required"
    with pytest.raises(DomainError) as refusal:
        host(cast, local_time(in_days(3), 12), student=Student.objects.create(user=cast.ana))
    assert refusal.value.code == "own_offering"
    assert not Booking.objects.exists()


def test_who_is_suspended_books_for_nobody(cast: Cast):
    cast.piano.instructor.status = "suspended"
    cast.piano.instructor.save()
    with pytest.raises(NotFound):
        host(cast, local_time(in_days(3), 12))
    fresh = Offering.objects.get(pk=cast.piano.pk)
    wanted = wish(teaching(OfferingFactory()), starts_at=local_time(in_days(3), 12), duration_min=60)
    object.__setattr__(wanted, "offering", fresh)
    with pytest.raises(DomainError) as refusal:
        override.book(wanted, student=cast.ben_student, by=cast.ana, party=Party.INSTRUCTOR, reason="x")
    assert refusal.value.code == "not_listed"
    assert not Booking.objects.exists()


def test_an_instructor_knows_only_whom_they_have_taught(cast: Cast):
    instructor = cast.piano.instructor
    booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    held(cast.piano, local_time(in_days(3), 15), cast.cy_student)
    refusals = set()
    for wrong in ("cy@example.com", "nobody@example.com", "staff@example.com"):
        with pytest.raises(NotFound) as refusal:
            override.student_for(instructor, party=Party.INSTRUCTOR, email=wrong)
        refusals.add(refusal.value.message)
    assert refusals == {"There is no student of yours with that address."}
    with pytest.raises(NotFound):
        override.student_for(instructor, party=Party.INSTRUCTOR, student_id=cast.cy_student.pk)
    assert (
        override.student_for(instructor, party=Party.INSTRUCTOR, email="BEN@example.com") == cast.ben_student
    )
    found = override.student_for(instructor, party=Party.INSTRUCTOR, student_id=cast.ben_student.pk)
    assert found == cast.ben_student


def test_staff_name_any_account(cast: Cast):
    someone = UserFactory(email="new@example.com")
    found = override.student_for(cast.piano.instructor, party=Party.STAFF, email="new@example.com")
    assert found.user == someone
    with pytest.raises(NotFound):
        override.student_for(cast.piano.instructor, party=Party.STAFF, email="nobody@example.com")


def body(cast: Cast, start: Any, **changes: Any) -> dict[str, Any]:
    return {
        "offering": cast.piano.pk, "starts_at": clock.rfc3339(start), "duration_min": 60,
        "student": cast.ben_student.pk, "override": {"reason": "An exam"}, **changes,
    }  # fmt: skip


def test_an_instructors_key_books_over_the_rules_once(cast: Cast):
    booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    caller = Caller(cast.ana)
    wish_ = body(cast, local_time(in_days(3), 20))
    made = caller.post("/bookings", wish_, Idempotency_Key="k")
    assert made.status_code == 201
    assert made.json()["override"] == {"reason": "An exam"}
    assert made.json()["status"] == "confirmed"
    assert caller.post("/bookings", wish_, Idempotency_Key="k").content == made.content
    by_mail = body(
        cast, local_time(in_days(4), 20), student=None, override={"reason": "x", "email": "ben@example.com"}
    )
    assert caller.post("/bookings", by_mail).status_code == 201
    assert Booking.objects.count() == 3


def test_students_partners_and_other_instructors_are_refused(cast: Cast):
    booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    other = teaching(OfferingFactory()).instructor.user
    Partner.objects.create(name="School", user=cast.cy)
    for user in (cast.ben, cast.cy, other):
        refused = Caller(user).post("/bookings", body(cast, local_time(in_days(3), 20)))
        assert (refused.status_code, refused.json()["code"]) == (403, "hosts_only")
    unscoped = Caller(cast.ana, ["bookings:read"]).post("/bookings", body(cast, local_time(in_days(3), 20)))
    assert unscoped.json()["code"] == "scope_missing"
    assert Booking.objects.count() == 1


def test_unknown_and_foreign_students_are_the_same_to_a_key(cast: Cast):
    caller, start = Caller(cast.ana), local_time(in_days(3), 20)
    answers = [
        caller.post("/bookings", body(cast, start, student=number)).json()
        for number in (cast.cy_student.pk, 10**9)
    ]
    answers += [
        caller.post(
            "/bookings", body(cast, start, student=None, override={"reason": "x", "email": email})
        ).json()
        for email in ("cy@example.com", "nobody@example.com")
    ]
    assert {one["detail"] for one in answers} == {answers[0]["detail"]}
    assert [list(one["errors"]) for one in answers] == [["student"], ["student"], ["email"], ["email"]]
    assert not Booking.objects.exists()


def test_staff_keys_book_for_anybody(cast: Cast):
    made = Caller(cast.staff).post("/bookings", body(cast, local_time(in_days(3), 20)))
    assert made.status_code == 201
    assert Event.objects.get(subject_id=made.json()["id"]).data["by_role"] == "staff"


@pytest.mark.parametrize(
    "override_",
    [
        {},
        {"reason": ""},
        {"reason": "x" * 301},
        {"reason": 5, "more": 1},
        "x",
        [],
        {"reason": "x", "email": "y"},
        True,
    ],
)
def test_junk_is_named(cast: Cast, override_: Any):
    wish_ = body(cast, local_time(in_days(3), 20), override=override_)
    assert Caller(cast.ana).post("/bookings", wish_).status_code == 422
    assert not Booking.objects.exists()


def test_for_whom_is_said_once(cast: Cast):
    caller, start = Caller(cast.ana), local_time(in_days(3), 20)
    for wrong in (
        body(cast, start, student=None),
        body(cast, start, override={"reason": "x", "email": "ben@example.com"}),
    ):
        refused = caller.post("/bookings", wrong)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["student"])
