"""The directory and the catalogue over the API."""

from __future__ import annotations

import pytest

from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, OfferingFactory, SubjectFactory, teaching
from instructors.models import Alias, Category, Instructor, Place, Subject
from instructors.services import catalogue

pytestmark = pytest.mark.django_db


def test_the_directory_shows_what_is_public_and_nothing_else(cast: Cast):
    instructor = cast.piano.instructor
    Instructor.objects.filter(pk=instructor.pk).update(address="1 Main Street", languages=["English"])
    answered = Caller(cast.ben).get("/instructors").json()
    assert answered["results"] == [
        {
            "id": instructor.pk,
            "slug": "ana-a",
            "name": "Ana A.",
            "time_zone": "America/New_York",
            "rating": None,
            "rating_count": 0,
            "headline": "Patient with beginners",
            "languages": ["English"],
            "place": None,
            "verified": True,
            "offerings": [
                {
                    "id": cast.piano.pk,
                    "subject": "piano",
                    "price_per_hour": 8000,
                    "currency": "USD",
                    "durations": [30, 60, 90],
                    "modalities": ["online"],
                }
            ],
        }
    ]


def test_a_profile_says_more_but_never_the_address(cast: Cast):
    place = Place.objects.create(
        slug="chelsea-x", name="Chelsea", kind="neighbourhood", latitude=40.7, longitude=-74, radius_km=1
    )
    Instructor.objects.filter(pk=cast.piano.instructor.pk).update(
        address="1 Main Street", place=place, rating=4.7512, rating_count=12, photo="portraits/ana.webp"
    )
    ben = Caller(cast.ben)
    response = ben.get("/instructors/ana-a")
    answered = response.json()
    assert (answered["rating"], answered["rating_count"], answered["place"]) == (4.75, 12, "Chelsea")
    assert answered["photo"] == "http://testserver/media/portraits/ana.webp"
    assert answered["cancellation_preset"] == "standard"
    assert b"Main Street" not in response.content
    assert b"ana@example.com" not in response.content
    assert ben.get(f"/instructors/{cast.piano.instructor.pk}").content == response.content


@pytest.mark.parametrize("status", [Instructor.Status.DRAFT, Instructor.Status.SUSPENDED])
def test_who_is_not_listed_is_as_absent_as_nobody(cast: Cast, status):
    hidden = InstructorFactory(status=status)
    ben = Caller(cast.ben)
    absent = ben.get("/instructors/nobody")
    assert absent.status_code == 404
    assert ben.get(f"/instructors/{hidden.slug}").json() == absent.json()
    assert ben.get(f"/instructors/{hidden.pk}").json() == absent.json()
    assert [one["slug"] for one in ben.get("/instructors").json()["results"]] == ["ana-a"]


def test_the_directory_is_narrowed_by_subject(cast: Cast):
    violin = teaching(OfferingFactory(subject__slug="violin"))
    ben = Caller(cast.ben)
    found = ben.get("/instructors?subject=violin").json()["results"]
    assert [one["id"] for one in found] == [violin.instructor.pk]
    assert ben.get("/instructors?subject=chess").json()["results"] == []


@pytest.mark.parametrize("number", [1, 3])
def test_the_directory_costs_the_same_however_long_it_is(cast: Cast, number, django_assert_num_queries):
    for _ in range(number - 1):
        teaching(OfferingFactory())
    ben = Caller(cast.ben)
    ben.get("/instructors")
    with django_assert_num_queries(3):  # the key, the page, its offerings
        assert len(ben.get("/instructors").json()["results"]) == number


def test_withdrawn_offerings_are_not_shown(cast: Cast):
    catalogue.withdraw_offering(cast.piano, by=cast.ana)
    assert Caller(cast.ben).get("/instructors/ana-a").json()["offerings"] == []


def test_the_directory_comes_in_pages(cast: Cast):
    for _ in range(4):
        InstructorFactory()
    ben = Caller(cast.ben)
    first = ben.get("/instructors?limit=3").json()
    second = ben.get(first["next"]).json()
    shown = [one["id"] for one in first["results"] + second["results"]]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == 5
    assert second["next"] is None


@pytest.fixture
def catalogue_of_two(db: None) -> None:
    """Only these subjects: the whole catalogue is loaded by a migration."""
    Alias.objects.all().delete()
    Subject.objects.exclude(slug__in=["piano", "violin"]).exclude(offerings__isnull=False).delete()
    SubjectFactory(slug="violin")
    SubjectFactory(slug="piano")
    Category.objects.filter(subjects__isnull=True).delete()


def test_subjects_tell_their_category_and_other_words(cast: Cast, catalogue_of_two):
    Alias.objects.create(text="keyboard", subject=Subject.objects.get(slug="piano"))
    piano, violin = Caller(cast.ben).get("/subjects").json()["results"]
    assert piano == {"slug": "piano", "name": "Piano", "category": "music", "aliases": ["keyboard"]}
    assert (violin["slug"], violin["aliases"]) == ("violin", [])
    ben = Caller(cast.ben)
    assert len(ben.get("/subjects?category=music").json()["results"]) == 2
    assert ben.get("/subjects?category=dance").json()["results"] == []


def test_categories_tell_their_subjects(cast: Cast, catalogue_of_two):
    [music] = Caller(cast.ben).get("/categories").json()["results"]
    assert (music["slug"], music["name"], sorted(music["subjects"])) == (
        "music",
        "Music",
        ["piano", "violin"],
    )


@pytest.mark.parametrize("path", ["/instructors", "/subjects", "/categories", "/instructors/ana-a"])
def test_unknown_parameters_are_named(cast: Cast, path):
    response = Caller(cast.ben).get(f"{path}?foo=1")
    assert response.status_code == 422
    assert list(response.json()["errors"]) == ["foo"]
