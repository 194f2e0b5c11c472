"""The walk as SQL: an index in its order, cheap conditions, the calendar by its key, a limit.

Candidates come out of an index alone, which holds all that ``covered`` asks. Those that pass are looked up
in the table, those that pass there in the calendar, and the limit stops all of it.

Measured with 100,000 instructors: the index-only part skips 3,000 candidates a millisecond, a look at the
calendar takes 10 µs. Statements are planned once a connection (``lib/prepared.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from instainstru.lib import prepared
from instructors.models import Modality
from instructors.services.search.places import KM_A_DEGREE, Around
from instructors.services.search.query import Query
from instructors.services.search.rank import WEIGHTS

# Where distance counts, so many of the best ranked nearby are weighed against each other.
MOST_WEIGHED = 100
# Up to so many subjects each is walked on its own index; more are filtered out of the walk over all.
WALKED_APART = 4

# Where a walk stands: sort key, what decides between equal ones before the id does, and the id.
Place = tuple[float, float, int]


class Hit(NamedTuple):
    """A candidate of “soonest” with its first start, and how it is shown."""

    id: int
    instructor_id: int
    sort_key: float | None
    tie: float
    duration_min: int
    modality: str
    earliest: datetime
    grid: int


class Row(NamedTuple):
    """An offering that has time as asked, with what is shown of it.

    ``free`` are the first ranges it has time in, as epoch seconds in a row.
    """

    id: int
    sort_key: float
    tie: float
    duration_min: int
    modality: str
    instructor_id: int
    price_per_hour: int
    durations: list[int]
    modalities: list[str]
    levels: list[str]
    latitude: float | None
    longitude: float | None
    subject_slug: str
    subject_name: str
    slug: str
    headline: str
    time_zone: str
    photo: str
    rating: float
    rating_count: int
    lesson_count: int
    is_verified: bool
    notice_online_min: int | None
    notice_at_instructor_min: int | None
    notice_at_student_min: int | None
    grid_min: int | None
    horizon_days: int | None
    buffer_min: int | None
    travel_min: int | None
    overnight_rule: bool
    first_name: str
    last_name: str
    place_name: str | None
    free: str | None

    @property
    def place(self) -> Place:
        return self.sort_key, self.tie, self.id


# Which sorts begin with the least, and the columns they go by; distance and start are computed.
ASCENDS = {"recommended": False, "price_asc": True, "rating_desc": False, "distance": True, "soonest": True}
COLUMN = {"recommended": "rank", "price_asc": "price_per_hour", "rating_desc": "rating"}

_FIRST_WANTED = (
    "(SELECT way FROM unnest({o}.modalities) way WHERE way = ANY(%(modality)s::varchar[]) LIMIT 1)"
)
# What one offering demands: how it is shown, from when on it can be booked, and the dates to look at.
# ``zones`` knows for each zone: [first date, last date, today, overnight's morning, that with travel].
_TERMS = """
    SELECT chosen.duration_min, chosen.modality, chosen.grid, make_interval(mins => chosen.grid) AS step,
        30 %% chosen.grid = 0 AS is_fine,
        coalesce((zone ->> 0)::date, %(first_day)s::date) AS first_day,
        least(coalesce((zone ->> 1)::date, %(last_day)s::date),
            (zone ->> 2)::date + least(%(horizon)s::int, i.horizon_days)) AS last_day,
        greatest(
            %(now)s::timestamptz + interval '1 minute' * greatest(
                ((%(notice)s::jsonb) ->> chosen.modality)::int,
                CASE chosen.modality WHEN 'online' THEN i.notice_online_min
                    WHEN 'at_student' THEN i.notice_at_student_min ELSE i.notice_at_instructor_min END),
            CASE WHEN i.overnight_rule THEN
                (zone ->> CASE chosen.modality WHEN 'at_student' THEN 4 ELSE 3 END)::timestamptz END
        ) AS earliest
    FROM (SELECT {duration} AS duration_min, {modality} AS modality, %(zones)s::jsonb -> i.time_zone AS zone,
            lcm(%(grid)s::int, coalesce(i.grid_min, 1)) AS grid
        OFFSET 0) chosen
    OFFSET 0
"""

# The instructor's grid. No change of clocks shifts one that half an hour is a multiple of (``is_fine``), so
# that counts from the beginning of a free range, which is on it; the others count in wall time.
_UP = """
    {at} + (date_bin({{terms}}.step, ({at} AT TIME ZONE i.time_zone) + {{terms}}.step - interval '1 us',
        date_trunc('day', {at} AT TIME ZONE i.time_zone)) - ({at} AT TIME ZONE i.time_zone))
"""
# The first start in each window of a lesson that fits into the free range ``gap``. Up to the grid twice:
# the first time may have led over a change of clocks.
_FITS = f"""
    FROM unnest(%(windows)s::tstzmultirange) AS wish (span)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN {{terms}}.is_fine THEN
            greatest(lower(gap.span), date_bin({{terms}}.step,
                greatest(lower(wish.span), {{terms}}.earliest) + {{terms}}.step - interval '1 us',
                lower(gap.span)))
        ELSE
            (SELECT {_UP.format(at="once.start")}
            FROM (SELECT {_UP.format(at="bound.start")} AS start
                FROM (SELECT greatest(lower(gap.span), lower(wish.span), {{terms}}.earliest) AS start
                ) bound) once)
        END AS start) first
    WHERE first.start < upper(wish.span)
        AND first.start <= upper(gap.span) - {{terms}}.duration_min * interval '1 min'
"""
_HAS_TIME = """
    EXISTS (
        SELECT FROM instructors_openday day CROSS JOIN LATERAL unnest({free}) AS gap (span)
        WHERE day.instructor_id = i.id AND day.date BETWEEN {terms}.first_day AND {terms}.last_day
            AND EXISTS (SELECT {fits}))
"""
# The key gives the days in order, so the first day that will do is the last one read.
_FIRST_START = """
    SELECT first_of_day.start
    FROM instructors_openday day
    CROSS JOIN LATERAL (
        SELECT min(fit.start) AS start
        FROM unnest({free}) AS gap (span) CROSS JOIN LATERAL (SELECT first.start {fits}) fit) first_of_day
    WHERE day.instructor_id = i.id AND day.date BETWEEN terms.first_day AND terms.last_day
        AND first_of_day.start IS NOT NULL {conditions}
    ORDER BY day.date LIMIT 1
"""

# What is shown of an offering and its instructor, carried along so that nobody looks it up again.
_SHOWN = """
    o.instructor_id, o.price_per_hour, o.durations, o.modalities, o.levels, o.latitude, o.longitude,
    o.subject_id, i.slug, i.headline, i.time_zone, i.photo, i.rating, i.rating_count, i.lesson_count,
    i.verified_at IS NOT NULL AS is_verified, i.notice_online_min, i.notice_at_instructor_min,
    i.notice_at_student_min, i.grid_min, i.horizon_days, i.buffer_min, i.travel_min, i.overnight_rule,
    i.user_id, i.place_id
"""
# The first days that have time, as the free ranges in which a lesson fits: epoch seconds in a row.
_TIMES = """
    SELECT string_agg(of_day.free, ',') AS free
    FROM (
        SELECT of_gaps.free
        FROM instructors_openday day
        CROSS JOIN LATERAL (
            SELECT string_agg(concat(extract(epoch FROM lower(gap.span))::bigint, ',',
                extract(epoch FROM upper(gap.span))::bigint), ',') AS free
            FROM unnest({free}) AS gap (span) WHERE EXISTS (SELECT {fits})) of_gaps
        WHERE day.instructor_id = i.id AND day.date BETWEEN {terms}.first_day AND {terms}.last_day
            AND of_gaps.free IS NOT NULL
        ORDER BY day.date LIMIT %(days)s) of_day
"""

_HITS = """
    SELECT o.id, candidate.sort_key::float8 AS sort_key, 0::float8 AS tie,
        terms.duration_min, terms.modality, {shown}, times.free
    FROM ({candidates}) candidate
    JOIN instructors_offering o ON o.id = candidate.id
    JOIN instructors_instructor i ON i.id = o.instructor_id
    CROSS JOIN LATERAL ({terms}) terms
    CROSS JOIN LATERAL ({times}) times
    WHERE times.free IS NOT NULL {conditions} {first_of_instructor}
    ORDER BY candidate.sort_key {direction}, candidate.id LIMIT %(limit)s
"""

_FIRST_OF_INSTRUCTOR = """
    AND NOT EXISTS (
        SELECT FROM instructors_offering b CROSS JOIN LATERAL ({terms}) other
        WHERE b.instructor_id = o.instructor_id AND b.is_listed AND b.id <> o.id
            AND (b.{column} {beyond} o.{column} OR (b.{column} = o.{column} AND b.id < o.id))
            AND {passes} AND {has_time})
"""

# Two to four subjects: a walk for each, and the best of them all.
_OF_EACH = """
    SELECT hit.* FROM unnest(%(subjects)s::bigint[]) wanted (id) CROSS JOIN LATERAL ({hits}) hit
    ORDER BY hit.sort_key {direction}, hit.id LIMIT %(limit)s
"""

_CANDIDATES = """
    SELECT o.id, {key} AS sort_key FROM {source} o WHERE {where} {page}
    ORDER BY {key} {direction}, o.id OFFSET 0
"""

_BEST_NEARBY = """(
    SELECT o.id, o.rank, o.latitude, o.longitude FROM instructors_offering o WHERE {where}
    ORDER BY o.rank DESC, o.id LIMIT {most})
"""

_SOONEST = """
    SELECT o.id, o.instructor_id, extract(epoch FROM soon.start)::float8,
        extract(epoch FROM candidate.next_free_at)::float8, terms.duration_min, terms.modality,
        terms.earliest, terms.grid
    FROM (
        SELECT o.id, o.next_free_at FROM instructors_offering o
        WHERE {where} AND o.next_free_at < upper(%(windows)s::tstzmultirange)
            AND (o.next_free_at, o.id) > (to_timestamp(%(after_key)s), %(after_id)s)
        ORDER BY o.next_free_at, o.id LIMIT %(limit)s) candidate
    JOIN instructors_offering o ON o.id = candidate.id
    JOIN instructors_instructor i ON i.id = o.instructor_id
    CROSS JOIN LATERAL ({terms}) terms
    LEFT JOIN LATERAL ({first_start}) soon ON TRUE
    ORDER BY candidate.next_free_at, candidate.id
"""

_DRESSED = """
    SELECT hit.id, hit.sort_key, hit.tie, hit.duration_min, hit.modality, hit.instructor_id,
        hit.price_per_hour, hit.durations, hit.modalities, hit.levels, hit.latitude, hit.longitude,
        subject.slug, subject.name, hit.slug, hit.headline, hit.time_zone, hit.photo, hit.rating,
        hit.rating_count, hit.lesson_count, hit.is_verified, hit.notice_online_min,
        hit.notice_at_instructor_min, hit.notice_at_student_min, hit.grid_min, hit.horizon_days,
        hit.buffer_min, hit.travel_min, hit.overnight_rule, person.first_name, person.last_name,
        place.name, hit.free
    FROM ({hits}) hit
    JOIN accounts_user person ON person.id = hit.user_id
    JOIN instructors_subject subject ON subject.id = hit.subject_id
    LEFT JOIN instructors_place place ON place.id = hit.place_id
    ORDER BY hit.sort_key {direction}, hit.tie, hit.id
"""
_GIVEN = """
    SELECT given.id, given.sort_key, given.tie, given.duration_min, given.modality, {shown}, times.free
    FROM (
        SELECT *, %(first_day)s::date AS first_day, %(last_day)s::date AS last_day,
            make_interval(mins => grid) AS step, 30 %% grid = 0 AS is_fine
        FROM unnest(%(ids)s::bigint[], %(sort_keys)s::float8[], %(ties)s::float8[], %(durations)s::int[],
            %(modalities)s::varchar[], %(earliest)s::timestamptz[], %(grids)s::int[])
            AS given (id, sort_key, tie, duration_min, modality, earliest, grid)) given
    JOIN instructors_offering o ON o.id = given.id
    JOIN instructors_instructor i ON i.id = o.instructor_id
    CROSS JOIN LATERAL ({times}) times
"""


# A borough is no circle: what lies in the circle must also belong to it. ZIP codes name their post town.
# A scalar, because an EXISTS may be turned round to begin with every place there is.
_IN_BOROUGH = """
    AND (SELECT its.parent = %(borough)s OR its.slug = %(borough)s
            OR lower(split_part(its.parent, ',', 1)) = %(city)s
        FROM instructors_place its WHERE its.id = i.place_id)
"""


@dataclass(slots=True)
class Walk:
    """One search's statements; ``values`` holds what they refer to.

    ``nearby`` tells whether only offerings around the place are asked for: online it does not matter.
    ``borough`` is the one they must belong to; nobody measures from its middle.
    """

    query: Query
    around: Around | None
    subjects: Sequence[int] | None
    nearby: bool
    borough: str | None
    values: dict[str, Any]

    def rows(self, *, after: Place | None, limit: int) -> list[Row]:
        """The next offerings in order."""
        values = {**self.values, "limit": limit}
        if after is not None:
            values |= {"after_key": after[0], "after_id": after[2]}
        if self.subjects is not None and 1 < len(self.subjects) <= WALKED_APART:
            hits = self._hits("o.subject_id = wanted.id", paged=after is not None)
            hits = _OF_EACH.format(hits=hits, direction=self._direction)
        else:
            hits = self._hits(self._subject("o"), paged=after is not None)
        return self._dressed(hits, values)

    def candidates(self, *, after: Place, limit: int) -> list[Hit]:
        """The next offerings by ``next_free_at``, their ``tie``; keyed by their first start, if any."""
        text = _SOONEST.format(
            where=f"o.is_listed AND {self._subject('o')} {self._covered('o')}",
            terms=self._terms("o"),
            first_start=_FIRST_START.format(
                free=self._free("terms"),
                fits=_FITS.format(terms="terms"),
                conditions=self._conditions("o") + (_IN_BOROUGH if self.borough else ""),
            ),
        )
        with prepared.cursor() as cursor:
            cursor.execute(text, {**self.values, "after_key": after[0], "after_id": after[2], "limit": limit})
            return [Hit._make(row) for row in cursor.fetchall()]

    def dress(self, hits: Sequence[Hit]) -> list[Row]:
        """What is shown of these, by their sort keys."""
        given = {
            "ids": [hit.id for hit in hits],
            "sort_keys": [hit.sort_key for hit in hits],
            "ties": [hit.tie for hit in hits],
            "durations": [hit.duration_min for hit in hits],
            "modalities": [hit.modality for hit in hits],
            "earliest": [hit.earliest for hit in hits],
            "grids": [hit.grid for hit in hits],
        }
        text = _GIVEN.format(shown=_SHOWN, times=self._times("given"))
        return self._dressed(text, {**self.values, **given})

    def _dressed(self, hits: str, values: dict[str, Any]) -> list[Row]:
        text = _DRESSED.format(hits=hits, direction=self._direction)
        with prepared.cursor() as cursor:
            cursor.execute(text, values)
            return [Row._make(row) for row in cursor.fetchall()]

    def _hits(self, subject: str, *, paged: bool) -> str:
        sort = self.query.sort
        source, key = "instructors_offering", self._key(sort)
        where = f"o.is_listed AND {subject} {self._covered('o')}"
        beyond = ">" if ASCENDS[sort] else "<"
        if sort == "recommended" and self.nearby and not self.borough:
            source, where = _BEST_NEARBY.format(where=where, most=MOST_WEIGHED), "TRUE"
            closeness = f"greatest(0, 1 - {self._distance('o')} / %(radius)s::float8)"
            key = f"(o.rank + {WEIGHTS['distance']} * {closeness})"
        page = f"AND ({key} {beyond} %(after_key)s OR ({key} = %(after_key)s AND o.id > %(after_id)s))"
        return _HITS.format(
            candidates=_CANDIDATES.format(
                source=source, where=where, key=key, page=page if paged else "", direction=self._direction
            ),
            shown=_SHOWN,
            terms=self._terms("o"),
            times=self._times("terms"),
            conditions=self._conditions("o") + (_IN_BOROUGH if self.borough else ""),
            first_of_instructor=self._first_of_instructor(),
            direction=self._direction,
        )

    @property
    def _direction(self) -> str:
        return "ASC" if ASCENDS[self.query.sort] else "DESC"

    def _key(self, sort: str) -> str:
        return self._distance("o") if sort == "distance" else f"o.{COLUMN[sort]}"

    def _first_of_instructor(self) -> str:
        """One card an instructor: the first of their offerings that pass, unless one subject was named.

        All of one instructor's offerings are equally far away and equally well rated.
        """
        if self.is_one_each:
            return ""
        column, ascends = COLUMN.get(self.query.sort, "rating"), ASCENDS[self.query.sort]
        return _FIRST_OF_INSTRUCTOR.format(
            column=column,
            beyond="<" if ascends else ">",
            terms=self._terms("b"),
            passes=f"{self._subject('b')} {self._covered('b')} {self._conditions('b')}",
            has_time=self._has_time("other"),
        )

    @property
    def is_one_each(self) -> bool:
        """Whether an instructor can be found only once anyway."""
        return self.subjects is not None and len(self.subjects) == 1

    def _subject(self, o: str) -> str:
        if self.subjects is None:
            return f"NOT {o}.subject_id = ANY(%(excluded)s::bigint[])" if self.query.exclude else "TRUE"
        if len(self.subjects) == 1:
            return f"{o}.subject_id = (%(subjects)s::bigint[])[1]"
        # The sum keeps the planner from collecting all of these subjects and sorting them.
        return f"{o}.subject_id + 0 = ANY(%(subjects)s::bigint[])"

    def _covered(self, o: str) -> str:
        """Conditions that the indexes can tell without the row."""
        query, parts = self.query, []
        if query.price_max is not None:
            parts.append(f"{o}.price_per_hour <= %(price_max)s")
        if query.price_min is not None:
            parts.append(f"{o}.price_per_hour >= %(price_min)s")
        if self.values["exclude_instructor"] is not None:
            parts.append(f"{o}.instructor_id <> %(exclude_instructor)s")
        if self.nearby:
            # The sum keeps the planner from collecting everybody in the circle, of whatever subject.
            plus = "" if self.subjects is None else " + 0"
            parts.append(f"{o}.latitude{plus} BETWEEN %(south)s AND %(north)s")
            parts.append(f"{o}.longitude{plus} BETWEEN %(west)s AND %(east)s")
            parts.append(f"{self._distance(o)} <= %(radius)s::float8")
        return "".join(f" AND {part}" for part in parts)

    def _conditions(self, o: str) -> str:
        """Conditions that need the row."""
        query, parts = self.query, []
        if query.duration is not None:
            parts.append(f"%(duration)s::smallint = ANY({o}.durations)")
        if query.modality is not None:
            parts.append(f"{o}.modalities && %(modality)s::varchar[]")
        if query.level is not None:
            parts.append(f"({o}.levels = '{{}}' OR %(level)s::varchar = ANY({o}.levels))")
        if query.audience is not None:
            parts.append(f"({o}.audiences = '{{}}' OR %(audience)s::varchar = ANY({o}.audiences))")
        return "".join(f" AND {part}" for part in parts)

    def _distance(self, o: str) -> str:
        """Kilometres on a flat earth; beyond everything for those without a place (they teach online)."""
        north = f"({o}.latitude - %(latitude)s::float8) * {KM_A_DEGREE}"
        east = f"({o}.longitude - %(longitude)s::float8) * %(km_east)s::float8"
        return f"coalesce(sqrt(({north}) ^ 2 + ({east}) ^ 2), 1e9)"

    def _terms(self, o: str) -> str:
        """How it is shown: an hour if nothing else is said, the first way to meet that is wanted."""
        duration = f"(CASE WHEN 60 = ANY({o}.durations) THEN 60 ELSE {o}.durations[1] END)::int"
        modality = f"{o}.modalities[1]"
        if self.query.duration is not None:
            duration = "%(duration)s::int"
        if self.query.modality is not None:
            modality = _FIRST_WANTED.format(o=o)
        return _TERMS.format(duration=duration, modality=modality)

    def _has_time(self, terms: str) -> str:
        return _HAS_TIME.format(free=self._free(terms), terms=terms, fits=_FITS.format(terms=terms))

    def _times(self, terms: str) -> str:
        return _TIMES.format(free=self._free(terms), terms=terms, fits=_FITS.format(terms=terms))

    def _free(self, terms: str) -> str:
        if self.query.modality in (Modality.ONLINE, Modality.AT_INSTRUCTOR):
            return "day.free"
        travel = "coalesce(day.free_travel, day.free)"
        return f"CASE WHEN {terms}.modality = 'at_student' THEN {travel} ELSE day.free END"
