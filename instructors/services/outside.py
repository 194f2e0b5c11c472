"""Booked lessons that hours no longer cover. They stay booked; whoever edits hours is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from instainstru.lib import clock
from instainstru.lib.compiled import Compiled
from instainstru.lib.intervals import covers
from instructors.models import CalendarBlock, Instructor
from instructors.services import open_days, schedule
from instructors.services.open_days import Window

# No lesson is booked further ahead.
FAR = timedelta(days=800)


def of_dates(instructor: Instructor, hours: Mapping[date, Sequence[Window]]) -> list[CalendarBlock]:
    """Coming lessons on these dates that do not lie within these hours, in order; one query."""
    if not hours:
        return []
    low = clock.day_bounds(min(hours), instructor.time_zone)[0]
    high = clock.day_bounds(max(hours), instructor.time_zone)[1]
    return _uncovered(instructor, _lessons(instructor, low, high), hours.get)


def of_pattern(instructor: Instructor, pattern: Mapping[int, Sequence[Window]]) -> list[CalendarBlock]:
    """Coming lessons that ``pattern`` does not cover, on dates without hours of their own; two queries."""
    today = clock.today(instructor.time_zone)
    _, own = schedule.hours_of(instructor, today, date.max)
    lessons = _lessons(instructor, clock.now(), None)
    return _uncovered(instructor, lessons, lambda day: None if day in own else pattern.get(day.weekday(), ()))


def _lessons(instructor: Instructor, low: datetime, high: datetime | None) -> list[CalendarBlock]:
    low, high = max(low, clock.now()), high or clock.now() + FAR
    return _lessons_between(instructor_id=instructor.pk, low=low, high=high) if low < high else []


_lessons_between = Compiled(
    lambda instructor_id, low, high: CalendarBlock.objects.filter(
        instructor_id=instructor_id,
        kind=CalendarBlock.Kind.LESSON,
        period__overlap=open_days.between(low, high),
    ).order_by("period"),
    instructor_id=int,
    low=datetime,
    high=datetime,
)


def _uncovered(
    instructor: Instructor,
    lessons: Sequence[CalendarBlock],
    hours_on: Callable[[date], Sequence[Window] | None],
) -> list[CalendarBlock]:
    """Those outside; dates for which there is None are not asked about."""
    tz = instructor.time_zone
    found = []
    for lesson in lessons:
        start, end = lesson.period.lower, lesson.period.upper
        day = clock.local(start, tz).date()
        windows = hours_on(day)
        if windows is not None and not covers(open_days.instants(day, windows, tz), (start, end)):
            found.append(lesson)
    return found
