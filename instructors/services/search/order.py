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
from instructors.services.search.asked import UTC_ZONE, Asked, circle, limits, modalities
from instructors.services.search.places import Around
from instructors.services.search.walk import Hit, Place, Row, Walk

# The soonest are looked for among so many candidates, then among so many more, in the end given up.
CHUNKS = (100, 100, 100, 200)
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
    """By first start; of equal ones, whoever has been free the longest.

    Nobody begins before ``next_free_at``, nor before ``floor``: what lies below both for all that are
    still to come is final. After the last chunk the rest is taken as it is.
    """
    floor = _floor(asked)
    found: list[tuple[Place, Hit]] = []
    yielded: set[int] = set()
    bound: Place = (0.0, 0.0, 0)
    for number, chunk in enumerate(CHUNKS, start=1):
        candidates = walk.candidates(after=bound, limit=chunk)
        found += [((hit.sort_key, hit.tie, hit.id), hit) for hit in candidates if hit.sort_key is not None]
        found.sort()
        proven = math.inf
        if len(candidates) == chunk:
            bound = (candidates[-1].tie, 0.0, candidates[-1].id)
            proven = math.inf if number == len(CHUNKS) else max(bound[0], floor)
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
    notice = limits(UTC_ZONE, asked.rules).notice
    least = min(notice[way] for way in modalities(asked.query) or Modality.values)
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
