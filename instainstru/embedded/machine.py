"""What both embedded servers need from the machine: places, owners, processes."""

import hashlib
import importlib.util
import logging
import os
import pwd
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

logger = logging.getLogger(__name__)

BASE_DIR = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60
STOP_SECONDS = 30
LONGEST_SOCKET_PATH = 100  # the kernel allows 107 bytes
LOG_BYTES = 10_000_000


class EmbeddedError(RuntimeError):
    """An embedded server cannot be used; the message says what to do."""


def data_dir() -> Path:
    """Where the servers keep everything; `DATA_DIR` gives tests and benchmarks their own."""
    return Path(os.environ.get("DATA_DIR") or BASE_DIR / ".data").resolve()


def server_pid(pid_file: Path, name: str) -> int | None:
    """The pid in the file, if that process still is the server and not a stranger with its number."""
    with suppress(OSError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        if process.status() != psutil.STATUS_ZOMBIE and process.name() == name:
            return process.pid
    return None


def socket_path(preferred: Path) -> Path:
    """The preferred path, or a short one under the temporary directory where that is too long."""
    if len(os.fsencode(preferred)) <= LONGEST_SOCKET_PATH:
        return preferred
    digest = hashlib.sha256(os.fsencode(preferred.parent)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"instainstru-{digest}" / preferred.name


def package_dir(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"The package {name} is missing; run `make setup` or set the server's URL.")
    return Path(next(iter(spec.submodule_search_locations)))


def _server_user() -> pwd.struct_passwd | None:
    """Whom the servers run as, where that is not simply us."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def server_dir(path: Path) -> Path:
    """A directory of the servers' own that they can reach; refused where someone else made it first."""
    user = _server_user()
    owner = user.pw_uid if user else os.geteuid()
    if not path.exists():
        path.mkdir(mode=0o700)
        os.chown(path, owner, -1)
    if path.stat().st_uid != owner:
        raise EmbeddedError(f"{path} belongs to another user; remove it, or set DATA_DIR to a new place.")
    open_to_server_user(path)
    return path


def server_file(path: Path) -> Path:
    """A log the server may write; one that has grown large starts again."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.unlink()
    path.touch(mode=0o600)
    if user := _server_user():
        os.chown(path, user.pw_uid, -1)
    return path


def open_to_server_user(directory: Path) -> None:
    """Let `nobody` pass through the directories above; needed only where we are root."""
    if _server_user() is None:
        return
    for parent in directory.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            logger.warning("Letting other users pass through %s, for the embedded servers.", parent)
            parent.chmod(mode | stat.S_IXOTH)


def refuse_foreign_data(root: Path) -> None:
    """Say who owns the data, instead of failing later with a permission error."""
    data = root / "postgres"
    if os.geteuid() != 0 and data.exists() and data.stat().st_uid != os.geteuid():
        owner = data.stat().st_uid
        raise EmbeddedError(
            f"{data} belongs to user id {owner} (made as root?). Run as that user, "
            "or delete it as root (`make reset`), or set DATA_DIR to a new place."
        )


def run(command: list[str]) -> None:
    user = _server_user()
    identity: dict[str, Any] = {}
    if user:
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    # Files, not pipes: a server that stays behind would keep a pipe open and us waiting.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command, check=False, stdout=output, stderr=subprocess.STDOUT, cwd="/", **identity
        )
        if done.returncode:
            output.seek(0)
            raise EmbeddedError(f"{Path(command[0]).name} failed:\n{output.read().strip()}")


def tail(log: Path, lines: int = 15) -> str:
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return "(it left no log)"


def terminate(pid: int | None, how: signal.Signals) -> None:
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
