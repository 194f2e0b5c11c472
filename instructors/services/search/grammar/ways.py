"""How the two meet, and whether nearby: "online", "comes to my home", "near me"."""

from __future__ import annotations

import re
from datetime import date

from instructors.services.search.grammar import TAKEN, compiled, words_of
from instructors.services.search.reading import Reading

_MINE = r"(?:my|our|your|their|his|her)"
_HOME = r"(?:home|house|place|apartment|apt|flat|door|residence|office|studio|location|doorstep)"
_BY = r"(?:over |via |by |on |through |using |with )?"
_CALL = r"(?: (?:calls?|chats?|conferenc(?:e|ing)|meetings?|sessions?|link))?"
_COMES = r"(?:who |that |can |will |would |to )*(?:comes?|coming|travels?|travell?ing|drives?|go(?:es)?)"
_ONLINE = compiled(
    rf"{_BY}(?:an? |the )?(?:zoom|skype|facetime|google meet|webcam|internet|microsoft teams){_CALL}",
    rf"{_BY}(?:an? |live )?video(?:s|conferenc(?:e|ing))?"
    rf"(?! (?:editing|production|games?|gaming|making|design|edit|essays?)){_CALL}",
    "on ?lines?|virtual(?:ly)?|remote(?:ly)?(?! control)|distance learning|long distance",
)
_IN_PERSON = compiled(
    "in ?persons?(?: only)?|face (?:to|2) face|f 2 f|irl|in real life|offline|on ?site|physically present",
    rf"{_COMES} (?:over )?to (?:{_MINE} {_HOME}|me|us|you)(?: (?:at )?home)?|{_COMES} (?:home|over)",
    rf"(?:at|in) {_MINE} (?:own )?{_HOME}|(?:visits?|to) (?:my|our) {_HOME}|(?:my|your|our) place",
    "at home|in ?home(?: (?:lessons|visits?|service))?|(?:house|home) (?:calls?|visits?)",
    "at (?:the )?(?:students?|teachers?|instructors?|tutors?) (?:home|house|place|studio)",
    "(?:at|in) (?:the|a) (?:house|home|studio)",
)
_NO = (
    r"(?:but not|not|no|except|without|other than|dont want|non|never|rather than|instead of)"
    r"(?: (?:via|over|on|by|through|an?|at))?"
)
_NOT_ONLINE = re.compile(rf"\b{_NO} (?:{_ONLINE.pattern})")
_NOT_IN_PERSON = re.compile(rf"\b{_NO} (?:{_IN_PERSON.pattern})")
_MY_AREA = (
    r"(?:(?:my|our|your) (?:block|street|house|home|place|apartment|location|town|city|work|office|school)"
    r"|(?:my|our|the|this|your) (?:area|neighbou?rhood|hood|vicinity|current location))"
)
_NEAR_ME = compiled(
    r"(?:some(?:where|one|thing)? )?(?:near|close|next|closer|nearer) ?(?:to |by )?(?:me|us|here|home"
    r"|myself)",
    r"(?:around|by|from|of) (?:me|us|here)|near ?by|close ?by|locally|local",
    rf"(?:in|around|near|close to|by|within) {_MY_AREA}|where i live|(?:my|our) (?:area|neighbou?rhood)",
    r"not (?:too |very |so )?far(?: away)?(?: from (?:me|us|here|home|my \w+))?",
    r"(?:in|within) walking distance|walkable|around the corner",
)
WORDS = words_of(
    "online virtual virtually remote remotely video skype facetime webcam internet person inperson nearby"
    " around house travels comes coming neighborhood neighbourhood"
)


def read(text: str, reading: Reading, today: date) -> str:
    """Both ways to meet are as good as none; one refused is the other wanted."""
    text, not_there = _NOT_ONLINE.subn(TAKEN, text)
    text, not_here = _NOT_IN_PERSON.subn(TAKEN, text)
    text, here = _IN_PERSON.subn(TAKEN, text)
    text, there = _ONLINE.subn(TAKEN, text)
    in_person, online = here + not_there > 0, there + not_here > 0
    if in_person != online:
        reading.modality = "in_person" if in_person else "online"
    text, near = _NEAR_ME.subn(TAKEN, text)
    reading.near_me = reading.near_me or near > 0
    return text
