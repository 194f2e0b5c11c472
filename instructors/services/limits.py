"""An instructor's own limits: stricter than the rules where they say so, never looser.

What is not set follows the rules. How limits become times that can be booked is in ``slots.py`` (notice,
overnight rule, horizon, grid) and ``calendar.py`` (gaps and caps).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction

from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import CalendarBlock, Instructor
from instructors.services import calendar, catalogue, open_days
from instructors.services.slots import Limits, latest, limits_of, up_to_grid

NUMBERS = (
    "notice_online_min", "notice_at_instructor_min", "notice_at_student_min", "horizon_days", "buffer_min",
    "travel_min", "grid_min", "lessons_per_day", "lessons_per_week",
)  # fmt: skip
FACTS = (*NUMBERS, "overnight_rule")
LONGEST_NOTICE = 14 * 24 * 60
LONGEST_GAP = int(open_days.LONGEST_GAP.total_seconds() // 60)
SHORTEST_HORIZON = 7
MOST_A_DAY, MOST_A_WEEK = 24, 168
# Grids on which every hour looks the same.
GRIDS = (5, 10, 15, 20, 30, 60)
# An edit of these changes which times are free, and not only which of them can be booked now.
DERIVED = {"buffer_min", "travel_min", "grid_min", "lessons_per_day", "lessons_per_week", "horizon_days"}


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be set. ``usual`` is what the rules say, None for as many as one likes.

    Where ``choices`` are given, only those.
    """

    low: int
    high: int
    usual: int | None
    choices: tuple[int, ...] = ()

    def __contains__(self, value: int) -> bool:
        return value in self.choices if self.choices else self.low <= value <= self.high


class Stale(Conflict):
    """The limits were changed since the caller looked; nothing is written."""

    code = "stale"


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A limit that is stricter now than so many lessons booked before; ``first`` is the next of them."""

    fact: str
    lessons: int
    first: datetime


def allowed(rules: Rules) -> dict[str, Allowed]:
    """The range of each number under these rules."""
    grids = tuple(grid for grid in GRIDS if grid % rules.grid_min == 0)
    return {
        **{name: Allowed(getattr(rules, name), LONGEST_NOTICE, getattr(rules, name)) for name in NUMBERS[:3]},
        "horizon_days": Allowed(SHORTEST_HORIZON, rules.horizon_days, rules.horizon_days),
        "buffer_min": Allowed(0, LONGEST_GAP, rules.buffer_min),
        "travel_min": Allowed(0, LONGEST_GAP, rules.travel_min),
        "grid_min": Allowed(
            rules.grid_min, max(grids, default=rules.grid_min), rules.grid_min, grids or (rules.grid_min,)
        ),
        "lessons_per_day": Allowed(1, MOST_A_DAY, None),
        "lessons_per_week": Allowed(1, MOST_A_WEEK, None),
    }


def set_by(instructor: Instructor) -> dict[str, Any]:
    """What the instructor has set, by the names of ``FACTS``; None where the rules decide."""
    return {name: getattr(instructor, name) for name in FACTS}


def version_of(instructor: Instructor) -> str:
    """What tells one state of the limits from another."""
    return hashlib.blake2b(repr(set_by(instructor)).encode(), digest_size=12).hexdigest()


@transaction.atomic
def save(instructor: Instructor, facts: Mapping[str, Any], *, by: Any, seen: str | None = None) -> Instructor:
    """Set some of ``FACTS``, and derive the calendar again; lessons already booked stay as they are.

    Numbers out of range are refused by name, unless they are what they were: the rules may have become
    stricter since. With ``seen``, the version the caller started from, limits that were changed meanwhile
    raise ``Stale``.
    """
    unknown = set(facts) - set(FACTS)
    if unknown:
        raise TypeError(f"not limits: {sorted(unknown)}")
    locked = calendar.lock_instructor(instructor)
    if seen is not None and seen != version_of(locked):
        raise Stale("Your limits were changed elsewhere in the meantime. Nothing was saved.")
    rules = rules_service.current(fresh=True)
    before = set_by(locked)
    changed = {name: value for name, value in facts.items() if value != before[name]}
    _check(changed, allowed(rules))
    if not changed:
        return locked
    for name, value in changed.items():
        setattr(locked, name, value)
    locked.save(update_fields=sorted(changed))
    if DERIVED & set(changed):
        _derive(locked, rules)
    catalogue.refresh_listing(locked)
    told = {name: [before[name], value] for name, value in changed.items()}
    record(Kind.INSTRUCTOR_CHANGED, locked, by=by, data={"changed": sorted(changed), "limits": told})
    return locked


def _check(facts: Mapping[str, Any], ranges: Mapping[str, Allowed]) -> None:
    wrong = {}
    for name, value in facts.items():
        if name == "overnight_rule":
            if not isinstance(value, bool):
                wrong[name] = "Say yes or no."
        elif value is not None and value not in ranges[name]:
            wrong[name] = refusal(ranges[name])
    if wrong:
        raise DomainError("Please correct the marked fields.", code="invalid", fields=wrong)


def refusal(range_: Allowed) -> str:
    """What may be set instead, in a sentence."""
    if range_.choices:
        return f"Choose one of: {', '.join(map(str, range_.choices))}."
    return f"Write a whole number, {range_.low}–{range_.high}, or leave it empty."


def _derive(instructor: Instructor, rules: Rules) -> None:
    """The open days by the new limits, up to a horizon that may lie further away now."""
    if instructor.open_until is None:
        return
    goal = clock.today(instructor.time_zone) + (limits_of(instructor, rules).horizon_days + 1) * open_days.DAY
    if goal > instructor.open_until:
        instructor.open_until = goal
        instructor.save(update_fields=["open_until"])
    calendar.rebuild(instructor)


def overtaken(instructor: Instructor, *, now: datetime) -> list[Overtaken]:
    """The limits that coming lessons do not keep: they were booked before, or against the limits."""
    limits = limits_of(instructor, rules_service.current())
    lessons = list(
        CalendarBlock.objects.filter(
            instructor=instructor, kind=CalendarBlock.Kind.LESSON, period__endswith__gt=now
        ).order_by("period")
    )
    found: dict[str, list[datetime]] = {
        "horizon_days": [
            block.period.lower for block in lessons if block.period.lower >= latest(limits, now=now)
        ],
        "grid_min": [block.period.lower for block in lessons if not _on_grid(block.period.lower, limits)],
        **_too_close(lessons, limits),
        "lessons_per_day": _too_many(instructor, lessons, instructor.lessons_per_day, days=1),
        "lessons_per_week": _too_many(instructor, lessons, instructor.lessons_per_week, days=7),
    }
    return [Overtaken(name, len(starts), starts[0]) for name, starts in found.items() if starts]


def _on_grid(start: datetime, limits: Limits) -> bool:
    return up_to_grid(start, limits.grid, limits.time_zone) == start


def _too_close(lessons: list[CalendarBlock], limits: Limits) -> dict[str, list[datetime]]:
    """The starts of lessons too soon after the one before, by which of the two gaps is not kept."""
    found: dict[str, list[datetime]] = {"buffer_min": [], "travel_min": []}
    for one, other in pairwise(lessons):
        travels = bool(one.lane or other.lane)
        if other.period.lower - one.period.upper < timedelta(minutes=limits.gap(travels=travels)):
            longer = travels and limits.travel > limits.buffer
            found["travel_min" if longer else "buffer_min"].append(other.period.lower)
    return found


def _too_many(
    instructor: Instructor, lessons: list[CalendarBlock], most: int | None, *, days: int
) -> list[datetime]:
    """The starts of those beyond the cap, in each day or week."""
    if not most:
        return []
    counted: Counter[Any] = Counter()
    found = []
    for block in lessons:
        day = clock.local(block.period.lower, instructor.time_zone).date()
        counted[day if days == 1 else open_days.whole_weeks(day, day)] += 1
        if counted[day if days == 1 else open_days.whole_weeks(day, day)] > most:
            found.append(block.period.lower)
    return found
