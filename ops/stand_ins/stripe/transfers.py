"""Balances and what leaves them: transfers to connected accounts, reversals, payouts to banks."""

from __future__ import annotations

from ops.stand_ins.stripe import money, params, shapes_connect
from ops.stand_ins.stripe.call import Call, fill, listed, page
from ops.stand_ins.stripe.errors import Refusal, invalid, missing
from ops.stand_ins.stripe.params import amount, choice, currency, flag, metadata, text
from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import DAY, PLATFORM

PAYOUT_DAYS = 2
FAILING_BANK = "1116"  # the last digits of Stripe's test account whose payouts fail
CREATE: params.Schema = {
    "amount": amount, "currency": currency, "destination": text, "description": text, "metadata": metadata,
    "source_transaction": text, "source_type": choice("card"), "transfer_group": text,
}  # fmt: skip
UPDATE: params.Schema = {"description": text, "metadata": metadata}
LIST: params.Schema = {**params.PAGE, "destination": text, "transfer_group": text}
REVERSE: params.Schema = {
    "amount": amount,
    "description": text,
    "metadata": metadata,
    "refund_application_fee": flag,
}
PAYOUT: params.Schema = {
    "amount": amount, "currency": currency, "description": text, "destination": text, "metadata": metadata,
    "method": choice("standard", "instant"), "source_type": choice("card"), "statement_descriptor": text,
}  # fmt: skip
PAYOUTS: params.Schema = {
    **params.PAGE,
    "status": choice("paid", "pending", "in_transit", "canceled", "failed"),
}
TRANSACTIONS: params.Schema = {
    **params.PAGE,
    "payout": text,
    "source": text,
    "type": text,
    "currency": currency,
}


def create(call: Call) -> Body:
    """Out of what is available, or out of one charge, whose money is not available yet."""
    sent, world = call.params, call.world
    account = world.find(PLATFORM, "account", sent["destination"], "destination")
    if account["capabilities"].get("transfers") != "active":
        raise invalid(
            "The destination account needs the capability transfers.",
            code="insufficient_capabilities_for_transfer", param="destination",
        )  # fmt: skip
    source = None
    if name := sent.get("source_transaction"):
        source = call.find("charge", name, "source_transaction")
        _refuse_beyond_source(call, source)
    elif sent["amount"] > available(call, sent["currency"]):
        raise _insufficient()
    return money.send(
        world, account["id"], sent["amount"], sent["currency"], source=source,
        group=sent.get("transfer_group") or (source["transfer_group"] if source else None),
        description=sent.get("description"), metadata=sent.get("metadata"),
    )  # fmt: skip


def _refuse_beyond_source(call: Call, source: Body) -> None:
    """All transfers of one charge together stay below what it brought."""
    sent = call.params
    if source["status"] != "succeeded" or not source["captured"]:
        raise invalid("The source charge brought no money (yet).", param="source_transaction")
    if source["currency"] != sent["currency"]:
        raise invalid("The currency differs from the source charge's.", param="currency")
    taken = sum(
        each["amount"] - each["amount_reversed"]
        for each in call.world.all(PLATFORM, "transfer")
        if each["source_transaction"] == source["id"]
    )
    if taken + sent["amount"] > source["amount_captured"]:
        raise invalid("Transfers of one charge must not exceed it.", param="amount")


def available(call: Call, in_currency: str) -> int:
    funds = call.world.funds[call.account, in_currency]
    funds.ripen(call.world.now())
    return funds.available


def _insufficient() -> Refusal:
    return invalid("The available balance is insufficient.", code="balance_insufficient")


def retrieve(call: Call) -> Body:
    return call.find("transfer")


def update(call: Call) -> Body:
    transfer = call.change("transfer")
    before = fill(transfer, call.params, "description metadata")
    call.world.emit("transfer.updated", transfer, before=before)
    return transfer


def index(call: Call) -> Body:
    return listed(call, "transfer", "destination", "transfer_group")


def reverse(call: Call) -> Body:
    transfer = call.change("transfer")
    left = transfer["amount"] - transfer["amount_reversed"]
    wanted = call.params.get("amount", left)
    if wanted > left or left == 0:
        raise invalid(f"Only {left} of the transfer is left to reverse.", param="amount")
    return money.take_back(call.world, transfer, wanted, metadata=call.params.get("metadata"))


def reversals(call: Call) -> Body:
    transfer = call.find("transfer")
    found = call.world.all(call.account, "transfer_reversal")
    return page(call, (each for each in found if each["transfer"] == transfer["id"]))


def retrieve_reversal(call: Call) -> Body:
    reversal = call.find("transfer_reversal", call.ids[1])
    if reversal["transfer"] != call.ids[0]:
        raise missing("transfer_reversal", call.ids[1])
    return reversal


def balance(call: Call) -> Body:
    now, free, waiting = call.world.now(), {}, {}
    for (account, in_currency), funds in call.world.funds.items():
        if account == call.account:
            funds.ripen(now)
            free[in_currency], waiting[in_currency] = funds.available, funds.waiting()
    return shapes_connect.balance(free, waiting)


def retrieve_transaction(call: Call) -> Body:
    balance(call)  # so that what has ripened says so
    return call.find("balance_transaction")


def transactions(call: Call) -> Body:
    balance(call)
    wanted = {name: call.params[name] for name in ("source", "type", "currency") if name in call.params}
    found = call.world.all(call.account, "balance_transaction")
    return page(call, (each for each in found if all(each[name] == value for name, value in wanted.items())))


def create_payout(call: Call) -> Body:
    return pay_out(call, call.params)


def pay_out(call: Call, sent: Body, *, automatic: bool = False) -> Body:
    """To the account's bank, in two days or, when instant, at once."""
    if sent["amount"] > available(call, sent["currency"]):
        raise _insufficient()
    instant = sent.get("method") == "instant"
    payout = call.world.add(
        call.account,
        "po",
        shapes_connect.payout()
        | {
            "amount": sent["amount"], "currency": sent["currency"], "description": sent.get("description"),
            "metadata": sent.get("metadata") or {}, "method": sent.get("method") or "standard",
            "automatic": automatic,
            "arrival_date": call.world.now() + (0 if instant else PAYOUT_DAYS * DAY),
            "destination": _bank(call, sent.get("destination")), "status": "pending",
            "statement_descriptor": sent.get("statement_descriptor"),
        },
    )  # fmt: skip
    entry = money.transaction(call.world, call.account, "payout", payout, -payout["amount"])
    payout["balance_transaction"] = entry["id"]
    call.world.write("paid_out", payout, payout["amount"])
    call.world.emit("payout.created", payout)
    call.world.schedule(payout, payout["arrival_date"])
    return payout


def _bank(call: Call, wanted: str | None) -> str | None:
    if call.account == PLATFORM:
        return wanted
    banks = call.world.find(PLATFORM, "account", call.account)["external_accounts"]["data"]
    if wanted is not None:
        banks = [each for each in banks if each["id"] == wanted]
    if not banks:
        raise invalid("The account has no such external account to pay out to.", param="destination")
    return str(banks[0]["id"])


def arrive(call: Call, payout: Body) -> None:
    """The bank takes the payout, or sends it back when its account is closed."""
    call.world.schedule(payout, None)
    bank = call.world.objects.get(payout["destination"] or "")
    if bank and bank.body["last4"] == FAILING_BANK:
        payout |= {
            "status": "failed", "failure_code": "account_closed",
            "failure_message": "The bank account has been closed.",
        }  # fmt: skip
        entry = money.transaction(call.world, call.account, "payout_failure", payout, payout["amount"])
        payout["failure_balance_transaction"] = entry["id"]
        call.world.write("payout_failed", payout, payout["amount"])
        call.world.emit("payout.failed", payout)
    else:
        payout["status"] = "paid"
        payout["trace_id"] = {"status": "supported", "value": call.world.identifier("", 10)[1:]}
        call.world.emit("payout.paid", payout)


def retrieve_payout(call: Call) -> Body:
    return call.find("payout")


def cancel_payout(call: Call) -> Body:
    payout = call.change("payout")
    if payout["status"] != "pending":
        raise invalid("Only a pending payout can be canceled.")
    call.world.schedule(payout, None)
    payout["status"] = "canceled"
    money.transaction(call.world, call.account, "payout_cancel", payout, payout["amount"])
    call.world.write("payout_canceled", payout, payout["amount"])
    call.world.emit("payout.canceled", payout)
    return payout


def payouts(call: Call) -> Body:
    return listed(call, "payout", "status")
