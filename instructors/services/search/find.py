"""From a query to bookable times: one walk along an index, stopping as soon as a page is full.

The walk (``sql.py``) reads ``Offering`` in the order asked for, drops what cheap conditions exclude,
looks up the open days of the rest by their key and ends at the limit. Starts are cut here by the same
rules as everywhere (``slots.py``); rows left without any are dropped and the walk goes on.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any

from instainstru.lib.errors import Invalid
from instainstru.lib.intervals import Range
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.services.search import places, sql
from instructors.services.search.places import Around
from instructors.services.search.query import Query
from instructors.services.search.sql import Row
from instructors.services.search.vocabulary import Vocabulary
from instructors.services.slots import Limits, earliest, latest, limits_of, spans

# A page is given up after this many rounds in which nearly every row had no time left.
MOST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Result:
    """One offering with its next bookable starts (epoch seconds), for the length and modality shown."""

    row: Row
    seconds: list[int]
    distance_km: float | None

    @property
    def duration_min(self) -> int:
        return self.row.duration_min

    @property
    def modality(self) -> str:
        return self.row.modality

    @property
    def starts(self) -> list[datetime]:
        return [datetime.fromtimestamp(start, UTC) for start in self.seconds]

    @property
    def openings(self) -> list[Range]:
        """The starts with their ends."""
        length = timedelta(minutes=self.duration_min)
        return [(start, start + length) for start in self.starts]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results; ``next_cursor`` leads to the next one, if there may be one."""

    results: list[Result]
    next_cursor: str | None
    around: Around | None


def find(
    query: Query,
    *,
    now: datetime,
    vocabulary: Vocabulary,
    limit: int = 20,
    starts: int = 3,
    cursor: str | None = None,
    exclude_instructor: int | None = None,
) -> Found:
    """The best offerings that can be booked as asked, with up to ``starts`` next starts each.

    Raises ``Invalid`` on ``near`` for an unknown place, on ``sort`` for the nearest of nowhere, and on
    ``cursor`` for a text that is none of ours.
    """
    around = _around(query)
    rules = rules_service.current()
    # What is too soon or too far for everybody; each instructor's own limits come when starts are cut.
    windows = query.windows(now)[:62]
    if not windows:
        return Found([], None, around)
    place = _decode(cursor)
    results: list[Result] = []
    more = True
    walk = sql.Walk(query, windows, around, vocabulary=vocabulary, exclude_instructor=exclude_instructor)
    cutter = _Cutter(windows, now=now, rules=rules, number=starts)
    for _ in range(MOST_ROUNDS):
        rows = walk.rows(after=place, limit=limit, now=now)
        for row in rows:
            place = (row.sort_key, row.id)
            if seconds := cutter.starts(row):
                results.append(Result(row, seconds, _distance(row, around)))
            if len(results) == limit:
                break
        more = len(rows) == limit
        if len(results) == limit or not more:
            break
    return Found(results, _encode(place) if more and place else None, around)


def _around(query: Query) -> Around | None:
    if query.near is None:
        if query.sort == "distance":
            raise Invalid("Say near which place, or choose another order.", field="near")
        return None
    around = places.resolve(query.near, radius_km=query.radius_km)
    if around is None:
        raise Invalid(
            f"We do not know “{query.near[:40]}”. Try a neighbourhood or a ZIP code.",
            field="near",
            code="unknown_place",
        )
    return around


class _Cutter:
    """Cuts the starts of rows. Few limits differ between instructors, so their bounds are kept by limits."""

    def __init__(self, windows: Sequence[Range], *, now: datetime, rules: Rules, number: int) -> None:
        self._windows = windows
        self._now = now
        self._rules = rules
        self._number = number
        self._known: dict[tuple[Any, ...], tuple[Limits, list[Range]]] = {}

    def starts(self, row: Row) -> list[int]:
        """The first starts of the row in the windows, by every limit of the instructor's."""
        limits, windows = self._bounds(row)
        found = (
            span
            for low, high in windows
            for span in spans(row.free, duration=row.duration_min, low=low, high=high, limits=limits)
        )
        return list(islice(chain.from_iterable(found), self._number))

    def _bounds(self, row: Row) -> tuple[Limits, list[Range]]:
        key = (row.time_zone, row.notice_min, row.horizon_days, row.overnight_rule, row.modality)
        if key not in self._known:
            limits = limits_of(row, self._rules)
            first, end = earliest(limits, modality=row.modality, now=self._now), latest(limits, now=self._now)
            narrowed = ((max(low, first), min(high, end)) for low, high in self._windows)
            self._known[key] = limits, [(low, high) for low, high in narrowed if low < high]
        return self._known[key]


def _distance(row: Row, around: Around | None) -> float | None:
    # Nobody asks how far it is to the middle of a borough.
    if around is None or around.borough or row.latitude is None or row.longitude is None:
        return None
    return around.km_to(row.latitude, row.longitude)


def _encode(place: tuple[Any, int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _decode(cursor: str | None) -> tuple[float, int] | None:
    if not cursor:
        return None
    try:
        key, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return float(key), int(pk)
    except (ValueError, TypeError, binascii.Error, OverflowError, RecursionError):
        raise Invalid("That is not a cursor of ours.", field="cursor") from None
