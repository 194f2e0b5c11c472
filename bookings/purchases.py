"""Payments, credit and packages in words, for their student."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from bookings import bills
from bookings.models import Booking, Credit, Entry, Package, Payment, PaymentStatus
from bookings.services import packages, receipts
from bookings.services.packages import Rest
from bookings.services.payments import outcomes
from bookings.services.receipts import Movement
from instainstru.events.kinds import Kind
from instainstru.lib import money, presentation, when
from instructors.models import Offering
from instructors.presentation import page_url

BADGES = {
    PaymentStatus.PLANNED: ("Planned", ""),
    PaymentStatus.AUTHORISING: ("Planned", ""),
    PaymentStatus.ACTION_REQUIRED: ("Your bank asks", "stop"),
    PaymentStatus.AUTHORISED: ("Held", ""),
    PaymentStatus.CAPTURING: ("Being charged", ""),
    PaymentStatus.CAPTURED: ("Paid", "free"),
    PaymentStatus.CANCELLING: ("Being let go", ""),
    PaymentStatus.CANCELLED: ("Not charged", ""),
    PaymentStatus.FAILED: ("Not paid", "stop"),
}
REASONS = {
    Kind.CREDIT_GRANTED: "Given by us",
    Kind.CREDIT_SPENT: "Used",
    Kind.CREDIT_EXPIRED: "Ended without being used",
    Kind.PAYMENT_CAPTURED: "A cancelled lesson",
    Kind.PAYMENT_CANCELLED: "Yours again after a cancelled lesson",
}


def title(payment: Payment, *, zone: str) -> str:
    """What it was paid for: ``Piano with Sara C., Thu 3 Dec, 6:00 pm``."""
    name = payment.instructor.user.short_name
    if payment.purpose == Payment.Purpose.PACKAGE:
        return bundle(payment.bought, name=name)
    if payment.booking is None:
        return f"A lesson with {name}"
    lesson = _lesson(payment.booking, name=name, zone=zone)
    return f"Tip: {lesson}" if payment.purpose == Payment.Purpose.TIP else lesson


def _lesson(booking: Booking, *, name: str, zone: str) -> str:
    return f"{booking.offering.subject.name} with {name}, {when.short(booking.starts_at, zone)}"


def bundle(package: Package, *, name: str) -> str:
    """``5 lessons of Piano with Sara C., 60 min``."""
    lessons = presentation.count(package.lessons, "lesson")
    length = presentation.minutes(package.duration_min)
    return f"{lessons} of {package.offering.subject.name} with {name}, {length}"


def row(payment: Payment, moved: list[Movement], *, zone: str) -> dict[str, Any]:
    """A payment in the list of all."""
    sums = receipts.sums(moved)
    status, kind = BADGES[PaymentStatus(payment.status)]
    if payment.frozen_at is not None:
        status, kind = "Waits", "held"
    if sums.back:
        status, kind = ("Refunded", "") if not sums.kept else ("Partly refunded", "")
    if payment.status in (PaymentStatus.CAPTURED, PaymentStatus.CANCELLED):
        amount = sums.charged
    else:
        amount = outcomes.to_collect(payment)
    moment = payment.captured_at or payment.capture_at
    return {
        "title": presentation.unbroken(title(payment, zone=zone)),
        "url": reverse("bookings:receipt", args=[payment.pk]),
        "amount": money.exact(amount, payment.currency),
        "when": when.date(payment.captured_at, zone) if payment.captured_at else _due(payment, moment, zone),
        "status": status,
        "status_kind": kind,
        "notes": _notes(payment, moved),
    }


def _due(payment: Payment, moment: datetime, zone: str) -> str:
    if payment.ending not in ("", Payment.GIVEN) or payment.status == PaymentStatus.CANCELLED:
        return "Cancelled"
    return f"due {when.date(moment, zone)}"


def _notes(payment: Payment, moved: list[Movement]) -> list[str]:
    """What else became of it, in words."""
    sums = receipts.sums(moved)
    shown = [
        (sums.back, "went back to your card"),
        (payment.refunded - sums.back, "is on its way back to your card"),
        (sum(one.credit for one in moved if one.credit > 0), "became credit"),
        (-sum(one.credit for one in moved if one.credit < 0), "was paid with credit"),
    ]
    notes = [f"{money.exact(minor, payment.currency)} {text}" for minor, text in shown if minor > 0]
    if payment.purpose == Payment.Purpose.LESSON and payment.package:
        back = any(one.package > 0 for one in moved)
        notes.append("the lesson is in your package again" if back else "a lesson of your package")
    return notes


def receipt(payment: Payment, moved: list[Movement], *, zone: str) -> dict[str, Any]:
    """Everything on a receipt: the bill as it was agreed, then what the books say was paid."""
    sums, currency = receipts.sums(moved), payment.currency
    bill = bills.lines(payment)
    return {
        "number": payment.pk.hex[-12:].upper(),
        "title": presentation.unbroken(title(payment, zone=zone)),
        "is_receipt": bool(sums.charged),
        "when": when.date(payment.captured_at or payment.created_at, zone),
        "lines": bill,
        "total": money.exact(payment.total, currency),
        "card": str(payment.card) if payment.card is not None and sums.charged else "",
        "movements": [told for one in moved for told in _told(one, payment, zone=zone)],
        "kept": money.exact(sums.kept, currency) if sums.back else "",
        "pending": money.exact(payment.refunded - sums.back, currency)
        if payment.refunded > sums.back
        else "",
        "to": payment.student.user.full_name,
        "email": payment.student.user.email,
        "instructor": payment.instructor.user.full_name,
    }


def _told(one: Movement, payment: Payment, *, zone: str) -> list[dict[str, str]]:
    """A movement as lines: what, when, how much."""
    day, card = when.date(one.at, zone), bills.card_of(payment)
    found: list[tuple[str, int]] = []
    if one.card and one.kind in receipts.CHARGES:
        found.append((f"Charged to {card}", one.card))
    elif one.card and one.kind == Kind.PAYMENT_REFUND_FAILED:
        found.append(("Your bank sent the refund back to us", one.card))
    elif one.card:
        found.append((f"Back to {card}", one.card))
    if one.credit:
        found.append(("Credit for another lesson" if one.credit > 0 else "Paid with credit", abs(one.credit)))
    if one.package and payment.purpose == Payment.Purpose.LESSON:
        found.append(("Back in your package" if one.package > 0 else "Out of your package", abs(one.package)))
    return [
        {"label": label, "when": day, "amount": money.exact(minor, payment.currency)}
        for label, minor in found
    ]


def business() -> dict[str, str]:
    """Who sells, on every receipt."""
    return {
        "name": settings.BUSINESS_NAME,
        "address": settings.BUSINESS_ADDRESS,
        "tax_id": settings.BUSINESS_TAX_ID,
        "email": settings.BUSINESS_EMAIL,
        "url": settings.SITE_URL,
    }


def credit(one: Credit, *, zone: str) -> dict[str, str]:
    """Credit that is left: how much, why, until when."""
    used = "" if one.left == one.amount else f"of {money.exact(one.amount, one.currency)}"
    return {
        "left": money.exact(one.left, one.currency),
        "of": used,
        "reason": one.reason,
        "until": when.date(one.expires_at, zone),
    }


def entries(rows: Iterable[Entry], *, zone: str) -> list[dict[str, str]]:
    """The movements of a student's credit, latest first."""
    return [_entry(one, zone=zone) for one in rows]


def _entry(entry: Entry, *, zone: str) -> dict[str, str]:
    posting = entry.posting
    why = REASONS.get(Kind(posting.kind), "Changed")
    if posting.kind == Kind.CREDIT_GRANTED and (said := posting.event.data.get("reason")):
        why = f"{why}: {said}"
    lesson = ""
    if posting.booking is not None:
        name = posting.booking.instructor.user.short_name
        lesson = presentation.unbroken(_lesson(posting.booking, name=name, zone=zone))
    sign = "+" if entry.amount > 0 else ""
    return {
        "amount": sign + money.exact(entry.amount, entry.account.currency),
        "why": why,
        "lesson": lesson,
        "url": reverse("bookings:lesson", args=[posting.booking_id]) if posting.booking_id else "",
        "when": when.date(posting.created_at, zone),
    }


def package(one: Package, *, zone: str, now: datetime) -> dict[str, Any]:
    """A package on its student's page."""
    offering = one.offering
    open_ = one.closed_at is None and one.left > 0 and one.expires_at > now
    return {
        "title": bundle(one, name=offering.instructor.user.short_name),
        "left": presentation.count(one.left, "lesson") + " left" if open_ else "",
        "taken": one.lessons - one.left if one.closed_at is None else 0,
        "lessons": one.lessons,
        "until": when.date(one.expires_at, zone),
        "state": "" if open_ else _over(one),
        "receipt_url": reverse("bookings:receipt", args=[one.payment_id]),
        "book_url": _times_url(one) if open_ and offering.is_listed else "",
        "refund_url": reverse("bookings:refund_package", args=[one.pk]) if open_ else "",
    }


def _over(one: Package) -> str:
    if one.closed_at is not None:
        return "Closed; what was not used was refunded"
    return "All lessons booked" if not one.left else "Ended; what was not used goes back to your card"


def _times_url(one: Package) -> str:
    state = {"offering": one.offering_id, "duration": one.duration_min}
    return f"{page_url(one.offering.instructor.slug)}?{urlencode(state)}#picker"


def rest(one: Package, back: Rest) -> dict[str, Any]:
    """What would come back of a package, before it does."""
    currency, lessons = one.payment.currency, presentation.count(back.lessons, "lesson")
    parts = [(f"{lessons} not used", back.price), ("Booking fee for them", back.fee)]
    return {
        "title": bundle(one, name=one.offering.instructor.user.short_name),
        "lessons": lessons,
        "lines": [
            {"label": label, "amount": money.exact(minor, currency)} for label, minor in parts if minor
        ],
        "total": money.exact(back.total, currency),
        "card": bills.card_of(one.payment),
    }


def buy_url(offering: Offering, duration_min: int | None = None) -> str:
    """The quote for five lessons, where nothing is bought yet."""
    state = {"offering": offering.pk, "lessons": packages.USUAL}
    if duration_min is not None:
        state["duration"] = duration_min
    return f"{reverse('bookings:buy_package')}?{urlencode(state)}"


def offer_label() -> str:
    return f"Buy {packages.USUAL} lessons"
