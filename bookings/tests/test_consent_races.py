"""Answers that meet: each guard is shown by a control in which it is missing."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from bookings.models import Booking, MoveRequest, Party, RequestStatus, Status
from bookings.services import access, consent, history, lifecycle
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from bookings.tests.racing import meet_after, race
from instainstru.lib.errors import Conflict
from instructors.services import horizon

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
HOUR = timedelta(hours=1)


@pytest.fixture
def asked(cast: Cast) -> Any:
    """Ben has asked to move his lesson, which is in five hours."""
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(lesson.starts_at - 5 * HOUR):
        yield consent.ask(lesson, starts_at=lesson.starts_at + 3 * HOUR, by=cast.ben, party=Party.STUDENT)


def unlocked(request: MoveRequest) -> tuple[Booking, MoveRequest]:
    """``consent._both_locked`` without its locks."""
    booking = access.whole().get(pk=request.booking_id)
    return booking, MoveRequest.objects.get(pk=request.pk)


def accept(cast: Cast, request: MoveRequest) -> Any:
    return lambda: consent.accept(request, by=cast.ana, party=Party.INSTRUCTOR)


def decline(cast: Cast, request: MoveRequest) -> Any:
    return lambda: consent.decline(request, by=cast.ana, party=Party.INSTRUCTOR)


def test_control_without_locks_a_question_is_agreed_to_and_declined(cast: Cast, asked, monkeypatch):
    barrier = threading.Barrier(2)
    monkeypatch.setattr(consent, "_both_locked", meet_after(unlocked, barrier))
    monkeypatch.setattr(consent, "_note", lambda *args, **kwargs: None)
    outcomes = race(accept(cast, asked), decline(cast, asked))
    assert [type(one).__name__ for one in outcomes] == ["Booking", "MoveRequest"]


def test_a_question_is_agreed_to_or_declined_never_both(cast: Cast, asked: MoveRequest):
    start = asked.lesson_starts_at
    outcomes = race(accept(cast, asked), decline(cast, asked))
    refused = [one for one in outcomes if isinstance(one, Conflict)]
    assert [one.code for one in refused] == ["already_answered"]
    asked.refresh_from_db()
    lesson = Booking.objects.get()
    moved = asked.status == RequestStatus.ACCEPTED
    assert lesson.starts_at == (asked.starts_at if moved else start)
    assert_consistent()


def test_agreeing_twice_at_once_happens_once(cast: Cast, asked: MoveRequest):
    outcomes = race(accept(cast, asked), accept(cast, asked))
    assert sorted(type(one).__name__ for one in outcomes) == ["Booking", "Conflict"]
    lesson = Booking.objects.get()
    assert (lesson.starts_at, lesson.late_moves, lesson.version) == (asked.starts_at, 1, 3)
    assert_consistent()


def test_agreeing_and_cancelling_end_in_one_state_whoever_comes_first(cast: Cast, asked: MoveRequest):
    lesson = asked.booking
    outcomes = race(accept(cast, asked), lambda: lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT))
    # Cancelled first, there is nothing to agree to; moved first, the lesson is cancelled where it is now.
    assert isinstance(outcomes[1], Booking)
    now = Booking.objects.get()
    assert now.status == Status.CANCELLED
    if isinstance(outcomes[0], Conflict):
        assert (outcomes[0].code, now.starts_at) == ("wrong_status", asked.lesson_starts_at)
    else:
        assert now.starts_at == asked.starts_at
    assert_consistent()


def test_of_two_who_ask_at_once_one_waits_for_the_other(cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(lesson.starts_at - 5 * HOUR):
        wished = lesson.starts_at + 3 * HOUR
        race(
            lambda: consent.ask(lesson, starts_at=wished, by=cast.ben, party=Party.STUDENT),
            lambda: consent.ask(lesson, starts_at=wished - HOUR, by=cast.ana, party=Party.INSTRUCTOR),
        )
    assert sorted(MoveRequest.objects.values_list("status", flat=True)) == ["declined", "open"]
    assert_consistent()


def assert_consistent() -> None:
    assert list(horizon.differences()) == []
    assert list(history.all_differences()) == []
