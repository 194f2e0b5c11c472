"""Answers kept under the caller's idempotency keys, by Stripe's published rules."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ops.stand_ins.stripe.errors import Refusal
from ops.stand_ins.stripe.wire import Answer, to_json
from ops.stand_ins.stripe.world import DAY

KEPT_FOR = DAY
LONGEST = 255


@dataclass
class Kept:
    path: str
    sent: str  # method, address and parameters in one order
    created: int
    request: str
    answer: Answer | None = None  # none while the first request is under way
    made: Answer | None = None  # what that request did, in case it never comes to its end


class Answers:
    """A key is taken when a request begins, and kept when an endpoint began to work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.kept: dict[str, Kept] = {}
        self.dirty: set[str] = set()

    def begin(
        self, account: str, key: str, path: str, sent: dict[str, Any], *, now: int, request: str
    ) -> Answer | None:
        """The answer given before, or nothing: then the caller must ``finish``."""
        if len(key) > LONGEST:
            raise Refusal(400, f"An idempotency key has at most {LONGEST} characters.", began=False)
        whole = json.dumps(sent, sort_keys=True)
        name = f"{account} {key}"
        with self._lock:
            kept = self.kept.get(name)
            if kept is not None and kept.answer is not None and kept.created + KEPT_FOR <= now:
                kept = None
            if kept is None:
                self.kept[name] = Kept(path, whole, now, request)
                return None
        if (kept.path, kept.sent) != (path, whole):
            what = "endpoint" if kept.path != path else "parameters"
            raise Refusal(
                400, f"The idempotency key {key} was used before with other {what}.",
                kind="idempotency_error",
                began=False,
            )  # fmt: skip
        if kept.answer is None:
            raise Refusal(
                409, f"Another request with the idempotency key {key} is under way.",
                kind="idempotency_error",
                code="idempotency_key_in_use", began=False,
            )  # fmt: skip
        again = {**kept.answer.headers, "Idempotent-Replayed": "true", "Original-Request": kept.request}
        return Answer(kept.answer.status, kept.answer.body, again)

    def note(self, account: str, key: str, answer: Answer) -> None:
        """The work is done although the request is not over: it must not be done again after a restart."""
        with self._lock:
            if kept := self.kept.get(f"{account} {key}"):  # unless all was forgotten meanwhile
                kept.made = _copied(answer)
                self.dirty.add(f"{account} {key}")

    def finish(self, account: str, key: str, answer: Answer | None) -> None:
        """Keeps the answer, or frees the key where no endpoint began to work."""
        name = f"{account} {key}"
        with self._lock:
            if answer is None:
                self.kept.pop(name, None)
            elif kept := self.kept.get(name):
                kept.answer = _copied(answer)
                self.dirty.add(name)

    def sweep(self, now: int) -> None:
        """Forgets what nobody may ask for any more."""
        with self._lock:
            for name in [
                each for each, kept in self.kept.items() if kept.answer and kept.created + KEPT_FOR <= now
            ]:
                del self.kept[name]
                self.dirty.add(name)

    def rows(self) -> Iterator[tuple[str, bytes | None]]:
        with self._lock:
            names, self.dirty = self.dirty, set()
            for name in names:
                kept = self.kept.get(name)
                answer = kept and (kept.answer or kept.made)
                yield f"answer {name}", _packed(kept, answer) if kept and answer else None

    def take(self, rows: list[tuple[str, bytes]]) -> None:
        for name, value in rows:
            if name.startswith("answer "):
                packed = json.loads(value)
                status, headers, body = packed.pop("answer")
                self.kept[name.removeprefix("answer ")] = Kept(
                    **packed, answer=Answer(status, base64.b64decode(body), headers)
                )

    def forget(self) -> None:
        with self._lock:
            self.kept.clear()
            self.dirty.clear()


def _copied(answer: Answer) -> Answer:
    return Answer(answer.status, answer.body, dict(answer.headers))


def _packed(kept: Kept, answer: Answer) -> bytes:
    return to_json(
        {
            "path": kept.path, "sent": kept.sent, "created": kept.created, "request": kept.request,
            "answer": [answer.status, answer.headers, base64.b64encode(answer.body).decode()],
        }
    )  # fmt: skip
