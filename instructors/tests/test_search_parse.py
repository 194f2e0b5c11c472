"""What a text means: the examples of the search specification, and the rules around them."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from instructors.data import catalogue
from instructors.services.search import vocabulary
from instructors.services.search.parse import Reading, normalise, parse, suggestions
from instructors.services.search.vocabulary import Vocabulary

WEDNESDAY = date(2026, 12, 2)
SATURDAY = "2026-12-05"


@pytest.fixture
def words(db: None) -> Vocabulary:
    return vocabulary.read()


def said(text: str, words: Vocabulary) -> dict[str, object]:
    """What the text says beyond nothing."""
    empty = Reading().as_dict()
    reading = parse(text, today=WEDNESDAY, vocabulary=words).reading.as_dict()
    return {name: value for name, value in reading.items() if value != empty[name]}


EXAMPLES = {
    "flute lessons for teens": {"subjects": ["flute"], "audience": "teens"},
    "german under $70 in astoria": {"subjects": ["german"], "price_max": 70, "location": "astoria"},
    "pilates saturday at 9am": {
        "subjects": ["pilates"], "date_from": SATURDAY, "date_to": SATURDAY,
        "time_from": "09:00", "time_to": "10:00",
    },
    "affordable tenis coach": {"subjects": ["tennis"], "sort": "price_asc"},
    "hindi or arabic online": {"subjects": ["arabic", "hindi"], "modality": "online"},
    "dance on weekends": {"category": "dance", "weekdays": ["sat", "sun"]},
    "gardening, 45 minutes, $40 to $60": {
        "subjects": ["gardening"], "duration_min": 45, "price_min": 40, "price_max": 60,
    },
    "tutoring but not calculus": {"category": "tutoring", "exclude_subjects": ["calculus"]},
    "scuba diving tomorrow": {
        "date_from": "2026-12-03", "date_to": "2026-12-03", "status": "unknown_subject",
    },
}  # fmt: skip


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_of_the_specification(text, words):
    assert said(text, words) == EXAMPLES[text]


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("keyboard", ["piano"]),
        ("singing teacher", ["voice"]),
        ("a personal trainer", ["personal-training"]),
        ("sign language", ["asl"]),
        ("chinese tutor", ["mandarin"]),
        ("sat prep", ["sat-prep"]),
        ("sat tutor", ["sat-prep"]),
        ("bass guitar", ["bass-guitar"]),
        ("bass guitar and guitar", ["bass-guitar", "guitar"]),
        ("contemporary dance", ["contemporary-dance"]),
        ("music theory", ["music-theory"]),
        ("java", ["java"]),
        ("javascript", ["javascript"]),
        ("flutes", ["flute"]),
        ("gutiar", ["guitar"]),
        ("violn", ["violin"]),
        ("pinaoo", ["piano"]),
        ("xianu", ["piano"]),
        ("german or spansh", ["german", "spanish"]),
        ("piano, cello not violin", ["cello", "piano"]),
    ],
)
def test_subjects_are_known_by_name_alias_and_misspelt(text, subjects, words):
    assert said(text, words)["subjects"] == subjects


@pytest.mark.parametrize(
    ("text", "category"),
    [("art", "arts"), ("fitness", "sports"), ("a tutor", "tutoring"), ("music", "music")],
)
def test_a_category_is_meant_only_where_no_subject_is_named(text, category, words):
    assert said(text, words) == {"category": category}
    assert said(f"{text} chess", words) == {"subjects": ["chess"]}


@pytest.mark.parametrize("word", ["rowing", "skiing", "biking", "organ", "polish", "welding", "scuba"])
def test_what_is_spelt_like_a_subject_and_is_none_is_unknown(word, words):
    assert said(word, words) == {"status": "unknown_subject"}


def test_words_beside_a_subject_are_not_bent_into_another(words):
    assert said("fluent spanish teacher", words) == {"subjects": ["spanish"]}


def test_a_saturday_is_not_a_test(words):
    assert said("yoga sat", words) == {"subjects": ["yoga"], "date_from": SATURDAY, "date_to": SATURDAY}


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("piano ues", "upper east side"),
        ("piano in the bronx", "bronx"),
        ("piano in bed-stuy", "bedford stuyvesant"),
        ("piano near 11201", "11201"),
        ("piano near prospct heights", "prospect heights"),
        ("piano in paris", "paris"),
        ("piano in lic", "long island city"),
    ],
)
def test_places_after_repair(text, location, words):
    reading = said(text, words)
    assert str(reading["location"]).replace("-", " ") == location
    assert reading["subjects"] == ["piano"]


@pytest.mark.parametrize(
    "slug", [entry.partition(":")[0] for _, some in catalogue.CATALOGUE.values() for entry in some]
)
def test_every_subject_is_understood_by_its_own_name(slug, words):
    assert said(f"{slug.replace('-', ' ')} lessons", words)["subjects"] == [slug]


def test_unknown_words_suggest_what_is_spelt_alike(words):
    parsed = parse("trombone", today=WEDNESDAY, vocabulary=words)
    assert parsed.reading.status == "unknown_subject"
    assert parsed.unknown == ["trombone"]
    assert all(slug in words.subject_names for slug in suggestions(parsed.unknown, words))


NO_WORDS = Vocabulary(
    subjects={"piano": "piano"}, categories={}, places={}, subject_names={}, category_names={}, subject_ids={}
)


@given(st.text(max_size=600))
def test_any_text_at_all_has_a_reading(text):
    reading = parse(text, today=WEDNESDAY, vocabulary=NO_WORDS).reading
    assert reading == parse(text, today=WEDNESDAY, vocabulary=NO_WORDS).reading
    assert reading.status in ("ok", "unknown_subject")
    assert reading.date_from is None or reading.date_from <= (reading.date_to or "")


@given(st.lists(st.sampled_from(["zip", "zip code", "oct", "mon", "am", "a", "st", "piano", "half", "qxz"])))
def test_words_alone_are_normalised_as_they_are_beside_a_number(some):
    text = " ".join(some)
    assert normalise(f"{text} 7") == f"{normalise(text)} 7".strip()


def test_the_command_prints_exactly_the_keys_of_the_specification(words):
    out = StringIO()
    call_command("parse_search", "flute lessons for teens", "--today", "2026-12-02", stdout=out)
    assert list(json.loads(out.getvalue())) == [
        "subjects", "exclude_subjects", "category", "price_min", "price_max", "date_from", "date_to",
        "weekdays", "time_from", "time_to", "location", "near_me", "modality", "duration_min", "level",
        "audience", "age", "sort", "status",
    ]  # fmt: skip
