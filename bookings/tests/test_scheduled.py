"""What runs by itself, from the schedule and from ``run_due``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from celery import current_app
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection

from bookings import tasks
from bookings.models import Booking, IdempotencyKey, Status
from bookings.services import history
from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, booked, held, in_days, teaching, utc
from instainstru.accounts import tasks as account_tasks
from instainstru.celery import SCHEDULE
from instainstru.events import dispatch
from instainstru.events.models import Delivery, Event
from instainstru.lib import clock, locks
from instructors import tasks as instructor_tasks
from instructors.models import CalendarBlock, Instructor, OpenDay
from instructors.services import horizon

NOW = utc("2026-11-30 15:00")
START = utc("2026-12-03 21:00")
pytestmark = [pytest.mark.django_db, pytest.mark.as_of(NOW)]


@pytest.fixture(autouse=True)
def _letters_stay_here(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.DEBUG = True


def run_due(until: str) -> dict[str, int]:
    out = StringIO()
    call_command("run_due", until=until, stdout=out)
    summary = json.loads(out.getvalue())
    return {name: number for name, number in summary["done"].items() if number}


def test_all_that_is_due_happens_once_and_as_of_its_moment(cast: Cast) -> None:
    lesson = booked(cast.piano, START, cast.ben_student)
    hold = held(cast.piano, START + timedelta(days=1), cast.cy_student)

    first = run_due("2026-12-04T23:59:59Z")

    assert (first.pop("instructors_extended"), first.pop("ranks_changed", None)) == (1, 1)
    assert first == {
        "holds_expired": 1,
        "lessons_completed": 1,
        "events_dispatched": Event.objects.count(),
        # Two letters; ana's hours, which the cast has set, are looked at by who waits for such.
        "deliveries_done": 3,
    }
    hold.refresh_from_db()
    lesson.refresh_from_db()
    assert (hold.status, hold.ended_at) == (Status.EXPIRED, NOW + timedelta(minutes=5))
    assert (lesson.status, lesson.ended_at) == (Status.COMPLETED, START + timedelta(hours=25))
    assert CalendarBlock.objects.filter(booking_id=hold.pk).count() == 0
    assert [message.subject.split()[0] for message in mail.outbox] == ["Booked:", "Booked:", "How"]
    assert run_due("2026-12-04T23:59:59Z") == {}
    assert len(mail.outbox) == 3
    assert list(history.all_differences()) == []


def test_what_is_due_later_waits(cast: Cast) -> None:
    hold = held(cast.piano, START, cast.ben_student)
    assert "holds_expired" not in run_due("2026-11-30T15:04:59Z")
    hold.refresh_from_db()
    assert hold.status == Status.HELD
    assert run_due("2026-11-30T15:05:00Z")["holds_expired"] == 1


def test_a_letter_that_fails_is_tried_at_every_moment_of_its_schedule(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = "bookings.tests.test_scheduled.RefusingBackend"
    booked(cast.piano, START, cast.ben_student)
    summary = run_due("2026-12-01T15:00:00Z")
    assert (summary["deliveries_retry"], summary["deliveries_parked"]) == (5, 1)
    # What is no letter: ana's hours, looked at by who waits for such.
    assert summary["deliveries_done"] == 1
    delivery = Delivery.objects.get(reaction="mail_both")
    assert (delivery.attempts, delivery.next_try_at, delivery.done_at) == (6, None, None)


class RefusingBackend:
    def __init__(self, **options: Any) -> None:
        pass

    def send_messages(self, messages: list[Any]) -> int:
        raise OSError("451 try later")


@pytest.mark.parametrize(
    ("until", "debug", "told"),
    [
        ("tomorrow", True, "“tomorrow” is not an instant. Write it like 2026-12-03T18:00:00Z."),
        ("2999-01-01T00:00:00Z", False, "That is in the future."),
    ],
)
def test_an_end_that_makes_no_sense_is_refused_in_words(
    until: str, debug: bool, told: str, settings: Any
) -> None:
    settings.DEBUG = debug
    with pytest.raises(CommandError, match=told):
        run_due(until)


def test_everything_on_the_schedule_is_a_task_and_ends_before_its_next_turn() -> None:
    current_app.loader.import_default_modules()
    for entry in SCHEDULE.values():
        turn: Any = entry["schedule"]
        assert entry["task"] in current_app.tasks
        assert entry["options"] == {"expires": turn.run_every.total_seconds()}


def test_a_delivery_ends_before_its_lease() -> None:
    limit = tasks.deliver.time_limit
    assert tasks.deliver.soft_time_limit < limit < dispatch.LEASE.total_seconds()


def test_the_dispatcher_hands_each_claim_to_a_task_of_its_own(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(tasks.deliver, "delay", lambda *claim: sent.append(claim))
    for day in range(2):
        booked(cast.piano, START + timedelta(days=day), cast.ben_student)
    tasks.dispatch_events()
    assert sent == [(pk, 0) for pk in Delivery.objects.order_by("pk").values_list("pk", flat=True)]
    tasks.dispatch_events()
    # Two lessons, and ana's hours, which the cast has set.
    assert len(sent) == 3
    for claim in sent:
        tasks.deliver(*claim)
    assert len(mail.outbox) == 4
    assert not Delivery.objects.filter(done_at=None).exists()


def test_the_dispatcher_asks_for_another_turn_when_it_has_not_caught_up(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[bool] = []
    monkeypatch.setattr(dispatch, "BATCH", 1)
    monkeypatch.setattr(tasks, "ROUNDS", 1)
    monkeypatch.setattr(tasks.deliver, "delay", lambda *claim: None)
    monkeypatch.setattr(dispatch, "wake", lambda: woken.append(True))
    booked(cast.piano, START, cast.ben_student)
    tasks.dispatch_events()
    assert woken == [True]


def test_sweeps_do_their_work_unless_another_worker_is_at_it(cast: Cast) -> None:
    hold = held(cast.piano, START, cast.ben_student)
    with time_machine.travel(NOW + timedelta(minutes=6), tick=False):
        with another_connection_holds("expire holds"):
            tasks.expire_holds()
            assert Booking.objects.get(pk=hold.pk).status == Status.HELD
        tasks.expire_holds()
    assert Booking.objects.get(pk=hold.pk).status == Status.EXPIRED


def test_a_lock_is_free_again_after_its_work_failed() -> None:
    with pytest.raises(ValueError, match="a bad day"), locks.alone("work"):
        raise ValueError("a bad day")
    with locks.alone("work") as ours, another_connection("work") as theirs:
        assert (ours, theirs) == (True, False)
    with another_connection("work") as theirs:
        assert theirs is True


def test_what_is_kept_for_a_time_is_forgotten_after_it(cast: Cast) -> None:
    for age in (23, 25):
        IdempotencyKey.objects.create(
            user=cast.ben, key=f"{age}h", request_digest="", status=201, body=b"",
            created_at=NOW - timedelta(hours=age),
        )  # fmt: skip
        Session.objects.create(
            session_key=f"{age}h", session_data="", expire_date=NOW + timedelta(hours=24 - age)
        )
    OpenDay.objects.create(
        instructor=cast.piano.instructor, date=NOW.date() - timedelta(days=181), free=[], free_travel=None
    )

    tasks.forget_idempotency_keys()
    account_tasks.forget_sessions()
    instructor_tasks.prune_open_days()

    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["23h"]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["23h"]
    assert not OpenDay.objects.filter(date__lt=NOW.date() - timedelta(days=180)).exists()


def test_days_that_come_within_the_horizon_are_made(cast: Cast) -> None:
    ana = cast.piano.instructor
    ana.refresh_from_db()
    last = ana.open_until
    assert last is not None
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        instructor_tasks.extend_horizon()
    ana.refresh_from_db()
    assert ana.open_until == last + timedelta(days=3)
    assert OpenDay.objects.filter(instructor=ana, date=last + timedelta(days=2)).exists()


def test_a_short_horizon_keeps_nobody_else_waiting(cast: Cast) -> None:
    short = teaching(instructor=InstructorFactory(horizon_days=7)).instructor
    tomorrow = clock.now() + timedelta(days=1)
    assert [horizon.extend(now=tomorrow, limit=1) for _ in range(3)] == [1, 1, 0]
    short.refresh_from_db()
    ana = Instructor.objects.get(pk=cast.piano.instructor_id)
    days = [in_days(8 + 1), in_days(91 + 1)]
    assert [short.open_until, ana.open_until] == days


@contextmanager
def another_connection(name: str) -> Iterator[bool]:
    """Whether a second connection gets the lock; it keeps it until the end."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
            yield cursor.fetchone()[0]
            # Closing would do, but the server takes its time over that.
            cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        other.close()


@contextmanager
def another_connection_holds(name: str) -> Iterator[None]:
    with another_connection(name) as theirs:
        assert theirs
        yield
