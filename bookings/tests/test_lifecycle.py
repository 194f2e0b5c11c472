"""What may follow what, and what each step does to the calendar and the log."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from bookings.models import Booking, Party, Status
from bookings.services import history, lifecycle
from bookings.services.wanted import HoldExpired, SlotTaken, StudentBusy, wish
from bookings.tests.cast import Cast
from bookings.tests.factories import (
    OfferingFactory,
    StudentFactory,
    booked,
    held,
    in_days,
    local_time,
    teaching,
)
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError, Invalid, NotFound
from instructors.models import CalendarBlock, Instructor, Modality, OpenDay
from instructors.services import horizon

pytestmark = pytest.mark.django_db


def kinds(booking: Booking) -> list[str]:
    return list(
        Event.objects.filter(subject_id=str(booking.pk)).order_by("version").values_list("kind", flat=True)
    )


def assert_true_calendar() -> None:
    assert list(horizon.differences()) == []
    assert list(history.all_differences()) == []


def free_on(instructor: Instructor, day) -> list[tuple[str, str]]:
    row = OpenDay.objects.get(instructor=instructor, date=day)
    return [
        (f"{clock.local(a, instructor.time_zone):%H:%M}", f"{clock.local(b, instructor.time_zone):%H:%M}")
        for a, b in row.free
    ]


def test_a_hold_takes_the_time_with_its_buffer(cast: Cast):
    day = in_days(3)
    booking = held(cast.piano, local_time(day, 12), cast.ben_student)
    assert booking.status == Status.HELD
    assert booking.expires_at == booking.created_at + timedelta(minutes=5)
    assert booking.price == 8000
    assert free_on(cast.piano.instructor, day) == [("09:00", "11:45"), ("13:15", "17:00")]
    assert kinds(booking) == ["booking.held"]
    assert_true_calendar()


def test_a_confirmed_hold_is_a_lesson(cast: Cast):
    booking = held(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    lesson = lifecycle.confirm(booking, by=cast.ben)
    assert (lesson.status, lesson.version, lesson.expires_at) == (Status.CONFIRMED, 2, None)
    assert CalendarBlock.objects.get(booking_id=booking.pk).kind == CalendarBlock.Kind.LESSON
    assert kinds(booking) == ["booking.held", "booking.confirmed"]
    with pytest.raises(Conflict, match="not possible any more"):
        lifecycle.confirm(lesson, by=cast.ben)
    assert_true_calendar()


def test_a_taken_time_is_refused_and_so_is_its_buffer(cast: Cast):
    day = in_days(3)
    booked(cast.piano, local_time(day, 12), cast.ben_student)
    for hour, minute in ((12, 0), (11, 15), (12, 45), (13, 0)):
        with pytest.raises(SlotTaken):
            held(cast.piano, local_time(day, hour, minute), cast.cy_student)
    held(cast.piano, local_time(day, 13, 15), cast.cy_student)
    assert Booking.objects.count() == 2
    assert_true_calendar()


def test_a_hold_that_expired_frees_its_time_for_whoever_wants_it(cast: Cast):
    start = local_time(in_days(3), 12)
    first = held(cast.piano, start, cast.ben_student)
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        second = held(cast.piano, start, cast.cy_student)
        with pytest.raises(HoldExpired):
            lifecycle.confirm(first, by=cast.ben)
    first.refresh_from_db()
    assert (first.status, second.status) == (Status.EXPIRED, Status.HELD)
    assert kinds(first) == ["booking.held", "booking.expired"]
    assert_true_calendar()


def test_a_hold_is_extended_once(cast: Cast):
    booking = held(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(clock.now() + timedelta(minutes=4), tick=False):
        longer = lifecycle.extend(booking, by=cast.ben)
        assert longer.expires_at == clock.now() + timedelta(minutes=5)
        with pytest.raises(Conflict) as refusal:
            lifecycle.extend(booking, by=cast.ben)
    assert refusal.value.code == "already_extended"
    assert kinds(booking) == ["booking.held", "booking.hold_extended"]


def test_a_new_hold_with_the_same_instructor_replaces_the_old(cast: Cast):
    day = in_days(3)
    first = held(cast.piano, local_time(day, 12), cast.ben_student)
    second = held(cast.piano, local_time(day, 12, 30), cast.ben_student)
    first.refresh_from_db()
    assert (first.status, second.status) == (Status.RELEASED, Status.HELD)
    assert_true_calendar()


def test_a_student_cannot_be_in_two_places(cast: Cast):
    start = local_time(in_days(3), 12)
    other = teaching(OfferingFactory())
    booked(cast.piano, start, cast.ben_student)
    with pytest.raises(StudentBusy):
        held(other, start + timedelta(minutes=30), cast.ben_student)
    assert Booking.objects.count() == 1


def test_cancelling_gives_the_time_back(cast: Cast):
    day = in_days(3)
    lesson = booked(cast.piano, local_time(day, 12), cast.ben_student)
    cancelled = lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT, reason="ill")
    assert (cancelled.status, cancelled.cancellation_tier) == (Status.CANCELLED, "free")
    assert free_on(cast.piano.instructor, day) == [("09:00", "17:00")]
    assert not CalendarBlock.objects.exists()
    assert_true_calendar()


def test_moving_a_lesson_exchanges_its_time(cast: Cast):
    day = in_days(3)
    lesson = booked(cast.piano, local_time(day, 12), cast.ben_student)
    moved = lifecycle.reschedule(lesson, starts_at=local_time(day, 12, 30), by=cast.ben, party=Party.STUDENT)
    assert moved.starts_at == moved.policy_starts_at == local_time(day, 12, 30)
    assert free_on(cast.piano.instructor, day) == [("09:00", "12:15"), ("13:45", "17:00")]
    assert kinds(lesson) == ["booking.confirmed", "booking.rescheduled"]
    assert_true_calendar()


def test_moving_into_a_taken_time_changes_nothing(cast: Cast):
    day = in_days(3)
    booked(cast.piano, local_time(day, 10), cast.cy_student)
    lesson = booked(cast.piano, local_time(day, 12), cast.ben_student)
    with pytest.raises(SlotTaken):
        lifecycle.reschedule(lesson, starts_at=local_time(day, 10, 30), by=cast.ben, party=Party.STUDENT)
    lesson.refresh_from_db()
    assert lesson.starts_at == local_time(day, 12)
    assert_true_calendar()


def test_completion_and_no_show_wait_for_their_time(cast: Cast):
    start = local_time(in_days(3), 12)
    lesson = booked(cast.piano, start, cast.ben_student)
    with pytest.raises(Conflict, match="not over"):
        lifecycle.complete(lesson, by=cast.ana, party=Party.INSTRUCTOR)
    with time_machine.travel(start + timedelta(minutes=14)), pytest.raises(Conflict) as refusal:
        lifecycle.report_no_show(lesson, by=cast.ana, party=Party.INSTRUCTOR)
    assert refusal.value.code == "too_early"
    with time_machine.travel(start + timedelta(minutes=61)):
        assert lifecycle.complete(lesson, by=cast.ana, party=Party.INSTRUCTOR).status == Status.COMPLETED
        assert Instructor.objects.get(user=cast.ana).lesson_count == 1
        with pytest.raises(NotFound):
            lifecycle.complete(lesson, by=cast.ben, party=Party.STUDENT)
        report = lifecycle.report_no_show(lesson, by=cast.ben, party=Party.STUDENT)
    assert (report.status, report.absent) == (Status.NO_SHOW, "instructor")
    assert Instructor.objects.get(user=cast.ana).lesson_count == 0


@pytest.mark.parametrize(
    ("days", "hour", "minute", "code"),
    [
        (0, 0, 0, "too_soon"),
        (200, 12, 0, "too_far"),
        (3, 12, 7, "off_grid"),
        (3, 16, 30, "outside_hours"),
        (3, 6, 0, "outside_hours"),
    ],
)
def test_times_that_cannot_be_are_refused_by_name(cast: Cast, days, hour, minute, code):
    with pytest.raises(DomainError) as refusal:
        held(cast.piano, local_time(in_days(days), hour, minute), cast.ben_student)
    assert refusal.value.code == code
    assert not Booking.objects.exists()


def test_a_length_or_place_that_is_not_offered_is_refused(cast: Cast):
    start = local_time(in_days(3), 12)
    with pytest.raises(Invalid) as refusal:
        wish(cast.piano, starts_at=start, duration_min=45)
    assert refusal.value.fields == {"duration_min": "Choose a lesson of 30 or 60 or 90 minutes."}
    with pytest.raises(Invalid):
        wish(cast.piano, starts_at=start, duration_min=60, modality=Modality.AT_STUDENT)


def test_the_gap_between_two_lessons_is_the_longer_one_counted_once():
    offering = teaching(OfferingFactory(modalities=[Modality.ONLINE, Modality.AT_STUDENT]))
    day = in_days(3)
    booked(offering, local_time(day, 12))

    def at_home(hour, minute):
        wanted = wish(
            offering, starts_at=local_time(day, hour, minute), duration_min=60, modality=Modality.AT_STUDENT
        )
        student = StudentFactory()
        return lifecycle.book(wanted, student=student, by=student.user)

    with pytest.raises(SlotTaken):
        at_home(13, 30)
    at_home(13, 45)
    with pytest.raises(SlotTaken):
        booked(offering, local_time(day, 15, 15))
    at_home(15, 30)
    assert Booking.objects.count() == 3
    assert_true_calendar()
