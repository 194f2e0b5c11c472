"""Loaded by pytest before Django's settings: each test process gets a Valkey database of its own.

Through the environment, so that a server or worker which a test starts finds the same one. The claim is
a file lock: two runs on one machine never meet, and a run that dies gives its claim back.
"""

import fcntl
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import redis

from instainstru import embedded


def claim_redis_url() -> str:
    """An address of the configured server, or of the embedded one, with a database nobody else tests in.

    Database 0 is left to whoever uses the site meanwhile.
    """
    server = os.environ.get("REDIS_URL") or embedded.redis_url()
    # What a parent process claimed is in its address; the server must look the same to all of them.
    server = _with_database(server, 0)
    for number in range(1, _databases(server)):
        if _claim(f"{server} {number}"):
            return _with_database(server, number)
    raise RuntimeError("Every Valkey database is taken by another test run.")


def _claim(what: str) -> bool:
    name = hashlib.sha256(what.encode()).hexdigest()[:16]
    file = os.open(Path(tempfile.gettempdir()) / f"instainstru-test-{name}.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return False
    return True  # and the lock is held until the process ends


def _databases(server: str) -> int:
    with suppress(redis.ResponseError), redis.Redis.from_url(server) as client:
        return int(client.config_get("databases")["databases"])
    return 16


def _with_database(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))


os.environ["REDIS_URL"] = claim_redis_url()
# Playwright keeps an event loop running in the thread of its tests, in which Django then suspects itself.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
