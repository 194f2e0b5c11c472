"""The state of a search and its way through an address: lossless, and never an exception."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructors.services.search.params import NAMES, SORTS
from instructors.services.search.phrases import WEEKDAYS
from instructors.services.search.query import Query, read
from instructors.services.search.vocabulary import Vocabulary

ZONE = "America/New_York"
NOW = datetime(2026, 12, 2, 15, 0, tzinfo=UTC)
TODAY = date(2026, 12, 2)
WORDS = Vocabulary(
    subjects={"piano": "piano", "bass guitar": "bass-guitar", "chess": "chess"},
    categories={"music": "music", "hobbies": "hobbies"},
    places={"astoria": "astoria"},
    subject_names={
        "piano": ("Piano", "music"),
        "bass-guitar": ("Bass guitar", "music"),
        "chess": ("Chess", "hobbies"),
    },
    category_names={"music": "Music", "hobbies": "Hobbies"},
    subject_ids={"piano": 1, "bass-guitar": 2, "chess": 3},
)


def asked(params: dict[str, str], *, major: bool = True):
    return read(params, zone=ZONE, now=NOW, vocabulary=WORDS, major=major)


def some(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True).map(lambda found: tuple(sorted(found)))


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """Any query without a sentence, as ``read`` could have made it."""
    days = st.integers(0, 300).map(lambda n: TODAY + timedelta(days=n))
    low = draw(st.none() | st.integers(0, 10**7).map(lambda n: NOW + timedelta(seconds=n)))
    first = draw(st.none() | days)
    start = draw(st.none() | st.integers(0, 1380))
    cheapest = draw(st.none() | st.integers(0, 50_000))
    subjects = draw(some(["piano", "bass-guitar", "chess"]))
    return Query(
        ZONE,
        subjects=subjects,
        exclude=draw(some(["piano", "chess"])),
        category=None if subjects else draw(st.none() | st.sampled_from(["music", "hobbies"])),
        price_min=cheapest,
        price_max=draw(st.none() | st.integers(cheapest or 0, 99_999)),
        date_from=first,
        date_to=first and first + timedelta(days=draw(st.integers(0, 60))),
        weekdays=draw(some(WEEKDAYS)),
        time_from=start,
        time_to=draw(st.none() | st.integers((start or 0) + 1, 1440)),
        low=low,
        high=low and draw(st.none() | st.just(low + timedelta(hours=5))),
        near=draw(st.none() | st.sampled_from(["astoria", "11201", "40.68,-73.97"])),
        radius_km=draw(st.none() | st.sampled_from([0.5, 3.0, 12.5])),
        duration=draw(st.none() | st.integers(15, 480)),
        modality=draw(st.none() | st.sampled_from(["online", "in_person", "at_instructor", "at_student"])),
        level=draw(st.none() | st.just("beginner")),
        audience=draw(st.none() | st.just("teens")),
        sort=draw(st.sampled_from(list(SORTS))),
    )


@given(queries(), st.booleans())
def test_a_query_comes_back_from_its_address_unchanged(query, major):
    request = asked(query.to_params(major=major), major=major)
    assert request.errors == {}
    assert request.query == query


@given(st.dictionaries(st.sampled_from(sorted(NAMES)), st.text(max_size=40)))
def test_no_parameters_whatever_raise(params):
    request = asked(params)
    assert set(request.errors) <= NAMES
    request.query.windows(NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price_max", "1e400"),
        ("price_max", "-5"),
        ("price_max", "cheap"),
        ("price_min", "80.005"),
        ("radius_km", "0"),
        ("radius_km", "nan"),
        ("radius_km", "1e9"),
        ("duration", "1000000"),
        ("duration", "-60"),
        ("date", "9999-12-31"),
        ("date", "2026-02-30"),
        ("date", "2026-12-01"),
        ("time_from", "25:00"),
        ("time_to", "24:30"),
        ("time_from", "noonish"),
        ("from", "2026-12-03T18:00:00"),
        ("from", "0001-01-01T00:00:00+14:00"),
        ("to", "9999-12-31T23:59:59-14:00"),
        ("modality", "telepathy"),
        ("level", "godlike"),
        ("audience", "cats"),
        ("sort", "random"),
        ("subject", "scuba"),
        ("not", "piano,scuba"),
        ("category", "water"),
        ("weekdays", "mon,caturday"),
        ("part", "midnight"),
    ],
)
def test_what_cannot_be_is_told_under_its_name_and_left_out(name, value):
    request = asked({name: value, "near": "astoria"})
    assert list(request.errors) == [name]
    assert request.query.near == "astoria"
    kept = asked({"near": "astoria"}).query
    assert replace(request.query, subjects=(), exclude=(), weekdays=()) == kept


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({"price_min": "90", "price_max": "80"}, "price_max"),
        ({"time_from": "18:00", "time_to": "17:00"}, "time_to"),
        ({"date": "2026-12-05", "date_to": "2026-12-04"}, "date_to"),
        ({"from": "2026-12-05T10:00:00Z", "to": "2026-12-05T09:00:00Z"}, "to"),
    ],
)
def test_ends_before_their_beginnings_are_told(params, wrong):
    assert list(asked(params).errors) == [wrong]


def test_single_parameters_win_over_the_sentence():
    query = asked({"q": "piano under $80 tomorrow", "subject": "chess", "price_max": "50"}).query
    assert query.subjects == ("chess",)
    assert query.price_max == 5000
    assert query.date_from == date(2026, 12, 3)


def test_prices_are_whole_units_on_pages_and_minor_ones_in_the_api():
    assert asked({"price_max": "80"}).query.price_max == 8000
    assert asked({"price_max": "8000"}, major=False).query.price_max == 8000


def test_a_plus_that_arrived_as_a_space_is_understood():
    query = asked({"from": "2026-12-03T18:00:00 00:00"}).query
    assert query.low == datetime(2026, 12, 3, 18, tzinfo=UTC)


def test_without_a_date_the_next_two_weeks_are_meant():
    ((low, high),) = Query(ZONE).windows(NOW)
    assert low == NOW
    assert high == datetime(2026, 12, 16, 5, tzinfo=UTC)


def test_an_evening_of_every_weekend_within_two_weeks():
    query = Query(ZONE, weekdays=("sat", "sun"), time_from=17 * 60, time_to=21 * 60)
    assert [low.date().isoformat() for low, _ in query.windows(NOW)] == [
        "2026-12-05", "2026-12-06", "2026-12-12", "2026-12-13",
    ]  # fmt: skip
    assert {high - low for low, high in query.windows(NOW)} == {timedelta(hours=4)}
