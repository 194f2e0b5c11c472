"""A person's lessons through pages: lists, one lesson, cancelling, moving, reporting."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings.models import Booking, Party, Status
from bookings.services import lifecycle
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, held, in_days, local_time
from instainstru.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def start() -> datetime:
    return local_time(in_days(3), 12)


def url(name: str, booking: Booking) -> str:
    return reverse(f"bookings:{name}", args=[booking.pk])


def labels(page: Any) -> list[str]:
    return [action["label"] for action in page.context["actions"]]


def test_coming_and_past_lessons_stand_apart(client: Client, cast: Cast, start: datetime):
    coming = booked(cast.piano, start, cast.ben_student)
    cancelled = booked(cast.piano, start + timedelta(hours=3), cast.ben_student)
    lifecycle.cancel(cancelled, by=cast.ben, party=Party.STUDENT)
    held(cast.piano, start + timedelta(days=1), cast.ben_student)
    booked(cast.piano, start + timedelta(days=2), cast.cy_student)
    client.force_login(cast.ben)
    page = client.get(reverse("bookings:lessons"))
    urls = [card["url"] for group in page.context["groups"] for card in group["lessons"]]
    assert urls == [url("lesson", coming)]
    assert len(page.context["held"]) == 1
    past = client.get(reverse("bookings:lessons") + "?tab=past")
    urls = [card["url"] for group in past.context["groups"] for card in group["lessons"]]
    assert urls == [url("lesson", cancelled)]
    assert past.context["groups"][0]["lessons"][0]["status"] == "Cancelled"


@pytest.mark.parametrize("number", [1, 3])
def test_a_list_costs_the_same_for_one_and_for_three(client, cast, start, django_assert_num_queries, number):
    for n in range(number):
        booked(cast.piano, start + timedelta(days=n), cast.ben_student)
    client.force_login(cast.ben)
    client.get(reverse("bookings:lessons"))
    with django_assert_num_queries(6):
        page = client.get(reverse("bookings:lessons"))
    assert sum(len(group["lessons"]) for group in page.context["groups"]) == number


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "٣"])
def test_a_strange_page_number_is_the_first_page(client: Client, cast: Cast, page: str):
    client.force_login(cast.ben)
    answer = client.get(reverse("bookings:lessons"), {"page": page})
    assert answer.status_code == 200
    assert answer.context["pager"]["previous_url"] == ""


def test_lists_need_somebody_signed_in(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    for address in (reverse("bookings:lessons"), reverse("bookings:today"), url("lesson", booking)):
        assert client.get(address).url.startswith(reverse("account_login"))


def test_each_side_sees_the_other_and_what_happened(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    moved = start + timedelta(hours=1)
    lifecycle.reschedule(booking, starts_at=moved, by=cast.ana, party=Party.INSTRUCTOR)
    client.force_login(cast.ben)
    page = client.get(url("lesson", booking))
    assert page.context["lesson"]["with_name"] == "Ana Alvarez"
    assert [entry["text"].split(",")[0] for entry in page.context["history"]] == [
        "Booked by you",
        "Moved by Ana",
    ]
    assert labels(page) == ["Add to calendar", "Move", "Cancel"]
    client.force_login(cast.ana)
    page = client.get(url("lesson", booking))
    assert page.context["lesson"]["with_name"] == "Ben Baker"
    assert page.context["history"][0]["text"] == "Booked by Ben"


@pytest.mark.parametrize("name", ["lesson", "lesson_ics", "cancel", "reschedule", "complete", "no_show"])
def test_a_lesson_is_nobody_elses_business(client: Client, cast: Cast, start: datetime, name: str):
    booking = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.cy)
    absent = reverse(f"bookings:{name}", args=[uuid4()])
    for method in (client.get, client.post):
        theirs, nobodys = method(url(name, booking)), method(absent)
        assert theirs.status_code == nobodys.status_code
        assert theirs.status_code in (404, 405)
    booking.refresh_from_db()
    assert (booking.status, booking.version) == (Status.CONFIRMED, 1)


def test_the_calendar_file_is_one(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    answer = client.get(url("lesson_ics", booking))
    assert answer["Content-Type"].startswith("text/calendar")
    assert b"BEGIN:VEVENT" in answer.content
    assert f"UID:{booking.pk}".encode() in answer.content


def test_without_payments_cancelling_speaks_of_the_price_alone(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    page = client.get(url("cancel", booking))
    assert page.context["lines"] == [{"label": "Back to you", "amount": "$80.00"}]


@pytest.mark.usefixtures("payments_on")
def test_cancelling_shows_its_cost_first_and_then_cancels(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    page = client.get(url("cancel", booking))
    assert page.context["outcome"]["kind"] == "free"
    assert page.context["lines"] == [{"label": "Not charged", "amount": "$89.60"}]
    assert [tier["current"] for tier in page.context["tiers"]] == [True, False, False]
    booking.refresh_from_db()
    assert booking.status == Status.CONFIRMED
    assert client.post(url("cancel", booking), {"reason": "ill"}).url == url("lesson", booking)
    booking.refresh_from_db()
    assert (booking.status, booking.reason) == (Status.CANCELLED, "ill")


@pytest.mark.parametrize(
    ("hours", "kind", "amounts"),
    [
        (25, "free", ["$89.60"]),
        (18, "held", ["$80.00", "$9.60"]),
        (6, "stop", ["$40.00", "$34.00", "$15.60"]),
    ],
)
@pytest.mark.usefixtures("payments_on")
def test_what_cancelling_costs_depends_on_the_notice(client, cast, start, hours, kind, amounts):
    booking = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    with time_machine.travel(start - timedelta(hours=hours)):
        page = client.get(url("cancel", booking))
    assert page.context["outcome"]["kind"] == kind
    assert [line["amount"] for line in page.context["lines"]] == amounts


def test_a_lesson_that_began_cannot_be_cancelled(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    with time_machine.travel(start + timedelta(minutes=1)):
        page = client.post(url("cancel", booking), {"reason": "what I typed"})
    assert page.status_code == 422
    assert b"already started" in page.content
    assert b"what I typed" in page.content
    booking.refresh_from_db()
    assert booking.status == Status.CONFIRMED


def test_moving_shows_both_times_and_then_moves(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    page = client.get(url("reschedule", booking))
    assert page.context["outcome"]["allowed"] is True
    values = [time["value"] for part in page.context["picker"]["day"]["parts"] for time in part["times"]]
    later = clock.rfc3339(start + timedelta(hours=3))
    assert later in values
    page = client.get(url("reschedule", booking), {"starts_at": later})
    assert page.context["picker"] is None
    assert page.context["chosen"]["value"] == later
    assert page.context["chosen"]["lesson"]["time"] == "3:00–4:00 pm"
    assert client.post(url("reschedule", booking), {"starts_at": later}).url == url("lesson", booking)
    booking.refresh_from_db()
    assert booking.starts_at == start + timedelta(hours=3)


def test_moving_to_a_taken_time_changes_nothing_and_shows_others(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    booked(cast.piano, start + timedelta(hours=3), cast.cy_student)
    client.force_login(cast.ben)
    gone = clock.rfc3339(start + timedelta(hours=3))
    page = client.post(url("reschedule", booking), {"starts_at": gone, "reason": "typed"})
    assert page.status_code == 409
    assert page.context["picker"] is not None
    assert b"just taken" in page.content
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version) == (start, 1)


@pytest.mark.parametrize("value", ["", "soon", "9999-12-31T23:59:00Z"])
def test_a_start_that_is_none_brings_the_picker_back(client, cast, start, value):
    booking = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    for method in (client.get, client.post):
        page = method(url("reschedule", booking), {"starts_at": value})
        assert page.status_code == 422
        assert page.context["picker"] is not None


def test_moved_once_on_short_notice_says_so_without_a_picker(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ben)
    with time_machine.travel(start - timedelta(hours=18)):
        lifecycle.reschedule(booking, starts_at=start + timedelta(hours=1), by=cast.ben, party=Party.STUDENT)
        page = client.get(url("reschedule", booking))
        assert page.context["outcome"]["allowed"] is False
        assert page.context["picker"] is None
        later = clock.rfc3339(start + timedelta(hours=3))
        assert client.post(url("reschedule", booking), {"starts_at": later}).status_code == 409
    booking.refresh_from_db()
    assert booking.starts_at == start + timedelta(hours=1)


def test_the_instructor_says_that_it_was_given(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    with time_machine.travel(start + timedelta(hours=2)):
        client.force_login(cast.ben)
        assert client.post(url("complete", booking)).status_code == 404
        client.force_login(cast.ana)
        assert labels(client.get(url("lesson", booking))) == ["Lesson given", "Ben did not come"]
        assert client.post(url("complete", booking)).status_code == 302
    booking.refresh_from_db()
    assert booking.status == Status.COMPLETED


def test_who_waited_in_vain_says_so_after_a_last_look(client: Client, cast: Cast, start: datetime):
    booking = booked(cast.piano, start, cast.ben_student)
    with time_machine.travel(start + timedelta(minutes=20)):
        client.force_login(cast.ben)
        assert labels(client.get(url("lesson", booking))) == ["Ana did not come"]
        page = client.get(url("no_show", booking))
        assert b"cannot be taken back" in page.content
        booking.refresh_from_db()
        assert booking.status == Status.CONFIRMED
        assert client.post(url("no_show", booking)).status_code == 302
    booking.refresh_from_db()
    assert (booking.status, booking.absent) == (Status.NO_SHOW, "instructor")


def test_today_begins_with_the_next_lesson(client: Client, cast: Cast, start: datetime):
    first = booked(cast.piano, start - timedelta(hours=2), cast.ben_student)
    second = booked(cast.piano, start, cast.cy_student)
    client.force_login(cast.ana)
    with time_machine.travel(start - timedelta(minutes=40), tick=False):
        page = client.get(reverse("bookings:today"))
    assert page.context["next_lesson"]["url"] == url("lesson", second)
    assert page.context["next_in"] == "in 40 minutes"
    assert [card["url"] for card in page.context["rest"]] == [url("lesson", first)]
    assert [one["url"] for one in page.context["asked"]] == [url("lesson", first)]


def test_a_day_without_lessons_shows_the_next_one(client: Client, cast: Cast, start: datetime):
    lesson = booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ana)
    page = client.get(reverse("bookings:today"))
    assert page.context["next_lesson"]["url"] == url("lesson", lesson)
    assert page.context["next_in"].endswith("days")
    assert page.context["rest"] == []


def test_the_week_draws_hours_and_lessons(client: Client, cast: Cast, start: datetime):
    booked(cast.piano, start, cast.ben_student)
    client.force_login(cast.ana)
    page = client.get(reverse("bookings:week"), {"date": in_days(3).isoformat()})
    day = page.context["week"]["days"][in_days(3).weekday()]
    assert day["hours"] == ["9:00 am–5:00 pm"]
    assert day["bars"] == [
        {"kind": "open", "x": "8.33", "w": "66.67"},
        {"kind": "lesson", "x": "33.33", "w": "8.33"},
    ]
    assert day["lessons"][0]["title"] == "Ben Baker, piano"
    assert page.context["week"]["axis"] == ["8 am", "12 pm", "4 pm", "8 pm"]


@pytest.mark.parametrize("number", [1, 3])
def test_a_day_and_a_week_cost_the_same_for_one_lesson_and_for_three(
    client, cast, start, django_assert_num_queries, number
):
    for n in range(number):
        booked(cast.piano, start + timedelta(hours=n * 1.25 - 2), cast.ben_student)
    client.force_login(cast.ana)
    week = {"date": in_days(3).isoformat()}
    with time_machine.travel(start - timedelta(hours=8)):
        client.get(reverse("bookings:today"))
        with django_assert_num_queries(9):
            client.get(reverse("bookings:today"))
        with django_assert_num_queries(11):
            client.get(reverse("bookings:week"), week)


@pytest.mark.parametrize("date", ["x", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_strange_date_shows_this_week(client: Client, cast: Cast, date: str):
    client.force_login(cast.ana)
    page = client.get(reverse("bookings:week"), {"date": date})
    assert page.status_code == 200
    assert page.context["week"]["this_url"] == ""


def test_who_does_not_teach_has_no_day(client: Client, cast: Cast):
    client.force_login(cast.ben)
    assert client.get(reverse("bookings:today")).status_code == 404


def test_the_first_page_knows_the_next_lesson_and_offers_the_last_again(
    client: Client, cast: Cast, start: datetime
):
    given, week_later = booked(cast.piano, start, cast.ben_student), local_time(in_days(10), 12)
    client.force_login(cast.ben)
    page = client.get(reverse("instructors:home"))
    assert page.context["next_lesson"]["url"] == url("lesson", given)
    assert page.context["again"] == []
    with time_machine.travel(start + timedelta(hours=2)):
        page = client.get(reverse("instructors:home"))
        assert page.context["next_lesson"] is None
        (row,) = page.context["again"]
        assert row["value"] == clock.rfc3339(week_later)
        assert client.get(reverse("bookings:lessons")).context["again"] == [row]
        booked(cast.piano, week_later, cast.cy_student)
        assert client.get(reverse("instructors:home")).context["again"] == []
