"""Fifty students for one time: exactly one gets it, the others are told, nobody waits for ever.

python -m benchmarks.race [--rounds 100] [--students 50] [--workers 3]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
from tqdm import tqdm

from benchmarks import calls, databases, servers
from benchmarks.databases import Bench
from benchmarks.report import Row, table
from benchmarks.timing import Times


@dataclass
class Race:
    """What was answered in all rounds, and the rounds that went wrong."""

    rounds: int
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


async def run(bench: Bench, port: int, *, rounds: int, students: int) -> Race:
    """Each round all students ask for the same time at the same moment."""
    race = Race(rounds)
    times = databases.free_times(bench.url, rounds)
    if len(times) < rounds:
        race.wrong.append(f"only {len(times)} free times")
    limits = httpx.Limits(max_connections=students, max_keepalive_connections=students)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:
        for number, free in enumerate(tqdm(times, desc="race", leave=False)):
            # Others each round, so that nobody meets the limit on writing.
            who = [bench.people.student(number * students + n) for n in range(students)]
            start = time.perf_counter()
            answers = await asyncio.gather(*(_try(client, calls.booking(free, headers)) for headers in who))
            race.seconds.append(time.perf_counter() - start)
            race.answers.update(answers)
            found = Counter(answers)
            conflicts = sum(n for answer, n in found.items() if answer.startswith("409"))
            if found["201"] != 1 or conflicts != students - 1:
                race.wrong.append(f"round {number}: {dict(found)}")
    return race


async def _try(client: httpx.AsyncClient, call: calls.Call) -> str:
    try:
        response = await client.request(call.method, call.path, json=call.body, headers=call.headers)
    except httpx.HTTPError as error:
        return type(error).__name__
    if response.status_code == 201:
        return "201"
    try:
        return f"{response.status_code} {response.json().get('code', '')}".strip()
    except ValueError:
        return str(response.status_code)


def rows(bench: Bench, *, rounds: int = 100, students: int = 50, workers: int = 3) -> list[Row]:
    before = databases.deadlocks(bench.url)
    with servers.web(bench.url, workers=workers) as port:
        race = asyncio.run(run(bench, port, rounds=rounds, students=students))
    # With the server's connections closed, their counts are all in.
    deadlocks = databases.deadlocks(bench.url) - before
    note = ", ".join(f"{n} × {answer}" for answer, n in race.answers.most_common())
    return [
        Row(
            f"race: {students} students for one time, {rounds} rounds, {workers} web workers",
            "rounds wrong", len(race.wrong), 0, Times.of(race.seconds),
            note="; ".join([note, *race.wrong[:3]]),
        ),
        Row("race: deadlocks", "deadlocks", deadlocks, 0),
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.race", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--students", type=int, default=50)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--instructors", type=int, default=10_000)
    args = parser.parse_args()
    bench = databases.prepare(args.instructors)
    found = rows(bench, rounds=args.rounds, students=args.students, workers=args.workers)
    print(table(found))
    return 0 if all(row.passed for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
