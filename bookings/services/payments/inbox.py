"""Stripe's words to us: kept once, answered at once, believed only as far as which object to look at.

Events come late, twice and in any order. So none of them says what is so: each names an object whose present
state is fetched, and taking that over a second time changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import transaction

from bookings.models import Payment, Step, StripeEvent
from bookings.services import connect
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import disputes, fees, refunds, work
from instainstru.lib import clock

logger = logging.getLogger(__name__)

LARGEST = 256 * 1024  # bytes; Stripe's largest are a tenth of it
LEASE = timedelta(seconds=60)
RETRIES = [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30)]
RETRY_EVERY, GIVE_UP_AFTER = timedelta(hours=2), timedelta(hours=24)


def receive(body: bytes, signature: str) -> bool:
    """Keep an event for the worker; False where its signature is not right or too old."""
    if len(body) > LARGEST:
        return False
    message = gateway.read_message(body, signature)
    if message is None:
        return False
    now = clock.now()
    wanted = _handler(message.kind) is not None
    StripeEvent.objects.bulk_create(
        [
            StripeEvent(
                id=message.id,
                kind=message.kind[:60],
                account=message.account,
                object_id=message.object_id[:80],
                said_at=datetime.fromtimestamp(message.created, UTC),
                received_at=now,
                next_try_at=now if wanted else None,
                done_at=None if wanted else now,
            )
        ],
        ignore_conflicts=True,
    )
    return True


def run(*, now: datetime, limit: int = 200) -> int:
    """Look at what is named by events that are due; returns how many. Any number may run."""
    if not gateway.is_configured():
        return 0
    done = 0
    while done < limit and (event := _claim(now)) is not None:
        done += 1
        _look(event, now=now)
    return done


@transaction.atomic
def _claim(now: datetime) -> StripeEvent | None:
    due = StripeEvent.objects.select_for_update(skip_locked=True).filter(next_try_at__lte=now)
    event = due.order_by("next_try_at", "pk").first()
    if event is not None:
        event.attempts += 1
        event.next_try_at = now + LEASE
        event.save(update_fields=["attempts", "next_try_at"])
    return event


def _look(event: StripeEvent, *, now: datetime) -> None:
    handler = _handler(event.kind)
    try:
        if handler is not None:
            handler(event, now)
    except gateway.Refused as error:
        # There is no such object (any more): nothing to take over.
        _finish(event, now=now, error=error.message)
    except Exception as error:
        logger.warning("Stripe event %s: %s", event.pk, error, exc_info=not _is_ours(error))
        _try_again(event, str(error), now=now)
    else:
        _finish(event, now=now)


def _is_ours(error: Exception) -> bool:
    return isinstance(error, gateway.GatewayError)


def _finish(event: StripeEvent, *, now: datetime, error: str = "") -> None:
    event.done_at, event.next_try_at, event.last_error = now, None, error[:300]
    event.save(update_fields=["done_at", "next_try_at", "last_error"])


def _try_again(event: StripeEvent, error: str, *, now: datetime) -> None:
    wait = RETRIES[event.attempts - 1] if event.attempts <= len(RETRIES) else RETRY_EVERY
    over = now + wait > event.received_at + GIVE_UP_AFTER
    event.next_try_at = None if over else now + wait
    event.last_error = error[:300]
    event.save(update_fields=["next_try_at", "last_error"])


def replay(event: StripeEvent) -> None:
    """Look at it again, by staff."""
    StripeEvent.objects.filter(pk=event.pk).update(next_try_at=clock.now(), done_at=None, attempts=0)


Handler = Callable[[StripeEvent, datetime], None]


def _handler(kind: str) -> Handler | None:
    return next((handler for start, handler in _HANDLERS if kind.startswith(start)), None)


def _intent(event: StripeEvent, now: datetime) -> None:
    intent = gateway.intent(event.object_id)
    payment = Payment.objects.filter(intent_id=intent.id).first()
    if payment is None and (named := intent.metadata.get("payment")):
        payment = Payment.objects.filter(pk=named).first()
    if payment is not None:
        work.observe(payment.pk, intent, now=now)
        fees.observe(payment.pk, intent.fee, what=fees.What.CHARGE)


def _refund(event: StripeEvent, now: datetime) -> None:
    found = gateway.refund_facts(event.object_id)
    if found.status not in ("failed", "canceled"):
        return
    step = Step.objects.filter(idempotency_key=found.step, name=Step.Name.REFUND).first()
    if step is not None:
        refunds.came_back(step, now=now)


def _dispute(event: StripeEvent, now: datetime) -> None:
    disputes.observe(gateway.dispute(event.object_id), now=now)


def _account(event: StripeEvent, now: datetime) -> None:
    connect.observe(gateway.account(event.account or event.object_id), now=now)


def _payout(event: StripeEvent, now: datetime) -> None:
    if event.account:
        connect.observe_payout(event.account, gateway.payout(event.object_id, account_id=event.account))


_HANDLERS: list[tuple[str, Handler]] = [
    ("payment_intent.", _intent),
    ("refund.", _refund),
    ("charge.dispute.", _dispute),
    ("account.updated", _account),
    ("payout.", _payout),
]
