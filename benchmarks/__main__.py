"""`make bench`: everything, in a table."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import benchmarks
from benchmarks import confirming, databases, race, rows, servers
from benchmarks.report import Row, table


def main() -> int:
    args = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped
    big = databases.prepare(args.instructors, rebuild=args.rebuild)
    small = databases.prepare(args.instructors // 10, rebuild=args.rebuild)
    servers.collect_static(big.url)
    began = time.monotonic()
    found: list[Row] = []
    with ExitStack() as stack:
        ports = {
            "floor": stack.enter_context(servers.web(big.url, settings="benchmarks.floor")),
            "site": stack.enter_context(servers.web(big.url)),
            "small": stack.enter_context(servers.web(small.url)),
        }
        found += rows.over_http(big, ports, number=args.number)
        found += confirming.rows(big, ports["floor"], number=args.number)
    found += rows.inside(big, number=args.number)
    found += rows.parsing()
    found.append(rows.rebuild(big, number=args.number))
    found += rows.finds(big, number=args.number)
    if not args.without_race:
        found += race.rows(small, rounds=args.rounds)
    print(_title(args))
    print(table(found))
    print(f"\n{time.monotonic() - began:.0f} s.")
    if args.json:
        args.json.write_text(json.dumps([row.as_json() for row in found], indent=1))
    return 0 if all(row.passed is not False for row in found) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("--instructors", type=int, default=100_000, help="in the big database (100000)")
    parser.add_argument("--number", type=int, default=200, help="requests of each row that count (200)")
    parser.add_argument("--rounds", type=int, default=100, help="of the race (100)")
    parser.add_argument("--without-race", action="store_true")
    parser.add_argument("--rebuild", action="store_true", help="make the databases anew")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows as JSON")
    return parser.parse_args()


def _title(args: argparse.Namespace) -> str:
    return (
        f"{args.instructors:,} instructors, {databases.DAYS} days of hours; one web worker of 4 threads, "
        "production settings, requests counted. The floor is a bare view doing one SELECT 1, "
        "measured turn by turn with the rest.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
