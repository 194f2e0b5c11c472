"""The path to being listed: steps in any order, nothing lost, the preview, submitting, withdrawing."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from bookings.models import Booking
from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, SubjectFactory
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.lib import clock
from instainstru.lib.errors import Conflict
from instructors.models import Instructor, Offering, Place
from instructors.services import profile, schedule, standing
from instructors.tests.test_portraits import photograph

pytestmark = pytest.mark.django_db
Status = Instructor.Status
STEPS = ("about", "photo", "lessons", "places", "hours")
BIO = "I have played for thirty years and taught for ten of them."


def url(name: str, *args: Any) -> str:
    return reverse(f"instructors:{name}", args=args)


@pytest.fixture
def astoria(db: None) -> Place:
    return Place.objects.update_or_create(
        slug="astoria",
        defaults={
            "name": "Astoria", "kind": "neighbourhood", "latitude": 40.77, "longitude": -73.93,
            "radius_km": 2,
        },
    )[0]  # fmt: skip


@pytest.fixture
def cy(client: Client, cast: Cast) -> Instructor:
    """Cy, who has just begun to teach, at the desk."""
    client.force_login(cast.cy)
    return profile.become_instructor(cast.cy, by=cast.cy)


@pytest.fixture
def ready(client: Client, cast: Cast, astoria: Place) -> Instructor:
    """Ana with everything there, not submitted yet, at the desk."""
    ana = cast.piano.instructor
    ana.status, ana.verified_at, ana.place = Status.DRAFT, None, astoria
    ana.save()
    client.force_login(cast.ana)
    return ana


ABOUT = {"first_name": "Cyra", "last_name": "Chen", "headline": "Chess", "bio": BIO, "languages": "English"}
PLACES = {"place": "astoria", "address": "1 Main St", "time_zone": "America/New_York"}
HOURS = {"days": ["0", "2"], "starts": "09:00", "ends": "12:00"}


def subject(**changes: Any) -> dict[str, Any]:
    return {
        "price_per_hour": "60", "durations": ["60"], "modalities": ["online"], "levels": ["beginner"],
        "audiences": ["kids"], "subject": SubjectFactory(slug="chess").pk, **changes,
    }  # fmt: skip


def test_from_nothing_to_submitted_one_step_after_the_other(client: Client, cy: Instructor, astoria: Place):
    assert client.get(url("listing")).context["path"]["next_url"] == url("listing_about")
    assert client.post(url("listing_about"), ABOUT).url == url("listing_photo")
    assert client.post(url("listing_lessons"), subject()).url == url("listing_places")
    ways = f"ways_{Offering.objects.get(instructor=cy).pk}"
    places = {**PLACES, ways: ["online", "at_instructor"]}
    assert client.post(url("listing_places"), places).url == url("listing_hours")
    assert client.post(url("listing_hours"), HOURS).url == url("listing")
    page = client.get(url("listing"))
    assert (page.context["path"]["done"], page.context["standing"]["may_submit"]) == (4, True)
    assert b"Submitted. We check it" in client.post(url("listing_submit"), follow=True).content
    cy.refresh_from_db()
    cy.user.refresh_from_db()
    assert (cy.status, cy.user.first_name, cy.headline, cy.place) == ("submitted", "Cyra", "Chess", astoria)
    assert Offering.objects.get(instructor=cy).modalities == ["online", "at_instructor"]
    assert schedule.week_of(cy)[2] == [(540, 720)]
    assert [event.kind for event in history(cy)][-1] == Kind.INSTRUCTOR_SUBMITTED


def test_steps_may_be_taken_in_any_order_and_left(client: Client, cy: Instructor):
    client.post(url("listing_hours"), HOURS)
    page = client.get(url("listing_about"))
    done = {step["key"]: step["done"] for step in page.context["path"]["steps"]}
    assert done == {"about": False, "photo": False, "lessons": False, "places": False, "hours": True}
    assert page.context["skip_url"] == url("listing_photo")
    assert client.get(url("listing_hours")).context["form"].initial["days"] == [0, 2]


@pytest.mark.parametrize(
    ("step", "sent", "wrong"),
    [
        ("about", {**ABOUT, "bio": "Too short."}, "bio"),
        ("about", {**ABOUT, "headline": ""}, "headline"),
        ("about", {**ABOUT, "languages": "x" * 40}, "languages"),
        ("places", {**PLACES, "place": "nowhere at all"}, "place"),
        ("places", {**PLACES, "time_zone": "Mars/Olympus"}, "time_zone"),
        ("hours", {**HOURS, "days": []}, "days"),
        ("hours", {**HOURS, "ends": "08:00"}, "ends"),
        ("lessons", {"price_per_hour": "0"}, "price_per_hour"),
    ],
)
def test_a_wrong_fact_is_named_and_nothing_typed_is_lost(client, cy, astoria, step, sent, wrong):
    page = client.post(url(f"listing_{step}"), sent)
    assert page.status_code == 422
    assert wrong in page.context["form"].errors
    for value in sent.values():
        if isinstance(value, str) and value != "Mars/Olympus":
            assert value.encode() in page.content
    cy.refresh_from_db()
    assert (cy.headline, cy.place, schedule.week_of(cy)[0]) == ("", None, [])
    assert not Offering.objects.filter(instructor=cy).exists()


def test_each_subject_says_how_its_lessons_are_met(client: Client, cast: Cast, ready: Instructor):
    field = f"ways_{cast.piano.pk}"
    page = client.post(url("listing_places"), PLACES)
    assert page.context["form"].errors == {field: ["Choose at least one way to meet."]}
    client.post(url("listing_places"), {**PLACES, field: ["online"]})
    assert Kind.OFFERING_CHANGED not in [event.kind for event in history(ready)]
    client.post(url("listing_places"), {**PLACES, field: ["at_student"]})
    cast.piano.refresh_from_db()
    ready.refresh_from_db()
    assert cast.piano.modalities == ["at_student"]
    # The facts that search reads follow the place that was saved together with them.
    assert (cast.piano.latitude, cast.piano.notice_min) == (ready.latitude, 180)
    assert history(ready)[-1].data == {"offering": cast.piano.pk, "modalities": ["at_student"]}


def test_one_subject_more_and_a_change_lead_back_to_the_path(client: Client, cast: Cast, ready: Instructor):
    here = url("listing_lessons")
    assert client.get(here).context["form"] is None
    assert client.get(f"{here}?add").context["form"] is not None
    assert client.post(here, subject(another="yes")).url == f"{here}?add"
    change = client.get(here).context["offerings"][0]["edit_url"]
    sent = {name: value for name, value in subject().items() if name != "subject"}
    assert client.post(change, sent).url == here


def test_hours_finer_than_the_step_can_say_are_shown_and_not_overwritten(client: Client, ready: Instructor):
    schedule.set_week(ready, {0: [(540, 600), (700, 800)], 3: [(540, 600)]}, by=ready.user)
    page = client.get(url("listing_hours"))
    assert page.context["form"] is None
    assert [one["day"] for one in page.context["week"]] == ["Monday", "Thursday"]


def test_hours_changed_elsewhere_meanwhile_are_not_overwritten(client: Client, ready: Instructor):
    seen = client.get(url("listing_hours")).context["version"]
    schedule.set_week(ready, {0: [(600, 660)]}, by=ready.user)
    page = client.post(url("listing_hours"), {**HOURS, "version": seen})
    assert page.status_code == 422
    assert b"changed elsewhere" in page.content
    assert schedule.week_of(ready)[0] == [(600, 660)]


@pytest.mark.django_db(transaction=True)
def test_a_photo_is_uploaded_looked_at_replaced_and_removed(
    client: Client, cast: Cast, settings: Any, tmp_path: Path
):
    settings.MEDIA_ROOT = tmp_path
    cy = profile.become_instructor(cast.cy, by=cast.cy)
    client.force_login(cast.cy)
    here = url("listing_photo")
    kept = []
    for _ in range(2):
        upload = SimpleUploadedFile("me.jpg", photograph().read(), "image/jpeg")
        assert client.post(here, {"photo": upload}).url == here
        kept.append([one.name for one in tmp_path.rglob("*.jpg")])
        assert f"/media/portraits/{kept[-1][0]}".encode() in client.get(here).content
    assert [len(names) for names in kept] == [1, 1]
    assert kept[0] != kept[1]
    assert b"The photo is removed." in client.post(here, {"remove": "yes"}, follow=True).content
    assert list(tmp_path.rglob("*.jpg")) == []
    cy.refresh_from_db()
    assert not cy.photo


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", b"That file is empty"),
        (b"hello", b"not a photograph we can read"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", b"HEIC"),
        (None, b"Choose a photograph first"),
    ],
)
def test_a_wrong_photo_is_refused_in_words_and_changes_nothing(client, cy, content, words):
    data = {} if content is None else {"photo": SimpleUploadedFile("me.jpg", content, "image/jpeg")}
    page = client.post(url("listing_photo"), data)
    assert page.status_code == 422
    assert words in page.content
    cy.refresh_from_db()
    assert not cy.photo


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (Status.DRAFT, b"Not listed yet"),
        (Status.SUBMITTED, b"Waiting for us"),
        (Status.SUSPENDED, b"Suspended"),
    ],
)
def test_every_page_of_the_office_says_where_one_stands(client, cast, ready, status, says):
    ready.status = status
    ready.submitted_at = clock.now() if status == Status.SUBMITTED else None
    ready.save()
    for name in ("office_profile", "office_offerings", "office_hours", "office_time_off", "your_page"):
        assert says in client.get(url(name)).content
    assert says in client.get(reverse("bookings:today")).content
    assert says in client.get(url("listing")).content


def test_a_listed_instructor_is_told_nothing_of_the_kind(client: Client, cast: Cast):
    client.force_login(cast.ana)
    for name in ("office_profile", "office_offerings"):
        assert "my_standing" not in client.get(url(name)).context


def test_what_staff_ask_for_stands_on_every_step_until_it_is_submitted_again(client, cast, ready):
    standing.submit(ready, by=cast.ana)
    standing.send_back(ready, by=cast.staff, reason="Say where you studied.")
    for name in ("listing", *(f"listing_{step}" for step in STEPS)):
        assert b"Say where you studied." in client.get(url(name)).content
    client.post(url("listing_submit"))
    assert b"Say where you studied." not in client.get(url("listing")).content


def test_editing_keeps_the_place_in_the_queue(client: Client, cast: Cast, ready: Instructor):
    since = clock.now() - timedelta(hours=30)
    Instructor.objects.filter(pk=ready.pk).update(status=Status.SUBMITTED, submitted_at=since)
    client.post(url("listing_about"), ABOUT)
    client.post(url("listing_hours"), HOURS)
    ready.refresh_from_db()
    assert (ready.status, ready.submitted_at, ready.headline) == (Status.SUBMITTED, since, "Chess")


def test_submitting_twice_or_too_early_is_said_on_the_page(client: Client, cy: Instructor, ready: Instructor):
    client.post(url("listing_submit"))
    again = client.post(url("listing_submit"), follow=True)
    assert b"not possible any more" in again.content
    assert [event.kind for event in history(ready)].count(Kind.INSTRUCTOR_SUBMITTED) == 1
    client.force_login(cy.user)
    assert b"The profile is not complete" in client.post(url("listing_submit"), follow=True).content
    cy.refresh_from_db()
    assert cy.status == Status.DRAFT


def test_withdrawn_it_is_a_draft_again(client: Client, cast: Cast, ready: Instructor):
    assert b"not possible any more" in client.post(url("listing_withdraw"), follow=True).content
    client.post(url("listing_submit"))
    assert b"Withdrawn." in client.post(url("listing_withdraw"), follow=True).content
    ready.refresh_from_db()
    assert (ready.status, ready.submitted_at) == (Status.DRAFT, None)
    with pytest.raises(Conflict, match="Ana Alvarez withdrew it"):
        standing.verify(ready, by=cast.staff)


def test_the_preview_is_the_public_page_with_a_mark_and_holds_nothing(client, cast, ready):
    page = client.get(url("profile", "ana-a"))
    assert b"Only you see this page." in page.content
    assert page.context["picker"]["action"] == url("listing_press")
    pressed = client.post(url("listing_press"), {"offering": cast.piano.pk}, follow=True)
    assert b"This is a preview." in pressed.content
    assert not Booking.objects.exists()
    standing.submit(ready, by=cast.ana)
    standing.verify(ready, by=cast.staff)
    public = client.get(url("profile", "ana-a"))
    assert public.context["preview"] is None
    assert public.context["picker"]["action"] == reverse("bookings:hold")
    same = ("instructor", "offerings", "similar")
    shown = {name: page.context[name] for name in same}
    assert {name: public.context[name] for name in same} == {
        **shown, "instructor": {**shown["instructor"], "verified": True},
    }  # fmt: skip


def test_nobody_else_sees_a_preview(client: Client, cast: Cast, ready: Instructor):
    for user in (None, cast.ben):
        client.logout()
        if user:
            client.force_login(user)
        for address in ("/@ana-a", "/@ana-a/qr.svg", "/@ana-a/qr.png"):
            assert client.get(address).status_code == 404
    cast.staff.is_superuser = False
    cast.staff.save()
    client.force_login(cast.staff)
    assert client.get("/@ana-a").status_code == 404


def test_complete_drafts_of_before_are_submitted_in_the_order_they_came(cast: Cast, ready: Instructor):
    incomplete = InstructorFactory(status=Status.DRAFT, place=ready.place)
    listed = InstructorFactory(place=ready.place)
    import_module("instructors.migrations.0007_listing").submit_complete_drafts(apps, None)
    for one in (ready, incomplete, listed):
        one.refresh_from_db()
    assert (ready.status, ready.submitted_at) == (Status.SUBMITTED, ready.created_at)
    assert (incomplete.status, listed.status) == (Status.DRAFT, Status.LISTED)


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"status": "famous"}, "instructor_status_known"),
        ({"status": "submitted"}, "instructor_waits_since"),
        ({"status": "listed", "submitted_at": "2026-01-01T00:00Z"}, "instructor_waits_since"),
        ({"status": "listed", "sent_back_reason": "x"}, "instructor_sent_back_is_draft"),
        ({"status": "draft", "suspended_reason": "x"}, "instructor_suspended_has_reason"),
    ],
)
def test_the_database_refuses_what_cannot_be(facts: dict[str, Any], constraint: str):
    instructor = InstructorFactory()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Instructor.objects.filter(pk=instructor.pk).update(**facts)
    instructor.refresh_from_db()
    assert instructor.status == Status.LISTED


def test_an_instructor_reads_the_own_profile_and_what_is_missing(cast: Cast, cy: Instructor):
    mine = Caller(cast.cy).get("/instructors/me").json()
    assert (mine["slug"], mine["status"], mine["submitted_at"]) == ("cy-c", "draft", None)
    assert list(mine["missing"]) == ["headline", "bio", "place", "offerings", "hours"]
    listed = Caller(cast.ana).get("/instructors/me").json()
    assert (listed["status"], [one["subject"] for one in listed["offerings"]]) == ("listed", ["piano"])
    assert listed["url"].endswith("/@ana-a")
    assert Caller(cast.ben).get("/instructors/me").status_code == 404
    assert Caller(cast.ana, scopes=["openings:read"]).get("/instructors/me").status_code == 403
