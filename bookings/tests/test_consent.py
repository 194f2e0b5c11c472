"""Moving a lesson late: asked, answered, lapsed; nothing is held and nobody moves it alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from bookings.models import Booking, MoveRequest, Party, RequestStatus, Status
from bookings.services import consent, history, lifecycle, sweeps
from bookings.services.wanted import SlotTaken
from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, booked, in_days, local_time, teaching
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError, NotFound
from instructors.models import CalendarBlock, OpenDay
from instructors.services import horizon

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def lesson(cast: Cast) -> Booking:
    """Ben's at noon in three days."""
    return booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)


@pytest.fixture
def soon(lesson: Booking) -> Any:
    """Five hours before the lesson."""
    with time_machine.travel(lesson.starts_at - 5 * HOUR, tick=False) as traveller:
        yield traveller


def ask(cast: Cast, lesson: Booking, hours: float = 3, party: Party = Party.STUDENT) -> MoveRequest:
    by = cast.ben if party == Party.STUDENT else cast.ana
    return consent.ask(lesson, starts_at=lesson.starts_at + hours * HOUR, by=by, party=party, reason="train")


def kinds(lesson: Booking) -> list[str]:
    return list(history.events_of(lesson).order_by("version").values_list("kind", flat=True))


def assert_untouched(lesson: Booking, start: datetime) -> None:
    """The lesson and the calendar are where they were."""
    lesson.refresh_from_db()
    assert (lesson.status, lesson.starts_at, lesson.late_moves) == (Status.CONFIRMED, start, 0)
    block = CalendarBlock.objects.get(booking_id=lesson.pk)
    assert block.period.lower == start
    assert list(history.all_differences()) == []
    assert list(horizon.differences()) == []


def test_asking_holds_nothing_and_is_an_event_of_the_booking(cast: Cast, lesson: Booking, soon: Any):
    start, free = lesson.starts_at, list(OpenDay.objects.order_by("pk").values_list("free", flat=True))
    request = ask(cast, lesson)
    assert (request.status, request.asked_by, request.lesson_starts_at) == ("open", "student", start)
    assert request.starts_at == start + 3 * HOUR
    assert list(OpenDay.objects.order_by("pk").values_list("free", flat=True)) == free
    assert_untouched(lesson, start)
    event = history.events_of(lesson).order_by("version").last()
    assert event is not None
    assert (event.kind, event.by, event.version, lesson.version) == (
        Kind.BOOKING_MOVE_ASKED, cast.ben, 2, 2,
    )  # fmt: skip
    assert event.data["asked"] == (start + 3 * HOUR).isoformat()


@pytest.mark.parametrize(
    ("before", "hours", "expires"),
    [(11, 3, -5), (5, 3, 0), (5, -2, -2)],
    ids=["after six hours", "when the lesson starts", "when the asked time comes"],
)
def test_a_request_lapses_at_the_first_of_three_times(cast, lesson, before, hours, expires):
    with time_machine.travel(lesson.starts_at - before * HOUR, tick=False):
        request = ask(cast, lesson, hours)
    assert request.expires_at == lesson.starts_at + expires * HOUR


@pytest.mark.parametrize(
    ("hours", "code"),
    [(0, "same_time"), (-4.5, "too_soon"), (0.1, "off_grid"), (7, "outside_hours"), (24 * 400, "too_far")],
)
def test_what_moving_there_would_be_refused_for_is_refused_at_once(cast, lesson, soon, hours, code):
    start = lesson.starts_at
    with pytest.raises(DomainError) as refusal:
        ask(cast, lesson, hours)
    assert refusal.value.code == code
    assert not MoveRequest.objects.exists()
    assert_untouched(lesson, start)
    assert lesson.version == 1


def test_a_taken_time_cannot_be_asked_for(cast: Cast, lesson: Booking):
    booked(cast.piano, lesson.starts_at + 3 * HOUR, cast.cy_student)
    with time_machine.travel(lesson.starts_at - 5 * HOUR), pytest.raises(SlotTaken):
        ask(cast, lesson)
    assert not MoveRequest.objects.exists()


def test_who_can_move_it_alone_need_not_ask(cast: Cast, lesson: Booking):
    for before, code in ((30, "no_consent_needed"), (13, "no_consent_needed"), (-0.5, "already_started")):
        with time_machine.travel(lesson.starts_at - before * HOUR), pytest.raises(Conflict) as refusal:
            ask(cast, lesson)
        assert refusal.value.code == code
    assert not MoveRequest.objects.exists()


def test_one_asks_once_and_the_other_may_ask_back(cast: Cast, lesson: Booking, soon: Any):
    first = ask(cast, lesson)
    with pytest.raises(Conflict) as refusal:
        ask(cast, lesson, 2)
    assert refusal.value.code == "already_asked"
    second = ask(cast, lesson, 2, Party.INSTRUCTOR)
    first.refresh_from_db()
    assert (first.status, second.status) == (RequestStatus.DECLINED, RequestStatus.OPEN)
    assert kinds(lesson)[1:] == [
        Kind.BOOKING_MOVE_ASKED, Kind.BOOKING_MOVE_DECLINED, Kind.BOOKING_MOVE_ASKED,
    ]  # fmt: skip
    assert list(history.all_differences()) == []


@pytest.mark.parametrize("party", [Party.STAFF, Party.SYSTEM])
def test_only_the_two_of_the_lesson_ask(cast: Cast, lesson: Booking, soon: Any, party: Party):
    with pytest.raises(NotFound):
        consent.ask(lesson, starts_at=lesson.starts_at + 3 * HOUR, by=cast.staff, party=party)
    assert not MoveRequest.objects.exists()


@pytest.mark.parametrize("asker", [Party.STUDENT, Party.INSTRUCTOR])
def test_agreeing_moves_the_lesson_and_the_policy_keeps_the_first_start(cast, lesson, soon, asker):
    first = lesson.starts_at
    request = ask(cast, lesson, party=asker)
    by = cast.ana if asker == Party.STUDENT else cast.ben
    moved = consent.accept(request, by=by, party=consent.OTHER[asker])
    request.refresh_from_db()
    assert (request.status, request.closed_at) == (RequestStatus.ACCEPTED, clock.now())
    assert (moved.starts_at, moved.policy_starts_at, moved.late_moves) == (first + 3 * HOUR, first, 1)
    assert CalendarBlock.objects.get(booking_id=lesson.pk).period.lower == first + 3 * HOUR
    event = history.events_of(lesson).order_by("version").last()
    assert event is not None
    assert (event.kind, event.by, event.data["agreed"]) == (Kind.BOOKING_RESCHEDULED, by, True)
    assert list(history.all_differences()) == []
    assert list(horizon.differences()) == []


@pytest.mark.parametrize("party", [Party.STUDENT, Party.STAFF, Party.SYSTEM])
def test_nobody_but_the_other_side_answers(cast: Cast, lesson: Booking, soon: Any, party: Party):
    start, request = lesson.starts_at, ask(cast, lesson)
    for answer in (consent.accept, consent.decline):
        with pytest.raises(NotFound):
            answer(request, by=cast.ben, party=party)
    with pytest.raises(NotFound):
        consent.withdraw(request, by=cast.ana, party=Party.INSTRUCTOR)
    request.refresh_from_db()
    assert request.status == RequestStatus.OPEN
    assert_untouched(lesson, start)


def test_declined_or_taken_back_it_stays_and_cannot_be_answered_again(cast: Cast, lesson: Booking, soon: Any):
    start, request = lesson.starts_at, ask(cast, lesson)
    consent.decline(request, by=cast.ana, party=Party.INSTRUCTOR, reason="I teach then")
    again = ask(cast, lesson)
    consent.withdraw(again, by=cast.ben, party=Party.STUDENT)
    for closed in (request, again):
        with pytest.raises(Conflict) as refusal:
            consent.accept(closed, by=cast.ana, party=Party.INSTRUCTOR)
        assert refusal.value.code == "already_answered"
    assert_untouched(lesson, start)
    assert kinds(lesson)[2::2] == [Kind.BOOKING_MOVE_DECLINED, Kind.BOOKING_MOVE_WITHDRAWN]


def test_a_time_that_went_meanwhile_changes_nothing_and_leaves_the_question(cast, lesson, soon):
    start, request = lesson.starts_at, ask(cast, lesson)
    booked(cast.piano, start + 3 * HOUR, cast.cy_student)
    with pytest.raises(SlotTaken):
        consent.accept(request, by=cast.ana, party=Party.INSTRUCTOR)
    request.refresh_from_db()
    assert request.status == RequestStatus.OPEN
    assert_untouched(lesson, start)


def test_a_student_who_is_elsewhere_by_now_cannot_be_moved_there(cast: Cast, lesson: Booking, soon: Any):
    start, request = lesson.starts_at, ask(cast, lesson)
    booked(teaching(OfferingFactory()), start + 3 * HOUR, cast.ben_student)
    with pytest.raises(Conflict) as refusal:
        consent.accept(request, by=cast.ana, party=Party.INSTRUCTOR)
    assert refusal.value.code == "student_busy"
    assert_untouched(lesson, start)


def test_unanswered_it_lapses_once_and_frees_the_way_for_another(cast: Cast, lesson: Booking):
    with time_machine.travel(lesson.starts_at - 11 * HOUR, tick=False) as traveller:
        request = ask(cast, lesson)
        assert sweeps.lapse_requests(now=clock.now()) == 0
        traveller.move_to(lesson.starts_at - 5 * HOUR)
        with pytest.raises(Conflict) as refusal:
            consent.accept(request, by=cast.ana, party=Party.INSTRUCTOR)
        assert refusal.value.code == "request_lapsed"
        assert consent.open_of(lesson, now=clock.now()) is None
        assert [sweeps.lapse_requests(now=clock.now()) for _ in range(2)] == [1, 0]
        request.refresh_from_db()
        assert request.status == RequestStatus.LAPSED
        event = history.events_of(lesson).order_by("version").last()
        assert event is not None
        assert (event.kind, event.by_id, event.data["because"]) == (
            Kind.BOOKING_MOVE_LAPSED, None, "unanswered",
        )  # fmt: skip
        assert ask(cast, lesson).status == RequestStatus.OPEN


def test_one_that_nobody_swept_gives_way_to_the_next(cast: Cast, lesson: Booking):
    with time_machine.travel(lesson.starts_at - 11 * HOUR, tick=False) as traveller:
        stale = ask(cast, lesson)
        traveller.move_to(lesson.starts_at - 5 * HOUR)
        fresh = ask(cast, lesson)
    stale.refresh_from_db()
    assert (stale.status, fresh.status) == (RequestStatus.LAPSED, RequestStatus.OPEN)


def test_a_cancelled_or_moved_lesson_leaves_no_question(cast: Cast, lesson: Booking, soon: Any):
    other = booked(cast.piano, lesson.starts_at + 24 * HOUR, cast.cy_student)
    request = ask(cast, lesson)
    lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
    with pytest.raises(Conflict) as refusal:
        consent.accept(request, by=cast.ana, party=Party.INSTRUCTOR)
    assert refusal.value.code == "wrong_status"
    soon.move_to(other.starts_at - 5 * HOUR)
    wished = other.starts_at + 3 * HOUR
    moved = consent.ask(other, starts_at=wished, by=cast.cy, party=Party.STUDENT)
    lifecycle.reschedule(
        other, starts_at=other.starts_at + HOUR, by=cast.staff, party=Party.STAFF, reason="room"
    )
    assert sweeps.lapse_requests(now=clock.now()) == 2
    for one in (request, moved):
        one.refresh_from_db()
        assert one.status == RequestStatus.LAPSED
    assert list(history.all_differences()) == []


def test_the_database_keeps_one_open_question_per_lesson_and_its_times_in_order(cast, lesson, soon):
    facts = {
        "booking": lesson, "asked_by": "student", "starts_at": lesson.starts_at + HOUR,
        "lesson_starts_at": lesson.starts_at, "expires_at": lesson.starts_at,
    }  # fmt: skip
    MoveRequest.objects.create(**facts)
    wrong = [
        ({}, "one_open_move_request"),
        ({"status": "declined"}, "move_request_closed_once"),
        ({"closed_at": clock.now()}, "move_request_closed_once"),
        ({"asked_by": "staff"}, "move_request_by_one_of_two"),
        ({"status": "maybe", "closed_at": clock.now()}, "move_request_status_known"),
        ({"expires_at": lesson.starts_at + HOUR}, "move_request_lapses_in_time"),
    ]
    for changes, constraint in wrong:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            MoveRequest.objects.create(**{**facts, **changes})
    assert MoveRequest.objects.count() == 1
