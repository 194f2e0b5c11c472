"""Asking to move a lesson late, through pages: who sees what, and what happens on a press."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings.models import Booking, MoveRequest, Party, RequestStatus
from bookings.services import consent
from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, booked, in_days, local_time, teaching
from instainstru.lib import clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def lesson(cast: Cast) -> Any:
    """Ben's at noon, in five hours."""
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(lesson.starts_at - 5 * HOUR, tick=False):
        yield lesson


@pytest.fixture
def asked(cast: Cast, lesson: Booking) -> MoveRequest:
    return consent.ask(
        lesson, starts_at=lesson.starts_at + 3 * HOUR, by=cast.ben, party=Party.STUDENT, reason="My train"
    )


def url(name: str, lesson: Booking, request: MoveRequest | None = None) -> str:
    return reverse(f"bookings:{name}", args=[lesson.pk, *([request.pk] if request else [])])


def open_requests() -> list[MoveRequest]:
    return list(MoveRequest.objects.filter(status=RequestStatus.OPEN))


def test_the_picker_asks_instead_of_moving(client: Client, cast: Cast, lesson: Booking):
    start = lesson.starts_at
    client.force_login(cast.ben)
    page = client.get(url("reschedule", lesson))
    assert (page.context["outcome"]["allowed"], page.context["outcome"]["asks"]) == (True, True)
    assert page.context["picker"] is not None
    wished = {"starts_at": clock.rfc3339(start + 3 * HOUR), "reason": "My train"}
    assert b"Ask to move it" in client.get(url("reschedule", lesson), wished).content
    done = client.post(url("reschedule", lesson), wished, follow=True)
    assert b"Ana is asked." in done.content
    assert done.context["asked"]["mine"] is True
    assert [one.starts_at for one in open_requests()] == [start + 3 * HOUR]
    lesson.refresh_from_db()
    assert lesson.starts_at == start
    assert client.get(url("reschedule", lesson)).url == url("lesson", lesson)


def test_a_lesson_that_has_begun_offers_nothing(client: Client, cast: Cast, lesson: Booking):
    client.force_login(cast.ben)
    with time_machine.travel(lesson.starts_at + HOUR / 2):
        page = client.get(url("reschedule", lesson))
    assert page.context["outcome"]["allowed"] is False
    assert page.context["picker"] is None


def test_the_other_side_finds_the_question_everywhere_and_agrees(
    client: Client, cast: Cast, lesson: Booking, asked: MoveRequest
):
    client.force_login(cast.ana)
    address = url("answer_request", lesson, asked)
    for page in (reverse("bookings:today"), url("lesson", lesson)):
        assert address.encode() in client.get(page).content
    shown = client.get(address)
    assert b"My train" in shown.content
    assert b"What cancelling costs keeps counting from" in shown.content
    done = client.post(address, follow=True)
    assert b"Agreed. The lesson is moved." in done.content
    assert b"agreed by both" in done.content
    lesson.refresh_from_db()
    assert lesson.starts_at == asked.starts_at
    assert client.post(address, follow=True).redirect_chain == [(url("lesson", lesson), 302)]


def test_a_student_finds_it_among_their_lessons_and_declines(client: Client, cast: Cast, lesson: Booking):
    asked = consent.ask(lesson, starts_at=lesson.starts_at + HOUR, by=cast.ana, party=Party.INSTRUCTOR)
    client.force_login(cast.ben)
    address = url("answer_request", lesson, asked)
    assert address.encode() in client.get(reverse("bookings:lessons")).content
    assert b"Declined." in client.post(address, {"no": "yes", "reason": "No way"}, follow=True).content
    asked.refresh_from_db()
    lesson.refresh_from_db()
    assert (asked.status, lesson.starts_at) == (RequestStatus.DECLINED, asked.lesson_starts_at)
    assert address.encode() not in client.get(reverse("bookings:lessons")).content


def test_a_time_that_has_gone_is_answered_with_others_to_ask_for(
    client: Client, cast: Cast, lesson: Booking, asked: MoveRequest
):
    booked(cast.piano, asked.starts_at, cast.cy_student)
    client.force_login(cast.ana)
    page = client.post(url("answer_request", lesson, asked))
    assert (page.status_code, page.context["gone"]) == (409, True)
    assert b"That time has gone meanwhile" in page.content
    assert b"Agree and move it" not in page.content
    near = page.context["near"]
    assert len(near) == 3
    assert b"Ask to move it" in client.get(near[0]["url"]).content
    assert [one.pk for one in open_requests()] == [asked.pk]


def test_it_is_taken_back(client: Client, cast: Cast, lesson: Booking, asked: MoveRequest):
    client.force_login(cast.ben)
    assert client.get(url("withdraw_request", lesson, asked)).status_code == 405
    assert b"Taken back." in client.post(url("withdraw_request", lesson, asked), follow=True).content
    asked.refresh_from_db()
    assert asked.status == RequestStatus.WITHDRAWN


def test_nobody_else_answers_or_takes_back(client: Client, cast: Cast, lesson: Booking, asked: MoveRequest):
    other = booked(teaching(OfferingFactory()), lesson.starts_at + 24 * HOUR, cast.ben_student)
    answer, withdraw = url("answer_request", lesson, asked), url("withdraw_request", lesson, asked)
    for user in (None, cast.cy):
        client.logout()
        if user:
            client.force_login(user)
        for address in (answer, withdraw):
            assert client.post(address).status_code == (404 if user else 302)
    client.force_login(cast.staff)
    assert client.post(answer).url == url("lesson", lesson)
    assert client.post(withdraw).status_code == 404
    client.force_login(cast.ana)
    assert client.post(withdraw).status_code == 404
    client.force_login(cast.ben)
    assert client.post(answer).url == url("lesson", lesson)
    # One lesson's question is nothing under another's address.
    assert client.post(url("answer_request", other, asked)).status_code == 404
    asked.refresh_from_db()
    lesson.refresh_from_db()
    assert (asked.status, lesson.starts_at) == (RequestStatus.OPEN, asked.lesson_starts_at)


@pytest.mark.parametrize("number", [1, 3])
def test_questions_cost_the_same_for_one_and_for_three(
    client, cast, lesson, django_assert_num_queries, number
):
    lessons = [lesson]
    with time_machine.travel(lesson.starts_at - 30 * HOUR):
        lessons += [
            booked(cast.piano, lesson.starts_at + hours * HOUR, cast.ben_student) for hours in (1.5, 3)
        ][: number - 1]
    for n, one in enumerate(lessons):
        consent.ask(one, starts_at=local_time(in_days(1), 9 + n), by=cast.ana, party=Party.INSTRUCTOR)
    client.force_login(cast.ben)
    client.get(reverse("bookings:lessons"))
    with django_assert_num_queries(6):
        assert len(client.get(reverse("bookings:lessons")).context["asked"]) == number
