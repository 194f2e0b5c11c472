"""Tips through pages, and what a lesson's page says of its payment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings.models import Booking, Party, Payment, PaymentStatus
from bookings.services import ledger, lifecycle
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from bookings.tests.paying import a_card, paid_lesson, payment_of, stripe_here, work_at
from bookings.tests.test_pages_prepaid import bank_says, saved
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True)]
__all__ = ["stripe_here"]
HOUR = timedelta(hours=1)


def url(name: str, lesson: Booking) -> str:
    return reverse(f"bookings:{name}", args=[lesson.pk])


@pytest.fixture
def given(cast: Cast) -> Any:
    """Ben's lesson, an hour after it was given."""
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(lesson.ends_at + HOUR):
        yield lifecycle.complete(lesson, by=cast.ana, party=Party.INSTRUCTOR)


@pytest.fixture
def ben(client: Client, cast: Cast) -> Client:
    client.force_login(cast.ben)
    client.cookies["tz"] = "America/New_York"
    return client


def test_a_tip_is_charged_at_once_and_all_the_instructors(
    cast: Cast, ben: Client, given: Booking, stripe_here: StripeStandIn
):
    card = a_card(cast.ben_student)
    address = ben.get(url("lesson", given)).context["tip_url"]
    assert b"All of it goes to Ana. No fee is added." in ben.get(address).content
    assert not Payment.objects.filter(purpose="tip").exists()
    done = ben.post(address, {"choice": "1000", "card": card.pk}, follow=True)
    assert "$10.00 for Ana. Thank you!" in done.content.decode()
    assert "tip_url" not in done.context
    tip = Payment.objects.get(purpose="tip")
    assert (tip.captured, tip.to_instructor, stripe_here.total("captured")) == (10_00, 10_00, 10_00)
    assert ledger.balance(ledger.of_instructor(given.instructor_id)) == 10_00
    again = ben.post(address, {"choice": "500", "card": card.pk}, follow=True)
    assert b"You have given a tip for this lesson." in again.content
    assert stripe_here.total("captured") == 10_00
    # The lesson itself was booked without a card and is to be paid yet.
    shown = {row["title"]: row["amount"] for row in ben.get(reverse("bookings:payments")).context["payments"]}
    [title] = [title for title in shown if title.startswith("Tip: Piano with Ana A.")]
    assert shown[title] == "$10.00"


@pytest.mark.parametrize(
    ("written", "minor"), [("7", 7_00), ("7.5", 7_50), ("$12.34", 12_34), ("12.34 USD", 12_34), ("1.", 1_00)]
)
def test_another_amount_is_read_as_people_write_it(
    cast: Cast, ben: Client, given: Booking, stripe_here: StripeStandIn, written: str, minor: int
):
    sent = {"choice": "other", "other": written, "card": a_card(cast.ben_student).pk}
    assert ben.post(url("tip", given), sent).status_code == 302
    assert stripe_here.total("captured") == minor


@pytest.mark.usefixtures("payments_on")
@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"other": "-5"}, "other", "Between $1 and $500."),
        ({"other": "0"}, "other", "Between $1 and $500."),
        ({"other": "0.99"}, "other", "Between $1 and $500."),
        ({"other": "500.01"}, "other", "Between $1 and $500."),
        ({"other": "999999999"}, "other", "Between $1 and $500."),
        ({"other": "5.001"}, "other", "nothing smaller than a cent"),
        ({"other": "€5"}, "other", "Write an amount in USD"),
        ({"other": "5 EUR"}, "other", "Write an amount in USD"),
        ({"other": "1e3"}, "other", "Write an amount in USD"),
        ({"other": "٥"}, "other", "Write an amount in USD"),
        ({"other": "five"}, "other", "Write an amount in USD"),
        ({"other": ""}, "other", "Write the amount."),
        ({"choice": "1"}, "choice", "Choose one of these amounts."),
        ({"choice": "-1000"}, "choice", "Choose one of these amounts."),
        ({"choice": "500", "card": "0"}, "card", "Choose one of your cards."),
        ({"choice": "500", "card": "theirs"}, "card", "Choose one of your cards."),
    ],
)
def test_what_is_no_tip_is_told_at_the_field(
    cast: Cast, ben: Client, given: Booking, sent: dict[str, str], field: str, said: str
):
    mine, theirs = saved(cast), saved(cast, student=cast.cy_student)
    data = {"choice": "other", "card": str(mine.pk)} | sent
    data["card"] = data["card"].replace("theirs", str(theirs.pk))
    page = ben.post(url("tip", given), data)
    assert page.status_code == 422
    errors = page.context["form"].errors
    assert list(errors) == [field]
    assert said in errors[field][0]
    if sent.get("other"):
        assert f'value="{sent["other"]}"' in page.content.decode()
    assert not Payment.objects.filter(purpose="tip").exists()


def test_a_declined_tip_costs_nothing_and_another_card_gives_it(
    cast: Cast, ben: Client, given: Booking, stripe_here: StripeStandIn
):
    good, bad = a_card(cast.ben_student), a_card(cast.ben_student, "chargeCustomerFail")
    page = ben.post(url("tip", given), {"choice": "500", "card": bad.pk})
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["card"])
    assert ben.post(url("tip", given), {"choice": "500", "card": good.pk}).url == url("lesson", given)
    assert stripe_here.total("captured") == 5_00


def test_a_tip_that_the_bank_asks_about(cast: Cast, ben: Client, given: Booking, stripe_here: StripeStandIn):
    card = a_card(cast.ben_student, "authenticationRequired")
    bank = ben.post(url("tip", given), {"choice": "500", "card": card.pk}, follow=True)
    back = reverse("bookings:payment_back", args=[Payment.objects.get(purpose="tip").pk])
    assert ben.get(url("tip", given)).url == reverse("bookings:payment_bank", args=[back.split("/")[2]])
    bank_says(bank.context["bank_url"], "complete", back)
    assert ben.get(back).url == url("lesson", given)
    assert stripe_here.total("captured") == 5_00


@pytest.mark.usefixtures("payments_on")
def test_only_the_student_tips_and_only_for_a_lesson_that_was_given(
    cast: Cast, client: Client, given: Booking
):
    coming = booked(cast.piano, local_time(in_days(9), 12), cast.ben_student)
    assert client.get(url("tip", given)).url.startswith(reverse("account_login"))
    data = {"choice": "500", "card": str(saved(cast).pk)}
    for user in (cast.ana, cast.cy, cast.staff):
        client.force_login(user)
        for method in (client.get, client.post):
            assert method(url("tip", given), data).status_code == 404
    client.force_login(cast.ben)
    assert client.post(url("tip", coming), data).status_code == 404
    assert not Payment.objects.filter(purpose="tip").exists()


def test_where_payments_are_off_nobody_tips(cast: Cast, ben: Client, given: Booking):
    assert ben.get(url("tip", given)).status_code == 404
    assert "tip_url" not in ben.get(url("lesson", given)).context


@pytest.fixture
def start() -> datetime:
    return local_time(in_days(5), 12)


def said(client: Client, lesson: Booking) -> str:
    return client.get(url("lesson", lesson)).context["payment"]["text"].replace("\u00a0", " ")


def test_the_lesson_says_at_each_step_where_its_payment_stands(
    cast: Cast, ben: Client, start: datetime, stripe_here: StripeStandIn
):
    lesson = paid_lesson(cast.piano, start, cast.ben_student)
    assert "No card yet: add one by" in said(ben, lesson)
    card = a_card(cast.ben_student)
    ben.post(url("pay", lesson), {"pay_with": f"card-{card.pk}"})
    assert said(ben, lesson).startswith("Your Visa ending in 4242 will be charged $89.60 on ")
    work_at(start - 24 * HOUR)
    assert said(ben, lesson).startswith("Your Visa ending in 4242 holds $89.60. It will be charged on ")
    ben.force_login(cast.ana)
    assert said(ben, lesson) == "You earn $68.00 with it."
    work_at(start + 25 * HOUR)
    assert said(ben, lesson) == "You earned $68.00 with it."
    ben.force_login(cast.ben)
    assert said(ben, lesson).startswith("Your Visa ending in 4242 was charged $89.60 on ")
    assert ben.get(url("pay", lesson)).url == url("lesson", lesson)


def test_a_declined_card_is_said_and_another_one_pays(
    cast: Cast, ben: Client, start: datetime, stripe_here: StripeStandIn
):
    bad = a_card(cast.ben_student, "chargeCustomerFail")
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=bad)
    work_at(start - 24 * HOUR)
    with time_machine.travel(start - 20 * HOUR):
        assert said(ben, lesson).startswith("Card declined: ")
        assert "the lesson is cancelled, at no cost." in said(ben, lesson)
        good = a_card(cast.ben_student)
        ben.post(url("pay", lesson), {"pay_with": f"card-{good.pk}"})
        assert said(ben, lesson).startswith("Your Visa ending in 4242 holds $89.60.")
    assert payment_of(lesson).status == PaymentStatus.AUTHORISED
    assert stripe_here.total("authorised") == 89_60
