"""Customers."""

from __future__ import annotations

from ops.stand_ins.stripe import methods, params, shapes
from ops.stand_ins.stripe.call import Call, fill, listed
from ops.stand_ins.stripe.errors import invalid
from ops.stand_ins.stripe.params import array, choice, group, metadata, text
from ops.stand_ins.stripe.wire import Body

SETTINGS = group({
    "default_payment_method": text, "custom_fields": params.anything, "footer": text,
    "rendering_options": params.anything,
})  # fmt: skip
UPDATE: params.Schema = {
    "address": group(params.ADDRESS), "description": text, "email": text, "invoice_settings": SETTINGS,
    "metadata": metadata, "name": text, "phone": text, "preferred_locales": array(text),
    "shipping": group(params.SHIPPING), "tax_exempt": choice("none", "exempt", "reverse"),
}  # fmt: skip
CREATE: params.Schema = {**UPDATE, "payment_method": text}
LIST: params.Schema = {**params.PAGE, "email": text}
PLAIN = "address description email metadata name phone preferred_locales shipping tax_exempt"


def create(call: Call) -> Body:
    body = shapes.customer()
    body["invoice_prefix"] = call.world.identifier("", 8)[1:].upper()
    fill(body, call.params, PLAIN)
    customer = call.world.add(call.account, "cus", body)
    if name := call.params.get("payment_method"):
        method = methods.resolve(call, name)
        card = methods.card_of(call, method)
        if card.decline and not card.attaches:
            call.world.remove(customer)
            raise methods.card_error(card.decline)
        methods.attach_to(call, method, customer["id"])
    _settings(call, customer)
    call.world.emit("customer.created", customer)
    return customer


def _settings(call: Call, customer: Body) -> None:
    settings = call.params.get("invoice_settings") or {}
    name = settings.get("default_payment_method")
    if name and call.find("payment_method", name)["customer"] != customer["id"]:
        raise invalid(
            "The default payment method must be attached to this customer.",
            param="invoice_settings[default_payment_method]",
        )
    customer["invoice_settings"] = {**customer["invoice_settings"], **settings}


def retrieve(call: Call) -> Body:
    """A deleted customer leaves its name behind."""
    row = call.world.objects.get(call.ids[0])
    if row and row.inner.get("deleted") and row.account == call.account:
        return _gone(call.ids[0])
    return call.find("customer")


def _gone(identifier: str) -> Body:
    return {"id": identifier, "object": "customer", "deleted": True}


def update(call: Call) -> Body:
    customer = call.change("customer")
    _settings(call, customer)
    before = fill(customer, call.params, PLAIN)
    call.world.emit("customer.updated", customer, before=before)
    return customer


def delete(call: Call) -> Body:
    customer = call.change("customer")
    for method in call.world.all(call.account, "payment_method"):
        if method["customer"] == customer["id"]:
            call.change("payment_method", method["id"])["customer"] = None
            call.world.inner(method)["detached"] = True
    call.world.emit("customer.deleted", customer)
    row = call.world.objects[customer["id"]]
    call.world.lists[call.account, "customer"].remove(customer["id"])
    row.inner["deleted"] = True
    row.body = {**_gone(customer["id"]), "object": "deleted_customer", "created": customer["created"]}
    return _gone(customer["id"])


def index(call: Call) -> Body:
    return listed(call, "customer", "email")
