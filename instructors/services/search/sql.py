"""The walk as SQL. Measured shape: index order, cheap conditions, lateral look-up of open days, limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from instainstru.lib import prepared
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
    free: list[tuple[int, int]]
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
    notice_min: int | None
    horizon_days: int | None
    buffer_min: int | None
    travel_min: int | None
    overnight_rule: bool
    first_name: str
    last_name: str
    place_name: str | None


# Which sorts begin with the least, and the columns they go by; the others' keys are computed.
_ASCENDS = {
    "recommended": False,
    "price_asc": True,
    "rating_desc": False,
    "distance": True,
    "soonest": True,
}
_COLUMN = {"recommended": "rank", "price_asc": "price_per_hour", "rating_desc": "rating"}

_COLUMNS = """
    hit.id, hit.sort_key::float8, hit.instructor_id, hit.price_per_hour, hit.durations, hit.modalities,
    hit.levels, hit.duration_min, hit.modality, hit.latitude, hit.longitude, times.free, subject.slug,
    subject.name, instructor.slug, instructor.headline, instructor.time_zone, instructor.photo,
    instructor.rating, instructor.rating_count, instructor.lesson_count,
    instructor.verified_at IS NOT NULL, instructor.notice_min, instructor.horizon_days,
    instructor.buffer_min, instructor.travel_min, instructor.overnight_rule, person.first_name,
    person.last_name, place.name
"""

# What comes with the few rows that are shown: names, and the first of their free ranges that fit.
_DRESSED = """
    JOIN instructors_instructor instructor ON instructor.id = hit.instructor_id
    JOIN accounts_user person ON person.id = instructor.user_id
    JOIN instructors_subject subject ON subject.id = hit.subject_id
    LEFT JOIN instructors_place place ON place.id = instructor.place_id
    CROSS JOIN LATERAL (
        SELECT array_agg(ARRAY[extract(epoch FROM fit.low), extract(epoch FROM fit.high)]::bigint[]) AS free
        FROM (
            SELECT lower(gap.span) AS low, upper(gap.span) AS high
            FROM instructors_openday day
            CROSS JOIN LATERAL unnest({free}) AS gap (span)
            WHERE day.instructor_id = hit.instructor_id
                AND day.date BETWEEN %(first_day)s::date AND %(last_day)s::date
                AND EXISTS (
                    SELECT FROM unnest(%(windows)s::tstzmultirange) AS wish (span)
                    WHERE {after_notice} < {before_end})
            ORDER BY day.date, low LIMIT 12) fit
    ) times
"""
# The earliest a lesson could start in a free range and a window, and what it must be before.
_AFTER_NOTICE = (
    "greatest(lower(gap.span), lower(wish.span), %(now)s::timestamptz + {of}.notice_min * interval '1 min')"
)
_BEFORE_END = "least(upper(wish.span), upper(gap.span) - {duration} * interval '1 min' + interval '1 us')"

# Whether a lesson fits into some free range with a start in some window, after the notice. ``OFFSET 0``
# keeps the days a look-up by key: a search for any one match would rather read the table from its start.
_FITS = """
    SELECT {after_notice} AS start
    FROM (
        SELECT day.date, day.free, day.free_travel FROM instructors_openday day
        WHERE day.instructor_id = o.instructor_id
            AND day.date BETWEEN %(first_day)s::date AND %(last_day)s::date
        OFFSET 0) day
    CROSS JOIN LATERAL unnest({free}) AS gap (span)
    CROSS JOIN unnest(%(windows)s::tstzmultirange) AS wish (span)
    WHERE {after_notice} < {before_end}
"""

# The candidates come out of an index alone, in order: it holds all that ``covered`` asks. Only those that
# pass are looked up in the table, and only those that pass there in the calendar.
_WALK = """
    SELECT o.id, o.subject_id, o.instructor_id, o.price_per_hour, o.durations, o.modalities, o.levels,
        o.latitude, o.longitude, o.notice_min, {duration} AS duration_min, {modality} AS modality,
        candidate.sort_key
    FROM (
        SELECT o.id, {key} AS sort_key FROM instructors_offering o
        WHERE o.is_listed AND {subject} {covered} {page}
        ORDER BY {key} {direction}, o.id OFFSET 0) candidate
    JOIN instructors_offering o ON o.id = candidate.id
    WHERE EXISTS ({fits}) {conditions}
    ORDER BY candidate.sort_key {direction}, candidate.id LIMIT %(limit)s
"""

# The key is in no index, but never earlier than ``next_free_at``, which is: the earliest bounds first.
_SOONEST = """
    SELECT * FROM (
        SELECT o.*, extract(epoch FROM soon.start) AS sort_key
        FROM (
            SELECT o.id, o.subject_id, o.instructor_id, o.price_per_hour, o.durations, o.modalities, o.levels,
                o.latitude, o.longitude, o.notice_min, {duration} AS duration_min, {modality} AS modality
            FROM (
                SELECT o.id, o.next_free_at FROM instructors_offering o
                WHERE o.is_listed AND {subject} AND o.next_free_at IS NOT NULL {covered}
                ORDER BY o.next_free_at, o.id OFFSET 0) candidate
            JOIN instructors_offering o ON o.id = candidate.id
            WHERE TRUE {conditions}
            ORDER BY candidate.next_free_at, candidate.id LIMIT {most}) o
        CROSS JOIN LATERAL ({fits} ORDER BY day.date, start LIMIT 1) soon) keyed
    {page} ORDER BY sort_key, id LIMIT %(limit)s
"""
# So many of the earliest bounds are keyed exactly: far more than a page, and a few milliseconds.
MOST_KEYED = 300


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
            "exclude": exclude_instructor,
        }
        self.covered, self.conditions = self._read()

    def rows(self, *, after: tuple[float, int] | None, limit: int, now: datetime) -> list[Row]:
        """The next rows of the walk after ``after`` (sort key, id)."""
        values = {**self.values, "now": now, "limit": limit}
        if after is not None:
            values["after_key"], values["after_id"] = after
        with prepared.cursor() as cursor:
            cursor.execute(self._statement(paged=after is not None), values)
            return [Row._make(row) for row in cursor.fetchall()]

    def _statement(self, *, paged: bool) -> str:
        sort = self.query.sort
        direction = "ASC" if _ASCENDS[sort] else "DESC"
        if sort != "soonest" and self.subjects is not None and len(self.subjects) <= WALKED_APART:
            walk = self._walk(sort, "o.subject_id = wanted.id", paged=paged)
            hits = (
                f"SELECT walked.* FROM instructors_subject wanted CROSS JOIN LATERAL ({walk}) walked"
                f" WHERE wanted.slug = ANY(%(subjects)s::varchar[])"
                f" ORDER BY sort_key {direction}, id LIMIT %(limit)s"
            )
        else:
            hits = self._walk(sort, "TRUE" if self.subjects is None else _AMONG, paged=paged)
        dressed = _fitting(_DRESSED, of="hit", free=self._free("hit.modality"), duration="hit.duration_min")
        return f"SELECT {_COLUMNS} FROM ({hits}) hit {dressed} ORDER BY hit.sort_key {direction}, hit.id"

    def _walk(self, sort: str, subject: str, *, paged: bool) -> str:
        parts = {
            "subject": subject,
            "covered": self.covered,
            "conditions": self.conditions + self._first_of_instructor(sort),
            "duration": self._duration(),
            "modality": self._modality(),
        }
        if sort == "soonest":
            page = "WHERE (sort_key, id) > (%(after_key)s, %(after_id)s)" if paged else ""
            fits = _fitting(_FITS, of="o", free=self._free("o.modality"), duration="o.duration_min")
            return _SOONEST.format(**parts, fits=fits, page=page, most=MOST_KEYED)
        key, ascends = self._key(sort), _ASCENDS[sort]
        beyond = ">" if ascends else "<"
        page = f"AND ({key} {beyond} %(after_key)s OR ({key} = %(after_key)s AND o.id > %(after_id)s))"
        return _WALK.format(
            **parts,
            key=key,
            page=page if paged else "",
            direction="ASC" if ascends else "DESC",
            fits=_fitting(_FITS, of="o", free=self._free(self._modality()), duration=self._duration()),
        )

    def _key(self, sort: str) -> str:
        return self._distance() if sort == "distance" else f"o.{_COLUMN[sort]}"

    def _read(self) -> tuple[str, str]:
        """What can be said of an offering without its calendar: by the index, and by its row."""
        query = self.query
        covered = self._named(
            {
                "o.price_per_hour <= %(price_max)s": ("price_max", query.price_max),
                "o.price_per_hour >= %(price_min)s": ("price_min", query.price_min),
                "o.instructor_id <> %(exclude)s": ("exclude", self.values.pop("exclude")),
            }
        )
        conditions = self._named(
            {
                "%(duration)s = ANY(o.durations)": ("duration", query.duration),
                "o.modalities && %(modality)s::varchar[]": ("modality", _wanted_modalities(query)),
                "(o.levels = '{}' OR %(level)s = ANY(o.levels))": ("level", query.level),
                "(o.audiences = '{}' OR %(audience)s = ANY(o.audiences))": ("audience", query.audience),
            }
        )
        if self.subjects is not None:
            self.values["subjects"] = self.subjects
        elif query.exclude:
            covered += f" AND NOT {_AMONG.replace('subjects', 'excluded')}"
            self.values["excluded"] = list(query.exclude)
        if self.around:
            names = ("south", "north", "west", "east")
            self.values |= dict(zip(names, self.around.box(), strict=True))
            self.values |= {
                "latitude": self.around.latitude,
                "longitude": self.around.longitude,
                "radius": self.around.radius_km,
                "km_east": self.around.km_a_degree_east,
            }
            # Online it does not matter where somebody is.
            if query.modality != "online":
                covered += (
                    " AND o.latitude BETWEEN %(south)s AND %(north)s"
                    " AND o.longitude BETWEEN %(west)s AND %(east)s"
                    f" AND {self._distance()} <= %(radius)s"
                )
                if self.around.borough:
                    conditions += _IN_BOROUGH
                    self.values |= {
                        "borough": self.around.borough,
                        "city": CITIES.get(self.around.borough, self.around.borough),
                    }
        return covered, conditions

    def _named(self, conditions: dict[str, tuple[str, Any]]) -> str:
        """Those whose value is given; the values go along."""
        given = {text: pair for text, pair in conditions.items() if pair[1] is not None}
        self.values |= dict(given.values())
        return "".join(f" AND {text}" for text in given)

    def _distance(self) -> str:
        north = f"(o.latitude - %(latitude)s) * {KM_A_DEGREE}"
        east = "(o.longitude - %(longitude)s) * %(km_east)s"
        return f"sqrt(({north}) ^ 2 + ({east}) ^ 2)"

    def _first_of_instructor(self, sort: str) -> str:
        """One card an instructor: the first of their offerings that pass, unless one subject was named."""
        if self.subjects is not None and len(self.subjects) == 1:
            return ""
        column = _COLUMN.get(sort, "rank")
        beyond = "<" if _ASCENDS[sort] and sort in _COLUMN else ">"
        subject = "TRUE" if self.subjects is None else _AMONG
        same = f"{subject} {self.covered} {self.conditions}".replace("o.", "b.")
        return (
            " AND NOT EXISTS (SELECT FROM instructors_offering b WHERE b.instructor_id = o.instructor_id"
            f" AND b.is_listed AND {same} AND (b.{column} {beyond} o.{column}"
            f" OR (b.{column} = o.{column} AND b.id < o.id)))"
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

    def _free(self, modality: str) -> str:
        """The day's free ranges for that way to meet."""
        if self.query.modality in ("online", "at_instructor"):
            return "day.free"
        travelling = "COALESCE(day.free_travel, day.free)"
        return f"(CASE WHEN {modality} = 'at_student' THEN {travelling} ELSE day.free END)"


def _fitting(template: str, *, of: str, free: str, duration: str) -> str:
    """The template for the offering called ``of``, its free ranges and its length."""
    return template.format(
        free=free,
        after_notice=_AFTER_NOTICE.format(of=of),
        before_end=_BEFORE_END.format(duration=duration),
    )


# A borough is no circle: what lies in the circle must also belong to it. ZIP codes name their post town.
# A scalar, because an EXISTS may be turned round to begin with every place there is.
_IN_BOROUGH = """ AND (
    SELECT its.parent = %(borough)s OR its.slug = %(borough)s
        OR lower(split_part(its.parent, ',', 1)) = %(city)s
    FROM instructors_instructor near JOIN instructors_place its ON its.id = near.place_id
    WHERE near.id = o.instructor_id)"""
CITIES = {"manhattan": "new york"}

_AMONG = (
    "o.subject_id = ANY(ARRAY(SELECT id FROM instructors_subject WHERE slug = ANY(%(subjects)s::varchar[])))"
)


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
