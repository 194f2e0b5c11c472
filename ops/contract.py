"""Whether the API still is what `docs/openapi.yaml` promises: `python -m ops.contract [--write]`."""

import difflib
import subprocess
import sys
from pathlib import Path

PROMISED = Path(__file__).resolve().parent.parent / "docs" / "openapi.yaml"


def described() -> str:
    """The description as the code has it now; drf-spectacular's warnings end the program."""
    command = [sys.executable, "manage.py", "spectacular", "--validate", "--fail-on-warn"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    return done.stdout


def main() -> int:
    now = described()
    if "--write" in sys.argv:
        PROMISED.write_text(now)
        return 0
    before = PROMISED.read_text() if PROMISED.exists() else ""
    changes = list(
        difflib.unified_diff(before.splitlines(), now.splitlines(), "promised", "now", lineterm="", n=2)
    )
    if not changes:
        return 0
    print("\n".join(changes[:80]))
    print(
        "\nThe API changed. If that is meant: python -m ops.contract --write, and docs/upgrading.md says so."
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
