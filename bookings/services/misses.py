"""Lessons that instructors let down, and what follows: a warning, days in which nobody finds them, staff.

A lesson is let down by who cancels it later than students may for free, and by who did not come to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from bookings.models import Booking, Miss, Party, Status
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid
from instructors.models import Instructor
from instructors.services import calendar, standing

COUNTED = timedelta(days=365)
# For how many days, by which miss it is: the first is a warning, and after the last of these staff look.
HIDDEN_DAYS = (0, 7, 14, 30)
REASON = "Lessons were cancelled late or missed."


@dataclass(frozen=True, slots=True)
class Consequence:
    """Not shown until then; None: until staff have looked."""

    until: datetime | None


def consequence(moments: Sequence[datetime]) -> Consequence | None:
    """What misses at these moments mean together; None where a warning is all. Pure."""
    number = len(moments)
    if number > len(HIDDEN_DAYS):
        return Consequence(None)
    days = HIDDEN_DAYS[number - 1] if number else 0
    return Consequence(max(moments) + timedelta(days=days)) if days else None


def meant(number: int) -> str:
    """What follows that many misses, in words."""
    if number > len(HIDDEN_DAYS):
        return "hidden until we have looked"
    days = HIDDEN_DAYS[number - 1]
    return f"hidden for {days} days" if days else "a warning"


def counting(among: QuerySet[Miss], *, now: datetime) -> QuerySet[Miss]:
    """Those that count now."""
    return among.filter(forgiven_at__isnull=True, happened_at__gt=now - COUNTED)


def cause_of(booking: Booking) -> Miss.Cause | None:
    """How the instructor let this lesson down, as it ended; None where they did not.

    A no-show is one as soon as this is asked: who asks waits until it is upheld.
    """
    if booking.status == Status.NO_SHOW and booking.absent == Party.INSTRUCTOR:
        return Miss.Cause.ABSENT
    if booking.status != Status.CANCELLED or booking.cancelled_by != Party.INSTRUCTOR:
        return None
    notice = timedelta(hours=booking.rules.free_cancel_h)
    ended_at = booking.ended_at or booking.starts_at
    return Miss.Cause.LATE if booking.starts_at - ended_at < notice else None


@transaction.atomic
def count(booking: Booking, *, now: datetime) -> Miss | None:
    """Count the lesson against its instructor, once, and let follow what follows; None where it is no miss.

    Its own transaction and not the cancellation's: there the days are locked already, and the instructor's
    row comes before them.
    """
    cause = cause_of(booking)
    if cause is None:
        return None
    instructor = calendar.lock_instructor(booking.instructor)
    if (known := Miss.objects.filter(booking=booking).first()) is not None:
        return known
    happened_at = booking.ended_at or now
    earlier = _moments(instructor, now=now)
    miss = Miss.objects.create(
        instructor=instructor, booking=booking, cause=cause, number=len(earlier) + 1, happened_at=happened_at
    )
    told = {"booking": str(booking.pk), "cause": cause, "number": miss.number}
    after = _still(consequence([*earlier, happened_at]), now=now)
    is_hidden = after is not None and standing.hide(
        instructor, until=_later(instructor, after), reason=REASON, kind=Kind.INSTRUCTOR_HIDDEN, told=told
    )
    if not is_hidden:
        record(Kind.INSTRUCTOR_WARNED, instructor, data=told)
    return miss


@transaction.atomic
def forgive(miss: Miss, *, reason: str, by: Any) -> Miss:
    """It does not count any more, and what followed from it ends."""
    words = reason.strip()[:300]
    if not words:
        raise Invalid("Say why: it is kept with the lesson.", field="reason", code="reason_required")
    instructor = calendar.lock_instructor(miss.instructor)
    present = Miss.objects.select_for_update(of=("self",)).select_related("booking").get(pk=miss.pk)
    if present.forgiven_at is not None:
        raise Conflict("It was forgiven already.", code="wrong_status")
    now = clock.now()
    present.forgiven_at, present.forgiven_by, present.forgiven_why = now, by, words
    present.save(update_fields=["forgiven_at", "forgiven_by", "forgiven_why"])
    told = {"booking": str(present.booking_id), "reason": words}
    left = without(present, now=now)
    if instructor.is_hidden and left is not None:
        standing.hide(
            instructor, until=left.until, reason=REASON, kind=Kind.INSTRUCTOR_FORGIVEN, told=told, by=by
        )
        return present
    record(Kind.INSTRUCTOR_FORGIVEN, instructor, by=by, data=told)
    if instructor.is_hidden:
        standing.show(instructor, by=by)
    return present


def without(miss: Miss, *, now: datetime) -> Consequence | None:
    """What the instructor's other misses mean now."""
    return _still(consequence(_moments(miss.instructor, now=now, but=miss)), now=now)


def _moments(instructor: Instructor, *, now: datetime, but: Miss | None = None) -> list[datetime]:
    found = counting(Miss.objects.filter(instructor=instructor), now=now)
    if but is not None:
        found = found.exclude(pk=but.pk)
    return list(found.order_by("happened_at").values_list("happened_at", flat=True))


def _still(found: Consequence | None, *, now: datetime) -> Consequence | None:
    return None if found is not None and found.until is not None and found.until <= now else found


def _later(instructor: Instructor, after: Consequence) -> datetime | None:
    """One miss more never shortens what follows from those before."""
    if not instructor.is_hidden or after.until is None:
        return after.until
    return max(after.until, instructor.hidden_until) if instructor.hidden_until else None
