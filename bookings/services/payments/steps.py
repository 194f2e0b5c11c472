"""Steps: written before a call to Stripe, carried out without a transaction, settled after.

A step that nobody settled (a crash, a lost answer) is met again when its lease ends. While the call may
still be under way it is repeated under its key, so that Stripe answers what it answered the first time.
Where Stripe said that it failed, or the key is too old to be remembered, Stripe is asked what is true.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from bookings.models import Payment, Step
from bookings.services import stripe_gateway as gateway
from bookings.services.stripe_facts import Fee, Intent
from instainstru.lib import prepared
from instainstru.lib.compiled import Compiled, insert

# Longer than any call takes; then somebody else may repeat it. Short, because what a killed worker had in
# hand waits so long.
LEASE = timedelta(seconds=30)
# Stripe remembers keys for a day.
KEY_LIVES = timedelta(hours=20)
WRONG_STATE = "payment_intent_unexpected_state"
OPEN = (Step.State.ATTEMPTING, Step.State.UNKNOWN)
ON_INTENT = (Step.Name.AUTHORISE, Step.Name.CAPTURE, Step.Name.RELEASE)


class Result(StrEnum):
    """How a step went. ``LOST``: it surely did not happen, so it may be taken anew under another key."""

    DONE = "done"
    DECLINED = "declined"
    ACTION = "action"
    REFUSED = "refused"
    BUSY = "busy"
    UNKNOWN = "unknown"
    LOST = "lost"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Result
    intent: Intent | None = None
    stripe_id: str = ""
    code: str = ""
    message: str = ""
    is_over: bool = False
    fee: Fee | None = None


def open_on_intent(payment: Payment) -> Step | None:
    """The call about the payment's intent that nobody has settled yet."""
    for step in _open_on_intent(payment_id=payment.pk):
        step.payment = payment
        return step
    return None


_open_on_intent = Compiled(
    lambda payment_id: Step.objects.filter(payment_id=payment_id, state__in=OPEN, name__in=ON_INTENT),
    payment_id=UUID,
)


def begin(payment: Payment, name: Step.Name, *, sent: dict[str, Any], amount: int, now: datetime) -> Step:
    """Write down what will be asked of Stripe; the payment's row is locked."""
    number = 1 if payment.is_new else _next(payment, name)
    step = Step(
        payment=payment,
        name=name,
        number=number,
        idempotency_key=f"{payment.pk}:{name}:{number}",
        amount=amount,
        sent=sent,
        started_at=now,
        due_at=None if name in ON_INTENT else now,
    )
    insert(step)
    return step


def _next(payment: Payment, name: Step.Name) -> int:
    with prepared.cursor() as cursor:
        cursor.execute(_NUMBER, [payment.pk, name.value])
        number: int = cursor.fetchone()[0]
    return number


_NUMBER = "SELECT count(*) + 1 FROM bookings_step WHERE payment_id = %s AND name = %s"


def carry_out(step: Step, *, now: datetime) -> Outcome:
    """Speak to Stripe. Never raises for what Stripe or the network do."""
    try:
        if (step.state == Step.State.UNKNOWN and step.is_over) or now - step.started_at > KEY_LIVES:
            return _truth(step)
        try:
            return _call(step)
        except gateway.Refused as error:
            if error.code == WRONG_STATE:
                # It is somewhere else than we thought: see where.
                return _truth(step)
            raise
    except gateway.Declined as error:
        return _said(Result.DECLINED, error)
    except gateway.ActionNeeded as error:
        return _said(Result.DECLINED, error)
    except gateway.Busy as error:
        return _said(Result.BUSY, error)
    except gateway.Unknown as error:
        return Outcome(Result.UNKNOWN, message=error.message, is_over=error.is_over)
    except gateway.Refused as error:
        return _said(Result.REFUSED, error)


def _said(result: Result, error: gateway.GatewayError) -> Outcome:
    return Outcome(result, intent=error.intent, code=error.code, message=error.message)


def _call(step: Step) -> Outcome:
    key, sent = step.idempotency_key, step.sent
    match step.name:
        case Step.Name.AUTHORISE:
            return of_intent(step.name, gateway.authorise(sent, key=key))
        case Step.Name.CAPTURE:
            return of_intent(step.name, gateway.capture(sent["intent"], amount=step.amount, key=key))
        case Step.Name.RELEASE:
            return of_intent(step.name, gateway.release(sent["intent"], key=key))
        case Step.Name.REFUND:
            return _of_refund(gateway.refund(sent, key=key))
        case Step.Name.TRANSFER:
            return Outcome(Result.DONE, stripe_id=gateway.transfer(sent, key=key))
        case _:
            return Outcome(Result.DONE, stripe_id=gateway.reverse(sent, key=key))


def _truth(step: Step) -> Outcome:
    """What is so at Stripe, whatever we were answered."""
    sent = step.sent
    match step.name:
        case Step.Name.AUTHORISE | Step.Name.CAPTURE | Step.Name.RELEASE:
            if sent.get("intent"):
                found = gateway.intent(sent["intent"])
            else:
                looked = gateway.find_intent(customer=sent["customer"], payment=str(step.payment_id))
                if looked is None:
                    return Outcome(Result.LOST)
                found = looked
            return of_intent(step.name, found)
        case Step.Name.REFUND:
            for refund in gateway.refunds_of(sent["intent"]):
                if refund.step == step.idempotency_key:
                    return _of_refund(refund)
            return Outcome(Result.LOST)
        case Step.Name.TRANSFER:
            found_id = gateway.find_transfer(group=sent["group"], step=step.idempotency_key)
        case _:
            found_id = gateway.find_reversal(transfer=sent["transfer"], step=step.idempotency_key)
    return Outcome(Result.DONE, stripe_id=found_id) if found_id else Outcome(Result.LOST)


def _of_refund(refund: gateway.RefundFacts) -> Outcome:
    if refund.status in ("failed", "canceled"):
        return Outcome(
            Result.DECLINED, stripe_id=refund.id, code="refund_failed", message="The bank sent it back."
        )
    return Outcome(Result.DONE, stripe_id=refund.id, fee=refund.fee)


def of_intent(name: str, intent: Intent) -> Outcome:
    """What an intent's status means for a step on it."""
    result = _MEANING[Step.Name(name)].get(intent.status, Result.LOST)
    if result == Result.LOST and name == Step.Name.AUTHORISE and intent.error_code:
        result = Result.DECLINED
    return Outcome(
        result, intent=intent, stripe_id=intent.id, code=intent.error_code, message=intent.error,
        fee=intent.fee,
    )  # fmt: skip


_MEANING = {
    Step.Name.AUTHORISE: {
        "requires_capture": Result.DONE,
        "succeeded": Result.DONE,
        "requires_action": Result.ACTION,
        "processing": Result.BUSY,
        "canceled": Result.EXPIRED,
    },
    Step.Name.CAPTURE: {
        "succeeded": Result.DONE, "canceled": Result.EXPIRED, "processing": Result.BUSY,
        "requires_payment_method": Result.EXPIRED,
    },
    Step.Name.RELEASE: {
        "canceled": Result.DONE, "succeeded": Result.REFUSED, "processing": Result.BUSY,
    },
}  # fmt: skip
