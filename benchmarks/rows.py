"""What is measured, row by row, and the bar each has to meet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict

from benchmarks import calls, databases, weeks
from benchmarks.databases import ROOT, Bench
from benchmarks.report import Row, against_floor
from benchmarks.timing import WARM_UP, Call, Refused, Times, ask, by_turns

FLOOR = calls.floor
# Bars: times the floor's median; the search's SQL in milliseconds (p95); growth from small to big.
BARS = {
    "search": 4, "sql": 5, "month": 3, "results": 8, "instructor": 8, "book": 8, "feed": 10, "growth": 1.3,
    "read_week": 3, "save_week": 6, "copy_week": 6, "apply_week": 15, "rebuild": 25,
    "find": 15, "counts": 15, "suggest": 2,
}  # fmt: skip
# Each calendar may be read 120 times a minute.
FEEDS = 10


def over_http(big: Bench, ports: dict[str, int], *, number: int) -> Iterator[Row]:
    """``ports``: ``floor``, ``site`` (the big database) and ``small``."""
    _introduce(big, ports, number=number)
    some = databases.some_instructors(big.url, 400)
    search = calls.search(big.people)
    yield from _search(search, ports, number=number)
    pages: tuple[tuple[str, str, Callable[[int], Call]], ...] = (
        (
            "month",
            "GET /instructors/{id}/openings, 30 days",
            calls.month(big.people, some),
        ),
        ("results", "results page", calls.results_page),
        ("instructor", "instructor page", calls.instructor_page(some)),
    )
    for key, name, make in pages:
        yield _row(key, name, make, ports, number=number)
    addresses = databases.feeds(big.url, FEEDS, lessons=500)
    yield _row("feed", "calendar of 500 lessons", calls.feed(addresses), ports, number=number)
    yield _row("suggest", "GET /search/suggest", calls.suggestion, ports, number=number)
    # Who has something else then is followed by somebody else at another time.
    times = enumerate(databases.free_times(big.url, 6 * (number + WARM_UP)))

    def book(_: int) -> Call:
        attempt, free = next(times)
        return calls.booking(free, big.people.student(attempt))

    yield _row("book", "POST /bookings", book, ports, number=number)
    yield from weeks_over_http(big, ports, number=number)
    yield _one_caller(big, ports)


def weeks_over_http(big: Bench, ports: dict[str, int], *, number: int) -> Iterator[Row]:
    """Instructors' weeks; each call of a row is another instructor's."""
    keys = weeks.ask(big.url, "keys", number + WARM_UP)
    ask(ports["site"], calls.prepared_weeks(keys), 2 * len(keys))
    pages: tuple[tuple[str, str, Callable[[int], Call]], ...] = (
        ("read_week", "GET /instructors/me/week/{date}", calls.read_week(keys)),
        ("save_week", "PUT /instructors/me/week/{date}, 9 windows", calls.save_week(keys)),
        ("copy_week", "POST /instructors/me/week/{date}/copy", calls.copy_week(keys)),
        ("apply_week", "POST /instructors/me/week/{date}/apply, 12 weeks", calls.apply_week(keys)),
    )
    for key, name, make in pages:
        yield _row(key, name, make, ports, number=number)


def rebuild(big: Bench, *, number: int) -> Row:
    """Deriving an instructor's whole horizon anew, in the process, database included."""
    times = Times.of(weeks.ask(big.url, "rebuild", number))
    return Row(
        "90 open days after a change of the pattern", "ms median", times.median, BARS["rebuild"], times,
        note="in the process",
    )  # fmt: skip


def _introduce(big: Bench, ports: dict[str, int], *, number: int) -> None:
    """One request with each key: that it was used is noted every ten minutes, not with every request."""
    for name in ("site", "small"):
        ask(
            ports[name],
            lambda turn: Call("/api/v1/bookings?limit=1", big.people.student(turn)),
            number + WARM_UP,
        )


def _search(make: Callable[[int], Call], ports: dict[str, int], *, number: int) -> Iterator[Row]:
    """Against the floor, and the big database against the small one, in one go."""
    name = "GET /openings, a subject under a price, 3 hours, near"
    targets = {
        "floor": (ports["floor"], FLOOR),
        "site": (ports["site"], make),
        "small": (ports["small"], make),
    }
    try:
        times = by_turns(name, targets, number=number)
    except Refused as error:
        yield Row(name, bar=BARS["search"], note=str(error))
        return
    found = [len(answer.json()["results"]) for answer in ask(ports["site"], make, 50)]
    note = f"{sum(found) / len(found):.1f} results on average, {sum(n == 0 for n in found)} of 50 without any"
    yield against_floor(name, times, bar=BARS["search"], note=note)
    yield Row(
        "the same, tenfold the instructors", "× small", times["site"].median / times["small"].median,
        BARS["growth"], times["site"], note=f"small: {times['small'].median:.2f} ms",
    )  # fmt: skip


def _row(
    key: str, name: str, make: Callable[[int], Call], ports: dict[str, int], *, number: int, note: str = ""
) -> Row:
    targets = {"floor": (ports["floor"], FLOOR), "site": (ports["site"], make)}
    try:
        return against_floor(name, by_turns(name, targets, number=number), bar=BARS[key], note=note)
    except (Refused, StopIteration) as error:
        return Row(name, bar=BARS[key], note=str(error) or "not enough free times")


def _one_caller(big: Bench, ports: dict[str, int]) -> Row:
    """All from one key, as many as a minute allows: the counting of one busy caller."""
    name = "GET /openings, all with one key"
    make = calls.search(big.people)
    key = {"Authorization": f"Bearer {big.people.partner}"}
    targets = {
        "floor": (ports["floor"], FLOOR),
        "site": (ports["site"], lambda turn: Call(make(turn).path, key)),
    }
    try:
        times = by_turns(name, targets, number=80, warm_up=20)
    except Refused as error:
        return Row(name, note=str(error))
    ratio = times["site"].median / times["floor"].median
    return Row(name, "× floor", ratio, None, times["site"], times["floor"], "within its 120 a minute")


def inside(big: Bench, *, number: int) -> Iterator[Row]:
    """The SQL of a search alone, and the statements a page needs."""
    some = databases.some_instructors(big.url, 50)
    makers: dict[str, tuple[Callable[[int], Call], int]] = {
        "GET /openings": (calls.search(big.people), number),
        "GET /instructors/{id}/openings": (calls.month(big.people, some), 20),
        "results page": (calls.results_page, 20),
        "instructor page": (calls.instructor_page(some), 20),
    }
    wanted = {name: [_plain(make(turn)) for turn in range(n + 5)] for name, (make, n) in makers.items()}
    found = _ask(big.url, wanted)
    search = found["GET /openings"]
    if "error" in search:
        yield Row("SQL of a search alone", "ms p95", bar=BARS["sql"], note=search["error"])
    else:
        times = Times.of(search["search_seconds"])
        yield Row("SQL of a search alone", "ms p95", times.p95, BARS["sql"], times, note="in the process")
    for name, result in found.items():
        if "error" in result:
            yield Row(f"statements: {name}", note=result["error"])
            continue
        counts = sorted(result["statements"])
        all_of_it = Times.of(result["all_seconds"])
        note = f"{counts[0]}–{counts[-1]}, with signing in" if "GET" in name else f"{counts[0]}–{counts[-1]}"
        yield Row(f"statements: {name}", "statements", counts[len(counts) // 2], None, all_of_it, note=note)


def finds(big: Bench, *, number: int) -> Iterator[Row]:
    """The SQL of each kind of search, and of the counts behind filters."""
    makers = {**calls.finds(big.people), "the counts behind filters": calls.counts}
    wanted = {name: [_plain(make(turn)) for turn in range(number + 5)] for name, make in makers.items()}
    for name, result in _ask(big.url, wanted).items():
        bar = BARS["counts" if name.startswith("the counts") else "find"]
        if "error" in result:
            yield Row(f"SQL: {name}", "ms p95", bar=bar, note=result["error"])
            continue
        times = Times.of(result["search_seconds"])
        yield Row(f"SQL: {name}", "ms p95", times.p95, bar, times, note="in the process")


def _plain(call: Call) -> dict[str, object]:
    return asdict(call)


def _ask(url: str, wanted: dict[str, list[dict[str, object]]]) -> dict[str, dict]:
    """Let a process of its own measure, so that this one stays free of Django."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(wanted, file)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.inside", file.name],
            cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "DATABASE_URL": url, "RATELIMIT_ENABLE": "off", "LOG_LEVEL": "ERROR"},
        )  # fmt: skip
    if done.returncode:
        return {name: {"error": f"ended with {done.returncode}"} for name in wanted}
    return json.loads(done.stdout)


def parsing() -> Iterator[Row]:
    """The reading of a query, in a process of its own for the same reason."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.parsing", "--json"],
        cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    for row in json.loads(done.stdout or "[]") or [{"name": "reading a query", "note": "ended early"}]:
        row.pop("passed", None)
        times = row.pop("times", None)
        yield Row(**row, times=Times(**times) if times else None)
