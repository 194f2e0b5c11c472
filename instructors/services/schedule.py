"""What instructors say about their time. Every edit locks, writes, derives the open days, records."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction

from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock, prepared
from instainstru.lib.errors import Conflict, Invalid, NotFound
from instructors.models import CalendarBlock, Instructor
from instructors.models.calendar import DAY_MINUTES
from instructors.services import calendar, open_days
from instructors.services.open_days import Window

MOST_WINDOWS_A_DAY = 24
LONGEST_TIME_OFF = timedelta(days=366)


def check_windows(windows: Sequence[Window], *, field: str) -> list[Window]:
    """The windows in order; raises ``Invalid`` on ``field`` for reversed, overlapping or too many."""
    if len(windows) > MOST_WINDOWS_A_DAY:
        raise Invalid(f"A day has room for {MOST_WINDOWS_A_DAY} windows.", field=field)
    ordered = sorted(windows)
    for low, high in ordered:
        if not (0 <= low < DAY_MINUTES and 0 < high <= DAY_MINUTES):
            raise Invalid("Times run from 00:00 to 24:00.", field=field)
        if low >= high:
            raise Invalid(
                f"{show_minute(low)}–{show_minute(high)}: the end must be after the start.", field=field
            )
    for (_, end), (start, _) in pairwise(ordered):
        if start < end:
            raise Invalid(f"Two windows overlap around {show_minute(start)}.", field=field)
    return ordered


def show_minute(minute: int) -> str:
    """A minute of the day as ``09:30``; the last is ``24:00``."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def week_of(instructor: Instructor) -> dict[int, list[Window]]:
    """The weekly pattern: weekday 0–6 to its windows, every weekday present."""
    return hours_of(instructor, date.max, date.min)[0]


def hours_of(
    instructor: Instructor, first: date, last: date
) -> tuple[dict[int, list[Window]], dict[date, list[Window]]]:
    """The pattern, and the dates in ``[first, last]`` that differ (with none where closed): one query."""
    pattern, differing = open_days.windows_of([instructor.pk], first, last)
    return (
        {weekday: pattern.get((instructor.pk, weekday), []) for weekday in range(7)},
        {day: own for (_, day), own in differing.items()},
    )


class Stale(Conflict):
    """The pattern was changed since the caller looked; nothing is written."""

    code = "stale"


def version_of(week: Mapping[int, Sequence[Window]]) -> str:
    """What tells one weekly pattern from another."""
    text = repr([sorted(map(tuple, week.get(day, ()))) for day in range(7)])
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


@transaction.atomic
def set_week(
    instructor: Instructor, week: Mapping[int, Sequence[Window]], *, by: Any, seen: str | None = None
) -> None:
    """Replace the whole weekly pattern by ``week``; weekdays left out have no hours.

    Lessons already booked stay, also where they fall outside the new hours. With ``seen``, the version
    the caller started from, a pattern that was changed meanwhile raises ``Stale``.
    """
    checked = {day: check_windows(windows, field=f"day_{day}") for day, windows in week.items()}
    locked = calendar.lock_schedule(instructor)
    before = week_of(locked)
    if seen is not None and seen != version_of(before):
        raise Stale("Your hours were changed elsewhere in the meantime. Nothing was saved.")
    rows = [
        {"weekday": day, "low": low, "high": high}
        for day, windows in checked.items()
        for low, high in windows
    ]
    with prepared.cursor() as cursor:
        cursor.execute(_PUT_WEEK, {"instructor": locked.pk, "rows": prepared.rows(rows)})
    calendar.rebuild(locked)
    after = {day: list(checked.get(day, ())) for day in range(7)}
    record(Kind.HOURS_CHANGED, locked, by=by, data={"before": before, "after": after})


# The insert waits for the delete, whose rows no constraint sees any more.
_PUT_WEEK = """
    WITH gone AS (DELETE FROM instructors_weeklyhours WHERE instructor_id = %(instructor)s RETURNING 1)
    INSERT INTO instructors_weeklyhours (instructor_id, weekday, from_min, to_min)
    SELECT %(instructor)s, weekday, low, high
    FROM json_to_recordset(%(rows)s::json) AS given (weekday int, low int, high int)
    WHERE (SELECT count(*) FROM gone) >= 0
"""
_PUT_DATES = """
    WITH gone AS (
        DELETE FROM instructors_datehours
        WHERE instructor_id = %(instructor)s AND date = ANY(%(days)s::date[]) RETURNING 1
    ), added AS (
        INSERT INTO instructors_datehours (instructor_id, date, is_closed, from_min, to_min)
        SELECT %(instructor)s, day, low IS NULL, low, high
        FROM json_to_recordset(%(rows)s::json) AS given (day date, low int, high int)
        WHERE (SELECT count(*) FROM gone) >= 0
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM added)
"""
# A closed date is one row without a window.
_CLOSED: list[tuple[Any, Any]] = [(None, None)]


@transaction.atomic
def set_date(instructor: Instructor, day: date, windows: Sequence[Window], *, by: Any) -> None:
    """Say that ``day`` differs: these windows instead of the pattern, or closed when there are none.

    A start or end that daylight saving skips that day raises ``SkippedTime`` by name.
    """
    check_ahead(instructor, day)
    checked = check_date(instructor, day, windows)
    put_dates(calendar.lock_schedule(instructor), {day: checked}, by=by)


@transaction.atomic
def follow_pattern(instructor: Instructor, day: date, *, by: Any) -> None:
    """Let ``day`` follow the weekly pattern again."""
    locked = calendar.lock_schedule(instructor)
    if not put_dates(locked, {day: None}, by=by):
        raise NotFound("That date already follows your weekly hours.")


def check_ahead(instructor: Instructor, day: date, *, today: date | None = None) -> None:
    """Refuses a date that is over, or years ahead."""
    today = today or clock.today(instructor.time_zone)
    if day < today:
        raise Invalid("That date is over.", field="date")
    if day > today + timedelta(days=730):
        raise Invalid("That date is more than two years ahead.", field="date")


def check_date(instructor: Instructor, day: date, windows: Sequence[Window]) -> list[Window]:
    """The windows in order; refuses times that never come on that date."""
    checked = check_windows(windows, field="windows")
    if clock.even_day(day, instructor.time_zone) is None:
        for minute in (edge for window in checked for edge in window if edge < DAY_MINUTES):
            clock.to_instant(day, clock.wall(minute), instructor.time_zone)
    return checked


def put_dates(
    locked: Instructor,
    days: Mapping[date, Sequence[Window] | None],
    *,
    by: Any,
    hours: open_days.Hours | None = None,
) -> bool:
    """Write what is open on these dates, however many, None meaning like the pattern; whether any was new.

    The one way in which dates come to differ: windows were checked, and the instructor's row is locked.
    One write, one derivation of the days between the first and the last, one event. ``hours`` is what is
    then so in all weeks from the first date to the last, where the caller knows.
    """
    if not days:
        return False
    rows = [
        {"day": day, "low": low, "high": high}
        for day, windows in days.items()
        if windows is not None
        for low, high in windows or _CLOSED
    ]
    # As PostgreSQL writes an array: the driver takes longer for dates one by one.
    dates = "{" + ",".join(day.isoformat() for day in days) + "}"
    values: dict[str, Any] = {"instructor": locked.pk, "days": dates, "rows": prepared.rows(rows)}
    with prepared.cursor() as cursor:
        cursor.execute(_PUT_DATES, values)
        if not cursor.fetchone()[0]:
            return False
    calendar.rebuild(locked, min(days), max(days), hours=hours)
    told = {day.isoformat(): None if windows is None else list(windows) for day, windows in days.items()}
    record(Kind.DATE_HOURS_CHANGED, locked, by=by, data={"dates": told})
    return True


@transaction.atomic
def add_time_off(
    instructor: Instructor, start: datetime, end: datetime, *, by: Any, label: str = ""
) -> CalendarBlock:
    """Take ``[start, end)`` off. Lessons booked in it stay and must be moved or cancelled one by one."""
    if start >= end:
        raise Invalid("The end must be after the start.", field="end")
    if end <= clock.now():
        raise Invalid("That is over already.", field="end")
    if end - start > LONGEST_TIME_OFF:
        raise Invalid("At most a year at a time.", field="end")
    locked = calendar.lock_schedule(instructor)
    period = open_days.range_of(start, end)
    block = CalendarBlock.objects.create(
        instructor=locked,
        kind=CalendarBlock.Kind.TIME_OFF,
        period=period,
        buffered=period,
        reach=period,
        label=label,
    )
    _rebuild_around(locked, start, end)
    record(Kind.TIME_OFF_CHANGED, locked, by=by, data=_told(block, added=True))
    return block


@transaction.atomic
def remove_time_off(instructor: Instructor, block_id: int, *, by: Any) -> None:
    """Give time off back; raises ``NotFound`` for anything that is not this instructor's time off."""
    locked = calendar.lock_schedule(instructor)
    block = CalendarBlock.objects.filter(
        pk=block_id, instructor=locked, kind=CalendarBlock.Kind.TIME_OFF
    ).first()
    if block is None:
        raise NotFound("There is no such time off.")
    record(Kind.TIME_OFF_CHANGED, locked, by=by, data=_told(block, added=False))
    start, end = block.period.lower, block.period.upper
    block.delete()
    _rebuild_around(locked, start, end)


def coming_time_off(instructor: Instructor) -> list[CalendarBlock]:
    """Time off that is not over, soonest first."""
    return list(
        CalendarBlock.objects.filter(
            instructor=instructor, kind=CalendarBlock.Kind.TIME_OFF, period__endswith__gt=clock.now()
        ).order_by("period")
    )


def coming_dates(instructor: Instructor) -> dict[date, list[Window]]:
    """Dates from today on that differ from the pattern, with their windows; closed ones have none."""
    return hours_of(instructor, clock.today(instructor.time_zone), date.max)[1]


def _rebuild_around(instructor: Instructor, start: datetime, end: datetime) -> None:
    tz = instructor.time_zone
    calendar.rebuild(instructor, clock.local(start, tz).date(), clock.local(end, tz).date())


def _told(block: CalendarBlock, *, added: bool) -> dict[str, Any]:
    return {
        "added": added,
        "start": clock.rfc3339(block.period.lower),
        "end": clock.rfc3339(block.period.upper),
        "label": block.label,
    }
