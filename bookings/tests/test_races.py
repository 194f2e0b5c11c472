"""No hour is booked twice. Each guard is shown by a control in which it is missing."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import Q

from bookings.models import LIVE, Booking, Party, Status
from bookings.services import history, lifecycle, steps, sweeps, taking
from bookings.services.wanted import HoldExpired, SlotTaken, StudentBusy
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
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError
from instructors.models import CalendarBlock, OpenDay
from instructors.services import calendar, horizon, schedule, stored_days

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

BOTH_GUARDS = ("no_double_booking", "no_double_booking_with_travel")


def unlocked_spans(spans: Any) -> list[OpenDay]:
    """``calendar.lock_spans`` without its lock."""
    wanted = Q()
    for instructor, start, end in spans:
        wanted |= Q(instructor=instructor, date__range=calendar.days_to_lock(instructor, start, end))
    return list(OpenDay.objects.filter(wanted).order_by("instructor_id", "date"))


def unlocked(booking: Booking) -> Booking:
    """``steps.lock`` without its locks."""
    return Booking.objects.select_related("rules", "instructor", "offering").get(pk=booking.pk)


def summary(outcomes: list[Any]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


def assert_one_refused_by_the_database(outcomes: list[Any], refusal: str = "SlotTaken") -> None:
    """By the constraint, or as the victim of a deadlock in it: that is why the locks come first."""
    assert summary(outcomes) in (Counter({"Booking": 1, refusal: 1}), Counter(Booking=1, OperationalError=1))


def assert_consistent() -> None:
    assert list(horizon.differences()) == []
    assert list(history.all_differences()) == []


def test_control_without_lock_and_constraint_one_hour_is_held_twice(cast: Cast, monkeypatch):
    start = local_time(in_days(3), 12)
    monkeypatch.setattr(calendar, "lock_spans", unlocked_spans)
    monkeypatch.setattr(taking, "is_free", meet_after(taking.is_free, threading.Barrier(2)))
    with without_constraint("instructors_calendarblock", *BOTH_GUARDS):
        outcomes = race(
            lambda: held(cast.piano, start, cast.ben_student),
            lambda: held(cast.piano, start, cast.cy_student),
        )
        assert summary(outcomes) == {"Booking": 2}
        assert CalendarBlock.objects.count() == 2


def test_the_constraint_alone_refuses_the_second_hold(cast: Cast, monkeypatch):
    start = local_time(in_days(3), 12)
    monkeypatch.setattr(calendar, "lock_spans", unlocked_spans)
    monkeypatch.setattr(taking, "is_free", meet_after(taking.is_free, threading.Barrier(2)))
    outcomes = race(
        lambda: held(cast.piano, start, cast.ben_student),
        lambda: held(cast.piano, start + timedelta(minutes=30), cast.cy_student),
    )
    assert_one_refused_by_the_database(outcomes)
    assert Booking.objects.count() == CalendarBlock.objects.count() == 1


def test_of_many_holds_at_once_exactly_one_wins(cast: Cast):
    start = local_time(in_days(3), 12)
    students = [StudentFactory() for _ in range(12)]
    outcomes = race(*(lambda s=student: held(cast.piano, start, s) for student in students))
    assert summary(outcomes) == {"Booking": 1, "SlotTaken": 11}
    assert Booking.objects.count() == CalendarBlock.objects.count() == 1
    assert_consistent()


def test_of_many_who_want_a_stale_hold_exactly_one_gets_it(cast: Cast):
    start = local_time(in_days(3), 12)
    stale = held(cast.piano, start)
    students = [StudentFactory() for _ in range(8)]
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        outcomes = race(
            lambda: sweeps.expire_holds(now=clock.now()),
            *(lambda s=student: held(cast.piano, start, s) for student in students),
        )
    stale.refresh_from_db()
    assert stale.status == Status.EXPIRED
    won = [one for one in outcomes[1:] if isinstance(one, Booking)]
    assert len(won) <= 1
    assert CalendarBlock.objects.count() == len(won)
    # None, when the sweep had the stale hold in hand while all of them asked.
    assert summary(outcomes[1:]) == Counter(Booking=len(won), SlotTaken=8 - len(won))
    assert_consistent()


def test_control_without_lock_a_hold_is_confirmed_and_expired(cast: Cast, monkeypatch):
    hold = held(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    assert hold.expires_at is not None
    due = hold.expires_at
    monkeypatch.setattr(steps, "lock", meet_after(unlocked, threading.Barrier(2)))
    with without_constraint("events_event", "event_version_once"):
        outcomes = race(
            lambda: lifecycle.confirm(hold, by=cast.ben),
            # The sweep's clock may be ahead of the web's by a little.
            lambda: lifecycle.expire(hold, now=due),
        )
        assert [type(outcomes[0]), outcomes[1]] == [Booking, True]


def test_a_hold_is_confirmed_or_expired_never_both(cast: Cast):
    for hour in (9, 11, 13, 15):
        hold = held(cast.piano, local_time(in_days(3), hour), StudentFactory())
        assert hold.expires_at is not None
        due = hold.expires_at
        confirmed, expired = race(
            lambda hold=hold: lifecycle.confirm(hold, by=cast.ben),
            lambda hold=hold, due=due: lifecycle.expire(hold, now=due),
        )
        hold.refresh_from_db()
        taken = CalendarBlock.objects.filter(booking_id=hold.pk).count()
        if expired is True:
            assert isinstance(confirmed, HoldExpired)
            assert (hold.status, taken) == (Status.EXPIRED, 0)
        else:
            assert isinstance(confirmed, Booking)
            assert (hold.status, taken) == (Status.CONFIRMED, 1)
    assert_consistent()


def test_control_without_guards_a_lesson_is_moved_onto_another(cast: Cast, monkeypatch):
    day = in_days(3)
    lesson = booked(cast.piano, local_time(day, 15), cast.ben_student)
    monkeypatch.setattr(calendar, "lock_spans", unlocked_spans)
    # Moving derives the old day again, which takes row locks in the control too: it asks first.
    monkeypatch.setattr(calendar, "give_back", lambda *args, **kwargs: _drop_block(kwargs["booking_id"]))
    monkeypatch.setattr(taking, "is_free", meet_after(taking.is_free, threading.Barrier(2)))
    with without_constraint("instructors_calendarblock", *BOTH_GUARDS):
        outcomes = race(
            lambda: lifecycle.reschedule(
                lesson, starts_at=local_time(day, 10), by=cast.ben, party=Party.STUDENT
            ),
            lambda: held(cast.piano, local_time(day, 10), cast.cy_student),
        )
        assert summary(outcomes) == {"Booking": 2}
        assert {block.period.lower for block in CalendarBlock.objects.all()} == {local_time(day, 10)}


def _drop_block(booking_id: Any) -> None:
    CalendarBlock.objects.filter(booking_id=booking_id).delete()


def test_moving_and_holding_the_same_time_leaves_one_there(cast: Cast):
    day = in_days(3)
    lesson = booked(cast.piano, local_time(day, 15), cast.ben_student)
    moved, other = race(
        lambda: lifecycle.reschedule(lesson, starts_at=local_time(day, 10), by=cast.ben, party=Party.STUDENT),
        lambda: held(cast.piano, local_time(day, 10), cast.cy_student),
    )
    lesson.refresh_from_db()
    assert {type(moved), type(other)} == {Booking, SlotTaken}
    assert lesson.starts_at == local_time(day, 10 if isinstance(moved, Booking) else 15)
    assert_consistent()


def test_two_lessons_can_change_places_only_one_after_the_other(cast: Cast):
    """Each wants the other's time: both wait for the same days, neither dead-locks."""
    early, late = local_time(in_days(3), 10), local_time(in_days(4), 10)
    one, two = booked(cast.piano, early, cast.ben_student), booked(cast.piano, late, cast.cy_student)
    outcomes = race(
        lambda: lifecycle.reschedule(one, starts_at=late, by=cast.ben, party=Party.STUDENT),
        lambda: lifecycle.reschedule(two, starts_at=early, by=cast.cy, party=Party.STUDENT),
    )
    assert summary(outcomes) == {"SlotTaken": 2}
    assert_consistent()


def test_control_without_lock_and_constraint_a_student_is_in_two_places(cast: Cast, monkeypatch):
    start = local_time(in_days(3), 12)
    other = teaching(OfferingFactory())
    monkeypatch.setattr(steps, "lock_student", lambda student_id: None)
    monkeypatch.setattr(taking, "own_in_the_way", meet_after(taking.own_in_the_way, threading.Barrier(2)))
    with without_constraint("bookings_booking", "student_in_one_place"):
        outcomes = race(
            lambda: booked(cast.piano, start, cast.ben_student),
            lambda: booked(other, start, cast.ben_student),
        )
        assert summary(outcomes) == {"Booking": 2}


def test_the_constraint_alone_keeps_a_student_in_one_place(cast: Cast, monkeypatch):
    start = local_time(in_days(3), 12)
    other = teaching(OfferingFactory())
    monkeypatch.setattr(steps, "lock_student", lambda student_id: None)
    monkeypatch.setattr(taking, "own_in_the_way", meet_after(taking.own_in_the_way, threading.Barrier(2)))
    outcomes = race(
        lambda: booked(cast.piano, start, cast.ben_student),
        lambda: booked(other, start + timedelta(minutes=30), cast.ben_student),
    )
    assert_one_refused_by_the_database(outcomes, "StudentBusy")
    assert_consistent()


def test_a_student_books_one_of_two_instructors_at_a_time(cast: Cast):
    start = local_time(in_days(3), 12)
    offerings = [cast.piano] + [teaching(OfferingFactory()) for _ in range(5)]
    outcomes = race(*(lambda o=offering: booked(o, start, cast.ben_student) for offering in offerings))
    assert summary(outcomes) == {"Booking": 1, "StudentBusy": 5}
    assert Booking.objects.filter(status__in=LIVE).count() == 1
    assert all(one.code == "student_busy" for one in outcomes if isinstance(one, StudentBusy))
    assert_consistent()


def test_control_without_locks_an_edit_forgets_a_lesson_made_meanwhile(cast: Cast, monkeypatch):
    day = in_days(3)
    lesson_made, edit_computed = threading.Event(), threading.Event()
    write = stored_days.write_own

    def late_write(*what: Any, **more: Any) -> None:
        edit_computed.set()
        assert lesson_made.wait(20)
        write(*what, **more)

    def edit() -> None:
        schedule.set_date(cast.piano.instructor, day, [(600, 1080)], by=cast.ana)

    def book() -> Booking:
        assert edit_computed.wait(20)
        try:
            return booked(cast.piano, local_time(day, 12), cast.ben_student)
        finally:
            lesson_made.set()

    monkeypatch.setattr(calendar, "lock_spans", unlocked_spans)
    monkeypatch.setattr(calendar, "lock_days", lambda *args: [])
    monkeypatch.setattr(stored_days, "write_own", late_write)
    outcomes = race(edit, book)
    assert summary(outcomes) == {"NoneType": 1, "Booking": 1}
    assert [found["date"] for found in horizon.differences()] == [day.isoformat()]


def test_an_edit_and_a_booking_agree_whoever_comes_first(cast: Cast):
    instructor = cast.piano.instructor
    for days_ahead in range(3, 9):
        day = in_days(days_ahead)
        student = StudentFactory()
        _, outcome = race(
            lambda day=day: schedule.set_date(instructor, day, [], by=cast.ana),
            lambda day=day, student=student: booked(cast.piano, local_time(day, 12), student),
        )
        assert OpenDay.objects.get(instructor=instructor, date=day).free == []
        if not isinstance(outcome, Booking):
            assert isinstance(outcome, DomainError)
            assert outcome.code == "outside_hours"
    assert_consistent()


def test_cancelling_twice_at_once_happens_once(cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    outcomes = race(
        lambda: lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT),
        lambda: lifecycle.cancel(lesson, by=cast.ana, party=Party.INSTRUCTOR),
    )
    assert summary(outcomes) == {"Booking": 1, "Conflict": 1}
    assert next(o for o in outcomes if isinstance(o, Conflict)).code == "wrong_status"
    assert_consistent()
