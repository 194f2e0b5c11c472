"""Times of day as atoms: "6:30 pm" is ``t1830``, "half past 6" is ``u0630`` and not yet decided.

Whoever reads an undecided time decides it: an hour 1–6 is in the afternoon, unless the morning was named;
7–11 is in the morning, unless the afternoon or evening was.
"""

from __future__ import annotations

import re

from instructors.services.search.grammar import compiled, words_of

DAY = 24 * 60
# An hour 1–6 without am or pm is pm.
LAST_PM_HOUR = 6
_NAMED = (
    (compiled(r"(?:12 |high )?(?:noon|midday|noontime)"), "t1200"),
    (compiled(r"(?:12 )?midnight"), "t2400"),
)
_HALF_DAY = re.compile(r"(?<![$/.])\b(\d{1,2})(?:[: ](\d\d))?(?: oclock)? (am|pm)\b")
_SAID = re.compile(
    r"(?<![$/.])\b(\d{1,2})(?::(\d\d))?(?: oclock)?(?: in the (morning|afternoon|evening)| at (night))\b"
)
_COLON = re.compile(r"\b(?<![/.$])(\d{1,2}):(\d\d)(?::\d\d)?(?![\d:])")
_PAST = re.compile(
    r"\b(half|quarter|(?:5|10|15|20|25) minutes) (past|after|to|till|of) (\d{1,2})\b(?!:)(?! to )(?: (am"
    r"|pm)\b)?"
)
_OCLOCK = re.compile(r"\b(\d{1,2}) oclock\b")
_TWO_NUMBERS = re.compile(
    r"\b(at|from|after|before|until|around|about|by) (\d{1,2}) (00|15|30|45)(?= |$)(?! (?:min|dollars|bucks))"
)
WORDS = words_of("midnight midday oclock quarter")


def mark(text: str) -> str:
    """The line with its times of day as atoms."""
    for pattern, atom in _NAMED:
        text = pattern.sub(atom, text)
    if not any(char.isdigit() for char in text):
        return text
    text = _PAST.sub(_past, text)
    text = _HALF_DAY.sub(lambda match: _atom(match, match.group(3)), text)
    text = _SAID.sub(_said, text)
    text = _COLON.sub(lambda match: _atom(match, None), text)
    text = _OCLOCK.sub(lambda match: _open(match.group(1), "00"), text)
    return _TWO_NUMBERS.sub(lambda match: f"{match.group(1)} {_open(*match.groups()[1:])}", text)


def _open(hour: str, minute: str) -> str:
    return f"u{int(hour):02d}{minute}"


def _past(match: re.Match[str]) -> str:
    """ "Half past 6", "quarter to 7"."""
    much, side, hour, half_day = match.groups()
    if not 1 <= int(hour) <= 12 or (much == "half" and side != "past"):
        return match.group()
    minutes = {"half": 30, "quarter": 15}.get(much) or int(much.split()[0])
    if much[0].isdigit() and side not in ("past", "to", "till"):
        return match.group()
    total = int(hour) * 60 + (minutes if side in ("past", "after") else -minutes)
    if total < 60:
        total += 12 * 60
    if half_day:
        return f"{total // 60}:{total % 60:02d} {half_day}"
    return _open(str(total // 60), f"{total % 60:02d}")


def _said(match: re.Match[str]) -> str:
    hour, part = int(match.group(1)), match.group(3) or match.group(4)
    if part == "afternoon" and LAST_PM_HOUR + 1 < hour < 12:
        return match.group()
    late = part in ("afternoon", "evening") or (part == "night" and 5 <= hour < 12)
    return _atom(match, "pm" if late else "am")


def _atom(match: re.Match[str], half_day: str | None) -> str:
    """The atom, or the words as they were where there is no such time."""
    hour, minute = int(match.group(1)), int(match.group(2) or 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return match.group()
    if half_day and hour <= 12:
        return f"t{hour % 12 + 12 * (half_day == 'pm'):02d}{minute:02d}"
    if half_day or hour > 12 or hour == 0 or match.group(1).startswith("0"):
        return f"t{hour:02d}{minute:02d}"
    return f"u{hour:02d}{minute:02d}"


def minutes_of(clock: str, *, part: str | None = None) -> int | None:
    """Minutes of the day of an atom or a bare number, decided by the part of the day that was named."""
    value, minute = (int(clock), 0) if clock.isdigit() else (int(clock[1:3]), int(clock[3:]))
    if value > 24 or minute > 59:
        return None
    if not clock.startswith("t"):
        afternoon = 1 <= value <= LAST_PM_HOUR and part != "morning"
        if afternoon or (part == "evening" and value < 12):
            value += 12
    return min(value * 60 + minute, DAY)
