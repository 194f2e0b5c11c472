"""Refunds, never above what is left of the charge."""

from __future__ import annotations

from ops.stand_ins.stripe import methods, money, params, shapes
from ops.stand_ins.stripe.call import Call, fill, listed
from ops.stand_ins.stripe.errors import bad_parameter, invalid
from ops.stand_ins.stripe.params import amount, choice, flag, metadata, text
from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import PLATFORM

CREATE: params.Schema = {
    "amount": amount, "charge": text, "payment_intent": text, "metadata": metadata, "currency": text,
    "reason": choice("duplicate", "fraudulent", "requested_by_customer"), "refund_application_fee": flag,
    "reverse_transfer": flag,
}  # fmt: skip
UPDATE: params.Schema = {"metadata": metadata}
LIST: params.Schema = {**params.PAGE, "charge": text, "payment_intent": text}


def create(call: Call) -> Body:
    charge, sent = _charge(call), call.params
    wanted = _refundable(charge, sent.get("amount"))
    if sent.get("reverse_transfer") and not charge["transfer"]:
        raise invalid("The charge has no transfer to reverse.", param="reverse_transfer")
    if sent.get("refund_application_fee") and not charge["application_fee"]:
        raise invalid("The charge has no application fee.", param="refund_application_fee")
    card = methods.card_of(call, call.world.objects[charge["payment_method"]].body)
    refund = call.world.add(
        call.account,
        "re",
        shapes.refund()
        | {
            "amount": wanted, "charge": charge["id"], "currency": charge["currency"],
            "customer": charge["customer"],
            "payment_intent": charge["payment_intent"], "payment_method": charge["payment_method"],
            "reason": sent.get("reason"), "metadata": sent.get("metadata") or {}, "status": card.refund,
        },
    )  # fmt: skip
    charge["amount_refunded"] += wanted
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    entry = money.transaction(call.world, call.account, "refund", refund, -wanted)
    refund["balance_transaction"] = entry["id"]
    call.world.write("refunded", refund, wanted, charge=charge["id"], payment_intent=charge["payment_intent"])
    if sent.get("reverse_transfer"):
        _reverse(call, charge, refund)
    if sent.get("refund_application_fee"):
        _return_fee(call, charge, refund)
    call.world.emit("refund.created", refund)
    call.world.emit("charge.refunded", charge)
    return refund


def _charge(call: Call) -> Body:
    if name := call.params.get("charge"):
        return call.change("charge", name, "charge")
    if name := call.params.get("payment_intent"):
        intent = call.find("payment_intent", name, "payment_intent")
        if intent["latest_charge"]:
            return call.change("charge", intent["latest_charge"])
        raise invalid("This payment intent has no charge to refund.", param="payment_intent")
    raise bad_parameter("One of charge and payment_intent is needed.", "charge", "parameter_missing")


def _refundable(charge: Body, wanted: int | None) -> int:
    """The amount to give back; what was released of an authorisation counts as given back already."""
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise invalid("The charge was never captured; cancel its payment intent instead.", param="charge")
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise invalid("The charge was refunded already.", code="charge_already_refunded")
    if charge["disputed"]:
        raise invalid("The charge is disputed and cannot be refunded.", code="charge_disputed")
    if wanted is not None and wanted > left:
        raise invalid(f"The refund of {wanted} is above what is left, {left}.", param="amount")
    return left if wanted is None else wanted


def _reverse(call: Call, charge: Body, refund: Body) -> None:
    """The connected account gives back its part, in proportion."""
    transfer = call.world.objects[charge["transfer"]].body
    left = transfer["amount"] - transfer["amount_reversed"]
    share = min(share_of(refund["amount"], transfer["amount"], charge["amount_captured"]), left)
    if share:
        reversal = money.take_back(call.world, transfer, share, refund=refund)
        refund["transfer_reversal"] = reversal["id"]


def _return_fee(call: Call, charge: Body, refund: Body) -> None:
    fee = call.world.objects[charge["application_fee"]].body
    left = fee["amount"] - fee["amount_refunded"]
    share = min(share_of(refund["amount"], fee["amount"], charge["amount_captured"]), left)
    if share:
        money.give_back_fee(call.world, fee, share)


def share_of(part: int, of: int, whole: int) -> int:
    """``of`` in the proportion of ``part`` to ``whole``; half a unit rounds up."""
    return (2 * part * of + whole) // (2 * whole)


def settle(call: Call, refund: Body, *, succeeds: bool) -> None:
    """A refund that the bank takes or sends back; in the second case the money returns to the balance."""
    call.world.change(call.account, "refund", refund["id"])
    if succeeds:
        refund["status"] = "succeeded"
        call.world.emit("refund.updated", refund)
        return
    charge = call.change("charge", refund["charge"])
    refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    entry = money.transaction(call.world, call.account, "refund_failure", refund, refund["amount"])
    refund["failure_balance_transaction"] = entry["id"]
    call.world.write("refund_failed", refund, refund["amount"], charge=charge["id"])
    call.world.emit("refund.failed", refund)
    call.world.emit("charge.refund.updated", refund)


def retrieve(call: Call) -> Body:
    return call.find("refund")


def update(call: Call) -> Body:
    refund = call.change("refund")
    before = fill(refund, call.params, "metadata")
    call.world.emit("refund.updated", refund, before=before)
    return refund


def index(call: Call) -> Body:
    return listed(call, "refund", "charge", "payment_intent")


def retrieve_fee(call: Call) -> Body:
    return call.world.find(PLATFORM, "application_fee", call.ids[0])


def index_fees(call: Call) -> Body:
    return listed(call, "application_fee", "charge")


def create_fee_refund(call: Call) -> Body:
    fee = call.world.find(PLATFORM, "application_fee", call.ids[0])
    left = fee["amount"] - fee["amount_refunded"]
    wanted = call.params.get("amount", left)
    if wanted > left or left == 0:
        raise invalid(f"Only {left} of the fee is left.", param="amount")
    return money.give_back_fee(call.world, fee, wanted)


FEE_LIST: params.Schema = {**params.PAGE, "charge": text}
FEE_REFUND: params.Schema = {"amount": amount, "metadata": metadata}
