"""Arithmetic on half-open ranges ``[start, end)``: pure, over anything that can be ordered.

Lists of ranges are *normal* when sorted, disjoint, non-empty and not touching. Every function takes
any list and returns a normal one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

Range = tuple[datetime, datetime]


def normal(ranges: Iterable[Range]) -> list[Range]:
    """The same points as sorted, disjoint, non-empty ranges; touching ones become one."""
    result: list[Range] = []
    for start, end in sorted(ranges):
        if start >= end:
            continue
        if result and start <= result[-1][1]:
            if end > result[-1][1]:
                result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def subtract(ranges: Iterable[Range], holes: Iterable[Range]) -> list[Range]:
    """The points of ``ranges`` that lie in none of ``holes``."""
    result: list[Range] = []
    taken = normal(holes)
    for start, end in normal(ranges):
        for hole_start, hole_end in taken:
            if hole_end <= start:
                continue
            if hole_start >= end:
                break
            if hole_start > start:
                result.append((start, hole_start))
            start = max(start, hole_end)
            if start >= end:
                break
        if start < end:
            result.append((start, end))
    return result


def clip(ranges: Iterable[Range], *, low: datetime, high: datetime) -> list[Range]:
    """The points of ``ranges`` within ``[low, high)``."""
    return normal((max(start, low), min(end, high)) for start, end in ranges)


def covers(ranges: Iterable[Range], wanted: Range) -> bool:
    """Whether one of the (normal) ranges holds ``wanted`` whole."""
    return any(start <= wanted[0] and wanted[1] <= end for start, end in ranges)


def overlaps(first: Range, second: Range) -> bool:
    """Whether two ranges share a point; ranges that only touch do not."""
    return first[0] < second[1] and second[0] < first[1]
