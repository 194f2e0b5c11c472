"""What is suggested while somebody types, and that it costs one statement."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, OfferingFactory, StudentFactory, UserFactory
from instructors.models import Alias, Instructor, Subject
from instructors.services.search import vocabulary
from instructors.services.search.suggest import Suggestion, suggest

pytestmark = pytest.mark.django_db


def of(text: str) -> list[Suggestion]:
    return suggest(text, vocabulary=vocabulary.current())


def values(text: str) -> list[str]:
    return [one.value for one in of(text) if one.value]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("pia", "piano"),
        ("PIA", "piano"),
        ("keyb", "piano"),
        ("theory", "music theory"),
        ("giut", "guitar"),
        ("piono", "piano"),
        ("saxaphon", "saxophone"),
        ("lang", "languages"),
        ("brook", "brooklyn"),
        ("piano in broo", "piano in brooklyn"),
        ("piano in w", "piano in west village"),
        ("piano broo", "piano in brooklyn"),
        ("piano near will", "piano near williamsburg"),
        ("piano tomorrow in upper wes", "piano tomorrow in upper west side"),
        ("cheap vio", "cheap viola"),
    ],
)
def test_the_end_of_a_sentence_is_completed(typed: str, first: str):
    assert values(typed)[0] == first


@pytest.mark.parametrize("typed", ["", " ", "p", "piano ", "zzzz", "\x00", "%", "'; --", "🎹🎹", "a" * 5000])
def test_what_says_nothing_is_completed_by_nothing(typed: str):
    assert values(typed) == []


def test_after_in_only_places_are_meant():
    assert {one.kind for one in of("piano in ha") if one.value} == {"place"}


def test_an_alias_leads_to_its_subject_and_says_why():
    Alias.objects.create(text="ivories", subject=Subject.objects.get(slug="piano"))
    vocabulary.forget()
    assert of("ivor") == [Suggestion("subject", "Piano", "ivories", "piano")]


def test_instructors_are_found_by_first_name_and_initial_and_never_by_more(cast: Cast):
    people = [one for one in of("an") if one.kind == "instructor"]
    assert people == [Suggestion("instructor", "Ana A.", "Piano", slug="ana-a")]
    assert [one.label for one in of("ana a")] == ["Ana A."]
    assert [one.label for one in of("ana a.")] == ["Ana A."]
    assert of("ana b") == of("alvarez") == of("ana alvarez") == []


def test_only_listed_instructors_are_named(cast: Cast):
    StudentFactory(user__first_name="Annabel")
    UserFactory(first_name="Anneke", is_guest=True)
    for status in (Instructor.Status.DRAFT, Instructor.Status.SUSPENDED):
        InstructorFactory(user__first_name="Annika", status=status)
    assert [one.label for one in of("ann")] == []
    OfferingFactory(instructor__user__first_name="Åse", instructor__user__last_name="")
    assert [one.label for one in of("åse")] == ["Åse"]


@pytest.mark.parametrize("number", [1, 3])
def test_suggestions_cost_one_statement(client: Client, cast: Cast, number, django_assert_num_queries):
    for _ in range(number - 1):
        InstructorFactory(user__first_name="Ana")
    ask(client, "an")
    with django_assert_num_queries(1):
        answered = ask(client, "an")
    assert len([one for one in answered if one["kind"] == "instructor"]) == number


def ask(client: Client, text: str) -> list[dict[str, Any]]:
    answer = client.get(
        reverse("instructors:suggest"), {"q": text}, headers={"Accept": "application/json"}
    )  # fmt: skip
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["suggestions"]
    return found


def test_it_is_json_or_options_of_a_list(client: Client, cast: Cast):
    cast.ana.first_name = "<b>Ana"
    cast.ana.save(update_fields=["first_name"])
    [one] = ask(client, "ana")[:1] or [None]
    assert one is None
    [piano] = [one for one in ask(client, "piano") if one["kind"] == "subject"]
    assert piano == {
        "kind": "subject", "label": "Piano", "note": "Music", "value": "piano", "slug": "", "url": "",
    }  # fmt: skip
    page = client.get(reverse("instructors:suggest"), {"q": "piano"})
    assert page["Vary"] == "Accept"
    assert 'role="option"' in page.content.decode()
    assert 'data-value="piano"' in page.content.decode()
    assert "sessionid" not in page.cookies
