"""An instructor's money in words: lines of the books, what is coming, payouts to the bank."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from bookings import chart, presentation
from bookings.models import Booking, Entry, Party, Payment
from bookings.services import earnings
from bookings.services.policies import Tier
from instainstru.events.kinds import Kind
from instainstru.lib import clock, money, when
from instainstru.lib import presentation as words
from instructors.models import Payout, PayoutAccount

ZONE = settings.SITE_TIME_ZONE
MONTHS = 12
# Why an instructor gets something of a lesson that did not take place.
ENDED = {Tier.HALF: "Cancelled late: half of the price is yours."}
PAYOUTS = {
    Payout.Status.PENDING: ("being prepared", ""),
    Payout.Status.IN_TRANSIT: ("on its way", ""),
    Payout.Status.PAID: ("arrived", "free"),
    Payout.Status.FAILED: ("sent back", "stop"),
    Payout.Status.CANCELED: ("called off", ""),
}


def day(instant: datetime) -> str:
    """``Tue 3 Nov``, on the clocks that months of money go by."""
    return words.day(clock.local(instant, ZONE).date())


def line(entry: Entry, account: PayoutAccount | None = None) -> dict[str, Any]:
    """An entry of the books as a page shows it: what, when, why, and where the money is."""
    posting = entry.posting
    booking, gross = posting.booking, earnings.before_commission(entry)
    status, kind = _whereabouts(entry, account)
    return {
        "day": day(posting.created_at),
        "title": title(entry),
        "lesson": _lesson(booking),
        "url": reverse("bookings:lesson", args=[booking.pk]) if booking else "",
        "why": why(entry),
        "gross": money.exact(gross) if gross != entry.amount else "",
        "commission": money.exact(gross - entry.amount) if gross != entry.amount else "",
        "amount": money.signed(entry.amount),
        "is_less": entry.amount < 0,
        "status": status,
        "status_kind": kind,
    }


def title(entry: Entry) -> str:
    """``Piano with Ben Baker``, ``Tip from Ben Baker``, ``Sent to your account``."""
    posting = entry.posting
    name = presentation.other_name(posting.booking, party=Party.INSTRUCTOR) if posting.booking else ""
    kind = Kind(posting.kind)
    if kind == Kind.PAYMENT_CAPTURED and posting.booking:
        return presentation.title(posting.booking, party=Party.INSTRUCTOR)
    if kind == Kind.TIP_PAID:
        return f"Tip from {name}" if name else "Tip"
    if kind == Kind.PAYMENT_REFUNDED:
        return f"Refund to {name}" if name else "Refund"
    if kind == Kind.PAYMENT_REFUND_FAILED:
        return "A refund that came back"
    if kind == Kind.TRANSFER_MADE:
        return "Sent to your account"
    if kind == Kind.TRANSFER_REVERSED:
        return "Taken back from your account"
    return str(kind.label)


def why(entry: Entry) -> str:
    """The reason in words, where the title does not say it all."""
    posting = entry.posting
    if posting.kind == Kind.PAYMENT_REFUNDED:
        reason = posting.event.data.get("reason", "")
        return f"Your share of what went back: {reason}" if reason else "Your share of what went back."
    if posting.kind == Kind.PAYMENT_REFUND_FAILED:
        return "The bank did not take the refund, so your share of it is yours again."
    if posting.kind == Kind.TRANSFER_REVERSED:
        return "The student got money back after it was sent."
    if posting.kind == Kind.TIP_PAID:
        return "All of it is yours."
    if posting.kind == Kind.PAYMENT_CAPTURED and posting.payment and posting.payment.ending in Tier.values:
        return ENDED.get(Tier(posting.payment.ending), "")
    return ""


def _lesson(booking: Booking | None) -> str:
    if booking is None:
        return ""
    return words.unbroken(f"Lesson on {when.short(booking.starts_at, booking.time_zone)}")


def _whereabouts(entry: Entry, account: PayoutAccount | None) -> tuple[str, str]:
    """Where the money of an earned line is now, in a word and its colour."""
    payment = entry.posting.payment
    if payment is None or entry.amount < 0 or entry.posting.kind in earnings.SENT:
        return "", ""
    if payment.transferred >= payment.to_instructor:
        return "sent", "free"
    if payment.frozen_at is not None:
        return "held", "held"
    if account is not None and account.is_ready:
        return "on its way", ""
    return "waits", "held"


def soon(payment: Payment) -> dict[str, Any]:
    """A lesson that is not charged yet, what it will bring and when."""
    booking = payment.booking
    assert booking is not None  # noqa: S101 (a lesson's payment has one)
    return {
        "title": presentation.title(booking, party=Party.INSTRUCTOR),
        "lesson": words.unbroken(when.short(booking.starts_at, booking.time_zone)),
        "url": reverse("bookings:lesson", args=[booking.pk]),
        "amount": money.exact(payment.lesson - payment.commission),
        "charged": "waits: in question" if payment.frozen_at else f"charged {day(payment.capture_at)}",
    }


def payout(one: Payout) -> dict[str, str]:
    """What went to the bank, or came back from it."""
    status, kind = PAYOUTS[Payout.Status(one.status)]
    dated = one.arrives_at or one.created_at
    return {
        "amount": money.exact(one.amount),
        "day": day(dated),
        "status": status,
        "kind": kind,
        "failure": one.failure if one.status == Payout.Status.FAILED else "",
    }


def month_key(first: date) -> str:
    """``2026-11``, as addresses have it."""
    return f"{first:%Y-%m}"


def drawn(months: Sequence[earnings.Month], *, this: date) -> dict[str, Any]:
    """The last twelve months as a chart and as the rows of a table that says the same."""
    known = {month.first: month.earned for month in months}
    firsts = [this]
    while len(firsts) < MONTHS:
        firsts.append(date(firsts[-1].year - (firsts[-1].month == 1), (firsts[-1].month - 2) % 12 + 1, 1))
    figures = [(first, known.get(first, 0)) for first in reversed(firsts)]
    found = chart.draw(figures)
    best = max(figures, key=lambda each: each[1])
    return {
        "chart": found,
        "most": money.show(found.most),
        "bars": [{"bar": bar, "amount": money.exact(bar.amount), "month": words.month(bar.first)}
                 for bar in found.bars],
        "said": f"Most in {words.month(best[0])}: {money.exact(best[1])}." if best[1] > 0 else "Nothing yet.",
        "is_empty": not any(figure for _, figure in figures),
    }  # fmt: skip


def statement_number(instructor_id: int, first: date) -> str:
    """``000012-202611``: the same for the same month, for ever."""
    return f"{instructor_id:06d}-{first:%Y%m}"


def statement_lines(entries: Iterable[Entry], *, opening: int) -> list[dict[str, Any]]:
    """The lines of a month, first to last, with what was owed after each."""
    found, balance = [], opening
    for entry in entries:
        balance += entry.amount
        found.append({**line(entry), "balance": money.exact(balance)})
    return found
