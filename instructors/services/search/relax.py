"""What is shown when little was found: the same search with less asked of it, told step by step.

Conditions are given up one after another, each on top of those before, until there are enough results or
nothing is left to give up. The subject never is. What was found exactly stays in front.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from instainstru.lib import clock
from instructors.models import Modality
from instructors.services.search.find import Found, Result, find
from instructors.services.search.places import Around
from instructors.services.search.query import DEFAULT_DAYS, Query
from instructors.services.search.vocabulary import Vocabulary

# What can be given up, in this order.
NAMES = ("time", "date", "level", "audience", "place", "price")
# As many results are enough (search.md).
ENOUGH = 5
WIDE_KM = 10.0
# Beside days that were named, so many on either side; a search without days looks as far.
AROUND = timedelta(days=DEFAULT_DAYS)


@dataclass(frozen=True, slots=True)
class Relaxed:
    """What was given up, in order, and what is found besides; both are empty where it brought nothing."""

    names: tuple[str, ...] = ()
    query: Query | None = None
    results: tuple[Result, ...] = ()


NOTHING = Relaxed()


def relax(
    query: Query, exact: Found, *, now: datetime, vocabulary: Vocabulary, limit: int, starts: int = 3
) -> Relaxed:
    """What to show after the whole of what was found ``exact``ly, at most ``limit`` in all.

    One search for each condition given up, so six at the most; none where there is enough already. Only
    for first pages: a later one belongs to a list that was long enough.
    """
    if not query.relax or exact.next_cursor or len(exact.results) >= min(ENOUGH, limit):
        return NOTHING
    known = {one.row.instructor_id for one in exact.results}
    names: list[str] = []
    kept = NOTHING
    for name, wider in steps(query, around=exact.around, now=now):
        names.append(name)
        found = find(wider, now=now, vocabulary=vocabulary, limit=limit, starts=starts)
        besides = [one for one in found.results if one.row.instructor_id not in known]
        # A step that brought nobody is told only where a later one did.
        if len(besides) > len(kept.results):
            kept = Relaxed(tuple(names), wider, tuple(besides[: limit - len(known)]))
        if len(known) + len(besides) >= ENOUGH:
            break
    return kept


def steps(query: Query, *, around: Around | None, now: datetime) -> Iterator[tuple[str, Query]]:
    """Each condition that can be given up, with the query that is left without it and those before.

    ``around`` is the circle that ``query.near`` stands for.
    """
    wider = query
    ways = (
        lambda: _any_time(wider),
        lambda: _other_days(wider, now),
        lambda: replace(wider, level=None),
        lambda: replace(wider, audience=None),
        lambda: _further(wider, around),
        lambda: _dearer(wider),
    )
    for name, less_of in zip(NAMES, ways, strict=True):
        less = less_of()
        if less != wider:
            wider = less
            yield name, wider


def _any_time(query: Query) -> Query:
    """Whole days. Two instants, which name the day and the hours, become the days they lie in."""
    if query.low is not None and query.high is not None:
        first = clock.local(query.low, query.zone).date()
        last = clock.local(query.high - timedelta(microseconds=1), query.zone).date()
        low, high = clock.day_bounds(first, query.zone)[0], clock.day_bounds(last, query.zone)[1]
        return replace(query, low=low, high=high, time_from=None, time_to=None)
    return replace(query, time_from=None, time_to=None)


def _other_days(query: Query, now: datetime) -> Query:
    """Days around those that were named; all of them where weekdays were."""
    if query.low is not None or query.high is not None:
        low, high = query.low or now, query.high or (query.low or now) + AROUND
        return replace(query, low=max(now, low - AROUND), high=high + AROUND, weekdays=())
    if query.date_from is None and query.date_to is None:
        return replace(query, weekdays=())
    today = clock.local(now, query.zone).date()
    first = query.date_from or today
    last = query.date_to or first
    return replace(query, date_from=max(today, first - AROUND), date_to=last + AROUND, weekdays=())


def _further(query: Query, around: Around | None) -> Query:
    """Ten kilometres around the place; all of a borough that is larger, and what lies beside it."""
    if around is None or query.modality == Modality.ONLINE:
        return query
    reach = max(WIDE_KM, around.radius_km)
    if around.borough is None and reach <= around.radius_km:
        return query
    return replace(query, radius_km=reach)


def _dearer(query: Query) -> Query:
    """A quarter more than the highest price."""
    if query.price_max is None:
        return query
    return replace(query, price_max=query.price_max * 5 // 4)
