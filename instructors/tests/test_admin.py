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
    UserFactory,
    booked,
    in_days,
    local_time,
    teaching,
)  # fmt: skip
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instructors.models import Instructor, Place
from instructors.services import schedule, standing
from instructors.services.weeks import monday_of

pytestmark = pytest.mark.django_db
LIST = "/admin/instructors/instructor/"
Status = Instructor.Status


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


@pytest.fixture
def waiting(draft: Instructor) -> Instructor:
    """Ana once she has submitted her profile."""
    standing.submit(draft, by=draft.user)
    draft.refresh_from_db()
    return draft


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


def submitted_ago(hours: int, **facts: Any) -> Instructor:
    moment = clock.now() - timedelta(hours=hours)
    return InstructorFactory(status=Status.SUBMITTED, submitted_at=moment, verified_at=None, **facts)


def test_the_queue_holds_the_submitted_and_the_oldest_first(office: Client, draft: Instructor):
    middle, newest, oldest = submitted_ago(5), submitted_ago(1), submitted_ago(90)
    assert found(office, queue="waiting") == [oldest, middle, newest]
    assert draft in found(office)


@pytest.mark.parametrize("number", [1, 3])
def test_the_queue_takes_as_many_queries_for_three_as_for_one(
    office: Client, django_assert_num_queries: Any, number: int
):
    for n in range(number):
        submitted_ago(n)
    office.get(LIST)
    with django_assert_num_queries(3):  # person, bounded count, rows; the session is cached
        assert len(found(office, queue="waiting")) == number


@pytest.mark.parametrize("lack", ["headline", "bio", "place", "offerings", "hours", "nothing"])
def test_only_who_lacks_nothing_can_submit(draft: Instructor, lack: str):
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
    if lack == "nothing":
        standing.submit(draft, by=draft.user)
    else:
        with pytest.raises(DomainError) as refusal:
            standing.submit(draft, by=draft.user)
        assert (refusal.value.code, list(refusal.value.fields)) == ("incomplete", [lack])
    queue = list(standing.submitted(Instructor.objects.all()))
    assert queue == ([draft] if lack == "nothing" else [])


def test_verifying_says_what_is_missing_and_does_nothing_then(office: Client, waiting: Instructor):
    waiting.headline = ""
    waiting.save()
    assert "Say in a line what you teach." in text(office.get(page(waiting)))
    told = office.get(f"{LIST}{waiting.pk}/verify/").context["told"]
    assert told[1:] == ["Say in a line what you teach."]
    refused = office.post(f"{LIST}{waiting.pk}/verify/")
    assert refused.status_code == 422
    assert "The profile is not complete: Say in a line what you teach." in text(refused)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.verified_at) == (Status.SUBMITTED, None)


def test_verifying_lists_and_is_audited(office: Client, cast: Cast, waiting: Instructor):
    assert "Complete: waits for you to verify" in text(office.get(page(waiting)))
    response = office.post(f"{LIST}{waiting.pk}/verify/", follow=True)
    assert response.redirect_chain == [(page(waiting), 302)]
    assert "Ana Alvarez is verified and listed." in text(response)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.is_verified, waiting.submitted_at) == (Status.LISTED, True, None)
    assert (history(waiting)[-1].kind, history(waiting)[-1].by) == (Kind.INSTRUCTOR_VERIFIED, cast.staff)


def test_a_draft_nobody_submitted_is_not_verified(office: Client, draft: Instructor):
    labels = [act["label"] for act in office.get(page(draft)).context["acts"]]
    assert labels == ["Set the limits"]
    refused = office.post(f"{LIST}{draft.pk}/verify/")
    assert refused.status_code == 422
    assert "the profile is a draft" in text(refused)
    draft.refresh_from_db()
    assert (draft.status, draft.verified_at) == (Status.DRAFT, None)


def test_a_profile_goes_back_with_words_for_its_instructor(office: Client, waiting: Instructor):
    address = f"{LIST}{waiting.pk}/send-back/"
    assert list(office.post(address).context["form"].errors) == ["reason"]
    assert list(office.post(address, {"reason": " \n "}).context["form"].errors) == ["reason"]
    waiting.refresh_from_db()
    assert waiting.status == Status.SUBMITTED
    assert office.post(address, {"reason": "Say where you studied."}).status_code == 302
    waiting.refresh_from_db()
    assert (waiting.status, waiting.submitted_at) == (Status.DRAFT, None)
    assert waiting.sent_back_reason == "Say where you studied."
    assert history(waiting)[-1].data == {"status": "draft", "reason": "Say where you studied."}
    standing.submit(waiting, by=waiting.user)
    waiting.refresh_from_db()
    assert waiting.sent_back_reason == ""


@pytest.mark.parametrize("act", ["verify", "send-back"])
def test_the_second_of_two_staff_hears_who_was_quicker(
    office: Client, cast: Cast, waiting: Instructor, act: str
):
    standing.verify(waiting, by=cast.staff)
    before = len(history(waiting))
    refused = office.post(f"{LIST}{waiting.pk}/{act}/", {"reason": "Too short."})
    assert refused.status_code == 422
    assert "the profile is listed. Sam Staff verified and listed it." in text(refused)
    waiting.refresh_from_db()
    assert (waiting.status, len(history(waiting))) == (Status.LISTED, before)


def test_suspending_out_of_the_queue_ends_as_a_draft(office: Client, cast: Cast, waiting: Instructor):
    assert office.post(f"{LIST}{waiting.pk}/suspend/", {"reason": "Not a person"}).status_code == 302
    waiting.refresh_from_db()
    assert (waiting.status, waiting.submitted_at) == (Status.SUSPENDED, None)
    assert "never verified" in text(office.get(f"{LIST}{waiting.pk}/reinstate/"))
    assert office.post(f"{LIST}{waiting.pk}/reinstate/").status_code == 302
    waiting.refresh_from_db()
    assert (waiting.status, waiting.verified_at, waiting.suspended_reason) == (Status.DRAFT, None, "")


def test_a_verifier_sees_everything_on_one_page(
    office: Client, cast: Cast, waiting: Instructor, django_assert_num_queries: Any
):
    for n in range(2):
        UserFactory(email=f"other{n}@example.com", first_name="ana", last_name="ALVAREZ")
    office.get(page(waiting))
    # As for a listed one, and: offerings, hours, hours in words, mail, namesakes, permission to act.
    with django_assert_num_queries(14):
        response = office.get(page(waiting))
    shown = response.context["to_verify"]
    assert (shown["missing"], shown["is_mail_confirmed"], shown["is_submitted"]) == ([], False, True)
    assert [one["text"] for one in shown["namesakes"]] == [
        "ana ALVAREZ, other0@example.com", "ana ALVAREZ, other1@example.com",
    ]  # fmt: skip
    assert shown["hours"][0] == {"day": "Monday", "hours": "9:00 am–5:00 pm"}
    assert office.get(shown["page_url"]).context["preview"]["by_staff"] is True
    assert [act["label"] for act in response.context["acts"]] == [
        "Verify this instructor", "Send back with a reason", "Suspend this instructor",
        "Set the limits",
    ]  # fmt: skip


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
    assert [one["label"] for one in suspended.context["acts"]] == [
        "Reinstate this instructor", "Set the limits",
    ]  # fmt: skip
    assert "Suspended: “Complaints”" in text(suspended)
    assert office.post(f"{LIST}{ana.pk}/reinstate/").status_code == 302
    assert [event.kind for event in history(ana)[-2:]] == [
        Kind.INSTRUCTOR_SUSPENDED, Kind.INSTRUCTOR_REINSTATED,
    ]  # fmt: skip


@pytest.mark.parametrize("act", ["verify", "send-back", "suspend", "reinstate"])
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
    # Person, instructor, offerings, hours, blocks, open days, lessons to ask about, events,
    # deliveries.
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
