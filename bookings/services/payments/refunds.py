"""Refunds by staff: what one takes from whom, then doing it. The worker sends it to Stripe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from bookings.models import Payment, PaymentStatus, Step
from bookings.services import ledger
from bookings.services.payments import outcomes, steps
from bookings.services.payments.outcomes import lock_payment
from bookings.services.payments.steps import Outcome, Result
from bookings.services.pricing import part
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.lib import clock, money
from instainstru.lib.compiled import update
from instainstru.lib.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """``amount`` goes back to the card, so much of it from each; ``left`` could be refunded after it.

    ``taken_back`` is what the instructor was sent already and has to give back.
    """

    amount: int
    from_instructor: int
    from_platform: int
    left: int
    taken_back: int


def refundable(payment: Payment) -> int:
    """What was charged and has not gone back."""
    return payment.captured - payment.refunded


def preview(payment: Payment, *, amount: int, instructor_bears: bool = True) -> RefundPlan:
    """What a refund of so much would take from whom.

    The instructor bears the part of it that they got of the charge, or nothing where the platform makes
    it good. Raises ``Invalid`` naming ``amount``, ``not_charged``, and ``disputed`` where the bank has
    taken the amount itself.
    """
    left = refundable(payment)
    if payment.status != PaymentStatus.CAPTURED or payment.purpose == Payment.Purpose.PACKAGE:
        raise Conflict("Only what was charged for a lesson or a tip can be refunded.", code="not_charged")
    refuse_elsewhere(payment)
    if payment.disputes.filter(withdrawn__gt=0).exists():
        raise Conflict("The bank has taken this amount in a dispute already.", code="disputed")
    if not left:
        raise Conflict("Everything that was charged has gone back.", code="nothing_left")
    if not 0 < amount <= left:
        most = money.exact(left, payment.currency)
        raise Invalid(f"Between one minor unit and {most} can go back.", field="amount")
    share = 0
    if instructor_bears:
        # Of everything that is left their share is all of theirs, so that no unit stays behind.
        whole = min(payment.to_instructor, left)
        share = whole if amount == left else part(whole, amount, left)
    to_give = payment.transferred - (payment.to_instructor - share)
    return RefundPlan(amount, share, amount - share, left - amount, min(share, max(0, to_give)))


def is_elsewhere(payment: Payment) -> bool:
    """Whether it was charged without Stripe, as demo data was: nothing can go back to a card."""
    return payment.captured > 0 and not payment.intent_id


def refuse_elsewhere(payment: Payment) -> None:
    """Raises ``not_through_stripe``."""
    if is_elsewhere(payment):
        raise Conflict(
            "This was not paid through Stripe, so nothing can go back to a card.", code="not_through_stripe"
        )


@transaction.atomic
def execute(
    payment: Payment, *, amount: int, reason: str, by: Any, instructor_bears: bool = True,
    seen: int | None = None,
) -> Step:  # fmt: skip
    """Reserve the amount and leave it to the worker; the plan is made afresh on the locked row.

    ``seen`` is the payment's version when its plan was shown: where anything has happened since, the same
    refund ordered twice above all, it raises ``stale`` and nothing is done.
    """
    if not reason.strip():
        raise Invalid("Say why: it is kept with the refund.", field="reason", code="reason_required")
    payment = lock_payment(payment.pk)
    if seen is not None and payment.version != seen:
        raise Conflict("Something happened to this payment meanwhile. Look once more.", code="stale")
    plan = preview(payment, amount=amount, instructor_bears=instructor_bears)
    reason = reason.strip()
    step = reserve(payment, amount=amount, from_instructor=plan.from_instructor, reason=reason, by=by)
    outcomes.note(
        Kind.PAYMENT_REFUND_BEGUN, payment, amount=amount, by=by, reason=reason,
        from_instructor=plan.from_instructor,
    )  # fmt: skip
    update(payment, "version")
    return step


def reserve(
    payment: Payment, *, amount: int, from_instructor: int, reason: str, by: Any, **more: Any
) -> Step:
    """Take the amount off what can be refunded, so that no two refunds promise the same; row locked."""
    payment.refunded += amount
    payment.to_instructor -= from_instructor
    update(payment, "refunded", "to_instructor")
    sent = {
        "intent": payment.intent_id,
        "amount": amount,
        "from_instructor": from_instructor,
        "reason": reason,
        "by": getattr(by, "pk", None),
        **more,
    }
    return steps.begin(payment, Step.Name.REFUND, sent=sent, amount=amount, now=clock.now())


def everything(payment: Payment) -> None:
    """All that was charged goes back: the lesson turned out not to be given; row locked.

    Credit and packages that were spent are for a person to judge.
    """
    payment.needs_staff = bool(payment.credit or payment.package) or is_elsewhere(payment)
    update(payment, "needs_staff")
    if not is_elsewhere(payment) and (left := refundable(payment)):
        share = min(payment.to_instructor, left)
        reserve(payment, amount=left, from_instructor=share, reason="The lesson was cancelled", by=None)


def settled(payment: Payment, step: Step, outcome: Outcome, *, now: datetime) -> None:
    """It went back, or did not; row locked."""
    if outcome.result == Result.LOST:
        steps.begin(payment, Step.Name.REFUND, sent=step.sent, amount=step.amount, now=now)
        return
    if outcome.result != Result.DONE:
        _undo(payment, step)
        payment.needs_staff = True
        update(payment, "needs_staff")
        return
    kind = Kind.PACKAGE_REFUNDED if step.sent.get("package") else Kind.PAYMENT_REFUNDED
    by = User.objects.filter(pk=step.sent["by"]).first()
    event = outcomes.note(kind, payment, amount=step.amount, by=by, reason=step.sent["reason"])
    if payment.to_instructor != payment.transferred and payment.frozen_at is None:
        payment.transfer_at = now
    update(payment, "version", "transfer_at")
    ledger.post(_entries(payment, step, 1), event=event, currency=payment.currency, payment=payment)


def came_back(step: Step, *, now: datetime) -> None:
    """A refund that was sent failed at the bank: the money is with us again. Idempotent."""
    with transaction.atomic():
        payment = lock_payment(step.payment_id)
        step = Step.objects.select_for_update().get(pk=step.pk)
        if step.state != Step.State.DONE:
            return
        step.state, step.error_code = Step.State.FAILED, "refund_failed"
        update(step, "state", "error_code")
        _undo(payment, step)
        event = outcomes.note(Kind.PAYMENT_REFUND_FAILED, payment, amount=step.amount)
        payment.needs_staff = True
        update(payment, "version", "needs_staff")
        ledger.post(_entries(payment, step, -1), event=event, currency=payment.currency, payment=payment)


def _undo(payment: Payment, step: Step) -> None:
    payment.refunded -= step.amount
    payment.to_instructor += step.sent["from_instructor"]
    update(payment, "refunded", "to_instructor")


def _entries(payment: Payment, step: Step, sign: int) -> dict[ledger.Whose, int]:
    """A package's refund comes out of the package, and its fee out of ours."""
    share = step.sent["from_instructor"]
    from_package = step.sent.get("from_package", 0)
    return {
        ledger.STRIPE: sign * step.amount,
        ledger.of_instructor(payment.instructor_id): -sign * share,
        ledger.packages_of(payment.student_id): -sign * from_package,
        ledger.PLATFORM: -sign * (step.amount - share - from_package),
    }
