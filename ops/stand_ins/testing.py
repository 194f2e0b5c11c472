"""For tests: a stand-in for Stripe in a process of its own, its commands as methods, and a listener.

``stripe_stand_in`` is fresh for each test, although one process serves them all.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "sk_test_standin"
PUBLISHABLE_KEY = "pk_test_standin"
START_WITHIN = 10  # seconds


class StripeStandIn:
    """A running stand-in. Each method is a command of its control API (docs/stand-ins.md)."""

    def __init__(self, *options: str, control: bool = True) -> None:
        commands = ["--control"] if control else []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ops.stand_ins.stripe", "--port", "0", *commands, *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        if "listens at" not in line:
            self.stop()
            raise RuntimeError(f"The stand-in did not start: {line}")
        self.url = line.split()[-1]
        self.port = int(self.url.rpartition(":")[2])

    def client(self, **options: Any) -> stripe.StripeClient:
        """The official client, without repetitions of its own unless asked for."""
        options.setdefault("max_network_retries", 0)
        return stripe.StripeClient(SECRET_KEY, base_addresses={"api": self.url}, **options)

    def command(self, method: str, name: str, **sent: Any) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"/_control/{name}", json.dumps(sent))
            response = connection.getresponse()
            body = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise RuntimeError(f"{name}: {body['error']}")
        return body["result"]

    def reset(self) -> None:
        self.command("POST", "reset")

    def fault(self, kind: str, **plan: Any) -> None:
        """See ``ops/stand_ins/stripe/faults.py`` for kinds and how a plan picks its calls."""
        self.command("POST", "faults", kind=kind, **plan)

    def faults(self) -> list[dict[str, Any]]:
        return list(self.command("GET", "faults"))

    def no_faults(self) -> None:
        self.command("DELETE", "faults")

    def decline_next(self, code: str = "generic_decline") -> None:
        self.fault("decline", times=1, decline_code=code)

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> int:
        """Moves the clock on; what falls due happens. Returns the stand-in's time."""
        return int(self.command("POST", "clock", advance=int(days * 86_400 + hours * 3_600 + seconds)))

    def expire_authorisations(self, payment_intent: str | None = None) -> None:
        self.command("POST", "expire", **({"payment_intent": payment_intent} if payment_intent else {}))

    def journal(self, **wanted: Any) -> list[dict[str, Any]]:
        """Effects on money, for example ``what="captured"``, ``idempotency_key="…"``."""
        return list(self.command("POST", "journal", **wanted))

    def total(self, what: str, **wanted: Any) -> int:
        return sum(line["amount"] for line in self.journal(what=what, **wanted))

    def problems(self) -> list[str]:
        """Contradictions in the books: there must be none."""
        return list(self.command("GET", "audit"))

    def dispute(self, charge: str, **more: Any) -> dict[str, Any]:
        return dict(self.command("POST", "dispute", charge=charge, **more))

    def decide(self, dispute: str, *, won: bool) -> dict[str, Any]:
        return dict(self.command("POST", "decide", dispute=dispute, won=won))

    def settle(self, identifier: str, *, succeeds: bool = True) -> dict[str, Any]:
        return dict(self.command("POST", "settle", object=identifier, succeeds=succeeds))

    def onboard(self, account: str, **more: Any) -> dict[str, Any]:
        """``complete=False`` leaves a document wanted; ``due=[…]`` restricts an account later."""
        return dict(self.command("POST", "onboard", account=account, **more))

    def pay_out(self, account: str) -> list[dict[str, Any]]:
        return list(self.command("POST", "payouts", account=account))

    def fund(self, amount: int, **more: Any) -> None:
        self.command("POST", "fund", amount=amount, **more)

    def deliver_to(self, url: str, *secrets: str) -> None:
        self.command("POST", "endpoints", endpoints=[{"url": url, "secrets": secrets}])

    def webhooks(self, **whims: Any) -> None:
        """``hold=True``, ``drop=n``, ``duplicate=n``, ``drop_types=[…]``, ``first_wait=seconds``."""
        self.command("POST", "webhooks", **whims)

    def release(self, *, shuffle_seed: int | None = None) -> None:
        self.command("POST", "release", shuffle_seed=shuffle_seed)

    def replay(self, event: str) -> None:
        self.command("POST", "replay", event=event)

    def deliveries(self) -> list[dict[str, Any]]:
        return list(self.command("GET", "deliveries")["log"])

    def quiet(self, seconds: float = 10) -> bool:
        """Waits until every delivery is over."""
        return bool(self.command("POST", "quiet", seconds=seconds))

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(START_WITHIN)
        finally:
            if self.process.stdout:
                self.process.stdout.close()


@dataclass
class Listener:
    """An endpoint for webhooks that notes what it hears; ``answers`` are the next statuses, then 200."""

    secret: str = "whsec_listener"
    heard: list[tuple[bytes, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.heard.append((body, self.headers["Stripe-Signature"]))
                self.send_response(listener.answers.pop(0) if listener.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def events(self) -> list[stripe.Event]:
        """Checked by the official client, as the site would."""
        return [
            stripe.Webhook.construct_event(body, signature, self.secret)
            for body, signature in list(self.heard)
        ]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="session")
def stripe_process() -> Iterator[StripeStandIn]:
    stand_in = StripeStandIn("--retry-after", "0.05")
    yield stand_in
    stand_in.stop()


@pytest.fixture
def stripe_stand_in(stripe_process: StripeStandIn) -> StripeStandIn:
    """Nothing happened in it yet."""
    stripe_process.command("POST", "endpoints", endpoints=[])
    stripe_process.webhooks(first_wait=0.05)
    stripe_process.reset()
    return stripe_process


@pytest.fixture
def stripe_listener(stripe_stand_in: StripeStandIn) -> Iterator[Listener]:
    """Hears every event of the stand-in."""
    listener = Listener()
    stripe_stand_in.deliver_to(listener.url, listener.secret)
    yield listener
    stripe_stand_in.command("POST", "endpoints", endpoints=[])
    listener.close()
