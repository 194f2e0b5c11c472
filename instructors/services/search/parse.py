"""From a sentence to a reading: deterministic, no database, no network.

The order, and why:

1. ``text`` writes every sign one way; ``names`` puts misspelt words right, each against everything that is
   known, so that "thrusday" is a day and no instrument. It must come first: the grammar reads exact words.
2. Names become atoms, longest first ("upper east side", "music theory"), before their words can be taken
   for something else: "two bridges" is a place and no number.
3. Number words, money, times and days become atoms (``grammar/__init__.py`` lists them). From here on a
   bare number is undecided, and the topics claim it in the order of how much they demand around it: an age
   its "years", a price its "under", a length its "minutes", an hour only an "at".
4. Days before hours, because hours are read around the place where a day stood ("friday 6").
5. What is left holds places after "in", subjects and their negations, small talk, and what was not
   understood.
"""

from __future__ import annotations

from datetime import date

from rapidfuzz.distance import OSA

from instructors.services.search.grammar import (
    Recogniser,
    clocks,
    dates,
    days,
    lengths,
    levels,
    numbers,
    orders,
    people,
    prices,
    times,
    wanted,
    ways,
    where,
)
from instructors.services.search.grammar.filler import FILLER
from instructors.services.search.grammar.text import normalise
from instructors.services.search.grammar.where import LONGEST_PLACE
from instructors.services.search.reading import Parsed, Reading
from instructors.services.search.spelling import trigram_likeness
from instructors.services.search.vocabulary import Vocabulary

__all__ = ["LONGEST_PLACE", "Parsed", "Reading", "normalise", "parse", "suggestions"]

# More words than anybody means; the rest is not read.
MOST_WORDS = 200
# The calendar ends in 9999, and "next month" must still exist.
LAST_TODAY = date(days.LAST_YEAR, 12, 31)
RECOGNISERS: tuple[Recogniser, ...] = (
    people.read,
    levels.read,
    prices.read,
    lengths.read,
    dates.read,
    times.read,
    orders.read,
    ways.read,
)


def parse(text: str, *, today: date, vocabulary: Vocabulary) -> Parsed:
    """What the text means on ``today``. Any text at all has a reading."""
    today = min(today, LAST_TODAY)
    reading = Reading()
    names = vocabulary.names
    tokens, mentions = names.mark(names.repaired(normalise(text).split()[:MOST_WORDS]))
    line = numbers.money(f" {' '.join(numbers.figures(tokens))} ")
    line = days.mark(clocks.mark(line), today)
    for recognise in RECOGNISERS:
        line = recognise(line, reading, today)
    left = where.read(line.split(), mentions, reading, vocabulary.wide_places)
    left = wanted.read(left, mentions, reading, vocabulary.by_category)
    unknown = list(dict.fromkeys(word for word in left if _has_content(word)))
    if unknown and not reading.subjects and not reading.category:
        reading.status = "unknown_subject"
    return Parsed(reading, unknown)


def _has_content(word: str) -> bool:
    return (
        word not in FILLER and any(char.isalpha() for char in word) and (len(word) > 1 or not word.isascii())
    )


def suggestions(words: list[str], vocabulary: Vocabulary, *, number: int = 3) -> list[str]:
    """The subjects nearest to words nobody knows, by spelling and by what they share; slugs."""
    scored = sorted(
        (min(OSA.normalized_distance(word, phrase) - trigram_likeness(word, phrase) for word in words), slug)
        for phrase, slug in vocabulary.subjects.items()
        if words
    )
    return list(dict.fromkeys(slug for score, slug in scored if score < FURTHEST_SUGGESTION))[:number]


FURTHEST_SUGGESTION = 0.7
