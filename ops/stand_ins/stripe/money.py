"""What money does in balances: transactions, fees, and the transfers that follow a destination charge."""

from __future__ import annotations

from ops.stand_ins.stripe import shapes, shapes_connect
from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import DAY, PLATFORM, World

PERMILLE, FIXED = 29, 30  # Stripe's fee on a card payment: 2.9 % and 30 minor units
DISPUTE_FEE = 1500
PENDING_DAYS = 2
CATEGORIES = {
    "adjustment": "dispute",
    "application_fee": "platform_earning",
    "application_fee_refund": "platform_earning_refund",
    "payment": "charge",
    "payment_refund": "refund",
    "transfer_refund": "transfer_reversal",
    "payout_failure": "payout_reversal",
}


def fee_on(amount: int) -> int:
    """Half a minor unit rounds up."""
    return (amount * PERMILLE + 500) // 1000 + FIXED


def fee_detail(kind: str, amount: int, currency: str) -> Body:
    names = {"stripe_fee": "Stripe processing fees", "application_fee": "Application fee"}
    return {
        "amount": amount, "application": None, "currency": currency, "description": names[kind], "type": kind,
    }  # fmt: skip


def transaction(
    world: World, account: str, kind: str, source: Body, amount: int, *,
    fees: list[Body] | None = None, available_on: int | None = None,
) -> Body:  # fmt: skip
    """One movement of an account's balance; available at once unless it says when."""
    now = world.now()
    fee = sum(each["amount"] for each in fees or ())
    return world.add(
        account,
        "txn",
        shapes_connect.balance_transaction()
        | {
            "amount": amount, "fee": fee, "fee_details": fees or [], "net": amount - fee, "type": kind,
            "currency": source["currency"], "source": source["id"], "description": source.get("description"),
            "reporting_category": CATEGORIES.get(kind, kind), "available_on": available_on or now,
            "status": "pending" if available_on and available_on > now else "available",
        },
    )  # fmt: skip


def collect(world: World, charge: Body, *, at_once: bool) -> None:
    """A captured charge reaches the balance of its account; fees and transfers that were agreed follow."""
    account, amount = world.owner(charge), charge["amount_captured"]
    fees = [fee_detail("stripe_fee", fee_on(amount), charge["currency"])]
    fee = min(charge["application_fee_amount"] or 0, amount)
    available_on = None if at_once else world.now() + PENDING_DAYS * DAY
    if fee and account != PLATFORM:
        fees.append(fee_detail("application_fee", fee, charge["currency"]))
    entry = transaction(world, account, "charge", charge, amount, fees=fees, available_on=available_on)
    charge["balance_transaction"] = entry["id"]
    if destination := (charge["transfer_data"] or {}).get("destination"):
        share = min(charge["transfer_data"].get("amount") or amount, amount)
        transfer = send(
            world,
            destination,
            share,
            charge["currency"],
            source=charge,
            group=charge["transfer_group"],
            fee=fee,
        )
        charge["transfer"] = transfer["id"]
    elif fee and account != PLATFORM:
        charge["application_fee"] = earn(world, account, charge, fee, available_on)["id"]


def send(
    world: World, destination: str, amount: int, currency: str, *, source: Body | None = None,
    group: str | None = None, fee: int = 0, description: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Body:  # fmt: skip
    """Money of the platform to a connected account. What comes from a charge is available when that is."""
    transfer = world.add(
        PLATFORM,
        "tr",
        shapes_connect.transfer()
        | {
            "amount": amount, "currency": currency, "destination": destination, "transfer_group": group,
            "source_transaction": source and source["id"], "description": description,
            "metadata": metadata or {},
        },
    )  # fmt: skip
    transfer["reversals"]["url"] = f"/v1/transfers/{transfer['id']}/reversals"
    ripe = world.objects[source["balance_transaction"]].body["available_on"] if source else None
    transfer["balance_transaction"] = transaction(
        world, PLATFORM, "transfer", transfer, -amount, available_on=ripe
    )["id"]  # fmt: skip
    arrive(world, transfer, ripe, fee=fee, source=source)
    world.write("transferred", transfer, amount, destination=destination)
    world.emit("transfer.created", transfer)
    return transfer


def arrive(world: World, transfer: Body, ripe: int | None, *, fee: int, source: Body | None) -> None:
    """The other end of a transfer: a payment in the connected account, less the platform's fee."""
    account, amount = transfer["destination"], transfer["amount"]
    payment = world.add(account, "py", _payment(transfer))
    fees = [fee_detail("application_fee", fee, transfer["currency"])] if fee else []
    entry = transaction(world, account, "payment", payment, amount, fees=fees, available_on=ripe)
    payment["balance_transaction"] = entry["id"]
    transfer["destination_payment"] = payment["id"]
    if fee:
        earned = earn(world, account, payment, fee, ripe)
        payment["application_fee"], payment["application_fee_amount"] = earned["id"], fee
        if source:
            source["application_fee"] = earned["id"]


def _payment(transfer: Body) -> Body:
    return shapes.charge() | {
        "amount": transfer["amount"], "amount_captured": transfer["amount"], "captured": True, "paid": True,
        "currency": transfer["currency"], "status": "succeeded", "source_transfer": transfer["id"],
        "transfer_group": transfer["transfer_group"],
    }  # fmt: skip


def earn(world: World, account: str, charge: Body, amount: int, ripe: int | None) -> Body:
    """The platform's fee on a payment of a connected account."""
    fee = world.add(
        PLATFORM,
        "fee",
        shapes_connect.application_fee()
        | {
            "account": account, "amount": amount, "currency": charge["currency"], "charge": charge["id"],
            "fee_source": {"charge": charge["id"], "type": "charge"},
        },
    )  # fmt: skip
    fee["refunds"]["url"] = f"/v1/application_fees/{fee['id']}/refunds"
    entry = transaction(world, PLATFORM, "application_fee", fee, amount, available_on=ripe)
    fee["balance_transaction"] = entry["id"]
    world.write("fee_earned", fee, amount, payer=account)
    world.emit("application_fee.created", fee)
    return fee


def give_back_fee(world: World, fee: Body, amount: int) -> Body:
    """Part of the platform's fee returns to the account that paid it."""
    world.change(PLATFORM, "application_fee", fee["id"])
    returned = world.add(
        PLATFORM,
        "fr",
        shapes_connect.fee_refund() | {"amount": amount, "currency": fee["currency"], "fee": fee["id"]},
    )
    entry = transaction(world, PLATFORM, "application_fee_refund", returned, -amount)
    returned["balance_transaction"] = entry["id"]
    transaction(world, fee["account"], "adjustment", returned, amount)
    fee["amount_refunded"] += amount
    fee["refunded"] = fee["amount_refunded"] == fee["amount"]
    fee["refunds"]["data"].insert(0, returned)
    world.write("fee_returned", returned, amount, payer=fee["account"])
    world.emit("application_fee.refunded", fee)
    return returned


def take_back(
    world: World,
    transfer: Body,
    amount: int,
    *,
    refund: Body | None = None,
    metadata: dict[str, str] | None = None,
) -> Body:
    """Reverses part of a transfer: the connected account gives it back to the platform."""
    world.change(PLATFORM, "transfer", transfer["id"])
    payment = world.objects[transfer["destination_payment"]].body
    reversal = world.add(
        PLATFORM,
        "trr",
        shapes_connect.transfer_reversal()
        | {
            "amount": amount, "currency": transfer["currency"], "transfer": transfer["id"],
            "source_refund": refund and refund["id"], "metadata": metadata or {},
        },
    )  # fmt: skip
    entry = transaction(world, PLATFORM, "transfer_refund", reversal, amount)
    reversal["balance_transaction"] = entry["id"]
    transaction(world, transfer["destination"], "payment_refund", payment, -amount)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    payment["amount_refunded"] += amount
    payment["refunded"] = transfer["reversed"]
    world.change(transfer["destination"], "charge", payment["id"])
    world.write("reversed", reversal, amount, transfer=transfer["id"])
    world.emit("transfer.reversed", transfer)
    return reversal
