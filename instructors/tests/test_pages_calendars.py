"""Pages on which instructors add, check and remove their own calendars."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, booked, in_days
from instructors.models import CalendarBlock, Instructor, OutsideCalendar
from instructors.services import calendar_feeds
from instructors.tests.hosts import Host, event
from instructors.tests.hosts import calendar as file_of
from instructors.tests.test_outside_calendars import added, blocked, noon

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(cast: Cast) -> Instructor:
    return cast.piano.instructor


def page(client: Client, name: str = "office_calendars", *args: Any, **posted: Any) -> Any:
    address = reverse(f"instructors:{name}", args=args)
    return client.post(address, posted) if posted or args else client.get(address)


def test_a_calendar_is_added_checked_and_removed_through_pages(host: Host, client: Client, cast: Cast):
    client.force_login(cast.ana)
    host.body = file_of(event(noon()))
    answer = client.post(reverse("instructors:office_calendars"), {"name": "Family", "url": host.url})
    assert answer.url == reverse("instructors:office_calendars")
    shown = page(client)
    [row] = shown.context["calendars"]
    assert (row["name"], row["host"], row["error"]) == ("Family", "127.0.0.1", "")
    assert row["told"].startswith("1 busy time ahead, checked ")
    assert host.url.encode() not in shown.content
    outside = OutsideCalendar.objects.get()
    host.reply = lambda path, headers: (404, {}, [])
    page(client, "office_calendar_check", outside.pk)
    [row] = page(client).context["calendars"]
    assert row["error"] == "There is no calendar at that address any more. Copy its address again."
    page(client, "office_calendar_remove", outside.pk)
    assert page(client).context["calendars"] == []
    assert not CalendarBlock.objects.exists()


@pytest.mark.parametrize(
    ("name", "url", "field"),
    [("", "https://example.com", "name"), ("x", "", "url"), ("x", "nonsense", "url"),
     ("x", "http://127.0.0.1/", "url"), ("x" * 61, "https://example.com", "name"),
     ("x", "https://example.com/" + "y" * 2000, "url"), ("x", "\x00", "url")],
)  # fmt: skip
def test_mistakes_are_shown_at_their_field_and_nothing_typed_is_lost(
    client: Client, cast: Cast, name: str, url: str, field: str
):
    client.force_login(cast.ana)
    answer = client.post(reverse("instructors:office_calendars"), {"name": name, "url": url})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert answer.context["form"]["name"].value() == name
    assert not OutsideCalendar.objects.exists()


def test_another_instructors_calendars_are_absent(host: Host, client: Client, cast: Cast, ana: Instructor):
    outside = added(host, ana, event(noon()))
    other = InstructorFactory()
    for user, status in ((other.user, 404), (cast.ben, 302), (cast.staff, 302), (None, 302)):
        client.logout()
        if user:
            client.force_login(user)
        for name in ("office_calendar_check", "office_calendar_remove"):
            assert page(client, name, outside.pk).status_code == status
    assert len(host.asked) == 1
    assert len(blocked(outside)) == 1


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_and_for_three(
    host: Host, client: Client, cast: Cast, ana: Instructor, django_assert_num_queries, number
):
    host.body = file_of(*(event(noon(3 + n)) for n in range(number)))
    for n in range(number):
        booked(cast.piano, noon(3 + n), cast.ben_student)
    for n in range(number):
        calendar_feeds.add(ana, name="x", url=f"{host.url}?{n}", by=ana.user)
    client.force_login(cast.ana)
    page(client)
    with django_assert_num_queries(5):  # session, person, instructor, calendars, clashes
        shown = page(client)
    assert (len(shown.context["calendars"]), len(shown.context["clashes"])) == (number, number)


def test_outside_times_are_drawn_in_the_week_and_named_at_time_off(
    host: Host, client: Client, cast: Cast, ana: Instructor
):
    added(host, ana, event(noon()))
    client.force_login(cast.ana)
    week = client.get(reverse("bookings:week"), {"date": in_days(3).isoformat()}).context["week"]
    [day] = [day for day in week["days"] if day["date"] == str(in_days(3).day)]
    assert [bar["kind"] for bar in day["bars"]] == ["open", "off"]
    [shown] = client.get(reverse("instructors:office_time_off")).context["outside"]
    assert shown["calendar"] == "Family"
