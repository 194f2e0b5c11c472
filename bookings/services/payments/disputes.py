"""Cardholders who contest a charge: the payment is frozen, the amount is ours to miss until it is decided."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from bookings.models import Dispute, Payment
from bookings.services import ledger
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import outcomes
from bookings.services.payments.outcomes import lock_payment
from bookings.services.payments.plan import freeze_payment, unfreeze_payment
from instainstru.events.kinds import Kind

CLOSED = ("won", "lost", "warning_closed", "prevented")
WHY = "dispute"


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
    is_closed = found.status in CLOSED
    was_closed = dispute.closed_at is not None
    moved = found.withdrawn - dispute.withdrawn
    dispute.status, dispute.withdrawn = found.status, found.withdrawn
    dispute.answer_by = datetime.fromtimestamp(found.answer_by, UTC) if found.answer_by else None
    dispute.closed_at = (dispute.closed_at or now) if is_closed else None
    dispute.save()
    if is_new:
        freeze_payment(payment, why=WHY, now=now)
        payment.needs_staff = True
    if is_new or moved or is_closed != was_closed:
        kind = Kind.DISPUTE_CLOSED if is_closed else Kind.DISPUTE_OPENED
        event = outcomes.note(kind, payment, amount=found.amount, status=found.status, reason=found.reason)
        entries = {ledger.PLATFORM: -moved, ledger.STRIPE: moved}
        ledger.post(entries, event=event, currency=payment.currency, payment=payment)
    if is_closed and payment.frozen_why == WHY:
        unfreeze_payment(payment, now=now)
    payment.save()
    return True
