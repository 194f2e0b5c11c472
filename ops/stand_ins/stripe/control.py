"""Commands to the stand-in itself, under ``/_control/``.

Only where it was started with them, and only from this machine. A page in a browser cannot give commands:
requests with an ``Origin`` are refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ops.stand_ins.stripe import accounts, audit, disputes, events, money, paying, refunds, transfers
from ops.stand_ins.stripe.app import App
from ops.stand_ins.stripe.errors import Refusal
from ops.stand_ins.stripe.webhooks import Endpoint
from ops.stand_ins.stripe.wire import Answer, Body, Request
from ops.stand_ins.stripe.world import PLATFORM

LOOPBACK = ("127.0.0.1", "::1")


def answer(app: App, request: Request) -> Answer:
    if not app.control or request.peer not in LOOPBACK or "origin" in request.headers:
        return Answer.of(404, {"error": "No commands are taken here."})
    name = request.path.removeprefix("/_control/").strip("/")
    command = COMMANDS.get((request.method, name))
    if command is None:
        return Answer.of(404, {"error": f"There is no command {request.method} {name}."})
    try:
        sent = json.loads(request.body or b"{}")
        return Answer.of(200, {"result": command(app, sent)})
    except Refusal as refusal:
        return refusal.answer()
    except (KeyError, TypeError, ValueError) as error:
        return Answer.of(400, {"error": f"{type(error).__name__}: {error}"})


def _locked(command: Callable[[App, Body], Any]) -> Callable[[App, Body], Any]:
    def run(app: App, sent: Body) -> Any:
        with app.world.lock:
            app.tick()
            result = command(app, sent)
            app.keep()
            return result

    return run


def _reset(app: App, sent: Body) -> None:
    app.reset()


def _add_fault(app: App, sent: Body) -> None:
    app.faults.add(**sent)


def _faults(app: App, sent: Body) -> Any:
    return app.faults.shown()


def _clear_faults(app: App, sent: Body) -> None:
    app.faults.clear()


def _clock(app: App, sent: Body) -> int:
    """``advance`` by seconds, or stand ``offset`` seconds off the real time; what is due happens at once."""
    app.world.offset = sent["offset"] if "offset" in sent else app.world.offset + sent.get("advance", 0)
    app.tick()
    return app.world.now()


def _journal(app: App, sent: Body) -> list[Body]:
    return [
        line for line in app.world.journal if all(line.get(name) == value for name, value in sent.items())
    ]


def _audit(app: App, sent: Body) -> list[str]:
    return audit.problems(app.world)


def _expire(app: App, sent: Body) -> None:
    """Ends the authorisation of one intent, or of all."""
    for row in list(app.world.objects.values()):
        held = row.body["object"] == "payment_intent" and row.body["status"] == "requires_capture"
        if held and sent.get("payment_intent", row.body["id"]) == row.body["id"]:
            paying.expire(app.acting(row.account), row.body)


def _dispute(app: App, sent: Body) -> Body:
    row = app.world.objects[sent["charge"]]
    return disputes.open_on(
        app.world, row.body, reason=sent.get("reason", "fraudulent"), inquiry=sent.get("inquiry", False),
        amount=sent.get("amount"),
    )  # fmt: skip


def _decide(app: App, sent: Body) -> Body:
    body = app.world.objects[sent["dispute"]].body
    disputes.decide(app.world, body, won=sent["won"])
    return body


def _settle(app: App, sent: Body) -> Body:
    """A payment in process, or a refund under way, succeeds or fails."""
    row = app.world.objects[sent["object"]]
    settle = {"payment_intent": paying.settle, "refund": refunds.settle}[row.body["object"]]
    settle(app.acting(row.account), row.body, succeeds=sent["succeeds"])
    return row.body


def _onboard(app: App, sent: Body) -> Body:
    row = app.world.objects[sent["account"]]
    if due := sent.get("due"):
        accounts.restrict(app.acting(row.account), row.body, due)
    else:
        accounts.onboard(app.acting(row.account), row.body, complete=sent.get("complete", True))
    return row.body


def _pay_out(app: App, sent: Body) -> list[Body]:
    """What Stripe does every day: all that is available leaves for the bank. Then it arrives."""
    wanted = sent["account"]
    made = []
    for (account, currency), funds in list(app.world.funds.items()):
        funds.ripen(app.world.now())
        if account == wanted and funds.available > 0:
            sent = {"amount": funds.available, "currency": currency}
            made.append(transfers.pay_out(app.acting(account), sent, automatic=True))
    return made


def _fund(app: App, sent: Body) -> None:
    """Money on the platform's balance, available at once, for transfers that need it."""
    top_up = {
        "id": app.world.identifier("tu"),
        "currency": sent.get("currency", "usd"),
        "description": "Top-up",
    }
    money.transaction(app.world, sent.get("account", PLATFORM), "topup", top_up, sent["amount"])


def _endpoints(app: App, sent: Body) -> None:
    """Instead of the configured endpoints: a list of ``url`` and ``secrets``."""
    for each in sent["endpoints"]:
        events.refuse_far(each["url"])
    app.endpoints = [Endpoint(each["url"], list(each["secrets"])) for each in sent["endpoints"]]


def _webhooks(app: App, sent: Body) -> None:
    """``hold``; ``drop`` or ``duplicate`` the next n; ``drop_types``; ``first_wait`` before a repetition."""
    whims = app.deliveries.whims
    whims.held = sent.get("hold", whims.held)
    whims.drop = sent.get("drop", whims.drop)
    whims.duplicate = sent.get("duplicate", whims.duplicate)
    whims.drop_types = sent.get("drop_types", whims.drop_types)
    app.deliveries.first_wait = sent.get("first_wait", app.deliveries.first_wait)


def _release(app: App, sent: Body) -> None:
    app.deliveries.release(shuffle_seed=sent.get("shuffle_seed"))


def _replay(app: App, sent: Body) -> None:
    event = app.world.events[sent["event"]]
    for endpoint in app.hearing(event):
        app.deliveries.send(sent["event"], event.type, event.body, endpoint)


def _deliveries(app: App, sent: Body) -> Body:
    return {"log": list(app.deliveries.log), "waiting": app.deliveries.waiting()}


def _quiet(app: App, sent: Body) -> bool:
    """Waits until no delivery is on its way."""
    return app.deliveries.quiet(sent.get("seconds", 10))


COMMANDS: dict[tuple[str, str], Callable[[App, Body], Any]] = {
    ("POST", "reset"): _reset,
    ("POST", "faults"): _add_fault,
    ("GET", "faults"): _faults,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "clock"): _locked(_clock),
    ("POST", "journal"): _locked(_journal),
    ("GET", "journal"): _locked(_journal),
    ("GET", "audit"): _locked(_audit),
    ("POST", "expire"): _locked(_expire),
    ("POST", "dispute"): _locked(_dispute),
    ("POST", "decide"): _locked(_decide),
    ("POST", "settle"): _locked(_settle),
    ("POST", "onboard"): _locked(_onboard),
    ("POST", "payouts"): _locked(_pay_out),
    ("POST", "fund"): _locked(_fund),
    ("POST", "endpoints"): _locked(_endpoints),
    ("POST", "webhooks"): _webhooks,
    ("POST", "release"): _release,
    ("POST", "replay"): _locked(_replay),
    ("GET", "deliveries"): _deliveries,
    ("POST", "quiet"): _quiet,
}
