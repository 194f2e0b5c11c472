"""Searching: what a page costs, what it refuses, and the rules of the night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bookings.tests.factories import InstructorFactory, OfferingFactory, SubjectFactory, teaching
from instainstru.lib import clock
from instainstru.lib.errors import Invalid
from instructors.models import Modality, Offering, OpenDay
from instructors.services.search import find, order, rank, vocabulary
from instructors.services.search.query import Query

pytestmark = pytest.mark.django_db
ZONE = "America/New_York"
# Ten in the morning in New York.
NOW = datetime(2026, 12, 2, 15, 0, tzinfo=UTC)


def offering(slug: str = "piano", *, hours: tuple[int, int] = (9, 17), **facts) -> Offering:
    """Listed, and free at these New York hours from the day of ``NOW`` on for a week."""
    instructor = facts.pop("instructor", None) or InstructorFactory()
    found = OfferingFactory(instructor=instructor, subject=SubjectFactory(slug=slug), is_listed=True, **facts)
    for day in range(7):
        start = datetime(2026, 12, 2 + day, 5, tzinfo=UTC)
        free = [(start + timedelta(hours=hours[0]), start + timedelta(hours=hours[1]))]
        OpenDay.objects.get_or_create(instructor=instructor, date=start.date(), defaults={"free": free})
    first = datetime(2026, 12, 2, 5 + hours[0], tzinfo=UTC)
    Offering.objects.filter(pk=found.pk).update(next_free_at=first)
    return found


def search(query: Query, **how) -> find.Found:
    return find.find(query, now=how.pop("now", NOW), vocabulary=vocabulary.read(), **how)


def ids(found: find.Found) -> list[int]:
    return [result.row.id for result in found.results]


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("sort", ["recommended", "price_asc", "rating_desc", "distance"])
def test_a_page_costs_one_statement_whatever_it_shows(number, sort, django_assert_num_queries):
    for _ in range(number):
        offering(latitude=40.671, longitude=-73.98)
    words = vocabulary.read()
    query = Query(ZONE, subjects=("piano",), near="park slope", sort=sort)
    find.find(query, now=NOW, vocabulary=words)
    with django_assert_num_queries(1):
        assert len(find.find(query, now=NOW, vocabulary=words).results) == number


@pytest.mark.parametrize("number", [1, 3])
def test_the_soonest_cost_three(number, django_assert_num_queries):
    for _ in range(number):
        offering()
    words = vocabulary.read()
    query = Query(ZONE, subjects=("piano",), sort="soonest")
    find.find(query, now=NOW, vocabulary=words)
    with django_assert_num_queries(3):
        assert len(find.find(query, now=NOW, vocabulary=words).results) == number


@pytest.mark.parametrize("number", [3, 9])
def test_where_many_are_free_at_once_the_soonest_cost_two(number, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(order, "FALLING", (3, 3, 3))
    for _ in range(number):
        offering()
    Offering.objects.update(next_free_at=NOW)
    words = vocabulary.read()
    query = Query(ZONE, subjects=("piano",), sort="soonest")
    find.find(query, now=NOW, vocabulary=words, limit=2)
    with django_assert_num_queries(2):
        assert len(find.find(query, now=NOW, vocabulary=words, limit=2).results) == 2


def test_a_page_that_holds_everything_leads_nowhere():
    for _ in range(3):
        offering()
    query = Query(ZONE, subjects=("piano",))
    assert search(query, limit=3).next_cursor is None
    assert search(query, limit=2).next_cursor is not None


def test_starts_are_the_first_within_the_window_and_after_the_notice():
    offering()
    found = search(Query(ZONE, subjects=("piano",)), starts=2)
    assert found.results[0].openings == [
        (datetime(2026, 12, 2, 16, 0, tzinfo=UTC), datetime(2026, 12, 2, 17, 0, tzinfo=UTC)),
        (datetime(2026, 12, 2, 16, 15, tzinfo=UTC), datetime(2026, 12, 2, 17, 15, tzinfo=UTC)),
    ]


def test_an_hour_is_meant_unless_said_otherwise():
    offering(durations=[30, 60, 90])
    offering(durations=[45])
    lengths = {result.duration_min for result in search(Query(ZONE)).results}
    assert lengths == {60, 45}
    assert [r.duration_min for r in search(Query(ZONE, duration=90)).results] == [90]


def test_one_card_an_instructor_unless_one_subject_is_named():
    piano = offering("piano", rank=0.2)
    chess = offering("chess", instructor=piano.instructor, rank=0.4)
    assert ids(search(Query(ZONE))) == [chess.pk]
    assert ids(search(Query(ZONE, sort="soonest"))) == [piano.pk]
    assert ids(search(Query(ZONE, subjects=("piano",)))) == [piano.pk]


def test_the_card_is_of_an_offering_that_has_time_not_of_a_better_one_without():
    short = offering("piano", rank=0.2, hours=(9, 10), durations=[30])
    offering("chess", instructor=short.instructor, rank=0.4, durations=[120])
    assert ids(search(Query(ZONE))) == [short.pk]


def test_a_long_notice_hides_the_near_days_only():
    offering(instructor=InstructorFactory(notice_online_min=4 * 24 * 60))
    starts = search(Query(ZONE, subjects=("piano",))).results[0].starts
    assert starts[0] == datetime(2026, 12, 6, 15, 0, tzinfo=UTC)


def test_what_is_booked_at_night_does_not_begin_before_the_morning():
    late = datetime(2026, 12, 3, 3, 0, tzinfo=UTC)  # ten at night in New York
    early_bird = offering(hours=(6, 12), instructor=InstructorFactory(overnight_rule=True))
    free_spirit = offering(hours=(6, 12), instructor=InstructorFactory(overnight_rule=False))
    found = search(Query(ZONE, subjects=("piano",), sort="soonest"), now=late)
    assert ids(found) == [free_spirit.pk, early_bird.pk]
    assert [result.starts[0].hour - 5 for result in found.results] == [6, 9]


def test_travel_needs_room_around_other_lessons():
    there = offering(modalities=[Modality.ONLINE, Modality.AT_STUDENT])
    OpenDay.objects.update(free_travel=[])
    assert ids(search(Query(ZONE, modality="online"))) == [there.pk]
    assert ids(search(Query(ZONE, modality="at_student"))) == []


def test_the_nearer_of_equals_comes_first_and_a_much_better_one_may_be_further():
    park_slope = {"latitude": 40.671, "longitude": -73.9814}
    further = {"latitude": 40.671, "longitude": -73.9814 + 0.03}
    away = offering(rank=0.30, **further)
    near = offering(rank=0.30, **park_slope)
    assert ids(search(Query(ZONE, subjects=("piano",), near="park slope"))) == [near.pk, away.pk]
    Offering.objects.filter(pk=away.pk).update(rank=0.30 + rank.WEIGHTS["distance"])
    assert ids(search(Query(ZONE, subjects=("piano",), near="park slope"))) == [away.pk, near.pk]


def test_online_it_does_not_matter_where_somebody_is():
    afar = offering(latitude=34.05, longitude=-118.24)
    nowhere = offering()
    query = Query(ZONE, subjects=("piano",), near="park slope")
    assert ids(search(query)) == []
    assert set(ids(search(Query(ZONE, near="park slope", modality="online")))) == {afar.pk, nowhere.pk}


def test_only_who_is_listed_is_found():
    hidden = teaching(instructor=InstructorFactory(status="suspended"))
    assert not hidden.is_listed
    assert ids(search(Query(ZONE), now=clock.now())) == []


@pytest.mark.parametrize(
    ("query", "cursor", "field"),
    [
        (Query(ZONE, near="atlantis"), None, "near"),
        (Query(ZONE, sort="distance"), None, "near"),
        (Query(ZONE), "nonsense", "cursor"),
        (Query(ZONE), "WzEsMl0", "cursor"),
        (Query(ZONE), "WyJuYW4iLDAsMV0", "cursor"),
        (Query(ZONE), "WzEsMCwxZTMwXQ", "cursor"),
    ],
)
def test_what_cannot_be_searched_is_told_by_field(query, cursor, field):
    with pytest.raises(Invalid) as refused:
        search(query, cursor=cursor)
    assert list(refused.value.fields) == [field]


def test_somebody_in_a_zone_that_was_not_known_is_not_offered_before_their_morning():
    offering()
    # Ten in the evening there: booked now, nobody comes before nine in the morning.
    night = datetime(2026, 12, 2, 21, 0, tzinfo=UTC)
    query = Query(ZONE, subjects=("piano",), low=night, high=night + timedelta(hours=14))
    search(query, now=night)
    new = InstructorFactory(time_zone="Europe/Berlin", overnight_rule=True)
    theirs = offering(instructor=new, hours=(0, 24))
    [found] = [one for one in search(query, now=night).results if one.row.id == theirs.pk]
    assert found.starts[0] == datetime(2026, 12, 3, 8, 0, tzinfo=UTC)
