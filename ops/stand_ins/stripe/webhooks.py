"""Events on their way to the endpoints: signed, delivered in no promised order, repeated until taken.

A control call may hold them back, mix, double or lose them, so that a test meets what really happens.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import http.client
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

WORKERS = 2
ANSWER_WITHIN = 10  # seconds
LOG_LENGTH = 2_000


def signature(body: bytes, secrets: list[str], at: int) -> str:
    """The header ``Stripe-Signature``: one ``v1`` for each secret that is valid while secrets change."""
    signed = f"{at}.".encode() + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


@dataclass(frozen=True)
class Endpoint:
    url: str
    secrets: list[str]


@dataclass
class Delivery:
    number: int
    event: str
    type: str
    endpoint: Endpoint
    body: bytes
    attempt: int = 0


@dataclass
class Whims:
    """What becomes of the next deliveries."""

    held: bool = False
    drop: int = 0
    duplicate: int = 0
    drop_types: list[str] = field(default_factory=list)
    shuffle_seed: int | None = None


class Deliveries:
    """A queue by time of the next attempt, and a few threads that work it off."""

    def __init__(self, *, first_wait: float = 1.0, longest_wait: float = 3600.0, attempts: int = 16) -> None:
        self.first_wait, self.longest_wait, self.attempts = first_wait, longest_wait, attempts
        self.whims = Whims()
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self._queue: list[tuple[float, int, Delivery]] = []
        self._number = itertools.count(1)
        self._changed = threading.Condition()
        self._busy = 0
        self._stopped = False
        self._generation = 0
        self.taken: Callable[[Delivery], None] = lambda delivery: None  # hears of each that is over

    def start(self) -> None:
        for number in range(WORKERS):
            threading.Thread(target=self._work, name=f"deliveries-{number}", daemon=True).start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def send(self, event: str, type_: str, body: bytes, endpoint: Endpoint) -> None:
        delivery = Delivery(next(self._number), event, type_, endpoint, body)
        with self._changed:
            if self.whims.drop > 0 or type_ in self.whims.drop_types:
                self.whims.drop = max(0, self.whims.drop - 1)
                self._note(delivery, "dropped")
                return
            self._push(delivery, 0)
            if self.whims.duplicate > 0:
                self.whims.duplicate -= 1
                self._push(replace(delivery, number=next(self._number)), 0)

    def _push(self, delivery: Delivery, wait: float) -> None:
        heapq.heappush(self._queue, (time.monotonic() + wait, delivery.number, delivery))
        self._changed.notify_all()

    def release(self, *, shuffle_seed: int | None = None) -> None:
        """Lets go what was held, in its order or mixed."""
        with self._changed:
            self.whims.held = False
            if shuffle_seed is not None:
                waiting = [delivery for _, _, delivery in sorted(self._queue, key=lambda entry: entry[:2])]
                random.Random(shuffle_seed).shuffle(waiting)
                now = time.monotonic()
                self._queue = [(now, place, delivery) for place, delivery in enumerate(waiting)]
            self._changed.notify_all()

    def forget(self) -> None:
        with self._changed:
            self._generation += 1
            self._queue.clear()
            self.log.clear()
            self.whims = Whims()

    def waiting(self) -> int:
        """Deliveries that are not over: in the queue or on their way."""
        with self._changed:
            return len(self._queue) + self._busy

    def quiet(self, seconds: float) -> bool:
        """Waits until nothing is on its way; whether that came to pass."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._busy, seconds)

    def _work(self) -> None:
        while True:
            with self._changed:
                delivery = self._next()
                if delivery is None:
                    return
                self._busy += 1
                generation = self._generation
            outcome = _post(delivery)
            with self._changed:
                over = generation == self._generation and self._after(delivery, outcome)
            if over:  # said without the lock: who hears it takes locks of its own
                self.taken(delivery)
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _next(self) -> Delivery | None:
        """The first whose time has come; nothing when it is time to go."""
        while not self._stopped:
            if self._queue and not self.whims.held:
                wait = self._queue[0][0] - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._queue)[2]
                self._changed.wait(wait)
            else:
                self._changed.wait()
        return None

    def _after(self, delivery: Delivery, outcome: int | str) -> bool:
        """Whether this delivery is over, well or for good."""
        delivery.attempt += 1
        self._note(delivery, outcome)
        taken = isinstance(outcome, int) and 200 <= outcome < 300
        if taken or delivery.attempt >= self.attempts:
            return True
        self._push(delivery, min(self.first_wait * 2 ** (delivery.attempt - 1), self.longest_wait))
        return False

    def _note(self, delivery: Delivery, outcome: int | str) -> None:
        self.log.append(
            {
                "event": delivery.event, "type": delivery.type, "url": delivery.endpoint.url,
                "attempt": delivery.attempt, "outcome": outcome,
            }
        )  # fmt: skip


def _post(delivery: Delivery) -> int | str:
    """The answer's status, or why there is none. Signed with the real time, not the stand-in's."""
    parts = urlsplit(delivery.endpoint.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=ANSWER_WITHIN)
    headers = {
        "Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (stand-in)",
        "Stripe-Signature": signature(delivery.body, delivery.endpoint.secrets, int(time.time())),
    }  # fmt: skip
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, delivery.body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
