"""From what was typed to a line of plain words: lower case, no accents, one way to write each sign."""

from __future__ import annotations

import re
import unicodedata

# Nobody says more than this in a search field; what follows is not read.
LONGEST_TEXT = 1000

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("'’‘ʼ`´", ""),
        **dict.fromkeys("–—‒―−‐‑", "-"),
        **dict.fromkeys(";?!()[]{}|\n\r•·…。，、！？；", " , "),
        **dict.fromkeys("€£", "$"),
        **dict.fromkeys("≤<", " under "),
        **dict.fromkeys("≥>", " over "),
        "≈": "~",
        "&": " and ",
        "@": " at ",
        "½": " half ",
        "#": " ",
        "_": " ",
    }
)
_DAY = r"(?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)(?:[a-z]*day)?s?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
# In this order; each leaves less for the next.
_REWRITES = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"\b24/7\b|\b(?:zip|postal) ?codes?\b|\bzip\b", " "),
        (r"(?<=\d) ?~ ?(?=\$?\d)", " - "),
        (r"~", " around "),
        (r"\by/o\b", "yo"),
        (r"\bw/o\b", "without"),
        (r"\bw/(?= |[a-z])", "with "),
        (r"\b(?:[a-z]\.)+[a-z]\b\.?", lambda match: match.group().replace(".", "")),
        (r"(?<=\d),(?=\d{3}\b)", ""),
        (r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b", r"\1/\2/\3"),
        (r"\b(\d{1,2})[-.](\d{1,2})[-.](\d{4})\b", r"\1/\2/\3"),
        (r"\b(\d{5})-\d{4}\b", r"\1"),
        (r"\b(1[3-9]|2[0-3])h(\d\d)\b", r"\1:\2"),
        (r"\b(\d{1,2})[.h](\d\d) ?(?=[ap]m?\b)", r"\1:\2 "),
        (
            r"\b(\d{1,2}(?::\d\d)?) ?([ap])\b(?! (?:lesson|class|session|hour|month|week|day)|m)(?<=\d[ap])",
            r"\1 \2m",
        ),
        (r"\b(\d{1,2}):(\d\d) ?([ap])\b", r"\1:\2 \3m"),
        (r"(?<=[a-z])(?=\d)|(?<=\d)(?=[^\W\d])", " "),
        (r"\b(\d{1,2}) (st|nd|rd|th)\b", r"\1\2"),
        (r"(?<![\d.$])(\d+(?:\.\d+)?) ?\$(?! ?\d)", r"$\1"),
        (r"\$ +(?=\d)", "$"),
        (r"(?<=\d)\$(?=\d)|(?<=[^\s-])(?=\$)", " "),
        (r"\$(?!\d)", " "),
        (r" ?/ ?(?=(?:hours?|hrs?|h|lessons?|class|sessions?|person)\b)", " per "),
        (r"(?<!\d)/|/(?!\d)", " or "),
        (r"(?<=\d)\+(?!\+)", " or more "),
        (r"(?<=[a-z])\+\+", "plusplus "),
        (r"\+", " and "),
        (rf"(\d(?:st|nd|rd|th)?|\b[ap]m) ?- ?(?=\$?\d|{_MONTH}[a-z]*\b)", r"\1 to "),
        (rf"\b({_DAY}|noon|(?:to)?day|tomorrow) ?- ?(?=(?:{_DAY}|noon)\b)", r"\1 to "),
        (r"-", " "),
        (r"(?<!\d):|:(?!\d)", " "),
        (r"\b([a-z]{1,4})\.(?!\d)", r"\1 "),
        (r"(?<!\d)[.,]|[.,](?!\d)", " , "),
        (r"(?<=\d),(?=\d)", " , "),
        (r"[^\w$:.,/\s]", " "),
        (r"\b(\d{1,2}) +1/2(?= +(?:hours?|hrs?|h)\b)", r"\1.5"),
        (r"\b(\d{1,2}) +1/2(?= +(?:years?|yrs?)\b)", r"\1"),
    )
)

# Most of what is typed; only the first of the rewrites can mean it.
_LETTERS = re.compile(r"[a-z\s]*")


def normalise(text: str) -> str:
    """The line of words; letters of any script stay, so that what nobody can read is still seen."""
    plain = text[:LONGEST_TEXT]
    if not plain.isascii():
        plain = re.sub(r"(?<=\d)½", ".5", plain).translate(_SIGNS)
        folded = unicodedata.normalize("NFKD", plain)[:LONGEST_TEXT]
        plain = "".join(map(_digit, (char for char in folded if not unicodedata.combining(char))))
    plain = plain.lower().translate(_SIGNS)
    for pattern, put in _REWRITES[:1] if _LETTERS.fullmatch(plain) else _REWRITES:
        plain = pattern.sub(put, plain)
    return " ".join(plain.split())


def _digit(char: str) -> str:
    """Digits of any script as ours; other signs that count as numbers are none."""
    if char.isascii() or not char.isnumeric():
        return char
    return str(unicodedata.decimal(char, " "))
