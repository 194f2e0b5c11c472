"""Where: a ZIP code, a known place, or an unknown one as it was typed after "in", "near" and the like."""

from __future__ import annotations

import re

from instructors.services.search.grammar import PLACE, Mention, words_of
from instructors.services.search.grammar.filler import FILLER
from instructors.services.search.reading import Reading

ZIP = re.compile(r"\d{5}")
# The longest unknown place, in words.
MOST_WORDS = 4
LONGEST_PLACE = 60
_PREPOSITIONS = words_of("in near around at from outside inside within by throughout across")
_WEAK = words_of("at from by within")
_ARTICLES = words_of("the my our a an downtown uptown this")
# "Interested in", "good at": what follows is no place.
_NO_PLACE_AFTER = words_of(
    "interested interest good great better best bad fluent experienced experience specializing specializes"
    " specialized specialising skilled trained expert expertise background degree certified major"
    " majoring believe"
    " confident help improve better excel proficient knowledge beginner stay get"
)
# No place after "in": "in english", "in advance".
_NO_PLACE = words_of(
    "english advance general case fact touch depth detail order future front mind shape need particular"
    " private"
    " groups group pairs pair total addition short secret style theory class classes lessons lesson between"
    " advanced demand hurry rush charge full tune time bulk return life love reality"
)


def read(tokens: list[str], mentions: list[Mention], reading: Reading, wide: frozenset[str]) -> list[str]:
    """The words without the place. Of two places named the smaller is meant: "park slope, brooklyn"."""
    for index, token in enumerate(tokens):
        if ZIP.fullmatch(token):
            reading.location = token
            tokens = [*tokens[:index], ",", *tokens[index + 1 :]]
            break
    named: list[str] = []
    rest: list[str] = []
    for token in tokens:
        if token.startswith(f"#{PLACE}"):
            if not _refused(rest):
                named.append(mentions[int(token[2:])].slug)
            rest.append(",")
        else:
            rest.append(token)
    if reading.location is None and named:
        reading.location = next((slug for slug in named if slug not in wide), named[0])
    return rest if reading.location or (reading.near_me and named) else _unknown(rest, reading)


def _refused(before: list[str]) -> bool:
    """Whether "not in" stands before the place: no key says where somebody does not want to go."""
    words = [word for word in before[-3:] if word not in ("in", "the", "near", "from", "at")]
    return bool(words) and words[-1] in ("not", "except", "excluding", "outside")


def _unknown(tokens: list[str], reading: Reading) -> list[str]:
    for strong in (True, False):
        for index, token in enumerate(tokens[:-1]):
            if token not in _PREPOSITIONS or (token in _WEAK) is strong:
                continue
            if index and tokens[index - 1] in _NO_PLACE_AFTER:
                continue
            start = index + 1
            while start < len(tokens) and tokens[start] in _ARTICLES:
                start += 1
            if tokens[start + 1 : start + 2] == ["of"] and tokens[start] in _OF_PLACES:
                start += 2
            end = start
            while end < len(tokens) and end - start < MOST_WORDS and _may_be_place(tokens[end], end > start):
                end += 1
            if end > start:
                reading.location = " ".join(tokens[start:end])[:LONGEST_PLACE].strip()
                return [*tokens[:index], ",", *tokens[end:]]
    return tokens


# Words of a place's name that are small talk elsewhere.
_OF_PLACES = words_of(
    "city new old park side street avenue center centre place square town district college university school"
    " heights village area campus road state station"
)


def _may_be_place(word: str, inside: bool) -> bool:
    if not word[0].isalpha() or word in _NO_PLACE:
        return False
    return word not in FILLER or (word in ("new", "old") or (inside and word in _OF_PLACES))
