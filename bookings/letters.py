"""What a letter about a lesson says: the facts of an event, in the words and the zone of one reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from bookings import bills, presentation, terms
from bookings.models import Booking, Credit, Package, Party, Payment
from bookings.services import access, ics
from bookings.services import stripe_gateway as gateway
from bookings.services.policies import Tier
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.events.notify import CalendarFile, Recipient
from instainstru.lib import money, when
from instainstru.lib import presentation as words

# What a cancelled lesson meant for the student.
SETTLED = {
    Tier.FREE: "It costs you nothing.",
    Tier.COOLING_OFF: "It costs you nothing.",
    Tier.CREDIT: "Its price comes back to you as credit.",
    Tier.HALF: "Half of its price comes back to you as credit.",
    Tier.GRACE: "It costs you nothing, this once.",
    Tier.NOT_BY_STUDENT: "It costs you nothing.",
}


ABOUT_NO_SHOWS = (
    Kind.BOOKING_NO_SHOW, Kind.BOOKING_NO_SHOW_DISPUTED, Kind.BOOKING_NO_SHOW_SETTLED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """One of the two people, and the zone they read times in."""

    party: Party
    user: User

    @property
    def zone(self) -> str:
        return self.user.time_zone

    @property
    def recipient(self) -> Recipient:
        return Recipient(self.user.full_name, self.user.email)


def booking_then(event: Event) -> Booking:
    """The booking as it was right after the event, whatever has happened since."""
    booking = access.whole().get(pk=event.subject_id)
    for name, value in event.data["state"].items():
        is_instant = name.endswith("_at") and value is not None
        setattr(booking, name, datetime.fromisoformat(value) if is_instant else value)
    booking.version = event.version
    return booking


def readers(booking: Booking) -> list[Reader]:
    return [Reader(Party.STUDENT, booking.student.user), Reader(Party.INSTRUCTOR, booking.instructor.user)]


def context(event: Event, booking: Booking, reader: Reader) -> dict[str, Any]:
    """Everything the templates of one lesson's letters use."""
    by_role = event.data.get("by_role", "")
    return {
        "party": reader.party,
        "lesson": lesson(booking, reader),
        "previous": when.short(previous, reader.zone) if (previous := _previous(event)) else None,
        "asked": _asked(event, booking, reader),
        "agreed": event.data.get("agreed", False),
        "policy": policy(booking, now=event.created_at, zone=reader.zone),
        "settled": SETTLED.get(Tier(booking.cancellation_tier)) if booking.cancellation_tier else None,
        "reason": event.data.get("reason") or booking.reason,
        "by_reader": by_role == reader.party,
        "by_host": event.kind == Kind.BOOKING_CONFIRMED and bool(booking.override_reason),
        "by_us": by_role in (Party.STAFF, Party.SYSTEM),
        "reader_absent": booking.absent == reader.party,
        "url": lesson_url(booking),
        **_no_show(event, booking, reader),
    }


def _previous(event: Event) -> datetime | None:
    told = event.data.get("previous")
    return datetime.fromisoformat(told) if told else None


def _asked(event: Event, booking: Booking, reader: Reader) -> str:
    """The time that one side asked to move to, in the reader's zone."""
    told = event.data.get("asked")
    if not told:
        return ""
    start = datetime.fromisoformat(told)
    end = start + (booking.ends_at - booking.starts_at)
    return f"{when.date(start, reader.zone)}, {when.span(start, end, reader.zone)}"


def _no_show(event: Event, booking: Booking, reader: Reader) -> dict[str, Any]:
    """Until when a report is answered, what the other side said, what became of the money."""
    if event.kind not in ABOUT_NO_SHOWS:
        return {}
    told = event.data.get("answer_by")
    answers = event.kind == Kind.BOOKING_NO_SHOW and booking.absent == reader.party
    return {
        "answer_by": when.short(datetime.fromisoformat(told), reader.zone) if told else "",
        "text": event.data.get("text", ""),
        "because": event.data.get("because", ""),
        "ending": event.data.get("ending", ""),
        "paid": gateway.is_configured(),
        **({"url": answer_url(booking)} if answers else {}),
    }


def lesson(booking: Booking, reader: Reader) -> dict[str, Any]:
    """The lines of the lesson's box, and what subjects and sentences take from them."""
    other = booking.instructor.user if reader.party == Party.STUDENT else booking.student.user
    return {
        **presentation.facts(booking, party=reader.party, zone=reader.zone),
        "student_first": booking.student.user.first_name,
        "with_first": other.first_name,
        "with_short": other.short_name,
        "short": when.short(booking.starts_at, reader.zone),
        "date": when.date(booking.starts_at, reader.zone),
        "time": when.span(booking.starts_at, booking.ends_at, reader.zone),
        "price": money.show(booking.price, currency=booking.currency),
        "note": booking.note,
    }


def policy(booking: Booking, *, now: datetime, zone: str) -> str:
    """What the student may still do, with its deadline."""
    told = terms.sentence(booking, zone=zone, now=now)
    # Pages keep hours in one piece; in mail, lines are broken and words are searched for by others.
    return f"{told['sentence']} {told['after']}".strip().replace("\u00a0", " ")


def calendar(booking: Booking, reader: Reader, *, cancelled: bool, now: datetime) -> CalendarFile:
    method = ics.Method.CANCEL if cancelled else ics.Method.REQUEST
    text = ics.calendar_file(booking, party=reader.party, method=method, url=lesson_url(booking), now=now)
    return CalendarFile(text, method)


def lesson_url(booking: Booking) -> str:
    return settings.SITE_URL + reverse("bookings:lesson", args=[booking.pk])


def answer_url(booking: Booking) -> str:
    return settings.SITE_URL + reverse("bookings:answer_no_show", args=[booking.pk])


def credit_context(event: Event, credit: Credit) -> dict[str, Any]:
    """Everything the templates of letters about credit use."""
    zone = credit.student.user.time_zone
    return {
        "amount": money.exact(event.data["amount"], event.data["currency"]),
        "until": when.date(credit.expires_at, zone),
        "reason": credit.reason,
        "url": settings.SITE_URL + reverse("bookings:credit"),
    }


def payment_context(event: Event, payment: Payment) -> dict[str, Any]:
    """Everything the templates of letters about money use; times in the student's zone."""
    data, zone = event.data, payment.student.user.time_zone
    booking = payment.booking
    give_up = data.get("give_up_at")
    lesson = {}
    if booking is not None:
        lesson = {
            "subject": booking.offering.subject.name,
            "with_short": payment.instructor.user.short_name,
            "short": when.short(booking.starts_at, zone),
        }
    return {
        "lesson": lesson,
        "amount": money.exact(data["amount"], data["currency"]),
        "card": str(payment.card) if payment.card else "",
        "code": data.get("code", ""),
        "said": data.get("message", ""),
        "bank_asks": data.get("code") == "authentication_required",
        "next_try": when.short(datetime.fromisoformat(data["next_try"]), zone)
        if data.get("next_try")
        else "",
        "give_up": when.short(datetime.fromisoformat(give_up), zone) if give_up else "",
        "reason": data.get("reason", ""),
        "lines": bills.lines(payment),
        "tipped": payment.instructor.user.first_name,
        "package": _package(payment, zone),
        "url": _where_to_pay(event, payment),
    }


def _where_to_pay(event: Event, payment: Payment) -> str:
    """Where a letter about money leads: to the card, where one is missing or was declined."""
    booking = payment.booking
    if payment.purpose == Payment.Purpose.TIP:
        return settings.SITE_URL + reverse("bookings:receipt", args=[payment.pk])
    if booking is None:
        return settings.SITE_URL + reverse("bookings:packages")
    if event.kind in (Kind.PAYMENT_FAILED, Kind.PAYMENT_WARNED):
        return settings.SITE_URL + reverse("bookings:pay", args=[booking.pk])
    return lesson_url(booking)


def _package(payment: Payment, zone: str) -> dict[str, Any]:
    """What was bought, where it was a package."""
    if payment.purpose != Payment.Purpose.PACKAGE:
        return {}
    package = Package.objects.select_related("offering__subject").get(payment=payment)
    return {
        "lessons": words.count(package.lessons, "lesson"),
        "subject": package.offering.subject.name,
        "with_short": payment.instructor.user.short_name,
        "until": when.date(package.expires_at, zone),
    }


def payee_context(event: Event) -> dict[str, Any]:
    """What the letters about an instructor's payouts say. Staff's reason is there only if meant for them."""
    return {
        "amount": money.exact(event.data.get("amount", 0)),
        "said": event.data.get("failure", ""),
        "reason": event.data.get("why", "") if event.data.get("told") else "",
        "url": settings.SITE_URL + reverse("bookings:getting_paid"),
    }
