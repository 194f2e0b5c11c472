"""The time zones instructors live in: a handful, which the walk is told about beforehand."""

from __future__ import annotations

from instainstru.lib import clock
from instructors.models import Instructor

# Whoever finds a row of a zone that is not among them says so (``learn``).
STALE_AFTER = 600.0
_seen: tuple[float, tuple[str, ...]] | None = None


def in_use() -> tuple[str, ...]:
    """The zones of listed instructors, at most ``STALE_AFTER`` seconds old."""
    global _seen
    if _seen is None or clock.monotonic() - _seen[0] > STALE_AFTER:
        listed = Instructor.objects.filter(status=Instructor.Status.LISTED).order_by("time_zone")
        _seen = (clock.monotonic(), tuple(listed.values_list("time_zone", flat=True).distinct()))
    return _seen[1]


def learn(zone: str) -> None:
    """From now on it is among them."""
    global _seen
    known = in_use()
    _seen = (clock.monotonic(), (*known, zone))


def forget() -> None:
    """Drop this process's copy."""
    global _seen
    _seen = None
