"""In which order to show: "cheapest", "best", "as soon as possible", "nearest". Price words hide nobody."""

from __future__ import annotations

import re
from datetime import date

from instructors.services.search.grammar import TAKEN, compiled, words_of
from instructors.services.search.reading import Reading

_COST = r"(?:cost|price[ds]?|rates?|budget|fees?)"
_SLOT = r"(?:time|slot|opening|appointment|lesson)"
_NEAREST = compiled("(?:the )?(?:closest|nearest|shortest distance)", "(?:sort(?:ed)? )?by distance")
# "Closest to me" says where, too.
_TO_ME = compiled(
    "(?<!come )(?<!comes )(?<!coming )(?<!travel )(?<!travels )(?<!go )(?<!goes )"
    "to (?:me|us|here|home|my (?:home|house|place|apartment))"
)
_SORTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "soonest",
        compiled(
            "asap|as (?:soon|early) as possible",
            rf"(?:the )?(?:very )?soonest(?: (?:possible|available|{_SLOT}))?",
            r"(?:the )?(?:first|next|earliest|1st) (?:available|possible|free|open|availability)"
            rf"(?: {_SLOT})?",
            rf"(?:the )?(?:first|next|earliest) {_SLOT}",
            "(?:the )?earliest|right (?:now|away)|straight away|immediate(?:ly)?|urgent(?:ly)?",
            "(?:available )?soon|at once|without delay|quickest",
        ),
    ),
    (
        "price_asc",
        compiled(
            rf"(?:the )?(?:cheap(?:est|er|ly)?|affordabl[ey]|inexpensive|economical)(?: (?:{_COST}|first))?",
            rf"(?:the )?low(?:est|er)? ?{_COST}|budget(?: friendly)?|bargain(?: {_COST})?",
            rf"(?:the )?(?:best|good|great|fair|reasonable|better) (?:{_COST}|deals?|value)(?: for money)?",
            "reasonabl[ey](?: priced?)?|cost effective|wont break the bank",
            r"(?:not|isnt|arent|nothing|least|less) (?:too |very |so |that )?(?:expensive|pricey|costly)",
            "on a (?:tight )?budget|on a shoestring",
        ),
    ),
    (
        "rating_desc",
        compiled(
            r"(?:the )?(?:very )?(?:best|top|highest|highly|well|better)"
            r" (?:rated|reviewed|ratings?|reviews?|recommended|ranked)",
            r"(?:with )?(?:good|great|excellent|the best|best|5 stars?) (?:reviews|ratings?)|5 stars?",
            r"(?:the )?(?:very )?best(?! (?:time|way))|(?:the )?top(?! of)(?: notch| \d+)?",
        ),
    ),
)
WORDS = words_of(
    "closest nearest distance cheap cheapest cheaper affordable budget inexpensive expensive reasonable"
    " reasonably lowest highest rated rating ratings reviews reviewed soonest earliest first available"
    " possible"
    " immediately urgent urgently"
)


def read(text: str, reading: Reading, today: date) -> str:
    """Of several orders the one said first."""
    said: list[tuple[int, str]] = []
    for name, pattern in (("distance", _NEAREST), *_SORTS):
        if match := pattern.search(text):
            said.append((match.start(), name))
    if not said:
        return text
    reading.sort = min(said)[1]
    for _, pattern in _SORTS:
        text = pattern.sub(TAKEN, text)
    text, nearest = _NEAREST.subn(" ", text)
    if nearest and _TO_ME.search(text):
        reading.near_me = True
        text = _TO_ME.sub(TAKEN, text)
    return text
