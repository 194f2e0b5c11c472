"""Runs the Procfile's processes side by side: their output in one place, one signal for all of them."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

GRACE = 30  # seconds for requests under way and tasks in hand
EARLY = 20  # seconds; who dies sooner cannot start, and starting it again is no help
PR_SET_PDEATHSIG = 1


@dataclass
class Role:
    name: str
    command: str
    process: subprocess.Popen[str] | None = None
    started: float = 0.0


class Supervisor:
    """Starts every role, restarts one that dies later, gives up on one that cannot start."""

    def __init__(
        self,
        procfile: Path,
        environment: dict[str, str],
        *,
        early: float = EARLY,
        beside: Sequence[Role] = (),
    ) -> None:
        ours = [Role(*line) for line in re.findall(r"^(\w+): *(.+)$", procfile.read_text(), re.M)]
        self.roles = [*beside, *ours]
        self.environment = environment
        self.early = early
        self.width = max(len(role.name) for role in self.roles)
        self.asked_to_stop = threading.Event()

    def run(self, meanwhile: Callable[[], None]) -> int:
        """Until a signal (0) or a process that cannot start (1); `meanwhile` is called every so often."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            for role in self.roles:
                self._start(role)
            while not self.asked_to_stop.wait(1):
                if not self._revive():
                    return 1
                meanwhile()
            return 0
        finally:
            self._end_all()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop.set()

    def _start(self, role: Role) -> None:
        # A session of its own: Ctrl-C reaches us alone, and we tell the others in their own way.
        role.process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {role.command}"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        role.started = time.monotonic()
        threading.Thread(target=self._relay, args=(role.name, role.process), daemon=True).start()

    def _relay(self, name: str, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            print(f"{name:<{self.width}} | {line}", end="", flush=True)

    def _revive(self) -> bool:
        for role in self.roles:
            if role.process is None or role.process.poll() is None:
                continue
            print(f"{role.name:<{self.width}} | ended with {role.process.returncode}", flush=True)
            if time.monotonic() - role.started < self.early:
                return False
            self._start(role)
        return True

    def _end_all(self) -> None:
        """Everyone is told at once, then waited for; who is late is killed with all its children."""
        living = [role.process for role in self.roles if role.process and role.process.poll() is None]
        for process in living:
            process.terminate()
        deadline = time.monotonic() + GRACE
        for process in living:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _end_with_parent() -> None:
    """Where we are killed without a chance to tell the others, the kernel tells them."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
