"""Paying in a real browser, against the stand-in for Stripe: with scripts and without."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from bookings.models import Booking, PaymentStatus, Status
from bookings.tests.cast import Cast
from bookings.tests.factories import held, in_days, local_time
from bookings.tests.paying import a_card, payment_of, stripe_here
from e2e.barriers import problems
from e2e.conftest import DESK, PHONE, Visit
from e2e.test_journeys import BOOK
from instainstru.lib import clock
from ops.stand_ins.testing import StripeStandIn

pytestmark = [
    pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("stripe_here"),
]  # fmt: skip
__all__ = ["stripe_here"]
BOOKED = "Booked. See you there."
GOOD, DECLINED, ASKS = "4242 4242 4242 4242", "4000 0000 0000 0341", "4000 0027 6000 3184"


@pytest.fixture
def hold(cast: Cast, settings: Any) -> Booking:
    """A time held for ben three hours before it begins: its card is asked at once."""
    start = local_time(in_days(3), 12)
    settings.APP_CLOCK_OFFSET = int((start - clock.now()).total_seconds()) - 3 * 3600
    return held(cast.piano, start, cast.ben_student)


def confirm_url(hold: Booking) -> str:
    return reverse("bookings:confirm", args=[hold.pk])


def enter(page: Page, number: str) -> None:
    """Type a card into the frame of Stripe's, and press the button."""
    card = page.frame_locator("iframe[title='Card details']")
    card.get_by_label("Card number").fill(number)
    card.get_by_label("Expiry date").fill("12 / 34")
    card.get_by_label("Security code").fill("123")
    page.get_by_role("button", name=BOOK).click()


def answer(page: Page, what: str) -> None:
    page.frame_locator("iframe[title='Approve the payment']").get_by_role("button", name=what).click()


def test_a_declined_card_keeps_the_time_and_another_books_it(
    visit: Visit, cast: Cast, hold: Booking, stripe_here: StripeStandIn
):
    page = visit(confirm_url(hold), user=cast.ben, width=DESK)
    page.get_by_label("Note to Ana").fill("I can read music.")
    page.get_by_role("button", name=BOOK).click()
    card = page.frame_locator("iframe[title='Card details']")
    expect(card.get_by_role("alert")).to_have_text("Your card number is incomplete.")
    enter(page, DECLINED)
    expect(page.locator(".note.stop", has_text="Your bank did not accept this card.")).to_be_focused()
    expect(page.get_by_label("Another card")).to_be_checked()
    expect(page.get_by_label("Note to Ana")).to_have_value("I can read music.")
    assert problems(page) == []
    enter(page, GOOD)
    expect(page.get_by_role("heading", name=BOOKED)).to_be_visible()
    hold.refresh_from_db()
    assert (hold.status, payment_of(hold).status) == (Status.CONFIRMED, PaymentStatus.AUTHORISED)
    assert stripe_here.total("authorised") == 89_60


def test_a_bank_that_asks_is_left_alone_then_answered(visit: Visit, cast: Cast, hold: Booking):
    page = visit(confirm_url(hold), user=cast.ben, width=PHONE, scheme="dark")
    enter(page, ASKS)
    answer(page, "Complete")  # to save the card
    expect(page.get_by_role("heading", name="Your bank wants to hear from you")).to_be_visible()
    expect(page.frame_locator("iframe[title='Approve the payment']").get_by_text("89.60 USD")).to_be_visible()
    page.goto(reverse("bookings:bank", args=[hold.pk]) + "?back")
    expect(page.get_by_role("link", name="Use another card")).to_be_visible()
    expect(page.locator("dialog")).to_have_count(0)
    hold.refresh_from_db()
    assert hold.status == Status.HELD
    assert problems(page) == []
    page.get_by_role("button", name="Answer your bank").click()
    answer(page, "Complete")
    expect(page.get_by_role("heading", name=BOOKED)).to_be_visible()
    hold.refresh_from_db()
    assert (hold.status, payment_of(hold).status) == (Status.CONFIRMED, PaymentStatus.AUTHORISED)


def test_a_saved_card_is_two_presses_from_booked(visit: Visit, cast: Cast):
    a_card(cast.ben_student)
    page = visit(f"/@ana-a?day={in_days(3)}", user=cast.ben)
    page.locator("main button.time").first.click()
    expect(page.get_by_label("Visa ending in 4242")).to_be_checked()
    assert problems(page) == []
    page.get_by_role("button", name=BOOK).click()
    expect(page.get_by_role("heading", name=BOOKED)).to_be_visible()
    assert payment_of(Booking.objects.get()).total == 89_60


def test_without_scripts_stripe_and_the_bank_have_pages_of_their_own(visit: Visit, cast: Cast, hold: Booking):
    page = visit(confirm_url(hold), user=cast.ben, js=False)
    page.get_by_label("Note to Ana").fill("I can read music.")
    page.get_by_role("button", name="Enter a card on Stripe's page").click()
    page.get_by_label("Email").fill("ben@example.com")
    page.get_by_label("Card number").fill(ASKS)
    page.get_by_label("Expiry date").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on card").fill("Ben Baker")
    page.get_by_role("button", name="Save card").click()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_label("Visa ending in 3184")).to_be_checked()
    expect(page.get_by_label("Note to Ana")).to_have_value("I can read music.")
    page.get_by_role("button", name=BOOK).click()
    page.get_by_role("link", name="Answer your bank").click()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("heading", name=BOOKED)).to_be_visible()
    hold.refresh_from_db()
    assert (hold.status, hold.note) == (Status.CONFIRMED, "I can read music.")


def test_a_card_is_saved_in_the_account_and_removed(visit: Visit, cast: Cast):
    page = visit(reverse("bookings:cards"), user=cast.ben, width=DESK, scheme="dark")
    card = page.frame_locator("iframe[title='Card details']")
    card.get_by_label("Card number").fill(GOOD)
    card.get_by_label("Expiry date").fill("12 / 34")
    card.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Save the card").click()
    expect(page.get_by_text("Visa ending in 4242 is saved.")).to_be_visible()
    assert problems(page) == []
    page.get_by_role("button", name=re.compile("^Remove Visa")).click()
    expect(page.get_by_text("No card is saved yet.")).to_be_visible()
