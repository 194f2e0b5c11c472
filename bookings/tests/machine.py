"""A whole site on servers of its own, whose processes a test may kill: web, worker, broker, database."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from celery import Celery

from instainstru.celery import app, broker_url
from instainstru.events import dispatch

ROOT = Path(__file__).resolve().parents[2]
# Longer than anything here takes on a busy machine; who waits so long has failed.
PATIENCE = 30.0
# One process for all of it: starting Python and Django is most of what each of these steps costs.
SET_UP = """
import io, json, django
from instainstru import embedded
embedded.start()
(embedded.data_dir() / "keep").touch()
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
people = io.StringIO()
call_command("seed_demo", instructors=2, students=4, keys=4, bookings=0, days=14, json=True, stdout=people)
print(json.dumps({"database": embedded.database_url(), "redis": embedded.redis_url(),
                  "people": json.loads(people.getvalue())["people"]}))
"""


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """The condition's answer as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return answer


class Machine:
    """Processes by role name, all on one data directory."""

    def __init__(self, data: Path, *, mail_port: int) -> None:
        self.data = data
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        inherited = {
            name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")
        }
        self.environment = {
            **inherited,
            "DATA_DIR": str(data),
            "DEBUG": "1",
            "DJANGO_SETTINGS_MODULE": "instainstru.settings",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "WARNING",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
            "RATELIMIT_ENABLE": "0",
        }

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def servers(self) -> dict[str, Any]:
        """Start what does not run of PostgreSQL and Valkey; their pids."""
        return dict(json.loads(self.run("-m", "instainstru.embedded", "start")))

    def set_up(self) -> None:
        """Servers, tables and people; afterwards their addresses are known."""
        told = json.loads(self.run("-c", SET_UP))
        self.database_url, self.redis_url = told["database"], told["redis"]
        self.keys = [person["api_key"] for person in told["people"] if person["role"] == "student"]

    def start(self, role: str, **environment: str) -> None:
        """Start the Procfile's process of that role."""
        lines = (ROOT / "Procfile").read_text().splitlines()
        [command] = [line.partition(":")[2] for line in lines if line.startswith(f"{role}:")]
        with open(self.data / f"{role}.log", "ab") as log:
            # A session of its own, so that it and its children can be killed like a machine that fails.
            self.processes[role] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command.strip()}"],
                cwd=ROOT,
                env={**self.environment, "WORKER_CONCURRENCY": "1", **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, role: str) -> None:
        """As the power failing: no signal handler runs, no child goes on."""
        process = self.processes.pop(role)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)

    def end(self) -> None:
        for role in list(self.processes):
            self.kill(role)
        self.run("-m", "instainstru.embedded", "stop", "--force")

    def start_web(self) -> None:
        self.start("web")
        wait_for(self._answers, "the web server")

    def _answers(self) -> bool:
        if self.processes["web"].poll() is not None:
            raise AssertionError(f"the web server ended:\n{(self.data / 'web.log').read_text()[-2000:]}")
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def wake(self) -> None:
        """What the next commit would do."""
        client = Celery("test", broker=broker_url(self.redis_url), set_as_current=False)
        client.conf.broker_transport_options = app.conf.broker_transport_options
        with client:
            client.send_task(dispatch.DISPATCH)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(sql.encode(), values).fetchall()

    def number(self, sql: str, *values: Any) -> int:
        return int(self.query(sql, *values)[0][0])

    def free_times(self, number: int) -> list[dict[str, Any]]:
        """Bodies of bookings that do not come near each other."""
        found: list[dict[str, Any]] = []
        [(until,)] = self.query("SELECT (current_date + 13)::text")
        listed = (
            "SELECT DISTINCT ON (instructor_id) instructor_id, id FROM instructors_offering WHERE is_listed"
        )
        for instructor, offering in self.query(listed):
            path, query = f"instructors/{instructor}/openings", {"offering": offering, "to": until}
            told = self.call("GET", path, key=self.keys[0], params=query).json()
            last = datetime.min.replace(tzinfo=UTC)
            for opening in told["openings"]:
                start = datetime.fromisoformat(opening["starts_at"])
                if start >= last + timedelta(hours=3):
                    last = start
                    body = {"offering": offering, "starts_at": opening["starts_at"]}
                    found.append({**body, "duration_min": told["duration_min"]})
        assert len(found) >= number, f"only {len(found)} free times"
        return found[:number]

    def call(self, method: str, path: str, *, key: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}"
        return httpx.request(method, url, headers=headers, timeout=10, **options)

    def book(self, body: dict[str, Any], *, key: str, name: str) -> str | None:
        """The id of the booking, or None where no answer came or it was no success."""
        try:
            answer = self.call("POST", "bookings", key=key, json=body, headers={"Idempotency-Key": name})
        except httpx.HTTPError:
            return None
        if answer.status_code >= 500:
            return None
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MailServer(socketserver.ThreadingTCPServer):
    """Takes letters by SMTP and remembers their Message-IDs; can keep a sender waiting for its answer."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.received: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.answers_left: int | None = None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def block_after(self, letters: int) -> None:
        """Take that many more; the one after them arrives, and its sender hears nothing until ``go_on``."""
        self.answers_left = letters
        self.may_answer.clear()

    def go_on(self) -> None:
        self.answers_left = None
        self.may_answer.set()

    def take(self, letter: bytes) -> None:
        found = re.search(rb"(?im)^Message-ID:\s*<([^>]+)@", letter)
        assert found
        self.received.append(found[1].decode())
        if self.answers_left is not None:
            self.answers_left -= 1
            if self.answers_left < 0:
                self.may_answer.wait(PATIENCE)


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().strip().upper():
            if line == b"DATA":
                self._say("354 go ahead")
                self.server.take(b"".join(self._letter()))
            self._say("221 bye" if line == b"QUIT" else "250 ok")

    def _letter(self) -> Iterable[bytes]:
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            yield line

    def _say(self, text: str) -> None:
        try:
            self.wfile.write(f"{text}\r\n".encode())
        except OSError:
            self.rfile.close()  # whoever was there is dead; nobody will read on
