"""Days, months and people as pages show them; hours and spans are in ``lib/when.py``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from instainstru.lib import when

FACES = 8
# From which local hour a part of the day counts (search.md: morning, afternoon, evening).
PARTS = ((17, "Evening"), (12, "Afternoon"), (0, "Morning"))


def day(value: date) -> str:
    """``Thu 3 Dec``."""
    return f"{value:%a} {value.day} {value:%b}"


def long_day(value: date) -> str:
    """``Thursday 3 December``."""
    return f"{value:%A} {value.day} {value:%B}"


def month(value: date) -> str:
    """``December 2026``."""
    return f"{value:%B %Y}"


def part(local: datetime) -> str:
    """Morning, Afternoon or Evening."""
    return next(name for hour, name in PARTS if local.hour >= hour)


def zone(name: str) -> str:
    """``New York time``."""
    return "UTC" if name == "UTC" else f"{when.city(name)} time"


def leaf(value: date) -> dict[str, str]:
    """The three lines of a calendar leaf."""
    return {"weekday": f"{value:%a}", "day": str(value.day), "month": f"{value:%b}"}


def count(number: int, one: str, many: str = "") -> str:
    """``1 time``, ``1,204 times``; ``many`` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def unbroken(text: str) -> str:
    """The text with its hours in one piece: no line ends before "am" or "pm"."""
    return re.sub(r" (?=[ap]m\b)", "\u00a0", text)


def minutes(length: int) -> str:
    """``60 min``."""
    return f"{length} min"


def words(parts: Sequence[str], *, last: str = "and") -> str:
    """``Online, at the studio or at your place``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def initials(first: str, last: str) -> str:
    """``SC`` for the portrait of who has no photograph."""
    return f"{first[:1]}{last[:1]}".upper() or "?"


def face(number: int) -> int:
    """Which of the eight hues stands behind the initials; always the same for one person."""
    return number % FACES + 1


def windows(spans: Sequence[tuple[int, int]], *, none: str = "Closed") -> str:
    """Minutes of a day as ``9:00 am–1:00 pm, 3:00–8:00 pm``."""
    return ", ".join(window(low, high) for low, high in spans) or none


def window(low: int, high: int) -> str:
    """One of them; 1440 is ``midnight``."""
    if high == 24 * 60:
        return f"{minute(low)}–midnight"
    if (low < 12 * 60) == (high < 12 * 60):
        return f"{minute(low).rpartition(' ')[0]}–{minute(high)}"
    return f"{minute(low)}–{minute(high)}"


def minute(of_day: int) -> str:
    """``9:30 am``."""
    hour, rest = divmod(of_day, 60)
    return f"{hour % 12 or 12}:{rest:02d} {'am' if hour < 12 else 'pm'}"
