"""Money in the words of the back office: amounts, accounts, what comes next, and links to Stripe's pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.models import AccountKind, Payment, PaymentStatus, Posting
from bookings.services.payments import outcomes, review
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.lib import clock, money, when
from instainstru.lib.backoffice import Table

NOTHING = "–"
# Where the ledger is read nobody's clocks are nearer than any others.
UTC = "UTC"
SHOWN = (
    AccountKind.STRIPE, AccountKind.STUDENT, AccountKind.CREDIT, AccountKind.PACKAGE,
    AccountKind.INSTRUCTOR, AccountKind.PLATFORM,
)  # fmt: skip
FROZEN = {"no_show": "a no-show was reported", "dispute": "the cardholder disputes it"}
# Which of Stripe's pages shows an object, by the beginning of its id.
STRIPE_PAGES = {
    "pi": "payments",
    "ch": "payments",
    "du": "disputes",
    "dp": "disputes",
    "acct": "connect/accounts",
}


def moment(instant: datetime | None, zone: str = UTC) -> str:
    if instant is None:
        return NOTHING
    return f"{when.short(instant, zone)} {clock.local(instant, zone).year}"


def name(user: User) -> str:
    return user.full_name or ("Guest" if user.is_guest else user.email)


def link(to: str, key: Any, text: str) -> SafeString:
    """To a row's page in the back office."""
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{to}_change", args=[key]), text)


def person(to: str, key: Any, user: User) -> SafeString:
    return format_html("{} ({})", link(to, key, name(user)), user.email)


def at_stripe(stripe_id: str) -> str | SafeString:
    """An id of Stripe's, with a link to its own page of it; the stand-in has none."""
    pages = STRIPE_PAGES.get(stripe_id.partition("_")[0])
    if not pages or settings.STRIPE_API_BASE:
        return stripe_id or NOTHING
    mode = "" if "_live_" in settings.STRIPE_SECRET_KEY else "test/"
    return format_html(
        '<a href="https://dashboard.stripe.com/{}{}/{}">{}</a>', mode, pages, stripe_id, stripe_id
    )


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def next_step(payment: Payment) -> str:
    """What happens to a payment next, and when."""
    zone = payment.instructor.time_zone
    if payment.frozen_at is not None:
        return f"Nothing: frozen, because {FROZEN.get(payment.frozen_why, payment.frozen_why)}"
    if payment.status in outcomes.UNDER_WAY:
        return "Stripe is asked just now"
    if payment.status == PaymentStatus.CAPTURED:
        return _sending(payment, zone)
    if payment.due_at is None:
        return NOTHING
    verb = {
        PaymentStatus.AUTHORISED: "Charge" if payment.ending in ("", Payment.GIVEN) else "Settle",
        PaymentStatus.ACTION_REQUIRED: "Look whether the student answered the bank",
    }.get(PaymentStatus(payment.status), "Try the card again" if payment.failing_since else "Authorise")
    return f"{verb} {when.short(payment.due_at, zone)}"


def _sending(payment: Payment, zone: str) -> str:
    if payment.transferred > payment.to_instructor:
        back = money.exact(payment.transferred - payment.to_instructor, payment.currency)
        return f"Take {back} back from the instructor"
    if payment.transferred == payment.to_instructor:
        return NOTHING
    owed = money.exact(payment.to_instructor - payment.transferred, payment.currency)
    if payment.transfer_at is None:
        return f"{owed} waits until the instructor's account is ready"
    return f"Send {owed} to the instructor {when.short(payment.transfer_at, zone)}"


def waits_because(payment: Payment) -> str:
    """Why a payment waits for staff, in sentences."""
    if not payment.needs_staff:
        return NOTHING
    said = [str(reason.label) for reason in review.reasons(payment)]
    if payment.error and payment.status == PaymentStatus.FAILED:
        said.append(f"“{payment.error}”")
    return " ".join(said)


def postings_table(postings: Iterable[Posting], *, title: str = "Postings", zone: str = UTC) -> Table:
    """A row for each posting, a column for each kind of account; entries and accounts were prefetched."""
    rows = []
    for posting in postings:
        by_kind = dict.fromkeys(SHOWN, NOTHING)
        for entry in posting.entries.all():
            by_kind[AccountKind(entry.account.kind)] = money.signed(entry.amount, entry.account.currency)
        what = link("bookings_posting", posting.pk, kind(posting.kind))
        rows.append([moment(posting.created_at, zone), what, *by_kind.values()])
    head = ["When", "What", *(_short(of) for of in SHOWN)]
    return Table("postings", title, head, rows, "Nothing has moved yet.", figures=range(2, len(head)))


def _short(of: AccountKind) -> str:
    return {AccountKind.STUDENT: "Student (held)", AccountKind.CREDIT: "Credit",
            AccountKind.PACKAGE: "Packages"}.get(of, str(of.label))  # fmt: skip


def kind(value: str) -> str:
    """In the vocabulary's words."""
    return str(Kind(value).label) if value in Kind.values else value


def details(event: Event) -> list[str]:
    """What an event about money says beside its kind."""
    data, said = event.data, []
    currency = data.get("currency") or settings.CURRENCY
    if data.get("amount"):
        said.append(f"{money.exact(data['amount'], currency)}.")
    if data.get("from_instructor"):
        said.append(f"{money.exact(data['from_instructor'], currency)} of it from the instructor.")
    if event.kind == Kind.STRIPE_FEE:
        said.append(f"For the {data['what']}.")
    if event.kind in (Kind.PAYMENT_FROZEN, Kind.PAYMENT_UNFROZEN):
        said.append(f"Because {FROZEN.get(data.get('why', ''), data.get('why', ''))}.")
    elif data.get("why"):
        said.append(f"“{data['why']}”")
    if data.get("status") and event.kind in (Kind.DISPUTE_OPENED, Kind.DISPUTE_CLOSED):
        said.append(f"{str(data['status']).replace('_', ' ').capitalize()}.")
    words = (data.get("reason"), data.get("message"))
    return said + [f"“{each}”" for each in words if each]
