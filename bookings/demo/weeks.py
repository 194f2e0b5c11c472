"""When demo instructors teach: weekly patterns, dates that differ, time off, and what is then free.

Few patterns are shared by many people, so the open days of a pattern are worked out once and stamped
for everybody who has it; only dates with lessons, differing hours or time off are worked out each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, reduce
from itertools import product
from operator import or_
from random import Random
from typing import Any, NamedTuple

from instainstru.lib import clock
from instainstru.lib.intervals import Range, normal, overlaps
from instainstru.lib.multirange import literal
from instructors.models import CalendarBlock
from instructors.services import open_days, week_bits
from instructors.services.slots import Limits

DAY = timedelta(days=1)
Window = tuple[int, int]
# Seven days from Monday, each with its windows in minutes.
Week = tuple[tuple[Window, ...], ...]

MON_FRI, MON_THU, WEEKEND = (0, 1, 2, 3, 4), (0, 1, 2, 3), (5, 6)
# Weight, then days and the windows they have, in hours.
ARCHETYPES: tuple[tuple[int, tuple[tuple[tuple[int, ...], tuple[tuple[float, float], ...]], ...]], ...] = (
    (14, ((MON_THU, ((17, 21),)), ((5,), ((10, 14),)))),
    (10, ((MON_FRI, ((15.5, 20),)),)),
    (9, ((WEEKEND, ((9, 17),)),)),
    (7, (((4,), ((17, 20),)), (WEEKEND, ((10, 18),)))),
    (12, ((MON_FRI, ((9, 17),)),)),
    (9, (((1, 2, 3, 4, 5), ((10, 19),)),)),
    (10, ((MON_FRI, ((8, 12), (16, 20))),)),
    (6, ((MON_FRI, ((7, 12),)), ((5,), ((8, 12),)))),
    (6, (((0, 2, 4), ((9, 13), (14.5, 20))),)),
    (6, (((1, 3), ((12, 21),)), ((6,), ((11, 16),)))),
    (5, (((6, 0, 1, 2, 3), ((10, 16),)),)),
    (4, (((0, 1, 2, 3, 4, 5, 6), ((12, 15), (18, 20.5))),)),
    (2, ((MON_FRI, ((6.5, 9.5), (18, 21))),)),
)
SHIFTS = (-60, -30, 0, 0, 30, 60)
EARLIEST, LATEST = 6 * 60, 22 * 60 + 30
HOLIDAYS = frozenset({(1, 1), (7, 4), (12, 24), (12, 25), (12, 31)})
REASONS = ("Holiday", "Family visit", "Conference", "On tour", "Moving house", "Summer course", "Retreat")


def all_weeks() -> tuple[list[Week], list[int]]:
    """Every pattern and how often it is met."""
    weeks: list[Week] = []
    weights: list[int] = []
    for (weight, groups), shift, without in product(ARCHETYPES, SHIFTS, (None, 0, 3)):
        days: list[tuple[Window, ...]] = [() for _ in range(7)]
        for weekdays, windows in groups:
            for weekday in weekdays:
                days[weekday] = tuple(
                    (max(EARLIEST, int(low * 60) + shift), min(LATEST, int(high * 60) + shift))
                    for low, high in windows
                )
        if without is not None:
            days[without] = ()
        if any(days):
            weeks.append(tuple(days))
            weights.append(weight * (3 if without is None else 1))
    return weeks, weights


# A teacher the demo introduces by name: busy, and easy to find a time with.
BUSY_WEEK: Week = (*(((9 * 60, 13 * 60), (15 * 60, 20 * 60)),) * 5, ((10 * 60, 15 * 60),), ())


@cache
def windows_on(week: Week, day: date, tz: str) -> tuple[Range, ...]:
    """The pattern's hours on a date, as instants."""
    return tuple(hours_of(week[day.weekday()], day, tz))


def hours_of(windows: Iterable[Window], day: date, tz: str) -> list[Range]:
    return normal(
        (open_days.at_minute(day, low, tz), open_days.at_minute(day, high, tz)) for low, high in windows
    )


@dataclass(slots=True)
class Diary:
    """One instructor's time: the pattern, what differs from it, and what takes it."""

    week: Week
    limits: Limits
    # Today there, and the last date with open days.
    first: date
    last: date
    differing: dict[date, tuple[Window, ...]] = field(default_factory=dict)
    blocks: list[CalendarBlock] = field(default_factory=list)
    # The instants of ``blocks``, which are asked for often.
    taken: list[Range] = field(default_factory=list)

    @property
    def tz(self) -> str:
        return self.limits.time_zone

    def hours(self, day: date) -> list[Range]:
        if day in self.differing:
            return hours_of(self.differing[day], day, self.tz)
        return list(windows_on(self.week, day, self.tz))

    def fits(self, start: datetime, end: datetime, gap: timedelta) -> bool:
        """Whether a lesson then would lie within the hours and keep ``gap`` from everything else."""
        day = clock.local(start, self.tz).date()
        if not any(low <= start and end <= high for low, high in self.hours(day)):
            return False
        return not any(overlaps((start - gap, end + gap), other) for other in self.taken)

    def add(self, block: CalendarBlock) -> None:
        self.blocks.append(block)
        self.taken.append((block.period.lower, block.period.upper))

    def special_days(self) -> set[date]:
        """Dates from yesterday on for which the pattern alone does not say what is free."""
        first = self.first - DAY
        days = {day for day in self.differing if first <= day <= self.last}
        for start, end in self.taken:
            day = max(first, clock.local(start - open_days.LONGEST_GAP, self.tz).date())
            until = min(self.last, clock.local(end + open_days.LONGEST_GAP, self.tz).date())
            while day <= until:
                days.add(day)
                day += DAY
        return days

    def free(self, day: date) -> open_days.Free:
        """What is free on the date, by the calendar's own definition."""
        low, high = clock.day_bounds(day, self.tz)
        near = (low - open_days.LONGEST_GAP, high + open_days.LONGEST_GAP)
        close = [
            block for block, period in zip(self.blocks, self.taken, strict=True) if overlaps(period, near)
        ]
        return open_days.free_of(self.hours(day), close, self.limits)


def differ(diary: Diary, rng: Random) -> None:
    """Some dates with other hours or none, mostly around holidays."""
    festive = rng.random() < 0.5
    days = (diary.last - diary.first).days
    if festive:
        for offset in range(days + 1):
            day = diary.first + offset * DAY
            if (day.month, day.day) in HOLIDAYS and rng.random() < 0.9:
                diary.differing[day] = ()
    if rng.random() < 0.3:
        for _ in range(rng.randint(1, 3)):
            day = diary.first + rng.randint(1, max(1, days)) * DAY
            low = 30 * rng.randint(16, 28)
            diary.differing[day] = () if rng.random() < 0.5 else ((low, low + 30 * rng.randint(4, 10)),)


def time_off(diary: Diary, rng: Random, *, instructor_id: int) -> None:
    """One stretch off for one instructor in eight."""
    days = (diary.last - diary.first).days
    if rng.random() >= 0.125 or days < 20:
        return
    start = diary.first + rng.randint(8, days - 10) * DAY
    period = open_days.range_of(
        clock.day_bounds(start, diary.tz)[0], clock.day_bounds(start + rng.randint(1, 9) * DAY, diary.tz)[1]
    )
    diary.add(
        CalendarBlock(
            instructor_id=instructor_id, kind=CalendarBlock.Kind.TIME_OFF, label=rng.choice(REASONS),
            period=period, buffered=period, reach=period,
        )
    )  # fmt: skip


class Line(NamedTuple):
    """One open day in COPY's text form, with ``#`` for the instructor; its first free instant from now on,
    and its bits of the week."""

    day: date
    text: str
    free_at: datetime | None
    bits: int


class Stamp:
    """Writes open days as COPY reads them, from each diary's yesterday to its last date."""

    COLUMNS = ("instructor_id", "date", "free", "free_travel")

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._patterns: dict[Any, tuple[list[Line], str]] = {}

    def open_days(self, instructor_id: int, diary: Diary) -> tuple[str, datetime | None, int]:
        """The instructor's lines, the first instant from now on that is free, and the bits of the week."""
        usual, text = self._pattern(diary)
        special = diary.special_days()
        lines = usual
        if special:
            lines = [self._line(diary, line.day) if line.day in special else line for line in usual]
            text = "".join(line.text for line in lines)
        first = next((line.free_at for line in lines if line.free_at), None)
        bits = reduce(or_, (line.bits for line in lines), 0)
        return text.replace("#", str(instructor_id)), first, bits

    def _pattern(self, diary: Diary) -> tuple[list[Line], str]:
        """The lines of everybody with this week in this zone who has nothing else."""
        key = (diary.week, diary.tz, diary.limits.grid, diary.first, diary.last)
        if key not in self._patterns:
            plain = Diary(diary.week, diary.limits, diary.first, diary.last)
            days = range(-1, (diary.last - diary.first).days + 1)
            lines = [self._line(plain, diary.first + n * DAY) for n in days]
            self._patterns[key] = lines, "".join(line.text for line in lines)
        return self._patterns[key]

    def _line(self, diary: Diary, day: date) -> Line:
        free = diary.free(day)
        travel = "\\N" if free.travel == free.plain else literal(free.travel)
        coming = next((max(start, self._now) for start, end in free.plain if end > self._now), None)
        return Line(day, f"#\t{day}\t{literal(free.plain)}\t{travel}\n", coming, week_bits.of(free.plain))
