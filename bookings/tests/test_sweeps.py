"""What falls due with time alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bookings.models import Status
from bookings.services import lifecycle, sweeps
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, held, in_days, local_time

pytestmark = pytest.mark.django_db


def test_holds_end_when_their_time_is_up(cast: Cast):
    hold = held(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    assert hold.expires_at is not None
    assert sweeps.expire_holds(now=hold.expires_at - timedelta(seconds=1)) == 0
    assert sweeps.expire_holds(now=hold.expires_at) == 1
    hold.refresh_from_db()
    assert hold.status == Status.EXPIRED


def test_lessons_complete_themselves_when_nobody_reported_anything_for_a_day(cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    due = lesson.ends_at + timedelta(hours=24)
    assert sweeps.complete_lessons(now=due - timedelta(seconds=1)) == 0
    assert sweeps.complete_lessons(now=due) == 1
    lesson.refresh_from_db()
    assert (lesson.status, lesson.ended_at) == (Status.COMPLETED, due)


def test_one_that_fails_is_logged_and_keeps_no_other_waiting(cast: Cast, monkeypatch, caplog):
    bad = held(cast.piano, local_time(in_days(3), 10), cast.ben_student)
    good = held(cast.piano, local_time(in_days(3), 14), cast.cy_student)
    expire = lifecycle.expire

    def fails_for_one(booking, *, now):
        if booking.pk == bad.pk:
            raise RuntimeError("disk on fire")
        return expire(booking, now=now)

    monkeypatch.setattr(lifecycle, "expire", fails_for_one)
    assert good.expires_at is not None
    assert sweeps.expire_holds(now=good.expires_at) == 1
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.status, bad.status) == (Status.EXPIRED, Status.HELD)
    assert f"A sweep could not finish booking {bad.pk}" in caplog.text
