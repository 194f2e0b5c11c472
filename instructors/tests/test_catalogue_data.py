"""The catalogue and the places that every database begins with."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command

from instructors.data import catalogue, new_york
from instructors.models import Alias, Category, Place, PlaceAlias, Subject
from instructors.services.search import places

pytestmark = pytest.mark.django_db

SUBJECTS = {
    "music": "piano guitar bass-guitar ukulele violin viola cello flute clarinet saxophone trumpet drums "
    "voice music-theory music-production songwriting dj",
    "dance": "ballet hip-hop salsa ballroom tap contemporary-dance",
    "arts": "drawing painting photography pottery acting digital-art sewing calligraphy",
    "sports": "yoga pilates personal-training boxing swimming tennis golf soccer basketball karate jiu-jitsu "
    "running fencing ice-skating",
    "tutoring": "math algebra geometry calculus statistics physics chemistry biology reading essay-writing "
    "sat-prep act-prep gre-prep lsat-prep coding python java javascript data-science homework-help",
    "languages": "spanish french italian german portuguese mandarin japanese korean arabic hebrew russian "
    "hindi esl asl",
    "hobbies": "cooking baking chess public-speaking life-coaching career-coaching makeup dog-training magic "
    "gardening",
}
ALIASES = {
    "keyboard": "piano", "drum": "drums", "singing": "voice", "vocal": "voice",
    "personal trainer": "personal-training", "sat": "sat-prep", "chinese": "mandarin", "sign language": "asl",
    "art": "arts", "fitness": "sports", "tutor": "tutoring", "language": "languages",
}  # fmt: skip


def everything() -> list[int]:
    return [model.objects.count() for model in (Category, Subject, Alias, Place, PlaceAlias)]


def test_a_new_database_has_the_whole_catalogue_in_its_order():
    found = {
        category.slug: " ".join(category.subjects.order_by("position").values_list("slug", flat=True))
        for category in Category.objects.order_by("position")
    }
    assert found == SUBJECTS
    assert list(found) == list(SUBJECTS)


def test_the_other_words_lead_to_their_subjects_and_categories():
    told = {
        alias.text: (alias.subject or alias.category).slug
        for alias in Alias.objects.select_related("subject", "category")
    }
    assert ALIASES.items() <= told.items()


@pytest.mark.parametrize(
    ("slug", "name"),
    [("bass-guitar", "Bass guitar"), ("sat-prep", "SAT prep"), ("esl", "ESL"), ("asl", "ASL"), ("dj", "DJ")],
)
def test_names_are_for_people(slug, name):
    assert Subject.objects.get(slug=slug).name == name


def test_loading_again_adds_what_is_missing_and_changes_nothing():
    Subject.objects.filter(slug="piano").update(name="Grand piano")
    Subject.objects.filter(slug="magic").delete()
    before = everything()

    call_command("load_catalogue")

    assert [now - then for now, then in zip(everything(), before, strict=True)] == [0, 1, 0, 0, 0]
    assert Subject.objects.get(slug="piano").name == "Grand piano"
    assert Subject.objects.get(slug="magic").name == "Magic"


def test_new_york_has_its_boroughs_and_more_than_a_hundred_neighbourhoods():
    assert set(Place.objects.filter(kind="borough").values_list("name", flat=True)) == set(new_york.BOROUGHS)
    some = Place.objects.filter(kind="neighbourhood")
    assert some.count() >= 120
    boroughs = set(Place.objects.filter(kind="borough").values_list("slug", flat=True))
    assert set(some.values_list("parent", flat=True)) == boroughs


def test_every_centre_lies_in_its_borough():
    """Within the borough's own reach of the borough's centre, that is."""
    boroughs = {place.slug: place for place in Place.objects.filter(kind="borough")}
    for place in Place.objects.filter(kind="neighbourhood"):
        borough = boroughs[place.parent]
        around = places.Around(borough.name, borough.latitude, borough.longitude, borough.radius_km)
        assert around.km_to(place.latitude, place.longitude) < borough.radius_km + 4, place.name
        assert 0.2 < place.radius_km < 4


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ues", "Upper East Side"),
        ("uws", "Upper West Side"),
        ("les", "Lower East Side"),
        ("fidi", "Financial District"),
        ("lic", "Long Island City"),
        ("bk", "Brooklyn"),
        ("bklyn", "Brooklyn"),
        ("Park Slope", "Park Slope"),
        ("  SOHO ", "SoHo"),
        ("11201", "11201"),
        ("94110", "94110"),
    ],
)
def test_places_are_found_by_name_short_name_and_zip_code(text, name):
    found = places.resolve(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("text", ["atlantis", "00000", "9999999", "", "91,0", "x" * 500, "a\x01b"])
def test_unknown_places_are_none(text):
    assert places.resolve(text) is None


def test_no_word_means_two_places_or_two_subjects():
    names = [name.lower() for name in Place.objects.exclude(kind="zip").values_list("name", flat=True)]
    others = list(PlaceAlias.objects.values_list("text", flat=True))
    assert len({*names, *others}) == len(names) + len(others)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in catalogue.CATALOGUE)
