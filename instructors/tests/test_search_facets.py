"""Counts behind filters: what the search finds with the filter set, or nothing at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from instructors.services.search import facets, find, vocabulary
from instructors.services.search.params import minute_of
from instructors.services.search.phrases import PARTS
from instructors.services.search.query import Query
from instructors.tests.test_search_find import NOW, ZONE, offering
from instructors.tests.test_search_reference import NOW as THEN
from instructors.tests.test_search_reference import ask, build

pytestmark = pytest.mark.django_db


def count(query: Query) -> facets.Counts:
    return facets.count(query, now=NOW, vocabulary=vocabulary.read())


def with_filter(query: Query, facet: str, value: str) -> Query:
    if facet == "part":
        low, high = (minute_of(edge) for edge in PARTS[value])
        return replace(query, time_from=low, time_to=high)
    if facet == "subject":
        return replace(query, subjects=(value,), category=None)
    return replace(query, **{facet: int(value) if facet == "price_max" else value})


@pytest.mark.parametrize("seed", range(4))
def test_a_count_is_what_the_search_finds_with_the_filter_set(seed):
    rng = Random(seed)
    build(rng)
    words = vocabulary.read()
    for _ in range(25):
        query = replace(ask(rng), sort="recommended")
        if rng.random() < 0.3:
            query = replace(query, subjects=(), category="music")
        counts = facets.count(query, now=THEN, vocabulary=words)
        for facet, values in counts.items():
            for value, shown in values.items():
                found = find.find(with_filter(query, facet, value), now=THEN, vocabulary=words, limit=100)
                assert shown == str(len(found.results)), (facet, value, query)


def test_a_filter_that_is_set_shows_no_counts():
    offering()
    counts = count(Query(ZONE, category="music", modality="online", level="beginner", time_from=9 * 60))
    assert set(counts) == {"subject", "price_max"}
    assert counts["subject"]["piano"] == "1"
    assert "price_max" not in count(Query(ZONE, price_max=5000))
    assert "subject" not in count(Query(ZONE, subjects=("piano",)))


def test_twenty_are_many():
    for number in range(21):
        offering(price_per_hour=3000 if number < 19 else 5000)
    counts = count(Query(ZONE, subjects=("piano",)))
    assert counts["price_max"] == {"4000": "19", "6000": "20+", "8000": "20+", "10000": "20+"}


def test_where_more_is_there_than_is_looked_at_a_small_count_is_left_out(monkeypatch):
    monkeypatch.setattr(facets, "ASKED", 22)
    for number in range(25):
        offering(levels=["beginner"] if number < 24 else ["advanced"])
    counts = count(Query(ZONE, subjects=("piano",)))
    assert counts["level"] == {"beginner": "20+"}


@pytest.mark.parametrize("limit", ["ENTRIES", "LOOKED_UP", "ASKED"])
def test_any_bound_that_was_reached_makes_small_counts_unknown(limit, monkeypatch):
    monkeypatch.setattr(facets, limit, 2)
    for _ in range(3):
        offering()
    assert count(Query(ZONE, subjects=("piano",))) == {}
    assert count(Query(ZONE)) == {}


@pytest.mark.parametrize("number", [1, 3])
def test_all_counts_cost_one_statement(number, django_assert_num_queries):
    for _ in range(number):
        offering()
    words, query = vocabulary.read(), Query(ZONE, category="music", date_from=NOW.date())
    find.find(query, now=NOW, vocabulary=words)
    with django_assert_num_queries(1):
        counts = facets.count(query, now=NOW + timedelta(minutes=1), vocabulary=words)
    assert counts["modality"] == {"online": str(number), "in_person": "0"}
