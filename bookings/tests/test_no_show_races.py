"""The answer to a no-show against the sweep that upholds it: the guard, and a control without it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from bookings.models import Booking, NoShowReport, Party, ReportStatus
from bookings.services import access, history, lifecycle, no_shows
from bookings.services.payments import plan
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from bookings.tests.racing import meet_after, race, without_constraint, without_uniqueness
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.lib.errors import Conflict

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
HOUR = timedelta(hours=1)


@pytest.fixture
def reported(cast: Cast) -> Any:
    """Ben is said not to have come; his time to answer ends now."""
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(lesson.starts_at + HOUR / 2):
        lifecycle.report_no_show(lesson, by=cast.ana, party=Party.INSTRUCTOR)
        yield NoShowReport.objects.select_related("booking").get()


def unlocked(report: NoShowReport) -> tuple[Booking, NoShowReport]:
    """``no_shows._both_locked`` without its locks."""
    return access.whole().get(pk=report.booking_id), NoShowReport.objects.get(pk=report.pk)


def dispute(cast: Cast, report: NoShowReport) -> Any:
    """Ben's answer in the last moment."""
    return lambda: no_shows.dispute(report, by=cast.ben, party=Party.STUDENT, text="I was there")


def sweep(report: NoShowReport) -> Any:
    """The sweep, whose clock is a moment ahead."""
    return lambda: no_shows.uphold(report, now=report.answer_by)


def test_control_without_locks_a_report_is_disputed_and_upheld(
    cast: Cast, reported: NoShowReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(no_shows, "_both_locked", meet_after(unlocked, threading.Barrier(2)))
    monkeypatch.setattr(no_shows, "_note", lambda *args, **kwargs: None)
    closed = without_constraint("bookings_noshowreport", "no_show_closed_with_an_ending")
    with without_uniqueness("events_event"), closed:
        outcomes = race(dispute(cast, reported), sweep(reported))
    assert [type(one).__name__ for one in outcomes] == ["NoShowReport", "bool"]
    assert outcomes[1] is True


def test_a_report_is_disputed_or_upheld_never_both(cast: Cast, reported: NoShowReport) -> None:
    disputed, upheld = race(dispute(cast, reported), sweep(reported))
    reported.refresh_from_db()
    payment = plan.payment_of(reported.booking)
    assert payment is not None
    if upheld:
        assert isinstance(disputed, Conflict)
        assert disputed.code == "already_answered"
        assert (reported.status, payment.frozen_at) == (ReportStatus.UNANSWERED, None)
    else:
        assert reported.status == ReportStatus.DISPUTED
        assert payment.frozen_at is not None
    assert list(history.all_differences()) == []


def test_of_two_answers_and_two_sweeps_one_settles_it(cast: Cast, reported: NoShowReport) -> None:
    def agree() -> Any:
        return no_shows.agree(reported, by=cast.ben, party=Party.STUDENT)

    race(agree, agree, sweep(reported), sweep(reported))
    assert Event.objects.filter(kind=Kind.BOOKING_NO_SHOW_SETTLED).count() == 1
    assert Event.objects.filter(kind=Kind.PAYMENT_UNFROZEN).count() == 1
    reported.refresh_from_db()
    assert reported.ending == "given"
    assert list(history.all_differences()) == []
