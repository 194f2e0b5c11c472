"""What somebody may be about to type: subjects, places, and instructors by their first name.

Words come from the vocabulary in memory; instructors from one statement along the index on first names.
Only the end of a sentence is completed, so “piano in will” may become “piano in williamsburg”.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import process
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


class _Phrases:
    """All phrases of a vocabulary, and where to look for one: nobody waits for all of them to be compared."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.entries = list(_all(vocabulary))
        # A phrase from each of its words on, whether that leaves something out, and the entry's number.
        self._ends = sorted(
            (entry.phrase[at:], min(at, 1), number)
            for number, entry in enumerate(self.entries)
            for at in (0, *(sign.end() for sign in re.finditer(" ", entry.phrase)))
        )
        self._cut: dict[int, list[str]] = {}

    def begun(self, end: str) -> dict[int, int]:
        """The phrases of which a word begins so: 0 where it is the first word, otherwise 1."""
        found: dict[int, int] = {}
        low = bisect_left(self._ends, (end,))
        high = bisect_left(self._ends, (f"{end}\U0010ffff",), low)
        for _, distance, number in self._ends[low:high]:
            found[number] = min(distance, found.get(number, 1))
        return found

    def nearly_begun(self, end: str) -> dict[int, int]:
        """The phrases that begin so but for a few letters: of as many as were typed, or one more or less."""
        allowed = 2 if len(end) >= TWO_WRONG else 1 if len(end) >= ONE_WRONG else 0
        found: dict[int, int] = {}
        if not allowed:
            return found
        for length in range(len(end) - 1, len(end) + 2):
            near = process.extract(
                end, self._of_length(length), scorer=OSA.distance, score_cutoff=allowed, limit=None
            )
            for _, distance, number in near:
                found[number] = min(distance, found.get(number, allowed))
        return found

    def _of_length(self, length: int) -> list[str]:
        if length not in self._cut:
            self._cut[length] = [entry.phrase[:length] for entry in self.entries]
        return self._cut[length]


_phrases: tuple[Vocabulary, _Phrases] | None = None


def suggest(text: str, *, vocabulary: Vocabulary) -> list[Suggestion]:
    """The likeliest first; at most one statement. Nothing for what says nothing yet."""
    typed = " ".join(text.replace("\x00", " ")[:LONGEST].split())
    if len(typed) < 2 or text[:LONGEST].endswith(" "):
        return []
    return [*_words(normalise(typed), _known(vocabulary)), *people(typed)]


def _known(vocabulary: Vocabulary) -> _Phrases:
    """The vocabulary's phrases; made anew when it was read anew."""
    global _phrases
    if _phrases is None or _phrases[0] is not vocabulary:
        _phrases = (vocabulary, _Phrases(vocabulary))
    return _phrases[1]


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


def _words(text: str, phrases: _Phrases) -> list[Suggestion]:
    """Completions of the longest end that begins a known phrase; where none does, of the nearest."""
    words = text.split()
    ends = range(min(LONGEST_NAME, len(words)), 0, -1)
    for matching in (phrases.begun, phrases.nearly_begun):
        for length in ends:
            head, end = words[:-length], " ".join(words[-length:])
            # One letter is enough after “in”; a name begins with no “in”, “for” or “the”.
            is_short = len(end) < 2 and not (head and head[-1] in BEFORE_PLACES)
            if is_short or words[-length] in CONNECTING:
                continue
            if found := _best(head, matching(end), phrases.entries):
                return found
    return []


def _best(head: list[str], distances: dict[int, int], entries: list[Entry]) -> list[Suggestion]:
    """The nearest and shortest of each kind, as sentences that begin with ``head``."""
    is_place = bool(head) and head[-1] in BEFORE_PLACES
    found: dict[tuple[str, str], Suggestion] = {}
    counts: dict[str, int] = {}
    for number in sorted(distances, key=lambda one: (distances[one], len(entries[one].phrase), one)):
        entry = entries[number]
        key = (entry.kind, entry.canonical)
        if is_place and entry.kind != "place":
            continue
        if key in found or counts.get(entry.kind, 0) == MOST_OF_KIND:
            continue
        counts[entry.kind] = counts.get(entry.kind, 0) + 1
        link = ["in"] if entry.kind == "place" and head and not is_place else []
        value = " ".join([*head, *link, entry.canonical])
        found[key] = Suggestion(entry.kind, entry.label, entry.note, value)
    return list(found.values())[:MOST_WORDS]


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
