"""The back office's first page: what waits, and one box that finds anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from bookings.models import Booking
from bookings.tests.cast import Cast
from bookings.tests.factories import UserFactory, booked, held, in_days, local_time
from instainstru import admin as desk
from instainstru import lookup
from instainstru.events.models import Delivery, Event
from instainstru.lib import clock
from instainstru.lib.backoffice import FastAdmin

pytestmark = pytest.mark.django_db


@pytest.fixture
def lesson(cast: Cast) -> Booking:
    return booked(cast.piano, local_time(in_days(3), 10), cast.ben_student)


def counts(response: Any) -> dict[str, str]:
    return {queue["label"]: queue["count"] for queue in response.context["queues"]}


def parked(number: int) -> Delivery:
    event = Event.objects.create(
        kind="booking.held", subject_type="booking", subject_id=str(number), version=1,
        created_at=clock.now(), dispatched_at=clock.now(),
    )  # fmt: skip
    return Delivery.objects.create(event=event, reaction="mail_both", attempts=6)


def test_the_first_page_counts_what_waits(
    office: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
):
    quiet = {
        "Payments that wait": "0",
        "Disputes to answer": "0",
        "No-shows to decide": "0",
        "Instructors to verify": "0",
        "Instructors to look at": "0",
        "Parked deliveries": "0",
        "No-shows reported": "0",
        "Stuck holds": "0",
    }
    assert counts(office.get("/admin/")) == quiet
    parked(1)
    hold = held(cast.piano, local_time(in_days(3), 10))
    later = hold.expires_at + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now", lambda: later)
    with django_assert_num_queries(9):  # person, one for each queue
        response = office.get("/admin/")
    assert counts(response) == {**quiet, "Parked deliveries": "1", "Stuck holds": "1"}
    for queue in response.context["queues"]:
        listed = office.get(queue["url"])
        assert len(listed.context["cl"].result_list) == int(queue["count"])


def test_a_long_queue_is_counted_only_so_far(office: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(desk, "MOST", 2)
    for number in range(4):
        parked(number)
    assert counts(office.get("/admin/"))["Parked deliveries"] == "2+"


def test_queues_of_what_one_may_not_see_are_not_shown(cast: Cast, client: Client):
    cast.staff.is_superuser = False
    cast.staff.save()
    cast.staff.user_permissions.set(Permission.objects.filter(codename="view_delivery"))
    client.force_login(cast.staff)
    assert list(counts(client.get("/admin/"))) == ["Parked deliveries"]


def titles(response: Any) -> dict[str, list[str]]:
    return {group.label: [hit.title for hit in group.hits] for group in response.context["groups"]}


def test_a_name_finds_the_person_in_every_part_and_their_lessons(
    office: Client, lesson: Booking, django_assert_num_queries: Any
):
    # Person; people, instructors, students, keys of bookings, bookings, people again.
    with django_assert_num_queries(7):
        response = office.get("/admin/look-up/", {"q": "baker ben"})
    found = titles(response)
    assert list(found) == ["Students", "Bookings", "Users"]
    assert (found["Students"], found["Users"]) == (["Ben Baker"], ["Ben Baker"])
    assert len(found["Bookings"]) == 1
    assert found["Bookings"][0].startswith("Piano, ")


@pytest.mark.parametrize("query", ["ana@example.com", "ANA", "an", "ana-a"])
def test_an_instructor_is_found_by_mail_name_and_page(office: Client, lesson: Booking, query: str):
    found = titles(office.get("/admin/look-up/", {"q": query}))
    assert found["Instructors"] == ["Ana Alvarez"]


def test_a_bookings_id_leads_straight_to_it(office: Client, lesson: Booking):
    response = office.get("/admin/look-up/", {"q": f" {lesson.pk} "})
    assert response["Location"] == reverse("admin:bookings_booking_change", args=[lesson.pk])


def test_a_number_is_an_id(office: Client, cast: Cast):
    response = office.get("/admin/look-up/", {"q": str(cast.staff.pk)}, follow=True)
    assert cast.staff.email in response.content.decode()


def test_more_than_fits_says_so(office: Client):
    for number in range(lookup.MOST + 1):
        UserFactory(first_name="Zelda", email=f"z{number}@example.com")
    (users,) = office.get("/admin/look-up/", {"q": "zelda"}).context["groups"]
    assert (len(users.hits), users.has_more) == (lookup.MOST, True)


@pytest.mark.parametrize(
    "query", ["", "  ", "%", "_", "\x00", "'; drop table x; --", "9" * 30, "०१", "x" * 5000, "nobody at all"]
)
def test_whatever_is_typed_answers(office: Client, query: str):
    response = office.get("/admin/look-up/", {"q": query})
    assert (response.status_code, response.context["groups"]) == (200, [])


def test_what_one_may_not_see_is_not_found(cast: Cast, client: Client, lesson: Booking):
    cast.staff.is_superuser = False
    cast.staff.save()
    cast.staff.user_permissions.set(Permission.objects.filter(codename="view_student"))
    client.force_login(cast.staff)
    response = client.get("/admin/look-up/", {"q": "ben"}, follow=True)
    assert response.redirect_chain == [
        (reverse("admin:students_student_change", args=[cast.ben_student.pk]), 302)
    ]
    assert client.get("/admin/look-up/", {"q": str(lesson.pk)}).context["groups"] == []


@pytest.mark.parametrize("who", ["ana", "ben", "cy"])
def test_nobody_but_staff_looks_anything_up(cast: Cast, client: Client, who: str):
    client.force_login(getattr(cast, who))
    assert client.get("/admin/look-up/", {"q": "ben"}).status_code == 302
    assert client.get("/admin/").status_code == 302


def test_every_admin_of_ours_is_fast():
    slow = [
        model._meta.label
        for model, one in admin.site._registry.items()
        if not isinstance(one, FastAdmin) and model._meta.label != "auth.Group"
    ]
    assert slow == []


def test_every_list_and_page_opens(office: Client, lesson: Booking):
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert office.get(reverse(f"{name}_changelist")).status_code == 200
        row = model._default_manager.order_by("-pk").first()
        if row is not None:
            assert office.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
