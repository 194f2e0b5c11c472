"""The supervisor of `make run`, with small real processes in place of ours."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

# Writes its pid for each start, and says goodbye when it is asked to go.
ROLE = """
import os, signal, sys, time
from pathlib import Path
def leave(*_):
    Path(sys.argv[1] + ".left").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
with open(sys.argv[1], "a") as starts:
    starts.write(f"{os.getpid()}\\n")
time.sleep(60)
"""
SUPERVISE = """
import os, sys
from pathlib import Path
from ops.processes import Supervisor
sys.exit(Supervisor(Path(sys.argv[1]), dict(os.environ), early=float(sys.argv[2])).run(lambda: None))
"""


class Running:
    def __init__(self, directory: Path, *, early: float, **commands: str) -> None:
        self.directory = directory
        (directory / "role.py").write_text(ROLE)
        procfile = directory / "Procfile"
        python = f"{sys.executable} {directory}/role.py {directory}"
        roles = {name: command or f"{python}/{name}" for name, command in commands.items()}
        procfile.write_text("".join(f"{name}: {command}\n" for name, command in roles.items()))
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, str(procfile), str(early)], stdout=subprocess.PIPE, text=True
        )

    def pids(self, name: str, *, starts: int = 1) -> list[int]:
        path = self.directory / name
        until(lambda: path.exists() and len(path.read_text().splitlines()) >= starts)
        return [int(line) for line in path.read_text().splitlines()]

    def end(self) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=20)
        return self.process.returncode, output

    def left_politely(self, name: str) -> bool:
        return (self.directory / f"{name}.left").exists()


def until(condition) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_everybody_politely(tmp_path, how):
    running = Running(tmp_path, early=0, web="", worker="")
    pids = running.pids("web") + running.pids("worker")
    running.process.send_signal(how)
    assert running.end()[0] == 0
    assert all(gone(pid) for pid in pids)
    assert running.left_politely("web")
    assert running.left_politely("worker")


def test_a_process_that_dies_later_is_started_again(tmp_path):
    running = Running(tmp_path, early=0, web="", worker="")
    (first,) = running.pids("worker")
    (web,) = running.pids("web")
    os.kill(first, signal.SIGKILL)
    assert running.pids("worker", starts=2)[1] != first
    assert running.pids("web") == [web]
    running.process.terminate()
    assert "worker | ended with -9" in running.end()[1]


def test_a_process_that_cannot_start_ends_the_others_and_its_words_are_shown(tmp_path):
    running = Running(tmp_path, early=30, web="", worker="sh -c 'echo no such broker; exit 3'")
    code, output = running.end()
    assert code == 1
    assert "worker | no such broker" in output
    assert "worker | ended with 3" in output


def test_a_supervisor_that_is_killed_leaves_nobody_behind(tmp_path):
    running = Running(tmp_path, early=0, web="")
    (pid,) = running.pids("web")
    running.process.kill()
    running.process.communicate()
    until(lambda: gone(pid))
