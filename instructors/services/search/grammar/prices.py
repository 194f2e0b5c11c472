"""Prices in whole dollars an hour: "under 70", "$40 to $60", "60 or less"."""

from __future__ import annotations

import math
import re
from datetime import date

from instructors.services.search.grammar import TAKEN, UNITS, compiled, words_of
from instructors.services.search.reading import Reading

# A bare number up to this may be an hour of the day; above it a range without "$" is one of prices.
LAST_HOUR = 24
# "for 50" is a price, "for 9" may be anything.
LEAST_BARE = 20
_PER = (
    r"(?: (?:per|an|a|each|every|the) (?:hours?|hrs?|h|lesson|session|class|person|pop)"
    r"\b(?! (?:and (?:a )?half|long)\b)| hourly\b)?"
)
# A bare number of five digits is a ZIP code.
_N = r"(\$|(?!\d{5}(?!\d)))(\d{1,6}(?:\.\d{1,2})?)"
_BARE = rf"{_N}(?![\d:/.])" + UNITS
_LESS = (
    r"(?<!not )(?:under|below)|beneath|(?<!no )(?<!not )(?:less|lower) than|cheaper than|up to|upto"
    r"|at (?:the )?most|max(?:imum)?|no(?:t)? more than|not (?:over|above|exceeding)|not? higher than"
    r"|never more than|within|(?:my |a |the |our )?budget|cap(?:ped)?|limit|spend(?:ing)?|pay(?:ing)?|afford"
    r"|as much as"
)
_MORE = (
    r"over|above|more than|at least|at the least|(?<![ $]\d )(?<![ $]\d\d )min(?:imum)?|from|starting"
    r"|upwards|no less than|not less than"
    r"|not (?:under|below)|no lower than|higher than|exceeding"
)
_JOIN = r"(?: (?:of|is|at|about|around|to|from|price|rate|a|for|budget|spend|pay)){0,3}"
_RANGE = re.compile(
    rf"(?:\b(between|from|budget|budget of) )?(?<![\w:/.$]){_N}{_PER} (to|and|or) {_BARE}{_PER}"
)
_UP_TO_SUFFIX = re.compile(
    rf"(?<![\w:/.$]){_N}{_PER} (?:(?:or|and|and/or) (?:less|under|below|lower|cheaper|fewer)"
    r"|max(?:imum)?|tops|at (?:the )?most|limit|budget)\b(?! (?:of |is )?\$?\d)"
)
_FROM_SUFFIX = re.compile(
    rf"(?<![\w:/.$]){_N}{_PER} (?:(?:or|and) (?:more|up|above|over|higher|upwards?)|minimum|plus|and"
    rf" upwards)\b"
)
_MOST = re.compile(rf"\b(?:for )?(?:{_LESS}){_JOIN} {_BARE}{_PER}")
_LEAST = re.compile(rf"\b(?:{_MORE}){_JOIN} {_BARE}{_PER}")
_PLAIN = re.compile(
    rf"(?:\b(?:for|at|around|about|roughly|approximately|approx|circa|only|just|like)"
    rf" ){{0,2}}\$(\d{{1,6}}(?:\.\d{{1,2}})?)(?:{_PER}| (?:hour|hr))(?= |$)"
)
_BY_THE_HOUR = re.compile(
    r"(?:\b(?:for|at|around|about) )?(?<![\d:/.])\b(\d{1,4}) (?:(?:per|an|a|each) (?:hour|hr|h|lesson"
    r"|session|class)|hourly)\b"
)
_FOR = re.compile(rf"\bfor (\d{{2,4}})(?![\d:/.]){UNITS}")
# "within 5 miles" says how far, which no key holds.
_REACH = compiled(
    r"(?:within )?(?:a )?\d{1,3}(?:\.\d)? (?:miles?|mi|kms?|kilometers?|blocks?)(?: radius)?(?: away)?"
)
WORDS = words_of(
    "under below beneath lower cheaper maximum minimum between above least budget limit spend spending hourly"
    " afford price prices priced"
)


def read(text: str, reading: Reading, today: date) -> str:
    """Ranges first, then bounds said after the number, then before it, then a price alone."""
    if not any(char.isdigit() for char in text):
        return text
    text = _REACH.sub(" ", text)

    def least(match: re.Match[str], sign: str, number: str) -> str:
        if not sign and float(number) <= LAST_HOUR and match.group().split()[0] in ("from", "starting"):
            return match.group()
        reading.price_min = math.ceil(float(number))
        return TAKEN

    def most(number: str) -> str:
        reading.price_max = math.floor(float(number))
        return TAKEN

    def between(match: re.Match[str]) -> str:
        word, sign, low, join, other, high = match.groups()
        first, second = float(low), float(high)
        if not sign and not other and max(first, second) <= LAST_HOUR:
            return match.group()
        if join != "to" and not (word or (sign and other)):
            return match.group()
        if not (sign or other) and min(first, second) <= LAST_HOUR and word is None:
            return match.group()
        reading.price_min, reading.price_max = math.ceil(min(first, second)), math.floor(max(first, second))
        return TAKEN

    text = _RANGE.sub(between, text)
    text = _UP_TO_SUFFIX.sub(lambda match: most(match.group(2)), text)
    text = _FROM_SUFFIX.sub(lambda match: least(match, "$", match.group(2)), text)
    text = _MOST.sub(lambda match: most(match.group(2)), text)
    text = _LEAST.sub(lambda match: least(match, *match.groups()), text)
    text = _PLAIN.sub(lambda match: most(match.group(1)), text)
    text = _BY_THE_HOUR.sub(lambda match: most(match.group(1)), text)
    return _FOR.sub(
        lambda match: most(match.group(1)) if int(match.group(1)) >= LEAST_BARE else match.group(), text
    )
