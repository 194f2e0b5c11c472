"""Pages on which the host, or staff, books for a student over the host's own rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from bookings.models import Booking
from bookings.tests.cast import Cast
from bookings.tests.factories import (
    StudentFactory,
    UserFactory,
    booked,
    in_days,
    local_time,
)

pytestmark = pytest.mark.django_db
URL = "/teaching/book"


def typed(cast: Cast, **changes: Any) -> dict[str, Any]:
    return {
        "date": in_days(3).isoformat(), "time": "20:00", "lesson": f"{cast.piano.pk}:60", "modality": "",
        "student": str(cast.ben_student.pk), "reason": "An exam", **changes,
    }  # fmt: skip


@pytest.fixture
def taught(cast: Cast) -> Booking:
    """Ben has had a lesson with Ana."""
    return booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)


def test_what_is_passed_over_is_shown_before_it_is_booked(client: Client, cast: Cast, taught: Booking):
    client.force_login(cast.ana)
    shown = client.post(URL, typed(cast))
    assert shown.status_code == 200
    look = shown.context["look"]
    assert look["passed"] == [
        f"The hours on {in_days(3):%A} {in_days(3).day} {in_days(3):%B} are 9:00 am–5:00 pm."
    ]
    assert Booking.objects.count() == 1
    done = client.post(URL, typed(cast, agreed=look["agreed"]))
    made = Booking.objects.get(override_reason="An exam")
    assert done.url == f"/lessons/{made.pk}"
    assert (made.starts_at, made.created_by) == (local_time(in_days(3), 20), cast.ana)
    told = client.get(done.url).content.decode()
    assert "Booked by you: “An exam”" in told


def test_what_was_agreed_to_is_not_taken_for_something_else(client: Client, cast: Cast, taught: Booking):
    client.force_login(cast.ana)
    agreed = client.post(URL, typed(cast, time="16:00")).context["look"]["agreed"]
    assert agreed == "nothing"
    assert client.post(URL, typed(cast, agreed=agreed)).context["look"]["agreed"] == "outside_hours"
    assert Booking.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"student": ""}, "student"),
        ({"email": "ben@example.com"}, "email"),
        ({"student": "", "email": "cy@example.com"}, "email"),
        ({"student": "999999"}, "student"),
        ({"reason": ""}, "reason"),
        ({"date": "9999-12-31"}, "date"),
        ({"date": "x"}, "date"),
        ({"time": "25:00"}, "time"),
        ({"time": "12:30"}, "time"),
        ({"lesson": "1:1"}, "lesson"),
        ({"modality": "at_student"}, "modality"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client, cast, taught, changes, field):
    client.force_login(cast.ana)
    page = client.post(URL, typed(cast, note="Bring the blue book.", **changes))
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert page.context["form"]["note"].value() == "Bring the blue book."
    assert Booking.objects.count() == 1


def test_the_page_is_for_those_who_teach(client: Client, cast: Cast, taught: Booking):
    assert client.get(URL).status_code == 302
    client.force_login(cast.ben)
    assert client.get(URL).status_code == 404
    assert client.post(URL, typed(cast, agreed="outside_hours")).status_code == 404
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_student_and_for_three(
    client: Client, cast: Cast, number: int, django_assert_num_queries: Any
):
    for hour in range(number):
        booked(cast.piano, local_time(in_days(3), 9 + 2 * hour), StudentFactory())
    client.force_login(cast.ana)
    client.get(URL)
    with django_assert_num_queries(5):
        page = client.get(URL)
    assert len(page.context["form"].fields["student"].choices) == number + 1


def test_staff_see_what_it_passes_over_and_book_with_the_second_press(client: Client, cast: Cast):
    client.force_login(cast.staff)
    page = f"/admin/instructors/instructor/{cast.piano.instructor_id}/book/"
    data = typed(cast, email="ben@example.com")
    first = client.post(page, data)
    assert first.status_code == 422
    assert "This passes over: The hours on" in first.content.decode()
    assert not Booking.objects.exists()
    done = client.post(page, {**data, "agreed": first.context["form"].signature})
    assert done.status_code == 302
    made = Booking.objects.get()
    assert (made.student, made.created_by, made.override_reason) == (cast.ben_student, cast.staff, "An exam")


def test_staff_who_may_not_add_bookings_do_not_book(client: Client, cast: Cast):
    helper = UserFactory(is_staff=True)
    helper.user_permissions.set(
        Permission.objects.filter(codename__in=["change_instructor", "view_instructor"])
    )
    client.force_login(helper)
    page = f"/admin/instructors/instructor/{cast.piano.instructor_id}"
    assert client.post(f"{page}/book/", typed(cast, email="ben@example.com")).status_code == 403
    assert "Book a lesson for a student" not in client.get(f"{page}/change/").content.decode()
    assert "Set the limits" in client.get(f"{page}/change/").content.decode()
