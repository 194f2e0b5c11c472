"""Disputes: opened by a card or on command, answered with evidence, won or lost."""

from __future__ import annotations

from ops.stand_ins.stripe import money, params, shapes
from ops.stand_ins.stripe.call import Call, fill, listed
from ops.stand_ins.stripe.errors import invalid
from ops.stand_ins.stripe.params import anything, flag, group, metadata, text
from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import DAY, World

ANSWER_WITHIN = 9 * DAY
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
# What Stripe's test mode decides by.
DECIDED_BY = {"winning_evidence": "won", "losing_evidence": "lost"}
EVIDENCE: params.Schema = {**dict.fromkeys(shapes.EVIDENCE.split(), text), "enhanced_evidence": anything}
UPDATE: params.Schema = {"evidence": group(EVIDENCE), "metadata": metadata, "submit": flag}
LIST: params.Schema = {**params.PAGE, "charge": text, "payment_intent": text}


def open_on(
    world: World, charge: Body, *, reason: str, inquiry: bool = False, amount: int | None = None
) -> Body:
    """A dispute; unless it is only an inquiry, its money and a fee leave the balance at once."""
    account = world.owner(charge)
    world.change(account, "charge", charge["id"])
    dispute = shapes.dispute() | {
        "amount": amount or charge["amount_captured"], "charge": charge["id"], "currency": charge["currency"],
        "payment_intent": charge["payment_intent"], "reason": reason, "is_charge_refundable": inquiry,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }  # fmt: skip
    dispute["payment_method_details"]["card"]["case_type"] = "inquiry" if inquiry else "chargeback"
    dispute["evidence_details"]["due_by"] = world.now() + ANSWER_WITHIN
    world.add(account, "du", dispute)
    world.emit("charge.dispute.created", dispute)
    if not inquiry:
        charge["disputed"] = True
        fee = money.fee_detail("stripe_fee", money.DISPUTE_FEE, dispute["currency"])
        entry = money.transaction(world, account, "adjustment", dispute, -dispute["amount"], fees=[fee])
        dispute["balance_transactions"].append(entry)
        world.write("dispute_withdrawn", dispute, dispute["amount"], charge=charge["id"])
        world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def decide(world: World, dispute: Body, *, won: bool) -> None:
    """The bank's word: what is won comes back, without the fee."""
    if dispute["status"] not in OPEN:
        raise invalid("The dispute is closed already.")
    account = world.owner(dispute)
    world.change(account, "dispute", dispute["id"])
    if dispute["status"].startswith("warning"):
        dispute["status"] = "warning_closed"
    else:
        dispute["status"] = "won" if won else "lost"
        if won:
            entry = money.transaction(world, account, "adjustment", dispute, dispute["amount"])
            dispute["balance_transactions"].append(entry)
            world.write("dispute_reinstated", dispute, dispute["amount"], charge=dispute["charge"])
            world.emit("charge.dispute.funds_reinstated", dispute)
    world.emit("charge.dispute.closed", dispute)


def retrieve(call: Call) -> Body:
    return call.find("dispute")


def update(call: Call) -> Body:
    dispute = call.change("dispute")
    if dispute["status"] not in OPEN:
        raise invalid("The dispute is closed already.")
    fill(dispute, call.params, "metadata")
    if evidence := call.params.get("evidence"):
        dispute["evidence"] |= evidence
        dispute["evidence_details"]["has_evidence"] = True
    if evidence and call.params.get("submit", True):
        dispute["evidence_details"]["submission_count"] += 1
        dispute["status"] = (
            "warning_under_review" if dispute["status"].startswith("warning") else "under_review"
        )
    call.world.emit("charge.dispute.updated", dispute)
    if dispute["status"] == "under_review":
        verdict = DECIDED_BY.get(dispute["evidence"]["uncategorized_text"])
        if verdict:
            decide(call.world, dispute, won=verdict == "won")
    return dispute


def close(call: Call) -> Body:
    """Giving in: lost, for good."""
    dispute = call.change("dispute")
    decide(call.world, dispute, won=False)
    return dispute


def index(call: Call) -> Body:
    return listed(call, "dispute", "charge", "payment_intent")
