"""Money in words: the lines of a bill, and where a lesson's payment stands."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from bookings import paying, presentation
from bookings.models import Booking, Payment, PaymentStatus
from bookings.services.payments import outcomes
from bookings.services.payments.outcomes import BEFORE_MONEY, NO_CARD
from instainstru.lib import money, when
from instainstru.lib.presentation import unbroken


def lines(payment: Payment) -> list[dict[str, str]]:
    """A payment's bill, as it was agreed."""
    lesson = "Lessons" if payment.purpose == Payment.Purpose.PACKAGE else "Lesson"
    return presentation.bill(outcomes.quote_of(payment), payment.currency, lesson=lesson)


def card_of(payment: Payment) -> str:
    """``your Visa ending in 4242``."""
    return f"your {payment.card}" if payment.card is not None else "your card"


def state(payment: Payment, booking: Booking, *, zone: str) -> dict[str, str]:
    """Where a lesson's payment stands, to the student: ``text``, its ``kind``, and an address to act at."""
    text, kind, act = _state(payment, booking, zone=zone)
    return {
        "text": unbroken(text),
        "kind": kind,
        "url": reverse("bookings:pay", args=[booking.pk]) if act else "",
        "action": act,
    }


def _state(payment: Payment, booking: Booking, *, zone: str) -> tuple[str, str, str]:
    total = money.exact(payment.total, payment.currency)
    if payment.frozen_at is not None:
        why = "the no-show is settled" if payment.frozen_why == "no_show" else "it is looked into"
        return f"Nothing moves until {why}.", "held", ""
    if payment.status == PaymentStatus.CAPTURED:
        return _charged(payment, zone=zone), "", ""
    if payment.status == PaymentStatus.CANCELLED:
        return "Nothing was charged.", "", ""
    if payment.ending not in ("", Payment.GIVEN):
        return _ended(payment, zone=zone)
    if not payment.total:
        paid = "package" if payment.package else "credit"
        return f"Paid with your {paid}. No card is charged.", "free", ""
    if payment.status == PaymentStatus.AUTHORISED:
        moment = when.short(payment.capture_at, zone)
        return f"{_first(card_of(payment))} holds {total}. It will be charged on {moment}.", "", ""
    if payment.status not in BEFORE_MONEY:
        return f"Your bank is being asked about {total}.", "", ""
    return _waiting(payment, booking, total=total, zone=zone)


def _waiting(payment: Payment, booking: Booking, *, total: str, zone: str) -> tuple[str, str, str]:
    """Nothing holds the money yet."""
    if payment.status == PaymentStatus.ACTION_REQUIRED or payment.error_code == "authentication_required":
        return f"Your bank wants to hear from you before it holds {total}.", "stop", "Answer your bank"
    if payment.card is None or payment.error_code == NO_CARD:
        by = "" if payment.failing_since else f" by {when.short(payment.authorise_at, zone)}"
        late = payment.failing_since is not None or payment.status == PaymentStatus.FAILED
        text = f"No card yet: add one{by}, so that {total} can be paid."
        return text, "stop" if late else "held", "Add a card"
    if payment.failing_since is not None or payment.status == PaymentStatus.FAILED:
        why = paying.declined(payment)
        until = ""
        if payment.give_up_at is not None and not payment.ending:
            until = (
                f" Without another card by {when.short(payment.give_up_at, zone)} the lesson is cancelled, "
                "at no cost."
            )
        return f"Card declined: {why}{until}", "stop", "Use another card"
    held, charged = when.short(payment.authorise_at, zone), when.short(payment.capture_at, zone)
    text = (
        f"{_first(card_of(payment))} will be charged {total} on {charged}, a while after the lesson. "
        f"The amount is held from {held}."
    )
    return text, "", "Use another card"


def _charged(payment: Payment, *, zone: str) -> str:
    if not payment.captured:
        return "Paid with your package." if payment.package else "Paid with your credit."
    taken = money.exact(payment.captured, payment.currency)
    moment = when.short(payment.captured_at, zone) if payment.captured_at else ""
    text = f"{_first(card_of(payment))} was charged {taken} on {moment}."
    if payment.refunded:
        text += f" {money.exact(payment.refunded, payment.currency)} of it goes back."
    return text


def _ended(payment: Payment, *, zone: str) -> tuple[str, str, str]:
    """Cancelled, and the worker or staff have not finished with it."""
    collect = outcomes.to_collect(payment)
    if not collect:
        return "Nothing is charged. What your card holds is let go.", "", ""
    if payment.status == PaymentStatus.FAILED:
        due = money.exact(collect, payment.currency)
        return f"{due} could not be charged. We get in touch with you.", "held", ""
    return f"{_first(card_of(payment))} is charged {money.exact(collect, payment.currency)}.", "", ""


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def to_instructor(payment: Payment) -> dict[str, Any]:
    """The instructor's share in words; how the student pays is the student's affair."""
    if payment.frozen_at is not None:
        text = "Your share waits until the no-show is settled."
    elif payment.status == PaymentStatus.CAPTURED:
        text = f"You earned {money.exact(payment.to_instructor, payment.currency)} with it."
    else:
        share = outcomes.settlement(payment).to_instructor
        text = (
            f"You earn {money.exact(share, payment.currency)} with it."
            if share
            else "You earn nothing with it."
        )
    return {"text": text, "kind": "", "url": "", "action": ""}
