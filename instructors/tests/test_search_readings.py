"""Queries and their readings, by hundreds; and what holds for any text at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instructors.services.search import vocabulary as words
from instructors.services.search.grammar import words as grammar
from instructors.services.search.grammar.filler import FILLER
from instructors.services.search.grammar.text import LONGEST_TEXT
from instructors.services.search.parse import parse, suggestions
from instructors.services.search.spelling import other_words, trigram_likeness
from instructors.tests.readings import FOLDER, WEDNESDAY, rows, vocabulary

WORDS = vocabulary()


def said(text: str, today: date = WEDNESDAY) -> dict[str, object]:
    return parse(text, today=today, vocabulary=WORDS).reading.as_dict()


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.tsv")))
def test_every_query_of_the_set_is_read_as_it_is_meant(name):
    wrong = {}
    for text, today, meant in rows(name):
        read = said(text, today)
        if differing := {key: (read[key], meant[key]) for key in meant if read[key] != meant[key]}:
            wrong[text] = differing
    assert wrong == {}


def test_the_sets_hold_what_they_promise():
    assert sum(1 for _ in rows()) >= 1400


@pytest.mark.django_db
def test_the_sets_are_read_with_the_words_of_a_new_database():
    assert replace(words.read(), subject_ids={}) == replace(WORDS, subject_ids={})


ODD = """
$ 40 $40 5 12 00000 11215 6:30 18:00 24:00 25:99 pm am 5th 31st 12/5 2/30 2026-12-05 9999-12-31 0001-01-01
1e400 99999999999999999999 - / , . : + ~ < ( ) ' " ; -- %s {0} 🎹 ½ пианино ピアノ ١٢ \u202e w0 d20261205
r20261205_20261209 t1830 #s0 #p9 @
"""
PHRASES = {"year old", "half past", "999 months", "feb 30", "from now", "to be or not to be", "and under"}
PIECES = sorted(
    {*FILLER, *grammar.GRAMMAR, *WORDS.subjects, *WORDS.categories, *WORDS.places, *ODD.split(), *PHRASES}
)
DAYS = st.sampled_from(
    [date.min, date(2024, 2, 29), WEDNESDAY, date(2026, 12, 6), date(2026, 12, 31), date.max]
)


@settings(deadline=None)
@given(st.text(max_size=400) | st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join), DAYS)
def test_any_text_at_all_has_a_reading(text, today):
    read = said(text, today)
    assert read == said(text, today)
    assert read["status"] in ("ok", "unknown_subject")
    assert (read["status"] == "ok") or not (read["subjects"] or read["category"])
    assert read["category"] is None or not read["subjects"]
    assert not set(read["subjects"]) & set(read["exclude_subjects"])
    assert not (read["weekdays"] and read["date_from"])
    if read["date_from"] and read["date_to"]:
        assert read["date_from"] <= read["date_to"]


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=50), st.sampled_from(PIECES))
def test_of_a_text_without_end_the_beginning_is_read(text, piece):
    whole = f"{text} {piece} " * 2000
    assert said(whole) == said(whole[:LONGEST_TEXT])
    assert said("please " * LONGEST_TEXT + "piano")["subjects"] == []


def slips(word: str) -> list[str]:
    """The word with each letter doubled, and with each two neighbours within it exchanged."""
    doubled = [word[:at] + word[at] + word[at:] for at in range(len(word))]
    swapped = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1)]
    return [slip for slip in (*doubled, *swapped) if slip != word]


@pytest.mark.parametrize(
    "slug", sorted(slug for slug in WORDS.subject_names if len(slug) >= 5 and slug.isalpha())
)
def test_one_slip_in_a_subject_is_put_right(slug):
    wrong = {slip: said(f"{slip} lessons")["subjects"] for slip in slips(slug)}
    assert {slip: read for slip, read in wrong.items() if read != [slug]} == {}


def test_a_word_of_another_script_is_a_word_nobody_knows():
    parsed = parse("пианино", today=WEDNESDAY, vocabulary=WORDS)
    assert (parsed.reading.status, parsed.unknown) == ("unknown_subject", ["пианино"])


def test_none_of_our_own_words_counts_as_another():
    common, rare = other_words()
    assert not (common | rare) & WORDS.names.speller.known
    assert not common & rare


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("trombone", None),
        ("violoncello", "cello"),
        ("pianoforte", "piano"),
        ("guitarra", "guitar"),
        ("photograms", "photography"),
    ],
)
def test_for_an_unknown_word_subjects_spelt_alike_are_suggested(word, first):
    found = suggestions([word], WORDS)
    assert len(found) <= 3
    assert first is None or found[0] == first


def test_trigrams_count_as_in_the_database():
    assert trigram_likeness("word", "word") == 1
    assert trigram_likeness("word", "words") == pytest.approx(4 / 7)
