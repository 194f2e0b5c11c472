"""One calendar week of an instructor as one state: what is open on each date, and changing it at once.

A week is saved, copied from another and applied to those that follow. Each is first a plan, which is all
that a preview shows, and then one write however many dates it concerns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from instainstru.lib import clock
from instainstru.lib.errors import DomainError, Invalid
from instainstru.lib.transactions import part
from instructors.models import Instructor
from instructors.services import calendar, schedule
from instructors.services.schedule import Stale, Window

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
# The version that a caller started from, or a question whether a version is that; None for whatever it is.
Seen = str | Callable[[str], bool] | None
# A week is applied to so many that follow, at most.
MOST_WEEKS = 52


@dataclass(frozen=True, slots=True)
class Day:
    """What is open on a date; ``differs`` says that the date has hours of its own, closed or other."""

    date: date
    windows: list[Window]
    differs: bool


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday. ``version`` tells one state of it from another."""

    days: list[Day]
    version: str


@dataclass(frozen=True, slots=True)
class Change:
    """A date whose windows become others."""

    date: date
    before: list[Window]
    after: list[Window]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, None meaning like the pattern again, and what of it one would notice."""

    write: dict[date, list[Window] | None]
    changes: list[Change]


def monday_of(day: date) -> date:
    """The Monday on or before ``day``."""
    return day - day.weekday() * DAY


def dates_of(day: date) -> list[date]:
    """The seven dates of the week that ``day`` is in."""
    monday = monday_of(day)
    return [monday + number * DAY for number in range(7)]


def week_at(instructor: Instructor, day: date) -> Week:
    """The week that ``day`` is in; one query."""
    return _Hours(instructor, monday_of(day), monday_of(day) + 6 * DAY).week(day)


def two_weeks(instructor: Instructor, day: date) -> tuple[Week, Week]:
    """The week before that of ``day``, and that of ``day``; one query."""
    monday = monday_of(day)
    hours = _Hours(instructor, monday - WEEK, monday + 6 * DAY)
    return hours.week(monday - WEEK), hours.week(monday)


class _Hours:
    """The pattern, and the dates that differ from it within whole weeks, read at once."""

    def __init__(self, instructor: Instructor, first: date, last: date) -> None:
        self._instructor = instructor
        self._pattern, self._own = schedule.hours_of(instructor, first, last)

    def on(self, day: date) -> list[Window]:
        return self._own.get(day, self._pattern[day.weekday()])

    def week(self, day: date) -> Week:
        days = [Day(at, self.on(at), at in self._own) for at in dates_of(day)]
        state = [(str(one.date), one.windows, one.differs, self._pattern[n]) for n, one in enumerate(days)]
        text = repr(state)
        return Week(days, hashlib.blake2b(text.encode(), digest_size=12).hexdigest())

    def put(self, plan: Plan, *, by: Any) -> None:
        """Write the plan, and stand for what is so then."""
        for day, windows in plan.write.items():
            if windows is None:
                del self._own[day]
            else:
                self._own[day] = windows
        pk = self._instructor.pk
        pattern = {(pk, weekday): windows for weekday, windows in self._pattern.items()}
        own = {(pk, day): windows for day, windows in self._own.items()}
        schedule.put_dates(self._instructor, plan.write, by=by, hours=(pattern, own))

    def plan(self, wanted: Mapping[date, Sequence[Window]]) -> Plan:
        """Dates that end up like the weekly pattern follow it; refusals name their date as ``days.N``."""
        plan = Plan({}, [])
        refusals: list[DomainError] = []
        today = clock.today(self._instructor.time_zone)
        for day, windows in sorted(wanted.items()):
            before, after = self.on(day), sorted((low, high) for low, high in windows)
            follows = day in self._own and after == self._pattern[day.weekday()]
            if after == before and not follows:
                continue
            try:
                schedule.check_ahead(self._instructor, day, today=today)
                plan.write[day] = None if follows else schedule.check_date(self._instructor, day, after)
            except DomainError as refusal:
                if after != before:
                    refusals.append(_naming(refusal, day))
            if after != before:
                plan.changes.append(Change(day, before, after))
        if refusals:
            for other in refusals[1:]:
                refusals[0].fields.update(other.fields)
            raise refusals[0]
        return plan


def _naming(refusal: DomainError, day: date) -> DomainError:
    refusal.fields = {f"days.{day.weekday()}": refusal.message}
    return refusal


@part()
def save(
    instructor: Instructor,
    day: date,
    windows: Mapping[date, Sequence[Window]],
    *,
    by: Any,
    seen: Seen = None,
) -> Week:
    """Open the dates of that week at these windows, none of them meaning closed.

    Dates left out stay as they are; those that end up like the weekly pattern follow it again. Refusals
    name their date as ``days.N``, counted from Monday. With ``seen``, the version the caller started
    from, a week that was changed meanwhile raises ``Stale``; nothing is written then.
    """
    locked = calendar.lock_schedule(instructor)
    hours = _Hours(locked, monday_of(day), monday_of(day) + 6 * DAY)
    _refuse_stale(hours.week(day), seen)
    plan = hours.plan({at: windows[at] for at in dates_of(day) if at in windows})
    hours.put(plan, by=by)
    return hours.week(day)


def plan_save(instructor: Instructor, day: date, windows: Mapping[date, Sequence[Window]]) -> list[Change]:
    """What saving these windows would change."""
    return _Hours(instructor, monday_of(day), monday_of(day) + 6 * DAY).plan(windows).changes


@part()
def copy(instructor: Instructor, day: date, *, source: date, by: Any, seen: Seen = None) -> Week:
    """Make the week of ``day`` like that of ``source``; days that are over stay.

    ``seen`` is the version of the week of ``day``, as in ``save``.
    """
    locked = calendar.lock_schedule(instructor)
    hours = _around(locked, day, source)
    _refuse_stale(hours.week(day), seen)
    plan = _plan_copy(locked, hours, day, source)
    hours.put(plan, by=by)
    return hours.week(day)


def plan_copy(instructor: Instructor, day: date, *, source: date) -> tuple[Week, list[Change]]:
    """The week of ``day`` as it is, and what copying that of ``source`` would change."""
    hours = _around(instructor, day, source)
    return hours.week(day), _plan_copy(instructor, hours, day, source).changes


def _around(instructor: Instructor, one: date, other: date) -> _Hours:
    """Both weeks, and no year between them: who copies from afar reads what lies between."""
    if abs((one - other).days) > MOST_WEEKS * 7 + 6:
        raise Invalid(f"Copy from a week at most {MOST_WEEKS} weeks away.", field="from")
    first, last = sorted((monday_of(one), monday_of(other)))
    return _Hours(instructor, first, last + 6 * DAY)


def _plan_copy(instructor: Instructor, hours: _Hours, day: date, source: date) -> Plan:
    ahead = _ahead(instructor, dates_of(day))
    shift = monday_of(day) - monday_of(source)
    return hours.plan({at: hours.on(at - shift) for at in ahead})


def _ahead(instructor: Instructor, days: Sequence[date]) -> list[date]:
    """Those that are not over; refuses where none is left."""
    today = clock.today(instructor.time_zone)
    ahead = [at for at in days if at >= today]
    if not ahead:
        raise Invalid("That week is over.", field="date")
    return ahead


@part()
def apply(
    instructor: Instructor,
    day: date,
    *,
    weeks: int,
    by: Any,
    windows: Mapping[date, Sequence[Window]] | None = None,
    seen: Seen = None,
) -> list[Change]:
    """Make the next ``weeks`` weeks like that of ``day``, which first gets ``windows`` where they are given.

    Days that are over stay. ``seen`` is the version of the week of ``day``, as in ``save``.
    """
    locked = calendar.lock_schedule(instructor)
    hours = _following(locked, day, weeks)
    _refuse_stale(hours.week(day), seen)
    plan = _plan_apply(locked, hours, day, weeks, windows or {})
    hours.put(plan, by=by)
    return plan.changes


def plan_apply(
    instructor: Instructor,
    day: date,
    *,
    weeks: int,
    windows: Mapping[date, Sequence[Window]] | None = None,
) -> tuple[Week, list[Change]]:
    """The week of ``day`` as it is, and what applying it to the next ``weeks`` would change."""
    hours = _following(instructor, day, weeks)
    return hours.week(day), _plan_apply(instructor, hours, day, weeks, windows or {}).changes


def _following(instructor: Instructor, day: date, weeks: int) -> _Hours:
    if not 1 <= weeks <= MOST_WEEKS:
        raise Invalid(f"Apply it to 1 to {MOST_WEEKS} weeks.", field="weeks")
    return _Hours(instructor, monday_of(day), monday_of(day) + weeks * WEEK + 6 * DAY)


def _plan_apply(
    instructor: Instructor, hours: _Hours, day: date, weeks: int, windows: Mapping[date, Sequence[Window]]
) -> Plan:
    here = dates_of(day)
    model = {at: windows.get(at, hours.on(at)) for at in here}
    later = [at + number * WEEK for number in range(1, weeks + 1) for at in here]
    wanted = {at: model[here[at.weekday()]] for at in _ahead(instructor, later)}
    return hours.plan({at: windows[at] for at in here if at in windows} | wanted)


def _refuse_stale(week: Week, seen: Seen) -> None:
    fresh = seen(week.version) if callable(seen) else seen in (None, week.version)
    if not fresh:
        raise Stale("This week was changed elsewhere in the meantime. Nothing was saved.")
