"""Which subjects are wanted and which are not: "hindi or arabic", "tutoring but not calculus"."""

from __future__ import annotations

from instructors.services.search.grammar import CATEGORY, SUBJECT, Mention, words_of
from instructors.services.search.reading import Reading

_NEGATIONS = words_of(
    "not except excluding exclude without no never minus nor hate besides isnt non apart dislike skip"
    " omit avoid"
)
# Those of two or three words.
_NEGATING = frozenset(
    tuple(pair.split())
    for pair in (
        "other than,rather than,instead of,aside from,anything but,anyone but,everything but,all but,any but,"
        "dont want,dont like,dont need,do not,not interested,sick of,tired of"
    ).split(",")
)
WORDS = _NEGATIONS | {word for pair in _NEGATING for word in pair}
# "Not only piano" refuses nothing.
_AFFIRMING = words_of("only just sure")
# These do not end a list of what is not wanted.
_LISTED = words_of(
    "and or nor , the any a an for from of to lesson lessons class classes course courses teacher"
    " teachers tutor"
    " tutors want need like interested even also either learn study than tutoring"
)


def read(
    tokens: list[str], mentions: list[Mention], reading: Reading, subjects_of: dict[str, list[str]]
) -> list[str]:
    """The words that are no names; a refused category refuses all its subjects."""
    wanted: set[str] = set()
    refused: set[str] = set()
    category: str | None = None
    rest: list[str] = []
    negated = False
    for index, token in enumerate(tokens):
        if token[:2] in (f"#{SUBJECT}", f"#{CATEGORY}"):
            mention = mentions[int(token[2:])]
            slugs = [mention.slug] if mention.kind == SUBJECT else subjects_of.get(mention.slug, [])
            if negated:
                # "No sports tutor", but "no calculus tutor" leaves tutoring alone.
                if mention.kind == SUBJECT or not _after_subject(tokens, index):
                    refused.update(slugs)
            elif mention.kind == SUBJECT:
                wanted.add(mention.slug)
            else:
                category = category or mention.slug
            continue
        negates = token in _NEGATIONS or tuple(tokens[max(index - 1, 0) : index + 1]) in _NEGATING
        if negates:
            following = tokens[index + 1] if index + 1 < len(tokens) else ""
            negated = following not in _AFFIRMING
        elif token not in _LISTED:
            negated = False
        rest.append(token)
    reading.exclude_subjects = sorted(refused)
    reading.subjects = sorted(wanted - refused)
    reading.category = None if reading.subjects else category
    return rest


def _after_subject(tokens: list[str], index: int) -> bool:
    return index > 0 and tokens[index - 1].startswith(f"#{SUBJECT}")
