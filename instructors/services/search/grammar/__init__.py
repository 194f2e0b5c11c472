"""The grammar of a query, one module a topic.

The sentence is a line of words with a space at both ends. On its way some words become *atoms*, which say
what was meant however it was written:

=========================  ==========================================================
``#s0`` ``#c0`` ``#p0``    a mention of a subject, category or place (``names.py``)
``$40``                    money (``numbers.py``)
``t1830`` ``u0630``        a time of day; one that may be morning or evening (``clocks.py``)
``d20261205``              a day (``days.py``)
``r20261205_20261206``     a span of days
``w0`` … ``w6``            a weekday, Monday first; ``W0`` … where it repeats ("tuesdays")
``,`` and ``@``            where a phrase ended; where a day stood
=========================  ==========================================================

A recogniser takes the line, the reading and today's date, writes what it found into the reading and
returns the line without it. Nobody can type an atom: ``text.normalise`` parts letters from digits and
knows no ``#``, ``@``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from instructors.services.search.reading import Reading

Recogniser = Callable[[str, Reading, date], str]

SUBJECT, CATEGORY, PLACE = "s", "c", "p"


@dataclass(slots=True)
class Mention:
    """What an atom such as ``#s0`` stands for: a slug."""

    kind: str
    slug: str


# What is left where something was taken away, so that the words on both sides do not make a phrase.
TAKEN = " , "
# A number before one of these is no price, no hour and no age.
UNITS = (
    r"(?! (?:min|mins|minutes?|m|h|hours?|hrs?|am|pm|oclock|years?|yrs?|yo|days?|weeks?|wks?|months?"
    r"|miles?|mi"
    r"|kms?|kilometers?|blocks?|lessons?|sessions?|classes|people|persons?|students?|kids?|child|children"
    r"|adults?|teens?|stars?|percent|times|x|year|grade)\b)"
)


def said_first(text: str, forms: tuple[tuple[str, re.Pattern[str]], ...]) -> tuple[str | None, str]:
    """Which of the forms is said first, and the text without any of them."""
    said: list[tuple[int, str]] = []
    for name, pattern in forms:
        if match := pattern.search(text):
            said.append((match.start(), name))
    if not said:
        return None, text
    for _, pattern in forms:
        text = pattern.sub(TAKEN, text)
    return min(said)[1], text


def words_of(text: str) -> frozenset[str]:
    """A list of words written as a sentence."""
    return frozenset(text.split())


def compiled(*parts: str) -> re.Pattern[str]:
    """The pattern of several pieces, of which whole words count."""
    return re.compile(r"\b(?:" + "|".join(parts) + r")(?= |$)")
