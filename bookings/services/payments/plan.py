"""A lesson's payment as the lesson goes: planned, moved, ended, frozen. Nothing here speaks to Stripe.

``lifecycle`` calls these in the transaction of the booking's change, after the locks of student, bookings
and days; the payment's row comes next, then credit and packages. The worker (``work.py``) does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bookings.models import Booking, Card, NoShowReport, Package, Payment, PaymentStatus, ReportStatus
from bookings.services import credits, packages_held, pricing
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import moments, outcomes, refunds
from bookings.services.payments.outcomes import BEFORE_MONEY, NO_CARD, UNDER_WAY, lock_payment
from bookings.services.payments.steps import LEASE
from bookings.services.policies import Tier
from bookings.services.pricing import Quote, Settlement
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.compiled import Compiled, insert, update
from instainstru.lib.errors import Conflict, NotFound
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import Instructor, Offering
from students.models import Student

# Why a payment is frozen.
DISPUTE, NO_SHOW = "dispute", "no_show"


@dataclass(frozen=True, slots=True)
class Pay:
    """How a student pays for a lesson. A package covers all of it, credit the lesson, the card the rest."""

    card: Card | None = None
    use_credit: bool = False
    package: Package | None = None


NOTHING_SAID = Pay()


def commission_pct(instructor: Instructor, rules: Rules) -> int:
    """What the platform keeps of this instructor's lessons now, per cent."""
    if instructor.is_founding:
        return rules.founding_pct
    return (rules.commission_1_pct, rules.commission_2_pct, rules.commission_3_pct)[
        instructor.commission_step
    ]


def bill(
    offering: Offering, *, duration_min: int, student: Student | None = None, pay: Pay = NOTHING_SAID
) -> Quote:
    """What a lesson would cost now, with the credit and the package that ``pay`` names."""
    return _quote(
        rules_service.current(),
        offering.instructor,
        price_per_hour=offering.price_per_hour,
        duration_min=duration_min,
        credit_available=credits.available(student) if student and pay.use_credit else 0,
        in_package=pay.package is not None,
        price=pay.package.price_each if pay.package else None,
    )


def bill_of(booking: Booking, pay: Pay = NOTHING_SAID) -> Quote:
    """The bill of a booking: its payment's, or what it will be if paid so.

    Where payments are off nobody pays a fee, and of lessons from before there were any nothing but the
    price is known.
    """
    return bills_of(booking, [pay])[0]


def bills_of(booking: Booking, ways: Sequence[Pay]) -> list[Quote]:
    """As ``bill_of``, for each of several ways to pay; two queries at most."""
    payment = payment_of(booking) if gateway.is_configured() else None
    if payment is not None and (booking.confirmed_at is not None or not payment.ending):
        return [outcomes.quote_of(payment)] * len(ways)
    if booking.confirmed_at is not None:
        return [_price_alone(booking)] * len(ways)
    return _bills_if_paid(booking, ways)


def bill_if_paid(booking: Booking, pay: Pay) -> Quote:
    """As ``bill_of``, for a held time that nobody is paying for: what it will be if paid so."""
    return _bills_if_paid(booking, [pay])[0]


def _bills_if_paid(booking: Booking, ways: Sequence[Pay]) -> list[Quote]:
    if not gateway.is_configured():
        return [_price_alone(booking)] * len(ways)
    available = credits.available(booking.student) if any(pay.use_credit for pay in ways) else 0
    return [_quote_of(booking, pay, available if pay.use_credit else 0) for pay in ways]


def _price_alone(booking: Booking) -> Quote:
    return Quote(lesson=booking.price, fee=0, credit=0, package=0, tip=0, commission=0)


def settlement_of(booking: Booking, tier: Tier | None) -> Settlement:
    """What becomes of a booking's money if it ends so."""
    return pricing.settle(bill_of(booking), tier)


def payment_of(booking: Booking) -> Payment | None:
    """The lesson's payment, or of a held time the last one tried; none for lessons from before there were
    any."""
    return next(iter(_of_booking(booking_id=booking.pk)), None)


_of_booking = Compiled(
    lambda booking_id: Payment.objects.select_related("card").filter(
        booking_id=booking_id, purpose=Payment.Purpose.LESSON
    ),
    booking_id=UUID,
)


def _quote_of(booking: Booking, pay: Pay, credit_available: int) -> Quote:
    return _quote(
        booking.rules,
        booking.instructor,
        price_per_hour=booking.price_per_hour,
        duration_min=booking.duration_min,
        credit_available=credit_available,
        in_package=pay.package is not None,
        price=pay.package.price_each if pay.package else None,
    )


def _quote(rules: Rules, instructor: Instructor, **figures: Any) -> Quote:
    return pricing.quote(
        fee_pct=rules.booking_fee_pct, commission_pct=commission_pct(instructor, rules), **figures
    )


def plan(
    booking: Booking, pay: Pay = NOTHING_SAID, *, by: Any, newest_card: int | None = None,
    upfront: bool = False,
) -> Payment:  # fmt: skip
    """The payment of a lesson that is confirmed now: one insert, and what credit or a package add.

    Where ``pay`` names no card it is the student's newest (its id). Without any the student is asked for
    one, and the lesson stays; one too near to ask is for staff to look at. ``upfront`` is for a time that
    is only held.
    """
    now = booking.confirmed_at or clock.now()
    _refuse_others(booking, pay)
    usable = credits.lock(booking.student_id, now=now) if pay.use_credit and not pay.package else []
    quote = _quote_of(booking, pay, sum(credit.left for credit in usable))
    payment = Payment(
        purpose=Payment.Purpose.LESSON,
        booking=booking,
        student=booking.student,
        instructor=booking.instructor,
        lesson=quote.lesson,
        fee=quote.fee,
        credit=quote.credit,
        package=quote.package,
        commission=quote.commission,
        total=quote.total,
        currency=booking.currency,
        created_at=now,
    )
    if pay.card is not None:
        payment.card = pay.card
    elif quote.total:
        payment.card_id = newest_card
    moments.set_times(
        payment, starts_at=booking.starts_at, ends_at=booking.ends_at, rules=booking.rules, now=now
    )
    # Upfront the student is there to be asked; should they have gone, the worker goes on after the lease.
    payment.due_at = now + LEASE if upfront else payment.authorise_at
    if upfront and payment.total:
        # The card is asked next, in the same transaction.
        payment.status, payment.is_new = PaymentStatus.AUTHORISING, True
    if payment.card_id is None and payment.total and payment.give_up_at is None:
        payment.status, payment.error_code = PaymentStatus.FAILED, NO_CARD
        payment.needs_staff, payment.due_at = True, None
    insert(payment)
    if payment.credit:
        credits.spend(payment, usable, by=by)
    if pay.package is not None:
        packages_held.take(pay.package, payment, now=now, by=by)
    return payment


def _refuse_others(booking: Booking, pay: Pay) -> None:
    """Somebody else's card or package is the same as none."""
    if pay.card is not None and (pay.card.student_id != booking.student_id or pay.card.removed_at):
        raise NotFound("There is no such card.")
    if (package := pay.package) is not None and (
        package.student_id != booking.student_id
        or package.offering_id != booking.offering_id
        or package.duration_min != booking.duration_min
    ):
        raise NotFound("There is no such package for this lesson.")


def move(booking: Booking, *, now: datetime) -> None:
    """The lesson has another time: so has everything about its payment.

    What the card holds stays if the new time is near enough, and is let go if it is not.
    """
    payment = _locked(booking)
    if payment is None or payment.ending:
        return
    moments.set_times(
        payment, starts_at=booking.starts_at, ends_at=booking.ends_at, rules=booking.rules, now=now
    )
    payment.warned_at = payment.failing_since = None
    payment.tries = 0
    if payment.status == PaymentStatus.AUTHORISED:
        payment.due_at = now if payment.authorise_at > now else payment.capture_at
    elif payment.status in BEFORE_MONEY and (payment.card_id or not payment.total or payment.give_up_at):
        if payment.status == PaymentStatus.FAILED:
            payment.status, payment.needs_staff = PaymentStatus.PLANNED, False
        payment.due_at = payment.authorise_at
    update(payment)


def end(booking: Booking, tier: str, *, now: datetime) -> None:
    """The lesson is cancelled on these terms, or was ``given``: settle its payment.

    What needs no call to Stripe happens here; the rest is due at once.
    """
    payment = _locked(booking)
    if payment is not None:
        end_payment(payment, tier, now=now)


def end_payment(payment: Payment, tier: str, *, now: datetime) -> None:
    """As ``end``, for a payment whose row is locked."""
    if payment.status == PaymentStatus.CANCELLED:
        return
    if payment.status in (PaymentStatus.CAPTURING, PaymentStatus.CAPTURED):
        _end_late(payment, tier)
        return
    payment.ending = tier
    if payment.status == PaymentStatus.FAILED and outcomes.to_collect(payment):
        # Nobody could be charged before; a person decides what now.
        payment.needs_staff = True
        update(payment)
    elif payment.intent_id or payment.status not in BEFORE_MONEY or not outcomes.all_comes_back(payment):
        if payment.status not in UNDER_WAY:
            payment.due_at = now
        update(payment)
    else:
        outcomes.released(payment, now=now)


def _end_late(payment: Payment, tier: str) -> None:
    """It was or is being charged as a lesson that was given; what comes after that is a refund."""
    if payment.late_ending or payment.ending != Payment.GIVEN or tier == Payment.GIVEN:
        return
    payment.late_ending = tier
    update(payment, "late_ending")
    if payment.status == PaymentStatus.CAPTURED:
        refunds.everything(payment)


def freeze(booking: Booking, *, why: str, now: datetime) -> None:
    """Nothing is charged and nothing sent on until it is decided (``why``: ``NO_SHOW``, ``DISPUTE``)."""
    payment = _locked(booking)
    if payment is not None:
        freeze_payment(payment, why=why, now=now)


def freeze_payment(payment: Payment, *, why: str, now: datetime) -> None:
    """As ``freeze``, for a payment whose row is locked."""
    if payment.frozen_at is None:
        payment.frozen_at, payment.frozen_why = now, why
        outcomes.note(Kind.PAYMENT_FROZEN, payment, amount=payment.total, why=why)
        update(payment)


def unfreeze(booking: Booking, *, ending: str, now: datetime, by: Any = None) -> None:
    """It is decided: the lesson was ``given``, or ends on the terms of a tier.

    A lesson that was charged already is refunded by staff (``refunds.py``).
    """
    payment = _locked(booking)
    if payment is None or payment.frozen_at is None:
        return
    unfreeze_payment(payment, now=now, by=by)
    if ending == Payment.GIVEN and payment.status not in (PaymentStatus.CAPTURED, PaymentStatus.CANCELLED):
        payment.ending = Payment.GIVEN
        update(payment)
    elif ending != Payment.GIVEN:
        update(payment)
        end(booking, ending, now=now)


def unfreeze_payment(payment: Payment, *, now: datetime, by: Any = None) -> None:
    """As ``unfreeze``, for a payment whose row is locked: one reason is gone. Where there is another it stays
    frozen, for that one."""
    if other := _reason_to_freeze(payment):
        payment.frozen_why = other
        update(payment)
        return
    outcomes.note(Kind.PAYMENT_UNFROZEN, payment, amount=payment.total, by=by, why=payment.frozen_why)
    payment.frozen_at, payment.frozen_why = None, ""
    if payment.status == PaymentStatus.AUTHORISED:
        payment.due_at = max(now, payment.capture_at)
    elif payment.status in (PaymentStatus.PLANNED, PaymentStatus.ACTION_REQUIRED):
        payment.due_at = max(now, payment.authorise_at)
    if payment.to_instructor != payment.transferred:
        payment.transfer_at = now
    update(payment)


def _reason_to_freeze(payment: Payment) -> str:
    if payment.disputes.filter(closed_at__isnull=True).exists():
        return DISPUTE
    undecided = (ReportStatus.OPEN, ReportStatus.DISPUTED)
    reports = NoShowReport.objects.filter(booking__payments=payment, status__in=undecided)
    return NO_SHOW if reports.exists() else ""


def _locked(booking: Booking) -> Payment | None:
    payment = outcomes.locked().filter(booking_id=booking.pk, purpose=Payment.Purpose.LESSON).first()
    if payment is not None:
        # The caller's, with what it has just changed.
        payment.booking = booking
    return payment


@transaction.atomic
def change_card(payment: Payment, card: Card) -> Payment:
    """Another card for what no card holds yet; one that was failing is due at once."""
    now = clock.now()
    payment = lock_payment(payment.pk)
    if card.student_id != payment.student_id or card.removed_at:
        raise NotFound("There is no such card.")
    if not outcomes.may_change_card(payment):
        raise Conflict("This payment cannot be changed any more.", code="wrong_status")
    payment.card = card
    if payment.status != PaymentStatus.PLANNED or payment.tries:
        payment.status, payment.due_at = PaymentStatus.PLANNED, max(now, payment.authorise_at)
    update(payment)
    return payment
