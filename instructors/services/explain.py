"""Why there is no time at some day and hour: every reason, in order, or none where it is free.

The same functions that make the open days (``open_days.wished``, ``hole``, ``full_days``) and cut starts
from them (``slots.noticed``, ``morning``, ``latest``, ``up_to_grid``) are asked one by one here, from
the sources as they are now. A property test holds the answer against what is offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import TextChoices

from instainstru.lib import clock, presentation, when
from instainstru.lib.intervals import Range, covers, overlaps
from instainstru.rules.models import Rules
from instructors.models import CalendarBlock, DateHours, Instructor, Modality
from instructors.services import open_days
from instructors.services.slots import Limits, latest, limits_of, morning, noticed, up_to_grid

MINUTE = timedelta(minutes=1)


class Code(TextChoices):
    """What may stand in the way, in the order in which it is told."""

    NOT_LISTED = "not_listed", "Not listed"
    PAST = "already_past", "Already past"
    SKIPPED = "skipped_time", "Skipped by daylight saving"
    CLOSED_DATE = "closed_date", "Closed that date"
    OUTSIDE_HOURS = "outside_hours", "Outside the hours"
    MIDNIGHT = "crosses_midnight", "Across midnight"
    TIME_OFF = "time_off", "Time off"
    EXTERNAL = "external", "Outside event"
    LESSON = "lesson", "Another lesson"
    HOLD = "hold", "Held by a student"
    BUFFER = "buffer", "Free time between lessons"
    TRAVEL = "travel", "Time to travel"
    DAY_FULL = "day_full", "Day full"
    WEEK_FULL = "week_full", "Week full"
    TOO_SOON = "too_soon", "Notice"
    OVERNIGHT = "overnight", "Overnight rule"
    TOO_FAR = "too_far", "Horizon"
    OFF_GRID = "off_grid", "Start grid"


OF_KIND = {
    CalendarBlock.Kind.TIME_OFF: Code.TIME_OFF,
    CalendarBlock.Kind.EXTERNAL: Code.EXTERNAL,
    CalendarBlock.Kind.LESSON: Code.LESSON,
    CalendarBlock.Kind.HOLD: Code.HOLD,
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing in the way. ``block`` is what takes the time, for those who may know.

    ``until`` is the instant that the sentence names: to when something lasts, or by when the start would
    have had to be booked. ``data`` is JSON-ready.
    """

    code: Code
    sentence: str
    until: datetime | None = None
    block: CalendarBlock | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Day:
    """All that decides what is free on one local date of an instructor."""

    date: date
    limits: Limits
    hours: list[Range]
    is_closed: bool
    is_listed: bool
    blocks: list[CalendarBlock]
    # "day" or "week" where that cap is reached, and what the caps are.
    full: str
    caps: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Starts in ``[start, end)`` have the same in their way; nothing where they are free."""

    start: datetime
    end: datetime
    reasons: list[Reason]

    @property
    def is_free(self) -> bool:
        return not self.reasons


def day_of(instructor: Instructor, day: date, *, rules: Rules) -> Day:
    """The date with its sources: three queries."""
    closed = DateHours.objects.filter(instructor=instructor, date=day, is_closed=True)
    blocks = open_days.blocks_of([instructor], day, day)[instructor.pk]
    return Day(
        date=day,
        limits=limits_of(instructor, rules),
        hours=open_days.wished([instructor], day, day)[instructor.pk, day],
        is_closed=closed.exists(),
        is_listed=instructor.is_listed,
        blocks=sorted(blocks, key=lambda block: (block.period.lower, block.period.upper)),
        full=open_days.full_days(instructor, blocks).get(day, ""),
        caps={"day": instructor.lessons_per_day, "week": instructor.lessons_per_week},
    )


def at(
    instructor: Instructor, start: datetime, *, duration_min: int, modality: str, now: datetime, rules: Rules
) -> list[Reason]:
    """Why a lesson cannot be booked at ``start`` now; empty when it can."""
    day = day_of(instructor, clock.local(start, instructor.time_zone).date(), rules=rules)
    return why(day, start, duration_min=duration_min, modality=modality, now=now)


def at_wall(
    instructor: Instructor,
    day: date,
    wall: time,
    *,
    duration_min: int,
    modality: str,
    now: datetime,
    rules: Rules,
) -> tuple[datetime | None, list[Reason]]:
    """The same for a time on the instructor's clocks, with its instant: None where there is no such time."""
    try:
        start = clock.to_instant(day, wall, instructor.time_zone)
    except clock.SkippedTime as error:
        return None, [Reason(Code.SKIPPED, error.message, data=error.data)]
    return start, at(instructor, start, duration_min=duration_min, modality=modality, now=now, rules=rules)


def on(day: Day, *, duration_min: int, modality: str, now: datetime) -> list[Stretch]:
    """The whole local day, from start to start of the grid, in stretches with the same reasons."""
    low, high = clock.day_bounds(day.date, day.limits.time_zone)
    found: list[Stretch] = []
    start = up_to_grid(low, day.limits.grid, day.limits.time_zone)
    while start < high:
        following = up_to_grid(start + MINUTE, day.limits.grid, day.limits.time_zone)
        reasons = why(day, start, duration_min=duration_min, modality=modality, now=now)
        if found and _signature(found[-1].reasons) == _signature(reasons):
            found[-1] = Stretch(found[-1].start, min(following, high), found[-1].reasons)
        else:
            found.append(Stretch(start, min(following, high), reasons))
        start = following
    return found


def _signature(reasons: Sequence[Reason]) -> list[Any]:
    return [(one.code, one.block and one.block.pk, one.until is None) for one in reasons]


def why(day: Day, start: datetime, *, duration_min: int, modality: str, now: datetime) -> list[Reason]:
    """The reasons from sources that were read already; ``start`` lies on the day's date. Pure."""
    lesson = start, start + timedelta(minutes=duration_min)
    found = [] if day.is_listed else [Reason(Code.NOT_LISTED, "The page is not listed: nobody can book.")]
    if start < now:
        found.append(Reason(Code.PAST, f"That was {when.short(start, day.limits.time_zone)}: it is over."))
    found += _hours(day, lesson)
    found += _blocks(day, lesson, travels=modality == Modality.AT_STUDENT)
    if day.full:
        code = Code.DAY_FULL if day.full == "day" else Code.WEEK_FULL
        cap = day.caps[day.full]
        number = presentation.count(cap or 0, "lesson")
        found.append(
            Reason(code, f"The most for a {day.full} is {number}, which is reached.", data={"cap": cap})
        )
    return found + _bounds(day.limits, start, modality=modality, now=now)


def _hours(day: Day, lesson: Range) -> list[Reason]:
    zone, (start, end) = day.limits.time_zone, lesson
    midnight = clock.day_bounds(day.date, zone)[1]
    if end > midnight:
        past = Reason(Code.MIDNIGHT, "A lesson does not go on past midnight.", until=midnight)
        return [*_outside(day, (start, midnight)), past]
    return _outside(day, lesson)


def _outside(day: Day, lesson: Range) -> list[Reason]:
    if covers(day.hours, lesson):
        return []
    zone, name = day.limits.time_zone, presentation.long_day(day.date)
    if day.is_closed:
        return [Reason(Code.CLOSED_DATE, f"{name} is closed.")]
    if not day.hours:
        return [Reason(Code.OUTSIDE_HOURS, f"There are no hours on {name}.")]
    said = ", ".join(when.span(low, high, zone) for low, high in day.hours)
    end = next((high for low, high in day.hours if low <= lesson[0] < high), None)
    if end is not None:
        sentence = f"It would not end by {when.hour(end, zone)}; the hours are {said}."
        return [Reason(Code.OUTSIDE_HOURS, sentence, until=end)]
    return [Reason(Code.OUTSIDE_HOURS, f"The hours on {name} are {said}.")]


def _blocks(day: Day, lesson: Range, *, travels: bool) -> list[Reason]:
    """What takes the time itself, then what comes too near."""
    inside, near = [], []
    for block in day.blocks:
        if overlaps((block.period.lower, block.period.upper), lesson):
            inside.append(_inside(block, day.limits.time_zone))
        elif overlaps(open_days.hole(block, day.limits, travels=travels), lesson):
            near.append(_near(block, day.limits, lesson, travels=travels))
    return sorted(inside, key=lambda reason: list(Code).index(reason.code)) + near


def _inside(block: CalendarBlock, zone: str) -> Reason:
    start, end = block.period.lower, block.period.upper
    span = f"{when.short(start, zone)} to {when.short(end, zone)}"
    if clock.local(start, zone).date() == clock.local(end, zone).date():
        span = when.span(start, end, zone)
    said = {
        CalendarBlock.Kind.TIME_OFF: f"Time off, {span}",
        CalendarBlock.Kind.EXTERNAL: f"An event of another calendar, {span}",
        CalendarBlock.Kind.LESSON: f"There is a lesson, {span}",
        CalendarBlock.Kind.HOLD: f"A student holds a time, {span}",
    }[CalendarBlock.Kind(block.kind)]
    label = f": {block.label}" if block.label else ""
    return Reason(OF_KIND[CalendarBlock.Kind(block.kind)], f"{said}{label}.", until=end, block=block)


def _near(block: CalendarBlock, limits: Limits, lesson: Range, *, travels: bool) -> Reason:
    low, high = open_days.hole(block, limits, travels=travels)
    is_after = block.period.upper <= lesson[0]
    gap = (high - block.period.upper if is_after else block.period.lower - low) // MINUTE
    longer = (travels or block.lane != 0) and limits.travel > limits.buffer
    what = "lesson" if block.kind == CalendarBlock.Kind.LESSON else "held time"
    zone = limits.time_zone
    if is_after:
        sentence = (
            f"{gap} minutes stay free after the {what} that ends at {when.hour(block.period.upper, zone)}"
        )
        edge = high
    else:
        sentence = f"{gap} minutes stay free before the {what} at {when.hour(block.period.lower, zone)}"
        edge = low
    sentence += ", to travel." if longer else "."
    data = {"side": "after" if is_after else "before", "minutes": gap}
    return Reason(Code.TRAVEL if longer else Code.BUFFER, sentence, until=edge, block=block, data=data)


def _bounds(limits: Limits, start: datetime, *, modality: str, now: datetime) -> list[Reason]:
    """Notice, overnight rule, horizon, grid. What is past needs no notice."""
    found, zone = [], limits.time_zone
    first = noticed(limits, modality=modality, now=now)
    if now <= start < first:
        length = limits.notice[modality]
        way = Modality(modality).label.lower()
        sentence = f"Lessons {way} need {lasting(length)} of notice."
        data = {"notice_min": length, "earliest": clock.rfc3339(first)}
        found.append(Reason(Code.TOO_SOON, sentence, until=start - timedelta(minutes=length), data=data))
    first = morning(limits, modality=modality, now=now)
    if now <= start < first:
        sentence = f"Booked at night, nothing starts before {when.short(first, zone)}."
        found.append(Reason(Code.OVERNIGHT, sentence, until=first, data={"earliest": clock.rfc3339(first)}))
    end = latest(limits, now=now)
    if start >= end:
        day = presentation.long_day(clock.local(end - MINUTE, zone).date())
        sentence = f"Times can be booked {presentation.count(limits.horizon_days, 'day')} ahead, up to {day}."
        found.append(Reason(Code.TOO_FAR, sentence, until=end))
    if up_to_grid(start, limits.grid, zone) != start:
        following = up_to_grid(start, limits.grid, zone)
        sentence = (
            f"Lessons start every {limits.grid} minutes; the next start is {when.hour(following, zone)}."
        )
        found.append(Reason(Code.OFF_GRID, sentence, until=following, data={"grid_min": limits.grid}))
    return found


def lasting(minutes: int) -> str:
    """``90 minutes``, ``3 hours``, ``2 days``."""
    for unit, length in (("day", 24 * 60), ("hour", 60)):
        if minutes and minutes % length == 0:
            return presentation.count(minutes // length, unit)
    return presentation.count(minutes, "minute")
