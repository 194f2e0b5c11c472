"""Payment methods: cards, to whom they are attached, and whether they may be used once more."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from ops.stand_ins.stripe import cards, params, shapes
from ops.stand_ins.stripe.call import Call, fill, page
from ops.stand_ins.stripe.cards import Card, Decline
from ops.stand_ins.stripe.errors import Refusal, bad_parameter, invalid, missing
from ops.stand_ins.stripe.params import group, integer, metadata, text
from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import PLATFORM

CARD = group({
    "number": text, "exp_month": integer, "exp_year": integer, "cvc": text, "token": text,
    "networks": params.anything,
})  # fmt: skip
DATA: params.Schema = {
    "type": params.choice("card"), "card": CARD, "billing_details": group(params.BILLING),
    "metadata": metadata,
    "allow_redisplay": params.choice("always", "limited", "unspecified"),
}  # fmt: skip
CREATE: params.Schema = {**DATA, "customer": text, "payment_method": text}
UPDATE: params.Schema = {
    "billing_details": group(params.BILLING), "metadata": metadata,
    "allow_redisplay": DATA["allow_redisplay"],
    "card": group({"exp_month": integer, "exp_year": integer}),
}  # fmt: skip
ATTACH: params.Schema = {"customer": text}
LIST: params.Schema = {
    **params.PAGE, "customer": text, "type": params.choice("card"),
    "allow_redisplay": DATA["allow_redisplay"],
}  # fmt: skip


def create(call: Call) -> Body:
    if source := call.params.get("payment_method"):
        return _clone(call, source)
    return make(call, call.params)


def make(call: Call, data: Body) -> Body:
    """A new method from what a form sent."""
    if data.get("type") != "card" or not data.get("card"):
        raise bad_parameter("The stand-in takes cards: type=card and card[…] are needed.", "type")
    now = datetime.fromtimestamp(call.world.now(), UTC)
    card, month, year = cards.read(data["card"], today=(now.year, now.month))
    body = _method(call, card, month, year, cvc=bool(data["card"].get("cvc")))
    fill(body, data, "metadata allow_redisplay")
    body["billing_details"] = _billing(body["billing_details"], data.get("billing_details"))
    return body


def _method(call: Call, card: Card, month: int, year: int, *, cvc: bool) -> Body:
    brand = cards.BRANDS.get(card.number[0], "unknown")
    fingerprint = hashlib.sha256(card.number.encode()).hexdigest()[:16]
    body = shapes.payment_method()
    body["card"] = shapes.card_of_method(card.number, brand, month, year, fingerprint, cvc=cvc)
    return call.world.add(call.account, "pm", body, number=card.number)


def _billing(kept: Body, sent: Body | None) -> Body:
    sent = dict(sent or {})
    if sent.get("address"):
        sent["address"] = {**(kept["address"] or {}), **sent["address"]}
    return {**kept, **sent}


def _clone(call: Call, identifier: str) -> Body:
    """A method of the platform's customer, for a charge made on a connected account."""
    original = call.world.find(PLATFORM, "payment_method", identifier, "payment_method")
    inner = call.world.inner(original)
    body = {**original, "id": "", "customer": None, "metadata": {}}
    return call.world.add(call.account, "pm", body, number=inner["number"], set_up=inner.get("set_up", False))


def resolve(call: Call, identifier: str, param: str = "payment_method") -> Body:
    """A method by its name; Stripe's named test cards become a new one each time."""
    if card := cards.BY_NAME.get(identifier):
        year = datetime.fromtimestamp(call.world.now(), UTC).year
        return _method(call, card, 12, year + 5, cvc=True)
    return call.change("payment_method", identifier, param)


def card_of(call: Call, method: Body) -> Card:
    number = call.world.inner(method)["number"]
    return cards.BY_NUMBER.get(number) or Card(number)


def refuse_unusable(call: Call, method: Body, customer: str | None) -> None:
    """A method belongs to one customer, or is used once, and is never used after it was detached."""
    inner = call.world.inner(method)
    if method["customer"] and method["customer"] != customer:
        raise invalid(
            "This payment method belongs to a customer; name that customer to use it.", param="payment_method"
        )
    if not method["customer"] and (inner.get("spent") or inner.get("detached")):
        raise invalid(
            "This payment method was used without a customer, or detached, and cannot be used again.",
            code="payment_method_unactivated" if inner.get("detached") else None, param="payment_method",
        )  # fmt: skip


def attach_to(call: Call, method: Body, customer: str) -> None:
    """Saves the method with the customer, if it is not there yet."""
    if method["customer"] == customer:
        return
    method["customer"] = customer
    call.world.inner(method)["attached"] = True
    call.world.emit("payment_method.attached", method)


def attach(call: Call) -> Body:
    customer = call.find("customer", call.params["customer"], "customer")
    method = resolve(call, call.ids[0])
    if method["customer"] == customer["id"]:
        return method
    if method["customer"]:
        raise invalid("The payment method is attached to another customer.", param="payment_method")
    refuse_unusable(call, method, None)
    card = card_of(call, method)
    if card.decline and not card.attaches:
        raise card_error(card.decline)
    checks = method["card"]["checks"]
    checks["cvc_check"] = checks["cvc_check"] and "pass"
    attach_to(call, method, customer["id"])
    return method


def card_error(decline: Decline, **more: Any) -> Refusal:
    reason = decline.reason
    param = {"incorrect_cvc": "cvc", "expired_card": "exp_month"}.get(decline.code)
    advice = "try_again_later" if reason in ("insufficient_funds", "generic_decline") else None
    return Refusal(
        402, decline.message, kind="card_error", code=decline.code, param=param, decline_code=reason,
        advice_code=advice, **more,
    )  # fmt: skip


def detach(call: Call) -> Body:
    method = call.change("payment_method")
    customer = method["customer"]
    if customer is None:
        raise invalid("The payment method is attached to no customer.", param="payment_method")
    method["customer"] = None
    call.world.inner(method)["detached"] = True
    settings = call.change("customer", customer)["invoice_settings"]
    if settings["default_payment_method"] == method["id"]:
        settings["default_payment_method"] = None
    call.world.emit("payment_method.detached", method, before={"customer": customer})
    return method


def retrieve(call: Call) -> Body:
    return call.find("payment_method")


def update(call: Call) -> Body:
    method = call.change("payment_method")
    before = fill(method, call.params, "metadata allow_redisplay")
    method["billing_details"] = _billing(method["billing_details"], call.params.get("billing_details"))
    method["card"] |= call.params.get("card") or {}
    call.world.emit("payment_method.updated", method, before=before)
    return method


def index(call: Call) -> Body:
    customer = call.params.get("customer")
    if customer is None:
        raise bad_parameter("Missing required param: customer.", "customer", "parameter_missing")
    return _of_customer(call, customer)


def of_customer(call: Call) -> Body:
    return _of_customer(call, call.ids[0])


def one_of_customer(call: Call) -> Body:
    method = call.find("payment_method", call.ids[1], "payment_method")
    if method["customer"] != call.ids[0]:
        raise missing("payment_method", call.ids[1], "payment_method")
    return method


def _of_customer(call: Call, customer: str) -> Body:
    call.find("customer", customer, "customer")
    found = (each for each in call.world.all(call.account, "payment_method") if each["customer"] == customer)
    return page(call, found)
