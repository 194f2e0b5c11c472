"""When a calendar file says that somebody is busy.

The file comes from anywhere, so ``busy_apart`` reads it in a process of its own with limits on time and
memory: a rule such as "every 30 February" keeps any program that expands it looking until the year 9999.
What says nothing about time (titles, guests, notes) is dropped before anything is read.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import recurring_ical_events

from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instainstru.lib.intervals import Range, clip

MOST_EVENTS = 20_000
MOST_OCCURRENCES = 20_000
MEMORY_BYTES = 1 << 30
DAY = timedelta(days=1)
ROOT = Path(__file__).resolve().parent.parent.parent

_FOLD = re.compile(r"\r?\n[ \t]")
_NAME = re.compile(r"[A-Za-z-]+")
KEPT = frozenset({
    "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP",
    "SEQUENCE", "X-MICROSOFT-CDO-BUSYSTATUS",
})  # fmt: skip
REPEATING = frozenset({"RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
# Nobody is busy so often; expanding it would take longer than anybody waits.
TOO_OFTEN = re.compile(r"FREQ=(SECONDLY|MINUTELY)", re.IGNORECASE)


class Unreadable(DomainError):
    """The file cannot be read; the message says why."""

    code = "unreadable"


@dataclass(frozen=True, slots=True)
class Busy:
    """Busy times, normal and within what was asked for; of how many events they are made."""

    ranges: list[Range]
    events: int


@dataclass(frozen=True, slots=True)
class Question:
    """``zone`` is where the instructor's clocks are; events with a UID of ``own_host`` are our lessons."""

    zone: str
    low: datetime
    high: datetime
    own_host: str


def busy(text: str, question: Question) -> Busy:
    """The busy times of the file within ``[low, high)``; raises ``Unreadable``.

    Free and cancelled events do not count. A whole day is one of the calendar's own zone where it names
    one and of the instructor's otherwise; a time without a zone is one on the instructor's clocks. An event
    that repeats counts as it says, with its exceptions.
    """
    head, zones, events = _split(text)
    kept = list(_relevant(events, question))
    if not kept:
        return Busy([], 0)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *head, *zones]
    for event in kept:
        lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    lines += ["END:VCALENDAR", ""]
    try:
        calendar = icalendar.Calendar.from_ical("\r\n".join(lines))
        query = recurring_ical_events.of(calendar, skip_bad_series=True)
        # A day more on each side: times without a zone are compared as if they were in UTC.
        found = query.between(question.low - DAY, question.high + DAY)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise Unreadable("We cannot make sense of this calendar file.") from error
    own_zone = head[0].partition(":")[2].strip() if head else question.zone
    return _busy_of(found, own_zone, question)


def _busy_of(found: list[Any], day_zone: str, question: Question) -> Busy:
    if len(found) > MOST_OCCURRENCES:
        raise Unreadable("There is far too much in this calendar.")
    ranges = []
    for event in found:
        if _is_free(event):
            continue
        start = _instant(event["DTSTART"].dt, day_zone, question.zone)
        end = _instant(event["DTEND"].dt, day_zone, question.zone)
        if max(start, question.low) < min(end, question.high):
            ranges.append((start, end))
    return Busy(clip(ranges, low=question.low, high=question.high), len(ranges))


def _is_free(event: Any) -> bool:
    return (
        str(event.get("TRANSP", "")).upper() == "TRANSPARENT"
        or str(event.get("STATUS", "")).upper() == "CANCELLED"
        or str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() == "FREE"
    )


def _instant(value: date | datetime, day_zone: str, zone: str) -> datetime:
    if not isinstance(value, datetime):
        return clock.day_bounds(value, day_zone)[0]
    if value.tzinfo is None:
        return clock.day_edge(value.date(), value.time(), zone)
    return value.astimezone(UTC)


Lines = list[str]


def _split(text: str) -> tuple[Lines, Lines, list[Lines]]:
    """The line that names the calendar's own zone, its zones' rules, of each event the lines that matter."""
    if "BEGIN:VCALENDAR" not in text[:4096].upper():
        raise Unreadable(_no_calendar(text))
    head: Lines = []
    zones: Lines = []
    events: list[Lines] = []
    inside: list[str] = []
    for line in _FOLD.sub("", text.replace("\x00", "")).splitlines():
        match = _NAME.match(line)
        name = match.group().upper() if match else ""
        if name == "BEGIN":
            inside.append(line[6:].strip().upper())
            if inside[-1] == "VEVENT" and len(inside) == 2:
                events.append([])
        if "VTIMEZONE" in inside:
            zones.append(line)
        elif inside[1:] == ["VEVENT"] and name in KEPT:
            events[-1].append(line)
        elif len(inside) == 1 and name == "X-WR-TIMEZONE" and clock.is_zone(line.partition(":")[2].strip()):
            head = [line]
        if name == "END" and inside:
            inside.pop()
        if len(events) > MOST_EVENTS:
            raise Unreadable(f"There are more than {MOST_EVENTS} events in this calendar.")
    if inside:
        raise Unreadable("This calendar file is not complete. Please try again.")
    return head, zones, events


def _no_calendar(text: str) -> str:
    if "<html" in text[:4096].lower():
        return "That is the address of a page, not of a calendar. Look for one that ends in .ics."
    return "What stands at that address is not a calendar file."


def _relevant(events: list[Lines], question: Question) -> Iterator[Lines]:
    """The events that can be busy within what is asked; what repeats is always looked at."""
    read = [_fields(event) for event in events]
    uses = Counter(fields.get("UID", "") for fields in read)
    first, last = f"{question.low - 2 * DAY:%Y%m%d}", f"{question.high + 2 * DAY:%Y%m%d}"
    for event, fields in zip(events, read, strict=True):
        if "DTSTART" not in fields or fields.get("UID", "").endswith(f"@{question.own_host}"):
            continue
        if TOO_OFTEN.search(fields.get("RRULE", "")):
            raise Unreadable("An event in this calendar repeats every minute or second.")
        if not REPEATING & fields.keys() and uses[fields.get("UID", "")] == 1:
            # Dates at the beginning of both forms sort as text does.
            over = fields.get("DTEND", fields["DTSTART"] if "DURATION" not in fields else "9")
            if fields["DTSTART"][:8] > last or over[:8] < first:
                continue
        yield event if "UID" in fields else [*event, f"UID:{id(event)}"]


def _fields(event: Lines) -> dict[str, str]:
    found = {}
    for line in event:
        name, value = line[: _NAME.match(line).end()].upper(), line.rpartition(":")[2].strip()  # type: ignore[union-attr]
        found[name] = value
    return found


def busy_apart(text: bytes, question: Question, *, seconds: float) -> Busy:
    """``busy`` of the file's bytes, with at most so many seconds and a gigabyte; raises ``Unreadable``."""
    asked = {
        "zone": question.zone, "low": question.low.isoformat(), "high": question.high.isoformat(),
        "own_host": question.own_host, "seconds": int(seconds) + 1,
    }  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__],
            input=json.dumps(asked).encode() + b"\n" + text,
            capture_output=True, cwd=ROOT, timeout=seconds, check=True,
            # Nothing of ours is worth knowing there.
            env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        told = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise Unreadable(
            "Working out what repeats in this calendar takes too long.", code="too_slow"
        ) from None
    except (subprocess.CalledProcessError, ValueError) as error:
        raise Unreadable("We cannot make sense of this calendar file.") from error
    if "refusal" in told:
        raise Unreadable(told["refusal"])
    ranges = [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in told["ranges"]]
    return Busy(ranges, told["events"])


def main() -> None:
    """Read a question and a file from standard input, write the answer to standard output."""
    asked = json.loads(sys.stdin.buffer.readline())
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    low, high = datetime.fromisoformat(asked["low"]), datetime.fromisoformat(asked["high"])
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
        found = busy(text, Question(asked["zone"], low, high, asked["own_host"]))
    except DomainError as refusal:
        answer: dict[str, Any] = {"refusal": refusal.message}
    except (MemoryError, RecursionError):
        answer = {"refusal": "There is far too much in this calendar."}
    else:
        ranges = [(start.isoformat(), end.isoformat()) for start, end in found.ranges]
        answer = {"ranges": ranges, "events": found.events}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
