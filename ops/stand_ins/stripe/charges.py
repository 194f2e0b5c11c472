"""Charges: a card is asked, money is held, captured, or let go."""

from __future__ import annotations

import copy

from ops.stand_ins.stripe import cards, disputes, methods, money, params, shapes
from ops.stand_ins.stripe.call import Call, fill, listed
from ops.stand_ins.stripe.cards import Card, Decline
from ops.stand_ins.stripe.params import metadata, text
from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import DAY

AUTHORISED_FOR = 7 * DAY
FROM_INTENT = """amount currency customer description application_fee_amount metadata on_behalf_of
    receipt_email shipping
    statement_descriptor statement_descriptor_suffix transfer_data transfer_group"""
LIST: params.Schema = {**params.PAGE, "customer": text, "payment_intent": text, "transfer_group": text}
UPDATE: params.Schema = {
    "customer": text, "description": text, "metadata": metadata, "receipt_email": text,
    "transfer_group": text,
    "shipping": params.group(params.SHIPPING), "fraud_details": params.anything,
}  # fmt: skip


class Declined(Exception):
    def __init__(self, charge: Body, decline: Decline) -> None:
        super().__init__(decline.message)
        self.charge, self.decline = charge, decline


def authorise(call: Call, intent: Body, method: Body, *, challenged: bool) -> Body:
    """Asks the card for the amount: a charge that holds it, or ``Declined`` with one that failed."""
    charge = _blank(call, intent, method)
    card = methods.card_of(call, method)
    if challenged:
        charge["payment_method_details"]["card"]["three_d_secure"] = shapes.three_d_secure("authenticated")
    if decline := _decline(call, card):
        _fail(call, charge, decline)
        raise Declined(charge, decline)
    charge |= {"status": "succeeded", "paid": True}
    charge["outcome"] = shapes.outcome("authorized", "approved_by_network", "Payment complete.")
    details = charge["payment_method_details"]["card"]
    details["authorization_code"] = call.world.identifier("", 6)[1:].upper()
    if intent["capture_method"] == "manual":
        details["capture_before"] = call.world.now() + AUTHORISED_FOR
    call.world.write("authorised", charge, charge["amount"], payment_intent=intent["id"])
    return charge


def _blank(call: Call, intent: Body, method: Body) -> Body:
    charge = shapes.charge()
    for name in FROM_INTENT.split():
        charge[name] = copy.deepcopy(intent[name])
    charge |= {
        "payment_intent": intent["id"], "payment_method": method["id"],
        "billing_details": copy.deepcopy(method["billing_details"]),
        "calculated_statement_descriptor": intent["statement_descriptor"] or "STAND-IN",
        "payment_method_details": {
            "type": "card", "card": shapes.card_of_charge(method["card"], intent["amount"]),
        },
    }  # fmt: skip
    call.world.add(call.account, "ch", charge)
    charge["receipt_url"] = f"{call.base}/receipts/{charge['id']}"
    return charge


def _decline(call: Call, card: Card) -> Decline | None:
    if plan := call.faults.inside("decline", call.path):
        return cards.DECLINES.get(plan.decline_code) or Decline(
            "card_declined", plan.decline_code, cards.GENERIC.message
        )
    return card.decline


def _fail(call: Call, charge: Body, decline: Decline) -> None:
    charge |= {"failure_code": decline.code, "failure_message": decline.message, "receipt_url": None}
    charge["outcome"] = shapes.outcome(
        "issuer_declined", "declined_by_network", decline.message, reason=decline.reason or decline.code
    )
    charge["payment_method_details"]["card"]["amount_authorized"] = None
    call.world.write("declined", charge, charge["amount"], payment_intent=charge["payment_intent"])
    call.world.emit("charge.failed", charge)


def capture(call: Call, charge: Body, amount: int) -> None:
    """Takes ``amount`` of what is held; what is left of it goes back to the cardholder."""
    world = call.world
    world.change(call.account, "charge", charge["id"])
    charge |= {"captured": True, "amount_captured": amount}
    card = methods.card_of(call, world.objects[charge["payment_method"]].body)
    world.write("captured", charge, amount, payment_intent=charge["payment_intent"])
    money.collect(world, charge, at_once=card.available_at_once)
    if rest := charge["amount"] - amount:
        let_go(call, charge, rest)
    if card.dispute:
        disputes.open_on(world, charge, reason=card.dispute, inquiry=card.inquiry)


def let_go(call: Call, charge: Body, amount: int) -> None:
    """Held money that was never taken; shown, as by Stripe, as a refund without a transaction."""
    world = call.world
    world.change(call.account, "charge", charge["id"])
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    released = world.add(
        call.account,
        "re",
        shapes.refund()
        | {
            "amount": amount, "charge": charge["id"], "currency": charge["currency"],
            "customer": charge["customer"],
            "payment_intent": charge["payment_intent"], "payment_method": charge["payment_method"],
            "destination_details": {"card": {"type": "reversal"}, "type": "card"},
        },
    )  # fmt: skip
    world.write("released", charge, amount, payment_intent=charge["payment_intent"], refund=released["id"])
    world.emit("charge.refunded", charge)


def retrieve(call: Call) -> Body:
    return call.find("charge")


def update(call: Call) -> Body:
    charge = call.change("charge")
    before = fill(charge, call.params, "customer description metadata receipt_email shipping transfer_group")
    call.world.emit("charge.updated", charge, before=before)
    return charge


def index(call: Call) -> Body:
    return listed(call, "charge", "customer", "payment_intent", "transfer_group")


def refuse_unasked(call: Call, intent: Body, method: Body) -> Body:
    """A failed charge of a card whose bank wanted to see its holder, who is not there."""
    charge = _blank(call, intent, method)
    _fail(call, charge, cards.UNAUTHENTICATED)
    return charge
