"""Tips: a payment of their own after a lesson, all of it the instructor's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from bookings.models import Booking, Card, Payment, PaymentStatus, Status
from bookings.services.packages import immediate
from instainstru.lib import clock, money
from instainstru.lib.errors import Conflict, Invalid, NotFound

SMALLEST, LARGEST = 1_00, 500_00
WITHIN = timedelta(days=30)


def given(booking: Booking) -> Payment | None:
    """The lesson's tip, paid or on its way; one that was declined is none."""
    tips = Payment.objects.filter(booking=booking, purpose=Payment.Purpose.TIP)
    return tips.exclude(status__in=(PaymentStatus.FAILED, PaymentStatus.CANCELLED)).first()


def is_open(booking: Booking, *, now: datetime) -> bool:
    """Whether the lesson is one for which a tip can be given now."""
    return booking.status == Status.COMPLETED and now <= booking.ends_at + WITHIN


@transaction.atomic
def give(booking: Booking, *, amount: int, card: Card, by: Any) -> Payment:
    """A tip for a lesson that was given, due now (``on_session.pay_now``); one for each lesson."""
    if not isinstance(amount, int) or not SMALLEST <= amount <= LARGEST:
        raise Invalid(f"A tip is {money.show(SMALLEST)} to {money.show(LARGEST)}.", field="amount")
    if card.student_id != booking.student_id or card.removed_at:
        raise NotFound("There is no such card.")
    booking = Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)
    now = clock.now()
    if not is_open(booking, now=now):
        raise Conflict("A tip is for a lesson that was given, in the 30 days after it.", code="wrong_status")
    if given(booking) is not None:
        raise Conflict("You have given a tip for this lesson.", code="tip_given")
    return immediate(
        Payment.Purpose.TIP, student=booking.student, offering=booking.offering, card=card, now=now,
        booking=booking, tip=amount, total=amount,
    )  # fmt: skip
