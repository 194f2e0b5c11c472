"""`make bench-large`: whether a search over a million instructors costs what it does over 100,000.

Builds the databases once, with a progress bar: the smaller one by COPY, the larger one out of it. At full
size they take some fifteen minutes and 10 GB; what is finished is found again by the next run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import databases, rows, tenfold
from benchmarks.databases import Bench
from benchmarks.report import Row, table

DAYS = 30
# Times the 95th percentile of the smaller one.
GROWTH = 1.5


def main() -> int:
    args = _arguments()
    small = databases.prepare(args.instructors // 10, days=DAYS, rebuild=args.rebuild)
    large = tenfold.prepare(small, times=10, days=DAYS, rebuild=args.rebuild)
    found = list(compare(large, small, number=args.number))
    print(f"{args.instructors:,} instructors against {args.instructors // 10:,}, {DAYS} days of hours.\n")
    print(table(found))
    if args.json:
        args.json.write_text(json.dumps([row.as_json() for row in found], indent=1))
    return 0 if all(row.passed is not False for row in found) else 1


def compare(large: Bench, small: Bench, *, number: int) -> Iterator[Row]:
    """Each kind of search in both, after a round in each that does not count: pages are read into memory."""
    for bench in (small, large):
        list(rows.finds(bench, number=number))
    before = {row.name: row for row in rows.finds(small, number=number)}
    for row in rows.finds(large, number=number):
        least = before[row.name].times
        if row.times is None or least is None:
            yield Row(row.name, "× small", bar=GROWTH, note=row.note or before[row.name].note)
            continue
        medians = row.times.median / least.median
        note = f"small: {least.median:.2f} ms, p95 {least.p95:.2f}; medians {medians:.2f} ×"
        yield Row(row.name, "× small (p95)", row.times.p95 / least.p95, GROWTH, row.times, note=note)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--instructors", type=int, default=1_000_000, help="in the larger one (1000000)")
    parser.add_argument("--number", type=int, default=200, help="searches of each kind that count (200)")
    parser.add_argument("--rebuild", action="store_true", help="make the databases anew")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
