"""What cancelling or moving a lesson means: pure functions of the booking, its rules and the time.

Source of every figure: the ``Rules`` version the booking was made under. A boundary belongs to the
longer notice: exactly 24 hours before is still 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices

from bookings.models import Booking, Party
from instainstru.rules.models import Rules
from instructors.models import Instructor


class Tier(TextChoices):
    """Who gets what when a lesson is cancelled; the amounts follow from it."""

    FREE = "free", "Full refund"
    COOLING_OFF = "cooling_off", "Full refund, within the cooling-off time"
    CREDIT = "credit", "The lesson's price as credit; the booking fee is kept"
    HALF = "half", "Half of the lesson's price as credit; half goes to the instructor"
    GRACE = "grace", "Full refund: a late cancellation that was waived"
    NOT_BY_STUDENT = "not_by_student", "Full refund with the fee"


# The tiers that cost the student something, and that grace waives.
LATE = (Tier.CREDIT, Tier.HALF)


class Move(TextChoices):
    """On which terms a lesson may be moved."""

    FREE = "free", "Free"
    ONCE = "once", "Once; cancelling then counts from the first start"
    CONSENT = "consent", "Only if the other side agrees"


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What cancelling now means. ``next_change_at`` is when ``tier`` gets worse, if it still can."""

    tier: Tier
    free_until: datetime
    next_change_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reschedule:
    """What moving now means; ``free_until`` is the last instant of free moving."""

    move: Move
    free_until: datetime
    allowed: bool


def free_until(starts_at: datetime, *, preset: str, rules: Rules) -> datetime:
    """The last instant at which a lesson starting then is cancelled for free."""
    hours = {
        Instructor.CancellationPreset.FLEXIBLE: rules.flexible_free_cancel_h,
        Instructor.CancellationPreset.STRICT: rules.strict_free_cancel_h,
    }.get(Instructor.CancellationPreset(preset), rules.free_cancel_h)
    return starts_at - timedelta(hours=hours)


def cancellation(booking: Booking, *, party: Party, now: datetime, grace: int = 0) -> Cancellation:
    """What it means if ``party`` cancels at ``now``.

    ``grace`` is how many late cancellations the student may still have waived (``grace_left``).
    """
    rules = booking.rules
    deadline = free_until(booking.policy_starts_at, preset=booking.cancellation_preset, rules=rules)
    if party != Party.STUDENT:
        return Cancellation(Tier.NOT_BY_STUDENT, deadline, None)
    if now <= deadline:
        return Cancellation(Tier.FREE, deadline, deadline)
    cooling_end = _cooling_off_end(booking)
    if cooling_end is not None and now <= cooling_end:
        return Cancellation(Tier.COOLING_OFF, deadline, cooling_end)
    if grace > 0:
        return Cancellation(Tier.GRACE, deadline, None)
    late = booking.policy_starts_at - timedelta(hours=rules.late_cancel_h)
    if now <= late:
        return Cancellation(Tier.CREDIT, deadline, late)
    return Cancellation(Tier.HALF, deadline, None)


def grace_left(rules: Rules, *, completed: int, waived: int) -> int:
    """How many late cancellations may still be waived for a student.

    ``completed`` counts lessons ever, ``waived`` late cancellations waived in the last 365 days.
    """
    if completed < rules.grace_lessons:
        return 0
    return max(0, rules.grace_a_year - waived)


def _cooling_off_end(booking: Booking) -> datetime | None:
    """The end of the cooling-off time: bounded by the booking's age and by the lesson's nearness."""
    if booking.confirmed_at is None:
        return None
    rules = booking.rules
    by_age = booking.confirmed_at + timedelta(minutes=rules.cooling_off_min)
    # "More than 2 hours away": the boundary itself is too near.
    by_start = booking.policy_starts_at - timedelta(hours=rules.cooling_off_min_lead_h)
    return min(by_age, by_start - timedelta(microseconds=1))


def reschedule(booking: Booking, *, party: Party, now: datetime) -> Reschedule:
    """On which terms ``party`` may move the lesson at ``now``; staff may always."""
    rules = booking.rules
    free = booking.policy_starts_at - timedelta(hours=rules.free_cancel_h)
    late = booking.policy_starts_at - timedelta(hours=rules.late_cancel_h)
    if party == Party.STAFF or now <= free:
        return Reschedule(Move.FREE, free, allowed=True)
    if now <= late:
        return Reschedule(Move.ONCE, free, allowed=booking.late_moves == 0)
    return Reschedule(Move.CONSENT, free, allowed=False)


def no_show_window(booking: Booking) -> tuple[datetime, datetime]:
    """From when until when it can be reported that someone did not come."""
    rules = booking.rules
    return (
        booking.starts_at + timedelta(minutes=rules.no_show_wait_min),
        booking.ends_at + timedelta(hours=rules.no_show_report_h),
    )
