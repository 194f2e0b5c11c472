"""The application's clock and calendar arithmetic: the only place that reads time.

*Instants* are aware datetimes in UTC. *Wall times* are naive and mean something only together
with an IANA zone; they meet UTC here and nowhere else.
"""

from __future__ import annotations

import time as _time
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from instainstru.lib.errors import DomainError

MIDNIGHT = time(0, 0)


class SkippedTime(DomainError):
    """A wall time that daylight saving jumps over and that therefore never happens."""

    code = "skipped_time"
    status = 422


def now() -> datetime:
    """The current instant in UTC, shifted by ``APP_CLOCK_OFFSET`` seconds (development only)."""
    current = datetime.now(UTC)
    offset: int = settings.APP_CLOCK_OFFSET
    return current + timedelta(seconds=offset) if offset else current


def monotonic() -> float:
    """Seconds on a clock that only runs forward: for durations and short in-process caches."""
    return _time.monotonic()


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; raises ``DomainError`` ``unknown_time_zone`` for any other text."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DomainError(f"“{name}” is not a time zone we know.", code="unknown_time_zone") from None


def is_zone(name: str) -> bool:
    """Whether ``name`` is an IANA zone."""
    try:
        zone(name)
    except DomainError:
        return False
    return True


def local(instant: datetime, tz: str) -> datetime:
    """The instant as an aware datetime in zone ``tz``."""
    return instant.astimezone(zone(tz))


def today(tz: str) -> date:
    """The date it is now in zone ``tz``."""
    return local(now(), tz).date()


def wall(minute: int) -> time:
    """The wall time of a minute of the day, 0–1439."""
    return time(minute // 60, minute % 60)


def to_instant(day: date, wall: time, tz: str) -> datetime:
    """The UTC instant at which clocks in ``tz`` show ``wall`` on ``day``.

    A time that daylight saving skips raises ``SkippedTime``; of a repeated one the first is meant,
    because that is the one people expect when they read the day from top to bottom.
    """
    naive = datetime.combine(day, wall)
    instant = naive.replace(tzinfo=zone(tz), fold=0).astimezone(UTC)
    if instant.astimezone(zone(tz)).replace(tzinfo=None) != naive:
        raise SkippedTime(
            f"{wall:%H:%M} does not exist on {day:%A %-d %B %Y} in {tz}: the clocks jump over it.",
            data={"date": day.isoformat(), "time": f"{wall:%H:%M}", "time_zone": tz},
        )
    return instant


@lru_cache(maxsize=4096)
def day_edge(day: date, wall: time, tz: str) -> datetime:
    """The UTC instant of ``wall`` on ``day``; a skipped time slides to the end of the gap.

    For the edges of a repeating pattern: "Sundays from 2:30" on the day without a 2:30 begins when
    the clocks have jumped, and must not fail. Remembered: a calendar asks for the same edges all day.
    """
    naive = datetime.combine(day, wall)
    instant = naive.replace(tzinfo=zone(tz), fold=0).astimezone(UTC)
    back = instant.astimezone(zone(tz)).replace(tzinfo=None)
    if back == naive:
        return instant
    # In a gap, fold=0 reads the wall time with the offset before the jump, so it lands after the
    # gap by as much as it lies inside; fold=1 uses the offset after it. The jump is between them.
    low = naive.replace(tzinfo=zone(tz), fold=1).astimezone(UTC)
    return transition(low, instant, tz)


@lru_cache(maxsize=1 << 15)
def even_day(day: date, tz: str) -> datetime | None:
    """The instant at which local ``day`` begins if it has 24 hours without any change of the clocks.

    None for the others, and for those a change touches: there each wall time has to be looked up.
    """
    start, end = (
        datetime.combine(edge, MIDNIGHT, tzinfo=zone(tz)) for edge in (day, day + timedelta(days=1))
    )
    even = start.utcoffset() == end.utcoffset() == start.replace(fold=1).utcoffset()
    return start.astimezone(UTC) if even else None


def transition(low: datetime, high: datetime, tz: str) -> datetime:
    """The instant in (low, high] at which the offset of ``tz`` changes, to the minute."""
    after = local(high, tz).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        middle = middle.replace(second=0, microsecond=0)
        if middle <= low:
            break
        if local(middle, tz).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high


def day_bounds(day: date, tz: str) -> tuple[datetime, datetime]:
    """The instants at which local ``day`` begins and ends: 23 to 25 hours apart, rarely other."""
    return day_edge(day, MIDNIGHT, tz), day_edge(day + timedelta(days=1), MIDNIGHT, tz)


def rfc3339(instant: datetime) -> str:
    """The instant as the API writes it: ``2026-12-03T23:00:00Z``."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
