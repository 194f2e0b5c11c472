"""`make run`: from nothing to a running site. Servers, migrations, demo data, then the Procfile's processes.

Ends on Ctrl-C or SIGTERM and stops all that it started. What takes long is done once: demo data is
loaded where a database has none yet.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from instainstru import embedded
from ops.processes import Role, Supervisor
from ops.stand_ins import beside, demo

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
SEED = [
    "seed_demo",
    "--seed",
    "1",
    "--instructors",
    "300",
    "--students",
    "200",
    "--bookings",
    "800",
    "--json",
]
PLACES = {"API": "/api/v1/docs", "Office": "/admin/", "Mail": "/dev/mailbox/"}
CARD = "Card    4242 4242 4242 4242, any date to come, any code; no money moves (docs/stand-ins.md)"
HOOK = "/stripe/webhook"  # where the site hears of what happened to payments
PATIENCE = 60  # seconds until the site answers, before we say that it does not


def main() -> int:
    os.chdir(ROOT)
    environment = environ()
    refuse_taken_port(int(environment["PORT"]))
    if uses_embedded():
        say("Starting PostgreSQL and Valkey …")
        embedded.start()
    say("Migrating …")
    manage("migrate", "--verbosity", "0", environment=environment)
    if in_development():
        people = demo_people(environment)
    else:
        people = []
        manage("collectstatic", "--noinput", "--verbosity", "0", environment=environment)
    roles: list[Role] = []
    if in_development() and (beside_us := beside.stripe(environment, embedded.data_dir(), hook=HOOK)):
        role, told = beside_us
        environment |= told
        roles.append(role)
        demo.introduce(role, environment, mark=remembered().with_suffix(".cards"), manage=manage)
    url = f"http://localhost:{environment['PORT']}"
    threading.Thread(target=announce, args=(url, people, bool(roles)), daemon=True).start()
    # A server that was killed comes back, as a supervisor would bring a real one back.
    supervisor = Supervisor(ROOT / "Procfile", environment, beside=roles)
    return supervisor.run(embedded.start if uses_embedded() else lambda: None)


def environ() -> dict[str, str]:
    """What the processes see: our own programs first, output as it happens."""
    path = os.pathsep.join([str(Path(PYTHON).parent), os.environ.get("PATH", "")])
    return {"PORT": "8000", "WEB_CONCURRENCY": "1", **os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}


def in_development() -> bool:
    return os.environ.get("DEBUG", "1").lower() in {"1", "true", "yes", "on", "y", "ok", "t"}


def uses_embedded() -> bool:
    return in_development() and not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("BIND", "127.0.0.1"), port))
        except OSError as error:
            sys.exit(f"Port {port} cannot be used ({error.strerror}). Another one: PORT={port + 1} make run")


def say(text: str) -> None:
    print(text, flush=True)


def manage(*command: str, environment: dict[str, str]) -> str:
    """A Django command in a process of its own, so that this one stays small."""
    done = subprocess.run(
        [PYTHON, "manage.py", *command], check=False, env=environment, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        say(done.stdout)
        sys.exit(f"manage.py {command[0]} failed.")
    return done.stdout


def demo_people(environment: dict[str, str]) -> list[dict[str, Any]]:
    """Who one can sign in as; in a database that we have not met, they are made first."""
    path = remembered()
    if not path.exists():
        say("Loading demo data …")
        output = manage(*SEED, environment=environment)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(output[output.index("{") :])
        fresh.rename(path)
    people: list[dict[str, Any]] = json.loads(path.read_text())["people"]
    return people


def remembered() -> Path:
    """Where the demo's people are written down, one file for each database."""
    which = hashlib.sha256(os.environ.get("DATABASE_URL", "").encode()).hexdigest()[:8]
    return embedded.data_dir() / f"demo-{which}.json"


def announce(url: str, people: list[dict[str, Any]], pays_in_play: bool) -> None:
    """Once the site answers, say where it is, who one may be, and with which card one pays."""
    deadline = time.monotonic() + PATIENCE
    while not answers(f"{url}/readyz"):
        if time.monotonic() > deadline:
            say(f"\nThe site does not answer at {url} after {PATIENCE} s; its log is above.\n")
            return
        time.sleep(0.1)
    lines = [f"InstaInstru is ready at {url}", ""]
    if people:
        lines += ["Sign in as", *sign_ins(people), f"  more people, and their API keys: {remembered()}", ""]
    lines += [f"{name:<8}{url}{path}" for name, path in PLACES.items()]
    lines += [CARD] if pays_in_play else []
    lines += ["Ctrl-C  stops everything"]
    say("\n" + "\n".join(f"  {line}" for line in lines) + "\n")


def sign_ins(people: list[dict[str, Any]]) -> list[str]:
    """One person of each role."""
    one_of_each = {person["role"]: person for person in reversed(people)}
    return [
        f"  {role:<11} {person['email']:<32} {person.get('password') or ''}"
        for role, person in sorted(one_of_each.items())
    ]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
