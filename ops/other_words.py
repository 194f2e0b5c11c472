"""Words spelt like ours: `python -m ops.other_words COMMON RARE > instructors/data/other_words.txt`.

COMMON and RARE are word lists, a word a line (SCOWL's English and American lists up to level 20, and of
level 35). Kept are words within two letters of one that search knows, which a typo would otherwise be
taken for (`instructors/services/search/spelling.py`); to be run anew when the catalogue grows.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections import Counter
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "instainstru.settings")

import django

django.setup()

import zipcodes  # noqa: E402
from rapidfuzz import process  # noqa: E402
from rapidfuzz.distance import OSA  # noqa: E402

from instructors.services.search.spelling import FUZZY_FROM, MOST_EDITS, Speller  # noqa: E402
from instructors.tests.readings import vocabulary  # noqa: E402

# A city is large when the post gives it so many codes.
CODES = 4
# Taught elsewhere, spoken elsewhere, called so elsewhere.
ELSEWHERE = """
skiing biking hiking sailing surfing bowling diving scuba spinning skateboarding baseball volleyball
mandolin banjo organ sitar lute polish swedish danish irish turkish javanese roman korea arabia russia
brazil germany france spain italy portugal japan theology ecology zoology sociology rumba samba zumba
tango kendo latin greek dutch farsi tamil urdu thai persian czech hungarian finnish vietnamese bengali
marathi punjabi dating parenting wedding calendar fiction sailor singles fluent manners spring string
colored marie maria mario diana diane karen darren pierre paula bruno milano rome paris milan london
berlin madrid moscow delhi tokyo seoul beirut cairo lagos lima quito havana philly reiki barre crochet
knitting origami sudoku poker bridge lacrosse hockey rugby cricket wrestling judo aikido haskell rust
kotlin swift scala excel figma physiology anatomy finance banking trading investing banter rapping
beatboxing whistling juggling archery shooting climbing parkour gymnastics cheerleading driving riding
rowing fishing hunting typing cycling welding plumbing carpentry woodworking weaving quilting accordion
harmonica bagpipes oboe bassoon harp tuba cornet recorder bongo cajon tabla marimba karaoke boating
canoeing kayaking caving batting pitching catching throwing racing stepping posing tiling roofing
sledding sculpting sculpture tailoring tanning pacing sculling coping carving crafting knotting beading
felting spelling spanning rafting mapping
"""


def main() -> int:
    common, rare = (_words(Path(path).read_text(encoding="latin-1")) for path in sys.argv[1:])
    cities = Counter(entry["city"].lower() for entry in zipcodes.list_all())
    common |= _words(ELSEWHERE) | _words("\n".join(city for city, codes in cities.items() if codes >= CODES))
    speller = vocabulary().names.speller
    for number, words in enumerate((common, rare - common)):
        kept = sorted(word for word in words - speller.known if _is_near(word, speller))
        print("" if number == 0 else "\n", end="")
        print("\n".join(textwrap.wrap(" ".join(kept), 110)))
    return 0


def _words(text: str) -> set[str]:
    words = {word.strip().lower() for line in text.splitlines() for word in (line.split() or [""])}
    return {word for word in words if word.isascii() and word.isalpha() and len(word) >= FUZZY_FROM - 1}


def _is_near(word: str, speller: Speller) -> bool:
    edits = MOST_EDITS if len(word) >= FUZZY_FROM else 1
    aims = [
        aim
        for length in range(len(word) - edits, len(word) + edits + 1)
        for aim in speller.by_length.get(length, ())
    ]
    return process.extractOne(word, aims, scorer=OSA.distance, score_cutoff=edits) is not None


if __name__ == "__main__":
    sys.exit(main())
