"""Instants in words, in the zone somebody reads them in: "Thu 3 Dec, 6:00 pm"."""

from __future__ import annotations

from datetime import datetime

from instainstru.lib import clock


def short(instant: datetime, zone: str) -> str:
    """``Thu 3 Dec, 6:00 pm``: for deadlines and subjects."""
    there = clock.local(instant, zone)
    return f"{there:%a %-d %b}, {hour_of(there)}"


def date(instant: datetime, zone: str) -> str:
    """``Thursday 3 December 2026``."""
    return f"{clock.local(instant, zone):%A %-d %B %Y}"


def hour(instant: datetime, zone: str) -> str:
    """``6:00 pm``."""
    return hour_of(clock.local(instant, zone))


def hour_of(local: datetime) -> str:
    """``6:00 pm`` of a time that is local already."""
    # By hand: strftime takes three times as long, and pages show hundreds of times.
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"


def span(start: datetime, end: datetime, zone: str) -> str:
    """``6:00–7:00 pm``, or ``11:30 am–12:30 pm`` across noon."""
    first, last = clock.local(start, zone), clock.local(end, zone)
    same_half = (first.hour < 12) == (last.hour < 12) and first.date() == last.date()
    return f"{first:%-I:%M}–{hour_of(last)}" if same_half else f"{hour_of(first)}–{hour_of(last)}"


def city(zone: str) -> str:
    """``New York`` of ``America/New_York``: what people call the zone by."""
    return zone.rpartition("/")[2].replace("_", " ")


def same_clocks(instant: datetime, one: str, other: str) -> bool:
    """Whether clocks in the two zones show the same at that instant."""
    return clock.local(instant, one).utcoffset() == clock.local(instant, other).utcoffset()
