"""The rules' price floor at every door that sets a price; what stands below it from before goes on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bookings.tests.cast import Cast
from bookings.tests.factories import SubjectFactory
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.lib.errors import Invalid
from instainstru.rules import services as rules_service
from instructors.models import Instructor, Offering
from instructors.services import catalogue

pytestmark = pytest.mark.django_db
SAID = "An hour costs $60 or more here."


@pytest.fixture
def ana(client: Client, cast: Cast) -> Instructor:
    """Ana at her desk, where an hour costs 60.00 at least from now on."""
    client.force_login(cast.ana)
    rules_service.change(by=cast.staff, price_floor_units=60)
    rules_service.forget()
    Offering.objects.update(levels=["beginner"], audiences=["adults"])
    cast.piano.refresh_from_db()
    return cast.piano.instructor


def url(name: str, *args: Any) -> str:
    return reverse(f"instructors:{name}", args=args)


def typed(price: str, **changes: Any) -> dict[str, Any]:
    return {
        "price_per_hour": price, "durations": ["60"], "modalities": ["online"], "levels": ["beginner"],
        "audiences": ["adults"], "description": "What I typed.", **changes,
    }  # fmt: skip


def below(cast: Cast) -> Offering:
    """Ana's piano at a price from before the floor."""
    Offering.objects.filter(pk=cast.piano.pk).update(price_per_hour=40_00)
    cast.piano.refresh_from_db()
    return cast.piano


@pytest.mark.parametrize("door", ["office_offering", "office_offering_new", "listing_lessons"])
def test_a_form_says_it_at_the_field_and_keeps_what_was_typed(
    client: Client, cast: Cast, ana: Instructor, door: str
) -> None:
    sent = typed("59.99", subject=SubjectFactory(slug="chess").pk)
    address = url(door, cast.piano.pk) if door == "office_offering" else url(door)
    if door == "listing_lessons":
        Offering.objects.filter(instructor=ana).update(is_active=False)
    before = len(history(ana))
    page = client.post(address, sent)
    assert page.status_code == 422
    assert page.context["form"].errors == {"price_per_hour": [SAID]}
    assert b"What I typed." in page.content
    assert list(Offering.objects.values_list("price_per_hour", flat=True)) == [80_00]
    assert len(history(ana)) == before
    assert client.post(address, sent | {"price_per_hour": "60"}).status_code == 302
    assert 60_00 in Offering.objects.values_list("price_per_hour", flat=True)


def test_the_rule_names_its_field(cast: Cast, ana: Instructor) -> None:
    cast.piano.price_per_hour = 59_99
    with pytest.raises(Invalid) as refusal:
        catalogue.save_offering(cast.piano, by=cast.ana)
    assert (refusal.value.code, refusal.value.fields) == ("below_floor", {"price_per_hour": SAID})


def test_a_price_from_before_stands_until_it_is_changed(client: Client, cast: Cast, ana: Instructor) -> None:
    offering = below(cast)
    assert client.post(url("office_offering", offering.pk), typed("40")).status_code == 302
    offering.refresh_from_db()
    assert (offering.price_per_hour, offering.description) == (40_00, "What I typed.")
    assert client.post(url("office_offering", offering.pk), typed("45")).status_code == 422
    offering.refresh_from_db()
    assert offering.price_per_hour == 40_00


def test_paused_below_the_floor_it_is_not_offered_again(client: Client, cast: Cast, ana: Instructor) -> None:
    offering = below(cast)
    client.post(url("office_offering_toggle", offering.pk))
    answer = client.post(url("office_offering_toggle", offering.pk), follow=True)
    assert answer.redirect_chain[0][0] == url("office_offering", offering.pk)
    assert f"Piano stays paused. {SAID} Change it first." in answer.content.decode()
    offering.refresh_from_db()
    assert not offering.is_active
    assert [event.kind for event in history(ana)].count(Kind.OFFERING_CHANGED) == 1


def test_without_a_floor_nothing_is_refused(client: Client, cast: Cast) -> None:
    client.force_login(cast.ana)
    assert client.post(url("office_offering", cast.piano.pk), typed("1")).status_code == 302
    cast.piano.refresh_from_db()
    assert cast.piano.price_per_hour == 1_00
