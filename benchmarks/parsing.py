"""`python -m benchmarks.parsing [--json]`: the processor time of reading a query, warm.

Ordinary queries are those whose readings the tests hold; hostile ones are 10,000 characters of what a
grammar might stumble over. No database is read: the vocabulary is made from the catalogue's source.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "instainstru.settings")

import django

django.setup()

from benchmarks.report import Row, table  # noqa: E402
from benchmarks.timing import Times  # noqa: E402
from instructors.services.search.parse import parse  # noqa: E402
from instructors.tests.readings import rows, vocabulary  # noqa: E402

TODAY = date(2026, 12, 2)
# Milliseconds of one reading.
MEDIAN, P99, HOSTILE = 0.5, 2.0, 50.0
LENGTH = 10_000
ROUNDS = 5


def hostile(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Long texts, each with its name."""
    parts = {
        "one letter": "a",
        "one digit": "9",
        "spaces": " ",
        "digits apart": "9 ",
        "dollars": "$",
        "prices": "under $40 to $60 ",
        "ranges": "to 5 to ",
        "hours": "at 6 ",
        "days": "next friday to ",
        "negations": "not piano but ",
        "prepositions": "in near the ",
        "brackets": "((((",
        "hyphens": "9-",
        "dots": "a.b.",
        "plus signs": "c++",
        "ages": "9 year old ",
        "another script": "пианино ",
        "one long sign": "\ufdfa",
    }
    for name, part in parts.items():
        yield name, (part * LENGTH)[:LENGTH]
    for name, letters in (
        ("near misses", "piano guitr vilon tenis wensday brookyln"),
        ("letters", "abcdefghijklmnop"),
    ):
        words = (
            "".join(chance.choice(letters.replace(" ", "")) for _ in range(chance.randrange(4, 12)))
            for _ in range(3000)
        )
        yield name, " ".join(words)[:LENGTH]


def measured(number: int = ROUNDS) -> list[Row]:
    words = vocabulary()
    queries = [text for text, *_ in rows()]

    def timed(text: str) -> float:
        start = time.process_time()
        parse(text, today=TODAY, vocabulary=words)
        return time.process_time() - start

    def worst(texts: list[tuple[str, str]], of: Callable[[list[float]], float]) -> tuple[str, float]:
        return max(
            ((name, of([timed(text) for _ in range(number)]) * 1000) for name, text in texts),
            key=lambda one: one[1],
        )

    for text in queries:
        timed(text)
    seconds = [timed(text) for _ in range(number) for text in queries]
    times = Times.of(seconds)
    p99 = statistics.quantiles(seconds, n=100)[98] * 1000
    name, slowest = worst(list(hostile(random.Random(1))), min)
    return [
        Row("reading a query", "ms median", times.median, MEDIAN, times, note=f"{len(queries)} queries"),
        Row("reading a query", "ms p99", p99, P99, times),
        Row(f"{LENGTH:,} characters of anything", "ms", slowest, HOSTILE, note=f"the slowest: {name}"),
    ]


if __name__ == "__main__":
    found = measured()
    print(json.dumps([row.as_json() for row in found]) if "--json" in sys.argv else table(found))
    sys.exit(0 if all(row.passed for row in found) else 1)
