"""The worker's part: what is due is claimed, carried out without a transaction, and settled."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from bookings.models import Customer, Party, Payment, PaymentStatus, Step
from bookings.services import lifecycle
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import fees, outcomes, payouts, refunds, steps, upfront
from bookings.services.payments.outcomes import BEFORE_MONEY, NO_CARD, NO_CARD_SAID, lock_again, lock_payment
from bookings.services.payments.steps import LEASE, ON_INTENT, OPEN, Outcome, Result
from bookings.services.policies import Tier
from instainstru.lib.compiled import Compiled, update
from instainstru.lib.errors import Conflict, DomainError
from instainstru.lib.transactions import part, whole

logger = logging.getLogger(__name__)

BUSY_WAIT = timedelta(seconds=10)
# A call that timed out may still be under way; one that Stripe has answered is over.
UNKNOWN_WAIT, OVER_WAIT = timedelta(seconds=30), timedelta(seconds=2)
# Where Stripe cannot be reached, the waits double, up to this.
LONGEST_WAIT = timedelta(hours=1)
UNPAID = "The payment could not be authorised in time."


@dataclass(frozen=True, slots=True)
class Job:
    """What a claimed payment or step needs: a call, giving its lesson up, booking it, or nothing more."""

    payment: Payment
    step: Step | None = None
    give_up: bool = False
    book: bool = False


@dataclass(frozen=True, slots=True)
class There:
    """The student is there: where their bank sends them back to, and whether Stripe.js runs in their page."""

    return_url: str
    in_page: bool = False


def run(*, now: datetime, limit: int = 200) -> int:
    """Do what is due by ``now``, one payment or step at a time; returns how many. Any number may run."""
    if not gateway.is_configured():
        return 0
    done = 0
    for claim in (_claim, _claim_step):
        while done < limit and (job := claim(now)) is not None:
            done += 1
            _do(job, now=now)
    return done


def _do(job: Job, *, now: datetime) -> None:
    """One that fails is told in the log, keeps nobody waiting, and is met again when its lease ends."""
    try:
        if job.give_up:
            _give_up(job.payment)
        elif job.book:
            book(job.payment)
        elif job.step is not None:
            settle(job.step, steps.carry_out(job.step, now=now), now=now)
    except Exception:
        logger.exception("Payment %s could not be carried on", job.payment.pk)


@transaction.atomic
def _claim(now: datetime) -> Job | None:
    # One table first: most turns find nothing, and with its five neighbours this would take as long to be
    # planned as all the rest.
    due = Payment.objects.select_for_update(no_key=True, skip_locked=True).filter(due_at__lte=now)
    pk = due.order_by("due_at", "pk").values_list("pk", flat=True).first()
    return decide(outcomes.lock_payment(pk), now=now) if pk is not None else None


def decide(payment: Payment, *, now: datetime, there: There | None = None) -> Job:
    """What to do with a payment that is due; its row is locked, and says when it is due again."""
    step = steps.open_on_intent(payment)
    if step is not None:
        _lease(payment, now=now)
        return Job(payment, step)
    if outcomes.is_upfront(payment) and not payment.ending:
        return decide_upfront(payment, now=now, there=there)
    ends_free = bool(payment.ending) and outcomes.all_comes_back(payment)
    if payment.frozen_at is not None and not ends_free:
        payment.due_at = None
        update(payment, "due_at")
        return Job(payment)
    if payment.status == PaymentStatus.AUTHORISED:
        return _charge_or_release(payment, ends_free=ends_free, now=now)
    if payment.status not in BEFORE_MONEY:
        payment.due_at = None
        update(payment, "due_at")
        return Job(payment)
    if ends_free:
        return _release(payment, now=now)
    if not payment.ending and _is_failing(payment) and payment.give_up_at and payment.give_up_at <= now:
        if not outcomes.has_card(payment):
            outcomes.without_card(payment)
            return Job(payment)
        _lease(payment, now=now)
        return Job(payment, give_up=True)
    if payment.warn_at and payment.warn_at <= now and payment.warned_at is None and _is_failing(payment):
        outcomes.warned(payment, now=now)
        return Job(payment)
    return _authorise(payment, now=now, there=there)


def decide_upfront(payment: Payment, *, now: datetime, there: There | None) -> Job:
    """As ``decide``, for a time that is only held and was not let go of."""
    if upfront.is_gone(payment, now=now):
        payment.ending = Tier.FREE
        update(payment, "ending")
        return _charge_or_release(payment, ends_free=True, now=now)
    if payment.status == PaymentStatus.AUTHORISED:
        _lease(payment, now=now)
        return Job(payment, book=True)
    if payment.status == PaymentStatus.ACTION_REQUIRED and payment.intent_id:
        payment.due_at = payment.booking.expires_at if payment.booking else None
        update(payment, "due_at")
        return Job(payment)
    return _authorise(payment, now=now, there=there)


def _is_failing(payment: Payment) -> bool:
    return payment.failing_since is not None


def _lease(payment: Payment, *, now: datetime) -> None:
    payment.due_at = now + LEASE
    update(payment, "due_at")


def _begin(
    payment: Payment, name: Step.Name, status: PaymentStatus, *, sent: dict[str, Any], amount: int,
    now: datetime,
) -> Job:  # fmt: skip
    before = PaymentStatus.PLANNED if payment.is_new else payment.status
    step = steps.begin(payment, name, sent={**sent, "before": before}, amount=amount, now=now)
    if payment.is_new:
        # It was written as it is now.
        payment.is_new = False
    else:
        payment.status, payment.due_at = status, now + LEASE
        update(payment, "status", "due_at")
    return Job(payment, step)


def _authorise(payment: Payment, *, now: datetime, there: There | None) -> Job:
    if not payment.total:
        outcomes.authorised(payment, intent_id="", now=now)
        return Job(payment)
    found = _customer(student_id=payment.student_id, card_id=payment.card_id) if payment.card_id else []
    customer = next(iter(found), None)
    if payment.card is None or customer is None:
        outcomes.declined(payment, code=NO_CARD, message=NO_CARD_SAID, intent_id=payment.intent_id, now=now)
        return Job(payment)
    sent = {
        "customer": customer.stripe_id,
        "method": payment.card.method_id,
        "amount": payment.total,
        "currency": payment.currency,
        "metadata": {"payment": str(payment.pk), "booking": str(payment.booking_id or "")},
        "intent": payment.intent_id,
        "return_url": there.return_url if there else "",
        "in_page": there.in_page if there else False,
    }
    return _begin(
        payment, Step.Name.AUTHORISE, PaymentStatus.AUTHORISING, sent=sent, amount=payment.total, now=now
    )


# Whose card that is, unless it was removed since whoever planned to ask it has read it.
_customer = Compiled(
    lambda student_id, card_id: Customer.objects.filter(
        student_id=student_id, student__cards__pk=card_id, student__cards__removed_at__isnull=True
    ).order_by(),
    student_id=int,
    card_id=int,
)


def _charge_or_release(payment: Payment, *, ends_free: bool, now: datetime) -> Job:
    moved_away = not payment.ending and payment.authorise_at > now
    if ends_free or moved_away:
        return _release(payment, now=now)
    if not payment.ending and payment.capture_at > now:
        payment.due_at = payment.capture_at
        update(payment, "due_at")
        return Job(payment)
    payment.ending = payment.ending or Payment.GIVEN
    update(payment, "ending")
    amount = outcomes.to_collect(payment)
    if not amount:
        outcomes.captured(payment, now=now)
        return Job(payment)
    sent = {"intent": payment.intent_id}
    return _begin(payment, Step.Name.CAPTURE, PaymentStatus.CAPTURING, sent=sent, amount=amount, now=now)


def _release(payment: Payment, *, now: datetime) -> Job:
    if not payment.intent_id:
        outcomes.released(payment, now=now)
        return Job(payment)
    sent = {"intent": payment.intent_id}
    return _begin(
        payment, Step.Name.RELEASE, PaymentStatus.CANCELLING, sent=sent, amount=payment.total, now=now
    )


def book(payment: Payment, settled: Callable[[], Payment] | None = None) -> Payment | None:
    """The card holds the amount of a held time, as is written down or ``settled`` writes down with it: it is
    a lesson now, of which this is the payment. None: it is no lesson, nothing was written, and what the card
    holds is to be let go.
    """
    if payment.booking is None:
        return None
    found: list[Payment] = []

    def paid() -> Payment:
        found.append(settled() if settled else lock_payment(payment.pk))
        return found[0]

    try:
        with whole():
            lifecycle.confirm(payment.booking, by=payment.student.user, paid=paid)
    except DomainError:
        upfront.stop(payment.booking)
        return None
    return found[0]


def _give_up(payment: Payment) -> None:
    """The lesson is cancelled without a penalty; its cancellation ends the payment."""
    if payment.booking is None:
        return
    try:
        lifecycle.cancel(payment.booking, by=None, party=Party.SYSTEM, reason=UNPAID)
    except Conflict:
        with transaction.atomic():
            found = lock_payment(payment.pk)
            if found.status in BEFORE_MONEY and not found.ending:
                found.due_at, found.needs_staff = None, True
                found.status = PaymentStatus.FAILED
                update(found, "due_at", "needs_staff", "status")


@part()
def settle(step: Step, outcome: Outcome, *, now: datetime) -> Payment:
    """Write down how a step went, once, whoever comes first; its payment as that is then."""
    payment = lock_again(step.payment)
    [step] = _locked_step(pk=step.pk)
    if step.state not in OPEN:
        return payment
    if outcome.result in (Result.BUSY, Result.UNKNOWN):
        _wait(payment, step, outcome, now=now)
        return payment
    step.state = Step.State.DONE if outcome.result in (Result.DONE, Result.ACTION) else Step.State.FAILED
    step.stripe_id = outcome.stripe_id
    if step.name == Step.Name.CAPTURE and outcome.intent is not None:
        step.stripe_id = outcome.intent.charge
    step.error_code, step.error = outcome.code[:60] or outcome.result, outcome.message[:300]
    if step.state == Step.State.DONE:
        step.error_code = ""
    step.settled_at, step.due_at = now, None
    update(step, "state", "stripe_id", "error_code", "error", "settled_at", "due_at")
    if step.name == Step.Name.REFUND:
        refunds.settled(payment, step, outcome, now=now)
    elif step.name in (Step.Name.TRANSFER, Step.Name.REVERSE):
        payouts.settled(payment, step, outcome, now=now)
    else:
        _settled_on_intent(payment, step, outcome, now=now)
    is_refund = step.name == Step.Name.REFUND
    fees.take(payment, outcome.fee, what=fees.What.REFUND if is_refund else fees.What.CHARGE)
    return payment


_locked_step = Compiled(lambda pk: Step.objects.select_for_update().filter(pk=pk), pk=int)


def _wait(payment: Payment, step: Step, outcome: Outcome, *, now: datetime) -> None:
    wait = BUSY_WAIT
    if outcome.result == Result.UNKNOWN:
        step.state, step.is_over = Step.State.UNKNOWN, outcome.is_over
        wait = OVER_WAIT if outcome.is_over else UNKNOWN_WAIT
    step.error_code, step.error = outcome.code[:60], outcome.message[:300]
    step.calls += 1
    wait = min(wait * 2 ** min(step.calls - 1, 12), LONGEST_WAIT)
    if step.name in ON_INTENT:
        payment.due_at = now + wait
        update(payment, "due_at")
    else:
        step.due_at = now + wait
    update(step)


def _settled_on_intent(payment: Payment, step: Step, outcome: Outcome, *, now: datetime) -> None:
    intent_id = outcome.intent.id if outcome.intent else payment.intent_id
    if outcome.result == Result.LOST:
        payment.status, payment.due_at = step.sent["before"], now
        payment.intent_id = intent_id
        update(payment)
    elif outcome.result == Result.EXPIRED:
        outcomes.expired(payment, now=now)
    elif outcome.result == Result.DECLINED:
        outcomes.declined(payment, code=outcome.code, message=outcome.message, intent_id=intent_id, now=now)
    elif outcome.result == Result.ACTION:
        outcomes.action_required(payment, intent_id=intent_id, now=now)
    elif outcome.result == Result.REFUSED:
        outcomes.refused(payment, code=outcome.code, message=outcome.message, now=now)
    elif step.name == Step.Name.AUTHORISE:
        outcomes.authorised(payment, intent_id=intent_id, now=now)
    elif step.name == Step.Name.CAPTURE:
        outcomes.captured(payment, now=now)
        if payment.late_ending:
            refunds.everything(payment)
    else:
        outcomes.released(payment, now=now)


@transaction.atomic
def observe(payment_id: Any, intent: gateway.Intent, *, now: datetime) -> bool:
    """Take over what an intent says of itself, as a webhook or a comparison found it; False: nothing new."""
    payment = lock_payment(payment_id)
    if payment.intent_id not in ("", intent.id):
        return False
    step = steps.open_on_intent(payment)
    if step is not None:
        outcome = steps.of_intent(step.name, intent)
        if outcome.result in (Result.DONE, Result.ACTION):
            settle(step, outcome, now=now)
            return True
        return False
    if payment.intent_id == "":
        return False
    return _observed(payment, intent, now=now)


def _observed(payment: Payment, intent: gateway.Intent, *, now: datetime) -> bool:
    if intent.status == "requires_capture" and payment.status in BEFORE_MONEY:
        outcomes.authorised(payment, intent_id=intent.id, now=now)
    elif intent.status == "succeeded" and payment.status in (*BEFORE_MONEY, PaymentStatus.AUTHORISED):
        outcomes.captured(payment, now=now)
        fees.take(payment, intent.fee, what=fees.What.CHARGE)
    elif intent.status == "canceled" and payment.status in (*BEFORE_MONEY, PaymentStatus.AUTHORISED):
        if payment.status == PaymentStatus.AUTHORISED:
            outcomes.expired(payment, now=now)
        else:
            payment.intent_id = ""
            update(payment, "intent_id")
    elif intent.status == "requires_payment_method" and payment.status == PaymentStatus.ACTION_REQUIRED:
        outcomes.declined(payment, code=intent.error_code, message=intent.error, intent_id=intent.id, now=now)
    else:
        return False
    return True


def _claim_step(now: datetime) -> Job | None:
    payouts.begin_due(now=now)
    with transaction.atomic():
        due = Step.objects.select_for_update(of=("self",), skip_locked=True).select_related("payment")
        step = due.filter(due_at__lte=now, state__in=OPEN).order_by("due_at", "pk").first()
        if step is None:
            return None
        step.due_at = now + LEASE
        update(step, "due_at")
        return Job(step.payment, step)
