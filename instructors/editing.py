"""The week editor's two scopes behind one face: what each loads, would change, and saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.urls import reverse

from bookings.models import Booking, Status
from bookings.services import access
from instainstru.lib import clock, presentation, when
from instainstru.lib.intervals import covers
from instructors.models import CalendarBlock, Instructor
from instructors.models.calendar import DAY_MINUTES, WEEKDAYS
from instructors.services import open_days, outside, schedule, weeks
from instructors.services.schedule import Window

State = list[list[Window]]
# Lessons that are drawn; those cancelled take no time.
DRAWN = (Status.HELD, Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)
PRESETS: dict[str, tuple[str, Sequence[int], Window]] = {
    "mornings": ("Weekday mornings", range(5), (9 * 60, 12 * 60)),
    "evenings": ("Weekday evenings", range(5), (17 * 60, 21 * 60)),
    "weekends": ("Weekends", (5, 6), (10 * 60, 18 * 60)),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a day, in words."""

    day: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Block:
    """What takes time on a day, in its minutes; ``kind`` as in ``CalendarBlock``."""

    kind: str
    low: int
    high: int
    text: str
    url: str = ""


class Scope(Protocol):
    """One of the two. ``saved`` and ``version`` are what is in the database as the page is made."""

    key: str
    instructor: Instructor
    saved: State
    version: str
    names: list[str]

    @property
    def url(self) -> str: ...
    def is_locked(self, number: int) -> bool: ...
    def blocks(self, number: int) -> list[Block]: ...
    def changes(self, days: State) -> list[Change]: ...
    def outside(self, days: State | None = None) -> list[dict[str, str]]: ...
    def save(self, days: State, *, by: Any, seen: str | None) -> None: ...


class EveryWeek:
    """The pattern."""

    key = "every"

    def __init__(self, instructor: Instructor) -> None:
        self.instructor = instructor
        self.names = [label for _, label in WEEKDAYS]
        self.load()

    @property
    def url(self) -> str:
        return reverse("instructors:office_hours")

    def load(self) -> None:
        self._pattern = schedule.week_of(self.instructor)
        self.saved = [self._pattern[number] for number in range(7)]
        self.version = schedule.version_of(self._pattern)

    def is_locked(self, number: int) -> bool:
        return False

    def blocks(self, number: int) -> list[Block]:
        return []

    def changes(self, days: State) -> list[Change]:
        return [
            Change(self.names[n], presentation.windows(self.saved[n]), presentation.windows(days[n]))
            for n in range(7)
            if days[n] != self.saved[n]
        ]

    def outside(self, days: State | None = None) -> list[dict[str, str]]:
        """Of the whole coming calendar, whether or not the days are changed."""
        pattern = dict(enumerate(self.saved if days is None else days))
        return lessons_said(self.instructor, outside.of_pattern(self.instructor, pattern))

    def save(self, days: State, *, by: Any, seen: str | None) -> None:
        schedule.set_week(self.instructor, dict(enumerate(days)), by=by, seen=seen)
        self.load()


class OneWeek:
    """The week of a date, with what stands in it."""

    key = "week"

    def __init__(self, instructor: Instructor, day: date) -> None:
        self.instructor, self.dates = instructor, weeks.dates_of(day)
        self.monday = self.dates[0]
        self.names = [presentation.long_day(at) for at in self.dates]
        self._today = clock.today(instructor.time_zone)
        self.load()
        low = clock.day_bounds(self.monday, instructor.time_zone)[0]
        high = clock.day_bounds(self.dates[6], instructor.time_zone)[1]
        self._lessons = [one for one in access.agenda(instructor, low=low, high=high) if one.status in DRAWN]
        self._away = [one for one in access.standing(instructor, low=low, high=high) if one.id is None]

    @property
    def url(self) -> str:
        return reverse("instructors:office_week_of", args=[self.monday])

    def load(self) -> None:
        before, week = weeks.two_weeks(self.instructor, self.monday)
        self.week_before: State = [day.windows for day in before.days]
        self.saved = [day.windows for day in week.days]
        self.differs = [day.differs for day in week.days]
        self.version = week.version

    def is_locked(self, number: int) -> bool:
        return self.dates[number] < self._today

    def blocks(self, number: int) -> list[Block]:
        day, zone = self.dates[number], self.instructor.time_zone
        spans = [
            ("hold" if one.status == Status.HELD else "lesson", one.starts_at, one.ends_at, _named(one),
             reverse("bookings:lesson", args=[one.pk]))
            for one in self._lessons
        ] + [(one.kind, one.starts_at, one.ends_at, one.label, "") for one in self._away]  # fmt: skip
        found = [
            Block(str(kind), _minute(start, day, zone), _minute(end, day, zone), text, url)
            for kind, start, end, text, url in spans
        ]
        return [block for block in found if block.low < block.high]

    def changes(self, days: State) -> list[Change]:
        return said(weeks.plan_save(self.instructor, self.monday, self.by_date(days)))

    def outside(self, days: State | None = None) -> list[dict[str, str]]:
        """Of this week's lessons; read already."""
        zone, now, days = self.instructor.time_zone, clock.now(), self.saved if days is None else days
        hours = [open_days.instants(at, days[n], zone) for n, at in enumerate(self.dates)]
        return [
            lesson_said(one, zone)
            for one in self._lessons
            if one.status == Status.CONFIRMED
            and one.ends_at > now
            and not covers(
                hours[(clock.local(one.starts_at, zone).date() - self.monday).days],
                (one.starts_at, one.ends_at),
            )
        ]

    def save(self, days: State, *, by: Any, seen: str | None) -> None:
        weeks.save(self.instructor, self.monday, self.by_date(days), by=by, seen=seen)
        self.load()

    def by_date(self, days: State) -> dict[date, list[Window]]:
        return dict(zip(self.dates, days, strict=True))


def _minute(instant: Any, day: date, zone: str) -> int:
    """The minute of local ``day`` at that instant, 0 before it and 1440 after it."""
    there = clock.local(instant, zone)
    if there.date() != day:
        return 0 if there.date() < day else DAY_MINUTES
    return there.hour * 60 + there.minute


def said(changes: Sequence[weeks.Change]) -> list[Change]:
    """Changes of dates in words."""
    return [
        Change(
            presentation.long_day(one.date), presentation.windows(one.before), presentation.windows(one.after)
        )
        for one in changes
    ]


def lessons_said(instructor: Instructor, blocks: Sequence[CalendarBlock]) -> list[dict[str, str]]:
    """Lessons by name and time, each with its page; one query if there are any."""
    ids = [block.booking_id for block in blocks if block.booking_id]
    named = {one.pk: one for one in access.lessons_among(instructor, ids)} if ids else {}
    return [lesson_said(named[key], instructor.time_zone) for key in ids if key in named]


def lesson_said(booking: Booking, zone: str) -> dict[str, str]:
    return {
        "label": f"{when.short(booking.starts_at, zone)}, {_named(booking)}",
        "url": reverse("bookings:lesson", args=[booking.pk]),
    }


def _named(booking: Booking) -> str:
    return f"{booking.student.user.full_name}, {booking.offering.subject.name.lower()}"


def combined(one: Sequence[Window], other: Sequence[Window]) -> list[Window]:
    """Open whenever either is; windows that meet become one."""
    result: list[Window] = []
    for low, high in sorted([*one, *other]):
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result
