"""Requests over one kept-alive connection, timed; and targets measured turn by turn."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

from tqdm import tqdm

# Requests of each target before those that count. Each of the four threads prepares its connection and
# meets each page of the database's memory for the first time.
WARM_UP = 400
# Calls for one turn, until somebody is free: students have lessons of earlier runs all over the month.
TRIES = 60


@dataclass(frozen=True)
class Call:
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "GET"
    body: Any = None
    # In place of a body: what a browser's form would send.
    form: str = ""
    # What it should be answered; other answers end the benchmark, because their time says nothing.
    expect: int = 200
    # An answer that says no more than that another call is needed: the student has a lesson then.
    again: int | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection; what is timed is from the first byte sent to the last received."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._connection.connect()

    def send(self, call: Call) -> Answer:
        headers = {"Accept-Encoding": "identity", **call.headers}
        content = None
        if call.body is not None:
            content = json.dumps(call.body).encode()
            headers["Content-Type"] = "application/json"
        if call.form:
            content = call.form.encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        start = time.perf_counter()
        self._connection.request(call.method, call.path, body=content, headers=headers)
        response = self._connection.getresponse()
        body = response.read()
        return Answer(response.status, body, time.perf_counter() - start)

    def close(self) -> None:
        self._connection.close()


def ask(port: int, make: Callable[[int], Call], number: int) -> list[Answer]:
    """So many answers, not timed: to look at what is in them."""
    client = Client(port)
    try:
        return [client.send(make(turn)) for turn in range(number)]
    finally:
        client.close()


@dataclass(frozen=True)
class Times:
    """Milliseconds."""

    median: float
    p95: float
    number: int

    @classmethod
    def of(cls, seconds: list[float]) -> Times:
        low_to_high = sorted(seconds)
        index = max(0, -(-len(low_to_high) * 95 // 100) - 1)
        return cls(statistics.median(low_to_high) * 1000, low_to_high[index] * 1000, len(low_to_high))


class Refused(Exception):
    """A target answered otherwise than expected."""


def by_turns(
    title: str,
    targets: Mapping[str, tuple[int, Callable[[int], Call]]],
    *,
    number: int,
    warm_up: int = WARM_UP,
) -> dict[str, Times]:
    """Send each target its next call, A B C A B C…, ``number`` times after a warm-up that does not count.

    ``targets`` maps a name to a port and a maker of calls by turn. Whatever else the machine does at a
    moment hits all of them alike.
    """
    clients = {name: Client(port) for name, (port, _) in targets.items()}
    seconds: dict[str, list[float]] = {name: [] for name in targets}
    try:
        for turn in _progress(title, range(number + warm_up)):
            for name, (_, make) in targets.items():
                call, answer = _answered(clients[name], make, turn)
                if answer.status != call.expect:
                    raise Refused(
                        f"{call.method} {call.path} was answered {answer.status}: {answer.body[:400]!r}"
                    )
                if turn >= warm_up:
                    seconds[name].append(answer.seconds)
    finally:
        for client in clients.values():
            client.close()
    return {name: Times.of(values) for name, values in seconds.items()}


def _answered(client: Client, make: Callable[[int], Call], turn: int) -> tuple[Call, Answer]:
    for _ in range(TRIES):
        call = make(turn)
        answer = client.send(call)
        if answer.status != call.again:
            break
    return call, answer


def _progress(title: str, turns: Iterable[int]) -> Iterable[int]:
    return tqdm(turns, desc=title, leave=False, mininterval=0.5)
