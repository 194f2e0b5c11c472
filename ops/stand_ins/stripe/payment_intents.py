"""Payment intents at the API: created, updated, confirmed, captured, cancelled."""

from __future__ import annotations

from ops.stand_ins.stripe import charges, intents, methods, params, paying, shapes
from ops.stand_ins.stripe.call import Call, fill, listed
from ops.stand_ins.stripe.errors import bad_parameter, invalid, unexpected_state
from ops.stand_ins.stripe.params import (
    amount,
    anything,
    array,
    choice,
    currency,
    either,
    flag,
    group,
    metadata,
    text,
)
from ops.stand_ins.stripe.wire import Body
from ops.stand_ins.stripe.world import PLATFORM

SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "chf": 50, "cad": 50, "aud": 50}

CONFIRM: params.Schema = {
    "payment_method": text, "payment_method_data": group(methods.DATA), "payment_method_types": array(text),
    "allowed_payment_method_types": array(text), "payment_method_options": anything, "return_url": text,
    "off_session": either(choice("true", "false", "one_off", "recurring"), group({})), "use_stripe_sdk": flag,
    "setup_future_usage": choice("off_session", "on_session"), "error_on_requires_action": flag,
    "capture_method": choice("automatic", "automatic_async", "manual"), "receipt_email": text,
    "shipping": group(params.SHIPPING), "mandate": text, "mandate_data": anything, "client_secret": text,
}  # fmt: skip
AT_CONFIRMATION = {
    "client_secret", "off_session", "error_on_requires_action", "mandate", "mandate_data", "return_url",
    "use_stripe_sdk",
}  # fmt: skip
UPDATE: params.Schema = {
    **{name: reader for name, reader in CONFIRM.items() if name not in AT_CONFIRMATION},
    "amount": amount, "currency": currency, "customer": text, "description": text, "metadata": metadata,
    "application_fee_amount": params.natural, "statement_descriptor": text,
    "statement_descriptor_suffix": text,
    "transfer_data": group({"destination": text, "amount": amount}), "transfer_group": text,
}  # fmt: skip
CREATE: params.Schema = {
    **UPDATE, **CONFIRM, "confirm": flag, "confirmation_method": choice("automatic", "manual"),
    "on_behalf_of": text,
    "automatic_payment_methods": group({"enabled": flag, "allow_redirects": choice("always", "never")}),
}  # fmt: skip
WITH_CONFIRM = ("off_session", "return_url", "error_on_requires_action", "mandate", "mandate_data")
CAPTURE: params.Schema = {
    "amount_to_capture": amount, "application_fee_amount": params.natural, "final_capture": flag,
    "metadata": metadata, "statement_descriptor": text, "statement_descriptor_suffix": text,
    "transfer_data": group({"amount": amount}),
}  # fmt: skip
CANCEL: params.Schema = {
    "cancellation_reason": choice("duplicate", "fraudulent", "requested_by_customer", "abandoned"),
}  # fmt: skip
LIST: params.Schema = {**params.PAGE, "customer": text}
RETRIEVE: params.Schema = {"client_secret": text}

PLAIN = """amount currency customer description metadata receipt_email application_fee_amount
    setup_future_usage statement_descriptor statement_descriptor_suffix transfer_group shipping capture_method
    payment_method_options"""
WHILE_HELD = set(
    """description metadata receipt_email transfer_group shipping application_fee_amount
    statement_descriptor_suffix""".split()
)


def create(call: Call) -> Body:
    sent = call.params
    for name in WITH_CONFIRM if not sent.get("confirm") else ():
        if name in sent:
            raise bad_parameter(f"{name} goes with confirm=true only.", name)
    refuse_amount(sent["amount"], sent["currency"])
    if customer := sent.get("customer"):
        call.find("customer", customer, "customer")
    refuse_transfers(call, sent)
    intent = shapes.payment_intent() | {"id": call.world.identifier("pi")}
    intent["client_secret"] = call.world.identifier(f"{intent['id']}_secret")
    fill(intent, sent, f"{PLAIN} confirmation_method on_behalf_of transfer_data")
    intents.take_kinds(intent, sent)
    _choose(call, intent, sent)
    if sent.get("confirm"):
        intents.refuse_confirmation(call, intent)
    call.world.add(call.account, "pi", intent)
    call.world.emit("payment_intent.created", intent)
    return paying.confirm(call, intent, sent) if sent.get("confirm") else intent


def refuse_amount(wanted: int, in_currency: str) -> None:
    smallest = SMALLEST.get(in_currency, 1)
    if wanted < smallest:
        raise bad_parameter(
            f"The amount must be at least {smallest} {in_currency}.", "amount", "amount_too_small"
        )


def refuse_transfers(call: Call, sent: Body) -> None:
    fee, total = sent.get("application_fee_amount"), sent.get("amount")
    transfer = sent.get("transfer_data") or {}
    if fee is not None and total is not None and fee > total:
        raise invalid("The application fee is above the amount.", param="application_fee_amount")
    if fee is not None and call.account == PLATFORM and not transfer.get("destination"):
        raise invalid(
            "An application fee needs a connected account, as transfer_data[destination] or as the account.",
            param="application_fee_amount",
        )
    if transfer.get("amount") and fee is not None:
        raise invalid(
            "transfer_data[amount] and application_fee_amount exclude each other.", param="transfer_data"
        )
    if destination := transfer.get("destination"):
        account = call.world.find(PLATFORM, "account", destination, "transfer_data[destination]")
        if account["capabilities"].get("transfers") != "active":
            raise invalid(
                "The destination account needs the capability transfers.",
                code="insufficient_capabilities_for_transfer", param="transfer_data[destination]",
            )  # fmt: skip


def _choose(call: Call, intent: Body, sent: Body) -> None:
    """The payment method named or described in this call, if there is one."""
    if data := sent.get("payment_method_data"):
        method = methods.make(call, data)
    elif name := sent.get("payment_method"):
        method = methods.resolve(call, name)
    else:
        return
    methods.refuse_unusable(call, method, intent["customer"])
    intent["payment_method"] = method["id"]
    if intent["status"] in ("requires_payment_method", "requires_action"):
        intent["status"], intent["next_action"] = "requires_confirmation", None


def retrieve(call: Call) -> Body:
    return intents.mine(call, "payment_intent")


def update(call: Call) -> Body:
    intent, sent = intents.mine(call, "payment_intent"), call.params
    names = set(sent)
    if intent["status"] in ("succeeded", "canceled", "processing"):
        if names - {"description", "metadata", "receipt_email"}:
            raise unexpected_state("payment_intent", "updated", intent, "before it is processed")
    elif intent["status"] == "requires_capture" and names - WHILE_HELD:
        raise unexpected_state("payment_intent", "updated in that way", intent, "before it is authorised")
    refuse_amount(sent.get("amount") or intent["amount"], sent.get("currency") or intent["currency"])
    if names & {"amount", "application_fee_amount", "transfer_data"}:
        terms = {name: sent.get(name, intent[name]) for name in ("amount", "application_fee_amount")}
        shares = {**(intent["transfer_data"] or {}), **(sent.get("transfer_data") or {})}
        refuse_transfers(call, {**terms, "transfer_data": shares})
    if customer := sent.get("customer"):
        call.find("customer", customer, "customer")
    before = fill(intent, sent, PLAIN)
    if "transfer_data" in sent:
        intent["transfer_data"] = {**(intent["transfer_data"] or {}), **(sent["transfer_data"] or {})}
    _choose(call, intent, sent)
    if before and call.world.inner(intent).get("challenge"):
        call.world.inner(intent).pop("challenge")
        intent |= {"status": "requires_confirmation", "next_action": None}
    return intent


def confirm(call: Call) -> Body:
    intent = intents.mine(call, "payment_intent")
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise unexpected_state("payment_intent", "confirmed", intent, "requires_confirmation")
    _choose(call, intent, call.params)
    intents.refuse_confirmation(call, intent)
    fill(intent, call.params, "receipt_email setup_future_usage shipping capture_method")
    return paying.confirm(call, intent, call.params)


def capture(call: Call) -> Body:
    intent, sent = intents.mine(call, "payment_intent"), call.params
    if intent["status"] != "requires_capture":
        raise unexpected_state("payment_intent", "captured", intent, "requires_capture")
    wanted: int = sent.get("amount_to_capture") or intent["amount_capturable"]
    if wanted > intent["amount_capturable"]:
        raise invalid(
            f"Only {intent['amount_capturable']} can be captured.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    if sent.get("final_capture") is False:
        raise invalid("Capturing more than once is not available for this card.", param="final_capture")
    charge = call.change("charge", intent["latest_charge"])
    for name in ("application_fee_amount", "statement_descriptor_suffix"):
        if name in sent:
            intent[name] = charge[name] = sent[name]
    if share := (sent.get("transfer_data") or {}).get("amount"):
        intent["transfer_data"] = charge["transfer_data"] = {
            **(intent["transfer_data"] or {}),
            "amount": share,
        }
    fill(intent, sent, "metadata")
    charges.capture(call, charge, wanted)
    call.world.emit("charge.captured", charge)
    paying.succeed(call, intent, wanted)
    return intent


def cancel(call: Call) -> Body:
    intent = intents.mine(call, "payment_intent")
    if intent["status"] in ("succeeded", "canceled"):
        raise unexpected_state("payment_intent", "canceled", intent, "before it succeeds")
    return paying.end(call, intent, call.params.get("cancellation_reason"))


def index(call: Call) -> Body:
    return listed(call, "payment_intent", "customer")
