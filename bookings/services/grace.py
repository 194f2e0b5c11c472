"""Cancelling as the student at hand may: the policy, and how many late cancellations they have free."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Q

from bookings.models import Booking, Party, Status
from bookings.services import policies
from bookings.services.policies import Cancellation, Tier

YEAR = timedelta(days=365)


def cancellation(booking: Booking, *, party: Party, now: datetime) -> Cancellation:
    """``policies.cancellation``; looks for grace only where it would matter."""
    found = policies.cancellation(booking, party=party, now=now)
    if found.tier not in policies.LATE or not booking.rules.grace_a_year:
        return found
    return policies.cancellation(booking, party=party, now=now, grace=left(booking, now=now))


def left(booking: Booking, *, now: datetime) -> int:
    """How many late cancellations the booking's student may still have waived under its rules."""
    waived = Q(cancellation_tier=Tier.GRACE, status=Status.CANCELLED, ended_at__gt=now - YEAR)
    counted = Booking.objects.filter(student_id=booking.student_id).aggregate(
        completed=Count("pk", filter=Q(status=Status.COMPLETED)), waived=Count("pk", filter=waived)
    )
    return policies.grace_left(booking.rules, completed=counted["completed"], waived=counted["waived"])
