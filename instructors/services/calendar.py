"""The instructor's time: the only writer of blocks and open days.

Lock order, everywhere: the student's row (bookings), the instructor's row (schedule edits only), then
``OpenDay`` rows by date. Every change of a source locks the days it touches before it reads them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from instainstru.lib import clock, prepared
from instainstru.lib.compiled import Compiled, insert
from instainstru.lib.intervals import Range, normal, subtract
from instainstru.lib.multirange import literal
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import (
    CalendarBlock,
    DateHours,
    Instructor,
    Offering,
    OpenDay,
    OutsideCalendar,
    WeeklyHours,
)
from instructors.services.slots import Limits, limits_of, up_to_grid

# No gap around a lesson is longer (rules.md: buffer and travel 0–180).
LONGEST_GAP = timedelta(minutes=180)
DAY = timedelta(days=1)
TAKING = (CalendarBlock.Kind.LESSON, CalendarBlock.Kind.HOLD)

Day = tuple[int, date]


@dataclass(frozen=True, slots=True)
class Free:
    """What is left of a day, for lessons without and with travel."""

    plain: list[Range]
    travel: list[Range]


def range_of(start: datetime, end: datetime) -> DateTimeTZRange:
    """``[start, end)`` as the database writes it."""
    return DateTimeTZRange(start, end, "[)")


def days_affected(instructor: Instructor, start: datetime, end: datetime) -> tuple[date, date]:
    """First and last local date on which a lesson in ``[start, end)`` can change what is free."""
    tz = instructor.time_zone
    first = clock.local(start - LONGEST_GAP, tz).date()
    last = clock.local(end + LONGEST_GAP, tz).date()
    return _whole_weeks(instructor, first, last)


def days_to_lock(instructor: Instructor, start: datetime, end: datetime) -> tuple[date, date]:
    """The dates to lock before taking ``[start, end)``: a day more on each side than that day.

    Wide enough for ending a stale hold next to it as well, which would otherwise lock an earlier day
    after a later one.
    """
    tz = instructor.time_zone
    return _whole_weeks(instructor, clock.local(start, tz).date() - DAY, clock.local(end, tz).date() + DAY)


def _whole_weeks(instructor: Instructor, first: date, last: date) -> tuple[date, date]:
    """The same dates, or whole weeks where a weekly cap can close every day of one."""
    if not instructor.lessons_per_week:
        return first, last
    return first - first.weekday() * DAY, last + (6 - last.weekday()) * DAY


# -- Reading sources ---------------------------------------------------------------------------------


def wished(instructors: Sequence[Instructor], first: date, last: date) -> dict[Day, list[Range]]:
    """The hours each instructor wishes on each date in ``[first, last]``: two queries for all.

    A wall time that daylight saving skips slides to the end of the gap (``clock.day_edge``).
    """
    pattern: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for row in WeeklyHours.objects.filter(instructor__in=instructors):
        pattern[row.instructor_id, row.weekday].append((row.from_min, row.to_min))
    differing: dict[Day, list[tuple[int, int]]] = defaultdict(list)
    for exception in DateHours.objects.filter(instructor__in=instructors, date__range=(first, last)):
        windows = differing[exception.instructor_id, exception.date]
        if not exception.is_closed:
            windows.append((exception.from_min or 0, exception.to_min or 0))
    result: dict[Day, list[Range]] = {}
    for instructor in instructors:
        day = first
        while day <= last:
            key = (instructor.pk, day)
            windows = differing[key] if key in differing else pattern[instructor.pk, day.weekday()]
            result[key] = normal(
                (at_minute(day, low, instructor.time_zone), at_minute(day, high, instructor.time_zone))
                for low, high in windows
            )
            day += DAY
    return result


def at_minute(day: date, minute: int, tz: str) -> datetime:
    """The instant of a minute of the local day; 1440 is the midnight that ends it."""
    extra, rest = divmod(minute, 24 * 60)
    return clock.day_edge(day + extra * DAY, clock.wall(rest), tz)


def _blocks(instructors: Sequence[Instructor], first: date, last: date) -> dict[int, list[CalendarBlock]]:
    window = range_of(
        *(clock.day_bounds(day, "UTC")[edge] for edge, day in ((0, first - 2 * DAY), (1, last + 2 * DAY)))
    )
    found: dict[int, list[CalendarBlock]] = defaultdict(list)
    for block in CalendarBlock.objects.filter(instructor__in=instructors, period__overlap=window):
        found[block.instructor_id].append(block)
    return found


# -- Deriving open days ------------------------------------------------------------------------------


def free_of(hours: list[Range], blocks: Iterable[CalendarBlock], limits: Limits) -> Free:
    """Hours minus blocks. Around a lesson stays the longer of its own gap and today's."""
    plain_holes: list[Range] = []
    travel_holes: list[Range] = []
    for block in blocks:
        start, end = block.period.lower, block.period.upper
        if block.kind not in TAKING:
            plain_holes.append((start, end))
            travel_holes.append((start, end))
            continue
        plain_holes.append(_hole(block, limits.gap(travels=block.lane != 0), travels=block.lane != 0))
        travel_holes.append(_hole(block, limits.gap(travels=True), travels=True))
    return Free(
        _on_grid(subtract(hours, plain_holes), limits), _on_grid(subtract(hours, travel_holes), limits)
    )


def _hole(block: CalendarBlock, gap: int, *, travels: bool) -> Range:
    kept = (block.reach if travels else block.buffered).upper
    length = timedelta(minutes=gap)
    return block.period.lower - length, max(kept, block.period.upper + length)


def _on_grid(ranges: list[Range], limits: Limits) -> list[Range]:
    aligned = ((up_to_grid(start, limits.grid, limits.time_zone), end) for start, end in ranges)
    return [(start, end) for start, end in aligned if start < end]


def compute(instructors: Sequence[Instructor], first: date, last: date, rules: Rules) -> dict[Day, Free]:
    """Every open day in ``[first, last]`` from its sources: the definition ``OpenDay`` must equal."""
    hours = wished(instructors, first, last)
    blocks = _blocks(instructors, first, last)
    result: dict[Day, Free] = {}
    for instructor in instructors:
        limits = limits_of(instructor, rules)
        own = blocks[instructor.pk]
        full = _full_days(instructor, own)
        day = first
        while day <= last:
            key = (instructor.pk, day)
            if day in full:
                result[key] = Free([], [])
            elif not hours[key] or not own:
                whole = _on_grid(hours[key], limits)
                result[key] = Free(whole, whole)
            else:
                result[key] = free_of(hours[key], own, limits)
            day += DAY
    return result


def _full_days(instructor: Instructor, blocks: Iterable[CalendarBlock]) -> set[date]:
    """Dates on which the instructor's own cap on lessons a day or a week is reached."""
    if not (instructor.lessons_per_day or instructor.lessons_per_week):
        return set()
    days: dict[date, int] = defaultdict(int)
    weeks: dict[date, int] = defaultdict(int)
    for block in blocks:
        if block.kind in TAKING:
            day = clock.local(block.period.lower, instructor.time_zone).date()
            days[day] += 1
            weeks[day - day.weekday() * DAY] += 1
    full = {d for d, n in days.items() if instructor.lessons_per_day and n >= instructor.lessons_per_day}
    for monday, number in weeks.items():
        if instructor.lessons_per_week and number >= instructor.lessons_per_week:
            full.update(monday + n * DAY for n in range(7))
    return full


# -- Writing open days -------------------------------------------------------------------------------


def lock_instructor(instructor: Instructor) -> Instructor:
    """The instructor's row, locked against other schedule edits but not against bookings."""
    return Instructor.objects.select_for_update(no_key=True).get(pk=instructor.pk)


def lock_days(instructor_id: int, first: date, last: date) -> list[OpenDay]:
    """The open days in ``[first, last]``, locked in date order."""
    return _locked_days(instructor_id=instructor_id, first=first, last=last)


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


def rebuild(instructor: Instructor, first: date | None = None, last: date | None = None) -> None:
    """Derive the open days of ``[first, last]`` again, by default all from yesterday to the horizon.

    Yesterday is included because a day may be over here and not yet there. Call with the days locked,
    or let it lock them; days beyond the horizon are not made.
    """
    rules = rules_service.current(fresh=True)
    today = clock.today(instructor.time_zone)
    end = instructor.open_until or today + DAY * (limits_of(instructor, rules).horizon_days + 1)
    first, last = _whole_weeks(instructor, first or today - DAY, last or end - DAY)
    first, last = max(first, today - DAY), min(last, end - DAY)
    if first > last:
        return
    lock_days(instructor.pk, first, last)
    write(compute([instructor], first, last, rules))
    if instructor.open_until is None:
        instructor.open_until = end
        instructor.save(update_fields=["open_until"])
    refresh_next_free(instructor)


def write(days: dict[Day, Free]) -> None:
    """Store derived days, new or known."""
    rows = [
        OpenDay(
            instructor_id=instructor_id,
            date=day,
            free=free.plain,
            free_travel=None if free.travel == free.plain else free.travel,
        )
        for (instructor_id, day), free in days.items()
    ]
    OpenDay.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["instructor_id", "date"],
        update_fields=["free", "free_travel"],
        batch_size=2000,
    )


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
    now = clock.now()
    days = OpenDay.objects.filter(
        instructor=instructor, date__gte=clock.today(instructor.time_zone)
    ).order_by("date")
    first = next(
        (start for day in days.iterator(chunk_size=20) for start, end in day.free if end > now),
        None,
    )
    Offering.objects.filter(instructor=instructor).exclude(next_free_at=first).update(next_free_at=first)


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
        plain = _on_grid(
            subtract(day.free, [_hole(block, limits.gap(travels=travels), travels=travels)]), limits
        )
        before = day.free if day.free_travel is None else day.free_travel
        travel = _on_grid(subtract(before, [_hole(block, limits.gap(travels=True), travels=True)]), limits)
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
