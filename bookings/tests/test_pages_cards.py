"""Paying on pages: the confirm page's card, payment methods, another card for a lesson."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.test import Client
from django.urls import reverse

from bookings.models import Booking, Card, Payment, PaymentStatus, Status
from bookings.services import credits, guests, packages
from bookings.services.payments import cards, on_session, work
from bookings.services.payments.plan import payment_of
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, held, in_days, local_time
from bookings.tests.paying import a_card, at, paid_lesson, stripe_here
from instainstru.accounts.models import User
from instainstru.lib import clock
from ops.stand_ins.testing import PUBLISHABLE_KEY, StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stripe_here")]
__all__ = ["stripe_here"]
S = PaymentStatus


@pytest.fixture
def ben(client: Client, cast: Cast) -> Client:
    client.force_login(cast.ben)
    return client


@pytest.fixture
def start() -> datetime:
    return local_time(in_days(5), 12)


@pytest.fixture
def hold(cast: Cast, start: datetime) -> Booking:
    """Days before the lesson: no card is asked yet."""
    return held(cast.piano, start, cast.ben_student)


@pytest.fixture
def near(cast: Cast, start: datetime) -> Iterator[Booking]:
    """Three hours before the lesson: the card is asked at once."""
    with at(start, hours=-3):
        yield held(cast.piano, start, cast.ben_student)


def url_of(hold: Booking, name: str = "confirm") -> str:
    return reverse(f"bookings:{name}", args=[hold.pk])


def entered(student: Any, stand_in: StripeStandIn, name: str = "visa") -> str:
    """What Stripe.js does with a card: a setup intent's id."""
    intent, _ = cards.begin(student)
    stand_in.client().v1.setup_intents.confirm(intent, {"payment_method": f"pm_card_{name}"})
    return intent


def errors(page: Any) -> str:
    return " ".join(page.context["pay_form"].non_field_errors())


def assert_nothing_happened(hold: Booking) -> None:
    hold.refresh_from_db()
    assert (hold.status, Payment.objects.count()) == (Status.HELD, 0)


def test_the_page_shows_the_bill_and_when_the_card_is_asked(ben: Client, cast: Cast, hold: Booking) -> None:
    page = ben.get(url_of(hold))
    assert page.context["lines"] == [
        {"label": "Lesson, 60 min", "amount": "$80.00"}, {"label": "Booking fee", "amount": "$9.60"},
    ]  # fmt: skip
    assert (page.context["total"], page.context["button"]) == ("$89.60", "Book for $89.60")
    assert page.context["pay"]["when"].startswith("Your card holds the amount from ")
    assert page.context["pay"]["options"] == []


def test_a_card_entered_in_the_page_is_saved_and_pays(
    ben: Client, cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    intent = entered(cast.ben_student, stripe_here)
    done = ben.post(url_of(hold), {"note": "Hello", "pay_with": "new", "setup_intent": intent})
    assert done.url == url_of(hold, "booked")
    payment = payment_of(Booking.objects.get())
    assert payment is not None
    assert (payment.status, payment.total, str(payment.card)) == (S.PLANNED, 89_60, "Visa ending in 4242")
    assert stripe_here.journal() == []


def test_the_saved_card_is_chosen_already(ben: Client, cast: Cast, hold: Booking) -> None:
    old, newest = a_card(cast.ben_student), a_card(cast.ben_student, "mastercard")
    options = ben.get(url_of(hold)).context["pay"]["options"]
    assert [(one["value"], one["checked"]) for one in options] == [
        (f"card-{newest.pk}", True), (f"card-{old.pk}", False),
    ]  # fmt: skip
    ben.post(url_of(hold), {"pay_with": f"card-{old.pk}"})
    payment = payment_of(Booking.objects.get())
    assert payment is not None
    assert payment.card == old


@pytest.mark.parametrize("sent", [{}, {"pay_with": "cash"}, {"pay_with": "package-x"}])
def test_without_a_card_nothing_is_booked(ben: Client, cast: Cast, hold: Booking, sent: Any) -> None:
    page = ben.post(url_of(hold), sent)
    assert (page.status_code, errors(page)) == (422, "Choose how to pay.")
    assert_nothing_happened(hold)


def test_a_price_in_the_form_changes_nothing(ben: Client, cast: Cast, hold: Booking) -> None:
    card = a_card(cast.ben_student)
    figures = dict.fromkeys(("price", "fee", "total", "amount", "lesson", "credit", "currency"), "1")
    ben.post(url_of(hold), {"pay_with": f"card-{card.pk}", **figures})
    payment = payment_of(Booking.objects.get())
    assert payment is not None
    assert (payment.lesson, payment.fee, payment.credit, payment.total) == (80_00, 9_60, 0, 89_60)
    assert payment.currency == "USD"


def test_cards_packages_and_intents_of_others_are_none(
    ben: Client, cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    theirs = a_card(cast.cy_student)
    package = packages.buy(
        cast.cy_student, cast.piano, duration_min=60, lessons=2, card=theirs, by=cast.cy
    )  # fmt: skip
    intent = entered(cast.cy_student, stripe_here)
    cards.customer_of(cast.ben_student)
    before = Payment.objects.count()
    for sent in (
        {"pay_with": f"card-{theirs.pk}"},
        {"pay_with": "card-"},
        {"pay_with": f"package-{package.pk}"},
        {"pay_with": "new", "setup_intent": intent},
        {"pay_with": "new", "setup_intent": "seti_nothing"},
    ):
        assert ben.post(url_of(hold), sent).status_code == 404, sent
    hold.refresh_from_db()
    assert (hold.status, Payment.objects.count()) == (Status.HELD, before)
    assert not Card.objects.filter(student=cast.ben_student).exists()


def test_a_card_that_stripe_has_not_saved_yet_is_refused(ben: Client, cast: Cast, hold: Booking) -> None:
    intent, _ = cards.begin(cast.ben_student)
    page = ben.post(url_of(hold), {"note": "Hello", "pay_with": "new", "setup_intent": intent})
    assert page.status_code == 409
    assert errors(page) == "The card was not saved. Please try again, or another card."
    assert page.context["form"]["note"].value() == "Hello"
    assert_nothing_happened(hold)


def test_a_declined_card_is_told_on_the_page_and_another_pays(
    ben: Client, cast: Cast, near: Booking, stripe_here: StripeStandIn
) -> None:
    broken, fine = a_card(cast.ben_student, "chargeCustomerFail"), a_card(cast.ben_student)
    page = ben.post(url_of(near), {"note": "Hello", "pay_with": f"card-{broken.pk}"})
    assert page.status_code == 422
    assert errors(page) == (
        "Your bank did not accept this card. Nothing was booked or charged, and your time is still held: "
        "choose another card."
    )
    assert (page.context["form"]["note"].value(), page.context["pay"]["is_new"]) == ("Hello", True)
    near.refresh_from_db()
    assert near.status == Status.HELD
    done = ben.post(url_of(near), {"note": "Hello", "pay_with": f"card-{fine.pk}"})
    assert done.url == url_of(near, "booked")
    assert ben.get(done.url).context["total"] == "$89.60"
    assert stripe_here.total("authorised") == 89_60


def test_where_stripe_is_away_the_time_stays_held(
    ben: Client, cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    cards.customer_of(cast.ben_student)
    stripe_here.fault("error_before")
    page = ben.post(url_of(hold), {"note": "Hello", "pay_with": "new", "go": "stripe"})
    assert page.status_code == 503
    assert "Payments cannot be reached" in errors(page)
    stripe_here.no_faults()
    assert_nothing_happened(hold)


def test_credit_and_packages_are_choices_with_bills_of_their_own(
    ben: Client, cast: Cast, hold: Booking
) -> None:
    credits.grant(cast.ben_student, amount=20_00, reason="sorry", by=cast.staff)
    card = a_card(cast.ben_student)
    package = packages.buy(cast.ben_student, cast.piano, duration_min=60, lessons=2, card=card, by=cast.ben)
    on_session.pay_now(package.payment, return_url="http://localhost/back")
    pay = ben.get(url_of(hold)).context["pay"]
    assert [(one["value"], one["checked"]) for one in pay["options"]] == [
        (f"package-{package.pk}", True), (f"card-{card.pk}", False),
    ]  # fmt: skip
    assert {name: bill["total"] for name, bill in pay["bills"].items()} == {
        "card": "$89.60", "credit": "$69.60", "package": "$0.00",
    }  # fmt: skip
    assert (pay["credit"]["amount"], pay["bill"]["button"]) == ("$20.00", "Book with your package")
    ben.post(url_of(hold), {"pay_with": f"package-{package.pk}", "use_credit": "on"})
    payment = payment_of(Booking.objects.get())
    package.refresh_from_db()
    assert payment is not None
    assert (payment.package, payment.credit, payment.total) == (80_00, 0, 0)
    assert (payment.card, package.left) == (None, 1)
    assert credits.available(cast.ben_student) == 20_00


def test_a_guest_sees_the_whole_bill_before_saying_who_they_are(
    client: Client, cast: Cast, start: datetime
) -> None:
    sent = {"offering": cast.piano.pk, "starts_at": clock.rfc3339(start), "duration_min": 60}
    page = client.get(client.post(reverse("bookings:hold"), sent).url)
    assert (page.context["total"], page.context["pay"]) == ("$89.60", None)
    assert page.context["guest"]["step"] == "email"
    hold = Booking.objects.get()
    guests.arrive(hold.student.user, email="dora@example.com", first_name="Dora", last_name="Dean")
    client.force_login(User.objects.get(email="dora@example.com"))
    page = client.get(url_of(hold))
    assert (page.context["pay"]["is_new"], page.context["button"]) == (True, "Book for $89.60")


def test_a_card_is_entered_on_stripes_page_while_the_time_stays_held(
    ben: Client, cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    expiry = hold.expires_at
    away = ben.post(url_of(hold), {"note": "Hello", "pay_with": "new", "use_credit": "on"})
    assert away.url.startswith(f"{stripe_here.url}/checkout/")
    hold.refresh_from_db()
    assert hold.expires_at is not None
    assert expiry is not None
    assert (hold.note, hold.was_extended, hold.expires_at > expiry) == ("Hello", True, True)
    card = {
        "email": "a@b.example",
        "number": "4242424242424242",
        "expiry": "12/34",
        "cvc": "123",
        "name": "B",
    }
    back = httpx.post(away.url, data={**card, "action": "pay"}).headers["Location"]
    assert "use_credit=on" in back
    page = ben.get(back.removeprefix("http://testserver"))
    saved = Card.objects.get()
    assert page.url == f"{url_of(hold)}?use_credit=on&pay_with=card-{saved.pk}"
    assert ben.get(page.url).context["pay"]["options"][0]["checked"]
    again = ben.get(back.removeprefix("http://testserver"))
    assert (again.url, Card.objects.count()) == (page.url, 1)


def test_the_bank_s_own_page_leads_back_to_the_booking(ben: Client, cast: Cast, near: Booking) -> None:
    card = a_card(cast.ben_student, "authenticationRequired")
    sent = ben.post(url_of(near), {"pay_with": f"card-{card.pk}"})
    assert sent.url == url_of(near, "bank")
    page = ben.get(sent.url)
    assert page.context["asks"]
    assert (page.context["amount"], page.context["at_once"]) == ("$89.60", True)
    assert ben.get(url_of(near)).url == url_of(near, "bank")
    abandoned = ben.get(url_of(near, "bank") + "?back")
    assert (abandoned.status_code, abandoned.context["at_once"]) == (200, False)
    assert ben.get(abandoned.context["other_url"]).status_code == 200
    back = httpx.post(page.context["bank_url"], data={"answer": "complete"}).headers["Location"]
    assert ben.get(back.removeprefix("http://testserver")).url == url_of(near, "booked")


def test_a_bank_that_was_refused_says_so_and_the_time_is_held(ben: Client, cast: Cast, near: Booking) -> None:
    card = a_card(cast.ben_student, "authenticationRequired")
    page = ben.get(ben.post(url_of(near), {"pay_with": f"card-{card.pk}"}).url)
    httpx.post(page.context["bank_url"], data={"answer": "fail"})
    back = ben.get(url_of(near, "bank") + "?back", follow=True)
    assert "did not hear from you" in back.content.decode()
    assert back.context["pay"]["is_new"]
    near.refresh_from_db()
    assert near.status == Status.HELD


@pytest.mark.parametrize("number", [1, 3])
def test_the_cards_are_listed(ben: Client, cast: Cast, number: int, django_assert_num_queries: Any) -> None:
    for name in ("visa", "mastercard", "amex")[:number]:
        a_card(cast.ben_student, name)
    a_card(cast.cy_student)
    ben.get(reverse("bookings:cards"))
    with django_assert_num_queries(5):  # who, as student, the cards, what needs them, whether they teach
        page = ben.get(reverse("bookings:cards"))
    assert len(page.context["cards"]) == number
    assert page.context["cards"][-1]["title"] == "Visa ending in 4242"


def test_a_card_is_added_and_removed_unless_a_lesson_needs_it(
    ben: Client, cast: Cast, start: datetime, stripe_here: StripeStandIn
) -> None:
    here = reverse("bookings:cards")
    begun = ben.post(reverse("bookings:begin_card")).json()
    assert begun["client_secret"].startswith("seti_")
    ben.post(here, {"setup_intent": entered(cast.ben_student, stripe_here)})
    card = Card.objects.get()
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=card)
    [row] = ben.get(here).context["cards"]
    assert [one["url"] for one in row["lessons"]] == [url_of(lesson, "lesson")]
    remove = reverse("bookings:remove_card", args=[card.pk])
    told = ben.post(remove, follow=True).content.decode()
    assert "A lesson is to be paid with this card. Choose another card for it first." in told
    other = a_card(cast.ben_student, "mastercard")
    ben.post(url_of(lesson, "pay"), {"pay_with": f"card-{other.pk}"})
    assert "is removed" in ben.post(remove, follow=True).content.decode()
    assert [str(one) for one in cards.of(cast.ben_student)] == ["Mastercard ending in 4444"]


def test_a_card_of_somebody_else_cannot_be_removed(ben: Client, cast: Cast) -> None:
    theirs = a_card(cast.cy_student)
    assert ben.post(reverse("bookings:remove_card", args=[theirs.pk])).status_code == 404
    assert cards.of(cast.cy_student).get() == theirs


def test_a_lesson_without_a_card_asks_for_one(ben: Client, cast: Cast, start: datetime) -> None:
    lesson = booked(cast.piano, start, cast.ben_student)
    note = ben.get(url_of(lesson, "lesson")).context["payment"]
    assert note["text"].startswith("No card yet: add one by")
    assert note["url"] == url_of(lesson, "pay")
    card = a_card(cast.ben_student)
    done = ben.post(url_of(lesson, "pay"), {"pay_with": f"card-{card.pk}"})
    assert done.url == url_of(lesson, "lesson")
    said = ben.get(done.url).context["payment"]["text"]
    assert said.startswith("Your Visa ending in 4242 will be charged $89.60 on ")


def test_a_lesson_whose_card_was_declined_is_paid_with_another(
    ben: Client, cast: Cast, start: datetime, stripe_here: StripeStandIn
) -> None:
    broken = a_card(cast.ben_student, "chargeCustomerFail")
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=broken)
    with at(start, hours=-20):
        work.run(now=start - timedelta(hours=20))
        assert ben.get(url_of(lesson, "lesson")).context["payment"]["kind"] == "stop"
        page = ben.post(url_of(lesson, "pay"), {"pay_with": f"card-{broken.pk}"})
        assert page.status_code == 422
        assert errors(page).endswith("Nothing was charged. Please choose another card.")
        intent = entered(cast.ben_student, stripe_here)
        done = ben.post(url_of(lesson, "pay"), {"pay_with": "new", "setup_intent": intent})
        assert done.url == url_of(lesson, "lesson")
        assert ben.get(done.url).context["payment"]["url"] == ""
        assert ben.get(url_of(lesson, "pay")).url == url_of(lesson, "lesson")
    assert stripe_here.total("authorised") == 89_60


def test_the_bank_asks_about_a_lesson_that_is_booked(ben: Client, cast: Cast, start: datetime) -> None:
    card = a_card(cast.ben_student, "authenticationRequired")
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=card)
    with at(start, hours=-20):
        work.run(now=start - timedelta(hours=20))
        sent = ben.post(url_of(lesson, "pay"), {"pay_with": f"card-{card.pk}"})
        assert sent.url == url_of(lesson, "pay_bank")
        page = ben.get(sent.url)
        back = httpx.post(page.context["bank_url"], data={"answer": "complete"}).headers["Location"]
        assert ben.get(back.removeprefix("http://testserver")).url == url_of(lesson, "lesson")
    payment = payment_of(lesson)
    assert payment is not None
    assert payment.status == S.AUTHORISED


def test_nobody_else_pays_for_a_lesson(client: Client, cast: Cast, start: datetime) -> None:
    lesson = booked(cast.piano, start, cast.ben_student)
    card = a_card(cast.cy_student)
    for user in (cast.ana, cast.cy, cast.staff):
        client.force_login(user)
        assert client.get(url_of(lesson, "pay")).status_code == 404
        assert client.post(url_of(lesson, "pay"), {"pay_with": f"card-{card.pk}"}).status_code == 404
        assert client.get(url_of(lesson, "pay_bank")).status_code == 404
    payment = payment_of(lesson)
    assert payment is not None
    assert payment.card is None


def test_stripe_s_origin_is_allowed_where_a_card_is_entered_and_nowhere_else(
    ben: Client, cast: Cast, start: datetime, stripe_here: StripeStandIn, settings: Any
) -> None:
    lesson = booked(cast.piano, start + timedelta(days=1), cast.ben_student)
    hold = held(cast.piano, start, cast.ben_student)
    asks = [url_of(hold), reverse("bookings:cards"), url_of(lesson, "pay")]
    others = ["/", url_of(lesson, "lesson"), reverse("bookings:lessons"), url_of(lesson, "cancel")]
    for address in asks:
        policy = ben.get(address)["Content-Security-Policy"]
        assert f"script-src 'self' {stripe_here.url}" in policy
        assert f"frame-src {stripe_here.url}" in policy
        assert "unsafe" not in policy
    for address in others:
        policy = ben.get(address)["Content-Security-Policy"]
        assert stripe_here.url not in policy
        assert "script-src" not in policy
    settings.STRIPE_API_BASE = ""
    page = ben.get(asks[1])
    assert (
        "script-src 'self' https://js.stripe.com https://*.js.stripe.com" in page["Content-Security-Policy"]
    )
    assert "connect-src 'self' https://api.stripe.com" in page["Content-Security-Policy"]
    assert f'data-key="{PUBLISHABLE_KEY}"' in page.content.decode()
    assert 'data-stripe="https://js.stripe.com/v3/"' in page.content.decode()
    settings.STRIPE_API_BASE = stripe_here.url


def test_where_payments_are_off_nothing_is_said_about_cards(
    ben: Client, cast: Cast, hold: Booking, settings: Any
) -> None:
    settings.STRIPE_SECRET_KEY = ""
    page = ben.get(url_of(hold))
    assert (page.context["pay"], page.context["button"]) == (None, "Book for $80.00")
    assert "card" not in page.content.decode().partition("<main")[2].lower().replace("js/", "")
    assert ben.get(reverse("bookings:cards")).status_code == 404
    assert ben.post(reverse("bookings:begin_card")).status_code == 404
    assert ben.post(url_of(hold)).url == url_of(hold, "booked")
