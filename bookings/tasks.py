"""What runs by itself: handing out events, and what falls due with time (``instainstru.celery`` says when).

Each bears being run twice, and at the same time as itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from celery import shared_task

from bookings.reactions import REACTIONS
from bookings.services import credits, earnings, guests, packages, sweeps
from bookings.services.payments import inbox, reconcile, work
from instainstru.events import dispatch
from instainstru.lib import clock, locks

logger = logging.getLogger(__name__)

# Together below dispatch.LEASE: a delivery ends before anybody else may start it.
DELIVERY_SECONDS = 90
# A sweep that is still busy after this many batches goes on at its next turn.
ROUNDS = 20


@shared_task(name=dispatch.DISPATCH)
def dispatch_events() -> None:
    """Hand out what is new, and what is due again."""
    dispatch.awake()
    for _ in range(ROUNDS):
        events = dispatch.fan_out(REACTIONS, now=clock.now())
        due = dispatch.claim_due(now=clock.now())
        for delivery_id, attempts in due:
            deliver.delay(delivery_id, attempts)
        if max(events, len(due)) < dispatch.BATCH:
            return
    dispatch.wake()


@shared_task(soft_time_limit=DELIVERY_SECONDS, time_limit=DELIVERY_SECONDS + 10)
def deliver(delivery_id: int, attempts: int) -> None:
    """Run one delivery that the dispatcher claimed."""
    dispatch.deliver(delivery_id, attempts=attempts, reactions=REACTIONS, now=clock.now())


@shared_task
def expire_holds() -> None:
    _sweep("expire holds", lambda: sweeps.expire_holds(now=clock.now()))


@shared_task
def complete_lessons() -> None:
    _sweep("complete lessons", lambda: sweeps.complete_lessons(now=clock.now()))


@shared_task
def lapse_requests() -> None:
    _sweep("lapse requests", lambda: sweeps.lapse_requests(now=clock.now()))


@shared_task
def uphold_no_shows() -> None:
    _sweep("uphold no-shows", lambda: sweeps.uphold_no_shows(now=clock.now()))


@shared_task
def forget_idempotency_keys() -> None:
    _sweep("forget idempotency keys", lambda: sweeps.forget_idempotency_keys(now=clock.now()))


@shared_task
def forget_guests() -> None:
    _sweep("forget guests", lambda: guests.forget(now=clock.now()))


@shared_task
def carry_payments_on() -> None:
    """Any number of workers may: each claims what it does."""
    work.run(now=clock.now())


@shared_task
def hear_stripe() -> None:
    """Look at what Stripe told us of; any number of workers may."""
    inbox.run(now=clock.now())


@shared_task
def expire_credit() -> None:
    _sweep("expire credit", lambda: credits.expire(now=clock.now()))


@shared_task
def warn_of_credit() -> None:
    _sweep("warn of credit", lambda: credits.warn(now=clock.now()))


@shared_task
def expire_packages() -> None:
    _sweep("expire packages", lambda: packages.expire(now=clock.now()))


@shared_task
def refresh_commissions() -> None:
    with locks.alone("refresh commissions") as ours:
        if ours:
            earnings.refresh_commissions(now=clock.now())


@shared_task
def reconcile_payments() -> None:
    """What it finds is in the log, for whoever watches that."""
    with locks.alone("reconcile payments") as ours:
        for found in reconcile.differences(now=clock.now()) if ours else ():
            logger.warning("Payments: %s (%s)%s", found.what, found.where, ", repaired" * found.repaired)


def _sweep(name: str, batch: Callable[[], int]) -> None:
    """Run batches until one finds nothing, unless another worker is at it."""
    with locks.alone(name) as ours:
        if not ours:
            return
        for _ in range(ROUNDS):
            if not batch():
                return
