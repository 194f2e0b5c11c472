"""The names in a text: which words are a subject, a category or a place, spelt right or nearly so.

Words are repaired one by one against everything that search understands, so that a misspelt weekday does
not become an instrument. What is right English, or right elsewhere, is left alone (``spelling.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA

from instructors.services.search.grammar import CATEGORY, PLACE, SUBJECT, Mention, words, words_of
from instructors.services.search.grammar.filler import FILLER, RUN_TOGETHER, SAID_OFTEN
from instructors.services.search.spelling import FUZZY_FROM, MOST_EDITS, Speller

# Longest name, in words.
MOST_WORDS = 5
# A phrase as short as this is repaired by one letter at most.
PHRASE_FROM = 8


@dataclass(slots=True)
class Names:
    """Every way to write a name, to (kind, slug); subjects win over categories, these over places."""

    exact: dict[str, tuple[str, str]]
    speller: Speller
    # First words of names; by their number of words, names of several; the words of those.
    starts: frozenset[str] = field(init=False)
    phrases: dict[int, list[str]] = field(init=False)
    parts: frozenset[str] = field(init=False)
    inner: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.starts = frozenset(phrase.partition(" ")[0] for phrase in self.exact)
        self.phrases = {number: [] for number in range(2, MOST_WORDS + 1)}
        for phrase in self.exact:
            if 2 <= len(phrase.split()) <= MOST_WORDS:
                self.phrases[phrase.count(" ") + 1].append(phrase)
        self.parts = frozenset(word for some in self.phrases.values() for one in some for word in one.split())
        self.inner = self.parts - self.exact.keys() - words.GRAMMAR - FILLER - words.RARE

    @classmethod
    def of(cls, subjects: dict[str, str], categories: dict[str, str], places: dict[str, str]) -> Names:
        exact: dict[str, tuple[str, str]] = {}
        for kind, known in ((SUBJECT, subjects), (CATEGORY, categories), (PLACE, places)):
            for phrase, slug in known.items():
                exact.setdefault(phrase, (kind, slug))
        for phrase, named in list(exact.items()):
            for form in _forms(phrase, place=named[0] == PLACE):
                exact.setdefault(form, named)
        spelt = {word for phrase in places for word in phrase.split()}
        # "Make up" and "as a second language" have words that no misspelt one was meant to be.
        small = {word for word in FILLER if len(word) < FUZZY_FROM}
        subject_words = {word for phrase in (*subjects, *categories) for word in phrase.split()} - small
        speller = Speller.of(
            subject_words,
            words.GRAMMAR,
            spelt,
            SAID_OFTEN,
            also=FILLER | words.RARE | exact.keys(),
            parts=words.GRAMMAR | RUN_TOGETHER | exact.keys() | spelt,
        )
        return cls(exact, speller)

    def mark(self, tokens: list[str]) -> tuple[list[str], list[Mention]]:
        """The words with names as atoms, longest first; and what the atoms stand for."""
        found: list[Mention] = []
        marked: list[str] = []
        index = 0
        while index < len(tokens):
            length, named = self._longest(tokens, index)
            if named is None:
                marked.append(tokens[index])
                index += 1
                continue
            kind, slug = named
            marked.append(f"#{kind}{len(found)}")
            found.append(Mention(kind, slug))
            index += length
        return marked, found

    def _longest(self, tokens: list[str], start: int) -> tuple[int, tuple[str, str] | None]:
        if tokens[start] in self.starts:
            for length in range(min(MOST_WORDS, len(tokens) - start), 0, -1):
                if named := self.exact.get(" ".join(tokens[start : start + length])):
                    if named[1] == "sat-prep" and length == 1 and _is_saturday(tokens, start):
                        continue
                    return length, named
        return 1, None

    def repaired(self, tokens: list[str]) -> list[str]:
        """The words with those misspelt put right; names run together are parted."""
        repaired: list[str] = []
        strange: list[int] = []
        mended: dict[int, str] = {}
        for token in tokens:
            fixed = self.speller.repair(token)
            if fixed is None:
                strange.append(len(repaired))
            elif fixed != token and " " not in fixed:
                mended[len(repaired)] = token
            repaired += (fixed or token).split()
        for index, token in mended.items():
            self._choose(repaired, index, token)
            if repaired[index] == token:
                strange.append(index)
        for index in sorted(strange, reverse=True):
            self._mend_phrase(repaired, index)
        return repaired

    def _choose(self, tokens: list[str], at: int, written: str) -> None:
        """Of words as near to what was written, the one that makes a name with its neighbours.

        A word that means something only inside a name ("hills") is no repair where it makes none.
        """
        best = tokens[at]
        for choice in self.speller.choices(written):
            tokens[at] = choice
            if self._completes(tokens, at):
                return
        tokens[at] = written if best in self.inner else best

    def _completes(self, tokens: list[str], at: int) -> bool:
        """Whether the word makes a name together with its neighbours."""
        return any(
            " ".join(tokens[start : start + length]) in self.exact
            for length in range(2, MOST_WORDS + 1)
            for start in range(max(at - length + 1, 0), min(at, len(tokens) - length) + 1)
        )

    def _mend_phrase(self, tokens: list[str], strange: int) -> None:
        """A name of several words of which one, too short to be repaired alone, is strange."""
        for length in range(MOST_WORDS - 1, 1, -1):
            for start in range(max(strange - length + 1, 0), min(strange, len(tokens) - length) + 1):
                run = tokens[start : start + length]
                others = (word for at, word in enumerate(run, start) if at != strange)
                if not self.parts.issuperset(others):
                    continue
                phrase = " ".join(run)
                edits = MOST_EDITS if len(phrase) > PHRASE_FROM else 1
                near = process.extractOne(
                    phrase, self.phrases[length], scorer=OSA.distance, score_cutoff=edits
                )
                if near:
                    tokens[start : start + length] = near[0].split()
                    return


def _forms(phrase: str, *, place: bool) -> Iterable[str]:
    """The plural and the singular, and the words run together."""
    if " " in phrase and len(phrase) >= FUZZY_FROM:
        yield phrase.replace(" ", "")
        if place and phrase.endswith("s"):
            yield phrase.removesuffix("s")
    if not place:
        yield f"{phrase}s"
        if phrase.endswith("s") and len(phrase) > FUZZY_FROM:
            yield phrase.removesuffix("s")


_DAYS = words_of("mon monday tue tues tuesday wed wednesday thu thurs thursday fri friday sun sunday")
_LEAD_TO_DAYS = words_of("on this next every each coming by before until after from to") | _DAYS
_FOLLOW_DAYS = (
    words_of(
        "at morning mornings afternoon afternoons evening evenings night nights noon before after around"
        " between to"
        " from am pm dec jan feb"
    )
    | _DAYS
)
_FOLLOW_TESTS = words_of(
    "prep tutor tutors tutoring test tests exam exams math score scores lesson lessons class classes coach"
    " coaching teacher teachers course practice reading help instructor"
)


def _is_saturday(tokens: list[str], at: int) -> bool:
    """Whether "sat" is the day: its neighbours say so, or something else to learn was named before it."""
    around = ["", "", *tokens, "", ""]
    before_that, before, _, after, after_that = around[at : at + 5]
    if after in _FOLLOW_TESTS:
        return False
    if (before in ("or", "and", ",") and before_that in _DAYS) or (
        after in ("or", "and", ",", "to") and after_that in _DAYS
    ):
        return True
    if before in ("or", "and") or after in ("or", "and"):
        return False
    if before in _LEAD_TO_DAYS or after in _FOLLOW_DAYS or after[:1].isdigit():
        return True
    return any(token not in FILLER and token.isalpha() for token in tokens[:at])
