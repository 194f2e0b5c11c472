"""Our books against Stripe's: what differs is repaired where the truth is plain, and told in any case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet, Sum

from bookings.models import AccountKind, Credit, Entry, Payment, PaymentStatus, Step, StripeFee
from bookings.services import ledger
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import fees, work
from bookings.services.payments.steps import LEASE, OPEN
from instainstru.events.kinds import Kind

# Charges may be disputed for months; what is older than this was compared often enough.
LOOK_BACK = timedelta(days=130)
STUCK_AFTER = 5 * LEASE


@dataclass(frozen=True, slots=True)
class Difference:
    what: str
    where: str
    repaired: bool

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def differences(*, now: datetime) -> Iterator[Difference]:
    """Every difference there is, repaired as it is met where that can be done."""
    yield from _books()
    if gateway.is_configured():
        for payment in _open(now).iterator(chunk_size=200):
            yield from _payment(payment, now=now)
    yield from _stuck(now)


def _open(now: datetime) -> QuerySet[Payment]:
    """What is not over, and what was charged lately."""
    final = Q(status__in=(PaymentStatus.CANCELLED, PaymentStatus.CAPTURED))
    recent = Q(captured_at__gt=now - LOOK_BACK) | Q(steps__state__in=OPEN)
    return Payment.objects.exclude(intent_id="").filter(~final | recent).distinct().order_by("pk")


def not_through_stripe() -> QuerySet[Payment]:
    """Charges that there is nothing to compare with: demo data."""
    return Payment.objects.filter(intent_id="", captured__gt=0)


def _payment(payment: Payment, *, now: datetime) -> Iterator[Difference]:
    where = f"payment {payment.pk}"
    try:
        intent = gateway.intent(payment.intent_id)
        refunds = gateway.refunds_of(payment.intent_id) if payment.captured else []
    except gateway.Refused:
        yield Difference(f"Stripe knows no {payment.intent_id}", where, repaired=False)
        return
    except gateway.GatewayError as error:
        yield Difference(f"Stripe does not answer: {error.message}", where, repaired=False)
        return
    before = payment.status
    if work.observe(payment.pk, intent, now=now):
        payment.refresh_from_db()
        yield Difference(f"{before} here, {intent.status} at Stripe", where, repaired=True)
    if intent.received != payment.captured:
        said = f"charged {payment.captured} here, {intent.received} at Stripe"
        yield Difference(said, where, repaired=False)
    sent = sum(refund.amount for refund in refunds if refund.status not in ("failed", "canceled"))
    waiting = payment.steps.filter(name=Step.Name.REFUND, state__in=OPEN).aggregate(
        total=Sum("amount", default=0)
    )
    if not payment.refunded - waiting["total"] <= sent <= payment.refunded:
        said = f"refunded {payment.refunded} here, {sent} at Stripe"
        yield Difference(said, where, repaired=False)
    yield from _fees(payment, intent, refunds)


def _fees(
    payment: Payment, intent: gateway.Intent, refunds: list[gateway.RefundFacts]
) -> Iterator[Difference]:
    """What Stripe kept of the charge and of refunds; of disputes it is told with them."""
    where = f"payment {payment.pk}"
    found = [(intent.fee, fees.What.CHARGE), *((refund.fee, fees.What.REFUND) for refund in refunds)]
    known = dict(payment.stripe_fees.values_list("pk", "amount"))
    for fee, what in found:
        if fee is None or fee.amount == known.get(fee.id, 0):
            continue
        is_missing = fee.id not in known and fees.observe(payment.pk, fee, what=what)
        said = f"Stripe kept {fee.amount} of a {what}, the books say {known.get(fee.id, 0)}"
        yield Difference(said, where, repaired=is_missing)


def _stuck(now: datetime) -> Iterator[Difference]:
    """Steps that the worker should have met again long ago."""
    old = Step.objects.filter(state__in=OPEN, started_at__lt=now - STUCK_AFTER)
    for step in old.filter(Q(due_at__lt=now - STUCK_AFTER) | Q(payment__due_at__lt=now - STUCK_AFTER)):
        yield Difference(f"{step.name} under way since {step.started_at}", f"step {step}", repaired=False)


def _books() -> Iterator[Difference]:
    if total := ledger.trial():
        yield Difference(f"the ledger adds up to {total}", "ledger", repaired=False)
    for account in ledger.overdrawn():
        yield Difference("an account is below nothing", f"account {account}", repaired=False)
    left = Credit.objects.aggregate(total=Sum("left", default=0))["total"]
    booked = Entry.objects.filter(account__kind=AccountKind.CREDIT).aggregate(total=Sum("amount", default=0))
    if left != booked["total"]:
        said = f"credit to spend is {left}, the ledger says {booked['total']}"
        yield Difference(said, "credit", repaired=False)
    kept_by_stripe = StripeFee.objects.aggregate(total=Sum("amount", default=0))["total"]
    posted = Entry.objects.filter(
        account__kind=AccountKind.STRIPE, posting__kind=Kind.STRIPE_FEE
    ).aggregate(total=Sum("amount", default=0))  # fmt: skip
    if kept_by_stripe != posted["total"]:
        said = f"Stripe's fees are {kept_by_stripe}, the ledger says {posted['total']}"
        yield Difference(said, "fees", repaired=False)
    theirs = Payment.objects.aggregate(owed=Sum(F("to_instructor") - F("transferred"), default=0))["owed"]
    kept = Entry.objects.filter(account__kind=AccountKind.INSTRUCTOR).aggregate(
        total=Sum("amount", default=0)
    )
    if theirs != kept["total"] and not _refunds_under_way():
        said = f"payments owe instructors {theirs}, the ledger says {kept['total']}"
        yield Difference(said, "instructors", repaired=False)


def _refunds_under_way() -> bool:
    """A refund is taken off the payment before it is sent, and off the books when it was."""
    return Step.objects.filter(name=Step.Name.REFUND, state__in=OPEN).exists()
