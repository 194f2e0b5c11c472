"""Setup intents: a card is checked and saved for later."""

from __future__ import annotations

import copy

from ops.stand_ins.stripe import challenges, intents, methods, params, shapes
from ops.stand_ins.stripe.call import Call, fill, listed
from ops.stand_ins.stripe.cards import Asks, Decline
from ops.stand_ins.stripe.errors import Refusal, unexpected_state
from ops.stand_ins.stripe.params import anything, array, choice, flag, group, metadata, text
from ops.stand_ins.stripe.wire import Body

AUTHENTICATION_FAILED = Decline(
    "setup_intent_authentication_failure",
    None,
    "The cardholder could not be authenticated. Use another card or try again.",
)
CONFIRM: params.Schema = {
    "payment_method": text, "payment_method_data": group(methods.DATA), "payment_method_options": anything,
    "return_url": text, "use_stripe_sdk": flag, "mandate_data": anything, "client_secret": text,
}  # fmt: skip
UPDATE: params.Schema = {
    "customer": text, "description": text, "metadata": metadata, "payment_method": text,
    "payment_method_types": array(text), "allowed_payment_method_types": array(text),
}  # fmt: skip
CREATE: params.Schema = {
    **UPDATE, **CONFIRM, "confirm": flag, "usage": choice("off_session", "on_session"), "on_behalf_of": text,
    "automatic_payment_methods": group({"enabled": flag, "allow_redirects": choice("always", "never")}),
}  # fmt: skip
CANCEL: params.Schema = {
    "cancellation_reason": choice("abandoned", "duplicate", "requested_by_customer"),
}  # fmt: skip
LIST: params.Schema = {**params.PAGE, "customer": text, "payment_method": text}
RETRIEVE: params.Schema = {"client_secret": text}


def create(call: Call) -> Body:
    sent = call.params
    if customer := sent.get("customer"):
        call.find("customer", customer, "customer")
    intent = shapes.setup_intent() | {"id": call.world.identifier("seti")}
    intent["client_secret"] = call.world.identifier(f"{intent['id']}_secret")
    fill(intent, sent, "customer description metadata usage on_behalf_of")
    intents.take_kinds(intent, sent)
    _choose(call, intent)
    if sent.get("confirm"):
        intents.refuse_confirmation(call, intent)
    call.world.add(call.account, "seti", intent)
    call.world.emit("setup_intent.created", intent)
    return _confirm(call, intent) if sent.get("confirm") else intent


def _choose(call: Call, intent: Body) -> None:
    if data := call.params.get("payment_method_data"):
        method = methods.make(call, data)
    elif name := call.params.get("payment_method"):
        method = methods.resolve(call, name)
    else:
        return
    methods.refuse_unusable(call, method, intent["customer"])
    intent |= {"payment_method": method["id"], "status": "requires_confirmation", "next_action": None}


def retrieve(call: Call) -> Body:
    return intents.mine(call, "setup_intent")


def update(call: Call) -> Body:
    intent = intents.mine(call, "setup_intent")
    if intent["status"] in ("succeeded", "canceled") and set(call.params) - {"description", "metadata"}:
        raise unexpected_state("setup_intent", "updated", intent, "before it succeeds")
    if customer := call.params.get("customer"):
        call.find("customer", customer, "customer")
    fill(intent, call.params, "customer description metadata")
    _choose(call, intent)
    return intent


def confirm(call: Call) -> Body:
    intent = intents.mine(call, "setup_intent")
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise unexpected_state("setup_intent", "confirmed", intent, "requires_confirmation")
    _choose(call, intent)
    intents.refuse_confirmation(call, intent)
    return _confirm(call, intent)


def _confirm(call: Call, intent: Body) -> Body:
    method = call.change("payment_method", intent["payment_method"])
    intent |= {"next_action": None, "latest_attempt": call.world.identifier("setatt")}
    card = methods.card_of(call, method)
    if card.asks is not Asks.NEVER:
        return challenges.ask(call, intent, call.params)
    if refusal := _save(call, intent, method):
        raise refusal
    return intent


def _save(call: Call, intent: Body, method: Body) -> Refusal | None:
    card = methods.card_of(call, method)
    if card.decline and not card.attaches:
        return _fail(call, intent, method, card.decline)
    call.world.inner(method)["set_up"] = True
    if intent["customer"]:
        methods.attach_to(call, method, intent["customer"])
    intent |= {"status": "succeeded", "last_setup_error": None, "next_action": None}
    call.world.emit("setup_intent.succeeded", intent)
    return None


def _fail(call: Call, intent: Body, method: Body, decline: Decline) -> Refusal:
    refusal = methods.card_error(decline, payment_method=copy.deepcopy(method))
    intent |= {
        "status": "requires_payment_method", "payment_method": None, "next_action": None,
        "last_setup_error": copy.deepcopy(refusal.error),
    }  # fmt: skip
    call.world.emit("setup_intent.setup_failed", intent)
    refusal.error["setup_intent"] = copy.deepcopy(intent)
    return refusal


def answered(call: Call, intent: Body, *, passed: bool) -> None:
    """What follows the cardholder's answer to the bank."""
    method = call.change("payment_method", intent["payment_method"])
    call.world.change(call.account, "setup_intent", intent["id"])
    if passed:
        _save(call, intent, method)
    else:
        _fail(call, intent, method, AUTHENTICATION_FAILED)


def cancel(call: Call) -> Body:
    intent = intents.mine(call, "setup_intent")
    if intent["status"] in ("succeeded", "canceled"):
        raise unexpected_state("setup_intent", "canceled", intent, "before it succeeds")
    intent |= {
        "status": "canceled", "cancellation_reason": call.params.get("cancellation_reason"),
        "next_action": None,
    }  # fmt: skip
    call.world.emit("setup_intent.canceled", intent)
    return intent


def index(call: Call) -> Body:
    return listed(call, "setup_intent", "customer", "payment_method")
