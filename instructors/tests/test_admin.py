"""The back office of instructors: complete drafts wait, staff verify, suspend and reinstate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from bookings.tests.cast import Cast
from bookings.tests.factories import (
    InstructorFactory,
    OfferingFactory,
    booked,
    in_days,
    local_time,
    teaching,
)  # fmt: skip
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instructors.models import Instructor, Place
from instructors.services import schedule, standing
from instructors.services.weeks import monday_of

pytestmark = pytest.mark.django_db
LIST = "/admin/instructors/instructor/"
Status = Instructor.Status


@pytest.fixture
def office(cast: Cast, client: Client) -> Client:
    client.force_login(cast.staff)
    return client


@pytest.fixture
def ana(cast: Cast) -> Instructor:
    """Ana, listed and complete."""
    instructor = cast.piano.instructor
    instructor.place = Place.objects.order_by("pk").first()
    instructor.save()
    return instructor


@pytest.fixture
def draft(ana: Instructor) -> Instructor:
    """Ana before anybody verified her: complete."""
    ana.status, ana.verified_at = Status.DRAFT, None
    ana.save()
    return ana


def page(instructor: Instructor) -> str:
    return f"{LIST}{instructor.pk}/change/"


def text(response: Any) -> str:
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


def found(client: Client, **query: str) -> list[Instructor]:
    response = client.get(LIST, query)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def test_a_list_takes_as_many_queries_for_three_as_for_one(office: Client, django_assert_num_queries: Any):
    for number in range(3):  # and ana
        teaching(OfferingFactory())
        if number in (0, 2):
            with django_assert_num_queries(3):  # person, bounded count, rows; the session is cached
                assert len(found(office)) == number + 2


def test_an_instructor_is_found_by_number_name_address_and_page(office: Client, ana: Instructor):
    other = InstructorFactory(user__first_name="Bea", user__last_name="Berg", slug="b-b")
    assert found(office, q=str(other.pk)) == [other]
    assert found(office, q="alvarez ana") == [ana]
    assert found(office, q="be") == [other]
    assert found(office, q="Ana-A") == [ana]
    assert found(office, q="nobody") == []


def test_only_complete_drafts_wait(office: Client, draft: Instructor):
    InstructorFactory(status=Status.DRAFT)
    assert found(office, queue="waiting") == [draft]


@pytest.mark.parametrize("lack", ["headline", "bio", "place", "offerings", "hours", "nothing"])
def test_the_queue_holds_exactly_those_of_whom_nothing_is_missing(draft: Instructor, lack: str):
    if lack == "headline":
        draft.headline = ""
    elif lack == "bio":
        draft.bio = "x" * (standing.SHORTEST_BIO - 1)
    elif lack == "place":
        draft.place = None
    elif lack == "offerings":
        draft.offerings.update(is_active=False)
    elif lack == "hours":
        schedule.set_week(draft, {}, by=draft.user)
    draft.save()
    assert list(standing.missing(draft)) == ([] if lack == "nothing" else [lack])
    waiting = list(standing.submitted(Instructor.objects.all()))
    assert waiting == ([draft] if lack == "nothing" else [])


def test_verifying_says_what_is_missing_and_does_nothing_then(office: Client, draft: Instructor):
    draft.headline = ""
    draft.save()
    assert "Say in a line what you teach." in text(office.get(page(draft)))
    told = office.get(f"{LIST}{draft.pk}/verify/").context["told"]
    assert told[1:] == ["Say in a line what you teach."]
    refused = office.post(f"{LIST}{draft.pk}/verify/")
    assert refused.status_code == 422
    assert "The profile is not complete: Say in a line what you teach." in text(refused)
    draft.refresh_from_db()
    assert (draft.status, draft.verified_at) == (Status.DRAFT, None)


def test_verifying_lists_and_is_audited(office: Client, cast: Cast, draft: Instructor):
    assert "Complete: waits for you to verify" in text(office.get(page(draft)))
    response = office.post(f"{LIST}{draft.pk}/verify/", follow=True)
    assert response.redirect_chain == [(page(draft), 302)]
    assert "Ana Alvarez is verified and listed." in text(response)
    draft.refresh_from_db()
    assert (draft.status, draft.is_verified) == (Status.LISTED, True)
    assert (history(draft)[-1].kind, history(draft)[-1].by) == (Kind.INSTRUCTOR_VERIFIED, cast.staff)


def test_suspending_needs_a_reason_and_reinstating_ends_it(office: Client, cast: Cast, ana: Instructor):
    lesson = booked(cast.piano, local_time(in_days(3), 10))
    assert list(office.post(f"{LIST}{ana.pk}/suspend/").context["form"].errors) == ["reason"]
    ana.refresh_from_db()
    assert ana.status == Status.LISTED
    assert office.post(f"{LIST}{ana.pk}/suspend/", {"reason": "Complaints"}).status_code == 302
    ana.refresh_from_db()
    lesson.refresh_from_db()
    assert (ana.status, ana.suspended_reason, lesson.status) == (Status.SUSPENDED, "Complaints", "confirmed")
    suspended = office.get(page(ana))
    assert [one["label"] for one in suspended.context["acts"]] == ["Reinstate this instructor"]
    assert "Suspended: “Complaints”" in text(suspended)
    assert office.post(f"{LIST}{ana.pk}/reinstate/").status_code == 302
    assert [event.kind for event in history(ana)[-2:]] == [
        Kind.INSTRUCTOR_SUSPENDED, Kind.INSTRUCTOR_REINSTATED,
    ]  # fmt: skip


@pytest.mark.parametrize("act", ["verify", "suspend", "reinstate"])
def test_who_may_only_view_sees_and_cannot_act(cast: Cast, client: Client, ana: Instructor, act: str):
    cast.staff.is_superuser = False
    cast.staff.save()
    cast.staff.user_permissions.set(Permission.objects.filter(codename="view_instructor"))
    client.force_login(cast.staff)
    seen = client.get(page(ana))
    assert (seen.status_code, seen.context["acts"]) == (200, [])
    assert client.post(f"{LIST}{ana.pk}/{act}/", {"reason": "x"}).status_code == 403
    ana.refresh_from_db()
    assert ana.status == Status.LISTED


def test_nobody_edits_adds_or_deletes_an_instructor_here(office: Client, ana: Instructor):
    assert office.post(page(ana), {"headline": "x"}).status_code == 403
    assert office.get(f"{LIST}add/").status_code == 403
    assert office.post(f"{LIST}{ana.pk}/delete/", {"post": "yes"}).status_code == 403
    ana.refresh_from_db()
    assert ana.headline == "Patient with beginners"


def test_a_week_reads_in_plain_words(
    office: Client, cast: Cast, ana: Instructor, django_assert_num_queries: Any
):
    day = in_days(7)
    lesson = booked(cast.piano, local_time(day, 10))
    schedule.set_date(ana, day + timedelta(days=1), [(600, 720)], by=ana.user)
    schedule.add_time_off(
        ana, local_time(day, 15), local_time(day, 17), by=ana.user, label="Dentist"
    )  # fmt: skip
    address = f"{page(ana)}?week={monday_of(day)}"
    office.get(address)
    # Person, instructor, offerings, pattern, dates, blocks, open days, events, deliveries.
    with django_assert_num_queries(9):
        response = office.get(address)
    shown = {row["label"]: row for row in response.context["week"]["days"]}
    row = shown[f"{day:%a} {day.day} {day:%b}"]
    assert row["hours"] == "9:00 am–5:00 pm"
    assert [one["text"] for one in row["taken"]] == [
        "Lesson, 10:00–11:00 am",
        "Time off: Dentist, 3:00–5:00 pm",
    ]
    assert row["taken"][0]["url"] == reverse("admin:bookings_booking_change", args=[lesson.pk])
    assert row["free"] == "9:00–9:45 am, 11:15 am–3:00 pm"


@pytest.mark.parametrize("week", ["", "nonsense", "0001-01-01", "9999-12-31"])
def test_any_week_asked_for_shows_one(office: Client, ana: Instructor, week: str):
    assert len(office.get(page(ana), {"week": week}).context["week"]["days"]) == 7
