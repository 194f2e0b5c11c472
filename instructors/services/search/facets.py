"""How many there would be behind each filter, where that can be known exactly and cheaply.

One statement looks at so many offerings at most. Where those were all there are, its counts are exact;
where there are more, a count that reached ``MOST`` is “20+”, and a smaller one is left out, because it
would be a guess. A filter that is set already shows no counts: they would need a search of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from instainstru.lib import prepared
from instainstru.lib.multirange import literal
from instructors.models import IN_PERSON, Level, Modality
from instructors.services.search import asked
from instructors.services.search.params import PART_NAMES, minute_of
from instructors.services.search.phrases import PARTS
from instructors.services.search.query import Query
from instructors.services.search.vocabulary import Vocabulary
from instructors.services.search.walk import Walk

# What counts are told up to.
MOST = 20
# So many entries of an index are read, so many offerings among them are looked up, and for so many of
# those the calendar is asked, five times each.
ENTRIES, LOOKED_UP, ASKED = 4000, 400, 80
# The highest prices offered as filters, minor units an hour.
PRICES = (4000, 6000, 8000, 10_000)

# Facet to value to what is shown: “7” or “20+”.
Counts = dict[str, dict[str, str]]


class Sample(NamedTuple):
    """An offering, and when it has time: as asked, each way to meet, each part of the day."""

    instructor: int
    subject: int
    price: int
    levels: list[str]
    as_asked: bool
    online: bool
    in_person: bool
    morning: bool
    afternoon: bool
    evening: bool


_COUNT = """
    WITH entry AS MATERIALIZED ({entries}),
    passing AS MATERIALIZED (
        SELECT o.id FROM entry o WHERE {subject} {covered} LIMIT {looked_up}),
    asked AS MATERIALIZED (
        SELECT o.instructor_id, o.subject_id, o.price_per_hour, o.levels, {flags}
        FROM passing
        JOIN instructors_offering o ON o.id = passing.id
        JOIN instructors_instructor i ON i.id = o.instructor_id
        CROSS JOIN LATERAL (SELECT {ways} OFFSET 0) way
        WHERE TRUE {conditions}
        LIMIT {asked})
    SELECT (SELECT count(*) FROM asked) >= {asked} OR (SELECT count(*) FROM passing) >= {looked_up}
        OR (SELECT count(*) FROM entry) >= {entry_limit}, asked.*
    FROM asked
"""
_ENTRIES = """
    SELECT o.id, o.subject_id, o.instructor_id, o.price_per_hour, o.latitude, o.longitude, o.week_bits
    FROM instructors_offering o WHERE o.is_listed {where} {order} LIMIT {limit}
"""
_BY_RANK = "ORDER BY o.rank DESC, o.id"
_IN_BOX = "AND o.latitude BETWEEN %(south)s AND %(north)s AND o.longitude BETWEEN %(west)s AND %(east)s"
_OF_EACH = "SELECT entry.* FROM unnest(%(subjects)s::bigint[]) wanted (id) CROSS JOIN LATERAL ({one}) entry"
_FLAG = "EXISTS (SELECT FROM ({terms}) terms WHERE terms.modality IS NOT NULL AND {has_time})"
# Where no way was asked for, an offering is shown in its first one.
_FIRST_WAY = f"(CASE WHEN o.modalities[1] = '{Modality.ONLINE}' THEN way.online ELSE way.in_person END)"


def count(query: Query, *, now: datetime, vocabulary: Vocabulary) -> Counts:
    """What can be told of subjects, ways to meet, levels, prices and parts of the day; one statement."""
    # Counts are of the search as asked, in no order.
    walk = asked.walk_of(asked.understood(replace(query, sort="recommended"), now=now), vocabulary)
    if walk is None:
        return {}
    with prepared.cursor() as cursor:
        cursor.execute(_statement(walk, query), _values(walk, query, now))
        rows = cursor.fetchall()
    is_partial = bool(rows and rows[0][0])
    return _shown(query, [Sample._make(row[1:]) for row in rows], vocabulary, is_partial=is_partial)


def _statement(walk: Walk, query: Query) -> str:
    subjects = walk.subjects
    if subjects is None:
        where, order = (_IN_BOX, "") if walk.nearby else ("", _BY_RANK)
        limit, entries = ENTRIES, _ENTRIES.format(where=where, order=order, limit=ENTRIES)
    else:
        share = ENTRIES // len(subjects)
        one = _ENTRIES.format(where="AND o.subject_id = wanted.id", order=_BY_RANK, limit=share)
        # Where one subject has more than its share, something was left out.
        limit, entries = share, _OF_EACH.format(one=one)
    return _COUNT.format(
        entries=entries, entry_limit=limit, looked_up=LOOKED_UP, asked=ASKED,
        subject=walk.subject("o"), covered=walk.covered("o"),
        conditions=walk.conditions("o") + walk.in_borough,
        ways=", ".join(_ways(walk, query)), flags=", ".join(_flags(walk, query)),
    )  # fmt: skip


def _ways(walk: Walk, query: Query) -> Iterator[str]:
    """Whether there is time: each way to meet, or the one that was asked for."""
    if query.modality is not None:
        yield f"{_flag(walk)} AS as_asked"
        return
    for way in (Modality.ONLINE, "in_person"):
        flag = _flag(replace(walk, query=replace(query, modality=way)))
        yield f"{flag} AS {way}".replace("%(modality)s", f"%({way}_ways)s")


def _flags(walk: Walk, query: Query) -> Iterator[str]:
    """One for each of ``Sample``'s; those of a filter that is set are not asked for."""
    as_asked = _FIRST_WAY if query.modality is None else "way.as_asked"
    yield as_asked
    yield from ("way.online", "way.in_person") if query.modality is None else ("FALSE", "FALSE")
    is_set = query.time_from is not None or query.time_to is not None or query.low or query.high
    for part in PART_NAMES:
        # Who has no time at all has none in a part of the day.
        flag = _flag(walk).replace("%(windows)s", f"%({part})s")
        yield "FALSE" if is_set else f"{as_asked} AND {flag}"


def _flag(walk: Walk) -> str:
    return _FLAG.format(terms=walk.terms("o"), has_time=walk.has_time("terms"))


def _values(walk: Walk, query: Query, now: datetime) -> dict[str, Any]:
    values = {**walk.values, "online_ways": [Modality.ONLINE], "in_person_ways": list(IN_PERSON)}
    for part in PART_NAMES:
        low, high = (minute_of(edge) for edge in PARTS[part])
        of_day = replace(query, time_from=low, time_to=high)
        values[part] = literal(of_day.windows(now)[: asked.MOST_WINDOWS])
    return values


def _shown(query: Query, sample: list[Sample], vocabulary: Vocabulary, *, is_partial: bool) -> Counts:
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    slugs = {pk: slug for slug, pk in vocabulary.subject_ids.items()}
    for one in sample:
        for behind in _behind(one, slugs):
            found[behind].add(one.instructor)
    counts: Counts = {}
    for facet, value in _possible(query, vocabulary):
        number = len(found[facet, value])
        if number >= MOST:
            counts.setdefault(facet, {})[value] = f"{MOST}+"
        elif not is_partial:
            counts.setdefault(facet, {})[value] = str(number)
    return counts


def _behind(one: Sample, slugs: dict[int, str]) -> Iterator[tuple[str, str]]:
    """The filters behind which the offering is."""
    if one.online:
        yield "modality", "online"
    if one.in_person:
        yield "modality", "in_person"
    for part in PART_NAMES:
        if getattr(one, part):
            yield "part", part
    if not one.as_asked:
        return
    yield "subject", slugs.get(one.subject, "")
    for level in one.levels or Level.values:
        yield "level", level
    for price in PRICES:
        if one.price <= price:
            yield "price_max", str(price)


def _possible(query: Query, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Every value of every filter that is not set."""
    if query.modality is None:
        # Online it does not matter where anybody is: that would be another search.
        yield from (("modality", way) for way in ("online", "in_person") if way != "online" or not query.near)
    if query.time_from is None and query.time_to is None and not (query.low or query.high):
        yield from (("part", part) for part in PART_NAMES)
    if query.level is None:
        yield from (("level", level) for level in Level.values)
    if query.price_max is None:
        least = query.price_min or 0
        yield from (("price_max", str(price)) for price in PRICES if price >= least)
    if query.category and not query.subjects:
        wanted = vocabulary.subjects_of(query.category)
        yield from (("subject", slug) for slug in wanted if slug not in query.exclude)
