"""Between which times of day a lesson starts: "at 6", "after 5", "3 to 5 pm", "saturday mornings"."""

from __future__ import annotations

import re
from datetime import date

from instructors.services.search.grammar import TAKEN, UNITS, compiled, words_of
from instructors.services.search.grammar.clocks import DAY, minutes_of
from instructors.services.search.phrases import PARTS
from instructors.services.search.reading import Reading

HOUR = 60
_C = r"([tu]\d{4}|\d{1,2}(?![\d:/.]))"
_BARE = _C + UNITS
# Hours of which both are bare numbers up to this are meant where a range has no "from" and no "between".
LAST_BARE = 12
_RANGE = re.compile(
    rf"(?:\b(between|from|anytime|any time|at|around|about) (?:from |between )?)?(?<![\w:/.$]){_C}"
    rf" (to|and|until|till|til|through|thru|or) {_BARE}(?= |$)"
)
_AROUND = re.compile(
    rf"\b(?:at )?(?:around|about|approximately|approx|roughly|circa|close to|near to) {_BARE}(?:"
    rf" ?ish)?(?= |$)"
    rf"|(?<![\w:/.$])(?:at )?{_C} (?:ish|or so|or thereabouts)\b"
)
_AFTER = re.compile(
    rf"\b(?:any ?time )?(?:after|past|from|since|starting(?: at| from| after)?|beginning at|no earlier than"
    rf"|not before|not earlier than|(?<!no )(?<!not )later than) {_BARE}(?: (?:on|onwards?|or later|and"
    rf" later|or after))?(?= |$)"
    rf"|(?<![\w:/.$])(?:at )?{_C} (?:or later|onwards?|and later|or after|and after|or thereafter|and on)\b"
)
_BEFORE = re.compile(
    r"\b(?:any ?time )?(?:(?:done|finish(?:ed)?|ends?|over) )?"
    r"(?:before|until|till|til|(?<!close )(?<!near )by|no later than"
    rf"|not later than|not after|(?<!no )(?<!not )earlier than"
    rf"|up to) {_BARE}(?= |$)"
    rf"|(?<![\w:/.$])(?:at )?{_C} (?:or earlier|or before|and earlier|and before|at the latest|latest)\b"
)
_AT = re.compile(
    rf"\bat (?:exactly )?{_BARE}(?: (?:sharp|exactly))?(?= |$)|@ {_BARE}(?= |$)|(?<![\w.:/$])([tu]\d{{4}})\b"
)
_PART = re.compile(
    r"\b(?:(?:in|during|on) (?:the |early |late )?|the |this )?(?:early |late |mid )?"
    r"(morning|afternoon|evening|tonight|night|nite|weeknight)s?(?: time)?(?= |$)"
)
# What people say instead of an hour: from, to.
_HABITS = (
    (compiled("(?:any ?time )?after school(?: hours)?"), 15 * HOUR, None),
    (compiled("before school"), None, 8 * HOUR),
    (compiled("(?:any ?time )?after (?:work|office hours)"), 17 * HOUR, None),
    (compiled("before work"), None, 9 * HOUR),
    (compiled("after lunch(?:time)?"), 13 * HOUR, None),
    (compiled("before lunch(?:time)?"), None, 12 * HOUR),
    (compiled("(?:at |over |during |on )?(?:my )?lunch ?(?:time|break|hour)?"), 12 * HOUR, 14 * HOUR),
)
WORDS = words_of(
    "morning mornings afternoon afternoons evening evenings tonight night nights weeknight weeknights after"
    " before until around about onwards later earlier lunch lunchtime between"
)


def read(text: str, reading: Reading, today: date) -> str:
    """Hours where they are said, parts of the day where not; of both what they have in common."""
    parts = list(dict.fromkeys(_PART_NAMES[name] for name in _PART.findall(text)))
    text = _PART.sub(TAKEN, text)
    low, high = _of_parts(parts)
    found: list[tuple[int | None, int | None, bool]] = []
    text = _hours(text, parts[0] if len(parts) == 1 else None, found)
    for pattern, start, end in _HABITS:
        if pattern.search(text):
            text = pattern.sub(TAKEN, text)
            found.append((start, end, start is not None and end is not None))
    if any(whole for *_, whole in found):
        low, high = next((start, end) for start, end, whole in found if whole)
    else:
        low, high = _narrowed(
            low,
            high,
            max((start for start, *_ in found if start is not None), default=None),
            min((end for _, end, _ in found if end is not None), default=None),
        )
    reading.time_from, reading.time_to = _clock(low), _clock(high)
    return text


_PART_NAMES = dict.fromkeys(("evening", "night", "nite", "tonight", "weeknight"), "evening") | {
    name: name for name in ("morning", "afternoon")
}


def _of_parts(parts: list[str]) -> tuple[int | None, int | None]:
    """From the first of them to the last; a gap between two cannot be said and is filled."""
    if not parts:
        return None, None
    edges = [tuple(map(_minute, PARTS[part])) for part in parts]
    return min(low for low, _ in edges), max(high for _, high in edges)


def _narrowed(
    low: int | None, high: int | None, start: int | None, end: int | None
) -> tuple[int | None, int | None]:
    """A part of the day and bounds: what all allow; the bounds alone where that is nothing."""
    if start is not None and end is not None:
        return start, end
    first = max((edge for edge in (low, start) if edge is not None), default=None)
    last = min((edge for edge in (high, end) if edge is not None), default=None)
    if first is not None and last is not None and first >= last:
        return (start, None) if start is not None else (None, end)
    return first, last


def _hours(text: str, part: str | None, found: list[tuple[int | None, int | None, bool]]) -> str:
    """Take ranges, bounds and single hours out of the text, into ``found`` as (from, to, both are said)."""
    if not any(char.isdigit() for char in text):
        return text

    def at(clock: str) -> int | None:
        return minutes_of(clock, part=part)

    def between(match: re.Match[str]) -> str:
        word, first, join, second = match.groups()
        bare = first.isdigit() and second.isdigit()
        if (join == "or" or (join == "and" and word is None)) and bare:
            return match.group()
        if bare and word is None and max(int(first), int(second)) > LAST_BARE:
            return match.group()
        span = _span(first, second, part)
        if span is None:
            return match.group()
        if join == "or":
            span = span[0], min(span[1] + HOUR, DAY)
        found.append((*span, True))
        return TAKEN

    def around(match: re.Match[str]) -> str:
        minute = at(match.group(1) or match.group(2))
        if minute is None:
            return match.group()
        found.append((max(minute - HOUR, 0), min(minute + HOUR, DAY), True))
        return TAKEN

    def after(match: re.Match[str]) -> str:
        minute = at(match.group(1) or match.group(2))
        if minute is None:
            return match.group()
        found.append((minute % DAY, None, False))
        return TAKEN

    def before(match: re.Match[str]) -> str:
        minute = at(match.group(1) or match.group(2))
        if minute is None:
            return match.group()
        found.append((None, minute, False))
        return TAKEN

    def single(match: re.Match[str]) -> str:
        clock = next(filter(None, match.groups()))
        minute = at(clock)
        if minute is None:
            return match.group()
        minute %= DAY
        found.append((minute, minute + HOUR, True))
        return TAKEN

    for pattern, take in (
        (_RANGE, between),
        (_AROUND, around),
        (_AFTER, after),
        (_BEFORE, before),
        (_AT, single),
    ):
        text = pattern.sub(take, text)
    return text


def _span(first: str, second: str, part: str | None) -> tuple[int, int] | None:
    """ "3 to 5 pm", "11 to 1", "7 to 9 pm": what is not said of one end follows from the other."""
    high = minutes_of(second, part=part)
    low = minutes_of(first, part=part)
    if low is None or high is None:
        return None
    if not second.startswith("t") and high <= low and high + DAY // 2 <= DAY:
        high += DAY // 2
    if not first.startswith("t") and second.startswith("t"):
        # The latest reading of the first that is before the second.
        hour = low % (DAY // 2)
        low = max((one for one in (hour, hour + DAY // 2) if one < high), default=low)
    return (low, high) if low < high else None


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def _clock(minute: int | None) -> str | None:
    return None if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"
