"""What one instructor's old rows mean: a weekly pattern, the dates that differ, and the ids that live on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from instructors.legacy import pattern, walls
from instructors.legacy.board import MOST_DAYS_AHEAD, Slot
from instructors.legacy.rows import Blackout, Finding, Place, SlotRow
from instructors.services.schedule import MOST_WINDOWS_A_DAY, Window, show_minute

DAY = timedelta(days=1)


@dataclass(slots=True)
class Plan:
    """Hours as ``services.replace`` takes them, covering ``first`` to ``last`` (none where they are None)."""

    week: dict[int, list[Window]]
    dates: dict[date, list[Window] | None]
    slots: dict[date, list[Slot]]
    first: date | None = None
    last: date | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.dates

    def counts(self) -> dict[str, int | str]:
        """For the report."""
        own = [windows for windows in self.dates.values() if windows is not None]
        return {
            "from": str(self.first or ""),
            "until": str(self.last or ""),
            "pattern": sum(map(len, self.week.values())),
            "dates": len(own),
            "closed": sum(not windows for windows in own),
        }


def make(
    slots: Iterable[SlotRow],
    blackouts: Iterable[Blackout],
    *,
    today: date,
    until: date | None = None,
    goes_on: bool = True,
) -> Plan:
    """Every date from ``today`` to the last slot's (and ``until``) gets exactly what the rows say.

    A date without rows was closed. Past the last date the pattern goes on, or with ``goes_on`` off
    nothing is open: then the pattern is empty and every open date has hours of its own.
    """
    plan = Plan({day: [] for day in range(7)}, {}, {})
    coming = _coming(slots, today, plan.findings)
    closed = _closed(blackouts, today, plan.findings)
    rows = _without_closed(coming, closed, plan.findings)
    raw: dict[date, list[Window]] = {}
    for day, some in groupby(
        sorted(rows, key=lambda row: (row.date, row.low, row.high)), lambda row: row.date
    ):
        kept = disjoint(day, list(some), plan.findings)
        plan.slots[day] = [Slot(row.id or 0, row.low, row.high) for row in kept]
        raw[day] = [(row.low, row.high) for row in kept]
    last = max((row.date for row in coming), default=until)
    if last is not None and until is not None:
        last = max(last, until)
    if last is not None and last >= today:
        plan.first, plan.last = today, last
        span = [today + number * DAY for number in range((last - today).days + 1)]
        if goes_on:
            plan.week = pattern.weekly({day: raw.get(day, []) for day in span})
        for day in span:
            windows = raw.get(day, [])
            plan.dates[day] = None if windows == walls.real(day, plan.week[day.weekday()]) else windows
    beyond = (day for day in closed if last is None or day > last)
    plan.dates.update({day: [] if plan.week[day.weekday()] else None for day in beyond})
    return plan


def disjoint(day: date, rows: list[SlotRow], findings: list[Finding]) -> list[SlotRow]:
    """The rows of one date, in order of their starts, as rows that neither overlap nor touch."""
    return _joined(_distinct(_real(day, rows, findings), findings), findings)


def _coming(slots: Iterable[SlotRow], today: date, findings: list[Finding]) -> list[SlotRow]:
    return [row for row in slots if _is_near(row.date, row.at, today, findings)]


def _is_near(day: date, at: Place, today: date, findings: list[Finding]) -> bool:
    if today <= day <= today + MOST_DAYS_AHEAD:
        return True
    what = "past" if day < today else "too_far"
    detail = f"{day} is over." if day < today else f"{day} is more than two years ahead."
    findings.append(Finding(at.file, at.line, what, "left out", detail))
    return False


def _closed(blackouts: Iterable[Blackout], today: date, findings: list[Finding]) -> dict[date, Place]:
    closed: dict[date, Place] = {}
    for row in blackouts:
        if not _is_near(row.date, row.at, today, findings):
            continue
        if row.date in closed:
            detail = f"{row.date} is closed by {_line(closed[row.date], row.at)}."
            findings.append(Finding(row.at.file, row.at.line, "duplicate", "left out", detail))
        closed.setdefault(row.date, row.at)
    return closed


def _without_closed(
    rows: Sequence[SlotRow], closed: dict[date, Place], findings: list[Finding]
) -> list[SlotRow]:
    for row in rows:
        if row.date in closed:
            detail = f"{row.date} is closed by {_line(closed[row.date], row.at)}."
            findings.append(Finding(row.at.file, row.at.line, "blackout", "left out", detail))
    return [row for row in rows if row.date not in closed]


def _real(day: date, rows: list[SlotRow], findings: list[Finding]) -> list[SlotRow]:
    """The rows without what daylight saving skips."""
    if not walls.has_gap(day):
        return rows
    kept = []
    for row in rows:
        low, high = walls.moved(day, row.low), walls.moved(day, row.high)
        if (low, high) != (row.low, row.high):
            done = f"taken as {_shown(low, high)}" if low < high else "left out"
            detail = f"{_shown(row.low, row.high)} on {day}: the clocks jump over part of it."
            findings.append(Finding(row.at.file, row.at.line, "skipped_time", done, detail))
        if low < high:
            kept.append(SlotRow(row.at, row.key, row.id, day, low, high))
    return sorted(kept, key=lambda row: (row.low, row.high))


def _distinct(rows: list[SlotRow], findings: list[Finding]) -> list[SlotRow]:
    kept: dict[Window, SlotRow] = {}
    for row in rows:
        first = kept.setdefault((row.low, row.high), row)
        if first is not row:
            detail = f"{_shown(row.low, row.high)} is on {_line(first.at, row.at)} too."
            findings.append(Finding(row.at.file, row.at.line, "duplicate", "left out", detail))
    return list(kept.values())


def _joined(rows: list[SlotRow], findings: list[Finding]) -> list[SlotRow]:
    """Rows that overlap or touch as one; the earliest keeps its id, as the next add would have done."""
    kept: list[SlotRow] = []
    for row in rows:
        if not kept or row.low > kept[-1].high:
            kept.append(row)
            continue
        first = kept[-1]
        what = "overlap" if row.low < first.high else "touching"
        done = f"joined with {_line(first.at, row.at)}"
        findings.append(Finding(row.at.file, row.at.line, what, done, _shown(row.low, row.high)))
        number = first.id if first.id is not None else row.id
        kept[-1] = SlotRow(first.at, first.key, number, first.date, first.low, max(first.high, row.high))
    for row in kept[MOST_WINDOWS_A_DAY:]:
        detail = f"A day has room for {MOST_WINDOWS_A_DAY} windows."
        findings.append(Finding(row.at.file, row.at.line, "too_many_windows", "left out", detail))
    return kept[:MOST_WINDOWS_A_DAY]


def _line(place: Place, seen_from: Place) -> str:
    return f"line {place.line}" + (f" of file {place.file + 1}" if place.file != seen_from.file else "")


def _shown(low: int, high: int) -> str:
    return f"{show_minute(low)}–{show_minute(high)}"
