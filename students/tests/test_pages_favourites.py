"""Keeping instructors: idempotent, one's own, and only of those who can be booked."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, OfferingFactory
from students.models import Favourite

pytestmark = pytest.mark.django_db


def url(slug: str = "ana-a") -> str:
    return reverse("students:favourite", args=[slug])


def test_an_instructor_is_kept_once_and_let_go(client: Client, cast: Cast):
    client.force_login(cast.ben)
    for _ in range(2):
        assert client.post(url()).url == "/@ana-a"
    assert Favourite.objects.count() == 1
    assert client.get("/@ana-a").context["favourite"]["on"] is True
    assert [one["name"] for one in client.get(reverse("students:favourites")).context["favourites"]] == [
        "Ana A."
    ]
    client.force_login(cast.cy)
    assert client.get(reverse("students:favourites")).context["favourites"] == []
    client.post(url(), {"keep": "no"})
    assert Favourite.objects.count() == 1
    client.force_login(cast.ben)
    for _ in range(2):
        away = client.post(url(), {"keep": "no", "back": "list"})
        assert away.url == reverse("students:favourites")
    assert not Favourite.objects.exists()


def test_strangers_sign_in_first_and_drafts_are_absent(client: Client, cast: Cast):
    assert client.post(url()).url.startswith(reverse("account_login"))
    InstructorFactory(slug="draft", status="draft")
    client.force_login(cast.ben)
    assert client.post(url("draft")).status_code == client.post(url("nobody")).status_code == 404
    assert not Favourite.objects.exists()


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(client, cast, django_assert_num_queries, number):
    for _ in range(number):
        instructor = OfferingFactory().instructor
        Favourite.objects.create(student=cast.ben_student, instructor=instructor)
    client.force_login(cast.ben)
    with django_assert_num_queries(4):
        assert len(client.get(reverse("students:favourites")).context["favourites"]) == number
