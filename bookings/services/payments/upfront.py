"""Paying before a lesson is booked: one so near that its card is due at once.

While the time is only held its payment is an attempt. The card holds the amount: the lesson is booked, by
whoever hears of it first (the page, the worker that meets the payment again). It is declined, left or the
hold runs out: the attempt ends, gives back all that it took, and another may begin. So no lesson stands
unpaid because its student was declined, and none is paid for that was not booked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from bookings.models import Booking, Payment, PaymentStatus
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import moments, outcomes, plan
from bookings.services.payments.outcomes import lock_payment
from bookings.services.policies import Tier
from bookings.services.pricing import Quote
from instainstru.lib import clock
from instainstru.lib.compiled import update
from instainstru.lib.errors import Conflict

# The bank is being asked, or has said yes: nothing else may be begun.
UNDER_WAY = (PaymentStatus.AUTHORISING, PaymentStatus.AUTHORISED)


def is_needed(booking: Booking, bill: Quote, *, now: datetime) -> bool:
    """Whether the card is due as soon as the held time is booked."""
    if not gateway.is_configured() or not bill.total:
        return False
    return moments.authorisation(booking.starts_at, rules=booking.rules) <= now


def of(booking: Booking) -> Payment | None:
    """The attempt that is going on for a held time."""
    found = plan.payment_of(booking) if booking.confirmed_at is None else None
    return found if found is not None and not found.ending else None


def take_over(booking: Booking, paid: Callable[[], Payment]) -> None:
    """The lesson is booked now, in the caller's transaction: the attempt that ``paid`` locks is its payment.

    Raises ``not_paid`` where the card does not hold the amount (any more).
    """
    payment = paid()
    if payment.booking_id != booking.pk or payment.status != PaymentStatus.AUTHORISED or payment.ending:
        raise Conflict("The payment did not go through.", code="not_paid")
    if payment.due_at != payment.capture_at:
        payment.due_at = payment.capture_at
        update(payment, "due_at")


@transaction.atomic
def stop(booking: Booking) -> Payment | None:
    """End the attempt that is going on, if any; what a card holds for it is let go by ``pay_now`` or the
    worker."""
    attempt = of(booking)
    if attempt is None:
        return None
    payment = lock_payment(attempt.pk)
    if outcomes.is_upfront(payment) and not payment.ending:
        plan.end_payment(payment, Tier.FREE, now=clock.now())
    return payment


def is_gone(payment: Payment, *, now: datetime) -> bool:
    """Whether the time of an attempt is not held any more."""
    return payment.booking is None or not payment.booking.is_held_at(now)
