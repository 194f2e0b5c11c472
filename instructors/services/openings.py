"""The bookable times of one instructor, read from their open days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, QuerySet
from django.db.models.expressions import RawSQL

from instainstru.lib import clock, prepared
from instainstru.lib.compiled import Compiled
from instainstru.lib.errors import NotFound
from instainstru.rules.models import Rules
from instructors.models import Modality, Offering
from instructors.services import calendar, catalogue, slots
from instructors.services.slots import Seconds, earliest, latest, limits_of

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to fit: one offering at one length, met one way."""

    offering: Offering
    duration_min: int
    modality: str
    # The free time around what is asked for, where it came along with the offering.
    free: Sequence[Seconds] | None = field(default=None, compare=False)

    @property
    def travels(self) -> bool:
        return self.modality == Modality.AT_STUDENT


# Ranges of local days begin on the start grid, and so on whole seconds; ends are rounded down to them.
_FREE = """
    SELECT date_part('epoch', lower(span))::bigint, floor(date_part('epoch', upper(span)))::bigint
    FROM instructors_openday day
    CROSS JOIN unnest({free}) span
    WHERE day.instructor_id = %s AND day.date BETWEEN %s AND %s
    ORDER BY 1
"""
_FREE_OF = {
    False: _FREE.format(free="day.free"),
    True: _FREE.format(free="COALESCE(day.free_travel, day.free)"),
}


def spans(lesson: Lesson, *, low: datetime, high: datetime, now: datetime, rules: Rules) -> Iterator[range]:
    """Every bookable start in ``[low, high)``, in order, as runs of epoch seconds; at most one query."""
    limits = limits_of(lesson.offering.instructor, rules)
    low = max(low, earliest(limits, modality=lesson.modality, now=now))
    high = min(high, latest(limits, now=now))
    free = _free(lesson, low, high, limits.time_zone) if lesson.free is None else lesson.free
    return slots.spans(
        free, duration=lesson.duration_min, low=low, high=high, grid=limits.grid, zone=limits.time_zone
    )


def _free(lesson: Lesson, low: datetime, high: datetime, tz: str) -> list[Seconds]:
    if low >= high:
        return []
    first, last = clock.local(low, tz).date(), clock.local(high, tz).date()
    with prepared.cursor() as cursor:
        cursor.execute(_FREE_OF[lesson.travels], [lesson.offering.instructor_id, first, last])
        return cursor.fetchall()


def offered_by(
    instructor: str, offering_id: int | None, *, modality: str | None, first: date, last: date
) -> tuple[Offering, list[Seconds]]:
    """An offering of a listed instructor, named by number or slug, and what is free on these local dates.

    With None the instructor's first offering, and its first way to meet. The instructor knows what limits
    their times, and no more. One statement; raises ``NotFound``.
    """
    named = catalogue.is_number(instructor)
    wanted: dict[str, Any] = {"instructor_id": int(instructor)} if named else {"instructor__slug": instructor}
    if offering_id is not None:
        wanted["pk"] = offering_id
    found: list[Any] = _first_of(*wanted)(**wanted, modality=modality or "", first=first, last=last)
    if not found:
        raise NotFound("There is no such offering.")
    return found[0], found[0].free


_FREE_OF_OFFERING = """
    ARRAY(
        SELECT ARRAY[date_part('epoch', lower(span))::bigint, floor(date_part('epoch', upper(span)))::bigint]
        FROM instructors_openday day
        CROSS JOIN unnest(CASE COALESCE(NULLIF(%s, ''), instructors_offering.modalities[1])
            WHEN 'at_student' THEN COALESCE(day.free_travel, day.free) ELSE day.free END) span
        WHERE day.instructor_id = instructors_offering.instructor_id AND day.date BETWEEN %s AND %s
        ORDER BY 1)
"""


@cache
def _first_of(*names: str) -> Compiled[Offering]:
    """The first listed offering by these conditions, with what openings are cut from and by."""
    shown = ("price_per_hour", "durations", "modalities", "instructor_id", "subject__slug")
    rows = (
        Offering.objects.filter(is_listed=True)
        .select_related("subject", "instructor")
        .only(*shown, *(f"instructor__{name}" for name in calendar.LIMITS))
        .order_by("pk")
    )
    spans = ArrayField(ArrayField(BigIntegerField()))

    def make(modality: str, first: date, last: date, **wanted: Any) -> QuerySet[Offering]:
        free = RawSQL(_FREE_OF_OFFERING, (modality, first, last), output_field=spans)  # noqa: S611 (no input)
        return rows.filter(**wanted).annotate(free=free)[:1]

    kinds = {name: str if name.endswith("slug") else int for name in names}
    return Compiled(make, modality=str, first=date, last=date, **kinds)


def starts(
    lesson: Lesson, *, low: datetime, high: datetime, now: datetime, rules: Rules
) -> Iterator[datetime]:
    """The same one by one and in datetimes."""
    for span in spans(lesson, low=low, high=high, now=now, rules=rules):
        for start in span:
            yield datetime.fromtimestamp(start, UTC)


def first(lesson: Lesson, *, now: datetime, rules: Rules, days: int = 7) -> datetime | None:
    """The next bookable start within that many days."""
    return next(starts(lesson, low=now, high=now + timedelta(days=days), now=now, rules=rules), None)


def is_open(lesson: Lesson, start: datetime, *, now: datetime, rules: Rules) -> bool:
    """Whether the lesson can be booked at ``start``, as far as can be told without locks."""
    return next(starts(lesson, low=start, high=start + INSTANT, now=now, rules=rules), None) == start


def count_by_day(
    lesson: Lesson, *, first: date, last: date, zone: str, now: datetime, rules: Rules
) -> Counter[date]:
    """How many starts each date of ``zone`` in ``[first, last]`` has; dates without any are left out.

    Counted by arithmetic: a month has a thousand starts, and nobody looks at them one by one.
    """
    found: Counter[date] = Counter()
    low, high = clock.day_bounds(first, zone)[0], clock.day_bounds(last, zone)[1]
    for span in spans(lesson, low=low, high=high, now=now, rules=rules):
        here, there = _date(span[0], zone), _date(span[-1], zone)
        if here == there:
            found[here] += len(span)
        else:
            found.update(_date(start, zone) for start in span)
    return found


def _date(seconds: int, zone: str) -> date:
    return datetime.fromtimestamp(seconds, clock.zone(zone)).date()
