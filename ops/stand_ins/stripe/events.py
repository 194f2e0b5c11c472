"""Events as a list, and the endpoints that hear of them."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from ops.stand_ins.stripe import params, shapes
from ops.stand_ins.stripe.call import Call, fill, page
from ops.stand_ins.stripe.errors import invalid, missing
from ops.stand_ins.stripe.params import array, flag, metadata, text
from ops.stand_ins.stripe.wire import Body

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
LIST: params.Schema = {**params.PAGE, "type": text, "types": array(text)}
ENDPOINT: params.Schema = {
    "url": text, "enabled_events": array(text), "description": text, "metadata": metadata, "connect": flag,
    "api_version": text,
}  # fmt: skip
CHANGE: params.Schema = {
    "url": text, "enabled_events": array(text), "description": text, "metadata": metadata, "disabled": flag,
}  # fmt: skip


def retrieve(call: Call) -> Body:
    event = call.world.events.get(call.ids[0])
    if event is None or event.account != call.account:
        raise missing("event", call.ids[0])
    body: Body = json.loads(event.body)
    return body


def index(call: Call) -> Body:
    kinds = [call.params["type"]] if call.params.get("type") else call.params.get("types") or ["*"]
    return page(
        call,
        (
            json.loads(event.body)
            for event in reversed(call.world.events.values())
            if event.account == call.account and any(fnmatchcase(event.type, kind) for kind in kinds)
        ),
    )


def create_endpoint(call: Call) -> Body:
    """The answer to this call alone shows the secret."""
    body = shapes.webhook_endpoint()
    fill(body, call.params, "url enabled_events description metadata api_version")
    refuse_far(body["url"])
    secret = call.world.identifier("whsec", 32)
    call.world.add(call.account, "we", body, secrets=[secret], connect=call.params.get("connect", False))
    return {**body, "secret": secret}


def refuse_far(url: str | None) -> None:
    """The stand-in speaks to its own machine alone."""
    if not url or urlsplit(url).hostname not in LOOPBACK:
        raise invalid("The stand-in delivers to this machine only.", code="url_invalid", param="url")


def retrieve_endpoint(call: Call) -> Body:
    return call.find("webhook_endpoint")


def update_endpoint(call: Call) -> Body:
    endpoint = call.change("webhook_endpoint")
    if "url" in call.params:
        refuse_far(call.params["url"])
    fill(endpoint, call.params, "url enabled_events description metadata")
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    return endpoint


def delete_endpoint(call: Call) -> Body:
    endpoint = call.find("webhook_endpoint")
    call.world.remove(endpoint)
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def endpoints(call: Call) -> Body:
    return page(call, call.world.all(call.account, "webhook_endpoint"))
