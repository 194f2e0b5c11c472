"""The old operations carried out on the new week: read into a board, worked off, saved week by week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

from django.db import connection, transaction

from instainstru.lib import clock
from instainstru.lib.errors import Conflict
from instructors.legacy import board, walls
from instructors.legacy.board import Board, Slot
from instructors.legacy.operations import Outcome, Request
from instructors.models import Instructor
from instructors.models.legacy import OldSlot
from instructors.services import calendar, weeks
from instructors.services.schedule import Window

_NEW_IDS = """
    SELECT nextval(pg_get_serial_sequence('instructors_oldslot', 'id')) FROM generate_series(1, %s)
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of each operation, and the weeks as they were saved: Monday and version."""

    outcomes: list[Outcome]
    weeks: list[weeks.Week]


@transaction.atomic
def apply(instructor: Instructor, request: Request, *, by: Any) -> Applied:
    """Work the operations off as the old system did, and save one state for each week that changed.

    All of it is one transaction. What differs from the old answers is named in ``board``.
    """
    locked = calendar.lock_instructor(instructor)
    if locked.time_zone != walls.ZONE:
        raise Conflict(
            f"These operations are in {walls.ZONE}'s time, your hours in {locked.time_zone}'s. Use the week.",
            code="other_zone",
        )
    now = clock.local(clock.now(), walls.ZONE).replace(tzinfo=None)
    state, before = _load(locked, request, today=now.date())
    outcomes = state.run(request.operations, now=now, validate_only=request.validate_only)
    if request.validate_only:
        return Applied([_without_new_id(outcome) for outcome in outcomes], [])
    ids = _new_ids(state, outcomes)
    outcomes = [replace(one, slot_id=ids.get(one.slot_id or 0, one.slot_id)) for one in outcomes]
    changed = {day: hours for day, hours in board.hours(state.days).items() if hours != before.get(day, [])}
    saved = [_save(locked, some, by=by) for _, some in sorted(_by_week(changed).items())]
    _label(locked, {day: state.days[day] for day in state.touched}, ids)
    return Applied(outcomes, saved)


def _load(instructor: Instructor, request: Request, *, today: date) -> tuple[Board, dict[date, list[Window]]]:
    """The dates the operations speak of, with the ids their windows have; and their hours as they are."""
    asked = {one.date for one in request.operations if one.action == "add" and one.date}
    near = {day for day in asked if today <= day <= today + board.MOST_DAYS_AHEAD}
    ids = {one.slot_id for one in request.operations if one.slot_id}
    own = OldSlot.objects.filter(instructor=instructor)
    dates = near | set(own.filter(pk__in=ids).values_list("date", flat=True))
    labels: dict[date, list[Slot]] = defaultdict(list)
    for row in own.filter(date__in=dates):
        labels[row.date].append(Slot(row.pk, row.from_min, row.to_min))
    windows: dict[date, list[Window]] = {}
    for monday in {weeks.monday_of(day) for day in dates}:
        for day in weeks.week_at(instructor, monday).days:
            if day.date in dates:
                windows[day.date] = walls.real(day.date, day.windows)
    numbers = count(-1, -1)
    days = {
        day: board.with_ids(some, labels[day], next_id=lambda: next(numbers)) for day, some in windows.items()
    }
    return Board(days, next_id=lambda: next(numbers)), windows


def _without_new_id(outcome: Outcome) -> Outcome:
    return replace(outcome, slot_id=None) if (outcome.slot_id or 0) < 0 else outcome


def _new_ids(state: Board, outcomes: Iterable[Outcome]) -> dict[int, int]:
    """Real numbers for the provisional ones, which are negative."""
    used = {slot.id for day in state.touched for slot in state.days[day]}
    used |= {outcome.slot_id for outcome in outcomes if outcome.slot_id}
    wanted = sorted((number for number in used if number < 0), reverse=True)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_NEW_IDS, [len(wanted)])
        return dict(zip(wanted, (number for (number,) in cursor.fetchall()), strict=True))


def _by_week(dates: dict[date, list[Window]]) -> dict[date, dict[date, list[Window]]]:
    found: dict[date, dict[date, list[Window]]] = defaultdict(dict)
    for day, windows in dates.items():
        found[weeks.monday_of(day)][day] = windows
    return found


def _save(instructor: Instructor, dates: dict[date, list[Window]], *, by: Any) -> weeks.Week:
    return weeks.save(instructor, min(dates), dates, by=by)


def _label(instructor: Instructor, days: dict[date, Sequence[Slot]], ids: dict[int, int]) -> None:
    """Write down by which number each window of ``days`` is known now."""
    OldSlot.objects.filter(instructor=instructor, date__in=days).delete()
    OldSlot.objects.bulk_create(
        OldSlot(
            id=ids.get(slot.id, slot.id), instructor=instructor, date=day, from_min=slot.low, to_min=slot.high
        )
        for day, slots in days.items()
        for slot in slots
    )
