"""On which days: one, from one to another, or every so many; read from the atoms of ``days.py``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from instructors.services.search.grammar.days import DAY, day, span
from instructors.services.search.phrases import WEEKDAYS
from instructors.services.search.reading import Reading

# Where a day stood; times are read around it ("friday 6").
STOOD = " @ "
_D = r"(?:d\d{8}|r\d{8}_\d{8})"
_ANY = rf"(?:{_D}|w\d)"
_NOT = r"(?:but not|not|except(?: for)?|excluding|no|other than|apart from|any ?day but)"
_THIS = r"(?:this coming|coming|upcoming|this|next|on|the)"
_LIST = r"(?: ?(?:,|or|and|also)(?: on)?)+ (?:on |the |next |this |coming )?"
_PART_PLURAL = r"(?: (?:early |late )?(?:mornings|afternoons|evenings|nights))"
_EXCEPT = re.compile(rf"\b{_NOT} (?:on |in |for )?([wW]\d(?:(?:{_LIST}| )[wW]\d)*)\b")
_REPEATED = re.compile(
    rf"(?:\b(?:on|only|every|each) )*\b((?:[wW]\d(?:{_LIST}| ))*W\d(?:(?:{_LIST}| )[wW]\d)*)\b"
    rf"|(?:\bon )?\b(w\d(?:{_LIST}w\d)*)\b(?={_PART_PLURAL})"
)
# "Saturday, dec 5": the date says more than the weekday.
_DATED_WEEKDAY = re.compile(r"\bw\d(?: ,)? (?:the )?(d\d{8})\b|\b(d\d{8})(?: ,)? w(\d)\b")
_WORKDAYS_SPAN = re.compile(r"(?:\bon )?\bw0 (?:to|through|thru) w4\b")
_OF_WEEK = re.compile(
    rf"(?:\b(?:on|the) )?\b(w\d(?:(?:{_LIST}| to )w\d)*) (?:of |in |on |during |the )*(r\d{{8}}_\d{{8}})"
    rf"|\b(r\d{{8}}_\d{{8}})(?: ,)? (?:on )?(?:the )?(w\d(?:(?:{_LIST}| to )w\d)*)\b"
)
_WEEK_OF = re.compile(r"\b(?:the |this )?(week|W5 W6) (?:of|starting|beginning)(?: the)? (d\d{8}|w\d)\b")
_SPAN = re.compile(
    rf"(?:\b(between|from) (?:{_THIS} )?)?\b({_ANY})(?: ,)? (?:to|and|until|till|through|thru)"
    rf" (?:{_THIS} )?({_ANY})\b"
)
_EITHER = re.compile(rf"(?:\b{_THIS} )*\b({_ANY}(?:{_LIST}{_ANY})+)\b")
_UNTIL = re.compile(
    rf"\b(?<!close )(?<!near )(?:until|till|by|no later than|not later than|up to) (?:{_THIS} )?({_ANY})\b"
)
_BEFORE = re.compile(rf"\b(?:before|(?<!no )(?<!not )earlier than) (?:{_THIS} )?({_ANY})\b")
_SINCE = re.compile(
    rf"\b(?:from|since|starting|starts?|beginning|no earlier than|not before)(?: on| from)? (?:{_THIS}"
    rf" )?({_ANY})\b"
    rf"(?: (?:on|onwards?|on out))?|\b({_ANY}) (?:onwards?|or later|and later|or after|and beyond)\b"
)
_AFTER = re.compile(rf"\b(?:after|(?<!no )(?<!not )later than) (?:{_THIS} )?({_ANY})\b")
_WEEK_FROM = re.compile(r"\b(?:a week from|a week after) (d\d{8}|w\d)\b|\b(d\d{8}|w\d) week\b")
_SINGLE = re.compile(
    rf"(?:\b(?:for|around|about|sometime|some time|in|during|over) )?(?:\b({_THIS}) )*({_ANY})\b"
)


def read(text: str, reading: Reading, today: date) -> str:
    """Repeating days first: with them "the dates stay null". Of several days that are no list the first."""
    if not re.search(r"\b(?:[dr]\d{8}|[wW]\d)", text):
        return text
    found: list[tuple[date | None, date | None]] = []
    text = _DATED_WEEKDAY.sub(_without_weekday, text)
    text = _repeating(text, reading)
    text = _spans(text, reading, today, found)

    def bound(match: re.Match[str], low: bool, shift: int) -> str:
        first, last = _edges(next(filter(None, match.groups())), today)
        edge = (last if shift > 0 else first) if low else (last if shift == 0 else first)
        found.append((edge + shift * DAY, None) if low else (today, edge + shift * DAY))
        return STOOD

    text = _UNTIL.sub(lambda match: bound(match, low=False, shift=0), text)
    text = _BEFORE.sub(lambda match: bound(match, low=False, shift=-1), text)
    text = _SINCE.sub(lambda match: bound(match, low=True, shift=0), text)
    text = _AFTER.sub(lambda match: bound(match, low=True, shift=1), text)
    singles: list[tuple[date, date]] = []

    def single(match: re.Match[str]) -> str:
        said = match.group()
        singles.append(_edges(match.group(2), today, next_week="next" in said, this="this" in said))
        return STOOD

    text = _SINGLE.sub(single, text)
    found += singles
    if found and not reading.weekdays:
        first, last = found[0]
        reading.date_from = first.isoformat() if first else None
        reading.date_to = max(last, first or last).isoformat() if last else None
    return text


def _without_weekday(match: re.Match[str]) -> str:
    before, after, weekday = match.groups()
    if after and str(date.fromisoformat(after[1:]).weekday()) != weekday:
        return match.group()
    return before or after


def _repeating(text: str, reading: Reading) -> str:
    wanted: set[str] = set()
    unwanted: set[str] = set()

    def collect(into: set[str]) -> Callable[[re.Match[str]], str]:
        def take(match: re.Match[str]) -> str:
            into.update(re.findall(r"[wW](\d)", match.group()))
            return STOOD

        return take

    # "Next week on weekdays" says which week.
    text = re.sub(
        r"\b(r\d{8}_\d{8})(?: ,)?(?: on)? W0 W1 W2 W3 W4|W0 W1 W2 W3 W4 (r\d{8}_\d{8})",
        lambda match: _of_range(match.group(1) or match.group(2), 4),
        text,
    )
    text = _WEEK_OF.sub(lambda match: match.group() if match.group(2)[0] == "w" else _week_of(match), text)
    text = _EXCEPT.sub(collect(unwanted), text)
    text = (
        _WORKDAYS_SPAN.sub("W0 W1 W2 W3 W4", text)
        if not re.search(r"\b(?:from|between|next|this|coming) w0", text)
        else text
    )
    text = _REPEATED.sub(collect(wanted), text)
    chosen = wanted or (set("0123456") if unwanted else set())
    reading.weekdays = [WEEKDAYS[int(index)] for index in sorted(chosen - unwanted)]
    return text


def _of_range(atom: str, last: int) -> str:
    first, end = _parsed(atom)
    return span(first, max(first, end + (last - 6) * DAY))


def _week_of(match: re.Match[str]) -> str:
    when = date.fromisoformat(match.group(2)[1:])
    monday = when - when.weekday() * DAY
    first, last = (
        (monday, monday + 6 * DAY) if match.group(1) == "week" else (monday + 5 * DAY, monday + 6 * DAY)
    )
    return span(first, last)


def _spans(text: str, reading: Reading, today: date, found: list[tuple[date | None, date | None]]) -> str:
    def of_week(match: re.Match[str]) -> str:
        weekdays, atom = match.group(1) or match.group(4), match.group(2) or match.group(3)
        first, last = _parsed(atom)
        days = [_on_or_after(first, int(index)) for index in re.findall(r"w(\d)", weekdays)]
        inside = [one for one in days if one <= last]
        if not inside:
            return match.group()
        found.append((min(inside), max(inside)))
        return STOOD

    def from_to(match: re.Match[str]) -> str:
        word, low, high = match.groups()
        if word is None and re.search(r"\band\b", match.group()):
            return match.group()
        first, _ = _edges(low, today, next_week=bool(re.search(rf"\bnext {low}", match.group())))
        _, last = _edges(high, today, next_week=bool(re.search(rf"\bnext {high}", match.group())))
        if high.startswith("w"):
            last = _on_or_after(first, int(high[1]))
        if last < first:
            return match.group()
        found.append((first, last))
        return STOOD

    def either(match: re.Match[str]) -> str:
        atoms = re.findall(_ANY, match.group(1))
        edges = [_edges(atom, today, next_week="next" in match.group()) for atom in atoms]
        first, last = min(low for low, _ in edges), max(high for _, high in edges)
        apart = (last - first).days + 1 > len(set(edges))
        if all(atom.startswith("w") for atom in atoms) and apart and "next" not in match.group():
            reading.weekdays = [WEEKDAYS[index] for index in sorted({int(atom[1]) for atom in atoms})]
            return STOOD
        found.append((first, last))
        return STOOD

    def week_from(match: re.Match[str]) -> str:
        first, _ = _edges(match.group(1) or match.group(2), today)
        return day(first + 7 * DAY)

    text = _WEEK_FROM.sub(week_from, text)
    text = _OF_WEEK.sub(of_week, text)
    text = _SPAN.sub(from_to, text)
    return _EITHER.sub(either, text)


def _parsed(atom: str) -> tuple[date, date]:
    first, _, last = atom[1:].partition("_")
    return date.fromisoformat(first), date.fromisoformat(last or first)


def _on_or_after(start: date, weekday: int) -> date:
    return start + (weekday - start.weekday()) % 7 * DAY


def _edges(atom: str, today: date, *, next_week: bool = False, this: bool = False) -> tuple[date, date]:
    """First and last day of an atom. A weekday is the coming one, never today unless "this" is said."""
    if not atom.startswith("w"):
        return _parsed(atom)
    if next_week:
        only = today + (7 - today.weekday() + int(atom[1])) * DAY
    else:
        only = _on_or_after(today if this else today + DAY, int(atom[1]))
    return only, only
