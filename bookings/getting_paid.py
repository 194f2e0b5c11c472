"""Where an instructor stands with being paid, in words: what to do, what Stripe wants, what we hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from bookings import earned
from bookings.services import connect, ledger
from bookings.services import stripe_gateway as gateway
from bookings.services.connect import Standing
from instainstru.lib import money
from instructors.models import Instructor, PayoutAccount


@dataclass(frozen=True, slots=True)
class Words:
    """A badge with its colour, a sentence, and what the button says; empty where there is nothing to do."""

    label: str
    kind: str
    text: str
    action: str = ""


SAID = {
    Standing.NONE: Words(
        "Not set up yet",
        "held",
        "Tell Stripe who you are and which bank account is yours. It takes about five minutes. Until then "
        "students can book you, and what you earn is kept for you here.",
        "Set up getting paid",
    ),
    Standing.BEGUN: Words(
        "Not finished",
        "held",
        "You have begun, and Stripe needs the rest before anything can be sent to you.",
        "Go on at Stripe",
    ),
    Standing.WANTED: Words(
        "Stripe needs something",
        "held",
        "Nothing can be sent to you until Stripe has what it asks for below. What you earn is kept for you.",
        "Give it to Stripe",
    ),
    Standing.CHECKING: Words(
        "Stripe is checking",
        "held",
        "You have given everything. Stripe looks through it, mostly within minutes, at times for a day or "
        "two. There is nothing for you to do.",
    ),
    Standing.NO_BANK: Words(
        "Waits for your bank account",
        "held",
        "What you earn reaches your account at Stripe, and cannot go on from there to your bank.",
        "Mend it at Stripe",
    ),
    Standing.READY: Words(
        "Ready",
        "free",
        "What you earn is sent to you by itself, a day after each lesson; Stripe passes it on to your bank.",
    ),
    Standing.CLOSED: Words(
        "Closed by Stripe",
        "stop",
        "Stripe has closed your account and does not pay into it. What you earned is kept for you: write to "
        "us, and we find a way.",
    ),
}


def standing_of(account: PayoutAccount | None) -> dict[str, Any]:
    """What the page of getting paid says first."""
    stand = connect.standing(account)
    said = SAID[stand]
    wanted = connect.requirements(account) if account is not None and stand != Standing.CLOSED else []
    return {
        "key": str(stand),
        "label": said.label,
        "kind": said.kind,
        "text": said.text,
        "wanted": wanted,
        # Stripe asks for more now and then of those it pays already.
        "action": said.action or ("Give it to Stripe" if wanted else ""),
        "is_ready": stand == Standing.READY,
        "has_dashboard": account is not None and account.details_submitted and stand != Standing.CLOSED,
        "held": _held(account),
    }


def _held(account: PayoutAccount | None) -> dict[str, str] | None:
    """Since when we hold what is owed, and why if that is meant for the instructor."""
    if account is None or account.held_at is None:
        return None
    return {"since": earned.day(account.held_at), "why": account.held_why if account.held_is_told else ""}


def waits(account: PayoutAccount | None, *, owed: int) -> dict[str, str] | None:
    """A line for other pages where money is owed and nobody can be paid; None where all is well."""
    if owed <= 0 or (account is not None and account.is_ready):
        return None
    is_held = account is not None and account.held_at is not None and account.takes_transfers
    amount, url = money.exact(owed), reverse("bookings:getting_paid")
    if is_held:
        return {"text": f"{amount} is yours, and we hold it for now.", "action": "See why", "url": url}
    standing = connect.standing(account)
    if standing == Standing.CHECKING:
        text = f"{amount} is yours. It is sent as soon as Stripe has checked what you gave it."
        return {"text": text, "action": "See where it stands", "url": url}
    text = f"{amount} is yours and waits: we do not know yet where to send it."
    if standing == Standing.CLOSED:
        text = f"{amount} is yours, and Stripe does not pay it to you any more."
    action = {Standing.NONE: "Set up getting paid", Standing.CLOSED: "See what to do"}
    return {"text": text, "action": action.get(standing, "Finish it"), "url": url}


def reminder(instructor: Instructor) -> dict[str, str] | None:
    """The same for pages about something else; nothing while payments are off, without a query."""
    if not gateway.is_configured():
        return None
    owed = ledger.balance(ledger.of_instructor(instructor.pk))
    return waits(connect.account_of(instructor), owed=owed) if owed > 0 else None
