"""From a query to bookable times: one walk along an index, stopping as soon as a page is full.

The walk (``sql.py``) reads ``Offering`` in the order asked for, drops what cheap conditions exclude,
looks up the open days of the rest by their key and ends at the limit. Starts are cut here by the same
rules as everywhere (``slots.py``); rows left without any are dropped and the walk goes on.

Two statements make a page as a rule: who has time, and what is shown of them. Sorts whose key no index
holds walk a bound and stop when it proves that nothing better is left: ``next_free_at`` for the soonest,
growing circles for the nearest. ``recommended`` with a place weighs distance among the best ranked nearby.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from psycopg.types.json import Jsonb

from instainstru.lib import clock, paging
from instainstru.lib.errors import Invalid
from instainstru.lib.intervals import Range
from instainstru.lib.multirange import literal
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import IN_PERSON, Instructor, Modality
from instructors.services.search import places, zones
from instructors.services.search.places import Around
from instructors.services.search.query import Query
from instructors.services.search.vocabulary import Vocabulary
from instructors.services.search.walk import Hit, Place, Row, Walk
from instructors.services.slots import Limits, Seconds, earliest, latest, limits_of, spans

UTC_ZONE = "UTC"
# What the post calls a borough where it is not the borough's name.
CITIES = {"manhattan": "new york"}
# A page is given up after this many rounds in which nearly every row had no time left.
MOST_ROUNDS = 5
MOST_WINDOWS = 62
# No zone is further from UTC than this, so a window's local dates lie within it.
FURTHEST_ZONE = timedelta(hours=14)
INSTANT = timedelta(microseconds=1)
# The soonest are looked for among so many candidates, then among so many more, then given up.
CHUNKS = (100, 400)
# Kilometres around the place in which the nearest are looked for; the next circle when too few were there.
CIRCLES = (1.0, 4.0, 16.0, 64.0)


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


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with all that judging one offering by it needs."""

    query: Query
    windows: Sequence[Range]
    around: Around | None
    now: datetime
    rules: Rules


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
    asked = Asked(query, query.windows(now)[:MOST_WINDOWS], _around(query), now, rules_service.current())
    place = _place(cursor)
    subjects = _subjects(query, vocabulary)
    if not asked.windows or subjects == []:
        return Found([], None, asked.around)
    walk = _walk(asked, subjects, vocabulary, exclude_instructor=exclude_instructor, days=starts)
    cutter = _Cutter(asked.windows, now=now, rules=asked.rules, number=starts)
    results: list[Result] = []
    for number, rows in enumerate(_batches(walk, asked, after=place, size=limit + 1)):
        if number == MOST_ROUNDS:
            return Found(results, _cursor(place), asked.around)
        for row in rows:
            if len(results) == limit:
                return Found(results, _cursor(place), asked.around)
            place = row.place
            if seconds := cutter.starts(row):
                results.append(Result(row, seconds, _distance(row, asked.around)))
    return Found(results, None, asked.around)


def walk_of(query: Query, *, now: datetime, vocabulary: Vocabulary) -> Walk | None:
    """The walk of a query, for those who only count; None where nothing can be found. Raises as ``find``."""
    asked = Asked(query, query.windows(now)[:MOST_WINDOWS], _around(query), now, rules_service.current())
    subjects = _subjects(query, vocabulary)
    if not asked.windows or subjects == []:
        return None
    return _walk(asked, subjects, vocabulary, exclude_instructor=None, days=1)


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


def _cursor(place: Place | None) -> str | None:
    return paging.encode(list(place)) if place else None


def _place(cursor: str | None) -> Place | None:
    if not cursor:
        return None
    try:
        key, tie, pk = paging.decode(cursor)
        place = float(key), float(tie), int(pk)
    except (ValueError, TypeError, OverflowError):
        place = (math.nan, 0.0, 0)
    if not (math.isfinite(place[0]) and math.isfinite(place[1]) and 0 <= place[2] < 2**63):
        raise Invalid("This is no cursor of ours. Start without one.", field="cursor")
    return place


def _subjects(query: Query, vocabulary: Vocabulary) -> list[int] | None:
    """The subjects to search among; None means all, but for those excluded."""
    if query.subjects:
        wanted: Sequence[str] = query.subjects
    elif query.category:
        wanted = vocabulary.subjects_of(query.category)
    else:
        return None
    return sorted(vocabulary.subject_ids[slug] for slug in wanted if slug not in query.exclude)


def _walk(
    asked: Asked,
    subjects: list[int] | None,
    vocabulary: Vocabulary,
    *,
    exclude_instructor: int | None,
    days: int,
) -> Walk:
    query, rules, around = asked.query, asked.rules, asked.around
    low, high = asked.windows[0][0], asked.windows[-1][1] - INSTANT
    values: dict[str, Any] = {
        "now": asked.now,
        "windows": literal(asked.windows),
        "first_day": (low - FURTHEST_ZONE).date(),
        "last_day": (high + FURTHEST_ZONE).date(),
        "zones": Jsonb({zone: _demands(asked, zone, low, high) for zone in zones.in_use()}),
        "horizon": rules.horizon_days,
        "notice": Jsonb(_limits(UTC_ZONE, rules).notice),
        "grid": rules.grid_min,
        "subjects": subjects,
        "excluded": [vocabulary.subject_ids[slug] for slug in query.exclude],
        "exclude_instructor": exclude_instructor,
        "price_max": query.price_max,
        "price_min": query.price_min,
        "duration": query.duration,
        "modality": _modalities(query),
        "level": query.level,
        "audience": query.audience,
        # Each has a start at least.
        "days": days,
        **(_circle(around) if around else {}),
        **(_membership(around.borough) if around and around.borough else {}),
    }
    nearby = around is not None and query.modality != Modality.ONLINE
    borough = around.borough if around and nearby else None
    return Walk(query, around, subjects, nearby, borough, values)


def _demands(asked: Asked, zone: str, low: datetime, high: datetime) -> list[str]:
    """What ``sql.py`` must know of a zone: dates of the window, today, and the overnight rule's mornings."""
    limits = _limits(zone, asked.rules)
    days = [clock.local(instant, zone).date() for instant in (low, high, asked.now)]
    mornings = [
        earliest(limits, modality=way, now=asked.now) for way in (Modality.ONLINE, Modality.AT_STUDENT)
    ]
    return [*(day.isoformat() for day in days), *(morning.isoformat() for morning in mornings)]


@lru_cache(maxsize=1024)
def _limits(zone: str, rules: Rules) -> Limits:
    """What the rules alone demand of an instructor in that zone; a version of the rules never changes."""
    return limits_of(Instructor(time_zone=zone), rules)


def _circle(around: Around) -> dict[str, float]:
    south, north, west, east = around.box()
    return {
        "latitude": around.latitude, "longitude": around.longitude, "km_east": around.km_a_degree_east,
        "radius": around.radius_km, "south": south, "north": north, "west": west, "east": east,
    }  # fmt: skip


def _membership(borough: str) -> dict[str, str]:
    return {"borough": borough, "city": CITIES.get(borough, borough)}


def _modalities(query: Query) -> list[str] | None:
    if query.modality is None:
        return None
    return list(IN_PERSON) if query.modality == "in_person" else [query.modality]


# -- In which order ----------------------------------------------------------------------------------


def _batches(walk: Walk, asked: Asked, *, after: Place | None, size: int) -> Iterator[list[Row]]:
    """Offerings that have time, in order, some at a time; ends where there are no more."""
    if asked.query.sort == "soonest":
        return _soonest(walk, asked, after=after, size=size)
    if asked.query.sort == "distance" and walk.subjects is None and asked.around:
        return _nearest(walk, asked.around, after=after, size=size)
    return _in_order(walk, after=after, size=size)


def _in_order(walk: Walk, *, after: Place | None, size: int) -> Iterator[list[Row]]:
    while True:
        rows = walk.rows(after=after, limit=size)
        if rows:
            yield rows
            after = rows[-1].place
        if len(rows) < size:
            return


def _nearest(walk: Walk, around: Around, *, after: Place | None, size: int) -> Iterator[list[Row]]:
    """Circle by circle; the last one is as wide as was asked, and online as wide as the earth."""
    widest = around.radius_km if walk.nearby else math.inf
    for radius in (*(radius for radius in CIRCLES if radius < widest), widest):
        if after and after[0] > radius:
            continue
        circle = walk
        if radius < widest:
            values = {**walk.values, **_circle(replace(around, radius_km=radius))}
            circle = replace(walk, nearby=True, values=values)
        for rows in _in_order(circle, after=after, size=size):
            yield rows
            after = rows[-1].place


def _soonest(walk: Walk, asked: Asked, *, after: Place | None, size: int) -> Iterator[list[Row]]:
    """By first start; of equal ones, whoever has been free the longest.

    Nobody begins before ``next_free_at``, nor before ``floor``: what lies below both for all that are
    still to come is final. After the last chunk the rest is taken as it is.
    """
    floor = _floor(asked)
    found: list[tuple[Place, Hit]] = []
    yielded: set[int] = set()
    bound: Place = (0.0, 0.0, 0)
    for chunk in CHUNKS:
        candidates = walk.candidates(after=bound, limit=chunk)
        found += [((hit.sort_key, hit.tie, hit.id), hit) for hit in candidates if hit.sort_key is not None]
        found.sort()
        proven = math.inf
        if len(candidates) == chunk:
            bound = (candidates[-1].tie, 0.0, candidates[-1].id)
            proven = math.inf if chunk == CHUNKS[-1] else max(bound[0], floor)
        final = [(place, hit) for place, hit in found if place[0] <= proven]
        ready = [
            hit
            for place, hit in _one_each(final, walk)
            if hit.id not in yielded and (after is None or place > after)
        ]
        for start in range(0, len(ready), size):
            yield walk.dress(ready[start : start + size])
        yielded.update(hit.id for _, hit in final)
        if len(candidates) < chunk:
            return


def _floor(asked: Asked) -> float:
    """The first start anybody can have, as epoch seconds."""
    notice = _limits(UTC_ZONE, asked.rules).notice
    least = min(notice[way] for way in _modalities(asked.query) or Modality.values)
    start = max(asked.windows[0][0], asked.now + timedelta(minutes=least)).timestamp()
    # On a grid of wall time: zones are whole quarters of an hour away from UTC.
    step = math.gcd(asked.rules.grid_min, 15) * 60
    return math.ceil(start / step) * step


def _one_each(found: Sequence[tuple[Place, Hit]], walk: Walk) -> Iterable[tuple[Place, Hit]]:
    """The first of every instructor."""
    if walk.is_one_each:
        return found
    firsts: dict[int, tuple[Place, Hit]] = {}
    for place, hit in found:
        firsts.setdefault(hit.instructor_id, (place, hit))
    return firsts.values()


# -- What is shown of it -----------------------------------------------------------------------------


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
        free, found = _pairs(row.free), list[int]()
        for low, high in windows:
            for span in spans(free, duration=row.duration_min, low=low, high=high, limits=limits):
                found += span[: self._number - len(found)]
                if len(found) == self._number:
                    return found
        return found

    def _bounds(self, row: Row) -> tuple[Limits, list[Range]]:
        key = (
            row.time_zone, row.modality, row.notice_online_min, row.notice_at_instructor_min,
            row.notice_at_student_min, row.grid_min, row.horizon_days, row.overnight_rule,
        )  # fmt: skip
        if key not in self._known:
            limits = limits_of(row, self._rules)
            first, end = earliest(limits, modality=row.modality, now=self._now), latest(limits, now=self._now)
            narrowed = ((max(low, first), min(high, end)) for low, high in self._windows)
            self._known[key] = limits, [(low, high) for low, high in narrowed if low < high]
        return self._known[key]


def _pairs(edges: str | None) -> list[Seconds]:
    """``1,2,5,7`` as two ranges."""
    if not edges:
        return []
    numbers = [int(edge) for edge in edges.split(",")]
    return sorted(zip(numbers[::2], numbers[1::2], strict=True))


def _distance(row: Row, around: Around | None) -> float | None:
    # Nobody asks how far it is to the middle of a borough.
    if around is None or around.borough or row.latitude is None or row.longitude is None:
        return None
    return around.km_to(row.latitude, row.longitude)
