"""The hours of seven days as people type them: read from a posted form, and written back as typed.

Each day posts its rows as repeated ``from-N`` and ``to-N`` (N from Monday, 0–6), and in ``was-N`` what it
was when the page was made, so that an edit can be told from what merely stood there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict

from instainstru.lib.errors import DomainError, Invalid
from instructors.models.calendar import DAY_MINUTES
from instructors.services import schedule
from instructors.services.schedule import Window

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?")
_WINDOW = re.compile(r"(\d{1,4})-(\d{1,4})")


@dataclass(slots=True)
class Row:
    """One stretch, as the two fields show it."""

    starts: str
    ends: str
    error: str = ""


@dataclass(slots=True)
class TypedDay:
    """A day's rows; ``windows`` is what they say where nothing is wrong with them."""

    rows: list[Row]
    windows: list[Window] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    was: list[Window] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        return bool(self.errors) or any(row.error for row in self.rows)

    @property
    def is_edited(self) -> bool:
        return self.is_wrong or self.windows != self.was


def shown(windows: Sequence[Window], *, was: Sequence[Window] | None = None) -> TypedDay:
    """A day as its fields show these windows."""
    rows = [Row(schedule.show_minute(low), schedule.show_minute(high % DAY_MINUTES)) for low, high in windows]
    return TypedDay(rows, list(windows), was=list(windows if was is None else was))


def read(data: QueryDict) -> list[TypedDay]:
    """Seven days as posted. What is wrong is said at its day or row; all else stays as typed."""
    if any(f"was-{number}" not in data for number in range(7)):
        raise Invalid("The form did not arrive whole. Nothing was saved.", field="form")
    return [_day(data, number) for number in range(7)]


def as_text(windows: Iterable[Window]) -> str:
    """Windows for ``was-N``: ``540-720 780-1020``."""
    return " ".join(f"{low}-{high}" for low, high in windows)


def _day(data: QueryDict, number: int) -> TypedDay:
    starts, ends = data.getlist(f"from-{number}"), data.getlist(f"to-{number}")
    ends += [""] * (len(starts) - len(ends))
    was = [(int(low), int(high)) for low, high in _WINDOW.findall(data.get(f"was-{number}", "")[:500])]
    pairs = [(low.strip()[:10], high.strip()[:10]) for low, high in zip(starts, ends, strict=False)]
    day = TypedDay([Row(low, high) for low, high in pairs if low or high], was=was)
    if len(day.rows) > schedule.MOST_WINDOWS_A_DAY:
        day.rows = day.rows[: schedule.MOST_WINDOWS_A_DAY]
        day.errors.append(f"A day has room for {schedule.MOST_WINDOWS_A_DAY} windows.")
        return day
    windows = [window for row in day.rows if (window := _window(row)) is not None]
    if not day.is_wrong:
        try:
            day.windows = schedule.check_windows(windows, field="windows")
        except DomainError as refusal:
            day.errors.append(refusal.message)
    return day


def _window(row: Row) -> Window | None:
    low, high = _minute(row.starts), _minute(row.ends, end=True)
    if not row.starts or not row.ends:
        row.error = "Say from when until when, or empty both."
    elif low is None or high is None:
        row.error = f"“{row.starts if low is None else row.ends}” is no time of day. Write it like 09:30."
    elif low >= high:
        row.error = "The end must be after the start."
    else:
        return low, high
    return None


def _minute(text: str, *, end: bool = False) -> int | None:
    """Minutes of the day; as an end, midnight is the one that ends it."""
    if end and text in ("24:00", "00:00", "0:00"):
        return DAY_MINUTES
    found = _TIME.fullmatch(text)
    return int(found[1]) * 60 + int(found[2]) if found else None


def put_refusal(days: Sequence[TypedDay], refusal: DomainError) -> bool:
    """Put what a rule says of ``days.N`` or ``day_N`` on that day; whether all of it had a place."""
    placed = False
    for name, message in refusal.fields.items():
        if (found := re.fullmatch(r"days?[._]([0-6])", name)) is None:
            return False
        days[int(found[1])].errors.append(message)
        placed = True
    return placed
