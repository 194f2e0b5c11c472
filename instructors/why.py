"""“Why this order”, for staff: the six signals of each result in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from instructors.models import Modality
from instructors.services.search import rank
from instructors.services.search.find import Found, Result
from instructors.services.search.query import Query
from instructors.services.search.rank import Signal


def explain(
    shown: Sequence[dict[str, Any]], results: Sequence[Result], found: Found, query: Query, *, now: datetime
) -> None:
    """Add to each of the cards ``shown`` why its result stands where it does."""
    facts = rank.facts_of([one.row.id for one in results], now=now)
    for card, result in zip(shown, results, strict=True):
        signals = rank.signals(facts[result.row.id], closeness=_closeness(result, found, query))
        card["why"] = lines(signals)


def _closeness(result: Result, found: Found, query: Query) -> float | None:
    around = found.around
    if around is None or result.distance_km is None or query.modality == Modality.ONLINE:
        return None
    return max(0.0, 1 - result.distance_km / around.radius_km)


def lines(signals: Iterable[Signal]) -> list[str]:
    """``quality 0.25 × 0.93 = 0.233``, and their sum first; a founding instructor's have ``× 1.5``."""
    some = list(signals)
    parts = [
        f"{one.name} {rank.WEIGHTS[one.name]:.2f} × {one.value:.2f}{_lift(one)} = {one.adds:.3f}"
        for one in some
    ]
    return [f"{sum(one.adds for one in some):.3f} in all", *parts]


def _lift(signal: Signal) -> str:
    return f" × {signal.lift:g}" if signal.lift != 1 else ""
