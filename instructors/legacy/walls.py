"""Wall times as minutes of a date: joining windows, and what daylight saving does to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from instainstru.lib import clock
from instructors.models.calendar import DAY_MINUTES
from instructors.services.schedule import Window

# The old system knew no zone: its wall times are New York's.
ZONE = "America/New_York"


def joined(windows: Iterable[Window]) -> list[Window]:
    """The same minutes as windows in order that neither overlap nor touch."""
    result: list[Window] = []
    for low, high in sorted(windows):
        if low >= high:
            continue
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result


@lru_cache(maxsize=4096)
def has_gap(day: date) -> bool:
    """Whether the clocks jump forward on that date."""
    begin, end = clock.day_bounds(day, ZONE)
    return end - begin < timedelta(days=1)


def is_skipped(day: date, minute: int) -> bool:
    """Whether daylight saving jumps over that minute."""
    return moved(day, minute) != minute


def moved(day: date, minute: int) -> int:
    """The minute, or the end of the gap it lies in: the same instant as ``clock.day_edge`` means."""
    if minute == DAY_MINUTES or not has_gap(day):
        return minute
    local = clock.local(clock.day_edge(day, clock.wall(minute), ZONE), ZONE)
    return local.hour * 60 + local.minute


def real(day: date, windows: Iterable[Window]) -> list[Window]:
    """The windows without the minutes that do not exist on ``day``."""
    if not has_gap(day):
        return list(windows)
    return joined((moved(day, low), moved(day, high)) for low, high in windows)
