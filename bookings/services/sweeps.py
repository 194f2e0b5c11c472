"""What falls due with time alone. Each takes the instant up to which to work, one booking a transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from bookings.models import Booking, IdempotencyKey, Party, Status
from bookings.services import consent, lifecycle, no_shows
from instainstru.lib.errors import Conflict

logger = logging.getLogger(__name__)

KEEP_IDEMPOTENCY_KEYS = timedelta(hours=24)


def expire_holds(*, now: datetime, limit: int = 500) -> int:
    """End holds that ran out by ``now``; returns how many."""
    stale = Booking.objects.filter(status=Status.HELD, expires_at__lte=now).order_by("expires_at")
    return _each(stale[:limit], lambda booking: lifecycle.expire(booking, now=now))


def complete_lessons(*, now: datetime, limit: int = 500) -> int:
    """Complete lessons nobody reported anything about until the no-show window closed."""
    ended = (
        Booking.objects.filter(status=Status.CONFIRMED, ends_at__lte=now)
        .select_related("rules")
        .filter(ends_at__lte=now - F("rules__no_show_report_h") * timedelta(hours=1))
        .order_by("ends_at")
    )

    def complete(booking: Booking) -> bool:
        return bool(lifecycle.complete(booking, by=None, party=Party.SYSTEM, now=now))

    return _each(ended[:limit], complete)


def _each(rows: Iterable[Any], act: Callable[[Any], bool]) -> int:
    """For how many it was done. One that fails is told in the log and keeps no other waiting."""
    done = 0
    for row in rows:
        try:
            done += act(row)
        except Conflict:
            # Somebody else was quicker, between our look and our lock.
            continue
        except Exception:
            logger.exception("A sweep could not finish %s %s", row._meta.verbose_name, row.pk)
    return done


def lapse_requests(*, now: datetime, limit: int = 500) -> int:
    """End requests to move a lesson that nobody can answer any more; returns how many."""
    rows = consent.due(now=now).order_by("expires_at")[:limit]
    return _each(rows, lambda request: consent.lapse(request, now=now))


def uphold_no_shows(*, now: datetime, limit: int = 500) -> int:
    """Uphold reports of no-shows that nobody answered in time; returns how many."""
    rows = no_shows.due(now=now).order_by("answer_by")[:limit]
    return _each(rows, lambda report: no_shows.uphold(report, now=now))


def forget_idempotency_keys(*, now: datetime) -> int:
    """Delete keys older than a day; returns how many."""
    with transaction.atomic():
        return IdempotencyKey.objects.filter(created_at__lt=now - KEEP_IDEMPOTENCY_KEYS).delete()[0]
