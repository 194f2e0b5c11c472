"""How long a lesson lasts, in minutes: "45 min", "an hour and a half", "1 h 30"."""

from __future__ import annotations

import re
from datetime import date

from instructors.services.search.grammar import TAKEN, compiled, words_of
from instructors.services.search.reading import Reading

LONGEST_MIN = 24 * 60
_HOUR = r"(?:hours?|hrs?|hr|h)"
_MINUTE = r"(?:minutes?|mins?|min|m)"
_LEAD = r"(?:(?:for|at least|at most|about|around|up to|under|max(?:imum)?|minimum|exactly|a) ){0,2}"
_CASES: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (compiled(_LEAD + pattern), minutes)
    for pattern, minutes in (
        (rf"3 quarters of an {_HOUR}", 45),
        (rf"(?:a )?quarter (?:of an )?{_HOUR}", 15),
        (rf"(?:1|an|a)? ?{_HOUR}s? and (?:a )?half|1 and (?:a )?half {_HOUR}", 90),
        (rf"2 and (?:a )?half {_HOUR}|2 {_HOUR} and (?:a )?half", 150),
        (rf"(?:a )?half (?:an? )?{_HOUR}(?: long)?", 30),
        (rf"(?:an|a|full) {_HOUR}(?: long)?|{_HOUR} long|(?:hour|hr)(?= (?:lesson|class|session|slot))", 60),
    )
)
_HOURS = re.compile(
    rf"\b{_LEAD}(\d{{1,2}}(?:\.\d{{1,2}})?)(?: (?:to|or) \d{{1,2}}(?:\.\d)?)? {_HOUR}\b"
    rf"(?:(?: and)? (\d{{1,2}})(?: {_MINUTE})?(?= |$))?(?: long)?"
)
_MINUTES = re.compile(rf"\b{_LEAD}(\d{{1,3}})(?: (?:to|or) \d{{1,3}})? {_MINUTE}\b(?: long)?")
WORDS = words_of("minutes minute hours hour quarter")


def read(text: str, reading: Reading, today: date) -> str:
    """Of a choice ("30 or 60 minutes") the first."""

    def lasts(minutes: float, match: re.Match[str]) -> str:
        if not 0 < minutes <= LONGEST_MIN:
            return match.group()
        reading.duration_min = round(minutes)
        return TAKEN

    for pattern, minutes in _CASES:
        text = pattern.sub(lambda match, minutes=minutes: lasts(minutes, match), text)  # type: ignore[misc]
    text = _HOURS.sub(lambda match: lasts(float(match.group(1)) * 60 + int(match.group(2) or 0), match), text)
    return _MINUTES.sub(lambda match: lasts(int(match.group(1)), match), text)
