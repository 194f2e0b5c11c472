"""What falls due with time alone. Each takes the instant up to which to work, one booking a transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from bookings.models import Booking, IdempotencyKey, Status
from bookings.services import lifecycle
from instainstru.lib.errors import Conflict

KEEP_IDEMPOTENCY_KEYS = timedelta(hours=24)


def expire_holds(*, now: datetime, limit: int = 500) -> int:
    """End holds that ran out by ``now``; returns how many."""
    stale = Booking.objects.filter(status=Status.HELD, expires_at__lte=now).order_by("expires_at")
    return sum(lifecycle.expire(booking, now=now) for booking in stale[:limit])


def complete_lessons(*, now: datetime, limit: int = 500) -> int:
    """Complete lessons nobody reported anything about until the no-show window closed."""
    ended = (
        Booking.objects.filter(status=Status.CONFIRMED)
        .select_related("rules")
        .filter(ends_at__lte=now - timedelta(hours=1) * F("rules__no_show_report_h"))
        .order_by("ends_at")
    )
    done = 0
    for booking in ended[:limit]:
        try:
            lifecycle.complete(booking, by=None, now=now)
            done += 1
        except Conflict:
            continue
    return done


def forget_idempotency_keys(*, now: datetime) -> int:
    """Delete keys older than a day; returns how many."""
    with transaction.atomic():
        return IdempotencyKey.objects.filter(created_at__lt=now - KEEP_IDEMPOTENCY_KEYS).delete()[0]
