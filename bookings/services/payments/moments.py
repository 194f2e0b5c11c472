"""When a payment is looked at: pure functions of a lesson's times, the rules and what happened so far."""

from __future__ import annotations

from datetime import datetime, timedelta

from bookings.models import Payment
from instainstru.rules.models import Rules


def authorisation(starts_at: datetime, *, rules: Rules) -> datetime:
    """When the card of a lesson at that time is asked to hold the amount."""
    return starts_at - timedelta(hours=rules.authorise_before_h)


def set_times(
    payment: Payment, *, starts_at: datetime, ends_at: datetime, rules: Rules, now: datetime
) -> None:
    """The timeline of a lesson at these times, seen from ``now``.

    A lesson so near that the moment of giving up has passed is never given up by itself.
    """
    payment.authorise_at = max(now, authorisation(starts_at, rules=rules))
    payment.capture_at = ends_at + timedelta(hours=rules.capture_after_h)
    give_up = starts_at - timedelta(hours=rules.give_up_h)
    warn = starts_at - timedelta(hours=rules.last_warning_h)
    payment.give_up_at = give_up if give_up > now else None
    payment.warn_at = warn if warn > now else None


def next_try(payment: Payment, *, rules: Rules, now: datetime) -> datetime | None:
    """When a failing payment is tried next: hours after its first failure; None: not by itself any more.

    Where the lesson will be given up, trying goes on till then; otherwise it ends with the third retry.
    """
    since = payment.failing_since or now
    steps = [rules.retry_1_h, rules.retry_2_h, rules.retry_3_h]
    for hours in steps:
        if (moment := since + timedelta(hours=hours)) > now:
            return moment
    if payment.give_up_at is None:
        return None
    every = timedelta(hours=rules.retry_3_h)
    return since + ((now - since) // every + 1) * every


def next_look(payment: Payment, *, rules: Rules, now: datetime) -> datetime | None:
    """The first of: the next try, the last warning, giving up."""
    moments = [next_try(payment, rules=rules, now=now)]
    if payment.give_up_at is not None:
        moments.append(max(payment.give_up_at, now))
        if payment.warn_at is not None and payment.warned_at is None:
            moments.append(max(payment.warn_at, now))
    return min(filter(None, moments), default=None)
