"""From free time to bookable starts: pure functions over one instructor's limits.

A lesson lies within one local day, starts on the local grid, not before the notice, not after the
horizon, and fits whole into a free range. Buffers are already out of the free ranges.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol

from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instainstru.lib.intervals import Range
from instainstru.rules.models import Rules
from instructors.models import Modality

# A range of instants as whole epoch seconds.
Seconds = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one instructor demands of a start; minutes unless named otherwise."""

    time_zone: str
    grid: int
    notice: dict[str, int]
    horizon_days: int
    buffer: int
    travel: int
    # (from hour, until hour, earliest hour, earliest hour with travel), or None where switched off.
    overnight: tuple[int, int, int, int] | None

    def gap(self, *, travels: bool) -> int:
        """Minutes to keep free on each side of a lesson."""
        return max(self.buffer, self.travel) if travels else self.buffer


class Own(Protocol):
    """An instructor's own limits, as the model has them."""

    @property
    def time_zone(self) -> str: ...
    @property
    def notice_online_min(self) -> int | None: ...
    @property
    def notice_at_instructor_min(self) -> int | None: ...
    @property
    def notice_at_student_min(self) -> int | None: ...
    @property
    def grid_min(self) -> int | None: ...
    @property
    def horizon_days(self) -> int | None: ...
    @property
    def buffer_min(self) -> int | None: ...
    @property
    def travel_min(self) -> int | None: ...
    @property
    def overnight_rule(self) -> bool: ...


def limits_of(instructor: Own, rules: Rules) -> Limits:
    """The rules, made stricter where the instructor says so.

    A start lies on both grids, which is the instructor's own as long as that is a multiple of the rules'.
    """
    return Limits(
        time_zone=instructor.time_zone,
        grid=math.lcm(rules.grid_min, instructor.grid_min or 1),
        notice={
            Modality.ONLINE: max(rules.notice_online_min, instructor.notice_online_min or 0),
            Modality.AT_INSTRUCTOR: max(
                rules.notice_at_instructor_min, instructor.notice_at_instructor_min or 0
            ),
            Modality.AT_STUDENT: max(rules.notice_at_student_min, instructor.notice_at_student_min or 0),
        },
        horizon_days=min(rules.horizon_days, instructor.horizon_days or rules.horizon_days),
        buffer=rules.buffer_min if instructor.buffer_min is None else instructor.buffer_min,
        travel=rules.travel_min if instructor.travel_min is None else instructor.travel_min,
        overnight=(
            rules.overnight_from_hour,
            rules.overnight_until_hour,
            rules.overnight_earliest_hour,
            rules.overnight_earliest_travel_hour,
        )
        if instructor.overnight_rule
        else None,
    )


def earliest(limits: Limits, *, modality: str, now: datetime) -> datetime:
    """The first instant at which a lesson booked ``now`` may start."""
    return max(noticed(limits, modality=modality, now=now), morning(limits, modality=modality, now=now))


def noticed(limits: Limits, *, modality: str, now: datetime) -> datetime:
    """The same by the notice alone."""
    return now + timedelta(minutes=limits.notice[modality])


def morning(limits: Limits, *, modality: str, now: datetime) -> datetime:
    """The same by the overnight rule alone: ``now`` by day, and at night an hour of the next morning."""
    if limits.overnight is None:
        return now
    from_hour, until_hour, plain, travel = limits.overnight
    here = clock.local(now, limits.time_zone)
    if here.hour >= from_hour:
        day = here.date() + timedelta(days=1)
    elif here.hour < until_hour:
        day = here.date()
    else:
        return now
    hour = travel if modality == Modality.AT_STUDENT else plain
    return clock.day_edge(day, time(hour), limits.time_zone)


def latest(limits: Limits, *, now: datetime) -> datetime:
    """No lesson starts at or after this instant: local midnight ending the horizon's last day."""
    last = clock.local(now, limits.time_zone).date() + timedelta(days=limits.horizon_days)
    return clock.day_bounds(last, limits.time_zone)[1]


@lru_cache(maxsize=1024)
def up_to_grid(instant: datetime, grid: int, tz: str) -> datetime:
    """The first instant at or after ``instant`` whose local minute of the day is on the grid.

    Where clocks change or a day ends before that, it is looked for again from there: on the day of a
    half-hour's change a full hour is no whole number of hours away. Remembered: a search asks for the
    same instant with every row.
    """
    here = clock.local(instant, tz)
    step = timedelta(minutes=grid)
    behind = _time_of_day(here) % step
    if not behind:
        return instant
    found = instant + step - behind
    there = clock.local(found, tz)
    if there.utcoffset() != here.utcoffset():
        return up_to_grid(clock.transition(instant, found, tz), grid, tz)
    # Midnight is on every grid, also where a day is no whole number of steps.
    return found if there.date() == here.date() else min(found, clock.day_bounds(there.date(), tz)[0])


def _time_of_day(local: datetime) -> timedelta:
    return timedelta(
        hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
    )


def spans(
    free: Iterable[Seconds], *, duration: int, low: datetime, high: datetime, grid: int, zone: str
) -> Iterator[range]:
    """Every start in ``[low, high)`` at which ``duration`` minutes fit, as runs of the grid.

    In epoch seconds, because a month of one instructor has a thousand starts. ``free`` is what ``OpenDay``
    keeps: ranges of one local day each, beginning on the grid. No run is empty.
    """
    first, bound = low.timestamp(), math.ceil(high.timestamp()) - 1
    aligned: int | None = None
    # Clocks change by half hours.
    is_fine = 30 % grid == 0
    for start, end in free:
        if start < first:
            if aligned is None:
                aligned = round(up_to_grid(low, grid, zone).timestamp())
            start = aligned
        last = min(end - duration * 60, bound)
        if start > last:
            continue
        if is_fine:
            yield range(start, last + 1, grid * 60)
        else:
            yield from _runs(start, last, grid, zone)


def _runs(start: int, last: int, grid: int, zone: str) -> Iterator[range]:
    """The grid from ``start``, which is on it, to ``last``: two runs where a change of clocks shifts it."""
    step = grid * 60
    low, high = (datetime.fromtimestamp(at, UTC) for at in (start, last))
    before, after = (clock.local(at, zone).utcoffset() or timedelta() for at in (low, high))
    if (after - before) % timedelta(minutes=grid):
        change = clock.transition(low, high, zone)
        yield range(start, int(change.timestamp()), step)
        start = int(up_to_grid(change, grid, zone).timestamp())
    if start <= last:
        yield range(start, last + 1, step)


def cut(
    free: Iterable[Range], *, duration: int, low: datetime, high: datetime, limits: Limits
) -> Iterator[datetime]:
    """The same one by one and in datetimes."""
    seconds = ((int(start.timestamp()), int(end.timestamp())) for start, end in free)
    grid, zone = limits.grid, limits.time_zone
    for span in spans(seconds, duration=duration, low=low, high=high, grid=grid, zone=zone):
        for start in span:
            yield datetime.fromtimestamp(start, UTC)


def why_refused(limits: Limits, *, modality: str, start: datetime, now: datetime) -> DomainError | None:
    """The refusal of a start by notice, horizon or grid, or None; free time is not looked at."""
    zone = limits.time_zone
    first = earliest(limits, modality=modality, now=now)
    if start < first:
        when = clock.local(first, zone)
        return DomainError(
            f"That is too soon. The first time that can be booked now is {when:%A %-d %B, %-I:%M %p}.",
            code="too_soon",
            data={"earliest": clock.rfc3339(first), "time_zone": zone},
        )
    bound = latest(limits, now=now)
    if start >= bound:
        when = clock.local(bound - timedelta(minutes=1), zone)
        return DomainError(
            f"That is too far ahead. Lessons can be booked up to {when:%A %-d %B %Y}.",
            code="too_far",
            data={"latest": clock.rfc3339(bound), "time_zone": zone},
        )
    if up_to_grid(start, limits.grid, zone) != start:
        return DomainError(
            f"Lessons start every {limits.grid} minutes, such as at 9:00 or 9:{limits.grid:02d}.",
            code="off_grid",
            data={"grid_min": limits.grid},
        )
    return None
