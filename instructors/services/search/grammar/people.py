"""Who learns: an age, or kids (under 13), teens (13–17) or adults."""

from __future__ import annotations

import re
from datetime import date

from instructors.services.search.grammar import TAKEN, UNITS, compiled, said_first, words_of
from instructors.services.search.reading import Reading

FIRST_TEEN, FIRST_ADULT, OLDEST = 13, 18, 110
_FOR = r"(?:for )?(?:an? |my |our |the )?"
_CHILD = r"(?:kids?|child(?:ren)?|sons?|daughters?|boys?|girls?|nephews?|nieces?|toddlers?|teens?|teenagers?)"
_WHO = (
    rf"(?:{_CHILD}|grand(?:son|daughter|child|kid)s?|students?|he|she|who|whos|hes|shes|i|im|adults?|learner"
    r"|person)"
)
_YEARS = r"(?:years?|yrs?|yr|y)"
_OLD = r"(?:olds?|of age)"
_AND = r"(?:to|and|or)"
_AGES = re.compile(
    "|".join(
        (
            # "Aged 9", "ages 8 to 10".
            rf"\b{_FOR}(?:ages?|aged) (?:of )?(\d{{1,3}})(?: {_AND} (\d{{1,3}}))?(?: {_YEARS}(?:"
            rf" {_OLD})?)?(?= |$)",
            # "9 year old", "9yo", "8 and 10 year olds".
            rf"\b{_FOR}(\d{{1,3}})(?: {_YEARS}(?: {_OLD})?)?(?: {_AND} (?:an? |my )?(\d{{1,3}}))?"
            rf" (?:{_YEARS} {_OLD}|yos?|{_YEARS}olds?|y o|ear old)(?= |$)",
            rf"\b{_FOR}(\d{{1,2}}) (?:months?|mos?) {_OLD}",
            # "My son is 9", "daughter, 7".
            rf"(?<= ){_FOR}(?<!\w){_WHO} ?,? (?:is |are |am |just |turned |turning |turns |now |aged? "
            r"|has )+"
            rf" ?(\d{{1,3}})(?= |$)(?! {_AND} [tu$\d]){UNITS}",
            rf"(?<= )(?:im|hes|shes|whos) (\d{{1,3}})(?= |$)(?! {_AND} [tu$\d]){UNITS}",
            rf"(?<= ){_FOR}(?<!\w)(?:son|daughter|kid|child|boy|girl|nephew|niece)"
            rf" (?:of |, )?(\d{{1,2}})(?= ,| ?$){UNITS}",
        )
    )
)
# "Kids under 10", "adults over 40": no age of anybody, and no price.
_BOUND = re.compile(
    rf"(?<= )({_WHO})(?: (?:who are|ages?|aged))? (under|over|below|above|up to)(?: the age of)? (\d{{1,2}})"
    rf"(?: {_YEARS}(?: {_OLD})?)?(?= |$)"
)
_BOUND_PLURAL = re.compile(r"\b(?:for )?(?:the )?(under|over) (\d{1,2}) ?s\b")
# "12 and under", "18 and over".
_AND_UNDER = re.compile(r"(?<= )(?:ages? )?(\d{1,2}) (?:and|or) (under|younger|over|older)(?= |$)")
_GRADE = re.compile(
    r"\b(?:for )?(?:an? |my |in |the )*(\d{1,2})(?:st|nd|rd|th) (?:grade|graders?)(?: student)?(?= |$)"
    r"|\bgrade (\d{1,2})\b"
)
_STUDENTS = r"(?: (?:student|kid|senior|junior|freshman|sophomore|age)s?)?"
_AUDIENCES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "teens",
        compiled(
            rf"{_FOR}(?:teens?|teen ?agers?|teenaged?|adolescents?|youths?)",
            rf"{_FOR}high ?school(?:er)?s?{_STUDENTS}",
        ),
    ),
    (
        "adults",
        compiled(
            rf"{_FOR}(?:older |young )?(?:adults?|grown ?ups?|seniors?(?: citizens?)?|elderly|retirees?"
            rf"|pensioners?)",
            rf"{_FOR}(?:college|university|grad(?:uate)?) (?:students?|kids?)",
            rf"{_FOR}(?:mom|mum|mother|dad|father|grand(?:ma|pa|mother|father|parents?)|parents|husband|wife"
            r"|boyfriend|girlfriend|fiancee?)",
        ),
    ),
    (
        "kids",
        compiled(
            rf"{_FOR}(?:little |young |small )?(?:kids?|child(?:ren)?s?|toddlers?|little ones?|infants?|baby"
            r"|babies|grand(?:kid|child)(?:ren|s)?)(?: friendly)?",
            rf"{_FOR}(?:preschool(?:er)?s?|kindergart(?:e?n)(?:er)?s?|tweens?|pre ?teens?|grade ?schoolers?)",
            rf"{_FOR}(?:elementary|primary|middle) school(?:er)?s?{_STUDENTS}",
        ),
    ),
)
# A son or a niece may be a teenager; where nothing more is said, a child is meant.
_YOUNG = compiled(
    rf"{_FOR}(?:little |young |small )?(?:sons?|daughters?|boys?|girls?|nephews?|nieces?|grandsons?"
    rf"|granddaughters?)"
)
WORDS = words_of(
    "children child toddler toddlers teens teenager teenagers teenage adult adults senior seniors daughter"
    " daughters nephew niece school student students years elementary kindergarten preschool grade grader"
)


def read(text: str, reading: Reading, today: date) -> str:
    """An age decides whose lesson it is; without one the first word for people does."""
    if "grade" in text:
        text = _GRADE.sub(lambda match: _grade(match, reading), text)
    if any(char.isdigit() for char in text):
        text = _BOUND.sub(_bound, text)
        text = _BOUND_PLURAL.sub(lambda match: _plural(match, reading), text)
        text = _AND_UNDER.sub(lambda match: _and_under(match, reading), text)
        text = _AGES.sub(lambda match: _age(match, reading), text)
    first, text = said_first(text, _AUDIENCES)
    text, young = _YOUNG.subn(TAKEN, text)
    reading.audience = reading.audience or first or ("kids" if young else None)
    return text


def audience_of(age: int) -> str:
    return "kids" if age < FIRST_TEEN else "teens" if age < FIRST_ADULT else "adults"


def _age(match: re.Match[str], reading: Reading) -> str:
    """Of several ages ("8 to 10") only whose they are is told."""
    low, high, first, second, months, *alone = match.groups()
    ages = [int(age) for age in (low, high, first, second, *alone) if age] or [int(months) // 12]
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


def _and_under(match: re.Match[str], reading: Reading) -> str:
    number, word = int(match.group(1)), match.group(2)
    if word in ("under", "younger") and number >= FIRST_ADULT and "age" not in match.group():
        return match.group()
    reading.audience = audience_of(number)
    return TAKEN


def _grade(match: re.Match[str], reading: Reading) -> str:
    """American children are about six in the first grade."""
    grade = int(match.group(1) or match.group(2))
    if not 1 <= grade <= 12:
        return match.group()
    reading.audience = audience_of(grade + 5)
    return TAKEN
