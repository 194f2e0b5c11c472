"""Who learns: ages, kids, teens or adults, and what they can already do."""

from __future__ import annotations

import re
from datetime import date

from instructors.services.search.grammar import TAKEN, UNITS, compiled, words_of
from instructors.services.search.reading import Reading

# Kids are under 13, teens 13–17 (search.md).
FIRST_TEEN, FIRST_ADULT, OLDEST = 13, 18, 110
_WHO = (
    r"(?:kids?|child(?:ren)?|sons?|daughters?|boys?|girls?|nephews?|nieces?|grand(?:son|daughter|child|kid)s?|teens?"
    r"|teenagers?|students?|toddlers?|he|she|who|whos|hes|shes|i|im|adults?|learner|person)"
)
_YEARS = r"(?:years?|yrs?|yr|y)"
_OLD = r"(?:olds?|of age)"
_AGES = re.compile(
    rf"\b(?:for )?(?:an? |my |our )?(?:ages?|aged) (?:of )?(\d{{1,3}})(?: (?:to|and|or) (\d{{1,3}}))?(?: {_YEARS}(?: {_OLD})?)?(?= |$)"
    rf"|\b(?:for )?(?:an? |my |our )?(\d{{1,3}})(?: {_YEARS}(?: {_OLD})?)?(?: (?:to|and|or) (?:an? |my )?(\d{{1,3}}))? (?:{_YEARS} {_OLD}|yo|yos|{_YEARS}olds?|y o|ear old)(?= |$)"
    rf"|\b(?:an? |my )?(\d{{1,2}}) (?:months?|mos?) {_OLD}"
    rf"|(?<= )(?:my |our )?(?<!\w){_WHO} ?,? (?:is |are |am |just |turned |turning |turns |now |aged? |has |,)+ ?(\d{{1,3}})(?= |$)(?! (?:to|and|or) \d){UNITS}"
    rf"|(?<= )(?:my |our )?(?:son|daughter|kid|child|boy|girl|nephew|niece|teen) (?:of )?(\d{{1,2}})(?= ,| ?$){UNITS}"
)
# "Kids under 10", "adults over 40": no age of anybody, and no price.
_BOUND = re.compile(
    rf"(?<= )({_WHO})(?: (?:who are|ages?|aged))? (under|over|below|above|up to)(?: the age of)? (\d{{1,2}})(?: {_YEARS}(?: {_OLD})?)?(?= |$)"
)
_BOUND_PLURAL = re.compile(r"\b(?:for )?(?:the )?(under|over) (\d{1,2}) ?s\b")
_GRADE = re.compile(
    r"\b(?:for )?(?:an? |my |in |the )*(\d{1,2})(?:st|nd|rd|th) (?:grade|graders?|grader)(?: student)?(?= |$)|\bgrade (\d{1,2})\b"
)
# Those that say more than "my son", which a teenager may be too.
_SURE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("teens", compiled(r"(?:for )?(?:an? |my |our )?(?:teens?|teen ?agers?|teenaged?|adolescents?|high ?school(?:er)?s?(?: (?:student|kid|senior|junior|freshman|sophomore|age)s?)?|youths?)")),
    ("adults", compiled(r"(?:for )?(?:an? |my |our |the )?(?:older |young )?(?:adults?|grown ?ups?|seniors?(?: citizens?)?|elderly|retirees?|pensioners?|(?:college|university|grad(?:uate)?) (?:students?|kids?)|mom|mum|mother|dad|father|grand(?:ma|pa|mother|father|parents?)|husband|wife|parents|boyfriend|girlfriend|fiancee?)")),
    ("kids", compiled(r"(?:for )?(?:an? |my |our |the )?(?:little |young |small )?(?:kids?|child(?:ren)?s?|toddlers?|preschool(?:er)?s?|kindergart(?:e?n)(?:er)?s?|little ones?|elementary school(?:er)?s?|(?:elementary|primary|middle) school(?:er)?s?(?: (?:student|kid)s?)?|grade ?schoolers?|tweens?|pre ?teens?|infants?|baby|babies|grand(?:kid|child)(?:ren|s)?)(?: friendly)?")),
)  # fmt: skip
_YOUNG = compiled(
    r"(?:for )?(?:an? |my |our |the )?(?:little |young |small )?(?:sons?|daughters?|boys?|girls?|nephews?|nieces?|grandsons?|granddaughters?)"
)
_TEACHER = r"(?! (?:\S+ )?(?:teacher|tutor|instructor|coach|trainer|pro)s?\b)"
_LEVELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "beginner",
        compiled(
            r"(?:for )?(?:an? )?(?:absolute |complete |total |very )?(?:beginners?|novices?|newbies?|newbie|noobs?|rookies?)(?: (?:level|friendly))?",
            r"beginn(?:ing|ers?) level", r"beginning(?! (?:on|at|in|from|next|this|@|w\d|d\d|t\d|of))", r"(?:from|starting from) (?:scratch|zero|the beginning|nothing)",
            r"basics?(?: level)?", r"(?:for )?(?:an? )?starters?(?: level)?", r"(?:entry|introductory|starter|elementary) level", r"intro(?:duction|ductory)?(?: to)?",
            r"(?:i |we |has |have |ive |he |she |whos |who |hes |shes )*never (?:ever )?(?:\w+ )?(?:played|done|tried|taken|touched|danced|learned|learnt|studied|had|held|sung|swum|drawn|painted|cooked|coded|spoken|before)(?: (?:it|one|any|an?|the))?(?: before)?",
            r"(?:with )?(?:no|zero|without|without any|no prior|no previous) (?:prior |previous )?(?:experience|knowledge|background)",
            r"(?:my |a )?first time(?:rs?)?", r"(?:just |only )?(?:starting out|getting started|just starting)", r"(?:completely |totally |brand )?new to(?: the)?",
        ),
    ),
    (
        "intermediate",
        compiled(r"(?:for )?(?:an? )?(?:upper |lower )?intermediates?(?: (?:level|students?|learners?|players?))?", r"(?:mid|middle|medium) level", r"some experience"),
    ),
    (
        "advanced",
        compiled(
            r"(?:for )?(?:an? )?(?:very |more )?advanced(?: (?:level|students?|learners?|players?))?",
            r"(?:for )?experts?(?: level)?" + _TEACHER, r"(?:professional|pro) level", r"for (?:pros|professionals)",
        ),
    ),
)  # fmt: skip
WORDS = words_of(
    "beginner beginners beginning novice novices newbie newbies starter starters scratch intermediate advanced"
    " expert experts experience never played tried basic basics children child toddler toddlers teens teenager"
    " teenagers teenage adult adults senior seniors daughter daughters nephew niece level school student students"
    " years elementary kindergarten preschool professional grade grader"
)


def read(text: str, reading: Reading, today: date) -> str:
    """An age decides whose lesson it is; without one the first word for people does."""
    text = _GRADE.sub(lambda match: _grade(match, reading), text) if "grade" in text else text
    if any(char.isdigit() for char in text):
        text = _BOUND.sub(_bound, text)
        text = _BOUND_PLURAL.sub(lambda match: _plural(match, reading), text)
        text = _AGES.sub(lambda match: _age(match, reading), text)
    first, text = _first(text, _SURE)
    reading.audience = reading.audience or first
    if _YOUNG.search(text):
        reading.audience = reading.audience or "kids"
        text = _YOUNG.sub(TAKEN, text)
    reading.level, text = _first(text, _LEVELS)
    return text


def audience_of(age: int) -> str:
    return "kids" if age < FIRST_TEEN else "teens" if age < FIRST_ADULT else "adults"


def _first(text: str, forms: tuple[tuple[str, re.Pattern[str]], ...]) -> tuple[str | None, str]:
    """Which of the forms is said first, and the text without any of them."""
    said: list[tuple[int, str]] = []
    for name, pattern in forms:
        if match := pattern.search(text):
            said.append((match.start(), name))
    for _, pattern in forms if said else ():
        text = pattern.sub(TAKEN, text)
    return (min(said)[1] if said else None), text


def _age(match: re.Match[str], reading: Reading) -> str:
    """Of several ages ("8 to 10") only whose they are is told."""
    low, high, first, second, months, plain, last = match.groups()
    ages = [int(age) for age in (low, high, first, second, plain, last) if age] or [int(months) // 12]
    if max(ages) > OLDEST:
        return match.group()
    reading.audience = audience_of(ages[0])
    reading.age = ages[0] if len(ages) == 1 else None
    return TAKEN


def _bound(match: re.Match[str]) -> str:
    """The people stay in the text; the number goes where it can be an age."""
    who, word, number = match.group(1), match.group(2), int(match.group(3))
    older = word in ("over", "above")
    if who.startswith("adult"):
        return f"{who} " if older and number >= FIRST_ADULT else match.group()
    return f"{who} " if number <= FIRST_ADULT or older else match.group()


def _plural(match: re.Match[str], reading: Reading) -> str:
    """ "Under 12s", "over 60s"."""
    number = int(match.group(2))
    reading.audience = audience_of(number if match.group(1) == "over" else number - 1)
    return TAKEN


def _grade(match: re.Match[str], reading: Reading) -> str:
    """American children are about six in the first grade."""
    grade = int(match.group(1) or match.group(2))
    if not 1 <= grade <= 12:
        return match.group()
    reading.audience = audience_of(grade + 5)
    return TAKEN
