"""How the old system worked its operations off: a model of it, to compare with and nothing else.

It shares no rule with ``board``, on purpose. Where the old system left something open, the docstring
of the function says what is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import count

from instructors.legacy.operations import Operation, Outcome

# What may lie between two slots that an add makes one.
TOUCHING_SECONDS = 60
SHORTEST_SECONDS, LONGEST_SECONDS = 30 * 60, 8 * 60 * 60


@dataclass(frozen=True, slots=True)
class OldSlot:
    """A row of the old table."""

    id: int
    date: date
    start: time
    end: time


class OldCalendar:
    """The slots of one instructor."""

    def __init__(self, slots: Iterable[OldSlot], *, first_id: int) -> None:
        self.slots = {slot.id: slot for slot in slots}
        self._ids = count(first_id)

    def run(
        self, operations: Sequence[Operation], *, now: datetime, validate_only: bool = False
    ) -> list[Outcome]:
        """One by one; each sees the effect of those before it, unless nothing is kept.

        ``now`` is wall time. That all is undone when nothing succeeded needs no code: then nothing
        was done.
        """
        outcomes = []
        for operation in operations:
            kept = dict(self.slots)
            outcomes.append(self._one(operation, now, known=frozenset(kept) if validate_only else None))
            if validate_only:
                self.slots = kept
        return outcomes

    def on(self, day: date) -> list[OldSlot]:
        """The slots of a date by start; of two with one start the older comes first."""
        found = [slot for slot in self.slots.values() if slot.date == day]
        return sorted(found, key=lambda slot: (slot.start, slot.id))

    def _one(self, operation: Operation, now: datetime, known: frozenset[int] | None) -> Outcome:
        if operation.action == "add":
            outcome = self._add(operation, now)
            if known is not None and outcome.slot_id not in known:
                return replace(outcome, slot_id=None)
            return outcome
        slot = self.slots.get(operation.slot_id or 0)
        if slot is None:
            return Outcome(False, "There is no such slot.")
        if operation.action == "remove":
            del self.slots[slot.id]
            return Outcome(True, slot_id=slot.id, date=slot.date)
        return self._update(slot, operation)

    def _add(self, operation: Operation, now: datetime) -> Outcome:
        """Whether an end that is just now is still ahead is not told: it is taken not to be."""
        day, start, end = operation.date, operation.start, operation.end
        if day is None or start is None or end is None:
            return Outcome(False, "Date, start and end are needed.", date=day)
        if end <= start:
            return Outcome(False, "The end must be after the start.", date=day)
        if day < now.date() or (day == now.date() and end <= now.time()):
            return Outcome(False, "That time is over.", date=day)
        if any(edge.minute % 15 or edge.second for edge in (start, end)):
            return Outcome(False, "Times are quarter hours.", date=day)
        if not SHORTEST_SECONDS <= _seconds(end) - _seconds(start) <= LONGEST_SECONDS:
            return Outcome(False, "30 minutes to 8 hours.", date=day)
        if any((slot.start, slot.end) == (start, end) for slot in self.on(day)):
            return Outcome(False, "That slot is there already.", date=day)
        added = OldSlot(next(self._ids), day, start, end)
        self.slots[added.id] = added
        return Outcome(True, slot_id=self._merge(day, added), date=day)

    def _merge(self, day: date, added: OldSlot) -> int:
        """Join all slots of the date that overlap or touch; returns the id that now holds ``added``."""
        holder = added.id
        groups: list[list[OldSlot]] = []
        reach = 0
        for slot in self.on(day):
            if groups and _seconds(slot.start) - reach <= TOUCHING_SECONDS:
                groups[-1].append(slot)
                reach = max(reach, _seconds(slot.end))
            else:
                groups.append([slot])
                reach = _seconds(slot.end)
        for first, *others in groups:
            for slot in others:
                del self.slots[slot.id]
            self.slots[first.id] = replace(first, end=max(slot.end for slot in (first, *others)))
            if added in (first, *others):
                holder = first.id
        return holder

    def _update(self, slot: OldSlot, operation: Operation) -> Outcome:
        """The table's own unique key is taken to refuse an update into an exact duplicate."""
        start, end = operation.start or slot.start, operation.end or slot.end
        if end <= start:
            return Outcome(False, "The end must be after the start.", date=slot.date)
        if not SHORTEST_SECONDS <= _seconds(end) - _seconds(start) <= LONGEST_SECONDS:
            return Outcome(False, "30 minutes to 8 hours.", date=slot.date)
        others = [other for other in self.on(slot.date) if other.id != slot.id]
        if any((other.start, other.end) == (start, end) for other in others):
            return Outcome(False, "That slot is there already.", date=slot.date)
        self.slots[slot.id] = replace(slot, start=start, end=end)
        return Outcome(True, slot_id=slot.id, date=slot.date)


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second
