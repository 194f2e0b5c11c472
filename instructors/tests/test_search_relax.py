"""Little is found: what is given up, in which order, and what never is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from instructors.models import Modality, Offering
from instructors.services.search import find, vocabulary
from instructors.services.search.places import Around
from instructors.services.search.query import Query
from instructors.services.search.relax import NAMES, NOTHING, Relaxed, relax, steps
from instructors.tests.test_search_find import NOW, ZONE, offering

TODAY = date(2026, 12, 2)
SATURDAY = date(2026, 12, 5)
SMALL = Around("Park Slope", 40.671, -73.9814, 3.0)
LARGE = Around("Queens", 40.7, -73.8, 14.0, borough="queens")
EVERYTHING = Query(
    ZONE, subjects=("piano",), exclude=("guitar",), date_from=SATURDAY, date_to=SATURDAY, time_from=17 * 60,
    time_to=21 * 60, level="beginner", audience="kids", near="park slope", price_max=8000, duration=45,
    modality="at_instructor", sort="price_asc",
)  # fmt: skip


def names(query: Query, around: Around | None = None) -> list[str]:
    return [name for name, _ in steps(query, around=around, now=NOW)]


def test_all_conditions_go_in_the_order_of_the_rules_and_the_subject_stays():
    found = list(steps(EVERYTHING, around=SMALL, now=NOW))
    assert [name for name, _ in found] == ["time", "date", "level", "audience", "place", "price"]
    last = found[-1][1]
    assert last == replace(
        EVERYTHING, time_from=None, time_to=None, date_from=TODAY, date_to=SATURDAY + timedelta(days=14),
        level=None, audience=None, radius_km=10.0, price_max=10_000,
    )  # fmt: skip


def test_each_step_keeps_what_was_given_up_before():
    wider = [query for _, query in steps(EVERYTHING, around=SMALL, now=NOW)]
    assert all(query.time_from is None for query in wider)
    assert [query.level for query in wider] == ["beginner", "beginner", None, None, None, None]
    assert [query.price_max for query in wider] == [8000] * 5 + [10_000]


@pytest.mark.parametrize(
    ("asked", "around", "expected"),
    [
        ({}, None, []),
        ({"price_min": 5000, "duration": 30, "modality": "online", "sort": "soonest"}, None, []),
        ({"time_to": 12 * 60}, None, ["time"]),
        ({"weekdays": ("sat",)}, None, ["date"]),
        ({"near": "park slope"}, SMALL, ["place"]),
        ({"near": "park slope", "radius_km": 12.0}, replace(SMALL, radius_km=12.0), []),
        ({"near": "queens"}, LARGE, ["place"]),
        # Online it does not matter where somebody is.
        ({"near": "park slope", "modality": Modality.ONLINE}, SMALL, []),
    ],
)
def test_only_what_was_asked_can_be_given_up(asked: dict[str, Any], around: Around | None, expected):
    assert names(Query(ZONE, **asked), around) == expected


def test_a_borough_widens_to_no_less_than_all_of_it():
    [(_, wider)] = steps(Query(ZONE, near="queens"), around=LARGE, now=NOW)
    assert wider.radius_km == 14.0


def test_instants_widen_to_their_day_and_then_to_the_days_around():
    low, high = datetime(2026, 12, 5, 22, tzinfo=UTC), datetime(2026, 12, 6, 2, tzinfo=UTC)
    (first, of_day), (second, around) = steps(Query(ZONE, low=low, high=high), around=None, now=NOW)
    assert (first, second) == ("time", "date")
    assert (of_day.low, of_day.high) == (
        datetime(2026, 12, 5, 5, tzinfo=UTC), datetime(2026, 12, 6, 5, tzinfo=UTC),
    )  # fmt: skip
    assert (around.low, around.high) == (NOW, datetime(2026, 12, 20, 5, tzinfo=UTC))


def search(query: Query, *, limit: int = 20) -> tuple[list[int], Relaxed]:
    words = vocabulary.read()
    exact = find.find(query, now=NOW, vocabulary=words, limit=limit)
    more = relax(query, exact, now=NOW, vocabulary=words, limit=limit)
    return [one.row.id for one in exact.results], more


def ids(more: Relaxed) -> list[int]:
    return [one.row.id for one in more.results]


@pytest.mark.django_db
def test_it_ends_as_soon_as_there_are_five():
    evening = [offering(hours=(17, 21)) for _ in range(2)]
    day = [offering() for _ in range(3)]
    offering(levels=["advanced"], hours=(9, 12))
    asked = Query(
        ZONE, subjects=("piano",), date_from=SATURDAY, date_to=SATURDAY, time_from=17 * 60, time_to=21 * 60,
        level="beginner",
    )  # fmt: skip
    exact, more = search(asked)
    assert set(exact) == {one.pk for one in evening}
    assert more.names == ("time",)
    assert set(ids(more)) == {one.pk for one in day}


@pytest.mark.django_db
def test_five_are_enough():
    for _ in range(5):
        offering()
    offering(price_per_hour=8100)
    exact, more = search(Query(ZONE, subjects=("piano",), price_max=8000))
    assert (len(exact), more) == (5, NOTHING)


@pytest.mark.django_db
def test_another_subject_is_never_shown():
    offering("violin")
    exact, more = search(Query(ZONE, subjects=("piano",), price_max=8000, level="beginner"))
    assert (exact, more) == ([], NOTHING)


@pytest.mark.django_db
def test_what_brought_nobody_is_told_only_where_something_after_it_did():
    offering(price_per_hour=9000)
    asked = Query(ZONE, subjects=("piano",), level="beginner", price_max=8000, time_from=9 * 60)
    assert search(asked)[1].names == ("time", "level", "price")
    Offering.objects.update(price_per_hour=8000, levels=["advanced"])
    assert search(asked)[1].names == ("time", "level")


@pytest.mark.django_db
def test_who_fits_exactly_is_not_repeated_with_another_subject():
    piano = offering("piano", price_per_hour=8000)
    offering("violin", instructor=piano.instructor, price_per_hour=9000)
    exact, more = search(Query(ZONE, subjects=("piano", "violin"), price_max=8000))
    assert (exact, more) == ([piano.pk], NOTHING)


@pytest.mark.django_db
def test_exact_results_alone_where_that_is_wanted():
    offering(price_per_hour=9000)
    assert search(Query(ZONE, subjects=("piano",), price_max=8000, relax=False)) == ([], NOTHING)


@pytest.mark.django_db
def test_no_more_than_a_page_in_all():
    for price in (8000, 8100, 8200, 8300):
        offering(price_per_hour=price)
    exact, more = search(Query(ZONE, subjects=("piano",), price_max=8000), limit=3)
    assert (len(exact), len(more.results)) == (1, 2)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_giving_up_everything_costs_a_statement_each(number, django_assert_num_queries):
    for _ in range(number):
        offering(price_per_hour=9000, latitude=40.671, longitude=-73.98)
    words = vocabulary.read()
    asked = replace(EVERYTHING, duration=60, modality=None, exclude=())
    exact = find.find(asked, now=NOW, vocabulary=words)
    assert exact.results == []
    with django_assert_num_queries(len(NAMES)):
        more = relax(asked, exact, now=NOW, vocabulary=words, limit=20)
    assert (len(more.results), more.names) == (number, NAMES)
