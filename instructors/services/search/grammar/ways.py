"""How the two meet, whether nearby, and in which order to show: "online", "near me", "cheapest"."""

from __future__ import annotations

import re
from datetime import date

from instructors.services.search.grammar import TAKEN, compiled, words_of
from instructors.services.search.reading import Reading

_MINE = r"(?:my|our|your|their|his|her)"
_HOME = r"(?:home|house|place|apartment|apt|flat|door|residence|office|studio|location|doorstep)"
_ONLINE = compiled(
    r"(?:over |via |by |on |through |using |with )?(?:an? |the )?(?:zoom|skype|facetime|google meet|webcam|internet|microsoft teams)(?: (?:calls?|meetings?|sessions?))?",
    r"(?:over |via |by |on |through |using )?(?:an? |live )?video(?:s|conferenc(?:e|ing))?(?! (?:editing|production|games?|gaming|making|design|edit|essays?))(?: (?:calls?|chats?|conferenc(?:e|ing)|meetings?|link))?",
    r"on ?lines?|virtual(?:ly)?|remote(?:ly)?(?! control)|distance learning|long distance",
)  # fmt: skip
_IN_PERSON = compiled(
    r"in ?persons?(?: only)?|face (?:to|2) face|f 2 f|irl|in real life|offline|on ?site|physical(?:ly)? present|live in person",
    rf"(?:who |that |can |will |would |to )*(?:comes?|coming|travels?|travell?ing|drives?|go(?:es)?) (?:over )?to (?:{_MINE} {_HOME}|me|us|my neighborhood|you)(?: (?:at )?home)?",
    r"(?:who |that |can |will |would |to )*(?:comes?|coming|travels?) (?:home|over)",
    rf"(?:at|in) {_MINE} (?:own )?{_HOME}|at home|in ?home(?: (?:lessons|visits?|service))?|(?:house|home) (?:calls?|visits?)|(?:visits?|to) (?:my|our) {_HOME}|(?:my|your|our) place|at (?:the )?(?:students?|teachers?|instructors?|tutors?) (?:home|house|place|studio)|(?:at|in) (?:the|a) (?:house|home|studio)",
)  # fmt: skip
_NO = r"(?:but not|not|no|except|without|other than|dont want|non|never|rather than|instead of)(?: via| over| on| by| through| an?| at)?"
_NOT_ONLINE = re.compile(rf"\b{_NO} (?={_ONLINE.pattern})")
_NOT_IN_PERSON = re.compile(rf"\b{_NO} (?={_IN_PERSON.pattern})")
_MY_AREA = r"(?:my|our|the|this|your) (?:area|neighbou?rhood|hood|vicinity|block|street|house|home|place|apartment|location|town|current location|work|office|school)"
_NEAR_ME = compiled(
    r"(?:some(?:where|one|thing)? )?(?:near|close|next|closer|nearer) ?(?:to |by )?(?:me|us|here|home|myself)",
    r"(?:around|by|from|of) (?:me|us|here)", r"near ?by|close ?by|locally|local", rf"(?:in|around|near|close to|by|within) {_MY_AREA}",
    r"not (?:too |very |so )?far(?: away)?(?: from (?:me|us|here|home|my \w+))?", r"(?:in|within) walking distance|walkable", r"where i live|(?:my|our) (?:area|neighbou?rhood)",
    r"around the corner",
)  # fmt: skip
# "Closest to me" is an order and says "near me" too.
_TO_ME = compiled("to (?:me|us|here|home|my (?:home|house|place|apartment))")
_NEAREST = compiled(r"(?:the )?(?:closest|nearest|shortest distance)", r"(?:sort(?:ed)? by |by )distance")
_SORTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "soonest",
        compiled(
            r"asap|as soon as possible|as early as possible|(?:the )?(?:very )?soonest(?: (?:possible|available|time|slot|opening))?",
            r"(?:the )?(?:first|next|earliest|1st|soonest) (?:available|possible|free|open|opening|availability|appointment|slot|time)(?: (?:time|slot|opening|appointment|lesson))?",
            r"(?:the )?(?:earliest)|right (?:now|away)|straight away|immediately|immediate|urgent(?:ly)?|(?:available )?soon|at once|without delay|quickest",
        ),
    ),
    (
        "price_asc",
        compiled(
            r"(?:the )?(?:cheap(?:est|er|ly)?|affordabl[ey]|inexpensive|economical|low(?:est|er)? ?(?:cost|price[ds]?|rates?|budget|fees?)|budget(?: friendly)?|bargain)(?: (?:price[ds]?|rates?|first))?",
            r"(?:the )?(?:best|good|great|fair|low|reasonable|better) (?:price[ds]?|rates?|deals?|value)(?: for money)?|reasonabl[ey](?: priced?)?",
            r"(?:not|isnt|arent|nothing|without being|thats not|least|less) (?:too |very |so |that )?(?:expensive|pricey|costly)(?: ?one)?|wont break the bank|cost effective|on a (?:tight )?budget|on a shoestring",
        ),
    ),
    (
        "rating_desc",
        compiled(
            r"(?:the )?(?:very )?(?:best|top|highest|highly|well|better)[ -]?(?:rated|reviewed|ratings?|reviews?|recommended|ranked)",
            r"(?:the )?(?:very )?best(?! (?:time|way))|(?:the )?top(?! of)(?: notch| \d+)?|(?:with )?(?:good|great|excellent|the best|best|5 stars?) (?:reviews|ratings?)|5 stars?",
        ),
    ),
)  # fmt: skip
WORDS = words_of(
    "online virtual virtually remote remotely video skype facetime webcam internet person nearby around closest"
    " nearest cheap cheapest cheaper affordable budget inexpensive lowest highest rated rating ratings reviews reviewed soonest earliest first"
    " available possible immediately urgent urgently house travels comes coming neighborhood neighbourhood distance expensive reasonable reasonably"
)


def read(text: str, reading: Reading, today: date) -> str:
    """Both ways to meet are as good as none."""
    text = _orders(text, reading)
    text, refused = _NOT_ONLINE.subn(TAKEN + "in person instead of ", text)
    if refused:
        text = re.sub(rf"(?<=instead of )(?:{_ONLINE.pattern})", TAKEN, text).replace("instead of ", "")
    text, refused = _NOT_IN_PERSON.subn(TAKEN + "online instead of ", text)
    if refused:
        text = re.sub(rf"(?<=instead of )(?:{_IN_PERSON.pattern})", TAKEN, text).replace("instead of ", "")
    text, here = _IN_PERSON.subn(TAKEN, text)
    text, there = _ONLINE.subn(TAKEN, text)
    if bool(here) != bool(there):
        reading.modality = "in_person" if here else "online"
    text, near = _NEAR_ME.subn(TAKEN, text)
    reading.near_me = reading.near_me or bool(near)
    return text


def _orders(text: str, reading: Reading) -> str:
    """The order said first; "closest to me" says where, too."""
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
