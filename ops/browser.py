"""Finds the Chromium that browser tests drive: `python -m ops.browser` installs one where none is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# The shell has no windows to draw: a fifth quicker.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Quiet: no requests of its own, nothing that differs from one machine to the next.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # A page lives a second: code that is made quick for longer than that is wasted.
    "--js-flags=--no-opt --no-maglev",
]


def system_chromium() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def executable() -> str | None:
    """The system's Chromium, or Playwright's own, or nothing."""
    if found := system_chromium():
        return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> bool:
    """Debian's package where we may install it, otherwise Playwright's download."""
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") and (not root or _runs([*root, "true"])):
        apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        if _runs([*apt, "update"]):
            for name in ("chromium-headless-shell", "chromium"):
                if _runs([*apt, "install", "-y", "--no-install-recommends", name]):
                    return True
    return _runs([sys.executable, "-m", "playwright", "install", "chromium"])


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def main() -> int:
    if executable() is None:
        print("Installing Chromium for the browser tests …", flush=True)
        install()
    found = executable()
    if found is None:
        print(
            "The browser tests need Chromium and it could not be installed. Install the package "
            "`chromium`, or set CHROMIUM to the path of one.",
            file=sys.stderr,
        )
        return 1
    print(f"Browser: {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
