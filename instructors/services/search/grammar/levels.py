"""What the student can do already: "beginner", "from scratch", "never played", "advanced"."""

from __future__ import annotations

import re
from datetime import date

from instructors.services.search.grammar import compiled, said_first, words_of
from instructors.services.search.reading import Reading

_FOR_A = r"(?:for )?(?:an? )?"
_LEARNERS = r"(?: (?:level|students?|learners?|players?|friendly))?"
_DONE = (
    r"(?:played|done|tried|taken|touched|danced|learned|learnt|studied|had|held|sung|swum|drawn|painted|cooked"
    r"|coded|spoken|before)"
)
_LEVELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "beginner",
        compiled(
            rf"{_FOR_A}(?:absolute |complete |total |very )?"
            rf"(?:beginners?|novices?|newbies?|noobs?|rookies?){_LEARNERS}",
            r"beginn(?:ing|ers?) level|beginning(?! (?:on|at|in|from|next|this|of|@|[wdt]\d))",
            r"(?:starting )?from (?:scratch|zero|the beginning|nothing)|basics?(?: level)?",
            rf"{_FOR_A}starters?(?: level)?|(?:entry|introductory|starter|elementary) level",
            r"intro(?:duction|ductory)?(?: to)?|(?:completely |totally |brand )?new to(?: the)?",
            r"(?:i |we |has |have |ive |he |she |whos |who |hes |shes )*never (?:ever )?(?:\w+ )?"
            rf"{_DONE}(?: (?:it|one|any|an?|the))?(?: before)?",
            r"(?:with )?(?:no|zero|without|without any|no prior|no previous) (?:prior |previous )?"
            r"(?:experience|knowledge|background)",
            r"(?:my |a )?first time(?:rs?)?|(?:just |only )?(?:starting out|getting started|just starting)",
        ),
    ),
    (
        "intermediate",
        compiled(
            rf"{_FOR_A}(?:upper |lower )?intermediates?{_LEARNERS}",
            r"(?:mid|middle|medium) level|some experience",
        ),
    ),
    (
        "advanced",
        compiled(
            rf"{_FOR_A}(?:very |more )?advanced{_LEARNERS}",
            # An expert teacher says nothing about the student.
            r"(?:for )?experts?(?: level)?(?! (?:\S+ )?(?:teacher|tutor|instructor|coach|trainer|pro)s?\b)",
            r"(?:professional|pro) level|for (?:pros|professionals)",
        ),
    ),
)
WORDS = words_of(
    "beginner beginners beginning novice novices newbie newbies starter starters scratch intermediate"
    " advanced"
    " expert experts experience never played tried basic basics level professional introductory"
)


def read(text: str, reading: Reading, today: date) -> str:
    """Of several levels the one said first."""
    reading.level, text = said_first(text, _LEVELS)
    return text
