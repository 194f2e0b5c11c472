"""What payment intents and setup intents have in common."""

from __future__ import annotations

from ops.stand_ins.stripe.call import Call
from ops.stand_ins.stripe.errors import Refusal, bad_parameter, forbidden, missing
from ops.stand_ins.stripe.wire import Body


def mine(call: Call, kind: str) -> Body:
    """The intent of the address; a browser must know its secret."""
    intent = call.change(kind, call.ids[0], "intent")
    if call.browser and call.params.get("client_secret") != intent["client_secret"]:
        if "client_secret" not in call.params:
            raise forbidden("A publishable key needs the client secret of the intent.", "secret_key_required")
        raise missing(kind, call.ids[0], "intent")
    return intent


def take_kinds(intent: Body, sent: Body) -> None:
    """Which kinds of payment the intent takes: those it was told, or all that are enabled."""
    told = sent.get("allowed_payment_method_types") or sent.get("payment_method_types")
    automatic = sent.get("automatic_payment_methods") or {"enabled": told is None}
    intent["allowed_payment_method_types"] = told
    intent["payment_method_types"] = told or ["card"]
    intent["automatic_payment_methods"] = (
        {"allow_redirects": "always", **automatic} if automatic["enabled"] else None
    )


def refuse_confirmation(call: Call, intent: Body) -> None:
    """Without a payment method, or without a way back.

    A kind may lead the customer away: who confirms on a server says where back to, or forbids it.
    """
    kind = intent["object"]
    if intent["payment_method"] is None:
        more: Body = {kind: intent}
        raise Refusal(400, "A payment method is needed.", code=f"{kind}_unexpected_state", **more)
    automatic = intent["automatic_payment_methods"]
    leads_away = automatic and automatic["allow_redirects"] == "always"
    in_a_page = call.browser or call.params.get("use_stripe_sdk")
    if leads_away and not in_a_page and not call.params.get("return_url"):
        raise bad_parameter(
            "A return_url is needed, or automatic_payment_methods[allow_redirects]=never, or a list.",
            "return_url",
        )
