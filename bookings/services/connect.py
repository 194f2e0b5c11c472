"""Instructors' accounts at Stripe: onboarding, what Stripe still wants in words, holds by staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from bookings.services import stripe_gateway as gateway
from bookings.services.payments import payouts
from bookings.services.payments.cards import for_people
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound
from instructors.models import Instructor, PayoutAccount

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
def observe_payout(account_id: str, payout: gateway.PayoutFacts) -> None:
    """Note once that a payout reached the instructor's bank, or did not."""
    account = PayoutAccount.objects.select_for_update().filter(stripe_id=account_id).first()
    kind = {"paid": Kind.PAYOUT_PAID, "failed": Kind.PAYOUT_FAILED}.get(payout.status)
    if account is None or kind is None:
        return
    told = Event.objects.filter(
        subject_type="payoutaccount", subject_id=str(account.pk), kind=kind, data__payout=payout.id
    )
    if not told.exists():
        data = {"payout": payout.id, "amount": payout.amount, "failure": payout.failure}
        record(kind, account, data=data)


@transaction.atomic
def hold(instructor: Instructor, *, reason: str, by: Any) -> PayoutAccount:
    """Send nothing to this instructor until it is released; what is under way arrives."""
    account = _locked(instructor, reason)
    if account.held_at is not None:
        raise Conflict("Payouts are held already.", code="wrong_status")
    account.held_at, account.held_why = clock.now(), reason.strip()
    account.save(update_fields=["held_at", "held_why"])
    record(Kind.PAYOUTS_HELD, account, by=by, data={"why": account.held_why})
    return account


@transaction.atomic
def release(instructor: Instructor, *, reason: str, by: Any) -> PayoutAccount:
    """Send again, at once, what the instructor is owed."""
    account = _locked(instructor, reason)
    if account.held_at is None:
        raise Conflict("Payouts are not held.", code="wrong_status")
    account.held_at, account.held_why = None, ""
    account.save(update_fields=["held_at", "held_why"])
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
