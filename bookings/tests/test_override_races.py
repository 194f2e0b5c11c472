"""Lessons over the rules, and edits of limits, against everybody else at the same moment."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from bookings.models import Booking
from bookings.services import override, taking
from bookings.services.wanted import SlotTaken, StudentBusy, wish
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
from bookings.tests.racing import meet_after, race, without_constraint
from bookings.tests.test_races import (
    BOTH_GUARDS,
    assert_consistent,
    assert_one_refused_by_the_database,
    summary,
    unlocked_spans,
)
from instainstru.rules import services as rules_service
from instructors.models import CalendarBlock, Instructor, Offering, OpenDay
from instructors.services import between, calendar, horizon, limits

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def host(cast: Cast, start: Any, student: Any) -> Booking:
    """A lesson over the rules; each caller has an offering of their own, as each request has."""
    offering = Offering.objects.select_related("instructor__user", "subject").get(pk=cast.piano.pk)
    wanted = wish(offering, starts_at=start, duration_min=60)
    return override.book(wanted, student=student, by=cast.ana, party=override.Party.INSTRUCTOR, reason="x")


def not_taken(*args: Any) -> Any:
    return CalendarBlock.objects.none()


def test_control_without_locks_and_constraints_a_host_books_over_a_student(cast: Cast, monkeypatch):
    start = local_time(in_days(3), 12)
    meeting = threading.Barrier(2)
    monkeypatch.setattr(calendar, "lock_spans", unlocked_spans)
    monkeypatch.setattr(taking, "is_free", meet_after(taking.is_free, meeting))
    monkeypatch.setattr(between, "taken", meet_after(between.taken, meeting))
    monkeypatch.setattr(override.explain, "at", lambda *args, **kwargs: [])
    # Deriving the days again would lock them, in the control too.
    monkeypatch.setattr(calendar, "rebuild", lambda *args: None)
    with without_constraint("instructors_calendarblock", *BOTH_GUARDS):
        outcomes = race(
            lambda: host(cast, start, cast.ben_student), lambda: held(cast.piano, start, cast.cy_student)
        )
        assert summary(outcomes) == {"Booking": 2}
        assert CalendarBlock.objects.count() == 2


def test_the_constraint_alone_refuses_the_second_of_them(cast: Cast, monkeypatch):
    start = local_time(in_days(3), 12)
    meeting = threading.Barrier(2)
    monkeypatch.setattr(calendar, "lock_spans", unlocked_spans)
    monkeypatch.setattr(taking, "is_free", meet_after(taking.is_free, meeting))
    monkeypatch.setattr(between, "taken", meet_after(not_taken, meeting))
    monkeypatch.setattr(override.explain, "at", lambda *args, **kwargs: [])
    monkeypatch.setattr(calendar, "rebuild", lambda *args: None)
    outcomes = race(
        lambda: host(cast, start, cast.ben_student), lambda: held(cast.piano, start, cast.cy_student)
    )
    assert_one_refused_by_the_database(outcomes)
    assert Booking.objects.count() == CalendarBlock.objects.count() == 1


@pytest.mark.parametrize("minutes", [-30, 0, 30])
def test_the_constraint_alone_refuses_who_comes_after_the_other_has_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, minutes: int
):
    """Gaps give way to a lesson that is there, and never so far that one hour is booked twice."""
    start = local_time(in_days(3), 12)
    held(cast.piano, start, cast.cy_student)
    monkeypatch.setattr(between, "taken", not_taken)
    monkeypatch.setattr(override.explain, "at", lambda *args, **kwargs: [])
    with pytest.raises(SlotTaken):
        host(cast, start + timedelta(minutes=minutes), cast.ben_student)
    assert Booking.objects.count() == CalendarBlock.objects.count() == 1


def test_host_and_students_want_one_time_and_one_of_them_gets_it(cast: Cast):
    for day in range(3, 8):
        start = local_time(in_days(day), 12)
        outcomes = race(
            lambda start=start: host(cast, start, StudentFactory()),
            *(lambda start=start: held(cast.piano, start, StudentFactory()) for _ in range(4)),
        )
        assert summary(outcomes) == {"Booking": 1, "SlotTaken": 4}
        assert CalendarBlock.objects.filter(period__contains=start).count() == 1
    assert_consistent()


def test_of_many_beyond_the_horizon_where_no_day_can_be_locked_one_wins(cast: Cast):
    """Only the instructor's row keeps them from waiting for each other in the constraints."""
    start = local_time(in_days(200), 12)
    outcomes = race(*(lambda: host(cast, start, StudentFactory()) for _ in range(6)))
    assert summary(outcomes) == {"Booking": 1, "SlotTaken": 5}
    assert_consistent()


def test_neighbours_made_at_the_same_moment_keep_apart_or_give_way(cast: Cast):
    """An ordinary lesson keeps its gap from the host's; the host's may follow it at once."""
    for day in range(3, 8):
        early, late = local_time(in_days(day), 11), local_time(in_days(day), 12)
        usual, over = race(
            lambda early=early: booked(cast.piano, early, StudentFactory()),
            lambda late=late: host(cast, late, StudentFactory()),
        )
        assert isinstance(over, Booking)
        assert isinstance(usual, Booking | SlotTaken)
    assert_consistent()


def test_a_student_is_in_one_place_whoever_books(cast: Cast):
    start = local_time(in_days(3), 12)
    other = teaching(OfferingFactory())
    outcomes = race(
        lambda: host(cast, start, cast.ben_student), lambda: booked(other, start, cast.ben_student)
    )
    assert summary(outcomes) == {"Booking": 1, "StudentBusy": 1}
    assert any(isinstance(one, StudentBusy) for one in outcomes)
    assert_consistent()


def test_the_horizon_grows_over_a_lesson_of_the_host(cast: Cast):
    """A day that is made at that moment knows the lesson, or is derived again with it."""
    instructor = cast.piano.instructor
    for number in range(4):
        last = in_days(60 + number)
        OpenDay.objects.filter(instructor=instructor, date__gte=last).delete()
        Instructor.objects.filter(pk=instructor.pk).update(open_until=last)
        _, made = race(
            lambda: horizon.extend(now=calendar.clock.now()),
            lambda last=last: host(cast, local_time(last, 12), StudentFactory()),
        )
        assert isinstance(made, Booking)
        horizon.extend(now=calendar.clock.now())
        assert_consistent()


def edit_while_booking(cast: Cast, day: Any) -> list[Any]:
    """A cap is set, while a booking that has read the instructor before waits for the days."""
    read, saved = threading.Event(), threading.Event()
    offering = Offering.objects.select_related("instructor__user", "subject").get(pk=cast.piano.pk)
    wanted = wish(offering, starts_at=local_time(day, 12), duration_min=60)
    student = StudentFactory()

    def edit() -> None:
        assert read.wait(20)
        facts = {"lessons_per_day": 1, "buffer_min": 60}
        limits.save(cast.piano.instructor, facts, by=cast.ana)
        saved.set()

    def book() -> Booking:
        read.set()
        assert saved.wait(20)
        return taking.book(wanted, student=student, by=student.user)

    return race(edit, book)


def test_control_without_reading_the_limits_again_a_booking_goes_by_the_old_ones(cast: Cast, monkeypatch):
    monkeypatch.setattr(calendar, "reread", lambda instructor: (rules_service.current(), False))
    outcomes = edit_while_booking(cast, in_days(3))
    assert summary(outcomes) == {"NoneType": 1, "Booking": 1}
    assert [found["date"] for found in horizon.differences()] == [in_days(3).isoformat()]


def test_a_booking_goes_by_the_limits_that_hold_when_it_takes_the_time(cast: Cast):
    outcomes = edit_while_booking(cast, in_days(3))
    assert summary(outcomes) == {"NoneType": 1, "Booking": 1}
    assert OpenDay.objects.get(instructor=cast.piano.instructor, date=in_days(3)).free == []
    assert_consistent()


def test_limits_and_bookings_agree_whoever_comes_first(cast: Cast):
    for number in range(5):
        day, student = in_days(3 + number), StudentFactory()
        facts = {"buffer_min": 15 * (number + 1), "lessons_per_week": 7 - number, "grid_min": 30}
        race(
            lambda facts=facts: limits.save(cast.piano.instructor, facts, by=cast.ana),
            lambda day=day, student=student: booked(cast.piano, local_time(day, 12), student),
        )
        assert_consistent()
