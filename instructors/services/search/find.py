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
from itertools import islice
from typing import Any

from instainstru.lib.errors import Invalid
from instainstru.lib.intervals import Range
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import Instructor
from instructors.services.search import places, sql
from instructors.services.search.places import Around
from instructors.services.search.query import Query
from instructors.services.search.sql import Row
from instructors.services.search.vocabulary import Vocabulary
from instructors.services.slots import Limits, cut, earliest, latest, limits_of

# A page is given up after this many rounds in which nearly every row had no time left.
MOST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Result:
    """One offering with its next bookable starts, for the duration and modality shown."""

    row: Row
    duration_min: int
    modality: str
    starts: list[datetime]
    distance_km: float | None

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
    for _ in range(MOST_ROUNDS):
        rows = walk.rows(after=place, limit=limit, now=now)
        for row in rows:
            place = (row.sort_key, row.id)
            result = _result(row, query, windows, around, now=now, rules=rules, number=starts)
            if result:
                results.append(result)
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


def _result(
    row: Row,
    query: Query,
    windows: Sequence[Range],
    around: Around | None,
    *,
    now: datetime,
    rules: Rules,
    number: int,
) -> Result | None:
    limits = _limits(row, rules)
    first, end = earliest(limits, modality=row.modality, now=now), latest(limits, now=now)
    length = row.duration_min
    free = [(datetime.fromtimestamp(low, UTC), datetime.fromtimestamp(high, UTC)) for low, high in row.free]
    found = (
        start
        for low, high in windows
        for start in cut(free, duration=length, low=max(low, first), high=min(high, end), limits=limits)
    )
    starts = list(islice(found, number))
    if not starts:
        return None
    distance = None
    # Nobody asks how far it is to the middle of a borough.
    if around and not around.borough and row.latitude is not None and row.longitude is not None:
        distance = around.km_to(row.latitude, row.longitude)
    return Result(row, length, row.modality, starts, distance)


def _limits(row: Row, rules: Rules) -> Limits:
    """The row's limits, by the one function that knows them."""
    return limits_of(
        Instructor(
            time_zone=row.time_zone,
            notice_min=row.own_notice_min,
            horizon_days=row.own_horizon_days,
            overnight_rule=row.overnight_rule,
        ),
        rules,
    )


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
