"""The instructor's time: the only writer of blocks, and of open days (by ``stored_days.py``).

Lock order, everywhere: the student's row (bookings), the instructor's row (schedule edits only), then
``OpenDay`` rows by date. Every change of a source locks the days it touches before it reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from instainstru.lib import clock, prepared
from instainstru.lib.compiled import Compiled, insert
from instainstru.lib.intervals import Range, subtract
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import CalendarBlock, Instructor, OpenDay, OutsideCalendar
from instructors.services import stored_days
from instructors.services.open_days import (
    DAY,
    LONGEST_GAP,
    Free,
    Hours,
    compute,
    hole,
    on_grid,
    range_of,
    whole_weeks,
)
from instructors.services.slots import Limits, limits_of

# What of an instructor decides when they can be booked.
LIMITS = (
    "time_zone", "notice_online_min", "notice_at_instructor_min", "notice_at_student_min", "grid_min",
    "buffer_min", "travel_min", "horizon_days", "overnight_rule", "lessons_per_day", "lessons_per_week",
)  # fmt: skip
# The same, and where its calendar ends: what edits of hours look at.
SCHEDULE = ("status", "open_until", *LIMITS)


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


def lock_instructor(instructor: Instructor) -> Instructor:
    """The instructor's row, locked against other schedule edits but not against bookings."""
    found = _locked(pk=instructor.pk)
    if not found:
        raise Instructor.DoesNotExist
    return found[0]


_locked = Compiled(lambda pk: Instructor.objects.select_for_update(no_key=True).filter(pk=pk), pk=int)


def lock_schedule(instructor: Instructor) -> Instructor:
    """The same instance, its row locked likewise, with what decides when it can be booked as that is now."""
    found = _locked_schedule(pk=instructor.pk)
    if not found:
        raise Instructor.DoesNotExist
    for name, value in zip(SCHEDULE, found[0], strict=True):
        setattr(instructor, name, value)
    return instructor


_locked_schedule = Compiled(
    lambda pk: Instructor.objects.select_for_update(no_key=True).filter(pk=pk).values_list(*SCHEDULE), pk=int
)


def lock_days(instructor_id: int, first: date, last: date) -> list[OpenDay]:
    """The open days in ``[first, last]``, locked in date order; each says the ``rules_version`` in force."""
    days: list[Any] = _locked_days(instructor_id=instructor_id, first=first, last=last)
    return days


def reread(instructor: Instructor) -> tuple[Rules, bool]:
    """Bring the instructor's limits up to date, once their days are locked: the rules in force, and whether
    any limit had changed.

    An edit of the limits locks the days it derives again. Whoever waited for it on that lock has read the
    limits before it, and would derive by them what the edit has just put right.
    """
    [(*limits, version)] = _limits(pk=instructor.pk)
    now = dict(zip(LIMITS, limits, strict=True))
    changed = {name: value for name, value in now.items() if value != getattr(instructor, name)}
    for name, value in changed.items():
        setattr(instructor, name, value)
    return rules_service.of_version(version), bool(changed)


_limits = Compiled(
    lambda pk: Instructor.objects.filter(pk=pk).order_by().values_list(*LIMITS, rules_service.VERSION),
    pk=int,
)

_locked_days = Compiled(
    lambda instructor_id, first, last: (
        OpenDay.objects.select_for_update(of=("self",))
        .annotate(rules_version=rules_service.VERSION)
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
    today = clock.today(instructor.time_zone)
    end = instructor.open_until or _horizon(instructor, today)
    first, last = _whole_if_capped(instructor, first or today - DAY, last or end - DAY)
    first, last = max(first, today - DAY), min(last, end - DAY)
    if first > last:
        return
    is_whole = (first, last) == (today - DAY, end - DAY)
    days: list[Any] = lock_days(instructor.pk, first, last)
    rules = rules_service.of_version(days[0].rules_version) if days else rules_service.current(fresh=True)
    known = {day.date: day for day in days}
    derived = compute([instructor], first, last, rules, hours)
    if instructor.open_until is None:
        instructor.open_until = end
        instructor.save(update_fields=["open_until"])
    news = {key: free for key, free in derived.items() if not _tells(known.get(key[1]), free)}
    stored_days.write_own(instructor, news, whole=derived if is_whole else None)


def _horizon(instructor: Instructor, today: date) -> date:
    """The first date beyond it, of a calendar that opens today."""
    return today + DAY * (limits_of(instructor, rules_service.current(fresh=True)).horizon_days + 1)


def _tells(day: OpenDay | None, free: Free) -> bool:
    """Whether the row says that already."""
    travel = None if free.travel == free.plain else free.travel
    return day is not None and day.free == free.plain and day.free_travel == travel


def unmake(instructor: Instructor) -> None:
    """Take the open days away again of an instructor whose calendar had not been opened before."""
    OpenDay.objects.filter(instructor=instructor).delete()
    instructor.open_until = None
    instructor.save(update_fields=["open_until"])
    stored_days.refresh_next_free(instructor)


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
        plain = on_grid(subtract(day.free, [hole(block, limits, travels=False)]), limits)
        before = day.free if day.free_travel is None else day.free_travel
        travel = on_grid(subtract(before, [hole(block, limits, travels=True)]), limits)
        if plain != day.free or travel != before:
            day.free, day.free_travel = plain, None if travel == plain else travel
            stored_days.store(day)
    return block


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
    with prepared.cursor() as cursor:
        cursor.execute(_SETTLE, [CalendarBlock.Kind.LESSON.value, booking_id])


_SETTLE = "UPDATE instructors_calendarblock SET kind = %s WHERE booking_id = %s"


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
