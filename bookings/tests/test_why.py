"""The doors to “why is there no time?”: the instructor's week, the API, the back office."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from bookings.models import Booking
from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, booked, held, local_time, teaching
from instainstru.lib import clock
from instructors.services import schedule

NOW = datetime(2026, 12, 2, 17, 7, 31, tzinfo=UTC)
THURSDAY = date(2026, 12, 3)
PAGE, API = "/teaching/why", "/instructors/me/explain"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon():
    """Noon on a Wednesday in New York."""
    with time_machine.travel(NOW, tick=False):
        yield


def asked(cast: Cast, **changes: str) -> dict[str, str]:
    return {"date": "2026-12-03", "time": "12:00", "lesson": f"{cast.piano.pk}:60", "modality": "", **changes}


def api(cast: Cast, **parameters: Any) -> Any:
    text = "&".join(f"{name}={value}" for name, value in parameters.items())
    return Caller(cast.ana).get(f"{API}?{text}")


def test_the_week_asks_and_the_page_answers(client: Client, cast: Cast):
    lesson = booked(cast.piano, local_time(THURSDAY, 12), cast.ben_student)
    client.force_login(cast.ana)
    week = client.get("/teaching/week?date=2026-12-03")
    assert week.context["form"]["date"].value() == THURSDAY
    assert b'action="/teaching/why"' in week.content
    page = client.get(PAGE, asked(cast))
    answer = page.context["answer"]
    assert answer["title"] == "Thursday 3 December, 12:00 pm"
    assert [(one["label"], one["text"], one["url"]) for one in answer["reasons"]] == [
        ("Another lesson", "There is a lesson, 12:00–1:00 pm: Ben B.", f"/lessons/{lesson.pk}")
    ]
    assert not answer["may_pass"]
    assert page.context["answer"]["stretches"][1] == {
        "span": "9:00 am–11:00 am", "is_free": True, "reasons": [],
    }  # fmt: skip


def test_a_hold_says_until_when(client: Client, cast: Cast):
    held(cast.piano, local_time(THURSDAY, 12), cast.cy_student)
    client.force_login(cast.ana)
    [reason] = client.get(PAGE, asked(cast)).context["answer"]["reasons"]
    assert reason["text"] == "A student holds a time, 12:00–1:00 pm: Cy C. It is held until 12:12 pm."


def test_a_notice_says_by_when_and_a_free_time_is_free(client: Client, cast: Cast):
    client.force_login(cast.ana)
    [reason] = client.get(PAGE, asked(cast, date="2026-12-02", time="13:00")).context["answer"]["reasons"]
    assert reason["text"] == (
        "Lessons online need 1 hour of notice. It could be booked until Wed 2 Dec, 12:00 pm."
    )
    free = client.get(PAGE, asked(cast, time="10:00"))
    assert free.context["answer"]["is_free"]
    assert "students can book it now" in free.content.decode()
    assert free.context["book_url"].startswith("/teaching/book?date=2026-12-03&time=10%3A00")


def test_what_daylight_saving_skips_is_named(client: Client, cast: Cast):
    client.force_login(cast.ana)
    answer = client.get(PAGE, asked(cast, date="2027-03-14", time="02:30")).context["answer"]
    assert [one["label"] for one in answer["reasons"]] == ["Skipped by daylight saving"]
    assert not answer["may_pass"]


def test_what_cannot_be_asked_is_said_at_its_field(client: Client, cast: Cast):
    client.force_login(cast.ana)
    for field, junk in (
        ("date", "9999-12-31"),
        ("date", "x"),
        ("time", "30:00"),
        ("lesson", "1"),
        ("modality", "x"),
    ):
        page = client.get(PAGE, asked(cast, **{field: junk}))
        assert (page.status_code, list(page.context["form"].errors)) == (422, [field])
        assert client.get(PAGE, asked(cast, **{field: junk}), HTTP_HX_REQUEST="true").status_code == 200


def test_the_page_is_for_those_who_teach_and_shows_their_own(client: Client, cast: Cast):
    assert client.get(PAGE, asked(cast)).status_code == 302
    client.force_login(cast.ben)
    assert client.get(PAGE, asked(cast)).status_code == 404
    other = teaching(OfferingFactory())
    client.force_login(other.instructor.user)
    booked(cast.piano, local_time(THURSDAY, 12), cast.ben_student)
    assert client.get(PAGE, asked(cast)).status_code == 422
    own = client.get(PAGE, asked(cast, lesson=f"{other.pk}:60"))
    assert own.context["answer"]["is_free"]


@pytest.mark.parametrize("number", [1, 3])
def test_an_answer_costs_the_same_for_one_lesson_and_for_three(
    client: Client, cast: Cast, number: int, django_assert_num_queries: Any
):
    for n in range(number):
        booked(cast.piano, local_time(THURSDAY, 10 + 2 * n), cast.ben_student)
    client.force_login(cast.ana)
    client.get(PAGE, asked(cast))
    with django_assert_num_queries(8):
        client.get(PAGE, asked(cast))


def test_an_instant_is_explained(cast: Cast):
    hold = held(cast.piano, local_time(THURSDAY, 12))
    answer = api(cast, at="2026-12-03T17:00:00Z", offering=cast.piano.pk).json()
    assert (answer["free"], answer["duration_min"], answer["modality"]) == (False, 60, "online")
    [reason] = answer["reasons"]
    assert (reason["code"], reason["booking"]) == ("hold", str(hold.pk))
    assert reason["until"] == clock.rfc3339(hold.expires_at)
    free = api(cast, at="2026-12-03T15:00:00Z").json()
    assert (free["free"], free["reasons"]) == (True, [])


def test_a_date_is_explained_in_stretches(cast: Cast):
    booked(cast.piano, local_time(THURSDAY, 12))
    answer = api(cast, at="2026-12-03", duration=30, modality="at_student").json()
    assert [(one["starts_at"], [r["code"] for r in one["reasons"]]) for one in answer["stretches"]] == [
        ("2026-12-03T05:00:00Z", ["outside_hours"]),
        ("2026-12-03T14:00:00Z", []),
        ("2026-12-03T16:00:00Z", ["travel"]),
        ("2026-12-03T16:45:00Z", ["lesson"]),
        ("2026-12-03T18:00:00Z", ["travel"]),
        ("2026-12-03T18:45:00Z", []),
        ("2026-12-03T21:45:00Z", ["outside_hours"]),
        ("2026-12-03T22:00:00Z", ["outside_hours"]),
        ("2026-12-04T04:45:00Z", ["outside_hours", "crosses_midnight"]),
    ]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({}, "at"),
        ({"at": "x"}, "at"),
        ({"at": "9999-12-31"}, "at"),
        ({"at": "9999-12-31T00:00:00Z"}, "at"),
        ({"at": "2026-12-03T12:00:00"}, "at"),
        ({"at": "2026-12-03", "duration": "9" * 40}, "duration"),
        ({"at": "2026-12-03", "duration": "0"}, "duration"),
        ({"at": "2026-12-03", "duration": "481"}, "duration"),
        ({"at": "2026-12-03", "modality": "x"}, "modality"),
        ({"at": "2026-12-03", "offering": "x"}, "offering"),
        ({"at": "2026-12-03", "offering": "99999999"}, "offering"),
        ({"at": "2026-12-03", "surprise": "1"}, "surprise"),
    ],
)
def test_junk_is_named(cast: Cast, parameters: dict[str, str], field: str):
    answer = api(cast, **parameters)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])


@pytest.mark.parametrize("at", ["2000-01-01", "2100-12-31", "2000-01-01T00:00:00Z", "2100-12-31T23:59:59Z"])
def test_the_ends_of_time_are_explained(cast: Cast, at: str):
    assert api(cast, at=at).json()["free"] is False


def test_only_staff_ask_about_others(cast: Cast):
    booked(cast.piano, local_time(THURSDAY, 12), cast.ben_student)
    other = teaching(OfferingFactory()).instructor.user
    address = f"{API}?at=2026-12-03T17:00:00Z&instructor=ana-a"
    for user in (cast.ben, cast.cy, other):
        assert Caller(user).get(address).status_code == 404
    assert Caller(cast.ben).get(f"{API}?at=2026-12-03").status_code == 404
    for user in (cast.ana, cast.staff):
        assert Caller(user).get(address).json()["reasons"][0]["code"] == "lesson"
    assert Caller(cast.staff).get(f"{API}?at=2026-12-03&instructor=nobody").status_code == 404
    assert Caller(cast.staff, ["bookings:read"]).get(address).status_code == 403


def test_staff_ask_on_the_instructors_page(client: Client, cast: Cast):
    schedule.set_date(cast.piano.instructor, THURSDAY, [], by=cast.ana)
    client.force_login(cast.staff)
    page = f"/admin/instructors/instructor/{cast.piano.instructor_id}/change/"
    assert client.get(page).context["why"]["answer"] is None
    question = {f"why_{name}": value for name, value in asked(cast).items()}
    answered = client.get(page, question)
    assert [one["text"] for one in answered.context["why"]["answer"]["reasons"]] == [
        "Thursday 3 December is closed."
    ]
    assert b"Thursday 3 December is closed." in answered.content
    for name in question:
        for junk in ("x", "9999-12-31", "9" * 40, "\x00", ""):
            assert client.get(page, {**question, name: junk}).status_code == 200


def test_asking_changes_nothing(client: Client, cast: Cast):
    hold = held(cast.piano, local_time(THURSDAY, 12))
    Booking.objects.filter(pk=hold.pk).update(expires_at=NOW - timedelta(minutes=1))
    client.force_login(cast.ana)
    [reason] = client.get(PAGE, asked(cast)).context["answer"]["reasons"]
    assert reason["text"].endswith("It has just run out.")
    hold.refresh_from_db()
    assert hold.status == "held"
