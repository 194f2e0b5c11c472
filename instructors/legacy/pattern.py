"""The weekly pattern behind a run of dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from instructors.services.schedule import Window

Hours = tuple[Window, ...]


def weekly(days: Mapping[date, Sequence[Window]]) -> dict[int, list[Window]]:
    """For each weekday the hours that most of its dates have, so that as few dates as can be differ.

    ``days`` names every date that counts, closed ones with no windows. Between hours that are equally
    frequent the shorter win: what goes on past the last date can be booked at once, and closed is safe.
    """
    seen: dict[int, Counter[Hours]] = {weekday: Counter() for weekday in range(7)}
    for day, windows in days.items():
        seen[day.weekday()][tuple(windows)] += 1
    return {weekday: list(_best(counter)) for weekday, counter in seen.items()}


def _best(counter: Counter[Hours]) -> Hours:
    return min(counter, key=lambda hours: (-counter[hours], _length(hours), hours), default=())


def _length(hours: Hours) -> int:
    return sum(high - low for low, high in hours)
