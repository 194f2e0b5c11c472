"""What students are written about their money: what happened, and the way out."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from bookings.services.payments import refunds, work
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, utc
from bookings.tests.paying import a_card, at, paid_lesson, payment_of, stripe_here, work_at
from bookings.tests.test_letters import html, react, text
from instainstru.lib import clock
from ops.stand_ins.testing import StripeStandIn

__all__ = ["stripe_here"]
NOW = utc("2026-11-30 15:00")
START = utc("2026-12-03 21:00")  # Thursday, 4 pm in New York
HOUR = timedelta(hours=1)
pytestmark = [
    pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site", "stripe_here"),
    pytest.mark.as_of(NOW),
]  # fmt: skip


@pytest.fixture
def site(settings: Any) -> None:
    settings.SITE_URL = "https://instainstru.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def to_ben(messages: list[EmailMessage]) -> EmailMessage:
    [found] = [message for message in messages if "ben@example.com" in message["To"]]
    return found


def test_a_lesson_without_a_card_is_asked_for_one_and_stays(cast: Cast) -> None:
    lesson = booked(cast.piano, START, cast.ben_student)
    react()
    work_at(START - 24 * HOUR)
    with at(START, hours=-24):
        asked = to_ben(react())
    assert asked["Subject"] == "A card is needed for Piano, Thu 3 Dec, 4:00 pm"
    assert "Piano with Ana A., Thu 3 Dec, 4:00 pm, costs $89.60." in text(asked)
    assert "Add a card and it goes on as planned." in text(asked)
    assert "the next time we look" not in text(asked)
    assert f"https://instainstru.example/lessons/{lesson.pk}/pay" in text(asked)
    assert "Choose a card" in html(asked)
    # Later tries are not worth a letter each.
    work_at(START - 23 * HOUR)
    with at(START, hours=-23):
        assert react() == []
    work_at(START - 20 * HOUR)
    work_at(START - 16 * HOUR)
    work_at(START - 13 * HOUR)
    with at(START, hours=-13):
        warned = to_ben(react())
    assert warned["Subject"] == "Piano, Thu 3 Dec, 4:00 pm, still needs a card"
    assert "It stays booked; please add a card, so that it is paid." in text(warned)
    assert "cancelled" not in text(warned)
    work_at(START - 12 * HOUR)
    with at(START, hours=-12):
        assert react() == []


def test_a_lesson_whose_card_is_declined_is_warned_of_and_given_up(cast: Cast) -> None:
    lesson = paid_lesson(
        cast.piano, START, cast.ben_student, card=a_card(cast.ben_student, "chargeCustomerFail")
    )
    react()
    for hours in (24, 23, 20, 16):
        work_at(START - hours * HOUR)
    with at(START, hours=-16):
        asked = to_ben(react())
    assert "the next time we look is Wed 2 Dec, 5:00 pm" in text(asked)
    assert f"https://instainstru.example/lessons/{lesson.pk}/pay" in text(asked)
    work_at(START - 13 * HOUR)
    with at(START, hours=-13):
        warned = to_ben(react())
    assert warned["Subject"] == "Last call: Piano, Thu 3 Dec, 4:00 pm, is not paid"
    assert "Without a card by Thu 3 Dec, 4:00 am the lesson is cancelled. That costs you nothing." in text(
        warned
    )
    work_at(START - 12 * HOUR)
    with at(START, hours=-12):
        told = react()
    assert {message["Subject"].split(":")[0] for message in told} == {"Cancelled"}
    assert "The payment could not be authorised in time." in text(to_ben(told))
    assert "It costs you nothing." in text(to_ben(told))


def test_a_charge_comes_with_a_receipt_and_a_refund_with_a_word(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    lesson = paid_lesson(cast.piano, START, cast.ben_student, card=a_card(cast.ben_student))
    react()
    work_at(START - 24 * HOUR)
    work_at(START + 25 * HOUR)
    with at(START, hours=25):
        receipt = to_ben(react())
        assert receipt["Subject"] == "Receipt: Piano, Thu 3 Dec, 4:00 pm"
        for line in ("$89.60 was charged.", "Lesson: $80.00", "Booking fee: $9.60", "Visa ending in 4242"):
            assert line in text(receipt)
        refunds.execute(payment_of(lesson), amount=20_00, reason="half was silence", by=cast.staff)
        work.run(now=clock.now())
        back = to_ben(react())
    assert back["Subject"] == "$20.00 is on its way back to you"
    assert "half was silence" not in text(back)


def test_a_declined_card_is_told_with_what_the_bank_said(cast: Cast) -> None:
    paid_lesson(cast.piano, START, cast.ben_student, card=a_card(cast.ben_student, "chargeCustomerFail"))
    react()
    work_at(START - 24 * HOUR)
    with at(START, hours=-24):
        told = to_ben(react())
    assert told["Subject"] == "Your card was not accepted for Piano, Thu 3 Dec, 4:00 pm"
    assert "The bank did not hold $89.60 for Piano with Ana A., Thu 3 Dec, 4:00 pm." in text(told)
    assert "Nothing was charged." in text(told)


def test_a_bank_that_asks_is_told_of(cast: Cast) -> None:
    paid_lesson(cast.piano, START, cast.ben_student, card=a_card(cast.ben_student, "authenticationRequired"))
    react()
    work_at(START - 24 * HOUR)
    with at(START, hours=-24):
        assert "Your bank wants to hear from you" in text(to_ben(react()))
