"""Days as atoms: "dec 5", "12/5", "the 5th", "tomorrow", "in two weeks", "tuesdays"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from instructors.services.search.grammar import compiled, words_of

DAY = timedelta(days=1)
# February 29 comes again within eight years.
MOST_YEARS = 9
# Later years are no dates that anybody means, and the calendar ends soon after.
LAST_YEAR = 9000
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_LONG_MONTH = (
    "(january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|apr|aug|sept?"
    "|oct|nov|dec)"
)
_NTH = r"(\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?: ,)?(?: (\d{4})(?![\d:]))?"
_TO = r"(?: (?:to|through|thru|until|till|and|or) (?:the )?)"
_MONTH_SPAN = re.compile(rf"\b{_MONTH} {_NTH}{_TO}{_NTH}(?= |$)(?! (?:am|pm|min|h|hours?|dollars)\b){_YEAR}")
_SPAN_MONTH = re.compile(rf"\b{_NTH}{_TO}{_NTH} (?:of )?{_MONTH}\b{_YEAR}")
_MONTH_DAY = re.compile(rf"\b{_MONTH} (?:the )?{_NTH}(?= |$){_YEAR}")
_DAY_MONTH = re.compile(rf"\b{_NTH} (?:of )?{_MONTH}\b{_YEAR}")
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?(?![\d/])")
_ISO = re.compile(r"\b(\d{4})/(\d{1,2})/(\d{1,2})\b")
_NTH_ALONE = re.compile(
    r"\b(?:the )?(\d{1,2})(?:st|nd|rd|th)(?: of (?:the|this) month)?(?= |$)(?! (?:grade|grader|graders"
    r"|avenue|ave|st|street|floor|lesson|class|time|level)\b)"
)
_IN_MONTH = re.compile(rf"\b(?:in|during|this|next|for|of) {_LONG_MONTH}(?= |$)")
_AHEAD = re.compile(
    r"\bin (?:about )?(\d{1,3}|an?|a couple of|a few) (days?|weeks?|months?)(?: time)?(?= |$)"
)
_FROM_NOW = re.compile(r"\b(\d{1,3}|an?) (days?|weeks?) from (?:now|today|(tomorrow))(?= |$)")
_WITHIN = re.compile(
    r"\b(?:within|(?:in|over|during|for) the (?:next|coming)|(?:the )?next|coming) (?:(\d{1,2}|an?"
    r"|couple of|few) )?(days?|weeks|hours?)(?= |$)"
    r"|\bwithin (?:the |an? )(week)(?= |$)"
)
_FORMS = (
    "mon(?:day)?", "tue(?:s|sday)?", "weds?|wednesday", "thu(?:rs?|rsday)?", "fri(?:day)?", "sat(?:urday)?",
    "sun(?:day)?",
)  # fmt: skip
_WEEKDAY = re.compile(
    r"\b(every (?:other |single )?|each |any )?(?:(" + ")|(".join(_FORMS) + r"))(s)?(?= |$)"
)
_PLURAL_SHORT = frozenset({"tues", "thurs", "weds"})
_DAYS_OF_WORK = compiled(
    r"(?:on |during |every |any )?(?:the )?(?:week ?days?|work(?:ing)? ?days?|business days?)|(?:during"
    r"|in) the week"
)
_WEEKENDS = compiled(
    r"(?:on |during |every |any |most )?week ?ends|(?:every|any|on|during|each) week ?end|week ?end"
)
_WEEKNIGHTS = compiled(r"(?:on )?(?:week|school) ?nights?")
WORDS = words_of(
    "today tomorrow weekend weekends weekday weekdays week weeks month months monday tuesday wednesday"
    " thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays"
    " january february march april august september october november december every other coming within"
    " during through next"
)


def day(when: date) -> str:
    return f"d{when:%Y%m%d}"


def span(first: date, last: date) -> str:
    return f"r{first:%Y%m%d}_{last:%Y%m%d}"


def mark(text: str, today: date) -> str:
    """The line with its days as atoms. What is no day (30 February) stays as it was."""
    if any(char.isdigit() for char in text):
        text = _dated(text, today)
    text = _relative(text, today)
    return _weekdays(text)


def _dated(text: str, today: date) -> str:
    """Days with a number in them."""

    def month_span(match: re.Match[str]) -> str:
        month, low, high, year = match.groups()
        return _between(match, (month, low, year), (month, high, year), today)

    def span_month(match: re.Match[str]) -> str:
        low, high, month, year = match.groups()
        return _between(match, (month, low, year), (month, high, year), today)

    def slashed(match: re.Match[str]) -> str:
        first, second, year = match.groups()
        century = f"20{year}" if year and len(year) == 2 else year
        month, number = (int(first), second) if int(first) <= 12 else (int(second), first)
        if not 1 <= month <= 12:
            return match.group()
        return _one(match, MONTHS[month - 1], number, century, today)

    def nth(match: re.Match[str]) -> str:
        found = _next_nth(int(match.group(1)), today)
        return day(found) if found else match.group()

    text = _ISO.sub(lambda m: _one(m, m.group(2), m.group(3), m.group(1), today), text)
    text = _SLASHED.sub(slashed, text)
    text = _MONTH_SPAN.sub(month_span, text)
    text = _SPAN_MONTH.sub(span_month, text)
    text = _MONTH_DAY.sub(lambda m: _one(m, m.group(1), m.group(2), m.group(3), today), text)
    text = _DAY_MONTH.sub(lambda m: _one(m, m.group(2), m.group(1), m.group(3), today), text)
    return _NTH_ALONE.sub(nth, text)


def _one(match: re.Match[str], month: str, number: str, year: str | None, today: date) -> str:
    found = _dated_day(month, number, year, today)
    return day(found) if found else match.group()


def _between(
    match: re.Match[str], low: tuple[str, str, str | None], high: tuple[str, str, str | None], today: date
) -> str:
    first, last = _dated_day(*low, today), _dated_day(*high, today)
    if first is None or last is None:
        return match.group()
    if last < first:
        # Today lies between the two: the span has begun.
        first = today if last >= today else first
    return span(first, last) if first <= last else match.group()


def _dated_day(month: str, number: str, year: str | None, today: date) -> date | None:
    """The day; without a year its next occurrence, today included. None if there is no such day."""
    index = int(month) if month.isdigit() else MONTHS.index(month[:3]) + 1
    for candidate in [int(year)] if year else range(today.year, today.year + MOST_YEARS):
        try:
            found = date(candidate, index, int(number))
        except (ValueError, OverflowError):
            continue
        if found.year <= LAST_YEAR and (year or found >= today):
            return found
    return None


def _next_nth(number: int, today: date) -> date | None:
    first = today.replace(day=1)
    for _ in range(13):
        try:
            found = first.replace(day=number)
        except ValueError:
            found = date.min
        if found >= today:
            return found
        first = _months_on(first, 1)
    return None


def _months_on(when: date, number: int) -> date:
    year, month = divmod(when.year * 12 + when.month - 1 + number, 12)
    last = _month_end(date(min(year, 9998), month + 1, 1))
    return last.replace(day=min(when.day, last.day))


def _month_end(when: date) -> date:
    following = date(when.year + when.month // 12, when.month % 12 + 1, 1)
    return following - DAY


def _whole_month(first: date) -> str:
    return span(first, _month_end(first))


def _relative(text: str, today: date) -> str:
    """Days told from today."""
    for pattern, place in _RELATIVE:
        if pattern.search(text):
            text = pattern.sub(place(today), text)

    def ahead(match: re.Match[str]) -> str:
        return day(_on(today, match.group(1), match.group(2)))

    def from_now(match: re.Match[str]) -> str:
        return day(_on(today + DAY if match.group(3) else today, match.group(1), match.group(2)))

    def within(match: re.Match[str]) -> str:
        number, unit = match.group(1) or "1", match.group(2) or match.group(3)
        if match.group(1) is None and match.group(2) and unit != "week":
            number = "3"
        if unit.startswith("hour"):
            hours = int(number) if number.isdigit() else 3
            return span(today, today + max(hours // 24, 0) * DAY) if hours >= 24 else day(today)
        return span(today, _on(today, number, unit))

    def in_month(match: re.Match[str]) -> str:
        first = _dated_day(match.group(1), "1", None, today.replace(day=1))
        return span(max(first, today), _month_end(first)) if first else match.group()

    text = _AHEAD.sub(ahead, text)
    text = _FROM_NOW.sub(from_now, text)
    text = _WITHIN.sub(within, text)
    return _IN_MONTH.sub(in_month, text)


def _on(start: date, number: str, unit: str) -> date:
    """So many days, weeks or months later."""
    count = (
        int(number)
        if number.isdigit()
        else {"a couple of": 2, "couple of": 2, "a few": 3, "few": 3}.get(number, 1)
    )
    if unit.startswith("month"):
        return _months_on(start, count)
    return start + count * (7 if unit.startswith("week") else 1) * DAY


def _monday(today: date) -> date:
    return today - today.weekday() * DAY


def _weekend(today: date) -> str:
    """The coming Saturday and Sunday; on a Sunday what is left of them."""
    saturday = _monday(today) + 5 * DAY
    return span(max(saturday, today), saturday + DAY)


def _weeks(first: int, last: int) -> Callable[[date], str]:
    """From and to these days counted from this week's Monday, but for days that are over."""
    return lambda today: span(max(_monday(today) + first * DAY, today), _monday(today) + last * DAY)


_RELATIVE: tuple[tuple[re.Pattern[str], Callable[[date], str]], ...] = (
    (compiled("(?:the )?day after (?:tomorrow|tmrw|tmr)"), lambda today: day(today + 2 * DAY)),
    (compiled("tomorrow", "tmrw", "tmr", "tmw", "tomoz", "2 morrow"), lambda today: day(today + DAY)),
    (compiled("tonight", "tonite"), lambda today: f"{day(today)} tonight"),
    (compiled("later today", "today", "tdy"), day),
    (re.compile(r"\bthis (?=(?:early |late )?(?:morning|afternoon"
        r"|evening)\b)"), lambda today: f"{day(today)} "),
    (
        compiled("(?:the )?next week"
            " ?end", "week ?end after (?:this|next)", "(?:the )?week ?end (?:of )?next week"),
        _weeks(12, 13),
    ),
    (compiled("(?:on |at |over |during )?(?:this|the|the coming|this coming|coming) week ?end"), _weekend),
    (compiled("(?:the )?week after next"), _weeks(14, 20)),
    (compiled("(?:the )?(?:next|following|coming) week"), _weeks(7, 13)),
    (compiled("this (?:coming )?week", "later this week", "(?:the )?rest of the week"), _weeks(0, 6)),
    (
        compiled("(?:the )?next month"),
        lambda today: _whole_month(_months_on(today.replace(day=1), 1)),
    ),
    (compiled("this month", "later this month"), lambda today: span(today, _month_end(today))),
)  # fmt: skip


def _weekdays(text: str) -> str:
    """Weekdays as atoms; ``W`` where they repeat. "Weekdays" and "weekends" are lists of those."""

    def weekday(match: re.Match[str]) -> str:
        index = next(number for number in range(7) if match.group(number + 2))
        repeats = match.group(1) or (match.group(9) and f"{match.group(index + 2)}s" not in _PLURAL_SHORT)
        return f"{'W' if repeats else 'w'}{index}"

    text = _WEEKNIGHTS.sub("W0 W1 W2 W3 W4 night", text)
    text = _DAYS_OF_WORK.sub("W0 W1 W2 W3 W4", text)
    text = _WEEKENDS.sub("W5 W6", text)
    return _WEEKDAY.sub(weekday, text)
