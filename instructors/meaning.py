"""What an instructor's limits mean, each by an example of the coming days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from instainstru.lib import clock, presentation, when
from instructors.models import Instructor, Modality
from instructors.services.explain import lasting
from instructors.services.limits import Allowed, Overtaken
from instructors.services.slots import Limits, latest, up_to_grid

DAY = timedelta(days=1)
# When the lesson of an example begins, and a lesson that one follows ends.
START = {Modality.ONLINE: time(9), Modality.AT_INSTRUCTOR: time(9), Modality.AT_STUDENT: time(15)}
PLACES = {
    Modality.ONLINE: "online",
    Modality.AT_INSTRUCTOR: "at your place",
    Modality.AT_STUDENT: "at a student's place",
}
END = time(15)
LABELS = {
    "notice_online_min": "Notice for lessons online, minutes",
    "notice_at_instructor_min": "Notice for lessons at your place, minutes",
    "notice_at_student_min": "Notice for lessons at a student's place, minutes",
    "horizon_days": "How far ahead you can be booked, days",
    "buffer_min": "Free time between lessons, minutes",
    "travel_min": "Time to travel to and from students, minutes",
    "grid_min": "Lessons start every",
    "lessons_per_day": "Most lessons a day",
    "lessons_per_week": "Most lessons a week, Monday to Sunday",
    "overnight_rule": "Nobody books me at night for early next morning",
}


def examples(instructor: Instructor, limits: Limits, *, now: datetime) -> dict[str, str]:
    """A sentence for each limit, by its name."""
    zone = limits.time_zone
    day = clock.local(now, zone).date() + DAY
    last = clock.local(latest(limits, now=now) - timedelta(minutes=1), zone).date()
    ends = clock.day_edge(day, END, zone)
    return {
        **{
            f"notice_{way.value}_min": _notice(limits, way, now=now)
            for way in (Modality.ONLINE, Modality.AT_INSTRUCTOR, Modality.AT_STUDENT)
        },
        "horizon_days": f"Today students see your times up to {presentation.long_day(last)}.",
        "buffer_min": _next(limits, ends, travels=False),
        "travel_min": _next(limits, ends, travels=True),
        "grid_min": _starts(limits, ends),
        "lessons_per_day": _cap(instructor.lessons_per_day, "day"),
        "lessons_per_week": _cap(instructor.lessons_per_week, "week"),
        "overnight_rule": _overnight(limits),
    }


def _notice(limits: Limits, way: Modality, *, now: datetime) -> str:
    """By the first day on which a lesson at that hour can still be booked."""
    zone, length = limits.time_zone, timedelta(minutes=limits.notice[way])
    today = clock.local(now, zone).date()
    day = today + DAY
    while clock.day_edge(day, START[way], zone) - length <= now:
        day += DAY
    start = clock.day_edge(day, START[way], zone)
    until = start - length
    same_day = clock.local(until, zone).date() == day
    deadline = when.hour(until, zone) if same_day else when.short(until, zone)
    named = "tomorrow" if day == today + DAY else presentation.day(day)
    return f"A lesson {PLACES[way]} for {named}, {when.hour(start, zone)}, can be booked until {deadline}."


def _next(limits: Limits, ends: datetime, *, travels: bool) -> str:
    start = ends + timedelta(minutes=limits.gap(travels=travels))
    following = up_to_grid(start, limits.grid, limits.time_zone)
    where = " at a student's place" if travels else ""
    return (
        f"After a lesson{where} that ends at {when.hour(ends, limits.time_zone)} "
        f"the next can start at {when.hour(following, limits.time_zone)}."
    )


def _starts(limits: Limits, near: datetime) -> str:
    zone, found, start = limits.time_zone, [], near
    for _ in range(3):
        start = up_to_grid(start, limits.grid, zone)
        found.append(when.hour(start, zone))
        start += timedelta(minutes=1)
    return f"Students can choose {presentation.words(found)}, and so on."


def _cap(most: int | None, stretch: str) -> str:
    if not most:
        return f"As many a {stretch} as your hours have room for."
    return f"With {presentation.count(most, 'lesson')} the {stretch} is closed."


def _overnight(limits: Limits) -> str:
    if limits.overnight is None:
        return "Who books at night can have the first lesson of the morning."
    from_hour, until_hour, plain, travel = (presentation.minute(hour % 24 * 60) for hour in limits.overnight)
    return (
        f"Who books between {from_hour} and {until_hour} starts at {plain} at the earliest, "
        f"at a student's place at {travel}."
    )


def within(name: str, allowed: Mapping[str, Allowed]) -> str:
    """What may be set, and what holds where nothing is."""
    if name not in allowed:
        return ""
    range_ = allowed[name]
    if range_.usual is None:
        return f"{range_.low}–{range_.high}."
    unit = "days" if name.endswith("_days") else "minutes"
    low, high, usual = range_.low, range_.high, range_.usual
    long = f" ({lasting(high)})" if unit == "minutes" and high >= 24 * 60 else ""
    return f"{low:,}–{high:,} {unit}{long}; empty: the usual {usual} {unit}."


def notes(overtaken: list[Overtaken], *, zone: str) -> list[str]:
    """Which limits lessons booked before do not keep."""
    return [
        f"{LABELS[one.fact].partition(',')[0]}: {presentation.count(one.lessons, 'lesson')} booked before "
        f"{'does' if one.lessons == 1 else 'do'} not keep this, the next on {when.short(one.first, zone)}. "
        f"{'It stays' if one.lessons == 1 else 'They stay'} as booked."
        for one in overtaken
    ]
