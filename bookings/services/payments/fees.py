"""What Stripe keeps for itself: the platform pays it, once for each movement of our balance."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from bookings.models import Payment, StripeFee
from bookings.services import ledger
from bookings.services.payments import outcomes
from bookings.services.payments.outcomes import lock_payment
from bookings.services.stripe_facts import Fee
from instainstru.events.kinds import Kind

What = StripeFee.What


def take(payment: Payment, fee: Fee | None, *, what: What) -> bool:
    """Post it; False where there is none, or it is in the books already; row locked."""
    if fee is None or not _is_new(fee):
        return False
    event = outcomes.note(Kind.STRIPE_FEE, payment, amount=fee.amount, what=what, movement=fee.id)
    payment.save(update_fields=["version"])
    StripeFee.objects.create(
        id=fee.id, payment=payment, what=what, amount=fee.amount, created_at=event.created_at
    )
    entries = {ledger.PLATFORM: -fee.amount, ledger.STRIPE: fee.amount}
    ledger.post(entries, event=event, currency=payment.currency, payment=payment)
    return True


@transaction.atomic
def observe(payment_id: Any, fee: Fee | None, *, what: What) -> bool:
    """Take over a fee that was not known when its charge was settled; True where it was missing."""
    return fee is not None and _is_new(fee) and take(lock_payment(payment_id), fee, what=what)


def _is_new(fee: Fee) -> bool:
    return bool(fee.amount) and not StripeFee.objects.filter(pk=fee.id).exists()
