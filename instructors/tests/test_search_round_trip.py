"""What a sentence means survives its address, its chips and what cannot be; for every query of the sets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from instructors import results
from instructors.services.search.query import Query, Request, read
from instructors.tests.readings import WEDNESDAY, rows, vocabulary

ZONE = "America/New_York"
NOW = datetime(2026, 12, 2, 15, 0, tzinfo=UTC)
WORDS = vocabulary()
TEXTS = sorted({text for text, today, _ in rows() if today == WEDNESDAY})
# Dates further ahead than times are looked for: told, and left out.
TOO_FAR = {text for text in TEXTS if "feb 29" in text}


def asked(params: dict[str, str], *, major: bool = True) -> Request:
    return read(params, zone=ZONE, now=NOW, vocabulary=WORDS, major=major)


def labels(query: Query) -> list[tuple[str, str]]:
    return [(fact.name, fact.label) for fact in results.facts(query, WORDS)]


@pytest.mark.parametrize("major", [True, False])
def test_a_sentence_comes_back_from_its_address_unchanged(major):
    for text in TEXTS:
        first = asked({"q": text}, major=major)
        assert list(first.errors) == (["date"] if text in TOO_FAR else []), text
        again = asked(first.query.to_params(major=major), major=major)
        assert again.query == first.query, text


def test_what_was_understood_comes_back_without_the_sentence():
    for text in TEXTS:
        understood = replace(asked({"q": text}).query, text="")
        again = asked(understood.to_params())
        assert (again.query, again.errors) == (understood, {}), text


def test_removing_a_chip_removes_exactly_it():
    for text in TEXTS:
        query = asked({"q": text}).query
        for fact in results.facts(query, WORDS):
            left = asked(fact.rest.to_params()).query
            assert left == fact.rest, (text, fact.label)
            assert labels(left) == [said for said in labels(query) if said != (fact.name, fact.label)], text


def test_near_me_is_asked_for_until_a_place_is_named():
    query = asked({"q": "piano near me under $50"}).query
    assert query.near_me
    assert ("place", "Near me") in labels(query)
    without_price = next(fact.rest for fact in results.facts(query, WORDS) if fact.name == "price")
    assert asked(without_price.to_params()).query.near_me
    assert not asked({**without_price.to_params(), "near": "astoria"}).query.near_me


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("piano under 20 over 80", {"price_max": "The highest price is below the lowest."}),
        ("piano after 6pm before 4pm", {"time_to": "The end must be after the beginning."}),
        ("piano on 2020-01-01", {"date": "That date is over."}),
        ("piano on 8999-01-01", {"date": "That date is too far ahead."}),
        ("piano for 12 hours", {"duration": "Lessons last from 5 minutes to 8 hours."}),
        ("piano for 2 minutes", {"duration": "Lessons last from 5 minutes to 8 hours."}),
    ],
)
def test_what_nobody_can_meet_is_told(text, errors):
    request = asked({"q": text})
    assert request.errors == errors
    assert request.query.subjects == ("piano",)


def test_contradicting_prices_are_kept_for_the_page_to_show():
    query = asked({"q": "piano under 20 over 80"}).query
    assert (query.price_min, query.price_max) == (8000, 2000)


def test_a_beginning_without_an_end_means_two_weeks():
    query = asked({"q": "piano from monday"}).query
    assert (query.date_from, query.date_to) == (date(2026, 12, 7), date(2026, 12, 20))


def test_an_unknown_subject_is_suggested_others_and_shows_nobody():
    request = asked({"q": "trombone in astoria"})
    assert request.unknown
    assert request.query.near == "astoria"
    assert "trombone" in request.parsed.unknown


def test_a_subject_of_the_sentence_does_not_hide_a_category_chosen_beside_it():
    assert asked({"q": "пианино"}).unknown
    assert not asked({"q": "пианино", "subject": "piano"}).unknown
