"""The static rank: its definition, and that the database computes the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.tests.factories import InstructorFactory, OfferingFactory, SubjectFactory
from instainstru.lib import clock
from instructors.models import Instructor, Offering
from instructors.services.search import rank

MIDDLING = rank.Facts(
    rating=4.0, rating_count=9, price_per_hour=8000, usual_price=8000, days_here=365, complete=3, parts=6
)


def test_the_weights_are_those_of_the_rules_and_make_one():
    assert rank.WEIGHTS == {
        "relevance": 0.35, "quality": 0.25, "distance": 0.15, "price": 0.10, "freshness": 0.10,
        "completeness": 0.05,
    }  # fmt: skip
    assert sum(rank.WEIGHTS.values()) == pytest.approx(1)


def test_the_parts_add_up_by_their_weights():
    assert rank.score(MIDDLING) == pytest.approx(0.25 * 0.75 + 0.10 * 0.5 + 0 + 0.05 * 0.5)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"rating": 4.9}, {"rating": 4.2}),
        ({"price_per_hour": 6000}, {"price_per_hour": 9000}),
        ({"days_here": 1}, {"days_here": 80}),
        ({"complete": 6}, {"complete": 2}),
        ({"rating": 0, "rating_count": 0}, {"rating": 4.0, "rating_count": 3}),
    ],
)
def test_what_is_better_in_one_thing_ranks_higher(better, worse):
    assert rank.score(replace(MIDDLING, **better)) > rank.score(replace(MIDDLING, **worse))


def test_an_absurd_price_costs_no_more_than_twice_the_usual():
    assert rank.price(replace(MIDDLING, price_per_hour=16_000)) == 0
    assert rank.price(replace(MIDDLING, price_per_hour=10_000_000)) == 0


facts = st.builds(
    rank.Facts,
    rating=st.floats(0, 5),
    rating_count=st.integers(0, 10_000),
    price_per_hour=st.integers(100, 10_000_000),
    usual_price=st.floats(100, 10_000_000),
    days_here=st.floats(-1, 10_000),
    complete=st.integers(0, 6),
    parts=st.just(6),
)


@given(facts)
def test_the_static_rank_lies_between_nothing_and_its_weights(some):
    assert 0 <= rank.score(some) <= 0.5 + 1e-9


def _offering(slug: str, *, price: int, days: int, **facts: object) -> Offering:
    instructor = InstructorFactory(created_at=clock.now() - timedelta(days=days), **facts)
    return OfferingFactory(
        instructor=instructor, subject=SubjectFactory(slug=slug), price_per_hour=price, is_listed=True
    )


@pytest.mark.django_db
def test_the_database_computes_what_the_definition_says():
    now = clock.now()
    one = _offering("piano", price=6000, days=10, rating=4.8, rating_count=30, bio="a" * 200)
    two = _offering("piano", price=8000, days=400, languages=["English"], headline="")
    three = _offering("piano", price=20_000, days=0, rating=2.5, rating_count=2, photo="face.jpg", bio="")
    other = _offering("chess", price=5000, days=45)

    assert rank.refresh(now=now) == 4

    for offering, usual, complete in ((one, 8000, 2), (two, 8000, 1), (three, 8000, 2), (other, 5000, 1)):
        instructor = offering.instructor
        offering.refresh_from_db()
        assert offering.rank == pytest.approx(
            rank.score(
                rank.Facts(
                    rating=instructor.rating,
                    rating_count=instructor.rating_count,
                    price_per_hour=offering.price_per_hour,
                    usual_price=usual,
                    days_here=(now - instructor.created_at) / timedelta(days=1),
                    complete=complete,
                    parts=len(rank.COMPLETE),
                )
            )
        )


@pytest.mark.django_db
def test_only_the_named_instructors_are_written_and_only_when_something_changed():
    now = clock.now()
    one = _offering("piano", price=6000, days=10)
    other = _offering("piano", price=6000, days=10)

    assert rank.refresh([one.instructor_id], now=now) == 1
    other.refresh_from_db()
    assert other.rank == 0
    assert rank.refresh([one.instructor_id], now=now) == 0

    Instructor.objects.filter(pk=one.instructor_id).update(rating=5.0, rating_count=40)
    before = Offering.objects.get(pk=one.pk).rank
    assert rank.refresh([one.instructor_id, other.instructor_id], now=now) == 2
    assert Offering.objects.get(pk=one.pk).rank > before


@pytest.mark.django_db
def test_all_ranks_are_written_by_one_statement(django_assert_num_queries):
    _offering("piano", price=6000, days=10)
    with django_assert_num_queries(1):
        rank.refresh(now=clock.now())
    for days in (1, 2):
        _offering("chess", price=5000, days=days)
    with django_assert_num_queries(1):
        rank.refresh(now=clock.now())


@pytest.mark.parametrize(
    ("facts", "closeness", "expected"),
    [
        (
            {"rating": 5.0, "days_here": 0, "complete": 6, "price_per_hour": 4000}, 1.0,
            {
                "relevance": 0.35, "quality": 0.25, "distance": 0.15, "price": 0.075, "freshness": 0.10,
                "completeness": 0.05,
            },
        ),
        (
            {"rating": 1.0, "complete": 0, "price_per_hour": 16_000}, 0.0,
            {"relevance": 0.35, "quality": 0, "distance": 0, "price": 0, "freshness": 0, "completeness": 0},
        ),
        (
            {"rating_count": 0, "days_here": 45}, None,
            {
                "relevance": 0.35, "quality": 0.25 * 0.875, "price": 0.05, "freshness": 0.05,
                "completeness": 0.025,
            },
        ),
    ],
)  # fmt: skip
def test_each_signal_adds_its_weight_times_what_it_is_worth(facts, closeness, expected):
    found = rank.signals(replace(MIDDLING, **facts), closeness=closeness)
    assert {one.name: one.adds for one in found} == pytest.approx(expected)


@given(facts, st.none() | st.floats(0, 1))
def test_what_is_explained_adds_up_to_the_rank_kept_and_what_belongs_to_the_search(some, closeness):
    found = rank.signals(some, closeness=closeness)
    own = rank.WEIGHTS["relevance"] + rank.WEIGHTS["distance"] * (closeness or 0)
    assert sum(one.adds for one in found) == pytest.approx(own + rank.score(some))


@pytest.mark.django_db
def test_the_facts_are_those_the_kept_rank_was_made_of():
    now = clock.now()
    offerings = [
        _offering("piano", price=price, days=days, rating=4.2, rating_count=days)
        for price, days in ((6000, 3), (9000, 40), (12_000, 400))
    ]
    rank.refresh(now=now)
    found = rank.facts_of([one.pk for one in offerings], now=now)
    for one in offerings:
        one.refresh_from_db()
        assert rank.score(found[one.pk]) == pytest.approx(one.rank, abs=1e-6)
