"""The real web server on a port of its own, started for a benchmark and stopped after it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import IO

from benchmarks.databases import ROOT
from instainstru import embedded

# The last database of the embedded Valkey; tests take theirs from the other end.
REDIS_DATABASE = 63
PATIENCE = 40  # seconds until it answers, and until it has stopped


@contextmanager
def web(
    database_url: str,
    *,
    settings: str = "instainstru.settings",
    workers: int = 1,
    told: dict[str, str] | None = None,
) -> Iterator[int]:
    """Production settings over that database, with what it is ``told`` beside; yields the port."""
    port = free_port()
    application = "instainstru.wsgi" if settings == "instainstru.settings" else _BARE
    with tempfile.TemporaryDirectory() as metrics, tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "ops/gunicorn.py", application],
            cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
            env={
                **production(database_url),
                **(told or {}),
                "DJANGO_SETTINGS_MODULE": settings,
                "PORT": str(port),
                "WEB_CONCURRENCY": str(workers),
                "PROMETHEUS_MULTIPROC_DIR": metrics,
            },
        )  # fmt: skip
        try:
            _wait(process, port, log)
            yield port
        finally:
            stop(process)


_BARE = "django.core.wsgi:get_wsgi_application()"


def collect_static(database_url: str) -> None:
    """Production names files by what is in them, which is worked out beforehand, once: it takes a minute."""
    collected = embedded.data_dir() / "static" / "staticfiles.json"
    newest = max(file.stat().st_mtime for file in (ROOT / "static").rglob("*"))
    if collected.exists() and collected.stat().st_mtime > newest:
        return
    print("Collecting static files …", file=sys.stderr)
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, check=True, env=production(database_url), stdout=subprocess.DEVNULL)


def production(database_url: str) -> dict[str, str]:
    """The environment of a production site on this machine."""
    return {
        **os.environ,
        "DEBUG": "off",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "off",
        "DATABASE_URL": database_url,
        "REDIS_URL": os.environ.get("BENCH_REDIS_URL") or embedded.redis_url(REDIS_DATABASE),
        "EMAIL_URL": "dummymail://",
        "STRIPE_SECRET_KEY": "sk_test_benchmark",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_benchmark",
        "STRIPE_WEBHOOK_SECRETS": "whsec_benchmark",
        "RATELIMIT_ENABLE": "on",
        "TRUSTED_PROXIES": "1",
        "LOG_LEVEL": "WARNING",
    }


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end; insist after a while."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: IO[str]) -> None:
    """Until it answers anything at all: the port is open before the application is loaded."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", "/livez")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    log.seek(0)
    sys.exit(f"The web server does not start:\n{log.read()}")
