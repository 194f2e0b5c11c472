"""The way of a payment intent from its confirmation to the money, with the bank's questions on the way."""

from __future__ import annotations

import copy

from ops.stand_ins.stripe import cards, challenges, charges, methods
from ops.stand_ins.stripe.call import Call
from ops.stand_ins.stripe.cards import Decline
from ops.stand_ins.stripe.errors import Refusal
from ops.stand_ins.stripe.wire import Body

AUTHENTICATION_FAILED = Decline(
    "payment_intent_authentication_failure",
    None,
    "The cardholder could not be authenticated. Use another card or try again.",
)


def confirm(call: Call, intent: Body, sent: Body) -> Body:
    """Asks the card, or first the cardholder; a card that declines is an error and leaves its trace."""
    method = call.change("payment_method", intent["payment_method"])
    methods.refuse_unusable(call, method, intent["customer"])
    inner = call.world.inner(intent)
    off_session = sent.get("off_session") not in (None, "false")
    challenged = bool(inner.pop("challenged", False))
    intent["next_action"] = None
    asks = cards.asks(
        methods.card_of(call, method),
        off_session=off_session,
        set_up=call.world.inner(method).get("set_up", False),
    )
    if asks and not challenged:
        if off_session or sent.get("error_on_requires_action"):
            raise fail(call, intent, method, cards.UNAUTHENTICATED)
        return challenges.ask(call, intent, sent)
    if refusal := pay(call, intent, method, challenged=challenged):
        raise refusal
    return intent


def pay(call: Call, intent: Body, method: Body, *, challenged: bool) -> Refusal | None:
    """The card's answer: done, or the refusal with which a call about it ends."""
    if call.faults.inside("processing", call.path):
        call.world.inner(intent)["challenged"] = challenged
        intent |= {"status": "processing", "processing": {"type": "card", "card": {}}}
        call.world.emit("payment_intent.processing", intent)
        return None
    try:
        charge = charges.authorise(call, intent, method, challenged=challenged)
    except charges.Declined as declined:
        intent["latest_charge"] = declined.charge["id"]
        return fail(call, intent, method, declined.decline, charge=declined.charge["id"])
    intent |= {"latest_charge": charge["id"], "last_payment_error": None, "processing": None}
    _remember(call, intent, method, challenged=challenged)
    if intent["capture_method"] == "manual":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        call.world.schedule(intent, charge["payment_method_details"]["card"]["capture_before"])
        call.world.emit("charge.succeeded", charge)
        call.world.emit("payment_intent.amount_capturable_updated", intent)
    else:
        charges.capture(call, charge, intent["amount"])
        call.world.emit("charge.succeeded", charge)
        succeed(call, intent, intent["amount"])
    return None


def _remember(call: Call, intent: Body, method: Body, *, challenged: bool) -> None:
    """A card that was paid with is saved where that was asked for, and otherwise spent."""
    inner = call.world.inner(method)
    if intent["setup_future_usage"] and intent["customer"]:
        methods.attach_to(call, method, intent["customer"])
        inner["set_up"] = inner.get("set_up", False) or challenged
    elif method["customer"] is None:
        inner["spent"] = True


def succeed(call: Call, intent: Body, amount: int) -> None:
    intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
    call.world.schedule(intent, None)
    call.world.emit("payment_intent.succeeded", intent)


def fail(call: Call, intent: Body, method: Body, decline: Decline, *, charge: str | None = None) -> Refusal:
    """Notes on the intent why it failed and makes the error that says so."""
    if charge is None and decline is cards.UNAUTHENTICATED:
        failed = charges.refuse_unasked(call, intent, method)
        charge = intent["latest_charge"] = failed["id"]
    kept = copy.deepcopy(method)
    if decline is AUTHENTICATION_FAILED:
        refusal = Refusal(
            402, decline.message, code=decline.code, param="payment_method", payment_method=kept
        )
    else:
        refusal = methods.card_error(decline, charge=charge, payment_method=kept)
    intent |= {
        "status": "requires_payment_method", "payment_method": None, "next_action": None, "processing": None,
        "last_payment_error": copy.deepcopy(refusal.error),
    }  # fmt: skip
    call.world.emit("payment_intent.payment_failed", intent)
    refusal.error["payment_intent"] = copy.deepcopy(intent)
    return refusal


def answered(call: Call, intent: Body, *, passed: bool) -> None:
    """What follows the cardholder's answer to the bank."""
    method = call.change("payment_method", intent["payment_method"])
    call.world.change(call.account, "payment_intent", intent["id"])
    intent["next_action"] = None
    if not passed:
        fail(call, intent, method, AUTHENTICATION_FAILED)
    elif intent["confirmation_method"] == "manual":
        call.world.inner(intent)["challenged"] = True
        intent["status"] = "requires_confirmation"
    else:
        pay(call, intent, method, challenged=True)


def settle(call: Call, intent: Body, *, succeeds: bool) -> None:
    """A payment that was in process comes to its end."""
    method = call.change("payment_method", intent["payment_method"])
    call.world.change(call.account, "payment_intent", intent["id"])
    if succeeds:
        pay(call, intent, method, challenged=call.world.inner(intent).pop("challenged", False))
    else:
        fail(call, intent, method, cards.GENERIC)


def end(call: Call, intent: Body, reason: str | None) -> Body:
    """Cancelled; money that is held goes back."""
    held = intent["amount_capturable"]
    call.world.schedule(intent, None)
    intent |= {
        "status": "canceled", "canceled_at": call.world.now(), "cancellation_reason": reason,
        "amount_capturable": 0, "next_action": None, "processing": None,
    }  # fmt: skip
    if held:
        charges.let_go(call, call.change("charge", intent["latest_charge"]), held)
    call.world.emit("payment_intent.canceled", intent)
    return intent


def expire(call: Call, intent: Body) -> None:
    """An authorisation that nobody captured in time."""
    charge = call.change("charge", intent["latest_charge"])
    call.world.change(call.account, "payment_intent", intent["id"])
    end(call, intent, "automatic")
    call.world.emit("charge.expired", charge)
