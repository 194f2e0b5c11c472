"""The bookable times of one instructor, read from their open days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from instainstru.lib import clock
from instainstru.lib.intervals import Range
from instainstru.rules.models import Rules
from instructors.models import Modality, Offering, OpenDay
from instructors.services.slots import Limits, cut, earliest, latest, limits_of

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to fit: one offering at one length, met one way."""

    offering: Offering
    duration_min: int
    modality: str

    @property
    def travels(self) -> bool:
        return self.modality == Modality.AT_STUDENT


def starts(
    lesson: Lesson, *, low: datetime, high: datetime, now: datetime, rules: Rules
) -> Iterator[datetime]:
    """Every bookable start in ``[low, high)``, in order; one query."""
    limits = limits_of(lesson.offering.instructor, rules)
    low, high = window(lesson, limits=limits, low=low, high=high, now=now)
    for day in _open_days(lesson, low, high, limits):
        yield from cut(_free(day, lesson), duration=lesson.duration_min, low=low, high=high, limits=limits)


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
    limits = limits_of(lesson.offering.instructor, rules)
    low, high = window(
        lesson,
        limits=limits,
        low=clock.day_bounds(first, zone)[0],
        high=clock.day_bounds(last, zone)[1],
        now=now,
    )
    found: Counter[date] = Counter()
    step = timedelta(minutes=limits.grid)
    length = timedelta(minutes=lesson.duration_min)
    for day in _open_days(lesson, low, high, limits):
        for free in _free(day, lesson):
            start = next(cut([free], duration=lesson.duration_min, low=low, high=high, limits=limits), None)
            if start is None:
                continue
            number = (min(free[1] - length, high - INSTANT) - start) // step + 1
            here, there = (
                clock.local(start, zone).date(),
                clock.local(start + step * (number - 1), zone).date(),
            )
            if here == there:
                found[here] += number
            else:
                found.update(clock.local(start + step * n, zone).date() for n in range(number))
    return found


def window(
    lesson: Lesson, *, limits: Limits, low: datetime, high: datetime, now: datetime
) -> tuple[datetime, datetime]:
    """``[low, high)`` narrowed to what notice and horizon allow."""
    return (
        max(low, earliest(limits, modality=lesson.modality, now=now)),
        min(high, latest(limits, now=now)),
    )


def _open_days(lesson: Lesson, low: datetime, high: datetime, limits: Limits) -> Iterable[OpenDay]:
    if low >= high:
        return ()
    zone = limits.time_zone
    return OpenDay.objects.filter(
        instructor_id=lesson.offering.instructor_id,
        date__range=(clock.local(low, zone).date(), clock.local(high, zone).date()),
    ).order_by("date")


def _free(day: OpenDay, lesson: Lesson) -> list[Range]:
    return day.free if not lesson.travels or day.free_travel is None else day.free_travel
