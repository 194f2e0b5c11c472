"""The old operations on windows that cannot overlap: what the bridge does, in memory.

It answers as the old system did, with these named differences:

``overlap_merged``   an update into another slot's time joins the two at once; the hours are the same,
                     but the later one's id is gone, where the old system kept both until the next add
``midnight_end``     an end at 23:59 is the midnight that was meant
``past_date``        dates that are over do not change
``too_far``          nor do those more than two years ahead
``skipped_time``     a time that daylight saving jumps over is refused
``seconds``          so is one with seconds
``too_many_windows`` a date has room for so many windows
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from instructors.legacy import walls
from instructors.legacy.operations import Operation, Outcome
from instructors.models.calendar import DAY_MINUTES
from instructors.services.schedule import MOST_WINDOWS_A_DAY

GRID = 15
SHORTEST, LONGEST = 30, 8 * 60
TOUCHING = 1
LAST_MINUTE = DAY_MINUTES - 1
MOST_DAYS_AHEAD = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Slot:
    """A window and the number by which the old system's callers know it."""

    id: int
    low: int
    high: int


class Refused(Exception):
    """Why an operation fails, and the known difference behind it, if it is one."""

    def __init__(self, reason: str, *causes: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.causes = causes


@dataclass(slots=True)
class Board:
    """The slots of some dates of one instructor. ``next_id`` numbers new ones."""

    days: dict[date, list[Slot]]
    next_id: Callable[[], int]
    touched: set[date] = field(default_factory=set)

    def run(
        self, operations: Sequence[Operation], *, now: datetime, validate_only: bool = False
    ) -> list[Outcome]:
        """One by one; each sees the effect of those before it, unless nothing is kept.

        ``now`` is wall time. With ``validate_only`` a slot that would be new has no id to answer with.
        """
        outcomes = []
        for operation in operations:
            try:
                day, slots, outcome = self._one(operation, now)
            except Refused as refusal:
                at = operation.date if operation.action == "add" else self._date_of(operation.slot_id)
                outcomes.append(Outcome(False, refusal.reason, date=at, causes=refusal.causes))
                continue
            if validate_only:
                known = {slot.id for slot in self.days.get(day, ())}
                outcome = outcome if outcome.slot_id in known else replace(outcome, slot_id=None)
            else:
                self.days[day] = slots
                self.touched.add(day)
            outcomes.append(outcome)
        return outcomes

    def _one(self, operation: Operation, now: datetime) -> tuple[date, list[Slot], Outcome]:
        if operation.action == "add":
            return self._add(operation, now)
        day = self._date_of(operation.slot_id)
        if day is None:
            raise Refused("There is no such slot.")
        slot = next(one for one in self.days[day] if one.id == operation.slot_id)
        others = [one for one in self.days[day] if one.id != slot.id]
        if operation.action == "remove":
            _refuse_date(day, now)
            return day, others, Outcome(True, slot_id=slot.id, date=day)
        return self._update(day, slot, others, operation, now)

    def _date_of(self, slot_id: int | None) -> date | None:
        return next((day for day, slots in self.days.items() if any(s.id == slot_id for s in slots)), None)

    def _add(self, operation: Operation, now: datetime) -> tuple[date, list[Slot], Outcome]:
        day, start, end = operation.date, operation.start, operation.end
        if day is None or start is None or end is None:
            raise Refused("An add needs date, start_time and end_time.")
        low, high = _minute(start), _minute(end)
        _check_length(low, high)
        if day < now.date() or (day == now.date() and high <= now.hour * 60 + now.minute):
            raise Refused("That time is over.")
        if low % GRID or high % GRID or start.second or end.second:
            raise Refused("Times are on quarter hours.")
        there = self.days.get(day, [])
        if any((slot.low, slot.high) == (low, high) for slot in there):
            raise Refused("That slot is there already.")
        _refuse_date(day, now)
        _refuse_edges(day, low, high)
        added = Slot(self.next_id(), low, high)
        slots = _merged([*there, added], apart=TOUCHING)
        _refuse_many(slots)
        return day, slots, Outcome(True, slot_id=_holder(slots, low).id, date=day)

    def _update(
        self, day: date, slot: Slot, others: list[Slot], operation: Operation, now: datetime
    ) -> tuple[date, list[Slot], Outcome]:
        low = slot.low if operation.start is None else _minute(operation.start)
        high = slot.high if operation.end is None else _minute(operation.end)
        _check_length(low, high)
        if any(edge is not None and edge.second for edge in (operation.start, operation.end)):
            raise Refused("Times are whole minutes.", "seconds")
        if high == LAST_MINUTE:
            high = DAY_MINUTES
        if any((other.low, other.high) == (low, high) for other in others):
            raise Refused("That slot is there already.")
        _refuse_date(day, now)
        _refuse_edges(day, low, high)
        slots = _merged([*others, replace(slot, low=low, high=high)], apart=-1)
        _refuse_many(slots)
        causes = ("overlap_merged",) if len(slots) <= len(others) else ()
        return day, slots, Outcome(True, slot_id=_holder(slots, low).id, date=day, causes=causes)


def with_ids(
    windows: Sequence[tuple[int, int]], known: Iterable[Slot], *, next_id: Callable[[], int]
) -> list[Slot]:
    """The windows of a date with the ids by which they were known.

    Windows may have changed since ``known`` was written. An id stays with the first window that
    overlaps its own; of several in one window the earliest stays; windows without one get a new one.
    """
    ids: dict[tuple[int, int], int] = {}
    for slot in sorted(known, key=lambda one: (one.low, one.id)):
        home = next((window for window in windows if window[0] < slot.high and slot.low < window[1]), None)
        if home is not None:
            ids.setdefault(home, slot.id)
    return [Slot(ids[w] if w in ids else next_id(), *w) for w in windows]


def hours(days: Mapping[date, Sequence[Slot]]) -> dict[date, list[tuple[int, int]]]:
    """The windows of each date in order."""
    return {day: sorted((slot.low, slot.high) for slot in slots) for day, slots in days.items()}


def _merged(slots: Iterable[Slot], *, apart: int) -> list[Slot]:
    """Slots in order, those at most ``apart`` minutes from each other joined; the earliest keeps its id.

    Of two with the same start the one that came first in ``slots`` does.
    """
    result: list[Slot] = []
    for slot in sorted(slots, key=lambda one: one.low):
        if result and slot.low - result[-1].high <= apart:
            result[-1] = replace(result[-1], high=max(slot.high, result[-1].high))
        else:
            result.append(slot)
    return result


def _holder(slots: Iterable[Slot], minute: int) -> Slot:
    return next(slot for slot in slots if slot.low <= minute < slot.high)


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _check_length(low: int, high: int) -> None:
    if high <= low:
        raise Refused("The end must be after the start.")
    if not SHORTEST <= high - low <= LONGEST:
        raise Refused("A slot is 30 minutes to 8 hours long.")


def _refuse_date(day: date, now: datetime) -> None:
    if day < now.date():
        raise Refused("That date is over.", "past_date")
    if day > now.date() + MOST_DAYS_AHEAD:
        raise Refused("That date is more than two years ahead.", "too_far")


def _refuse_edges(day: date, low: int, high: int) -> None:
    for minute in (low, high):
        if walls.is_skipped(day, minute):
            shown = f"{minute // 60:02d}:{minute % 60:02d}"
            raise Refused(f"{shown} does not exist on {day}: the clocks jump over it.", "skipped_time")


def _refuse_many(slots: Sequence[Slot]) -> None:
    if len(slots) > MOST_WINDOWS_A_DAY:
        raise Refused(f"A day has room for {MOST_WINDOWS_A_DAY} windows.", "too_many_windows")
