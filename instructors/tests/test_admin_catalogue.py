"""The back office of the catalogue: a word that staff add is understood at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from instructors.models import Alias, Category, Place, PlaceAlias, Subject
from instructors.services.search import vocabulary

pytestmark = pytest.mark.django_db
BASE = "/admin/instructors/"


@pytest.fixture
def piano() -> Subject:
    return Subject.objects.get(slug="piano")


@pytest.mark.parametrize("name", ["category", "subject", "alias", "place", "placealias"])
def test_lists_open_with_few_queries(office: Client, name: str, django_assert_max_num_queries: Any):
    with django_assert_max_num_queries(4):  # person, filter's choices, bounded count, rows
        assert office.get(f"{BASE}{name}/").status_code == 200


def test_a_new_alias_is_understood_at_once_and_kept_as_search_compares_it(
    office: Client, piano: Subject, django_capture_on_commit_callbacks: Any
):
    assert "ivories" not in vocabulary.current().subjects
    with django_capture_on_commit_callbacks(execute=True):
        response = office.post(f"{BASE}alias/add/", {"text": "  The   Ivories ", "subject": piano.pk})
    assert response.status_code == 302
    assert Alias.objects.get(subject=piano, text="the ivories")
    assert vocabulary.current().subjects["the ivories"] == "piano"


def test_a_deleted_alias_is_forgotten_at_once(
    office: Client, piano: Subject, django_capture_on_commit_callbacks: Any
):
    alias = Alias.objects.create(text="ivories", subject=piano)
    assert "ivories" in vocabulary.current().subjects
    with django_capture_on_commit_callbacks(execute=True):
        office.post(f"{BASE}alias/{alias.pk}/delete/", {"post": "yes"})
    assert "ivories" not in vocabulary.current().subjects


def test_an_alias_of_two_things_or_none_is_refused_with_words(office: Client, piano: Subject):
    both = {"text": "keys", "subject": piano.pk, "category": piano.category_id}
    for sent in (both, {"text": "keys"}):
        response = office.post(f"{BASE}alias/add/", sent)
        assert response.status_code == 200
        assert "An alias stands for a subject or for a category, not both." in response.content.decode()
    assert not Alias.objects.filter(text="keys").exists()


def test_a_subject_gets_a_name_and_other_words_on_one_page(
    office: Client, piano: Subject, django_capture_on_commit_callbacks: Any
):
    Alias.objects.filter(subject=piano).delete()
    sent = {
        "name": "Grand piano", "slug": "piano", "category": piano.category_id, "position": "3",
        "aliases-TOTAL_FORMS": "1", "aliases-INITIAL_FORMS": "0",
        "aliases-MIN_NUM_FORMS": "0", "aliases-MAX_NUM_FORMS": "1000", "aliases-0-text": "Steinway",
    }  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        assert office.post(f"{BASE}subject/{piano.pk}/change/", sent).status_code == 302
    assert vocabulary.current().subject_names["piano"][0] == "Grand piano"
    assert vocabulary.current().subjects["steinway"] == "piano"


@pytest.mark.parametrize("name", ["category", "subject", "place"])
def test_what_others_refer_to_is_never_deleted(office: Client, name: str):
    row = {"category": Category, "subject": Subject, "place": Place}[name].objects.order_by("pk")[0]
    assert office.post(f"{BASE}{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_zip_code_is_looked_for_as_one(office: Client):
    place = Place.objects.create(
        slug="99991", name="99991", kind="zip", latitude=1, longitude=1, radius_km=1
    )  # fmt: skip
    response = office.get(f"{BASE}place/", {"q": "99991"})
    assert list(response.context["cl"].result_list) == [place]


def test_a_place_off_the_earth_is_refused_at_its_field(office: Client):
    sent = {
        "slug": "Nowhere", "name": "Nowhere", "kind": "neighbourhood", "latitude": "91", "longitude": "1",
        "radius_km": "1", "aliases-TOTAL_FORMS": "0", "aliases-INITIAL_FORMS": "0",
    }  # fmt: skip
    response = office.post(f"{BASE}place/add/", sent)
    assert list(response.context["adminform"].form.errors) == ["latitude"]
    assert not Place.objects.filter(name="Nowhere").exists()


def test_a_short_name_of_a_place_is_understood_at_once(
    office: Client, django_capture_on_commit_callbacks: Any
):
    place = Place.objects.exclude(kind="zip").order_by("pk")[0]
    with django_capture_on_commit_callbacks(execute=True):
        assert office.post(f"{BASE}placealias/add/", {"text": "XYQ", "place": place.pk}).status_code == 302
    assert PlaceAlias.objects.get(text="xyq").place == place
    assert vocabulary.current().places["xyq"] == place.slug
