"""Sending instructors what they earned, and taking back what was refunded since."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum

from bookings.models import Payment, Step
from bookings.services import ledger
from bookings.services.payments import outcomes, steps
from bookings.services.payments.steps import OPEN, Outcome, Result
from instainstru.events.kinds import Kind
from instainstru.lib.compiled import update
from instructors.models import Instructor, PayoutAccount

TRY_AGAIN = timedelta(hours=6)
SENDING = (Step.Name.TRANSFER, Step.Name.REVERSE)


def begin_due(*, now: datetime, limit: int = 50) -> int:
    """Write the steps of transfers that are due; returns how many payments were looked at."""
    done = 0
    while done < limit and _begin_one(now=now):
        done += 1
    return done


@transaction.atomic
def _begin_one(*, now: datetime) -> bool:
    due = Payment.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    payment = due.filter(transfer_at__lte=now).order_by("transfer_at", "pk").first()
    if payment is None:
        return False
    account = PayoutAccount.objects.filter(instructor_id=payment.instructor_id).first()
    payment.transfer_at = None
    update(payment, "transfer_at")
    if payment.steps.filter(name__in=SENDING, state__in=OPEN).exists():
        return True
    if payment.transferred > payment.to_instructor:
        _begin_reversal(payment, now=now)
    elif payment.frozen_at is None and account is not None and account.is_ready:
        _begin_transfer(payment, account, now=now)
    # Where the account is not ready, `account_ready` comes back to it.
    return True


def _begin_transfer(payment: Payment, account: PayoutAccount, *, now: datetime) -> None:
    amount = payment.to_instructor - payment.transferred
    if amount <= 0:
        return
    charged = Step.objects.filter(payment=payment, name=Step.Name.CAPTURE, state=Step.State.DONE).last()
    charge = charged.stripe_id if charged else ""
    sent = {
        "amount": amount,
        "currency": payment.currency,
        "destination": account.stripe_id,
        "group": str(payment.pk),
        # Out of its own charge, before that is available; credit and packages come out of the balance.
        "charge": charge if payment.to_instructor <= payment.captured else "",
    }
    steps.begin(payment, Step.Name.TRANSFER, sent=sent, amount=amount, now=now)


def _begin_reversal(payment: Payment, *, now: datetime) -> None:
    """Out of the latest transfer that has enough left; the rest comes out of the one before, later."""
    wanted = payment.transferred - payment.to_instructor
    for sent in payment.steps.filter(name=Step.Name.TRANSFER, state=Step.State.DONE).order_by("-number"):
        back = payment.steps.filter(
            name=Step.Name.REVERSE, state=Step.State.DONE, sent__transfer=sent.stripe_id
        ).aggregate(total=Sum("amount", default=0))["total"]
        amount = min(wanted, sent.amount - back)
        if amount > 0:
            terms = {"transfer": sent.stripe_id, "amount": amount}
            steps.begin(payment, Step.Name.REVERSE, sent=terms, amount=amount, now=now)
            return


def settled(payment: Payment, step: Step, outcome: Outcome, *, now: datetime) -> None:
    """It was sent or taken back, or not; row locked."""
    if outcome.result == Result.DONE:
        sign = 1 if step.name == Step.Name.TRANSFER else -1
        payment.transferred += sign * step.amount
        kind = Kind.TRANSFER_MADE if sign > 0 else Kind.TRANSFER_REVERSED
        event = outcomes.note(kind, payment, amount=step.amount)
        entries = {ledger.of_instructor(payment.instructor_id): -sign * step.amount,
                   ledger.STRIPE: sign * step.amount}  # fmt: skip
        ledger.post(entries, event=event, currency=payment.currency, payment=payment)
        payment.transfer_at = now if payment.transferred != payment.to_instructor else None
    elif outcome.result == Result.LOST:
        payment.transfer_at = now
    else:
        # The balance is not there yet, or the account is not what it was.
        payment.transfer_at = now + TRY_AGAIN
    update(payment, "transferred", "transfer_at", "version")


def account_ready(instructor: Instructor, *, now: datetime) -> int:
    """Everything an instructor is owed may be sent: to be called when their account becomes ready."""
    return (
        Payment.objects.filter(instructor=instructor, transfer_at__isnull=True, frozen_at__isnull=True)
        .exclude(to_instructor=F("transferred"))
        .update(transfer_at=now)
    )
