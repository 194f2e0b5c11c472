"""What is kept of each demo lesson until its money is told, and the commission its instructor then paid."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from bookings.demo.people import Scene, Teacher
from bookings.models import Booking, Status
from bookings.services.earnings import MONTH, steps_of
from bookings.services.pricing import commission_step
from instainstru.rules.models import Rules

DAY = timedelta(days=1)
# So many instructors have not opened an account for their earnings yet.
WITHOUT_ACCOUNT = 0.1


@dataclass(frozen=True, slots=True)
class Due:
    """A lesson as far as money goes: less than a booking, because all of them are kept at once."""

    booking_id: UUID
    student_id: int
    student_user: int | None
    instructor_id: int
    offering_id: int
    price_per_hour: int
    duration_min: int
    currency: str
    commission_pct: int
    # Whether the instructor's share is sent on.
    sent_on: bool
    status: str
    tier: str
    created_at: datetime
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None


class Commissions:
    """Puts instructors on the step that their demo lessons earned, and tells what each lesson cost."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._rng: Random = scene.rng("payout accounts")

    def dues(self, teacher: Teacher, lessons: list[Booking], *, busy: bool) -> Iterator[Due]:
        """All of an instructor's lessons at once, because the step follows from them."""
        rules = self._scene.rules
        sent_on = self._rng.random() >= WITHOUT_ACCOUNT or busy
        changes = steps_over_time(
            [(b.ends_at, b.ended_at) for b in lessons if b.status == Status.COMPLETED and b.ended_at],
            rules,
            until=self._scene.dawn,
        )
        teacher.instructor.commission_step = changes[-1][1] if changes else 0
        moments = [moment for moment, _ in changes]
        pcts = steps_of(rules).pcts
        for booking in lessons:
            place = bisect_right(moments, booking.created_at)
            step = changes[place - 1][1] if place else 0
            yield _due(booking, commission_pct=pcts[step], sent_on=sent_on)


def steps_over_time(
    given: list[tuple[datetime, datetime]], rules: Rules, *, until: datetime
) -> list[tuple[datetime, int]]:
    """When an instructor changed to which step, looked at once a day as ``refresh_commissions`` does.

    ``given`` has the end of each lesson and when it was said to be given.
    """
    terms = steps_of(rules)
    if len(given) < terms.second_from:
        return []
    changes: list[tuple[datetime, int]] = []
    step = 0
    first = min(said for _, said in given)
    for back in range((until - first).days, -1, -1):
        now = until - back * DAY
        ends = [end for end, said in given if said <= now]
        recent = sum(end > now - MONTH for end in ends)
        idle = (now - max(ends)).days if ends else terms.idle_days
        found = commission_step(terms, lessons=recent, before=step, idle_days=idle)
        if found != step:
            step = found
            changes.append((now, step))
    return changes


def _due(booking: Booking, *, commission_pct: int, sent_on: bool) -> Due:
    return Due(
        booking_id=booking.pk,
        student_id=booking.student_id,
        student_user=booking.created_by_id,
        instructor_id=booking.instructor_id,
        offering_id=booking.offering_id,
        price_per_hour=booking.price_per_hour,
        duration_min=booking.duration_min,
        currency=booking.currency,
        commission_pct=commission_pct,
        sent_on=sent_on,
        status=booking.status,
        tier=booking.cancellation_tier,
        created_at=booking.created_at,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        ended_at=booking.ended_at,
    )
