"""From a time that is pressed to a lesson, through pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings.models import Booking, Status
from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, booked, held, in_days, local_time, teaching
from instainstru.lib import clock
from instructors.models import Offering

pytestmark = pytest.mark.django_db


@pytest.fixture
def start() -> datetime:
    return local_time(in_days(3), 12)


def press(client: Client, offering: Offering, start: datetime, /, **changes: Any) -> Any:
    """Press the button of a time, with ``changes`` to what it posts."""
    fields = {
        "offering": offering.pk, "starts_at": clock.rfc3339(start), "duration_min": 60,
        "modality": "online", **changes,
    }  # fmt: skip
    return client.post(reverse("bookings:hold"), fields)


def test_a_time_is_two_presses_from_booked(client: Client, cast: Cast, start: datetime):
    client.force_login(cast.ben)
    held_page = press(client, cast.piano, start)
    booking = Booking.objects.get()
    assert booking.status == Status.HELD
    assert held_page.url == reverse("bookings:confirm", args=[booking.pk])
    page = client.get(held_page.url)
    assert page.status_code == 200
    assert page.context["total"] == "$80.00"
    assert page.context["button"] == "Book for $80.00"
    assert page.context["policy"]["kind"] == "free"
    assert page.context["hold"]["seconds"] in range(290, 301)
    done = client.post(held_page.url, {"note": "I can read music."})
    assert done.url == reverse("bookings:booked", args=[booking.pk])
    booking.refresh_from_db()
    assert (booking.status, booking.note) == (Status.CONFIRMED, "I can read music.")
    assert client.get(done.url).status_code == 200


def test_confirming_twice_books_once(client: Client, cast: Cast, start: datetime):
    client.force_login(cast.ben)
    url = press(client, cast.piano, start).url
    first, second = client.post(url), client.post(url)
    assert first.url == second.url == reverse("bookings:booked", args=[Booking.objects.get().pk])
    assert Booking.objects.get().version == 2


def test_a_time_somebody_else_took_offers_others(client: Client, cast: Cast, start: datetime):
    other = teaching(OfferingFactory())
    booked(cast.piano, start, cast.cy_student)
    client.force_login(cast.ben)
    page = press(client, cast.piano, start)
    assert page.status_code == 409
    assert [row["time"] for row in page.context["same"]] == ["10:30 am", "10:45 am", "1:15 pm"]
    assert [row["offering"] for row in page.context["others"]] == [other.pk]
    assert page.context["others"][0]["time"] == "12:00 pm"
    assert Booking.objects.count() == 1


def test_a_time_outside_the_hours_says_so_and_offers_others(client: Client, cast: Cast, start: datetime):
    client.force_login(cast.ben)
    page = press(client, cast.piano, local_time(in_days(3), 6))
    assert page.status_code == 422
    assert b"outside the hours" in page.content
    assert len(page.context["same"]) == 3
    assert not Booking.objects.exists()


def test_a_time_while_a_lesson_is_booked_is_refused(client: Client, cast: Cast, start: datetime):
    booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    page = press(client, teaching(OfferingFactory()), start)
    assert page.status_code == 409
    assert b"already have a lesson" in page.content
    assert Booking.objects.count() == 1


def test_an_overlapping_hold_elsewhere_gives_way(client: Client, cast: Cast, start: datetime):
    first = held(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    assert press(client, teaching(OfferingFactory()), start).status_code == 302
    first.refresh_from_db()
    assert first.status == Status.RELEASED


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"starts_at": "tomorrow"}, 400),
        ({"starts_at": ""}, 400),
        ({"starts_at": "0001-01-01T00:00:00Z"}, 400),
        ({"starts_at": "9999-12-31T23:59:59Z"}, 400),
        ({"offering": "x"}, 400),
        ({"offering": "-1"}, 400),
        ({"offering": "99999999999999999999"}, 400),
        ({"offering": "123456789"}, 404),
        ({"duration_min": "45"}, 422),
        ({"duration_min": ""}, 400),
        ({"duration_min": "1e3"}, 400),
        ({"modality": "telepathy"}, 400),
        ({"modality": "at_student"}, 422),
    ],
)
def test_what_no_button_sends_is_refused_in_words(client, cast, start, changes, status):
    client.force_login(cast.ben)
    page = press(client, cast.piano, start, **changes)
    assert page.status_code == status
    assert b"<h1>" in page.content
    assert not Booking.objects.exists()


def test_a_draft_instructor_cannot_be_booked(client: Client, cast: Cast, start: datetime):
    instructor = cast.piano.instructor
    instructor.status = "draft"
    instructor.save(update_fields=["status"])
    client.force_login(cast.ben)
    assert press(client, cast.piano, start).status_code == 404
    assert not Booking.objects.exists()


def test_a_hold_that_ran_out_can_be_taken_again(client: Client, cast: Cast, start: datetime):
    client.force_login(cast.ben)
    url = press(client, cast.piano, start).url
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        page = client.post(url)
        assert page.status_code == 409
        assert page.context["free"] is True
        again = page.context["again"]
        assert press(client, cast.piano, start, starts_at=again["value"]).status_code == 302
    assert list(Booking.objects.order_by("pk").values_list("status", flat=True)) == ["expired", "held"]


def test_a_hold_that_ran_out_and_was_taken_offers_near_times(client: Client, cast: Cast, start: datetime):
    client.force_login(cast.ben)
    url = press(client, cast.piano, start).url
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        booked(cast.piano, start, cast.cy_student)
        page = client.get(url)
        assert page.status_code == 409
        assert page.context["free"] is False
        assert len(page.context["same"]) == 3
    assert Booking.objects.filter(status=Status.CONFIRMED).count() == 1


def test_a_hold_is_extended_once_and_given_up(client: Client, cast: Cast, start: datetime):
    client.force_login(cast.ben)
    url = press(client, cast.piano, start).url
    booking = Booking.objects.get()
    assert client.post(reverse("bookings:extend", args=[booking.pk])).url == url
    assert client.get(url).context["hold"]["extend_url"] == ""
    assert client.post(reverse("bookings:extend", args=[booking.pk])).status_code == 409
    away = client.post(reverse("bookings:release", args=[booking.pk]))
    assert away.url.startswith("/@ana-a?")
    booking.refresh_from_db()
    assert booking.status == Status.RELEASED
    assert client.get(url).url.startswith("/@ana-a?")


def test_a_note_that_is_too_long_comes_back_with_what_was_typed(client: Client, cast: Cast, start: datetime):
    client.force_login(cast.ben)
    url = press(client, cast.piano, start).url
    page = client.post(url, {"note": "x" * 501})
    assert page.status_code == 422
    assert b"x" * 501 in page.content
    assert page.context["form"].errors["note"]
    assert Booking.objects.get().status == Status.HELD


@pytest.mark.parametrize("name", ["confirm", "extend", "release", "booked"])
@pytest.mark.parametrize("who", ["cy", "ana", "staff"])
def test_a_hold_is_nobody_elses_business(client, cast, start, name, who):
    booking = held(cast.piano, start, cast.ben_student)
    client.force_login(getattr(cast, who))
    for url in (reverse(f"bookings:{name}", args=[booking.pk]), reverse(f"bookings:{name}", args=[uuid4()])):
        page = client.get(url) if name == "booked" else client.post(url)
        assert page.status_code == 404
    booking.refresh_from_db()
    assert (booking.status, booking.version) == (Status.HELD, 1)


def test_both_clocks_are_shown_where_they_differ(client: Client, cast: Cast, start: datetime):
    client.force_login(cast.ben)
    client.cookies["tz"] = "Europe%2FLisbon"
    url = press(client, cast.piano, start).url
    lesson = client.get(url).context["lesson"]
    assert lesson["zone"] == "Lisbon time"
    assert lesson["other_when"] == "12:00–1:00 pm in New York, where Ana is"


def test_confirming_costs_a_fixed_number_of_queries(
    client: Client, cast: Cast, start: datetime, django_assert_num_queries
):
    client.force_login(cast.ben)
    url = press(client, cast.piano, start).url
    client.get(url)
    with django_assert_num_queries(3):
        client.get(url)


def test_nobody_books_themselves_and_the_lesson_in_the_way_is_one_press_away(
    client: Client, cast: Cast, start: datetime
):
    client.force_login(cast.ana)
    page = press(client, cast.piano, start)
    assert page.status_code == 422
    assert b"Nobody is their own student." in page.content
    lesson = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    page = press(client, teaching(OfferingFactory()), start)
    assert reverse("bookings:lesson", args=[lesson.pk]).encode() in page.content
