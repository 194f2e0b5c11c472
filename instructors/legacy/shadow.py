"""The old rules and the new week side by side over recorded operations; nothing live is read or written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import chain, count, groupby
from typing import Any

from instainstru.lib import clock
from instainstru.lib.errors import Invalid
from instainstru.lib.fields import Unreadable, read_instant, refuse_unknown
from instructors.legacy import plan, walls
from instructors.legacy.board import Board, Slot
from instructors.legacy.old_rules import OldCalendar, OldSlot
from instructors.legacy.operations import Operation, Outcome, Request, read_request
from instructors.legacy.rows import Blackout, Finding, SlotRow
from instructors.legacy.spool import Spool
from instructors.models.calendar import DAY_MINUTES
from instructors.services.schedule import Window, show_minute

# The differences that are meant. A date on which one has shown may differ for its sake ever after.
KNOWN = {
    "overlap_merged": "Slots that overlap are one at once, not at the next add; the earliest keeps its id.",
    "touching": "Rows that touch are imported as one; the earliest keeps its id.",
    "midnight_end": "An end at 23:59 is the midnight that was meant.",
    "past_date": "Dates that are over do not change.",
    "too_far": "Dates more than two years ahead do not change.",
    "skipped_time": "Times that daylight saving jumps over are refused, and left out of imported rows.",
    "seconds": "Times are whole minutes.",
    "too_many_windows": "A date has room for so many windows.",
    "blackout": "A date that was blacked out is closed, and its slots are gone.",
    "duplicate": "Of rows that mean the same time one is kept.",
}
_OF_FINDING = {"overlap": "overlap_merged"}
LAST_MINUTE = time(23, 59)


@dataclass(frozen=True, slots=True)
class Difference:
    """One answer, or the hours of one date, that the two do not share. No ``names``: nobody expected it."""

    line: int
    instructor: str
    what: str
    date: date | None
    old: str
    new: str
    names: tuple[str, ...]
    operation: int | None = None


@dataclass(slots=True)
class Pair:
    """One instructor twice. ``named`` tells for each date the known differences that have shown on it."""

    key: str
    old: OldCalendar
    new: Board
    named: dict[date, set[str]] = field(default_factory=lambda: defaultdict(set))
    # The new side's number for each of the old side's that it gave itself.
    ids: dict[int, int] = field(default_factory=dict)
    told: dict[date, tuple[str, str]] = field(default_factory=dict)

    def run(self, request: Request, *, line: int, now: datetime) -> tuple[list[Difference], list[Outcome]]:
        """Both work the request off; what differs, and what the old side answered."""
        there = {slot.id: slot.date for slot in self.old.slots.values()}
        olds, news = [], []
        # One by one, so that ids which the old side has just given are known to the new one.
        for operation in request.operations:
            [old] = self.old.run([operation], now=now, validate_only=request.validate_only)
            [new] = self.new.run([self._translated(operation)], now=now, validate_only=request.validate_only)
            olds.append(old)
            news.append(new)
            self._note(old, new, keep=not request.validate_only)
            if old.slot_id and old.slot_id not in there and old.slot_id not in self.ids:
                self._pair_up(old.slot_id, new.slot_id or 0)
        found = [
            self._of_answers(line, index, old, new)
            for index, (old, new) in enumerate(zip(olds, news, strict=True))
            if self._differ(old, new)
        ]
        dates = {outcome.date for outcome in chain(olds, news) if outcome.date}
        return [*found, *filter(None, (self._of_date(line, day) for day in sorted(dates)))], olds

    def _pair_up(self, old: int, new: int) -> None:
        """Both sides have numbered a new slot: negative numbers are the new side's own."""
        if new < 0 and new not in self.ids.values():
            self.ids[old] = new

    def _translated(self, operation: Operation) -> Operation:
        if operation.slot_id is None:
            return operation
        return replace(operation, slot_id=self.ids.get(operation.slot_id, operation.slot_id))

    def _note(self, old: Outcome, new: Outcome, *, keep: bool) -> None:
        day = old.date or new.date
        if day is None or not keep:
            return
        self.named[day].update(new.causes)
        if any(slot.end >= LAST_MINUTE for slot in self.old.on(day)):
            self.named[day].add("midnight_end")

    def _differ(self, old: Outcome, new: Outcome) -> bool:
        expected = self.ids.get(old.slot_id, old.slot_id) if old.slot_id else None
        return old.ok != new.ok or expected != new.slot_id

    def _of_answers(self, line: int, index: int, old: Outcome, new: Outcome) -> Difference:
        day = old.date or new.date
        names = self.named.get(day, set()) if day else set()
        return Difference(
            line,
            self.key,
            "answer",
            day,
            _answer(old),
            _answer(new),
            tuple(sorted({*names, *new.causes})),
            index,
        )

    def _of_date(self, line: int, day: date) -> Difference | None:
        old = _shown(_disjoint(_minutes(slot) for slot in self.old.on(day)))
        new = _shown(_disjoint((slot.low, slot.high) for slot in self.new.days.get(day, ())))
        if old == new:
            self.told.pop(day, None)
            return None
        if self.told.get(day) == (old, new):
            return None
        self.told[day] = (old, new)
        return Difference(line, self.key, "hours", day, old, new, tuple(sorted(self.named.get(day, ()))))


def pair(key: str, rows: Iterable[SlotRow], blackouts: Iterable[Blackout] = ()) -> Pair:
    """Both sides as they start: the old one with the rows as they are, the new one as they are imported."""
    unnamed = count(2_000_000_000)
    numbered = [row if row.id else replace(row, id=next(unnamed)) for row in rows]
    old = [OldSlot(row.id or 0, row.date, _time(row.low), _time(row.high)) for row in numbered]
    closed = {row.date for row in blackouts}
    days: dict[date, list[Slot]] = {}
    named: dict[date, set[str]] = defaultdict(set)
    in_order = sorted(numbered, key=lambda row: (row.date, row.low, row.high, row.id or 0))
    for day, some in groupby(in_order, lambda row: row.date):
        findings: list[Finding] = []
        kept = [] if day in closed else plan.disjoint(day, list(some), findings)
        days[day] = [Slot(row.id or 0, row.low, row.high) for row in kept]
        named[day].update(_OF_FINDING.get(finding.what, finding.what) for finding in findings)
        if day in closed:
            named[day].add("blackout")
    for row in numbered:
        if row.high >= DAY_MINUTES - 1:
            named[row.date].add("midnight_end")
    numbers = count(-1, -1)
    first_id = max((slot.id for slot in old), default=0) + 1
    return Pair(key, OldCalendar(old, first_id=first_id), Board(days, next_id=lambda: next(numbers)), named)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it was made: by whom, when (wall time), and what the old system answered, if known."""

    line: int
    key: str
    at: datetime
    request: Request
    results: Any = None


def read_recorded(record: Mapping[str, Any], *, line: int) -> Recorded:
    """A line of the file; raises ``Invalid`` where it cannot be read. Without ``at`` it is made now."""
    refuse_unknown(record, ("instructor_id", "at", "operations", "validate_only", "results"))
    key = record.get("instructor_id")
    if isinstance(key, bool) or not isinstance(key, int) or key < 1:
        raise Invalid("Send the instructor's old number.", field="instructor_id")
    try:
        at = read_instant(record["at"]) if record.get("at") is not None else clock.now()
    except Unreadable as error:
        raise Invalid(str(error), field="at") from None
    body = {name: record[name] for name in ("operations", "validate_only") if name in record}
    wall = clock.local(at, walls.ZONE).replace(tzinfo=None)
    return Recorded(line, str(key), wall, read_request(body), record.get("results"))


class Replay:
    """All instructors of a file. Only those who sent operations are kept, each with their slots."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._pairs: dict[str, Pair] = {}
        # What the recorded answers called a slot that the model numbered otherwise.
        self._called: dict[str, dict[int, int]] = defaultdict(dict)
        self.requests = self.operations = 0

    def run(self, recorded: Recorded) -> list[Difference]:
        """Both sides work one request off."""
        key = recorded.key
        if key not in self._pairs:
            self._pairs[key] = pair(key, self._spool.slots(key), self._spool.blackouts(key))
        called = self._called[key]
        operations = [
            replace(one, slot_id=called.get(one.slot_id, one.slot_id)) if one.slot_id else one
            for one in recorded.request.operations
        ]
        request = Request(operations, recorded.request.validate_only)
        found, answers = self._pairs[key].run(request, line=recorded.line, now=recorded.at)
        if not request.validate_only:
            called.update(_renamed(answers, recorded.results))
        self.requests += 1
        self.operations += len(operations)
        return found


def _renamed(answers: Sequence[Outcome], results: Any) -> Iterator[tuple[int, int]]:
    """Recorded numbers, and what the model called the same slot."""
    for one in results if isinstance(results, list) else ():
        if not isinstance(one, Mapping):
            continue
        index, number = one.get("operation_index"), one.get("slot_id")
        if isinstance(index, int) and isinstance(number, int) and 0 <= index < len(answers):
            ours = answers[index].slot_id
            if ours and ours != number:
                yield number, ours


def _disjoint(windows: Iterable[Window]) -> list[Window]:
    """Windows that overlap as one; those that only touch stay two, as both sides may keep them."""
    result: list[Window] = []
    for low, high in sorted(windows):
        if result and low < result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result


def _minutes(slot: OldSlot) -> Window:
    return slot.start.hour * 60 + slot.start.minute, slot.end.hour * 60 + slot.end.minute


def _time(minute: int) -> time:
    return LAST_MINUTE if minute == DAY_MINUTES else time(minute // 60, minute % 60)


def _shown(windows: Iterable[Window]) -> str:
    return ", ".join(f"{show_minute(low)}–{show_minute(high)}" for low, high in windows) or "closed"


def _answer(outcome: Outcome) -> str:
    number = f" {outcome.slot_id}" if outcome.slot_id and outcome.slot_id > 0 else ""
    return f"{outcome.status}{number}" + (f": {outcome.reason}" if outcome.reason else "")
