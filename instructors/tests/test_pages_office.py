"""The instructor's office through pages: nothing typed is lost, nobody edits another's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings.tests.cast import Cast
from bookings.tests.factories import SubjectFactory, UserFactory, booked, in_days, local_time
from instainstru.lib import clock
from instructors.models import CalendarBlock, DateHours, Instructor, Offering, Place
from instructors.services import schedule

pytestmark = pytest.mark.django_db

PAGES = ("office_profile", "office_offerings", "office_offering_new", "office_hours", "office_week",
         "office_dates", "office_time_off", "office_calendars", "office_limits")  # fmt: skip


def url(name: str, *args: Any) -> str:
    return reverse(f"instructors:{name}", args=args)


@pytest.fixture
def ana(client: Client, cast: Cast) -> Instructor:
    """Ana at her desk."""
    client.force_login(cast.ana)
    return cast.piano.instructor


@pytest.fixture
def astoria(db: None) -> Place:
    return Place.objects.update_or_create(
        slug="astoria",
        defaults={
            "name": "Astoria", "kind": "neighbourhood", "latitude": 40.77, "longitude": -73.93,
            "radius_km": 2,
        },
    )[0]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_the_office_is_for_those_who_teach(client: Client, cast: Cast, name: str):
    assert client.get(url(name)).url.startswith(reverse("account_login"))
    client.force_login(cast.ben)
    assert client.get(url(name)).url == url("office_start")
    client.force_login(cast.ana)
    assert client.get(url(name)).status_code == 200


def test_one_press_begins_a_draft(client: Client, cast: Cast):
    client.force_login(cast.ben)
    assert client.get(url("office_start")).status_code == 200
    assert client.post(url("office_start")).url == url("listing")
    instructor = Instructor.objects.get(user=cast.ben)
    assert instructor.status == Instructor.Status.DRAFT
    page = client.get(url("listing"))
    assert [step["done"] for step in page.context["path"]["steps"]] == [False] * 5
    assert client.get(url("profile", instructor.slug)).status_code == 200
    client.logout()
    assert client.get(url("profile", instructor.slug)).status_code == 404


def test_another_instructors_things_are_absent(client: Client, cast: Cast, ana: Instructor):
    other = Instructor.objects.create(user=UserFactory(), slug="other")
    away = schedule.add_time_off(ana, clock.now(), clock.now() + timedelta(days=1), by=cast.ana)
    client.force_login(other.user)
    assert client.get(url("office_offering", cast.piano.pk)).status_code == 404
    assert client.post(url("office_offering", cast.piano.pk), {"price_per_hour": "1"}).status_code == 404
    assert client.post(url("office_offering_toggle", cast.piano.pk)).status_code == 404
    assert client.post(url("office_time_off_remove", away.pk)).status_code == 404
    assert client.get(url("office_offering", 10**30)).status_code == 404
    cast.piano.refresh_from_db()
    assert (cast.piano.price_per_hour, cast.piano.is_active) == (8000, True)
    assert CalendarBlock.objects.filter(pk=away.pk).exists()


def face(**changes: Any) -> dict[str, Any]:
    return {
        "headline": "Piano for late beginners", "bio": "Twenty years of scales and songs, in a quiet room.",
        "languages": "English, Spanish", "place": "astoria", "address": "1 Main St", "slug": "ana-a",
        "time_zone": "America/New_York", "cancellation_preset": "flexible", **changes,
    }  # fmt: skip


def test_the_public_page_is_written(client: Client, ana: Instructor, astoria: Place):
    assert client.post(url("office_profile"), face()).url == url("office_profile")
    ana.refresh_from_db()
    assert (ana.headline, ana.languages) == ("Piano for late beginners", ["English", "Spanish"])
    assert (ana.place, ana.cancellation_preset) == (astoria, "flexible")
    page = client.get(url("profile", "ana-a"))
    assert b"Piano for late beginners" in page.content
    assert b"1 Main St" not in page.content


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("headline", "x" * 121),
        ("slug", "Ana A!"),
        ("place", "nowhere at all"),
        ("languages", "a" * 31),
        ("time_zone", "Mars/Olympus"),
        ("cancellation_preset", "whatever"),
    ],
)
def test_a_wrong_fact_is_named_and_nothing_typed_is_lost(client, ana, astoria, field, value):
    page = client.post(url("office_profile"), face(**{field: value, "bio": "What I wrote for an hour."}))
    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert b"What I wrote for an hour." in page.content
    ana.refresh_from_db()
    assert ana.headline == "Patient with beginners"


def test_an_address_somebody_has_is_refused(client: Client, ana: Instructor, astoria: Place):
    Instructor.objects.create(user=UserFactory(), slug="taken")
    page = client.post(url("office_profile"), face(slug="taken"))
    assert page.context["form"].errors["slug"] == ["Someone else has this address."]
    ana.refresh_from_db()
    assert ana.slug == "ana-a"


def taught(**changes: Any) -> dict[str, Any]:
    return {
        "price_per_hour": "75.50", "durations": ["60", "30"], "modalities": ["online"],
        "levels": ["beginner"], "audiences": ["kids", "adults"], **changes,
    }  # fmt: skip


def test_a_subject_is_added_changed_paused_and_offered_again(client: Client, cast: Cast, ana: Instructor):
    violin = SubjectFactory(slug="violin")
    new = client.post(url("office_offering_new"), taught(subject=violin.pk))
    assert new.status_code == 302, new.context["form"].errors
    offering = Offering.objects.get(instructor=ana, subject=violin)
    assert (offering.price_per_hour, offering.durations, offering.is_listed) == (7550, [30, 60], True)
    client.post(url("office_offering", offering.pk), taught(price_per_hour="80"))
    client.post(url("office_offering_toggle", offering.pk))
    offering.refresh_from_db()
    assert (offering.price_per_hour, offering.is_active, offering.is_listed) == (8000, False, False)
    client.post(url("office_offering_toggle", offering.pk))
    offering.refresh_from_db()
    assert offering.is_listed is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price_per_hour", "0"),
        ("price_per_hour", "1e9"),
        ("price_per_hour", "NaN"),
        ("price_per_hour", "free"),
        ("durations", []),
        ("durations", ["17"]),
        ("modalities", []),
        ("modalities", ["telepathy"]),
        ("levels", []),
        ("levels", ["genius"]),
        ("description", "x" * 301),
    ],
)
def test_a_wrong_condition_is_named_at_its_field(client, cast, ana, field, value):
    page = client.post(url("office_offering", cast.piano.pk), taught(**{field: value}))
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    cast.piano.refresh_from_db()
    assert cast.piano.price_per_hour == 8000


def test_a_subject_is_offered_once(client: Client, cast: Cast, ana: Instructor):
    page = client.post(url("office_offering_new"), taught(subject=cast.piano.subject_id))
    assert page.status_code == 422
    assert "subject" in page.context["form"].errors
    assert Offering.objects.filter(instructor=ana).count() == 1


def rows(prefix: str, *windows: tuple[str, str], initial: int = 0) -> dict[str, Any]:
    data: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(windows), f"{prefix}-INITIAL_FORMS": initial}
    for n, (starts, ends) in enumerate(windows):
        data |= {f"{prefix}-{n}-starts": starts, f"{prefix}-{n}-ends": ends}
    return data


def test_a_date_differs_closes_and_follows_the_week_again(client: Client, ana: Instructor):
    day = in_days(5)
    data = {"date": day.isoformat()}
    client.post(url("office_dates"), data | rows("hours", ("10:00", "11:00")))
    assert schedule.coming_dates(ana) == {day: [(600, 660)]}
    client.post(url("office_dates"), data | rows("hours") | {"closed": "on"})
    assert schedule.coming_dates(ana) == {day: []}
    assert client.get(url("office_dates")).context["dates"][0]["hours"] == "Closed"
    client.post(url("office_date_remove", day.isoformat()))
    assert schedule.coming_dates(ana) == {}
    assert client.post(url("office_date_remove", day.isoformat())).status_code == 404
    assert client.post(url("office_date_remove", "tomorrow")).status_code == 404


@pytest.mark.parametrize("day", ["", "x", "2020-01-01", "0001-01-01", "9999-12-31"])
def test_a_date_that_cannot_be_is_named(client: Client, ana: Instructor, day: str):
    page = client.post(url("office_dates"), {"date": day} | rows("hours", ("10:00", "11:00")))
    assert page.status_code == 422
    assert "date" in page.context["form"].errors
    assert b'value="10:00"' in page.content
    assert not DateHours.objects.exists()


@time_machine.travel("2027-03-01T12:00:00Z", tick=False)
def test_a_time_that_daylight_saving_skips_is_refused_by_name(client: Client, ana: Instructor):
    data = {"date": "2027-03-14"} | rows("hours", ("02:30", "05:00"))
    page = client.post(url("office_dates"), data)
    assert page.status_code == 422
    assert b"02:30 does not exist on Sunday 14 March 2027" in page.content
    away = {"first_day": "2027-03-14", "from_time": "02:15", "last_day": "2027-03-14", "until_time": ""}
    page = client.post(url("office_time_off"), away)
    assert page.status_code == 422
    assert b"02:15 does not exist" in page.content
    assert not DateHours.objects.exists()
    assert not CalendarBlock.objects.exists()


def test_time_off_by_whole_days_and_what_still_lies_in_it(client: Client, cast: Cast, ana: Instructor):
    day = in_days(4)
    booked(cast.piano, local_time(day, 12), cast.ben_student)
    data = {"first_day": day.isoformat(), "last_day": (day + timedelta(days=1)).isoformat(), "note": "sea"}
    assert client.post(url("office_time_off"), data).status_code == 302
    block = CalendarBlock.objects.get(kind="time_off")
    assert block.period.lower == clock.day_bounds(day, "America/New_York")[0]
    assert block.period.upper == clock.day_bounds(day + timedelta(days=1), "America/New_York")[1]
    page = client.get(url("office_time_off"))
    assert page.context["times_off"][0]["note"] == "sea"
    assert len(page.context["lessons_inside"]) == 1
    client.post(url("office_time_off_remove", block.pk))
    assert not CalendarBlock.objects.filter(kind="time_off").exists()


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [(5, 4, "last_day"), (-9, -8, "last_day"), (1, 500, "last_day")],
)
def test_time_off_that_cannot_be_is_named(client, ana, first, last, field):
    data = {"first_day": in_days(first).isoformat(), "last_day": in_days(last).isoformat(), "note": "typed"}
    page = client.post(url("office_time_off"), data)
    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert b"typed" in page.content
    assert not CalendarBlock.objects.exists()


@pytest.mark.parametrize("number", [1, 3])
def test_lists_cost_the_same_for_one_and_for_three(client, cast, ana, django_assert_num_queries, number):
    for n in range(number - 1):
        subject = SubjectFactory(slug=f"subject-{n}")
        client.post(url("office_offering_new"), taught(subject=subject.pk))
    for n in range(number):
        schedule.set_date(ana, in_days(3 + n), [(600, 660)], by=cast.ana)
        start = local_time(in_days(20 + n), 12)
        schedule.add_time_off(ana, start, start + timedelta(hours=1), by=cast.ana)
    client.get(url("office_offerings"))
    with django_assert_num_queries(4):
        assert len(client.get(url("office_offerings")).context["offerings"]) == number
    with django_assert_num_queries(5):
        assert len(client.get(url("office_dates")).context["dates"]) == number
    with django_assert_num_queries(6):
        assert len(client.get(url("office_time_off")).context["times_off"]) == number
