"""`python -m instainstru.embedded start|stop|status`."""

import argparse
import json
import sys

from instainstru.embedded import data_dir, start, status, stop


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
