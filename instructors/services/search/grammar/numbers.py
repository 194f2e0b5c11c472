"""Numbers in words become figures, and money becomes ``$40`` however it was written."""

from __future__ import annotations

import re

from instructors.services.search.grammar import words_of

_ONES = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split(),
        range(1, 20),
        strict=True,
    )
)
_TENS = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)
)
_ORDINALS = dict(
    zip(
        "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
        " fifteenth "
        "sixteenth seventeenth eighteenth nineteenth twentieth thirtieth".split(),
        [*range(3, 21), 30],
        strict=True,
    )
)
_FIGURES = {**_ONES, **_TENS}
# "one" is a number only before these: there is also "one on one" and "that one".
_COUNTED = words_of(
    "hour hours hr hrs h pm am oclock week weeks day days month months year years minute minutes and to"
    " thirty "
    "fifteen dollar buck hundred or"
)
_MONEY = re.compile(
    r"\$(\d{1,6}(?:\.\d{1,2})?)(?: (k)\b)?(?: (?:dollars?|bucks?|usd|us)\b)?"
    r"|\b(\d{1,6}(?:\.\d{1,2})?)(?: (k))? (?:us )?(?:dollars?|bucks?|usd|quid|euros?)\b"
    r"|\busd (\d{1,6}(?:\.\d{1,2})?)\b"
)
WORDS = words_of("dollars dollar bucks hundred") | {*_FIGURES, *_ORDINALS}


def figures(words: list[str]) -> list[str]:
    """Number words as figures: "twenty five" as 25; ordinals as 5th."""
    found: list[str] = []
    index = 0
    while index < len(words):
        word = words[index]
        following = words[index + 1] if index + 1 < len(words) else ""
        if word in _ORDINALS:
            found.append(f"{_ORDINALS[word]}th")
        elif word in _TENS and following in _ONES and _ONES[following] < 10:
            found.append(str(_TENS[word] + _ONES[following]))
            index += 1
        elif word in _FIGURES and (word != "one" or following in _COUNTED):
            found.append(str(_FIGURES[word]))
        elif word == "hundred":
            if found and found[-1].isdigit() and len(found[-1]) == 1:
                found[-1] += "00"
            else:
                if found and found[-1] == "a":
                    found.pop()
                found.append("100")
        else:
            found.append(word)
        index += 1
    return found


def money(text: str) -> str:
    """The line with its sums as ``$40``."""

    def sum_of(match: re.Match[str]) -> str:
        amount = float(match.group(1) or match.group(3) or match.group(5))
        if match.group(2) or match.group(4):
            amount *= 1000
        return f"${amount:g}" if amount < 1_000_000 else " "

    return _MONEY.sub(sum_of, text)
