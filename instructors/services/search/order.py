"""In which order offerings that have time are found, some at a time.

Where an index holds the key, the walk is that order. ``soonest`` and ``distance`` are computed: they walk a
bound and stop when it proves that nothing better is left.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from instructors.models import Modality
from instructors.services.search.asked import UTC_ZONE, Asked, circle, limits, modalities, mornings
from instructors.services.search.places import Around
from instructors.services.search.walk import Hit, Place, Row, Walk

# The soonest are looked for among so many at a time of those who were free already, then of the others: a
# page may end with the first, and each that is looked at takes 40 µs.
FALLING, RISING = (60, 40, 40, 60, 100), (60, 40, 40, 60)
LARGEST_ID = 2**63 - 1
# Kilometres around the place in which the nearest are looked for; the next circle when too few were there.
CIRCLES = (1.0, 4.0, 16.0, 64.0)


def batches(walk: Walk, asked: Asked, *, after: Place | None, size: int) -> Iterator[list[Row]]:
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
        within = walk
        if radius < widest:
            values = {**walk.values, **circle(replace(around, radius_km=radius))}
            within = replace(walk, nearby=True, values=values)
        for rows in _in_order(within, after=after, size=size):
            yield rows
            after = rows[-1].place


def _soonest(walk: Walk, asked: Asked, *, after: Place | None, size: int) -> Iterator[list[Row]]:
    """By first start; of equal ones, whoever became free last. What cannot be proven is taken as it is."""
    found: dict[int, tuple[Place, Hit]] = {}
    yielded: set[int] = set()
    for candidates, proven in _by_night_and_day(walk, asked):
        found |= {
            hit.id: ((hit.sort_key, hit.tie, hit.id), hit) for hit in candidates if hit.sort_key is not None
        }
        final = sorted((place, hit) for place, hit in found.values() if place <= proven)
        ready = [
            hit
            for place, hit in _one_each(final, walk)
            if hit.id not in yielded and (after is None or place > after)
        ]
        for start in range(0, len(ready), size):
            yield walk.dress(ready[start : start + size])
        yielded.update(hit.id for _, hit in final)


def _by_night_and_day(walk: Walk, asked: Asked) -> Iterator[tuple[list[Hit], Place]]:
    """Candidates some at a time, and up to where those so far are in the order of all there are.

    At night nobody begins before the morning but those who do without the overnight rule, so they come first.
    """
    soon, morning = _first_start(asked), _first_morning(asked)
    if soon < morning:
        for hits, proven in _by_bound(walk, soon, until=morning):
            yield hits, min(proven, (morning, -math.inf, 0))
    yield from _by_bound(walk, max(soon, morning))


def _by_bound(walk: Walk, floor: float, until: float | None = None) -> Iterator[tuple[list[Hit], Place]]:
    """As ``_by_night_and_day``; with ``until`` only of those who begin at night.

    Nobody begins before ``next_free_at``, nor before ``floor``. First come those who were free before it,
    the last ones first: who can begin at ``floor`` is final as he comes, and of the earlier ones fewer and
    fewer have room for a lesson. Then the others, the next ones first.
    """
    free_at, after_id, rest = floor, 0, list[Hit]()
    for chunk in FALLING:
        hits = walk.candidates(free_at=free_at, after_id=after_id, limit=chunk, falling=True, until=until)
        if len(hits) < chunk:
            # Seldom a page: with those who come next.
            rest = hits
            break
        yield hits, (floor, math.inf, LARGEST_ID)
        free_at, after_id = -hits[-1].tie, hits[-1].id
    free_at, after_id = floor, LARGEST_ID
    for number, chunk in enumerate(RISING, start=1):
        hits = walk.candidates(free_at=free_at, after_id=after_id, limit=chunk, falling=False, until=until)
        if len(hits) < chunk or number == len(RISING):
            yield rest + hits, (math.inf, math.inf, LARGEST_ID)
            return
        free_at, after_id = -hits[-1].tie, hits[-1].id
        yield rest + hits, (free_at, -free_at, after_id)
        rest = []


def _first_start(asked: Asked) -> float:
    """The first start anybody can have, as epoch seconds."""
    notice = limits(UTC_ZONE, asked.rules).notice
    least = min(notice[way] for way in _ways(asked))
    start = max(asked.windows[0][0], asked.now + timedelta(minutes=least)).timestamp()
    # On a grid of wall time: zones are whole quarters of an hour away from UTC.
    step = math.gcd(asked.rules.grid_min, 15) * 60
    return math.ceil(start / step) * step


def _first_morning(asked: Asked) -> float:
    """The first start anybody can have who obeys the overnight rule alone; not later than now by day."""
    with_travel = _ways(asked) == [Modality.AT_STUDENT]
    return min((mornings(zone, asked)[with_travel] for zone in asked.zones), default=asked.now).timestamp()


def _ways(asked: Asked) -> Sequence[str]:
    return modalities(asked.query) or Modality.values


def _one_each(found: Sequence[tuple[Place, Hit]], walk: Walk) -> Iterable[tuple[Place, Hit]]:
    """The first of every instructor."""
    if walk.is_one_each:
        return found
    firsts: dict[int, tuple[Place, Hit]] = {}
    for place, hit in found:
        firsts.setdefault(hit.instructor_id, (place, hit))
    return firsts.values()
