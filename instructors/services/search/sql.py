"""The walk as SQL. Measured shape: index order, cheap conditions, lateral look-up of open days, limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from instainstru.lib.intervals import Range
from instainstru.lib.multirange import literal
from instructors.services.search.places import KM_A_DEGREE, Around
from instructors.services.search.query import Query
from instructors.services.search.vocabulary import Vocabulary

# Up to so many subjects each is walked on its own index; more are filtered out of the walk over all.
WALKED_APART = 4
# No zone is further from UTC than this, so a window's local dates lie within it.
FURTHEST_ZONE = timedelta(hours=14)


class Row(NamedTuple):
    """One offering as the walk returns it; instants as epoch seconds."""

    id: int
    sort_key: float
    instructor_id: int
    price_per_hour: int
    durations: list[int]
    modalities: list[str]
    levels: list[str]
    duration_min: int
    modality: str
    latitude: float | None
    longitude: float | None
    free: list[list[float]]
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
    own_notice_min: int | None
    own_horizon_days: int | None
    overnight_rule: bool
    first_name: str
    last_name: str
    place_name: str | None


# Sort: (key, whether it ascends).
_KEYS = {
    "recommended": ("rank", False),
    "price_asc": ("price_per_hour", True),
    "rating_desc": ("rating", False),
    "distance": ("distance", True),
    "soonest": ("soonest", True),
}

_COLUMNS = """
    hit.id, hit.sort_key::float8, hit.instructor_id, hit.price_per_hour, hit.durations, hit.modalities, hit.levels,
    hit.duration_min, hit.modality, hit.latitude, hit.longitude, times.free, subject.slug, subject.name,
    instructor.slug, instructor.headline, instructor.time_zone, instructor.photo, instructor.rating,
    instructor.rating_count, instructor.lesson_count, instructor.verified_at IS NOT NULL,
    instructor.notice_min, instructor.horizon_days, instructor.overnight_rule,
    person.first_name, person.last_name, place.name
"""

# What comes with the few rows that are shown: names, and their free ranges of the first days with any.
_DRESSED = """
    JOIN instructors_instructor instructor ON instructor.id = hit.instructor_id
    JOIN accounts_user person ON person.id = instructor.user_id
    JOIN instructors_subject subject ON subject.id = hit.subject_id
    LEFT JOIN instructors_place place ON place.id = instructor.place_id
    CROSS JOIN LATERAL (
        SELECT array_agg(ARRAY[extract(epoch FROM some.low), extract(epoch FROM some.high)]::float8[]) AS free
        FROM (
            SELECT lower(free) AS low, upper(free) AS high
            FROM instructors_openday day
            CROSS JOIN LATERAL unnest({free}) free
            WHERE day.instructor_id = hit.instructor_id AND day.date BETWEEN %(first_day)s AND %(last_day)s
                AND EXISTS (SELECT FROM unnest(%(windows)s::tstzmultirange) wish
                    WHERE greatest(lower(free), lower(wish)) < upper(wish)
                        AND greatest(lower(free), lower(wish)) + hit.duration_min * interval '1 min' <= upper(free))
            ORDER BY day.date, low LIMIT 12
        ) some
    ) times
"""

# Lessons of this length fit into some free range with a start in some window, after the notice.
_FITS = """
    greatest(lower(free), lower(wish), %(now)s + o.notice_min * interval '1 min') < upper(wish)
    AND greatest(lower(free), lower(wish), %(now)s + o.notice_min * interval '1 min')
        + {duration} * interval '1 min' <= upper(free)
"""


class Walk:
    """One search, to be walked in rounds."""

    def __init__(
        self,
        query: Query,
        windows: Sequence[Range],
        around: Around | None,
        *,
        vocabulary: Vocabulary,
        exclude_instructor: int | None = None,
    ) -> None:
        self.query = query
        self.around = around
        self.subjects = _subjects(query, vocabulary)
        self.values: dict[str, Any] = {
            "windows": literal(windows),
            "first_day": (windows[0][0] - FURTHEST_ZONE).date(),
            "last_day": (windows[-1][1] + FURTHEST_ZONE).date(),
            "exclude_instructor": exclude_instructor,
        }
        self.conditions = self._conditions()

    def rows(self, *, after: tuple[float, int] | None, limit: int, now: datetime) -> list[Row]:
        """The next rows of the walk after ``after`` (sort key, id)."""
        values = {**self.values, "now": now, "limit": limit}
        if after is not None:
            values["after_key"], values["after_id"] = after
        with connection.cursor() as cursor:
            cursor.execute(self._statement(paged=after is not None), values)
            return [Row._make(row) for row in cursor.fetchall()]

    def _statement(self, *, paged: bool) -> str:
        column, ascends = _KEYS[self.query.sort]
        order = f"sort_key {'ASC' if ascends else 'DESC'}, id"
        if column in ("distance", "soonest"):
            hit = self._sorted_hits(column, paged=paged)
        elif self.subjects is not None and len(self.subjects) <= WALKED_APART:
            walk = self._walk(column, ascends, paged=paged, subject="o.subject_id = wanted.id")
            hit = f"""SELECT walked.* FROM instructors_subject wanted CROSS JOIN LATERAL ({walk}) walked
                WHERE wanted.slug = ANY(%(subjects)s) ORDER BY {order} LIMIT %(limit)s"""
        else:
            among = "" if self.subjects is None else _AMONG
            hit = self._walk(column, ascends, paged=paged, subject=among or "TRUE")
        free = self._free("day", "hit.modality")
        return (
            f"SELECT {_COLUMNS} FROM ({hit}) hit {_DRESSED.format(free=free)} "
            f"ORDER BY hit.sort_key {'ASC' if ascends else 'DESC'}, hit.id"
        )

    def _walk(self, column: str, ascends: bool, *, paged: bool, subject: str) -> str:
        """The rows in index order; the planner stops it at the limit."""
        direction, beyond = ("ASC", ">") if ascends else ("DESC", "<")
        page = (
            f"AND (o.{column} {beyond} %(after_key)s OR (o.{column} = %(after_key)s AND o.id > %(after_id)s))"
            if paged
            else ""
        )
        return f"""
            SELECT o.*, o.{column} AS sort_key, {self._duration()} AS duration_min,
                {self._modality()} AS modality
            FROM instructors_offering o
            WHERE o.is_listed AND {subject} {self.conditions} {self._first_of_instructor(column, ascends)} {page}
                AND EXISTS (
                    SELECT FROM instructors_openday day
                    CROSS JOIN LATERAL unnest({self._free("day", self._modality())}) free
                    CROSS JOIN unnest(%(windows)s::tstzmultirange) wish
                    WHERE day.instructor_id = o.instructor_id
                        AND day.date BETWEEN %(first_day)s AND %(last_day)s
                        AND {_FITS.format(duration=self._duration())})
            ORDER BY o.{column} {direction}, o.id LIMIT %(limit)s
        """

    def _sorted_hits(self, column: str, *, paged: bool) -> str:
        """Sorts whose key no index holds: all that pass the cheap conditions, keyed and sorted.

        ``soonest`` walks ``next_free_at``, which is never later than the key, in index order.
        """
        subject = "TRUE" if self.subjects is None else _AMONG
        page = "WHERE (sort_key, id) > (%(after_key)s, %(after_id)s)" if paged else ""
        if column == "distance":
            key = self._distance()
            return f"""SELECT * FROM (
                SELECT o.*, {key} AS sort_key, {self._duration()} AS duration_min, {self._modality()} AS modality
                FROM instructors_offering o
                WHERE o.is_listed AND {subject} {self.conditions} {self._first_of_instructor("rank", False)}
                ORDER BY sort_key, o.id) o {page} {"AND" if paged else "WHERE"} EXISTS (
                    SELECT FROM instructors_openday day
                    CROSS JOIN LATERAL unnest({self._free("day", "o.modality")}) free
                    CROSS JOIN unnest(%(windows)s::tstzmultirange) wish
                    WHERE day.instructor_id = o.instructor_id
                        AND day.date BETWEEN %(first_day)s AND %(last_day)s
                        AND {_FITS.format(duration="o.duration_min")})
                LIMIT %(limit)s"""
        return f"""SELECT * FROM (
            SELECT o.*, extract(epoch FROM soon.start) AS sort_key
            FROM (
                SELECT o.*, {self._duration()} AS duration_min, {self._modality()} AS modality
                FROM instructors_offering o
                WHERE o.is_listed AND {subject} AND o.next_free_at IS NOT NULL {self.conditions}
                    {self._first_of_instructor("rank", False)}
                ORDER BY o.next_free_at, o.id LIMIT 1000) o
            CROSS JOIN LATERAL (
                SELECT greatest(lower(free), lower(wish), %(now)s + o.notice_min * interval '1 min') AS start
                FROM instructors_openday day
                CROSS JOIN LATERAL unnest({self._free("day", "o.modality")}) free
                CROSS JOIN unnest(%(windows)s::tstzmultirange) wish
                WHERE day.instructor_id = o.instructor_id
                    AND day.date BETWEEN %(first_day)s AND %(last_day)s
                    AND {_FITS.format(duration="o.duration_min")}
                ORDER BY day.date, start LIMIT 1) soon) o
            {page} ORDER BY sort_key, id LIMIT %(limit)s"""

    def _conditions(self) -> str:
        """What can be said of an offering without its calendar; values go into ``self.values``."""
        query, parts = self.query, []
        named = {
            "o.price_per_hour <= %(price_max)s": ("price_max", query.price_max),
            "o.price_per_hour >= %(price_min)s": ("price_min", query.price_min),
            "%(duration)s = ANY(o.durations)": ("duration", query.duration),
            "o.modalities && %(modality)s::varchar[]": ("modality", _wanted_modalities(query)),
            "(o.levels = '{}' OR %(level)s = ANY(o.levels))": ("level", query.level),
            "(o.audiences = '{}' OR %(audience)s = ANY(o.audiences))": ("audience", query.audience),
            "o.instructor_id <> %(exclude_instructor)s": (
                "exclude_instructor",
                self.values["exclude_instructor"],
            ),
        }
        for condition, (name, value) in named.items():
            if value is not None:
                parts.append(condition)
                self.values[name] = value
        if self.subjects is not None:
            self.values["subjects"] = self.subjects
        if query.exclude:
            parts.append(f"NOT {_AMONG.replace('subjects', 'exclude')}")
            self.values["exclude"] = list(query.exclude)
        # Online it does not matter where somebody is.
        if self.around and query.modality != "online":
            parts.append(
                "o.latitude BETWEEN %(south)s AND %(north)s AND o.longitude BETWEEN %(west)s AND %(east)s"
                f" AND {self._distance()} <= %(radius)s"
            )
        if self.around:
            names = ("south", "north", "west", "east")
            self.values |= dict(zip(names, self.around.box(), strict=True))
            self.values |= {
                "latitude": self.around.latitude,
                "longitude": self.around.longitude,
                "radius": self.around.radius_km,
                "km_east": self.around.km_a_degree_east,
            }
        return "".join(f" AND {part}" for part in parts)

    def _distance(self) -> str:
        north = f"(o.latitude - %(latitude)s) * {KM_A_DEGREE}"
        east = "(o.longitude - %(longitude)s) * %(km_east)s"
        return f"sqrt(({north}) ^ 2 + ({east}) ^ 2)"

    def _first_of_instructor(self, column: str, ascends: bool) -> str:
        """One card an instructor: their first offering of those that pass, unless one subject was named."""
        if self.subjects is not None and len(self.subjects) == 1:
            return ""
        beyond = "<" if ascends else ">"
        subject = "TRUE" if self.subjects is None else _AMONG
        same = f"{subject} {self.conditions}".replace("o.", "b.")
        return (
            "AND NOT EXISTS (SELECT FROM instructors_offering b WHERE b.instructor_id = o.instructor_id"
            f" AND b.is_listed AND (b.{column} {beyond} o.{column} OR (b.{column} = o.{column} AND b.id < o.id))"
            f" AND {same})"
        )

    def _duration(self) -> str:
        """The length shown: the one asked for, else an hour where that is offered, else the shortest."""
        if self.query.duration is not None:
            return "%(duration)s"
        return "(CASE WHEN 60 = ANY(o.durations) THEN 60 ELSE o.durations[1] END)"

    def _modality(self) -> str:
        """The way to meet that is shown: the first the offering has of those asked for."""
        wanted = _wanted_modalities(self.query)
        if wanted is None:
            return "o.modalities[1]"
        if len(wanted) == 1:
            return "(%(modality)s::varchar[])[1]"
        return "(SELECT way FROM unnest(o.modalities) way WHERE way = ANY(%(modality)s::varchar[]) LIMIT 1)"

    def _free(self, day: str, modality: str) -> str:
        if self.query.modality in ("online", "at_instructor"):
            return f"{day}.free"
        travelling = f"COALESCE({day}.free_travel, {day}.free)"
        return f"(CASE WHEN {modality} = 'at_student' THEN {travelling} ELSE {day}.free END)"


_AMONG = "o.subject_id = ANY(ARRAY(SELECT id FROM instructors_subject WHERE slug = ANY(%(subjects)s)))"


def _subjects(query: Query, vocabulary: Vocabulary) -> list[str] | None:
    """The slugs to search among; None means all."""
    if query.subjects:
        return [slug for slug in query.subjects if slug not in query.exclude]
    if query.category:
        return [slug for slug in vocabulary.subjects_of(query.category) if slug not in query.exclude]
    return None


def _wanted_modalities(query: Query) -> list[str] | None:
    if query.modality is None:
        return None
    return ["at_instructor", "at_student"] if query.modality == "in_person" else [query.modality]
