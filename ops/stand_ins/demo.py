"""Demo people meet the stand-in for Stripe, once, before the site starts."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from ops.processes import Role


def introduce(role: Role, environment: dict[str, str], *, mark: Path, manage: Callable[..., str]) -> None:
    """Run ``demo_payments`` while the stand-in of ``role`` runs alone; ``mark`` tells that it was done.

    Before the worker looks at payments, so that none fails for want of a card. What happens meanwhile is
    told to nobody: the site is not there to hear it.
    """
    if mark.exists():
        return
    deaf = {**environment, "STRIPE_STAND_IN_WEBHOOKS": ""}
    process = subprocess.Popen(shlex.split(role.command), env=deaf, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout and "listens" in process.stdout.readline():
            manage("demo_payments", environment=environment)
            mark.touch()
    finally:
        process.terminate()
        process.wait()
