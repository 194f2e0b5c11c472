"""What somebody may be about to type: subjects, places, and instructors by their first name.

Words come from the vocabulary in memory; instructors from one statement along the index on first names.
Only the end of a sentence is completed, so “piano in will” may become “piano in williamsburg”.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from instainstru.lib import prepared
from instructors.services.search.parse import normalise
from instructors.services.search.vocabulary import Vocabulary

LONGEST = 100
# Shown of each kind, and of words in all.
MOST_OF_KIND, MOST_WORDS, MOST_PEOPLE = 4, 6, 3
# So many words at the end may name one thing.
LONGEST_NAME = 3
# From so many letters on one may be wrong, and from so many two.
ONE_WRONG, TWO_WRONG = 4, 7
BEFORE_PLACES = frozenset({"in", "near", "around", "from"})
# No name begins with one of these.
CONNECTING = BEFORE_PLACES | {"a", "an", "and", "at", "for", "on", "or", "the", "to", "under", "with"}
_NAME = re.compile(r"[^\W\d_][\w'’.-]*(?: [^\W\d_][\w'’.-]*){0,2}")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``value`` is the sentence as it would go on; an instructor has a ``slug`` instead."""

    kind: str
    label: str
    note: str = ""
    value: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase and what it names."""

    phrase: str
    kind: str
    label: str
    note: str
    # What stands for it in a sentence.
    canonical: str


# How far what was typed is from a phrase; None where it is too far.
Measure = Callable[[str, str], int | None]
_entries: tuple[Vocabulary, list[Entry]] | None = None


def suggest(text: str, *, vocabulary: Vocabulary) -> list[Suggestion]:
    """The likeliest first; at most one statement. Nothing for what says nothing yet."""
    typed = " ".join(text.replace("\x00", " ")[:LONGEST].split())
    if len(typed) < 2 or text[:LONGEST].endswith(" "):
        return []
    return [*_words(normalise(typed), _known(vocabulary)), *people(typed)]


def _known(vocabulary: Vocabulary) -> list[Entry]:
    """The vocabulary's phrases; made anew when it was read anew."""
    global _entries
    if _entries is None or _entries[0] is not vocabulary:
        _entries = (vocabulary, list(_all(vocabulary)))
    return _entries[1]


def _all(vocabulary: Vocabulary) -> Iterable[Entry]:
    for phrase, slug in vocabulary.subjects.items():
        name, category = vocabulary.subject_names[slug]
        canonical = slug.replace("-", " ")
        note = vocabulary.category_names[category] if phrase == canonical else phrase
        yield Entry(phrase, "subject", name, note, canonical)
    for phrase, slug in vocabulary.categories.items():
        yield Entry(phrase, "category", vocabulary.category_names[slug], "Everything in it", slug)
    for phrase, slug in vocabulary.places.items():
        yield Entry(phrase, "place", slug.title(), "" if phrase == slug else phrase, slug)


def _words(text: str, entries: list[Entry]) -> list[Suggestion]:
    """Completions of the longest end that begins a known phrase; where none does, of the nearest."""
    words = text.split()
    ends = range(min(LONGEST_NAME, len(words)), 0, -1)
    for measure in (_begins, _almost):
        for length in ends:
            head, end = words[:-length], " ".join(words[-length:])
            # One letter is enough after “in”; a name begins with no “in”, “for” or “the”.
            is_short = len(end) < 2 and not (head and head[-1] in BEFORE_PLACES)
            if is_short or words[-length] in CONNECTING:
                continue
            if found := _matching(head, end, entries, measure):
                return found
    return []


def _matching(head: list[str], end: str, entries: list[Entry], measure: Measure) -> list[Suggestion]:
    is_place = bool(head) and head[-1] in BEFORE_PLACES
    scored = [
        (distance, len(entry.phrase), entry)
        for entry in entries
        if not (is_place and entry.kind != "place") and (distance := measure(end, entry.phrase)) is not None
    ]
    scored.sort(key=lambda one: one[:2])
    found: dict[tuple[str, str], Suggestion] = {}
    counts: dict[str, int] = {}
    for _, _, entry in scored:
        key = (entry.kind, entry.canonical)
        if key in found or counts.get(entry.kind, 0) == MOST_OF_KIND:
            continue
        counts[entry.kind] = counts.get(entry.kind, 0) + 1
        link = ["in"] if entry.kind == "place" and head and not is_place else []
        value = " ".join([*head, *link, entry.canonical])
        found[key] = Suggestion(entry.kind, entry.label, entry.note, value)
    return list(found.values())[:MOST_WORDS]


def _begins(end: str, phrase: str) -> int | None:
    """0 where the phrase begins so, 1 where one of its words does."""
    if phrase.startswith(end):
        return 0
    return 1 if f" {end}" in phrase else None


def _almost(end: str, phrase: str) -> int | None:
    """How many letters are wrong, if few enough: of as much of the phrase as was typed, or one more."""
    allowed = 2 if len(end) >= TWO_WRONG else 1 if len(end) >= ONE_WRONG else 0
    if not allowed:
        return None
    least = min(
        OSA.distance(end, phrase[: len(end) + more], score_cutoff=allowed) for more in (-1, 0, 1)
    )  # fmt: skip
    return least if least <= allowed else None


# Students have first names too: so many people are looked at.
_PEOPLE = """
    SELECT i.slug, person.first_name, person.last_name, (
        SELECT subject.name FROM instructors_offering o
        JOIN instructors_subject subject ON subject.id = o.subject_id
        WHERE o.instructor_id = i.id AND o.is_listed ORDER BY o.id LIMIT 1)
    FROM (
        SELECT id, first_name, left(last_name, 1) AS last_name FROM accounts_user
        WHERE is_active AND NOT is_guest
            AND lower(first_name) ~>=~ %(low)s::text AND lower(first_name) ~<~ %(high)s::text
            AND (%(initial)s::text = '' OR lower(left(last_name, 1)) = %(initial)s::text)
        LIMIT 200) person
    JOIN instructors_instructor i ON i.user_id = person.id AND i.status = 'listed'
    ORDER BY i.lesson_count DESC, i.id LIMIT %(limit)s
"""


def people(typed: str) -> list[Suggestion]:
    """Listed instructors whose first name begins so; a last word of one letter is their initial.

    Strangers are “First L.”: more of a last name than its first letter is looked for nowhere.
    """
    plain = unicodedata.normalize("NFC", typed)
    if not _NAME.fullmatch(plain):
        return []
    first, _, last = plain.lower().rpartition(" ")
    initial = last.rstrip(".") if first else ""
    if len(initial) != 1:
        first, initial = plain.lower(), ""
    with prepared.cursor() as cursor:
        cursor.execute(
            _PEOPLE,
            {"low": first, "high": f"{first}\U0010ffff", "initial": initial, "limit": MOST_PEOPLE},
        )
        rows = cursor.fetchall()
    return [
        Suggestion("instructor", f"{name} {letter}." if letter else name, subject or "", slug=slug)
        for slug, name, letter, subject in rows
    ]
