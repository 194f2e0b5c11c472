"""The address of a page: given away, coded, changed; the old one leads to the new one."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, UserFactory
from bookings.tests.racing import race
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instructors.models import Instructor, OldAddress
from instructors.services import addresses, profile

PAGE = "instructors:your_page"


def rename(instructor: Instructor, slug: str) -> Instructor:
    return profile.change(instructor, by=instructor.user, slug=slug)


def refused(instructor: Instructor, slug: str) -> str:
    """What the refusal says, after which the address is what it was."""
    before = Instructor.objects.get(pk=instructor.pk).slug
    with pytest.raises(DomainError) as refusal:
        rename(instructor, slug)
    assert Instructor.objects.get(pk=instructor.pk).slug == before
    return refusal.value.fields["slug"]


@pytest.mark.django_db
def test_the_old_address_leads_to_the_new_one_with_its_question(client: Client, cast: Cast):
    rename(cast.piano.instructor, "ana-plays")
    answer = client.get("/@ana-a?offering=1")
    assert (answer.status_code, answer.url) == (301, "/@ana-plays?offering=1")
    assert answer["Cache-Control"] == "no-cache"
    rename(cast.piano.instructor, "ana-teaches")
    assert client.get("/@ana-a").url == client.get("/@ana-plays").url == "/@ana-teaches"
    assert client.get("/@ana-teaches").status_code == 200
    assert client.get("/@never-there").status_code == 404


@pytest.mark.django_db
def test_one_goes_back_to_an_own_old_address(client: Client, cast: Cast):
    rename(cast.piano.instructor, "ana-plays")
    rename(cast.piano.instructor, "ana-a")
    assert client.get("/@ana-a").status_code == 200
    assert client.get("/@ana-plays").url == "/@ana-a"
    assert list(OldAddress.objects.values_list("slug", flat=True)) == ["ana-plays"]


@pytest.mark.django_db
def test_nobody_else_takes_an_old_address_for_a_year(client: Client, cast: Cast):
    other = InstructorFactory(slug="other")
    rename(cast.piano.instructor, "ana-plays")
    assert "kept for them" in refused(other, "ana-a")
    OldAddress.objects.update(left_at=clock.now() - addresses.KEPT + timedelta(minutes=1))
    assert "kept for them" in refused(other, "ana-a")
    OldAddress.objects.update(left_at=clock.now() - addresses.KEPT)
    rename(other, "ana-a")
    assert client.get("/@ana-a").status_code == 200
    assert list(OldAddress.objects.values_list("slug", "instructor")) == [("other", other.pk)]


@pytest.mark.django_db
def test_nobody_collects_addresses(cast: Cast):
    for n in range(addresses.MOST_KEPT):
        rename(cast.piano.instructor, f"ana-{n}")
    assert "times in a year" in refused(cast.piano.instructor, "ana-more")
    assert OldAddress.objects.count() == addresses.MOST_KEPT


@pytest.mark.django_db
def test_a_new_instructor_gets_no_old_address(cast: Cast):
    rename(cast.piano.instructor, "ana-plays")
    newcomer = UserFactory(first_name="Ana", last_name="Abel")
    assert profile.become_instructor(newcomer, by=newcomer).slug == "ana-a-2"


@pytest.mark.django_db
def test_old_addresses_of_who_is_not_listed_are_absent(client: Client, cast: Cast):
    ana = rename(cast.piano.instructor, "ana-plays")
    Instructor.objects.filter(pk=ana.pk).update(status=Instructor.Status.DRAFT)
    assert client.get("/@ana-a").status_code == 404
    client.force_login(cast.ana)
    assert client.get("/@ana-a").url == "/@ana-plays"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.race
def test_an_address_left_and_wanted_at_once_leads_to_one(cast: Cast):
    other = InstructorFactory(slug="other")
    outcomes = race(lambda: rename(cast.piano.instructor, "ana-plays"), lambda: rename(other, "ana-a"))
    assert isinstance(outcomes[0], Instructor)
    assert isinstance(outcomes[1], DomainError)
    other.refresh_from_db()
    assert other.slug == "other"


@pytest.mark.django_db
def test_the_page_gives_the_link_away_and_changes_it(client: Client, cast: Cast, settings: Any):
    settings.SITE_URL = "https://instainstru.example"
    client.force_login(cast.ana)
    page = client.get(reverse(PAGE))
    assert page.context["link"] == "https://instainstru.example/@ana-a"
    done = client.post(reverse(PAGE), {"slug": "ana-plays"}, follow=True)
    assert b"Your old address leads to the new one." in done.content
    assert done.context["old"] == ["/@ana-a"]
    wrong = client.post(reverse(PAGE), {"slug": "Ana Plays!"})
    assert wrong.status_code == 422
    assert b"Use small letters" in wrong.content
    assert b'value="Ana Plays!"' in wrong.content
    InstructorFactory(slug="taken")
    taken = client.post(reverse(PAGE), {"slug": "taken"})
    assert taken.context["form"].errors["slug"] == ["Someone else has this address."]


@pytest.mark.django_db
def test_the_code_is_a_drawing_and_a_picture_to_print(client: Client, cast: Cast):
    svg = client.get("/@ana-a/qr.svg")
    assert svg["Content-Type"] == "image/svg+xml"
    drawn = ElementTree.fromstring(svg.content)
    assert not [one for one in drawn.iter() if "style" in one.attrib or one.tag.endswith(("style", "script"))]
    png = client.get("/@ana-a/qr.png")
    assert png["Content-Disposition"] == 'attachment; filename="ana-a.png"'
    with Image.open(io.BytesIO(png.content)) as picture:
        width, height = picture.size
        assert width == height >= 700
        # A quiet zone of four squares, then the dark corner of the first finder.
        assert picture.convert("L").getpixel((4 * 24 - 1, 4 * 24)) == 255
        assert picture.convert("L").getpixel((4 * 24, 4 * 24)) == 0
    assert client.get("/@nobody/qr.svg").status_code == 404
