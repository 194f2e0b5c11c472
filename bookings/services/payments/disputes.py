"""Cardholders who contest a charge: the payment is frozen, the amount is ours to miss until it is decided."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from bookings.models import Dispute, Payment
from bookings.services import ledger
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import fees, outcomes
from bookings.services.payments.cards import for_people
from bookings.services.payments.outcomes import lock_payment
from bookings.services.payments.plan import DISPUTE, freeze_payment, unfreeze_payment
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid

CLOSED = ("won", "lost", "warning_closed", "prevented")
# While it is in one of these the bank waits for us.
WAITING = ("needs_response", "warning_needs_response")
# As much text as Stripe takes in one field.
LONGEST = 20_000


def to_answer(among: QuerySet[Dispute]) -> QuerySet[Dispute]:
    """Those that the bank waits for our word on."""
    return among.filter(closed_at__isnull=True, answered_at__isnull=True, status__in=WAITING)


@transaction.atomic
def observe(found: gateway.DisputeFacts, *, now: datetime) -> bool:
    """Take over what a dispute says of itself now; False where it is not about a payment of ours.

    What the bank has withdrawn is posted as a difference to what we knew, so order does not matter.
    """
    known = Payment.objects.filter(intent_id=found.intent).first() if found.intent else None
    if known is None:
        return False
    payment = lock_payment(known.pk)
    dispute, is_new = Dispute.objects.get_or_create(
        stripe_id=found.id,
        defaults={"payment": payment, "amount": found.amount, "reason": found.reason,
                  "status": found.status, "opened_at": now},
    )  # fmt: skip
    was_closed = dispute.closed_at is not None
    moved = found.withdrawn - dispute.withdrawn
    _take_over(dispute, found, now=now)
    is_closed = dispute.closed_at is not None
    if is_new:
        freeze_payment(payment, why=DISPUTE, now=now)
        payment.needs_staff = True
    if is_new or moved or is_closed != was_closed:
        kind = Kind.DISPUTE_CLOSED if is_closed else Kind.DISPUTE_OPENED
        event = outcomes.note(kind, payment, amount=found.amount, status=found.status, reason=found.reason)
        entries = {ledger.PLATFORM: -moved, ledger.STRIPE: moved}
        ledger.post(entries, event=event, currency=payment.currency, payment=payment)
    for fee in found.fees:
        fees.take(payment, fee, what=fees.What.DISPUTE)
    if is_closed and not was_closed and payment.frozen_at is not None:
        unfreeze_payment(payment, now=now)
    payment.save()
    return True


def _take_over(dispute: Dispute, found: gateway.DisputeFacts, *, now: datetime) -> None:
    dispute.status, dispute.withdrawn = found.status, found.withdrawn
    dispute.answer_by = datetime.fromtimestamp(found.answer_by, UTC) if found.answer_by else None
    if found.is_answered:
        dispute.answered_at = dispute.answered_at or now
    dispute.closed_at = (dispute.closed_at or now) if found.status in CLOSED else None
    dispute.save()


def answer(dispute: Dispute, *, text: str, by: Any) -> Dispute:
    """**Stripe.** Send the bank what we say to it; once, and not after the deadline.

    What is sent is written down before, so that it is not lost where Stripe does not answer; the same text
    sent again is the same call to Stripe.
    """
    words = text.strip()
    _prepare(dispute, words, by=by)
    digest = hashlib.sha256(words.encode()).hexdigest()[:16]
    with for_people():
        found = gateway.answer_dispute(
            dispute.stripe_id, text=words, key=f"dispute:{dispute.pk}:answer:{digest}"
        )
    observe(found, now=clock.now())
    dispute.refresh_from_db()
    return dispute


@transaction.atomic
def _prepare(dispute: Dispute, words: str, *, by: Any) -> None:
    payment = lock_payment(dispute.payment_id)
    present = Dispute.objects.select_for_update().get(pk=dispute.pk)
    refuse_late(present, now=clock.now())
    if not words:
        raise Invalid("Write what the bank should know.", field="evidence")
    if len(words) > LONGEST:
        raise Invalid(f"The bank takes {LONGEST:,} characters; these are {len(words):,}.", field="evidence")
    if present.evidence == words:
        return
    present.evidence = words
    present.save(update_fields=["evidence"])
    outcomes.note(
        Kind.DISPUTE_ANSWERED, payment, amount=present.amount, by=by, dispute=present.stripe_id,
        length=len(words),
    )  # fmt: skip
    payment.save(update_fields=["version"])


def refuse_late(dispute: Dispute, *, now: datetime) -> None:
    """Raises ``Conflict`` where the bank would not listen any more."""
    if dispute.closed_at is not None:
        raise Conflict("This dispute is decided.", code="wrong_status")
    if dispute.answered_at is not None:
        raise Conflict("The bank has our evidence; it takes it once.", code="answered")
    if dispute.answer_by is not None and dispute.answer_by <= now:
        raise Conflict("The bank's deadline is over.", code="too_late")
