"""Instructors' accounts at Stripe: onboarding, what Stripe still wants in words, holds by staff."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from bookings.services import stripe_gateway as gateway
from bookings.services.payments import payouts
from bookings.services.payments.cards import for_people
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound
from instructors.models import Instructor, Payout, PayoutAccount

HOLD = ["held_at", "held_why", "held_is_told"]
ORDER = Payout.Status.values
# Stripe's names of what it wants, by their beginning; the first that fits is told.
WORDS = (
    ("external_account", "A bank account for your earnings"),
    ("tos_acceptance", "Your agreement to Stripe's terms"),
    ("individual.verification.document", "A photo of an identity document"),
    ("individual.verification.additional_document", "A second document, with your address"),
    ("individual.id_number", "Your tax or social security number"),
    ("individual.ssn_last_4", "The last four digits of your social security number"),
    ("individual.dob", "Your date of birth"),
    ("individual.address", "Your address"),
    ("individual.email", "Your email address"),
    ("individual.phone", "Your phone number"),
    ("individual", "Your name as on your documents"),
    ("business_profile", "A few words about what you teach"),
    ("business_type", "Whether you teach as a person or a company"),
)


def account_of(instructor: Instructor) -> PayoutAccount | None:
    return PayoutAccount.objects.filter(instructor=instructor).first()


def onboarding_url(instructor: Instructor, *, return_url: str, refresh_url: str) -> str:
    """Stripe's page where the instructor says who they are; the account is made the first time.

    Links are good for minutes and once: ask for one when the button is pressed.
    """
    with for_people():
        account = account_of(instructor) or _make(instructor)
        return gateway.account_link(account.stripe_id, return_url=return_url, refresh_url=refresh_url)


def _make(instructor: Instructor) -> PayoutAccount:
    found = gateway.create_account(
        email=instructor.user.email,
        instructor=instructor.pk,
        key=f"account:{instructor.pk}:{instructor.user.email}"[:255],
    )
    account, _ = PayoutAccount.objects.get_or_create(
        instructor=instructor, defaults={"stripe_id": found.id, "created_at": clock.now()}
    )
    observe(found, now=clock.now())
    return account


def refresh(instructor: Instructor) -> PayoutAccount | None:
    """What Stripe says of the account now; for the page one comes back to."""
    account = account_of(instructor)
    if account is not None:
        with for_people():
            observe(gateway.account(account.stripe_id), now=clock.now())
        account.refresh_from_db()
    return account


def dashboard_url(account: PayoutAccount) -> str:
    """Stripe's own pages about an account: its payouts and its bank."""
    with for_people():
        return gateway.dashboard_link(account.stripe_id)


def requirements(account: PayoutAccount) -> list[str]:
    """What Stripe still wants, in words, each once."""
    found = []
    for name in account.requirements:
        words = next((words for start, words in WORDS if name.startswith(start)), "More about you")
        if words not in found:
            found.append(words)
    return found


class Standing(StrEnum):
    """Where an instructor stands with Stripe; the first that fits, from nothing to being paid."""

    NONE = "none"
    CLOSED = "closed"
    BEGUN = "begun"
    WANTED = "wanted"
    CHECKING = "checking"
    NO_BANK = "no_bank"
    READY = "ready"


def standing(account: PayoutAccount | None) -> Standing:
    """What keeps the instructor from being paid; a hold of ours is told apart from it (``held_at``)."""
    if account is None:
        return Standing.NONE
    if account.disabled_reason.startswith("rejected"):
        return Standing.CLOSED
    if account.takes_transfers and account.pays_out:
        return Standing.READY
    if not account.details_submitted:
        return Standing.BEGUN
    if account.requirements:
        return Standing.WANTED
    return Standing.NO_BANK if account.takes_transfers else Standing.CHECKING


@transaction.atomic
def observe(facts: gateway.AccountFacts, *, now: datetime) -> bool:
    """Take over what an account says of itself; False where it is nobody's. Earnings follow."""
    account = PayoutAccount.objects.select_for_update().filter(stripe_id=facts.id).first()
    if account is None:
        return False
    changes = {
        "takes_transfers": facts.takes_transfers,
        "pays_out": facts.pays_out,
        "details_submitted": facts.details_submitted,
        "requirements": facts.requirements,
        "disabled_reason": facts.disabled_reason[:100],
    }
    changed = {name: value for name, value in changes.items() if getattr(account, name) != value}
    for name, value in changed.items():
        setattr(account, name, value)
    account.checked_at = now
    account.save()
    if changed:
        record(Kind.PAYOUT_ACCOUNT_CHANGED, account, data=changed)
    if account.is_ready:
        payouts.account_ready(account.instructor, now=now)
    return True


@transaction.atomic
def observe_payout(account_id: str, facts: gateway.PayoutFacts) -> None:
    """Take over what a payout says of itself, and tell once that it arrived or came back.

    A look from before another one may be written after it: a payout never goes back to an earlier status.
    """
    account = PayoutAccount.objects.select_for_update().filter(stripe_id=account_id).first()
    if account is None or facts.status not in Payout.Status.values:
        return
    payout = Payout.objects.filter(stripe_id=facts.id).first() or Payout(
        account=account, stripe_id=facts.id, status=Payout.Status.PENDING, created_at=clock.now()
    )
    if payout.pk and ORDER.index(facts.status) < ORDER.index(payout.status):
        return
    changed = facts.status != payout.status
    payout.amount, payout.currency = facts.amount, settings.CURRENCY
    payout.status, payout.failure = facts.status, facts.failure[:300]
    payout.arrives_at = datetime.fromtimestamp(facts.arrives, UTC) if facts.arrives else None
    payout.save()
    kind = {"paid": Kind.PAYOUT_PAID, "failed": Kind.PAYOUT_FAILED}.get(facts.status)
    if kind is not None and changed:
        data = {"payout": facts.id, "amount": facts.amount, "failure": payout.failure}
        record(kind, account, data=data)


def payouts_of(account: PayoutAccount) -> QuerySet[Payout]:
    """What was sent to the instructor's bank, or is on its way there, latest first."""
    return Payout.objects.filter(account=account).order_by("-id")


@transaction.atomic
def hold(instructor: Instructor, *, reason: str, by: Any, tell: bool = False) -> PayoutAccount:
    """Send nothing to this instructor until it is released; what is under way arrives.

    With ``tell`` the reason is written for the instructor, too; they hear of the hold in any case.
    """
    account = _locked(instructor, reason)
    if account.held_at is not None:
        raise Conflict("Payouts are held already.", code="wrong_status")
    account.held_at, account.held_why, account.held_is_told = clock.now(), reason.strip()[:300], tell
    account.save(update_fields=HOLD)
    record(Kind.PAYOUTS_HELD, account, by=by, data={"why": account.held_why, "told": tell})
    return account


@transaction.atomic
def release(instructor: Instructor, *, reason: str, by: Any) -> PayoutAccount:
    """Send again, at once, what the instructor is owed."""
    account = _locked(instructor, reason)
    if account.held_at is None:
        raise Conflict("Payouts are not held.", code="wrong_status")
    account.held_at, account.held_why, account.held_is_told = None, "", False
    account.save(update_fields=HOLD)
    record(Kind.PAYOUTS_RELEASED, account, by=by, data={"why": reason.strip()})
    if account.is_ready:
        payouts.account_ready(instructor, now=clock.now())
    return account


def _locked(instructor: Instructor, reason: str) -> PayoutAccount:
    if not reason.strip():
        raise Invalid("Say why: it is kept.", field="reason", code="reason_required")
    account = PayoutAccount.objects.select_for_update().filter(instructor=instructor).first()
    if account is None:
        raise NotFound("This instructor has no payout account yet.")
    return account
