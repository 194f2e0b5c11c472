"""`make check`: every check that needs no test run. All of them run, whatever the first ones say."""

import os
import secrets
import subprocess
import sys
import time

from instainstru import embedded

PYTHON = sys.executable
MANAGE = [PYTHON, "manage.py"]

CHECKS: dict[str, list[str]] = {
    "lint": [PYTHON, "-m", "ruff", "check", "--quiet", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."],
    "types": [PYTHON, "-m", "mypy", "--no-error-summary"],
    "imports": [os.path.join(os.path.dirname(PYTHON), "lint-imports")],
    "templates": [PYTHON, "-m", "djlint", "templates", "--lint", "--quiet"],
    "contract": [PYTHON, "-m", "ops.contract"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "deploy": [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"],
}


def production() -> dict[str, str]:
    """An environment as safe as production's, so that `check --deploy` judges the settings alone."""
    return {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "example.org",
        "DATABASE_URL": embedded.database_url(),
        "REDIS_URL": embedded.redis_url(),
        "EMAIL_URL": "smtp://localhost",
        "STRIPE_SECRET_KEY": "sk_live_of_a_check",
        "STRIPE_PUBLISHABLE_KEY": "pk_live_of_a_check",
        "STRIPE_WEBHOOK_SECRETS": "whsec_of_a_check",
    }


def main() -> int:
    # Once for all of them, and to the end: mypy leaves without saying goodbye to the servers.
    embedded.start()
    failed = []
    for name, command in CHECKS.items():
        extra = production() if name == "deploy" else {}
        began = time.monotonic()
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env={**os.environ, **extra}
        )
        print(
            f"{'ok ' if done.returncode == 0 else 'NO '} {name:<11}{time.monotonic() - began:5.1f} s",
            flush=True,
        )
        if done.returncode:
            failed.append(name)
            print((done.stdout + done.stderr).strip(), flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
