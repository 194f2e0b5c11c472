"""What everything that ``make run`` starts holds in memory at rest.

    python -m benchmarks.memory [--rest 20]

A data directory of its own, so that nobody else's connections are counted. RSS counts a shared page in
every process that maps it; PSS divides it among them, so PSS is what may be added up.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks.databases import ROOT
from benchmarks.servers import free_port, stop

PROCFILE = ROOT / "Procfile"
TOUCH = ("/readyz", "/", "/search?q=piano+tomorrow", "/accounts/login/")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--rest", type=int, default=20, help="seconds of rest before measuring (20)")
    args = parser.parse_args()
    # Sockets have short addresses, so the directory has too.
    with ExitStack() as stack:
        data = Path(tempfile.mkdtemp(prefix="ii-"))
        stack.callback(shutil.rmtree, data, ignore_errors=True)
        port = free_port()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
            "DATA_DIR": str(data), "PORT": str(port), "DEBUG": "on", "LOG_LEVEL": "WARNING",
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
        }  # fmt: skip
        _run(environment, "-m", "instainstru.embedded", "start")
        stack.callback(_run, environment, "-m", "instainstru.embedded", "stop", "--force")
        _run(environment, "manage.py", "migrate", "--verbosity", "0")
        _run(environment, "manage.py", "seed_demo")
        roles = {}
        for line in PROCFILE.read_text().splitlines():
            role, command = line.split(":", 1)
            roles[role] = _start(command, environment)
            stack.callback(stop, roles[role])
        _wait(port)
        time.sleep(args.rest)
        _report(roles, data)
    return 0


def _run(environment: dict[str, str], *command: str) -> None:
    subprocess.run(
        [sys.executable, *command], cwd=ROOT, check=True, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _start(command: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", f"exec {command}"], cwd=ROOT, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _wait(port: int) -> None:
    """Until it answers; then a few pages, so that what is loaded late is loaded."""
    deadline = time.monotonic() + 40
    for path in TOUCH:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                if time.monotonic() > deadline:
                    sys.exit("The site does not answer.")
                time.sleep(0.2)


def _report(roles: dict[str, subprocess.Popen[bytes]], data: Path) -> None:
    groups = {role: _tree(psutil.Process(process.pid)) for role, process in roles.items()}
    for process in psutil.process_iter(["name", "cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(data) in line and process.ppid() != 0:
            if "valkey" in line:
                groups["valkey"] = _tree(process)
            elif "postgres" in (process.info["name"] or "") and " -D " in f" {line} ":
                groups["postgres"] = _tree(process)
    print("| process | processes | RSS MB | PSS MB |\n| --- | --: | --: | --: |")
    sums = [0.0, 0.0]
    for role, processes in groups.items():
        rss, pss = (sum(values) for values in zip(*(_memory(p.pid) for p in processes), strict=True))
        sums = [sums[0] + rss, sums[1] + pss]
        print(f"| {role} | {len(processes)} | {rss:.0f} | {pss:.0f} |")
    print(f"| all | {sum(map(len, groups.values()))} | {sums[0]:.0f} | {sums[1]:.0f} |")


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _memory(pid: int) -> tuple[float, float]:
    """RSS and PSS in MB."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        found[name] = int(value.split()[0]) / 1024
    return found["Rss"], found["Pss"]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
