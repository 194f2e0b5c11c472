"""What needs a person: payments that nothing will happen to by itself."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from bookings.models import Payment, PaymentStatus
from bookings.services.payments import outcomes
from bookings.services.payments.outcomes import BEFORE_MONEY, lock_payment
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid


def queue() -> QuerySet[Payment]:
    """Payments that wait for staff, the oldest first."""
    waiting = Payment.objects.filter(needs_staff=True)
    return waiting.select_related("student__user", "instructor__user", "booking", "card").order_by("id")


@transaction.atomic
def resolve(payment: Payment, *, reason: str, by: Any) -> Payment:
    """Take it off the queue. What was never charged is let go: credit and packages come back.

    Raises ``wrong_status`` while a call to Stripe is under way.
    """
    if not reason.strip():
        raise Invalid("Say why: it is kept with the payment.", field="reason", code="reason_required")
    payment = lock_payment(payment.pk)
    if not payment.needs_staff:
        raise Conflict("Somebody has dealt with it already.", code="wrong_status")
    payment.needs_staff = False
    if payment.status == PaymentStatus.FAILED and not payment.intent_id:
        payment.ending = "free"
        outcomes.released(payment, now=clock.now())
    elif payment.status in BEFORE_MONEY and payment.status != PaymentStatus.FAILED:
        raise Conflict("It is still being tried. Cancel the lesson first.", code="wrong_status")
    outcomes.note(Kind.PAYMENT_RESOLVED, payment, amount=payment.total, by=by, reason=reason.strip())
    payment.save()
    return payment


@transaction.atomic
def try_again(payment: Payment, *, reason: str, by: Any) -> Payment:
    """Have the worker try a failed payment once more, now."""
    if not reason.strip():
        raise Invalid("Say why: it is kept with the payment.", field="reason", code="reason_required")
    payment = lock_payment(payment.pk)
    if payment.status != PaymentStatus.FAILED or payment.card is None:
        raise Conflict("Only a failed payment with a card can be tried again.", code="wrong_status")
    payment.status, payment.due_at, payment.needs_staff = PaymentStatus.PLANNED, clock.now(), False
    outcomes.note(Kind.PAYMENT_RESOLVED, payment, amount=payment.total, by=by, reason=reason.strip())
    payment.save()
    return payment
