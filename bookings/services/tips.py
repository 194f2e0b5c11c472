"""Tips: a payment of their own after a lesson, all of it the instructor's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction

from bookings.models import Booking, Card, Payment, PaymentStatus, Status
from bookings.services.packages import immediate
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound

SMALLEST, LARGEST = 1_00, 500_00
WITHIN = timedelta(days=30)


@transaction.atomic
def give(booking: Booking, *, amount: int, card: Card, by: Any) -> Payment:
    """A tip for a lesson that was given, due now (``work.pay_now``); one for each lesson."""
    if not isinstance(amount, int) or not SMALLEST <= amount <= LARGEST:
        raise Invalid(f"A tip is {SMALLEST} to {LARGEST} minor units.", field="amount")
    if card.student_id != booking.student_id or card.removed_at:
        raise NotFound("There is no such card.")
    booking = Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)
    now = clock.now()
    if booking.status != Status.COMPLETED or now > booking.ends_at + WITHIN:
        raise Conflict("A tip is for a lesson that was given, in the 30 days after it.", code="wrong_status")
    earlier = Payment.objects.filter(booking=booking, purpose=Payment.Purpose.TIP)
    if earlier.exclude(status__in=(PaymentStatus.FAILED, PaymentStatus.CANCELLED)).exists():
        raise Conflict("You have given a tip for this lesson.", code="tip_given")
    return immediate(
        Payment.Purpose.TIP, student=booking.student, offering=booking.offering, card=card, now=now,
        booking=booking, tip=amount, total=amount,
    )  # fmt: skip
