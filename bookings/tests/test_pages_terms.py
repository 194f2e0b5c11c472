"""The money on the pages that cancel and move, case by case: what is shown is what happens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings.models import Booking, Package, Party, Payment, PaymentStatus
from bookings.services import credits, ledger, lifecycle, packages
from bookings.tests.cast import Cast
from bookings.tests.factories import in_days, local_time
from bookings.tests.paying import paid_lesson, payment_of, work_at
from bookings.tests.test_pages_prepaid import saved
from instainstru.lib import clock, when
from instructors.models import Instructor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("payments_on")]
HOUR = timedelta(hours=1)
ZONE = "America/New_York"
PRESET = Instructor.CancellationPreset
ALL_BACK = [("Not charged", "$89.60")]
AS_CREDIT = [("Credit for another lesson", "$80.00"), ("Kept by us: the booking fee", "$9.60")]
HALF = [("Credit for another lesson", "$40.00"), ("To Ana", "$34.00"), ("Kept by us", "$15.60")]


@pytest.fixture
def ben(client: Client, cast: Cast) -> Client:
    client.force_login(cast.ben)
    client.cookies["tz"] = ZONE
    return client


@pytest.fixture
def start() -> datetime:
    return local_time(in_days(5), 12)


def shown(client: Client, lesson: Booking, name: str = "cancel") -> Any:
    page = client.get(reverse(f"bookings:{name}", args=[lesson.pk]))
    assert page.status_code == 200
    return page


def lines(page: Any) -> list[tuple[str, str]]:
    return [(line["label"], line["amount"]) for line in page.context["lines"]]


def notes(page: Any) -> list[str]:
    return [note.replace("\u00a0", " ") for note in page.context["notes"]]


@pytest.mark.parametrize(
    ("preset", "hours", "expected", "deadline"),
    [
        (PRESET.STANDARD, 24, ALL_BACK, 24),
        (PRESET.STANDARD, 23.99, AS_CREDIT, 24),
        (PRESET.STANDARD, 12, AS_CREDIT, 24),
        (PRESET.STANDARD, 11.99, HALF, 24),
        (PRESET.FLEXIBLE, 12, ALL_BACK, 12),
        (PRESET.FLEXIBLE, 11.99, HALF, 12),
        (PRESET.STRICT, 48, ALL_BACK, 48),
        (PRESET.STRICT, 47.99, AS_CREDIT, 48),
        (PRESET.STRICT, 11.99, HALF, 48),
    ],
)
def test_every_tier_of_every_preset_stands_there_with_its_deadline(
    cast: Cast, ben: Client, start: datetime, preset: str, hours: float, expected: Any, deadline: int
):
    Instructor.objects.filter(pk=cast.piano.instructor_id).update(cancellation_preset=preset)
    cast.piano.instructor.refresh_from_db()
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=saved(cast))
    with time_machine.travel(start - hours * HOUR, tick=False):
        page = shown(ben, lesson)
    assert lines(page) == expected
    outcome = page.context["outcome"]
    said = f"{outcome['sentence']} {outcome['deadline']}".lower()
    assert f"free until {when.short(start - deadline * HOUR, ZONE).lower()}" in said


def test_nothing_that_was_not_charged_is_called_a_refund(cast: Cast, ben: Client, start: datetime):
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=saved(cast))
    assert notes(shown(ben, lesson)) == ["Nothing has been charged, and nothing will be."]
    Payment.objects.update(status=PaymentStatus.AUTHORISED, intent_id="pi_1")
    assert notes(shown(ben, lesson)) == ["The $89.60 that your Visa ending in 4242 holds is let go."]
    with time_machine.travel(start - 18 * HOUR, tick=False):
        page = shown(ben, lesson)
        until = when.date(clock.now() + timedelta(days=365), ZONE)
    assert notes(page) == [
        "For this, your Visa ending in 4242 is charged $89.60 now.",
        f"The new credit is good until {until}.",
    ]


def test_without_a_card_late_cancelling_says_who_is_asked(cast: Cast, ben: Client, start: datetime):
    lesson = paid_lesson(cast.piano, start, cast.ben_student)
    with time_machine.travel(start - 18 * HOUR, tick=False):
        assert notes(shown(ben, lesson))[0] == "For this, we ask you for $89.60."


def test_cooling_off_is_free_and_says_until_when(cast: Cast, ben: Client, start: datetime):
    with time_machine.travel(start - 5 * HOUR, tick=False) as traveller:
        lesson = paid_lesson(cast.piano, start, cast.ben_student, card=saved(cast))
        page = shown(ben, lesson)
        assert lines(page) == ALL_BACK
        end = when.short(clock.now() + timedelta(minutes=15), ZONE)
        assert page.context["outcome"]["deadline"] == f"Free until {end}."
        traveller.shift(timedelta(minutes=15, seconds=1))
        assert lines(shown(ben, lesson)) == HALF


def test_grace_waives_one_and_the_lesson_page_says_so(cast: Cast, ben: Client, start: datetime):
    for n in range(4):
        given = paid_lesson(cast.piano, start - timedelta(days=2) + n * HOUR * 1.25, cast.ben_student)
        with time_machine.travel(given.ends_at + HOUR):
            lifecycle.complete(given, by=cast.ana, party=Party.INSTRUCTOR)
    first, second = (
        paid_lesson(cast.piano, start + n * 2 * HOUR, cast.ben_student, card=saved(cast)) for n in (0, 1)
    )
    with time_machine.travel(start - 6 * HOUR, tick=False):
        page = shown(ben, first)
        assert (lines(page), page.context["outcome"]["title"]) == (
            ALL_BACK,
            "You get everything back, this once",
        )
        told = shown(ben, first, "lesson").context["policy"]
        assert told["sentence"] == "Cancelled now, it costs you nothing, this once."
        lifecycle.cancel(first, by=cast.ben, party=Party.STUDENT)
        assert lines(shown(ben, second)) == HALF


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (30, [("Not charged", "$59.60"), ("Your credit again", "$30.00")]),
        (
            18,
            [
                ("Your credit again", "$30.00"), ("Credit for another lesson", "$50.00"),
                ("Kept by us: the booking fee", "$9.60"),
            ],
        ),
        (
            6,
            [
                ("Your credit again", "$30.00"), ("Credit for another lesson", "$10.00"),
                ("To Ana", "$34.00"), ("Kept by us", "$15.60"),
            ],
        ),
    ],
)  # fmt: skip
def test_credit_that_was_spent_comes_back_first(
    cast: Cast, ben: Client, start: datetime, hours: int, expected: Any
):
    credits.grant(cast.ben_student, amount=30_00, reason="Sorry", by=cast.staff)
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=saved(cast), use_credit=True)
    with time_machine.travel(start - hours * HOUR, tick=False):
        page = shown(ben, lesson)
    assert lines(page) == expected
    assert "Credit that you get again ends when it would have." in notes(page)


@pytest.mark.parametrize(
    ("hours", "title", "expected"),
    [
        (30, "You get everything back", [("Back into your package", "$80.00")]),
        (18, "The lesson goes back into your package", [("Back into your package", "$80.00")]),
        (
            6,
            "You get half of the lesson's price as credit",
            [("Credit for another lesson", "$40.00"), ("To Ana", "$34.00"), ("Kept by us", "$6.00")],
        ),
    ],
)
def test_a_lesson_of_a_package_goes_back_into_it(
    cast: Cast, ben: Client, start: datetime, hours: int, title: str, expected: Any
):
    package = packages.buy(
        cast.ben_student, cast.piano, duration_min=60, lessons=2, card=saved(cast), by=cast.ben
    )
    Package.objects.update(paid_at=clock.now())
    lesson = paid_lesson(cast.piano, start, cast.ben_student, package=package)
    with time_machine.travel(start - hours * HOUR, tick=False):
        page = shown(ben, lesson)
        text = shown(ben, lesson, "lesson").context["payment"]["text"]
        lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
        # No card is asked for anything, so there is nothing to say to Stripe.
        work_at(clock.now())
    assert (page.context["outcome"]["title"], lines(page)) == (title, expected)
    assert text == "Paid with your package. No card is charged."
    package.refresh_from_db()
    assert package.left == (2 if hours > 12 else 1)
    assert ledger.balance(ledger.of_student(cast.ben_student.pk)) == 0
    assert ledger.balance(ledger.of_instructor(cast.piano.instructor_id)) == (0 if hours > 12 else 34_00)
    assert ledger.balance(ledger.credit_of(cast.ben_student.pk)) == (0 if hours > 12 else 40_00)


def test_the_instructor_sees_one_amount_and_not_how_it_was_paid(cast: Cast, client: Client, start: datetime):
    credits.grant(cast.ben_student, amount=30_00, reason="Sorry", by=cast.staff)
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=saved(cast), use_credit=True)
    client.force_login(cast.ana)
    with time_machine.travel(start - HOUR, tick=False):
        page = shown(client, lesson)
        assert lines(page) == [("Back to Ben", "$89.60")]
        assert b"4242" not in page.content
        assert b"4242" not in shown(client, lesson, "lesson").content


def test_what_the_page_shows_is_what_happens(cast: Cast, ben: Client, start: datetime):
    credits.grant(cast.ben_student, amount=89_60, reason="Sorry", by=cast.staff)
    lesson = paid_lesson(cast.piano, start, cast.ben_student, use_credit=True)
    assert ledger.balance(ledger.credit_of(cast.ben_student.pk)) == 9_60
    with time_machine.travel(start - 30 * HOUR, tick=False):
        assert lines(shown(ben, lesson)) == [("Not charged", "$9.60"), ("Your credit again", "$80.00")]
        ben.post(reverse("bookings:cancel", args=[lesson.pk]))
    assert payment_of(lesson).status == PaymentStatus.CANCELLED
    assert ledger.balance(ledger.credit_of(cast.ben_student.pk)) == 89_60


def test_moving_says_what_it_costs_and_when_it_is_charged(cast: Cast, ben: Client, start: datetime):
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=saved(cast))
    later = start + 27 * HOUR
    address = reverse("bookings:reschedule", args=[lesson.pk])
    charged, free = when.short(later + 25 * HOUR, ZONE), when.short(later - 24 * HOUR, ZONE)
    page = ben.get(address, {"starts_at": clock.rfc3339(later)})
    assert notes(page) == [
        f"Moving costs nothing. The price stays $89.60, and it is charged on {charged}.",
        f"Then it is free to cancel until {free}.",
    ]
    with time_machine.travel(start - 18 * HOUR, tick=False):
        page = ben.get(address, {"starts_at": clock.rfc3339(later)})
    assert len(notes(page)) == 1
    assert "keeps counting from the first time" in page.context["outcome"]["sentence"]


@pytest.mark.parametrize("number", [1, 3])
def test_a_lesson_page_costs_the_same_whatever_was_paid(
    cast: Cast, ben: Client, start: datetime, django_assert_num_queries: Any, number: int
):
    lessons = [
        paid_lesson(cast.piano, start + n * timedelta(days=1), cast.ben_student, card=saved(cast))
        for n in range(number)
    ]
    address = reverse("bookings:lesson", args=[lessons[0].pk])
    ben.get(address)
    with django_assert_num_queries(6):
        ben.get(address)
