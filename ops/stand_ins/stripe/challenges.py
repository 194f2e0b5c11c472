"""The bank's question to the cardholder (3-D Secure), asked on a page of the stand-in."""

from __future__ import annotations

from ops.stand_ins.stripe.call import Call
from ops.stand_ins.stripe.wire import Body, encode
from ops.stand_ins.stripe.world import World

SECRETS = {"payment_intent": "payment_intent_client_secret", "setup_intent": "setup_intent_client_secret"}


def ask(call: Call, intent: Body, sent: Body) -> Body:
    """The intent waits for its cardholder: at an address to go to, or inside the page by our script."""
    inner = call.world.inner(intent)
    by_address = sent.get("return_url") and not sent.get("use_stripe_sdk")
    inner |= {
        "challenge": call.world.identifier("", 32)[1:],
        "return_url": sent["return_url"] if by_address else None,
    }  # fmt: skip
    url = f"{call.base}/challenge/{intent['id']}/{inner['challenge']}"
    intent["status"] = "requires_action"
    if by_address:
        intent["next_action"] = {
            "type": "redirect_to_url", "redirect_to_url": {"return_url": sent["return_url"], "url": url},
        }  # fmt: skip
    else:
        intent["next_action"] = {
            "type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url},
        }  # fmt: skip
    call.world.emit(f"{intent['object']}.requires_action", intent)
    return intent


def asked(world: World, identifier: str, token: str) -> Body | None:
    """The intent whose cardholder is asked under this token, while the question stands."""
    row = world.objects.get(identifier)
    if (
        row is None
        or not token
        or row.inner.get("challenge") != token
        or row.body["status"] != "requires_action"
    ):
        return None
    return row.body


def way_back(world: World, identifier: str) -> str | None:
    """Where the cardholder goes on, with the outcome in the address."""
    row = world.objects[identifier]
    if not (url := row.inner.get("return_url")):
        return None
    intent = row.body
    came_through = intent["status"] in (
        "succeeded",
        "requires_capture",
        "processing",
        "requires_confirmation",
    )
    query = encode(
        {
            intent["object"]: intent["id"], SECRETS[intent["object"]]: intent["client_secret"],
            "redirect_status": "succeeded" if came_through else "failed",
        }
    )  # fmt: skip
    return f"{url}{'&' if '?' in url else '?'}{query}"
