"""What needs a person: payments that nothing will happen to by itself."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet, TextChoices

from bookings.models import Payment, PaymentStatus, Step
from bookings.services.payments import outcomes
from bookings.services.payments.outcomes import BEFORE_MONEY, lock_payment
from bookings.services.payments.plan import NO_CARD
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid


class Reason(TextChoices):
    """Why a payment waits for a person."""

    DISPUTED = "disputed", "The cardholder disputes the charge; the bank waits for our word."
    DISPUTE_OVER = "dispute_over", "A dispute about it was decided. Look whether anything is left to do."
    REFUND_FAILED = "refund_failed", "A refund did not go through; what it would have given back is with us."
    CREDIT_SPENT = "credit_spent", (
        "The lesson turned out not to be given: the card has its money back. Whether credit or a package's "
        "lesson that was spent comes back is for you to say."
    )  # fmt: skip
    UNPAID = "unpaid", "The lesson ended with something to pay, and nobody could be charged."
    NO_CARD = "no_card", "There is no card for this lesson."
    REFUSED = "refused", "The bank or Stripe refused, and nothing more is tried by itself."
    OTHER = "other", "It was set aside for a person to look at."


def reasons(payment: Payment) -> list[Reason]:
    """Why it waits, all that apply; looks at its disputes and steps, which lists prefetch."""
    disputes = list(payment.disputes.all())
    found = {
        Reason.DISPUTED: any(each.closed_at is None for each in disputes),
        Reason.DISPUTE_OVER: bool(disputes) and all(each.closed_at for each in disputes),
        Reason.REFUND_FAILED: any(
            step.name == Step.Name.REFUND and step.state == Step.State.FAILED for step in payment.steps.all()
        ),
        Reason.CREDIT_SPENT: bool(payment.late_ending and (payment.credit or payment.package)),
        Reason.UNPAID: payment.status == PaymentStatus.FAILED and payment.ending not in ("", "free"),
        Reason.NO_CARD: payment.status == PaymentStatus.FAILED and payment.error_code == NO_CARD,
    }
    told = [reason for reason, applies in found.items() if applies]
    if told:
        return told
    return [Reason.REFUSED if payment.status == PaymentStatus.FAILED else Reason.OTHER]


def waiting() -> QuerySet[Payment]:
    return Payment.objects.filter(needs_staff=True)


def queue() -> QuerySet[Payment]:
    """Payments that wait for staff, the oldest first, with what tells why."""
    found = waiting().select_related("student__user", "instructor__user", "booking", "card")
    return found.prefetch_related("disputes", "steps").order_by("id")


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
    """Have the worker try a failed payment once more, now; the lesson is not given up for it any more."""
    if not reason.strip():
        raise Invalid("Say why: it is kept with the payment.", field="reason", code="reason_required")
    payment = lock_payment(payment.pk)
    if payment.status != PaymentStatus.FAILED or payment.card is None:
        raise Conflict("Only a failed payment with a card can be tried again.", code="wrong_status")
    payment.status, payment.due_at, payment.needs_staff = PaymentStatus.PLANNED, clock.now(), False
    payment.give_up_at = payment.warn_at = payment.failing_since = None
    outcomes.note(Kind.PAYMENT_RESOLVED, payment, amount=payment.total, by=by, reason=reason.strip())
    payment.save()
    return payment
