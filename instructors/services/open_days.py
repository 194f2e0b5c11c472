"""What is free, derived from what instructors wish and what takes their time. Reads, and never writes.

``compute`` is the definition that every ``OpenDay`` must equal; ``calendar.py`` stores it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Func, Value

from instainstru.lib import clock, prepared
from instainstru.lib.compiled import Compiled
from instainstru.lib.intervals import Range, normal, subtract
from instainstru.rules.models import Rules
from instructors.models import CalendarBlock, Instructor
from instructors.services.slots import Limits, limits_of, up_to_grid

# No gap around a lesson is longer (rules.md: buffer and travel 0–180).
LONGEST_GAP = timedelta(minutes=180)
DAY = timedelta(days=1)
TAKING = (CalendarBlock.Kind.LESSON, CalendarBlock.Kind.HOLD)

Day = tuple[int, date]
# Minutes of the local day, [from, to); 1440 is midnight at its end.
Window = tuple[int, int]
# The windows of instructors' weekdays, and of their dates that differ.
Hours = tuple[dict[tuple[int, int], list[Window]], dict[Day, list[Window]]]


@dataclass(frozen=True, slots=True)
class Free:
    """What is left of a day, for lessons without and with travel."""

    plain: list[Range]
    travel: list[Range]


def range_of(start: datetime, end: datetime) -> DateTimeTZRange:
    """``[start, end)`` as the database writes it."""
    return DateTimeTZRange(start, end, "[)")


def between(low: datetime, high: datetime) -> Func:
    """``[low, high)`` in a query that is compiled: the database makes the range of two instants."""
    return Func(Value(low), Value(high), function="tstzrange", output_field=DateTimeRangeField())


def whole_weeks(first: date, last: date) -> tuple[date, date]:
    """The Monday on or before the first, and the Sunday on or after the last."""
    return first - first.weekday() * DAY, last + (6 - last.weekday()) * DAY


_HOURS = """
    SELECT instructor_id, weekday::int, NULL::date, from_min, to_min FROM instructors_weeklyhours
    WHERE instructor_id = ANY(%(ids)s)
    UNION ALL
    SELECT instructor_id, NULL, date, from_min, to_min FROM instructors_datehours
    WHERE instructor_id = ANY(%(ids)s) AND date BETWEEN %(first)s AND %(last)s
    ORDER BY 1, 2, 3, 4
"""


def windows_of(ids: Sequence[int], first: date, last: date) -> Hours:
    """The patterns by instructor and weekday, and the dates in ``[first, last]`` that differ: one query.

    Weekdays without hours are absent; dates that are closed are there, with no windows.
    """
    pattern: dict[tuple[int, int], list[Window]] = {}
    differing: dict[Day, list[Window]] = {}
    with prepared.cursor() as cursor:
        cursor.execute(_HOURS, {"ids": list(ids), "first": first, "last": last})
        for owner, weekday, day, low, high in cursor.fetchall():
            if day is None:
                pattern.setdefault((owner, weekday), []).append((low, high))
            else:
                own = differing.setdefault((owner, day), [])
                if low is not None:
                    own.append((low, high))
    return pattern, differing


def wished(
    instructors: Sequence[Instructor], first: date, last: date, hours: Hours | None = None
) -> dict[Day, list[Range]]:
    """The hours each instructor wishes on each date in ``[first, last]``: one query for all.

    A wall time that daylight saving skips slides to the end of the gap (``clock.day_edge``).
    """
    pattern, differing = hours or windows_of([one.pk for one in instructors], first, last)
    result: dict[Day, list[Range]] = {}
    for instructor in instructors:
        day = first
        while day <= last:
            key = (instructor.pk, day)
            own = differing.get(key)
            result[key] = instants(
                day,
                pattern.get((instructor.pk, day.weekday()), ()) if own is None else own,
                instructor.time_zone,
            )
            day += DAY
    return result


def instants(day: date, windows: Iterable[Window], tz: str) -> list[Range]:
    """Windows of a local day as instants."""
    return normal((at_minute(day, low, tz), at_minute(day, high, tz)) for low, high in windows)


def at_minute(day: date, minute: int, tz: str) -> datetime:
    """The instant of a minute of the local day; 1440 is the midnight that ends it."""
    if begin := clock.even_day(day, tz):
        return begin + timedelta(minutes=minute)
    extra, rest = divmod(minute, 24 * 60)
    return clock.day_edge(day + extra * DAY, clock.wall(rest), tz)


def blocks_of(instructors: Sequence[Instructor], first: date, last: date) -> dict[int, list[CalendarBlock]]:
    """All that can take time on the dates in ``[first, last]``, gaps included, and count for their caps."""
    if any(instructor.lessons_per_week for instructor in instructors):
        first, last = whole_weeks(first, last)
    window = range_of(
        *(clock.day_bounds(day, "UTC")[edge] for edge, day in ((0, first - 2 * DAY), (1, last + 2 * DAY)))
    )
    found: dict[int, list[CalendarBlock]] = defaultdict(list)
    if len(instructors) == 1:
        own = _blocks_of_one(instructor_id=instructors[0].pk, low=window.lower, high=window.upper)
        found[instructors[0].pk] = own
        return found
    for block in CalendarBlock.objects.filter(instructor__in=instructors, period__overlap=window):
        found[block.instructor_id].append(block)
    return found


_blocks_of_one = Compiled(
    lambda instructor_id, low, high: CalendarBlock.objects.filter(
        instructor_id=instructor_id,
        period__overlap=between(low, high),
    ),
    instructor_id=int,
    low=datetime,
    high=datetime,
)  # fmt: skip


def free_of(hours: list[Range], blocks: Iterable[CalendarBlock], limits: Limits) -> Free:
    """Hours minus blocks. Around a lesson stays the longer of its own gap and today's."""
    blocks = list(blocks)
    plain, travel = (
        subtract(hours, [hole(block, limits, travels=travels) for block in blocks])
        for travels in (False, True)
    )
    return Free(on_grid(plain, limits), on_grid(travel, limits))


def hole(block: CalendarBlock, limits: Limits, *, travels: bool) -> Range:
    """What a block takes from lessons that travel, or from those that do not."""
    start, end = block.period.lower, block.period.upper
    if block.kind not in TAKING:
        return start, end
    travels = travels or block.lane != 0
    length = timedelta(minutes=limits.gap(travels=travels))
    return start - length, max((block.reach if travels else block.buffered).upper, end + length)


def on_grid(ranges: list[Range], limits: Limits) -> list[Range]:
    grid, zone = limits.grid, limits.time_zone
    # Offsets are multiples of 15 minutes (``up_to_grid``): what is on that grid in UTC is so everywhere.
    coarse = 15 % grid == 0
    aligned = (
        (start if coarse and not (start.minute % 15 or start.second) else up_to_grid(start, grid, zone), end)
        for start, end in ranges
    )
    return [(start, end) for start, end in aligned if start < end]


def compute(
    instructors: Sequence[Instructor], first: date, last: date, rules: Rules, known: Hours | None = None
) -> dict[Day, Free]:
    """Every open day in ``[first, last]`` from its sources: the definition ``OpenDay`` must equal.

    ``known`` are the hours, where the caller has just read them.
    """
    hours = wished(instructors, first, last, known)
    blocks = blocks_of(instructors, first, last)
    result: dict[Day, Free] = {}
    for instructor in instructors:
        limits = limits_of(instructor, rules)
        full = full_days(instructor, blocks[instructor.pk])
        near = _by_day(blocks[instructor.pk], first, last)
        day = first
        while day <= last:
            key = (instructor.pk, day)
            if day in full:
                result[key] = Free([], [])
            elif not hours[key] or day not in near:
                whole = on_grid(hours[key], limits)
                result[key] = Free(whole, whole)
            else:
                result[key] = free_of(hours[key], near[day], limits)
            day += DAY
    return result


def _by_day(blocks: Iterable[CalendarBlock], first: date, last: date) -> dict[date, list[CalendarBlock]]:
    """The blocks that can matter on each date, in whatever zone; a few too many for each."""
    near: dict[date, list[CalendarBlock]] = defaultdict(list)
    for block in blocks:
        day = max((block.period.lower - LONGEST_GAP).date() - DAY, first)
        until = min((max(block.period.upper, block.reach.upper) + LONGEST_GAP).date() + DAY, last)
        while day <= until:
            near[day].append(block)
            day += DAY
    return near


def full_days(instructor: Instructor, blocks: Iterable[CalendarBlock]) -> dict[date, str]:
    """Dates on which the instructor's own cap on lessons is reached: that of the ``day`` or the ``week``."""
    if not (instructor.lessons_per_day or instructor.lessons_per_week):
        return {}
    days: dict[date, int] = defaultdict(int)
    weeks: dict[date, int] = defaultdict(int)
    for block in blocks:
        if block.kind in TAKING:
            day = clock.local(block.period.lower, instructor.time_zone).date()
            days[day] += 1
            weeks[day - day.weekday() * DAY] += 1
    full = {}
    for monday, number in weeks.items():
        if instructor.lessons_per_week and number >= instructor.lessons_per_week:
            full.update({monday + n * DAY: "week" for n in range(7)})
    for day, number in days.items():
        if instructor.lessons_per_day and number >= instructor.lessons_per_day:
            full[day] = "day"
    return full
