"""Stand-ins that `make run` may start beside the site, where no real service is configured."""

from __future__ import annotations

import shlex
import socket
import sys
from pathlib import Path

from ops.processes import Role

SECRET_KEY, PUBLISHABLE_KEY, WEBHOOK_SECRET = "sk_test_standin", "pk_test_standin", "whsec_standin"
OFF = ("0", "false", "no", "off", "n", "f")
OFFSET = 4110  # from the site's port to the stand-in's, so that two sites on a machine have two


def stripe(environment: dict[str, str], data: Path, *, hook: str) -> tuple[Role, dict[str, str]] | None:
    """A role for the supervisor and what all processes must know of it; nothing with ``PAYMENTS=0``.

    Nothing where a key is set, either. ``hook`` is the path at which the site hears of events.
    """
    if environment.get("STRIPE_SECRET_KEY") or environment.get("PAYMENTS", "1").lower() in OFF:
        return None
    port = environment.get("STRIPE_STAND_IN_PORT") or str(_port(int(environment["PORT"]) + OFFSET))
    command = [sys.executable, "-m", "ops.stand_ins.stripe", "--port", port, "--control"]
    command += ["--file", str(data / "stripe.sqlite3")]
    return Role("stripe", shlex.join(command)), {
        "STRIPE_API_BASE": f"http://localhost:{port}",
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "STRIPE_WEBHOOK_SECRETS": WEBHOOK_SECRET,
        "STRIPE_STAND_IN_WEBHOOKS": f"http://localhost:{environment['PORT']}{hook}",
    }


def _port(wanted: int) -> int:
    """That one, or any other where it is taken: the site must not fail to start for its stand-in."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    return wanted
