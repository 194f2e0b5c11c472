"""Paying in tests: a stand-in for Stripe that the site speaks to, cards, and the worker's turns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.db.models import Sum

from bookings.models import AccountKind, Booking, Card, Entry, Payment, PaymentStatus, Posting, Step
from bookings.services import ledger, lifecycle
from bookings.services.payments import cards, outcomes, payouts, plan, refunds, work
from bookings.services.payments.plan import Pay
from bookings.services.payments.steps import Outcome, Result
from bookings.services.wanted import wish
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instructors.models import Offering, PayoutAccount
from ops.stand_ins.testing import PUBLISHABLE_KEY, SECRET_KEY, StripeStandIn
from students.models import Student


@pytest.fixture
def stripe_here(stripe_stand_in: StripeStandIn, settings: Any) -> Iterator[StripeStandIn]:
    """The site's Stripe, to which nothing has happened yet; afterwards its books and ours are right."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_PUBLISHABLE_KEY = SECRET_KEY, PUBLISHABLE_KEY
    settings.STRIPE_API_BASE = stripe_stand_in.url
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_one", "whsec_two"]
    yield stripe_stand_in
    assert stripe_stand_in.problems() == []
    assert ledger.trial() == 0
    assert not ledger.overdrawn().exists()


def a_card(student: Student, name: str = "visa") -> Card:
    """A card of the stand-in's, saved."""
    return cards.attach(student, f"pm_card_{name}", by=student.user)


def paid_lesson(offering: Offering, starts_at: datetime, student: Student, **pay: Any) -> Booking:
    """A lesson booked with a card (or credit, or a package)."""
    wanted = wish(offering, starts_at=starts_at, duration_min=60)
    return lifecycle.book(wanted, student=student, by=student.user, pay=Pay(**pay))


def payment_of(booking: Booking) -> Payment:
    found = plan.payment_of(booking)
    assert found is not None
    return found


def at(moment: datetime, **later: float) -> Any:
    """The clock at a moment, running on."""
    return time_machine.travel(moment + timedelta(**later))


def work_at(moment: datetime) -> int:
    """The worker's turn at that time."""
    with time_machine.travel(moment, tick=False):
        return work.run(now=clock.now())


def postings(payment: Payment) -> list[dict[str, int]]:
    """The payment's postings but for Stripe's fees, first to last, each as amounts by kind of account."""
    found = Posting.objects.filter(payment=payment).exclude(kind=Kind.STRIPE_FEE).order_by("id")
    return [_entries(posting) for posting in found]


def fee_postings(payment: Payment) -> list[dict[str, int]]:
    """The postings of what Stripe kept, alike."""
    found = Posting.objects.filter(payment=payment, kind=Kind.STRIPE_FEE).order_by("id")
    return [_entries(posting) for posting in found]


def _entries(posting: Posting) -> dict[str, int]:
    return {str(entry.account.kind): entry.amount for entry in posting.entries.select_related("account")}


def stripes_fees() -> int:
    """What Stripe kept so far, after the books."""
    found = Entry.objects.filter(posting__kind=Kind.STRIPE_FEE, account__kind=AccountKind.STRIPE)
    return int(found.aggregate(total=Sum("amount", default=0))["total"])


def due_payment(offering: Offering, student: Student, card: Card | None, **facts: Any) -> Payment:
    """A payment for a lesson of 80.00, due now and alone: the worker's part without the rest."""
    now = clock.now()
    figures = {"lesson": 80_00, "fee": 9_60, "commission": 12_00, "total": 89_60, "ending": Payment.GIVEN}
    times = dict.fromkeys(("authorise_at", "capture_at", "due_at", "created_at"), now)
    return Payment.objects.create(
        purpose=Payment.Purpose.LESSON,
        student=student,
        instructor=offering.instructor,
        card=card,
        currency="USD",
        **(figures | times | facts),
    )


def payout_account(offering: Offering, stand_in: StripeStandIn) -> PayoutAccount:
    """The instructor's account, ready to be paid."""
    made = stand_in.client().v1.accounts.create(
        {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    )
    stand_in.onboard(made.id)
    return PayoutAccount.objects.create(
        instructor=offering.instructor, stripe_id=made.id, takes_transfers=True, pays_out=True,
        created_at=clock.now(),
    )  # fmt: skip


def charged(
    booking: Booking, *, purpose: str = "lesson", when: datetime | None = None, **facts: Any
) -> Payment:
    """A payment of a lesson at 80.00 an hour that was charged at that time, in our books alone."""
    with time_machine.travel(when or clock.now(), tick=False), transaction.atomic():
        now = clock.now()
        figures = {"lesson": 80_00, "fee": 9_60, "commission": 12_00, "total": 89_60}
        if purpose == "tip":
            figures = {"tip": 5_00, "total": 5_00}
        payment = Payment.objects.filter(booking=booking, purpose=purpose).first() or Payment(
            purpose=purpose, booking=booking, student=booking.student, instructor=booking.instructor,
            currency="USD", authorise_at=now, capture_at=now, created_at=now,
        )  # fmt: skip
        for name, value in (figures | {"ending": Payment.GIVEN} | facts).items():
            setattr(payment, name, value)
        payment.status, payment.intent_id = PaymentStatus.AUTHORISED, f"pi_{payment.pk.hex}"
        payment.save()
        outcomes.captured(payment, now=now)
    return payment


def sent_on(payment: Payment, *, when: datetime | None = None, back: int = 0) -> None:
    """All of it went to the instructor's account, or ``back`` of it was taken back, in our books alone."""
    name = Step.Name.REVERSE if back else Step.Name.TRANSFER
    with time_machine.travel(when or clock.now(), tick=False), transaction.atomic():
        step = Step(payment=payment, name=name, amount=back or payment.to_instructor)
        payouts.settled(payment, step, Outcome(Result.DONE), now=clock.now())


def refunded(payment: Payment, share: int, reason: str, *, when: datetime | None = None) -> None:
    """Staff gave so much back, all of it out of the instructor's share, in our books alone."""
    with time_machine.travel(when or clock.now(), tick=False), transaction.atomic():
        refunds.reserve(payment, amount=share, from_instructor=share, reason=reason, by=None)
        step = payment.steps.get(name=Step.Name.REFUND)
        refunds.settled(payment, step, Outcome(Result.DONE), now=clock.now())
