"""Checkout sessions: a payment or a card to save, on a page of the stand-in."""

from __future__ import annotations

from ops.stand_ins.stripe import customers, params, payment_intents, setup_intents, shapes
from ops.stand_ins.stripe.call import Call, fill, listed
from ops.stand_ins.stripe.errors import bad_parameter, invalid
from ops.stand_ins.stripe.params import (
    amount,
    anything,
    array,
    choice,
    currency,
    flag,
    group,
    integer,
    metadata,
    text,
)
from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import DAY

PRICE = group({
    "currency": currency, "unit_amount": amount, "tax_behavior": text, "product": text,
    "product_data": group({"name": text, "description": text, "images": array(text), "metadata": metadata}),
})  # fmt: skip
INTENT_DATA = group({
    name: payment_intents.CREATE[name] for name in (
        "application_fee_amount", "capture_method", "description", "metadata", "on_behalf_of",
        "receipt_email",
        "setup_future_usage", "shipping", "statement_descriptor", "statement_descriptor_suffix",
        "transfer_data",
        "transfer_group",
    )
})  # fmt: skip
CREATE: params.Schema = {
    "mode": choice("payment", "setup"), "line_items": array(group({
        "price_data": PRICE, "quantity": integer, "adjustable_quantity": anything,
        "dynamic_tax_rates": anything,
    })),
    "success_url": text, "cancel_url": text, "client_reference_id": text, "currency": currency,
    "customer": text,
    "customer_email": text, "customer_creation": choice("always", "if_required"), "expires_at": integer,
    "metadata": metadata, "payment_intent_data": INTENT_DATA, "locale": text, "submit_type": text,
    "setup_intent_data": group({"description": text, "metadata": metadata, "on_behalf_of": text}),
    "payment_method_types": array(text), "allowed_payment_method_types": array(text), "ui_mode": text,
    "billing_address_collection": choice("auto", "required"), "allow_promotion_codes": flag,
}  # fmt: skip
LIST: params.Schema = {
    **params.PAGE, "customer": text, "payment_intent": text, "status": choice("open", "complete", "expired"),
}  # fmt: skip
PLAIN = """cancel_url client_reference_id currency customer_creation customer_email customer locale metadata
    mode
    submit_type success_url billing_address_collection"""


def create(call: Call) -> Body:
    sent = call.params
    session = shapes.checkout_session()
    fill(session, sent, PLAIN)
    session["id"] = call.world.identifier("cs_test", 58)
    if sent.get("ui_mode") not in (None, "hosted", "hosted_page"):
        raise bad_parameter("The stand-in has only the hosted page.", "ui_mode")
    if not session["success_url"]:
        raise bad_parameter("Missing required param: success_url.", "success_url", "parameter_missing")
    if session["customer"]:
        call.find("customer", session["customer"], "customer")
    items = _items(session, sent)
    if session["mode"] == "payment":
        payment_intents.refuse_amount(session["amount_total"], session["currency"])
        payment_intents.refuse_transfers(
            call, {**(sent.get("payment_intent_data") or {}), "amount": session["amount_total"]}
        )
    session["expires_at"] = sent.get("expires_at") or call.world.now() + DAY
    session["url"] = f"{call.base}/checkout/{session['id']}"
    call.world.add(
        call.account, "cs", session, items=items,
        data=sent.get("payment_intent_data") or {}, setup=sent.get("setup_intent_data") or {},
    )  # fmt: skip
    call.world.schedule(session, session["expires_at"])
    return session


def _items(session: Body, sent: Body) -> list[Body]:
    if session["mode"] == "setup":
        if not session["currency"]:
            session["currency"] = "usd"
        return []
    items = []
    for number, item in enumerate(sent.get("line_items") or []):
        price, quantity = item.get("price_data") or {}, item.get("quantity") or 1
        if "unit_amount" not in price or "currency" not in price:
            raise bad_parameter(
                "The stand-in needs price_data with its amount.", f"line_items[{number}][price_data]"
            )
        total = price["unit_amount"] * quantity
        name = (price.get("product_data") or {}).get("name") or "Item"
        items.append({
            "id": f"li_{session['id'][-20:]}{number}", "object": "item", "amount_discount": 0,
            "amount_subtotal": total,
            "amount_tax": 0, "amount_total": total, "currency": price["currency"], "description": name,
            "price": {"object": "price", "unit_amount": price["unit_amount"], "currency": price["currency"]},
            "quantity": quantity,
        })  # fmt: skip
    if not items:
        raise bad_parameter("A payment has line items.", "line_items", "parameter_missing")
    session["currency"] = items[0]["currency"]
    session["amount_subtotal"] = session["amount_total"] = sum(item["amount_total"] for item in items)
    return items


def retrieve(call: Call) -> Body:
    return call.find("checkout.session")


def line_items(call: Call) -> Body:
    session = call.find("checkout.session")
    items = call.world.inner(session)["items"]
    return shapes.listing(call.path, items[: call.params.get("limit") or 10])


def expire(call: Call) -> Body:
    session = call.change("checkout.session")
    if session["status"] != "open":
        raise invalid("Only an open session can be expired.")
    lapse(call, session)
    return session


def lapse(call: Call, session: Body) -> None:
    call.world.change(call.account, "checkout.session", session["id"])
    call.world.schedule(session, None)
    session |= {"status": "expired", "url": None}
    call.world.emit("checkout.session.expired", session)


def index(call: Call) -> Body:
    return listed(call, "checkout.session", "customer", "payment_intent", "status")


def pay(call: Call, session: Body, card: Body, *, email: str | None, name: str | None) -> Body:
    """The form was sent: an intent that succeeded or waits for its cardholder, or a refusal."""
    call.world.change(call.account, "checkout.session", session["id"])
    inner = call.world.inner(session)
    contact = {"email": email or session["customer_email"], "name": name}
    method = {"type": "card", "card": card, "billing_details": contact}
    session["customer_details"] = {
        "tax_exempt": "none", "tax_ids": [], **contact,
        **shapes.nothing("address business_name individual_name phone"),
    }  # fmt: skip
    common = {"payment_method_data": method, "return_url": f"{call.base}/checkout/{session['id']}/return"}
    customer = session["customer"] or _customer(call, session, inner, contact)
    if session["mode"] == "setup":
        made = _sub(call, {**inner["setup"], **common, "customer": customer, "confirm": True})
        intent = setup_intents.create(made)
        session["setup_intent"] = intent["id"]
        return intent
    if session["payment_intent"]:
        again = _sub(call, common)
        again.ids = (session["payment_intent"],)
        return payment_intents.confirm(again)
    wanted = {"amount": session["amount_total"], "currency": session["currency"], "customer": customer}
    intent = payment_intents.create(_sub(call, {**inner["data"], **wanted}))
    session["payment_intent"] = intent["id"]
    confirming = _sub(call, common)
    confirming.ids = (intent["id"],)
    return payment_intents.confirm(confirming)


def _sub(call: Call, sent: Body) -> Call:
    return Call(call.world, call.faults, call.account, call.base, call.path, params=sent)


def _customer(call: Call, session: Body, inner: Body, contact: Body) -> str | None:
    needed = session["mode"] == "setup" or inner["data"].get("setup_future_usage")
    if session["customer_creation"] != "always" and not needed:
        return None
    session["customer"] = customers.create(_sub(call, contact))["id"]
    return str(session["customer"])


def complete(call: Call, session: Body, intent: Body) -> None:
    call.world.change(call.account, "checkout.session", session["id"])
    call.world.schedule(session, None)
    paid = {"succeeded": "paid", "requires_capture": "unpaid", "processing": "unpaid"}
    session |= {
        "status": "complete", "url": None,
        "payment_status": "no_payment_required" if session["mode"] == "setup" else paid[intent["status"]],
    }  # fmt: skip
    call.world.emit("checkout.session.completed", session)
