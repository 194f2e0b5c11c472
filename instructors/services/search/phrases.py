"""Recognisers for what needs no vocabulary: prices, lengths, dates, times, ages, levels, sorts.

Each takes the text and the reading, writes what it found, and returns the text without it. The order in
``RECOGNISERS`` matters where one form contains another ("45 minutes" before "at 45").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instructors.services.search.parse import Reading

Recogniser = Callable[[str, "Reading", date], str]

DAY = timedelta(days=1)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAY_FORMS = (
    r"mondays?|mon|tuesdays?|tues?|wednesdays?|weds?|thursdays?|thurs?|thu|fridays?|fri|saturdays?|sat(?!\s+(?:prep|tutor|test|exam|math|score|lesson|class|coach|teacher|course|practice))"
    r"|sundays?|sun"
)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH_FORMS = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_MONEY = r"\$?\s?(\d{1,5})(?:\.\d\d)?(?:\s?(?:dollars|bucks|usd))?(?:\s?(?:/|per|an)\s?(?:hour|hr|h)\b)?"
_CLOCK = r"(\d{1,2})(?::(\d\d))?\s?(am|pm|a\.m\.?|p\.m\.?)?"

PARTS = {
    "morning": ("06:00", "12:00"),
    "afternoon": ("12:00", "17:00"),
    "evening": ("17:00", "21:00"),
    "tonight": ("17:00", "21:00"),
    "night": ("17:00", "21:00"),
}


def _minutes(hour: str, minute: str | None, half: str | None) -> int | None:
    """Minutes of the day; an hour 1–6 without am or pm is pm."""
    value, rest = int(hour), int(minute or 0)
    if value > 24 or rest > 59:
        return None
    if half and half.startswith("p") and value < 12:
        value += 12
    elif half and half.startswith("a") and value == 12:
        value = 0
    elif not half and 1 <= value <= 6:
        value += 12
    total = value * 60 + rest
    return total if total <= 24 * 60 else None


def _clock(minute: int) -> str:
    minute = max(0, min(minute, 24 * 60))
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _times(text: str, reading: Reading, today: date) -> str:
    def between(match: re.Match[str]) -> str:
        h1, m1, a1, h2, m2, a2 = match.groups()
        low, high = _minutes(h1, m1, a1 or a2), _minutes(h2, m2, a2)
        if low is None or high is None or low >= high:
            return match.group()
        reading.time_from, reading.time_to = _clock(low), _clock(high)
        return " "

    def bound(match: re.Match[str]) -> str:
        word, *parts = match.groups()
        at = _minutes(*parts)
        if at is None:
            return match.group()
        if word in ("after", "from", "since"):
            reading.time_from = _clock(at)
        elif word in ("before", "until", "till", "by"):
            reading.time_to = _clock(at)
        elif word in ("around", "about"):
            reading.time_from, reading.time_to = _clock(at - 60), _clock(at + 60)
        else:
            reading.time_from, reading.time_to = _clock(at), _clock(at + 60)
        return " "

    def bare(match: re.Match[str]) -> str:
        at = _minutes(*match.groups())
        if at is None:
            return match.group()
        reading.time_from, reading.time_to = _clock(at), _clock(at + 60)
        return " "

    text = (
        re.sub(rf"\b(?:between |from )?{_CLOCK}\s?(?:-|to|and|until)\s?{_CLOCK}(?=\s)", between, text)
        if re.search(r"\d\s?(am|pm)|:\d\d|\b(between|from)\s\d", text)
        else text
    )
    text = re.sub(r"\b(?:at )?noon\b", " at 12:00 ", text)
    text = re.sub(rf"\b(after|before|from|until|till|by|around|about|at)\s{_CLOCK}(?=\s)", bound, text)
    return re.sub(r"(?<![\d$:])(\d{1,2})(?::(\d\d))?\s?(am|pm)\b", bare, text)


def _parts(text: str, reading: Reading, today: date) -> str:
    def part(match: re.Match[str]) -> str:
        word = match.group(1)
        if reading.time_from is None and reading.time_to is None:
            reading.time_from, reading.time_to = PARTS[word]
        if word == "tonight" and reading.date_from is None:
            reading.date_from = reading.date_to = today.isoformat()
        return " "

    return re.sub(r"\b(?:in the |this )?(morning|afternoon|evening|tonight|night)s?\b", part, text)


def _prices(text: str, reading: Reading, today: date) -> str:
    def between(match: re.Match[str]) -> str:
        low, high = int(match.group(1)), int(match.group(2))
        reading.price_min, reading.price_max = min(low, high), max(low, high)
        return " "

    def most(match: re.Match[str]) -> str:
        reading.price_max = int(match.group(1))
        return " "

    def least(match: re.Match[str]) -> str:
        reading.price_min = int(match.group(1))
        return " "

    text = re.sub(rf"(?:between\s|from\s)?\$\s?(\d{{1,5}})\s?(?:-|to|and)\s?{_MONEY}", between, text)
    text = re.sub(
        rf"\b(?:under|below|less than|up to|at most|max(?:imum)?|cheaper than|no more than|within)\s{_MONEY}"
        r"(?!\s?(?:min|hour|hr|years?|yo))",
        most,
        text,
    )
    text = re.sub(r"\b(?:over|above|more than|at least|min(?:imum)?)\s\$\s?(\d{1,5})", least, text)
    return re.sub(r"\$\s?(\d{1,5})(?:\s?(?:/|per|an)\s?(?:hour|hr|h)\b)?", most, text)


def _lengths(text: str, reading: Reading, today: date) -> str:
    def minutes(match: re.Match[str]) -> str:
        reading.duration_min = int(match.group(1))
        return " "

    def hours(match: re.Match[str]) -> str:
        reading.duration_min = {"1": 60, "one": 60, "an": 60, "2": 120, "two": 120, "half an": 30}.get(
            match.group(1), 90
        )
        return " "

    text = re.sub(r"\b(\d{2,3})[\s-]?(?:minutes?|mins?)\b", minutes, text)
    text = re.sub(r"\b(half an|1\.5|one and a half)[\s-]?(?:hours?|hrs?)\b", hours, text)
    return re.sub(r"\b(1|one|2|two)[\s-](?:hours?|hrs?)\b", hours, text)


def _dates(text: str, reading: Reading, today: date) -> str:
    def day(when: date, until: date | None = None) -> str:
        reading.date_from, reading.date_to = when.isoformat(), (until or when).isoformat()
        return " "

    def weekday(match: re.Match[str]) -> str:
        index = WEEKDAYS.index(match.group(2)[:3])
        if match.group(2).endswith("days") or (match.group(1) or "").strip() in ("every", "each"):
            if WEEKDAYS[index] not in reading.weekdays:
                reading.weekdays.append(WEEKDAYS[index])
                reading.weekdays.sort(key=WEEKDAYS.index)
            return " "
        if (match.group(1) or "").strip() == "next":
            return day(today + (7 - today.weekday() + index) * DAY)
        return day(today + ((index - today.weekday() - 1) % 7 + 1) * DAY)

    def dated(month: str, number: str) -> str | None:
        index = MONTHS.index(month[:3]) + 1
        for year in (today.year, today.year + 1):
            try:
                found = date(year, index, int(number))
            except ValueError:
                continue
            if found >= today:
                return day(found)
        return None

    monday = today - today.weekday() * DAY
    for pattern, first, last in (
        (r"\bday after tomorrow\b", today + 2 * DAY, None),
        (r"\btomorrow\b|\btmrw\b", today + DAY, None),
        (r"\btoday\b", today, None),
        (r"\bnext weekend\b", monday + 12 * DAY, monday + 13 * DAY),
        (r"\b(?:this|the) weekend\b", max(today, monday + 5 * DAY), monday + 6 * DAY),
        (r"\bnext week\b", monday + 7 * DAY, monday + 13 * DAY),
        (r"\bthis week\b", today, monday + 6 * DAY),
    ):
        if re.search(pattern, text):
            text = re.sub(pattern, " ", text)
            day(first, last)
    if re.search(r"\bweekends?\b", text):
        reading.weekdays = ["sat", "sun"]
    elif re.search(r"\bweekdays?\b|\bweek days\b", text):
        reading.weekdays = WEEKDAYS[:5]
    text = re.sub(r"\b(?:on )?week ?(?:ends?|days?)\b", " ", text)
    text = re.sub(
        rf"\b({_MONTH_FORMS})\s(\d{{1,2}})(?:st|nd|rd|th)?\b",
        lambda match: dated(*match.groups()) or match.group(),
        text,
    )
    text = re.sub(
        rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?({_MONTH_FORMS})\b",
        lambda match: dated(match.group(2), match.group(1)) or match.group(),
        text,
    )
    return re.sub(rf"\b(?:on )?(next |this |every |each )?\b({_DAY_FORMS})\b", weekday, text)


def _people(text: str, reading: Reading, today: date) -> str:
    def age(match: re.Match[str]) -> str:
        years = int(match.group(1))
        if years > 110:
            return match.group()
        reading.age = years
        reading.audience = "kids" if years < 13 else "teens" if years < 18 else "adults"
        return " "

    text = re.sub(
        r"\b(\d{1,3})[\s-]?(?:years?|yrs?|yr)[\s-]?(?:olds?)?\b|\b(\d{1,3})[\s-]?yo\b",
        lambda m: age(
            re.match(r"(\d+)", m.group().strip())  # type: ignore[arg-type]
        ),
        text,
    )
    for audience, words in (
        ("kids", r"kids?|child(?:ren)?|toddlers?|(?:my )?(?:son|daughter)"),
        ("teens", r"teens?|teenagers?|high ?schoolers?"),
        ("adults", r"adults?|seniors?"),
    ):
        if re.search(rf"\b(?:{words})\b", text):
            reading.audience = reading.audience or audience
            text = re.sub(rf"\b(?:for )?(?:{words})\b", " ", text)
    for level, words in (
        ("beginner", r"beginners?|beginning|novices?|from scratch|basics?|newbies?|starters?"),
        ("intermediate", r"intermediate"),
        ("advanced", r"advanced|experts?|professional"),
    ):
        if re.search(rf"\b(?:{words})\b", text):
            reading.level = level
            text = re.sub(rf"\b(?:{words})\b", " ", text)
    return text


def _ways(text: str, reading: Reading, today: date) -> str:
    if re.search(r"\bnear ?by\b|\b(?:near|close to|around) me\b", text):
        reading.near_me = True
        text = re.sub(r"\bnear ?by\b|\b(?:near|close to|around) me\b", " ", text)
    at_home = (
        r"\b(?:comes?|coming|travels?) to (?:my|our|me|us)(?: (?:home|house|place|apartment))?\b"
        r"|\bat (?:my|our) (?:home|place|house)\b|\bat home\b|\bin[\s-]home\b"
    )
    for modality, pattern in (
        ("in_person", at_home),
        ("in_person", r"\bin[\s-]?person\b|\bface to face\b"),
        ("online", r"\b(?:online|virtual(?:ly)?|remote(?:ly)?|video|zoom|over video)\b"),
    ):
        if re.search(pattern, text):
            reading.modality = reading.modality or modality
            text = re.sub(pattern, " ", text)
    return text


def _sorts(text: str, reading: Reading, today: date) -> str:
    for sort, pattern in (
        ("soonest", r"\b(?:asap|as soon as possible|soonest|first available|earliest|right now)\b"),
        ("price_asc", r"\b(?:cheap(?:est|er)?|affordable|budget|inexpensive|low(?:est)? (?:cost|price))\b"),
        ("rating_desc", r"\b(?:best|top[\s-]?rated|highest[\s-]rated|highly rated|top)\b"),
        ("distance", r"\b(?:closest|nearest)\b"),
    ):
        if re.search(pattern, text):
            reading.sort = reading.sort or sort
            text = re.sub(pattern, " ", text)
    return text


RECOGNISERS: tuple[Recogniser, ...] = (_people, _lengths, _prices, _ways, _sorts, _dates, _times, _parts)
