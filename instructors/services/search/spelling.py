"""Misspelt words: which known word was meant, by edit distance and trigrams.

"Words of five letters and more may be two edits off"; words of four letters may be one. What is right as it
is (``data/other_words.txt``) is not bent into one of ours: a common word never (a ballot is no ballet), a
rare one by one letter at most ("cheep" may be "cheap", "rowing" is not "sewing").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

FUZZY_FROM, MOST_EDITS = 5, 2
# Written short on signs and maps.
SHORT = {
    "hts": "heights", "sq": "square", "vlg": "village", "wmsburg": "williamsburg", "tchr": "teacher",
    "instr": "instructor", "beg": "beginner", "int": "intermediate", "adv": "advanced",
}  # fmt: skip
# Strange words remembered, so that the same misspelling is looked up once.
MOST_REMEMBERED = 2048
# Parts of a word such as "pianolessons" have at least so many letters, all of it so many.
PART_FROM, PARTED_FROM = 2, 6


@cache
def other_words() -> tuple[frozenset[str], frozenset[str]]:
    """Words spelt like ours that are right as they are: common ones and rare ones.

    The common and rare words of SCOWL, America's larger cities, and what is taught elsewhere, as far as they
    are two letters or fewer away from a word that search knows.
    """
    text = resources.files("instructors.data").joinpath("other_words.txt").read_text(encoding="utf-8")
    common, _, rare = text.partition("\n\n")
    return frozenset(common.split()), frozenset(rare.split())


@dataclass(slots=True)
class Speller:
    """The words known, in the order in which they are preferred."""

    known: frozenset[str]
    # What a word run together with another may be.
    parts: frozenset[str]
    # Targets by length, each with its order of preference.
    by_length: dict[int, list[str]]
    preference: dict[str, int]
    remembered: dict[str, str | None] = field(default_factory=dict)
    equals: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, *kinds: Iterable[str], also: Iterable[str], parts: Iterable[str]) -> Speller:
        """``kinds``: words, those preferred first; ``also``: what is known besides and no aim of repair."""
        preference: dict[str, int] = {}
        for order, kind in enumerate(kinds):
            for word in kind:
                preference.setdefault(word, order)
        by_length: dict[int, list[str]] = {}
        for word in preference:
            if len(word) >= FUZZY_FROM - 1 and word.isalpha():
                by_length.setdefault(len(word), []).append(word)
        return cls(frozenset({*preference, *also}), frozenset(parts), by_length, preference)

    def repair(self, word: str) -> str | None:
        """The word, or the known word or two that were meant; None for a word nobody knows."""
        if word in SHORT:
            return SHORT[word]
        if word in self.known or not word.isalpha():
            return word
        if len(word) < FUZZY_FROM - 1:
            return None
        if word not in self.remembered:
            if len(self.remembered) >= MOST_REMEMBERED:
                self.remembered.clear()
                self.equals.clear()
            self.remembered[word] = self._repair(word)
        return self.remembered[word]

    def _repair(self, word: str) -> str | None:
        common, rare = other_words()
        if word in common:
            return word
        if word.endswith("s") and word[:-1] in self.known:
            return word[:-1]
        if word in rare:
            return (self._nearest(word, edits=1) if len(word) >= FUZZY_FROM else None) or word
        # One slip is likelier than two words run together, and these likelier than two slips.
        one = self._nearest(word, edits=1)
        if not one and word.endswith("s"):
            one = self._nearest(word.removesuffix("s"), edits=1)
        one = one or self._parted(word)
        return one or (self._nearest(word, edits=MOST_EDITS) if len(word) >= FUZZY_FROM else None)

    def _parted(self, word: str) -> str | None:
        if len(word) < PARTED_FROM or len(word) > 40:
            return None
        for at in range(len(word) - PART_FROM, PART_FROM - 1, -1):
            left, right = word[:at], word[at:]
            if left in self.parts and right in self.parts and max(len(left), len(right)) >= FUZZY_FROM - 1:
                return f"{left} {right}"
        return None

    def _nearest(self, word: str, *, edits: int) -> str | None:
        if len(word) > 24:
            return None
        near: list[tuple[int, bool, bool, float, int, str]] = []
        for length in range(len(word) - edits, len(word) + edits + 1):
            # A word of four letters is too short to be two edits off.
            most = edits if length >= FUZZY_FROM else 1
            for target, distance, _ in process.extract(
                word, self.by_length.get(length, ()), scorer=OSA.distance, score_cutoff=most, limit=None
            ):
                swapped = sorted(target) == sorted(word) and target[0] == word[0]
                if max(length, len(word)) >= FUZZY_FROM or swapped or self.preference[target] == 0:
                    # Of letters left out and letters mistaken, the former are the more common slip.
                    likeness = trigram_likeness(word, target) + Indel.normalized_similarity(word, target)
                    other_start = target[0] != word[0]
                    near.append(
                        (distance, not swapped, other_start, -likeness, self.preference[target], target)
                    )
        if not near:
            return None
        self.equals[word] = [one[-1] for one in sorted(near) if one[0] == min(near)[0]]
        return min(near)[-1]

    def choices(self, word: str) -> list[str]:
        """All that the word may have meant, as near as its repair, the best first."""
        repaired = self.repair(word)
        return self.equals.get(word) or ([repaired] if repaired else [])


def trigrams(word: str) -> frozenset[str]:
    padded = f"  {word} "
    return frozenset(padded[index : index + 3] for index in range(len(padded) - 2))


def trigram_likeness(one: str, other: str) -> float:
    """The share of three-letter pieces that both have, as PostgreSQL's pg_trgm counts them in a word."""
    first, second = trigrams(one), trigrams(other)
    return len(first & second) / len(first | second)
