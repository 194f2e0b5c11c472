"""``python -m ops.stand_ins.stripe --port 12111 [--file F] [--webhook URL --secret S …] [--control]``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from ops.stand_ins.stripe import events
from ops.stand_ins.stripe.app import App
from ops.stand_ins.stripe.server import Server
from ops.stand_ins.stripe.store import Store
from ops.stand_ins.stripe.webhooks import Deliveries, Endpoint


def main() -> int:
    options = _options()
    for url in options.webhook:
        events.refuse_far(url)
    store = Store(Path(options.file)) if options.file else None
    deliveries = Deliveries(first_wait=options.retry_after)
    app = App(
        base=options.base or f"http://localhost:{options.port}",
        store=store,
        deliveries=deliveries,
        endpoints=[Endpoint(url, options.secret) for url in options.webhook],
        control=options.control,
    )
    server = Server(options.port, app)
    port = server.server_address[1]
    if options.port == 0:
        app.base = f"http://localhost:{port}"
    deliveries.start()

    def stop(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"The stand-in for Stripe listens at {app.base}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    deliveries.stop()
    if store is not None:
        with app.world.lock:
            app.keep()
            store.close()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ops.stand_ins.stripe", description="A stand-in for Stripe."
    )
    parser.add_argument("--port", type=int, default=int(os.environ.get("STRIPE_STAND_IN_PORT", "12111")))
    parser.add_argument("--base", help="where browsers reach it, if not at localhost and the port")
    parser.add_argument("--file", help="a SQLite file to keep everything in; without it memory")
    parser.add_argument(
        "--webhook", action="append", default=_from("STRIPE_STAND_IN_WEBHOOKS"), help="an endpoint's URL"
    )
    parser.add_argument(
        "--secret", action="append", default=_from("STRIPE_WEBHOOK_SECRETS"),
        help="a signing secret; several while they change (better in STRIPE_WEBHOOK_SECRETS)",
    )  # fmt: skip
    parser.add_argument(
        "--retry-after", type=float, default=1.0, help="seconds before a delivery is first repeated"
    )
    parser.add_argument(
        "--control", action="store_true", help="take commands under /_control/ (tests, development)"
    )
    options = parser.parse_args()
    if options.webhook and not options.secret:
        parser.error("a webhook needs a secret")
    return options


def _from(name: str) -> list[str]:
    return [each.strip() for each in os.environ.get(name, "").split(",") if each.strip()]


if __name__ == "__main__":
    sys.exit(main())
