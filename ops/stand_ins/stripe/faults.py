"""What shall go wrong, on command: plans that match calls by address, by number or by chance."""

from __future__ import annotations

import random
import threading
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

KINDS = {
    "error_before": "500 before anything happened",
    "error_after_commit": "500 although it happened; if `saved`, a repetition sees it again (Stripe's rule)",
    "drop_before": "the connection ends before anything happened",
    "drop_after_commit": "the connection ends although it happened",
    "rate_limit": "429 before anything happened, with Retry-After (`seconds`)",
    "lock_timeout": "429 lock_timeout: another request holds the object",
    "stall": "the call waits for `seconds` before it begins, or with `after` before it answers",
    "decline": "the card is declined (`decline_code`)",
    "processing": "the payment stays in `processing` until it is settled",
}
INSIDE = {"decline", "processing"}  # asked for by the rules, not around the call


@dataclass
class Plan:
    """``calls`` are numbers of matching calls, from 1; without them ``probability``; without that, always.
    ``times`` bounds how often it strikes."""

    kind: str
    method: str = "POST"
    path: str = ""  # every call of the API; for what a rule asks, every place
    calls: list[int] = field(default_factory=list)
    probability: float | None = None
    seed: int = 0
    times: int | None = None
    seconds: float = 1.0
    after: bool = False
    saved: bool = True
    decline_code: str = "generic_decline"
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        self.path = self.path or ("*" if self.kind in INSIDE else "/v1/*")
        self._chance = random.Random(self.seed)

    def strikes(self, method: str, path: str) -> bool:
        if self.method not in ("*", method) or not fnmatchcase(path, self.path):
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        self.seen += 1
        if self.calls:
            hit = self.seen in self.calls
        else:
            hit = self.probability is None or self._chance.random() < self.probability
        self.struck += hit
        return hit


class Faults:
    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self._lock = threading.Lock()

    def add(self, **plan: Any) -> None:
        self.plans.append(Plan(**plan))

    def clear(self) -> None:
        self.plans.clear()

    def around(self, method: str, path: str) -> list[Plan]:
        """What strikes around this call."""
        with self._lock:
            return [plan for plan in self.plans if plan.kind not in INSIDE and plan.strikes(method, path)]

    def inside(self, kind: str, path: str) -> Plan | None:
        """Whether the rule that asks shall misbehave, in the call with this address."""
        with self._lock:
            return next(
                (each for each in self.plans if each.kind == kind and each.strikes("POST", path)), None
            )

    def shown(self) -> list[dict[str, Any]]:
        return [asdict(plan) for plan in self.plans]
