"""All of an instructor's hours at once: the weekly pattern and many dates, one lock and one rebuild."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instructors.models import DateHours, Instructor, WeeklyHours
from instructors.models.calendar import DAY_MINUTES
from instructors.services import calendar, schedule
from instructors.services.schedule import Window


def dates_of(instructor: Instructor) -> dict[date, list[Window]]:
    """Every date with hours of its own, also those that are over; closed ones have no windows."""
    result: dict[date, list[Window]] = {}
    for row in DateHours.objects.filter(instructor=instructor).order_by("date", "from_min"):
        windows = result.setdefault(row.date, [])
        if not row.is_closed:
            windows.append((row.from_min or 0, row.to_min or 0))
    return result


@transaction.atomic
def replace(
    instructor: Instructor,
    week: Mapping[int, Sequence[Window]],
    dates: Mapping[date, Sequence[Window] | None],
    *,
    by: Any,
) -> None:
    """Make ``week`` the pattern and give ``dates`` their windows: none is closed, None follows ``week``.

    Dates that are not named keep what they have. Refuses what ``set_week`` and ``set_date`` refuse, but
    for dates that are over: those may be put back as they were. One event tells all of it.
    """
    checked = {day: schedule.check_windows(windows, field=f"day_{day}") for day, windows in week.items()}
    wanted = {day: _checked_date(instructor, day, windows) for day, windows in dates.items()}
    locked = calendar.lock_schedule(instructor)
    before, own = schedule.week_of(locked), dates_of(locked)
    after = {day: checked.get(day, []) for day in range(7)}
    changed = {day: windows for day, windows in wanted.items() if own.get(day) != windows}
    if before == after and not changed:
        return
    WeeklyHours.objects.filter(instructor=locked).delete()
    WeeklyHours.objects.bulk_create(
        WeeklyHours(instructor=locked, weekday=day, from_min=low, to_min=high)
        for day, windows in after.items()
        for low, high in windows
    )
    DateHours.objects.filter(instructor=locked, date__in=changed).delete()
    DateHours.objects.bulk_create(_rows(locked, changed))
    calendar.rebuild(locked)
    told = {day.isoformat(): windows for day, windows in sorted(changed.items())}
    record(Kind.HOURS_CHANGED, locked, by=by, data={"before": before, "after": after, "dates": told})


def _checked_date(instructor: Instructor, day: date, windows: Sequence[Window] | None) -> list[Window] | None:
    if windows is None:
        return None
    checked = schedule.check_windows(windows, field="windows")
    for minute in (edge for window in checked for edge in window if edge < DAY_MINUTES):
        clock.to_instant(day, clock.wall(minute), instructor.time_zone)
    return checked


def _rows(instructor: Instructor, dates: Mapping[date, Sequence[Window] | None]) -> Iterable[DateHours]:
    for day, windows in dates.items():
        if windows is None:
            continue
        if not windows:
            yield DateHours(instructor=instructor, date=day, is_closed=True)
        for low, high in windows:
            yield DateHours(instructor=instructor, date=day, from_min=low, to_min=high)
