"""From a sentence to a reading: deterministic, no database, no network.

The text is normalised and read by recognisers in turn, each of which takes its words away: numbers with
a meaning (prices, lengths, times, dates), then phrases of the vocabulary, longest first, exact before
almost. What is left and means something is what was not understood.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from instructors.services.search import phrases
from instructors.services.search.vocabulary import Vocabulary

LONGEST_TEXT = 500
# Words of five letters and more may be two edits off (search.md); shorter ones must be exact.
FUZZY_FROM, MOST_EDITS = 5, 2
# Beside a subject that was spelt right, shorter words are trusted more: "fluent" is not a flute.
CAREFUL_BELOW, CAREFUL_EDITS = 8, 1
MOST_WORDS = 60
# Spelt like one of our subjects, but right as they are. Nobody teaches them here, and we say so.
OTHER_WORDS = frozenset(
    """rowing skiing biking hiking riding sailing surfing bowling welding driving diving cycling spinning
    fishing hunting typing skateboarding baseball volleyball mandolin banjo organ sitar lute swing trumpeter
    dating parenting wedding polish swedish danish irish turkish javanese roman germany korea arabia russia
    france spain italy portugal japan history geology theology ecology zoology sociology psychology
    philosophy geography astronomy economics ethics politics calendar fiction section action testing
    tasting training racing making taking caring waiting casting seeking hoping having dining local press
    fluent hello manners spring string colored singles sailor""".split()
)
FILLER = frozenset(
    """a an and or the for in at on to of with by near around from my me i we our us is are need needs want
    wants looking look find some any lesson lessons class classes teacher teachers instructor
    instructors coach coaches trainer trainers tutor tutors learn learning teach private please someone
    who can help course courses session sessions near this that how get hour hours per an between under
    over up below less than more least most about music's good great level student students person
    people starting start free time times available availability book booking would like new york's
    area""".split()
)
NEGATIONS = re.compile(r"\b(?:but\s+not|not|except(?:\s+for)?|excluding|without|no)\s+")


@dataclass(slots=True)
class Reading:
    """What a text means; the keys of the search specification and nothing else."""

    subjects: list[str] = field(default_factory=list)
    exclude_subjects: list[str] = field(default_factory=list)
    category: str | None = None
    price_min: int | None = None
    price_max: int | None = None
    date_from: str | None = None
    date_to: str | None = None
    weekdays: list[str] = field(default_factory=list)
    time_from: str | None = None
    time_to: str | None = None
    location: str | None = None
    near_me: bool = False
    modality: str | None = None
    duration_min: int | None = None
    level: str | None = None
    audience: str | None = None
    age: int | None = None
    sort: str | None = None
    status: str = "ok"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Parsed:
    """A reading and the words that were not understood."""

    reading: Reading
    unknown: list[str]


def normalise(text: str) -> str:
    """Lower case, without accents, control characters and most punctuation; bounded in length."""
    folded = unicodedata.normalize("NFKD", text[: LONGEST_TEXT * 4])
    plain = "".join(char for char in folded if not unicodedata.combining(char)).lower()
    plain = plain.replace("’", "'").replace("–", "-").replace("—", "-")
    plain = re.sub(r"[^a-z0-9$:.,'+\-\s]", " ", plain)
    plain = re.sub(r"(?<!\d)[.,]|[.,](?!\d)", " ", plain)
    return re.sub(r"\s+", " ", plain).strip()[:LONGEST_TEXT]


def parse(text: str, *, today: date, vocabulary: Vocabulary) -> Parsed:
    """What the text means on ``today``. Any text at all has a reading."""
    reading = Reading()
    rest = f" {normalise(text)} "
    for recognise in phrases.RECOGNISERS:
        rest = recognise(rest, reading, today)
    wanted, excluded = _split_negations(rest)
    left = _read_place(wanted, reading, vocabulary)
    found, category, left = _read_subjects(left, vocabulary)
    without, _, left_out = _read_subjects(excluded, vocabulary)
    reading.subjects = sorted(found - without)
    reading.exclude_subjects = sorted(without)
    reading.category = None if reading.subjects else category
    unknown = [word for word in [*left, *left_out] if word not in FILLER and not _is_noise(word)]
    if unknown and not reading.subjects and not reading.category:
        reading.status = "unknown_subject"
    return Parsed(reading, unknown)


def _split_negations(text: str) -> tuple[list[str], list[str]]:
    head, *tails = NEGATIONS.split(text)
    return _words(head), [word for tail in tails for word in _words(tail)]


def _words(text: str) -> list[str]:
    words = (word.strip("'-") for word in re.split(r"[\s,/]+", text.replace("-", " ")))
    return [word for word in words if word][:MOST_WORDS]


def _is_noise(word: str) -> bool:
    return len(word) < 2 or word.replace(".", "").isdigit()


def _read_place(words: list[str], reading: Reading, vocabulary: Vocabulary) -> list[str]:
    """Take a place out of the words: a ZIP code, or a known name, short ones only where they stand alone."""
    for index, word in enumerate(words):
        if re.fullmatch(r"\d{5}", word):
            reading.location = word
            return words[:index] + words[index + 1 :]
    match = _longest(words, vocabulary.places, fuzzy=False) or _after_preposition(words, vocabulary)
    if match is None:
        return words
    start, end, slug = match
    reading.location = slug
    return words[:start] + words[end:]


def _after_preposition(words: list[str], vocabulary: Vocabulary) -> tuple[int, int, str] | None:
    """A misspelt known place, or an unknown one kept as typed, after "in", "near" and the like."""
    for index, word in enumerate(words[:-1]):
        if word not in ("in", "near", "around", "from"):
            continue
        start = index + 1
        if words[start] == "the":
            start += 1
        tail = words[start : start + 3]
        for length in range(len(tail), 0, -1):
            near = _almost(" ".join(tail[:length]), vocabulary.places)
            if near:
                return index, start + length, vocabulary.places[near]
        known = {*vocabulary.subjects, *vocabulary.categories, *FILLER}
        if tail and tail[0] not in known and not _almost(tail[0], vocabulary.subjects):
            end = start + 1
            while end < len(words) and words[end] not in known and end - start < 3:
                end += 1
            return index, end, " ".join(words[start:end])
    return None


def _read_subjects(words: list[str], vocabulary: Vocabulary) -> tuple[set[str], str | None, list[str]]:
    """The subjects and the first category among the words, and the words left over."""
    subjects: set[str] = set()
    categories: list[str] = []
    for names, fuzzy in (
        (vocabulary.subjects, False),
        (vocabulary.categories, False),
        (vocabulary.subjects, True),
        (vocabulary.categories, True),
    ):
        careful = bool(subjects) and fuzzy
        while match := _longest(words, names, fuzzy=fuzzy, careful=careful):
            start, end, slug = match
            if names is vocabulary.subjects:
                subjects.add(slug)
            else:
                categories.append(slug)
            # A boundary stays, so that words from both sides do not make a new phrase.
            words = [*words[:start], "and", *words[end:]]
    return subjects, categories[0] if categories else None, words


def _longest(
    words: list[str], names: dict[str, str], *, fuzzy: bool, careful: bool = False
) -> tuple[int, int, str] | None:
    """The longest run of words that names something: (start, end, slug)."""
    for length in range(min(4, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            run = words[start : start + length]
            if fuzzy and not FILLER.isdisjoint(run):
                continue
            phrase = " ".join(run)
            edits = CAREFUL_EDITS if careful and len(phrase) < CAREFUL_BELOW else MOST_EDITS
            found = _almost(phrase, names, edits=edits) if fuzzy else _exact(phrase, names)
            if found:
                return start, start + length, names[found]
    return None


def _exact(phrase: str, names: dict[str, str]) -> str | None:
    if phrase in names:
        return phrase
    singular = phrase.removesuffix("s")
    return next((form for form in (singular, f"{phrase}s", phrase.removesuffix("es")) if form in names), None)


def _almost(phrase: str, names: dict[str, str], *, edits: int = MOST_EDITS) -> str | None:
    """The name at most that many edits away: the nearest, and of several the most alike."""
    if len(phrase) < FUZZY_FROM or phrase in FILLER or phrase in OTHER_WORDS or phrase.isdigit():
        return None
    near = [
        (distance, -Indel.normalized_similarity(phrase, name), name)
        for name, distance, _ in process.extract(
            phrase, names.keys(), scorer=OSA.distance, score_cutoff=edits, limit=None
        )
        if len(name) >= FUZZY_FROM and name.count(" ") == phrase.count(" ")
    ]
    return min(near)[2] if near else None


def suggestions(words: list[str], vocabulary: Vocabulary, *, number: int = 3) -> list[str]:
    """The subjects nearest to words nobody knows, by spelling; slugs."""
    scored = sorted(
        (min(OSA.normalized_distance(word, phrase) for word in words), slug)
        for phrase, slug in vocabulary.subjects.items()
    )
    return list(dict.fromkeys(slug for score, slug in scored if score < 0.7))[:number]
