"""Whether the books are right: the journal, the objects and the balances say the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import World


def problems(world: World) -> list[str]:
    """Every contradiction, as a sentence; none is the right answer."""
    by_object: defaultdict[tuple[str, str], int] = defaultdict(int)
    for line in world.journal:
        by_object[line["what"], line.get("charge") or line.get("transfer") or line["object"]] += line[
            "amount"
        ]
    found: list[str] = []
    for row in world.objects.values():
        if row.body["object"] == "charge" and row.body["payment_intent"]:
            found += _of_charge(row.body, by_object)
        elif row.body["object"] == "transfer":
            found += _of_transfer(row.body, by_object)
    return found + list(_of_balances(world))


def _of_charge(charge: Body, journal: defaultdict[tuple[str, str], int]) -> Iterator[str]:
    name = charge["id"]
    held, taken = journal["authorised", name], journal["captured", name]
    back = journal["refunded", name] - journal["refund_failed", name]
    released = journal["released", name]
    if charge["status"] == "succeeded" and held != charge["amount"]:
        yield f"{name}: {held} authorised, amount {charge['amount']}"
    if taken != charge["amount_captured"]:
        yield f"{name}: {taken} captured, but it says {charge['amount_captured']}"
    if taken + released > held:
        yield f"{name}: {taken} captured and {released} released of {held}"
    if back > taken:
        yield f"{name}: {back} refunded of {taken}"
    if back + released != charge["amount_refunded"]:
        yield f"{name}: {back} refunded and {released} released, but it says {charge['amount_refunded']}"


def _of_transfer(transfer: Body, journal: defaultdict[tuple[str, str], int]) -> Iterator[str]:
    name = transfer["id"]
    if journal["transferred", name] != transfer["amount"]:
        yield f"{name}: {journal['transferred', name]} transferred, amount {transfer['amount']}"
    if (
        journal["reversed", name] != transfer["amount_reversed"]
        or transfer["amount_reversed"] > transfer["amount"]
    ):
        yield f"{name}: {journal['reversed', name]} reversed, but it says {transfer['amount_reversed']}"


def _of_balances(world: World) -> Iterator[str]:
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in world.objects.values():
        if row.body["object"] == "balance_transaction":
            if row.body["net"] != row.body["amount"] - row.body["fee"]:
                yield f"{row.body['id']}: net is not amount less fee"
            sums[row.account, row.body["currency"]] += row.body["net"]
    for place, funds in world.funds.items():
        if funds.available + funds.waiting() != sums[place]:
            yield f"{place[0]}: balance {funds.available + funds.waiting()}, transactions {sums[place]}"
