"""The old system's rows as they come out of a file, and what was found wrong with them.

A record is told by what it has: a start and an end make it a slot, a date alone a date that is closed
(``blackout_dates``), an e-mail alone says who an instructor is. Any of them may stand in any file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from instainstru.lib.fields import BIGGEST_ID, Unreadable, read_date
from instructors.models.calendar import DAY_MINUTES
from instructors.models.legacy import FIRST_NEW_ID

COLUMNS = (
    "id", "instructor_id", "email", "specific_date", "date", "start_time", "end_time", "reason",
)  # fmt: skip
# What an export may hold beside them; of no use here.
UNUSED = ("created_at", "updated_at", "reason")
_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d)(?:\.\d{1,6})?)?", re.ASCII)
_NUMBER = re.compile(r"\d{1,19}", re.ASCII)
# An end in the day's last minute, however it was written, is the midnight that was meant.
LAST_MINUTE = DAY_MINUTES - 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one line: what it is, what was done about it, and the case in words."""

    file: int
    line: int
    what: str
    done: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands."""

    file: int
    line: int


@dataclass(frozen=True, slots=True)
class Person:
    """Which e-mail the old number ``key`` belongs to."""

    at: Place
    key: str
    email: str


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A slot; minutes of the date, 1440 for midnight at its end."""

    at: Place
    key: str
    id: int | None
    date: date
    low: int
    high: int
    email: str = ""


@dataclass(frozen=True, slots=True)
class Blackout:
    """A date that is closed whatever its slots say."""

    at: Place
    key: str
    date: date
    email: str = ""


@dataclass(slots=True)
class Reading:
    """What a record was, and what was noticed on the way."""

    row: Person | SlotRow | Blackout | None = None
    findings: list[Finding] = field(default_factory=list)


class _Bad(Exception):
    def __init__(self, what: str, detail: str) -> None:
        super().__init__(what)
        self.what = what
        self.detail = detail


def read(record: Mapping[str, Any] | str, at: Place) -> Reading:
    """The row of a record; a record that is none leaves only findings."""
    reading = Reading()
    try:
        if isinstance(record, str):
            raise _Bad("unreadable", record)
        reading.row = _row(record, at, reading.findings)
    except _Bad as bad:
        reading.findings.append(Finding(at.file, at.line, bad.what, "left out", bad.detail))
    return reading


def _row(record: Mapping[str, Any], at: Place, findings: list[Finding]) -> Person | SlotRow | Blackout:
    unknown = sorted(set(record) - set(COLUMNS) - set(UNUSED))
    if unknown:
        raise _Bad("unknown_field", f"There is no field {unknown[0][:40]}.")
    texts = {name: _text(name, record.get(name)) for name in COLUMNS if name != "reason"}
    email = texts["email"].lower()
    if email and ("@" not in email or len(email) > 254):
        raise _Bad("bad_email", f"{_shown(email)} is not an e-mail address.")
    day = texts["specific_date"] or texts["date"]
    is_person = email and not (day or texts["start_time"] or texts["end_time"])
    key = texts["instructor_id"] or (texts["id"] if is_person else "")
    if key and not _NUMBER.fullmatch(key):
        raise _Bad("bad_instructor", f"{_shown(key)} is not an instructor's number.")
    key = str(int(key)) if key else email
    if not key:
        raise _Bad("missing", "There is neither instructor_id nor email.")
    if is_person:
        return Person(at, key, email)
    if not day:
        raise _Bad("missing", "There is no specific_date.")
    on = _date(day)
    if not texts["start_time"] and not texts["end_time"]:
        return Blackout(at, key, on, email)
    low, high = _window(texts["start_time"], texts["end_time"], at, findings)
    return SlotRow(at, key, _slot_id(texts["id"]), on, low, high, email)


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _Bad("wrong_type", f"{name} is neither text nor a whole number.")


def _shown(text: str) -> str:
    return f"“{text[:40]}”"


def _date(text: str) -> date:
    # Exports may write a date with the time 00:00:00 behind it.
    try:
        return read_date(text[:10] if text[10:] in (" 00:00:00", "T00:00:00") else text)
    except Unreadable as error:
        raise _Bad("bad_date", f"{_shown(text)}: {error}") from None


def _slot_id(text: str) -> int | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= BIGGEST_ID:
        raise _Bad("bad_id", f"{_shown(text)} is not a slot's number.")
    if int(text) >= FIRST_NEW_ID:
        raise _Bad("bad_id", f"Numbers from {FIRST_NEW_ID:,} on are ours to give.")
    return int(text)


def _window(start: str, end: str, at: Place, findings: list[Finding]) -> tuple[int, int]:
    low, low_seconds = _minute("start_time", start)
    high, high_seconds = _minute("end_time", end)
    if high == LAST_MINUTE or (high == 0 and low > 0):
        detail = f"The end {end} is read as 24:00."
        findings.append(Finding(at.file, at.line, "midnight_end", "read as 24:00", detail))
        high, high_seconds = DAY_MINUTES, 0
    if low_seconds or high_seconds:
        low += 1 if low_seconds else 0
        detail = f"{start}–{end} has seconds."
        findings.append(Finding(at.file, at.line, "seconds", "shortened to minutes", detail))
    if low >= high or high > DAY_MINUTES:
        raise _Bad("reversed", f"{start}–{end}: the end must be after the start, on the same day.")
    return low, high


def _minute(name: str, text: str) -> tuple[int, int]:
    if not text:
        raise _Bad("missing", f"There is no {name}.")
    found = _TIME.fullmatch(text)
    if found is None:
        raise _Bad("bad_time", f"{_shown(text)} is not a time like 09:00.")
    minute, seconds = int(found[1]) * 60 + int(found[2]), int(found[3] or 0)
    if (minute, seconds) > (DAY_MINUTES, 0) or (minute == DAY_MINUTES and name == "start_time"):
        raise _Bad("bad_time", f"{_shown(text)} is after the end of the day.")
    return minute, seconds
