"""The instructor's time: the only writer of blocks and open days.

Lock order, everywhere: the student's row (bookings), the instructor's row (schedule edits only), then
``OpenDay`` rows by date. Every change of a source locks the days it touches before it reads them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from uuid import UUID

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Func, Q, Value

from instainstru.lib import clock, prepared
from instainstru.lib.compiled import Compiled, insert
from instainstru.lib.intervals import Range, normal, subtract
from instainstru.lib.multirange import literal
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import CalendarBlock, Instructor, OpenDay, OutsideCalendar
from instructors.services.slots import Limits, limits_of, up_to_grid

# No gap around a lesson is longer (rules.md: buffer and travel 0–180).
LONGEST_GAP = timedelta(minutes=180)
DAY = timedelta(days=1)
TAKING = (CalendarBlock.Kind.LESSON, CalendarBlock.Kind.HOLD)
# What of an instructor decides when they can be booked.
LIMITS = (
    "time_zone", "notice_online_min", "notice_at_instructor_min", "notice_at_student_min", "grid_min",
    "buffer_min", "travel_min", "horizon_days", "overnight_rule", "lessons_per_day", "lessons_per_week",
)  # fmt: skip

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


def days_affected(instructor: Instructor, start: datetime, end: datetime) -> tuple[date, date]:
    """First and last local date on which a lesson in ``[start, end)`` can change what is free."""
    tz = instructor.time_zone
    first = clock.local(start - LONGEST_GAP, tz).date()
    last = clock.local(end + LONGEST_GAP, tz).date()
    return _whole_if_capped(instructor, first, last)


def days_to_lock(instructor: Instructor, start: datetime, end: datetime) -> tuple[date, date]:
    """The dates to lock before taking ``[start, end)``: a day more on each side than that day.

    Wide enough for ending a stale hold next to it as well, which would otherwise lock an earlier day
    after a later one.
    """
    tz = instructor.time_zone
    first, last = clock.local(start, tz).date() - DAY, clock.local(end, tz).date() + DAY
    return _whole_if_capped(instructor, first, last)


def _whole_if_capped(instructor: Instructor, first: date, last: date) -> tuple[date, date]:
    """The same dates, or whole weeks where a weekly cap can close every day of one."""
    return whole_weeks(first, last) if instructor.lessons_per_week else (first, last)


def whole_weeks(first: date, last: date) -> tuple[date, date]:
    """The Monday on or before the first, and the Sunday on or after the last."""
    return first - first.weekday() * DAY, last + (6 - last.weekday()) * DAY


# -- Reading sources ---------------------------------------------------------------------------------


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


# -- Deriving open days ------------------------------------------------------------------------------


def free_of(hours: list[Range], blocks: Iterable[CalendarBlock], limits: Limits) -> Free:
    """Hours minus blocks. Around a lesson stays the longer of its own gap and today's."""
    blocks = list(blocks)
    plain, travel = (
        subtract(hours, [hole(block, limits, travels=travels) for block in blocks])
        for travels in (False, True)
    )
    return Free(_on_grid(plain, limits), _on_grid(travel, limits))


def hole(block: CalendarBlock, limits: Limits, *, travels: bool) -> Range:
    """What a block takes from lessons that travel, or from those that do not."""
    start, end = block.period.lower, block.period.upper
    if block.kind not in TAKING:
        return start, end
    travels = travels or block.lane != 0
    length = timedelta(minutes=limits.gap(travels=travels))
    return start - length, max((block.reach if travels else block.buffered).upper, end + length)


def _on_grid(ranges: list[Range], limits: Limits) -> list[Range]:
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
                whole = _on_grid(hours[key], limits)
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


# -- Writing open days -------------------------------------------------------------------------------


def lock_instructor(instructor: Instructor) -> Instructor:
    """The instructor's row, locked against other schedule edits but not against bookings."""
    found = _locked(pk=instructor.pk)
    if not found:
        raise Instructor.DoesNotExist
    return found[0]


_locked = Compiled(lambda pk: Instructor.objects.select_for_update(no_key=True).filter(pk=pk), pk=int)


def lock_days(instructor_id: int, first: date, last: date) -> list[OpenDay]:
    """The open days in ``[first, last]``, locked in date order."""
    return _locked_days(instructor_id=instructor_id, first=first, last=last)


def reread(instructor: Instructor) -> bool:
    """Bring the instructor's limits up to date, once their days are locked; whether any had changed.

    An edit of the limits locks the days it derives again. Whoever waited for it on that lock has read the
    limits before it, and would derive by them what the edit has just put right.
    """
    [now] = _limits(pk=instructor.pk)
    changed = [name for name in LIMITS if getattr(instructor, name) != getattr(now, name)]
    for name in changed:
        setattr(instructor, name, getattr(now, name))
    return bool(changed)


_limits = Compiled(lambda pk: Instructor.objects.only(*LIMITS).filter(pk=pk).order_by(), pk=int)

_locked_days = Compiled(
    lambda instructor_id, first, last: (
        OpenDay.objects.select_for_update()
        .filter(instructor_id=instructor_id, date__range=(first, last))
        .order_by("date")
    ),
    instructor_id=int,
    first=date,
    last=date,
)


def lock_spans(spans: Iterable[tuple[Instructor, datetime, datetime]]) -> list[OpenDay]:
    """The open days around lessons at these times, locked in the one order: instructor, date."""
    spans = list(spans)
    if len(spans) == 1:
        [(instructor, start, end)] = spans
        return lock_days(instructor.pk, *days_to_lock(instructor, start, end))
    wanted = Q()
    for instructor, start, end in spans:
        wanted |= Q(instructor_id=instructor.pk, date__range=days_to_lock(instructor, start, end))
    return list(OpenDay.objects.select_for_update().filter(wanted).order_by("instructor_id", "date"))


def rebuild(
    instructor: Instructor,
    first: date | None = None,
    last: date | None = None,
    *,
    hours: Hours | None = None,
) -> None:
    """Derive the open days of ``[first, last]`` again, by default all from yesterday to the horizon.

    Yesterday is included because a day may be over here and not yet there. Call with the days locked,
    or let it lock them; days beyond the horizon are not made.
    """
    rules = rules_service.current(fresh=True)
    today = clock.today(instructor.time_zone)
    end = instructor.open_until or today + DAY * (limits_of(instructor, rules).horizon_days + 1)
    first, last = _whole_if_capped(instructor, first or today - DAY, last or end - DAY)
    first, last = max(first, today - DAY), min(last, end - DAY)
    if first > last:
        return
    known = {day.date: day for day in lock_days(instructor.pk, first, last)}
    derived = compute([instructor], first, last, rules, hours)
    write({key: free for key, free in derived.items() if not _tells(known.get(key[1]), free)})
    if instructor.open_until is None:
        instructor.open_until = end
        instructor.save(update_fields=["open_until"])
    refresh_next_free(instructor)


def _tells(day: OpenDay | None, free: Free) -> bool:
    """Whether the row says that already."""
    travel = None if free.travel == free.plain else free.travel
    return day is not None and day.free == free.plain and day.free_travel == travel


_WRITE = """
    INSERT INTO instructors_openday (instructor_id, date, free, free_travel)
    SELECT owner, day, free::tstzmultirange, travel::tstzmultirange
    FROM json_to_recordset(%s::json) AS derived (owner bigint, day date, free text, travel text)
    ON CONFLICT (instructor_id, date)
    DO UPDATE SET free = EXCLUDED.free, free_travel = EXCLUDED.free_travel
"""


def write(days: dict[Day, Free]) -> None:
    """Store derived days, new or known; one statement."""
    if not days:
        return
    rows = [
        {
            "owner": owner,
            "day": day,
            "free": literal(free.plain),
            "travel": None if free.travel == free.plain else literal(free.travel),
        }
        for (owner, day), free in sorted(days.items(), key=itemgetter(0))
    ]
    with prepared.cursor() as cursor:
        cursor.execute(_WRITE, [prepared.rows(rows)])


_NEXT_FREE = """
    UPDATE instructors_offering SET next_free_at = soonest.start
    FROM (SELECT (
        SELECT lower(span) FROM instructors_openday day CROSS JOIN LATERAL unnest(day.free) AS gap (span)
        WHERE day.instructor_id = %(instructor)s AND day.date >= %(today)s AND upper(span) > %(now)s
        ORDER BY day.date, span LIMIT 1
    ) AS start) AS soonest
    WHERE instructor_id = %(instructor)s AND next_free_at IS DISTINCT FROM soonest.start
"""


def unmake(instructor: Instructor) -> None:
    """Take the open days away again of an instructor whose calendar had not been opened before."""
    OpenDay.objects.filter(instructor=instructor).delete()
    instructor.open_until = None
    instructor.save(update_fields=["open_until"])
    refresh_next_free(instructor)


def refresh_next_free(instructor: Instructor) -> None:
    """Write the start of the first free range that is not over down on the offerings: search's bound.

    ``search/bounds.py`` moves it on when the range is over and nobody changed the calendar.
    """
    today, now = clock.today(instructor.time_zone), clock.now()
    with prepared.cursor() as cursor:
        cursor.execute(_NEXT_FREE, {"instructor": instructor.pk, "today": today, "now": now})


# -- Blocks ------------------------------------------------------------------------------------------


def block_of(
    instructor: Instructor,
    booking_id: UUID,
    kind: str,
    start: datetime,
    end: datetime,
    *,
    travels: bool,
    limits: Limits,
) -> CalendarBlock:
    """The block of a hold or lesson, not saved."""
    return CalendarBlock(
        instructor=instructor,
        kind=kind,
        booking_id=booking_id,
        period=range_of(start, end),
        buffered=range_of(start, end + timedelta(minutes=limits.buffer)),
        reach=range_of(start, end + timedelta(minutes=limits.gap(travels=True))),
        lane=(booking_id.int & ((1 << 62) - 1)) | 1 if travels else 0,
    )


def take(
    instructor: Instructor,
    *,
    days: Sequence[OpenDay],
    booking_id: UUID,
    kind: str,
    start: datetime,
    end: datetime,
    travels: bool,
    rules: Rules,
) -> CalendarBlock:
    """Take the time for a hold or lesson and bring the (locked) ``days`` up to date.

    The caller holds the locks on ``days`` and has checked that the time is free; what slips through
    meets the exclusion constraints as an ``IntegrityError``.
    """
    limits = limits_of(instructor, rules)
    block = block_of(instructor, booking_id, kind, start, end, travels=travels, limits=limits)
    insert(block)
    if instructor.lessons_per_day or instructor.lessons_per_week:
        rebuild(instructor, *days_affected(instructor, start, end))
        return block
    for day in days:
        plain = _on_grid(subtract(day.free, [hole(block, limits, travels=False)]), limits)
        before = day.free if day.free_travel is None else day.free_travel
        travel = _on_grid(subtract(before, [hole(block, limits, travels=True)]), limits)
        if plain != day.free or travel != before:
            day.free, day.free_travel = plain, None if travel == plain else travel
            _store(day)
    return block


def _store(day: OpenDay) -> None:
    travel = None if day.free_travel is None else literal(day.free_travel)
    with prepared.cursor() as cursor:
        cursor.execute(
            "UPDATE instructors_openday SET free = %s::tstzmultirange, free_travel = %s::tstzmultirange"
            " WHERE instructor_id = %s AND date = %s",
            [literal(day.free), travel, day.instructor_id, day.date],
        )


def give_back(instructor: Instructor, *, booking_id: UUID) -> None:
    """Remove a booking's block, if it has one, and derive the days it touched again."""
    block = CalendarBlock.objects.filter(booking_id=booking_id).first()
    if block is None:
        return
    first, last = days_affected(instructor, block.period.lower, block.period.upper)
    lock_days(instructor.pk, first, last)
    reread(instructor)
    block.delete()
    rebuild(instructor, first, last)


def settle(*, booking_id: UUID) -> None:
    """A hold became a lesson: the same time, another kind."""
    CalendarBlock.objects.filter(booking_id=booking_id).update(kind=CalendarBlock.Kind.LESSON)


# -- Outside events ----------------------------------------------------------------------------------


def replace_outside(
    instructor: Instructor, outside: OutsideCalendar, ranges: Iterable[Range]
) -> tuple[int, int]:
    """Let ``ranges`` (normal) be what an outside calendar blocks; how many were added and removed.

    The (locked) instructor's days are derived again from the first to the last block that differs; where
    none does, nothing is written. Lessons in such times stay: outside events take only what is free.
    """
    before = {
        (block.period.lower, block.period.upper): block.pk
        for block in CalendarBlock.objects.filter(outside=outside).only("pk", "period")
    }
    wanted = set(ranges)
    gone, new = before.keys() - wanted, wanted - before.keys()
    if not gone and not new:
        return 0, 0
    tz = instructor.time_zone
    first = clock.local(min(start for start, _ in gone | new), tz).date()
    last = clock.local(max(end for _, end in gone | new), tz).date()
    lock_days(instructor.pk, first, last)
    CalendarBlock.objects.filter(pk__in=[before[span] for span in gone]).delete()
    CalendarBlock.objects.bulk_create(
        [
            CalendarBlock(
                instructor=instructor, kind=CalendarBlock.Kind.EXTERNAL, outside=outside,
                period=(period := range_of(start, end)), buffered=period, reach=period,
            )
            for start, end in sorted(new)
        ],
        batch_size=1000,
    )  # fmt: skip
    rebuild(instructor, first, last)
    return len(new), len(gone)
