"""One calendar week of an instructor as one state: what is open on each date, and changing it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instructors.models import CalendarBlock, DateHours, Instructor
from instructors.services import calendar, schedule
from instructors.services.schedule import Stale, Window

DAY = timedelta(days=1)
AWAY = (CalendarBlock.Kind.TIME_OFF, CalendarBlock.Kind.EXTERNAL)


@dataclass(frozen=True, slots=True)
class Day:
    """What is open on a date; ``differs`` says that the date has hours of its own, closed or other."""

    date: date
    windows: list[Window]
    differs: bool


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday. ``version`` tells one state of it from another."""

    days: list[Day]
    version: str


def monday_of(day: date) -> date:
    """The Monday on or before ``day``."""
    return day - day.weekday() * DAY


def week_at(instructor: Instructor, day: date) -> Week:
    """The week that ``day`` is in; two queries."""
    monday = monday_of(day)
    pattern = schedule.week_of(instructor)
    own: dict[date, list[Window]] = {}
    rows = DateHours.objects.filter(instructor=instructor, date__range=(monday, monday + 6 * DAY))
    for row in rows.order_by("date", "from_min"):
        windows = own.setdefault(row.date, [])
        if not row.is_closed:
            windows.append((row.from_min or 0, row.to_min or 0))
    days = []
    for number in range(7):
        at = monday + number * DAY
        days.append(Day(at, own.get(at, pattern[number]), at in own))
    text = repr([(str(one.date), one.windows, one.differs, pattern[n]) for n, one in enumerate(days)])
    return Week(days, hashlib.blake2b(text.encode(), digest_size=12).hexdigest())


@transaction.atomic
def save(
    instructor: Instructor,
    day: date,
    windows: Mapping[date, Sequence[Window]],
    *,
    by: Any,
    seen: str | None = None,
) -> Week:
    """Open the dates of that week at these windows, none of them meaning closed.

    Dates that end up like the weekly pattern follow it again, and the others have hours of their own.
    Refusals name their date as ``days.N``, counted from Monday. With ``seen``, the version the caller
    started from, a week that was changed meanwhile raises ``Stale``; nothing is written then.
    """
    locked = calendar.lock_instructor(instructor)
    before = week_at(locked, day)
    if seen is not None and seen != before.version:
        raise Stale("This week was changed elsewhere in the meantime. Nothing was saved.")
    pattern = schedule.week_of(locked)
    for number, old in enumerate(before.days):
        wanted: list[schedule.Window] = sorted(
            (low, high) for low, high in windows.get(old.date, old.windows)
        )
        try:
            if wanted == pattern[number] and old.differs:
                schedule.follow_pattern(locked, old.date, by=by)
            elif wanted != old.windows:
                schedule.set_date(locked, old.date, wanted, by=by)
        except DomainError as error:
            error.fields = {f"days.{number}": message for message in error.fields.values()} or {
                f"days.{number}": error.message
            }
            raise
    return week_at(locked, day)


def away(instructor: Instructor, day: date) -> list[CalendarBlock]:
    """Time off and outside events that touch the week of ``day``, in order."""
    monday = monday_of(day)
    low, _ = clock.day_bounds(monday, instructor.time_zone)
    _, high = clock.day_bounds(monday + 6 * DAY, instructor.time_zone)
    return list(
        CalendarBlock.objects.filter(
            instructor=instructor, kind__in=AWAY, period__overlap=calendar.range_of(low, high)
        ).order_by("period")
    )
