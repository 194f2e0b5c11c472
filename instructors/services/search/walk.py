"""One search's statements, put together of the texts in ``sql.py``, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from instainstru.lib import prepared
from instructors.models import Modality
from instructors.services import week_bits
from instructors.services.search import sql
from instructors.services.search.places import KM_A_DEGREE, Around
from instructors.services.search.query import Query
from instructors.services.search.rank import WEIGHTS

# Where distance counts, so many of the best ranked nearby are weighed against each other; of one subject all
# are, because an index knows where they are.
MOST_WEIGHED = 100
# The indexes of up to so many subjects are merged; more are filtered out of the walk over all.
MOST_MERGED = 24
# Where no more than these dates are looked at, most candidates have no time on any of them. A window of a
# day may lie on three, depending on the zone.
SHORT = timedelta(days=4)

# Where a walk stands: sort key, what decides between equal ones before the id does, and the id.
Place = tuple[float, float, int]


class Hit(NamedTuple):
    """A candidate of “soonest” with its first start, and how it is shown.

    Of two who begin at the same time whoever became free last comes first: ``tie`` is ``next_free_at``,
    negative.
    """

    id: int
    instructor_id: int
    sort_key: float | None
    tie: float
    duration_min: int
    modality: str
    earliest: datetime
    last_day: date
    grid: int


class Row(NamedTuple):
    """An offering that has time as asked, with what is shown of it.

    ``free`` are the first ranges it has time in, as epoch seconds in a row, none beyond its horizon; no
    lesson starts before ``earliest``, an epoch second likewise, nor off the ``grid`` of minutes.
    """

    id: int
    sort_key: float
    tie: float
    duration_min: int
    modality: str
    earliest: float
    grid: int
    instructor_id: int
    price_per_hour: int
    durations: list[int]
    modalities: list[str]
    latitude: float | None
    longitude: float | None
    subject_id: int
    slug: str
    headline: str
    time_zone: str
    photo: str
    rating: float
    rating_count: int
    is_verified: bool
    first_name: str
    last_name: str
    place_name: str | None
    free: str | None

    @property
    def place(self) -> Place:
        return self.sort_key, self.tie, self.id


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
        return self._dressed(self._hits(is_paged=after is not None), values)

    def candidates(
        self, *, free_at: float, after_id: int, limit: int, falling: bool, until: float | None
    ) -> list[Hit]:
        """The next offerings by ``next_free_at``, up or down; keyed by their first start, if any.

        With ``until`` only of those who do without the overnight rule, and free before.
        """
        awake = "" if until is None else sql.AWAKE
        text = sql.SOONEST.format(
            where=f"o.is_listed AND {self.subject('o')} {self.covered('o')} {awake} {self._may_have_time}",
            beyond=sql.FALLING if falling else sql.RISING,
            direction="DESC" if falling else "ASC",
            terms=self.terms("o"),
            first_start=sql.FIRST_START.format(
                free=self._free("terms"),
                fits=sql.FITS.format(terms="terms"),
                conditions=self.conditions("o") + self.in_borough,
            ),
        )
        with prepared.cursor() as cursor:
            place = {"free_at": free_at, "after_id": after_id, "limit": limit, "until": until}
            cursor.execute(text, {**self.values, **place})
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
            "last_days": [hit.last_day for hit in hits],
            "grids": [hit.grid for hit in hits],
        }
        text = sql.GIVEN.format(shown=sql.SHOWN, times=self._times("given"))
        return self._dressed(text, {**self.values, **given})

    def _dressed(self, hits: str, values: dict[str, Any]) -> list[Row]:
        text = sql.DRESSED.format(hits=hits, direction=self._direction)
        with prepared.cursor() as cursor:
            cursor.execute(text, values)
            return [Row._make(row) for row in cursor.fetchall()]

    def _hits(self, *, is_paged: bool) -> str:
        sort = self.query.sort
        source, where = self._source(sql.COLUMN.get(sort, "rank"))
        key = self._key(sort)
        if self._weighs_distance:
            if not self._by_point:
                source = sql.BEST_NEARBY.format(source=source, where=where, most=MOST_WEIGHED)
                where = "TRUE"
            closeness = f"greatest(0, 1 - {self._distance('o')} / %(radius)s::float8)"
            key = f"(o.rank + {WEIGHTS['distance']} * {closeness})"
        beyond = ">" if sql.ASCENDS[sort] else "<"
        page = f"AND ({key} {beyond} %(after_key)s OR ({key} = %(after_key)s AND o.id > %(after_id)s))"
        return sql.HITS.format(
            candidates=sql.CANDIDATES.format(
                source=source,
                where=where,
                key=key,
                page=page if is_paged else "",
                direction=self._direction,
            ),
            shown=sql.SHOWN,
            terms=self.terms("o"),
            times=self._times("terms"),
            conditions=self.conditions("o") + self.in_borough,
            first_of_instructor=self._first_of_instructor(),
            direction=self._direction,
        )

    @property
    def _weighs_distance(self) -> bool:
        return self.query.sort == "recommended" and self.nearby and not self.borough

    @property
    def _by_point(self) -> bool:
        """Whether everybody nearby is read, to be put in order then."""
        return self._weighs_distance and self.is_one_each

    @property
    def _may_have_time(self) -> str:
        """A look at the calendar before the offering is looked up, where most have no time."""
        is_short = self.values["last_day"] - self.values["first_day"] <= SHORT
        return sql.MAY_HAVE_TIME if is_short else ""

    def _source(self, column: str) -> tuple[str, str]:
        """What candidates are read from, by an index that holds ``column``, and what the index excludes."""
        covered = self.covered("o")
        if self.subjects is None or not 1 < len(self.subjects) <= MOST_MERGED:
            return "instructors_offering", f"o.is_listed AND {self.subject('o')} {covered}"
        each = (
            sql.OF_ONE.format(column=column, direction=self._direction, number=number, covered=covered)
            for number in range(1, len(self.subjects) + 1)
        )
        return sql.MERGED.format(each="UNION ALL".join(each)), "TRUE"

    @property
    def _direction(self) -> str:
        return "ASC" if sql.ASCENDS[self.query.sort] else "DESC"

    def _key(self, sort: str) -> str:
        return self._distance("o") if sort == "distance" else f"o.{sql.COLUMN[sort]}"

    def _first_of_instructor(self) -> str:
        """One card an instructor: the first of their offerings that pass, unless one subject was named.

        All of one instructor's offerings are equally far away and equally well rated.
        """
        if self.is_one_each:
            return ""
        column, ascends = sql.COLUMN.get(self.query.sort, "rating"), sql.ASCENDS[self.query.sort]
        return sql.FIRST_OF_INSTRUCTOR.format(
            column=column,
            beyond="<" if ascends else ">",
            terms=self.terms("b"),
            passes=f"{self.subject('b')} {self.covered('b')} {self.conditions('b')}",
            has_time=self.has_time("other"),
        )

    @property
    def is_one_each(self) -> bool:
        """Whether an instructor can be found only once anyway."""
        return self.subjects is not None and len(self.subjects) == 1

    def subject(self, o: str) -> str:
        if self.subjects is None:
            return f"NOT {o}.subject_id = ANY(%(excluded)s::bigint[])" if self.query.exclude else "TRUE"
        if len(self.subjects) == 1:
            return f"{o}.subject_id = (%(subjects)s::bigint[])[1]"
        # The sum keeps the planner from collecting all of these subjects and sorting them.
        return f"{o}.subject_id + 0 = ANY(%(subjects)s::bigint[])"

    def covered(self, o: str) -> str:
        """Conditions that the indexes can tell without the row."""
        query, parts = self.query, []
        # Two prices look so narrow that the planner would read all between them, instead of the order.
        plus = "" if query.sort in ("price_asc", "distance") else " + 0"
        if query.price_max is not None:
            parts.append(f"{o}.price_per_hour{plus} <= %(price_max)s")
        if query.price_min is not None:
            parts.append(f"{o}.price_per_hour{plus} >= %(price_min)s")
        if self.values["week_bits"] != week_bits.ALL:
            parts.append(f"{o}.week_bits & %(week_bits)s <> 0")
        if self.values["exclude_instructor"] is not None:
            parts.append(f"{o}.instructor_id <> %(exclude_instructor)s")
        if self.nearby:
            # The sum keeps the planner from collecting everybody in the circle.
            plus = "" if self.subjects is None or self._by_point else " + 0"
            parts.append(f"{o}.latitude{plus} BETWEEN %(south)s AND %(north)s")
            parts.append(f"{o}.longitude{plus} BETWEEN %(west)s AND %(east)s")
            parts.append(f"{self._distance(o)} <= %(radius)s::float8")
        return "".join(f" AND {part}" for part in parts)

    @property
    def in_borough(self) -> str:
        """The condition on the borough, if there is one; it needs the instructor."""
        return sql.IN_BOROUGH if self.borough else ""

    def conditions(self, o: str) -> str:
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

    def terms(self, o: str) -> str:
        """How it is shown: an hour if nothing else is said, the first way to meet that is wanted."""
        duration = f"(CASE WHEN 60 = ANY({o}.durations) THEN 60 ELSE {o}.durations[1] END)::int"
        modality = f"{o}.modalities[1]"
        if self.query.duration is not None:
            duration = "%(duration)s::int"
        if self.query.modality is not None:
            modality = sql.FIRST_WANTED.format(o=o)
        return sql.TERMS.format(duration=duration, modality=modality)

    def has_time(self, terms: str) -> str:
        return sql.HAS_TIME.format(free=self._free(terms), terms=terms, fits=sql.FITS.format(terms=terms))

    def _times(self, terms: str) -> str:
        return sql.TIMES.format(free=self._free(terms), terms=terms, fits=sql.FITS.format(terms=terms))

    def _free(self, terms: str) -> str:
        if self.query.modality in (Modality.ONLINE, Modality.AT_INSTRUCTOR):
            return "day.free"
        travel = "coalesce(day.free_travel, day.free)"
        return f"CASE WHEN {terms}.modality = 'at_student' THEN {travel} ELSE day.free END"
