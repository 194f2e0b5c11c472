"""Paging while others book: nobody is shown twice, and nobody who can still be booked is left out."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from instructors.models import Offering, OpenDay
from instructors.services.search import find, vocabulary
from instructors.services.search.query import Query
from instructors.tests.test_search_reference import NEW_YORK, NOW, build

pytestmark = pytest.mark.django_db
SORTS = ["recommended", "price_asc", "rating_desc", "soonest", "distance"]


def take_some(rng: Random, busy: set[int]) -> None:
    """Others book with the ``busy``: whole days go, others shrink. ``next_free_at`` may be too early."""
    for day in OpenDay.objects.filter(instructor__in=busy).order_by("instructor_id", "date"):
        of_day = OpenDay.objects.filter(instructor=day.instructor_id, date=day.date)
        dice = rng.random()
        if dice < 0.15:
            of_day.update(free=[], free_travel=[])
        elif dice < 0.3 and day.free:
            of_day.update(free=day.free[1:])


def found(query: Query, **how: object) -> find.Found:
    return find.find(query, now=NOW, vocabulary=vocabulary.read(), **{"limit": 100, **how})  # type: ignore[arg-type]


def people(result: find.Found) -> list[int]:
    return [one.row.instructor_id for one in result.results]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("subjects", [("piano",), (), ("guitar", "piano")])
@pytest.mark.parametrize("seed", range(1))
def test_pages_show_once_who_stays_bookable_while_others_are_booked(sort, subjects, seed):
    rng = Random(f"{sort} {subjects} {seed}")
    build(rng)
    query = Query(NEW_YORK, subjects=subjects, sort=sort, near="40.68,-73.97", radius_km=20)
    before = people(found(query))
    busy = set(rng.sample(before, len(before) // 2))
    shown: Counter[int] = Counter()
    cursor = None
    for _ in range(40):
        page = found(query, limit=2, cursor=cursor)
        shown.update(people(page))
        cursor = page.next_cursor
        if cursor is None:
            break
        take_some(rng, busy)
    assert cursor is None
    quiet = [one for one in before if one not in busy]
    assert quiet, "nobody to look at"
    assert [shown[one] for one in quiet] == [1] * len(quiet)
    # Who is booked may move back among the soonest, and be shown with what else they teach.
    if sort != "soonest" and len(subjects) == 1:
        assert max(shown.values()) == 1


def test_equal_keys_are_paged_by_number():
    """Ties are the rule: prices are round, many have no rating."""
    rng = Random("ties")
    build(rng)
    Offering.objects.update(price_per_hour=5000, rating=4.5, rank=0.3)
    for sort in ("recommended", "price_asc", "rating_desc"):
        query = Query(NEW_YORK, subjects=("piano",), sort=sort)
        whole = [one.row.id for one in found(query).results]
        assert whole == sorted(whole)
        paged, cursor = [], None
        while True:
            page = found(query, limit=1, cursor=cursor)
            paged += [one.row.id for one in page.results]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert paged == whole
