"""Payments, receipts, credit, packages through pages: what is shown, what costs, what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from bookings.models import Card, Credit, Package, Party, Payment, PaymentStatus
from bookings.services import credits, ledger, lifecycle, packages
from bookings.services.payments import on_session, refunds, work
from bookings.tests.cast import Cast
from bookings.tests.factories import in_days, local_time
from bookings.tests.paying import a_card, paid_lesson, payment_of, stripe_here, work_at
from bookings.tests.test_letters import react, text, to
from instainstru.lib import clock
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True)]
__all__ = ["stripe_here"]
HOUR = timedelta(hours=1)
BUY = "bookings:buy_package"


@pytest.fixture
def ben(client: Client, cast: Cast) -> Client:
    client.force_login(cast.ben)
    client.cookies["tz"] = "America/New_York"
    return client


def saved(cast: Cast, **facts: Any) -> Card:
    """A card that Stripe is never asked about."""
    facts = {"student": cast.ben_student, "method_id": f"pm_{uuid4().hex}"} | facts
    return Card.objects.create(brand="visa", last4="4242", exp_month=3, exp_year=2031, **facts)


def quote(client: Client, cast: Cast, **query: Any) -> dict[str, Any]:
    """The quote page, and what its form would post."""
    page = client.get(reverse(BUY), {"offering": cast.piano.pk, **query})
    assert page.status_code == 200
    return dict(page.context["fields"])


def settled(cast: Cast, days: int = 5, **pay: Any) -> Payment:
    """A lesson that was given and charged."""
    start = local_time(in_days(days), 12)
    lesson = paid_lesson(cast.piano, start, cast.ben_student, **pay)
    work_at(start - 24 * HOUR)
    work_at(start + 25 * HOUR)
    return payment_of(lesson)


def test_what_was_paid_stands_with_what_came_back(cast: Cast, ben: Client, stripe_here: StripeStandIn):
    payment = settled(cast, card=a_card(cast.ben_student))
    refunds.execute(payment, amount=20_00, reason="a late start", by=cast.staff)
    [row] = ben.get(reverse("bookings:payments")).context["payments"]
    assert (row["amount"], row["status"]) == ("$89.60", "Paid")
    assert row["notes"] == ["$20.00 is on its way back to your card"]
    work.run(now=clock.now())
    [row] = ben.get(reverse("bookings:payments")).context["payments"]
    assert (row["status"], row["notes"]) == ("Partly refunded", ["$20.00 went back to your card"])
    page = ben.get(row["url"])
    receipt = page.context["receipt"]
    assert [(line["label"], line["amount"]) for line in receipt["lines"]] == [
        ("Lesson", "$80.00"), ("Booking fee", "$9.60"),
    ]  # fmt: skip
    assert [(one["label"], one["amount"]) for one in receipt["movements"]] == [
        ("Charged to your Visa ending in 4242", "$89.60"), ("Back to your Visa ending in 4242", "−$20.00"),
    ]  # fmt: skip
    assert (receipt["total"], receipt["kept"], receipt["card"]) == ("$89.60", "$69.60", "Visa ending in 4242")
    # Staff's reason is staff's.
    assert b"a late start" not in page.content


def test_a_late_cancellation_is_a_charge_that_became_credit(
    cast: Cast, ben: Client, stripe_here: StripeStandIn
):
    start = local_time(in_days(5), 12)
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=a_card(cast.ben_student))
    with time_machine.travel(start - 18 * HOUR):
        lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
        work.run(now=clock.now())
        work.run(now=clock.now())
        [row] = ben.get(reverse("bookings:payments")).context["payments"]
        assert (row["amount"], row["notes"]) == ("$89.60", ["$80.00 became credit"])
        page = ben.get(reverse("bookings:credit"))
    assert page.context["balance"] == "$80.00"
    assert [(one["left"], one["reason"]) for one in page.context["credits"]] == [
        ("$80.00", "A cancelled lesson")
    ]
    assert [(one["amount"], one["why"]) for one in page.context["entries"]] == [
        ("+$80.00", "A cancelled lesson")
    ]


def test_a_payment_that_came_to_nothing_is_not_listed(cast: Cast, ben: Client):
    lesson = paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student)
    [row] = ben.get(reverse("bookings:payments")).context["payments"]
    assert (row["amount"], row["status"], row["when"][:4]) == ("$89.60", "Planned", "due ")
    lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
    assert ben.get(reverse("bookings:payments")).context["payments"] == []
    assert b"Nothing paid yet" in ben.get(reverse("bookings:payments")).content


@pytest.mark.parametrize("number", [1, 3])
def test_lists_cost_the_same_for_one_and_for_three(
    cast: Cast, ben: Client, stripe_here: StripeStandIn, django_assert_num_queries: Any, number: int
):
    card = a_card(cast.ben_student)
    for n in range(number):
        settled(cast, days=5 + n, card=card)
        credits.grant(cast.ben_student, amount=10_00 + n, reason="sorry", by=cast.staff)
        package = packages.buy(
            cast.ben_student, cast.piano, duration_min=60, lessons=2 + n, card=card, by=cast.ben
        )
        on_session.pay_now(package.payment, return_url="http://localhost/")
    for name, queries, key in (
        ("payments", 5, "payments"),
        ("credit", 6, "entries"),
        ("packages", 4, "packages"),
    ):
        address = reverse(f"bookings:{name}")
        ben.get(address)
        with django_assert_num_queries(queries):
            found = ben.get(address).context[key]
        assert len(found) == (2 * number if name == "payments" else number)


def test_pages_of_payments_go_on_by_cursor(cast: Cast, ben: Client):
    for n in range(3):
        paid_lesson(cast.piano, local_time(in_days(5 + n), 12), cast.ben_student)
    address, seen = reverse("bookings:payments") + "?limit=2", []
    while address:
        page = ben.get(address)
        seen += [row["url"] for row in page.context["payments"]]
        address = page.context["pager"]["next_url"]
    assert len(seen) == len(set(seen)) == 3
    assert ben.get(reverse("bookings:payments"), {"cursor": "x"}).status_code == 422


def test_a_receipt_names_who_sells(cast: Cast, ben: Client, settings: Any):
    settings.BUSINESS_NAME, settings.BUSINESS_ADDRESS = "Lessons Ltd", "1 Main Street\nNew York"
    settings.BUSINESS_TAX_ID, settings.BUSINESS_EMAIL = "12-345", "money@example.com"
    lesson = paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student)
    page = ben.get(reverse("bookings:receipt", args=[payment_of(lesson).pk])).content.decode()
    for fact in ("Lessons Ltd", "1 Main Street<br>New York", "Tax no. 12-345", "money@example.com"):
        assert fact in page
    assert "No card yet" in page


def test_credit_stands_in_the_order_in_which_it_ends(cast: Cast, ben: Client):
    first = credits.grant(cast.ben_student, amount=30_00, reason="The first", by=cast.staff)
    second = credits.grant(cast.ben_student, amount=20_00, reason="The second", by=cast.staff)
    Credit.objects.filter(pk=second.pk).update(expires_at=first.expires_at - timedelta(days=9))
    paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student, use_credit=True)
    credits.grant(cast.ben_student, amount=5_00, reason="The third", by=cast.staff)
    page = ben.get(reverse("bookings:credit"))
    assert page.context["balance"] == "$5.00"
    assert [one["reason"] for one in page.context["credits"]] == ["The third"]
    assert [one["amount"] for one in page.context["entries"]] == ["+$5.00", "−$50.00", "+$20.00", "+$30.00"]
    assert page.context["entries"][1]["lesson"].startswith("Piano with Ana A.")
    assert page.context["entries"][2]["why"] == "Given by us: The second"


def test_a_letter_tells_of_credit_before_it_ends_once(cast: Cast, settings: Any):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    credit = credits.grant(cast.ben_student, amount=30_00, reason="Sorry", by=cast.staff)
    assert "The reason: “Sorry”" in text(to("ben@example.com", react()))
    soon = credit.expires_at - credits.WARN_BEFORE
    assert credits.warn(now=soon - timedelta(seconds=1)) == 0
    assert [credits.warn(now=soon) for _ in range(2)] == [1, 0]
    told = to("ben@example.com", react())
    assert told["Subject"].startswith("$30.00 of your credit ends on ")
    credits.expire(now=credit.expires_at)
    assert "was not used" in text(to("ben@example.com", react()))


def test_credit_that_was_spent_is_not_warned_of(cast: Cast):
    credit = credits.grant(cast.ben_student, amount=30_00, reason="Sorry", by=cast.staff)
    paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student, use_credit=True)
    assert credits.warn(now=credit.expires_at - timedelta(days=1)) == 0


@pytest.mark.usefixtures("payments_on")
def test_the_quote_says_what_five_lessons_cost_and_on_which_terms(cast: Cast, ben: Client):
    saved(cast)
    page = ben.get(reverse(BUY), {"offering": cast.piano.pk})
    assert [line["amount"] for line in page.context["lines"]] == ["$400.00", "$48.00"]
    assert page.context["total"] == "$448.00"
    days = (clock.now() + timedelta(days=365)).strftime("%Y")
    assert page.context["until"].endswith(days)
    assert b"What you do not use is refunded." in page.content
    assert b"Buy for $448.00" in page.content
    assert not Package.objects.exists()
    fewer = ben.get(reverse(BUY), {"offering": cast.piano.pk, "lessons": 3, "duration": 30})
    assert fewer.context["total"] == "$134.40"


@pytest.mark.usefixtures("payments_on")
@pytest.mark.parametrize(
    "query",
    [{"lessons": "1"}, {"lessons": "999999999999"}, {"lessons": "-5"}, {"duration": "45"}, {"duration": "x"}],
)
def test_a_strange_wish_shows_the_usual_package(cast: Cast, ben: Client, query: dict[str, str]):
    page = ben.get(reverse(BUY), {"offering": cast.piano.pk, **query})
    assert page.context["total"] == "$448.00"


@pytest.mark.usefixtures("payments_on")
@pytest.mark.parametrize("offering", ["", "0", "999999999", "9" * 40, "x", "-1"])
def test_what_is_not_offered_cannot_be_bought(cast: Cast, ben: Client, offering: str):
    for method in (ben.get, ben.post):
        assert method(reverse(BUY), {"offering": offering}).status_code == 404


def test_where_payments_are_off_nothing_is_sold(cast: Cast, ben: Client):
    assert ben.get(reverse(BUY), {"offering": cast.piano.pk}).status_code == 404
    assert ben.get(f"/@{cast.piano.instructor.slug}").context["package_url"] == ""


def test_five_lessons_are_bought_shown_and_the_rest_given_back(
    cast: Cast, ben: Client, stripe_here: StripeStandIn
):
    a_card(cast.ben_student)
    link = ben.get(f"/@{cast.piano.instructor.slug}").context["package_url"]
    assert ben.get(link).context["total"] == "$448.00"
    form = {**quote(ben, cast), "card": Card.objects.get().pk}
    done = ben.post(reverse(BUY), form, follow=True)
    assert b"5 lessons bought." in done.content
    [shown] = done.context["packages"]
    assert (shown["left"], shown["title"]) == ("5 lessons left", "5 lessons of Piano with Ana A., 60 min")
    assert stripe_here.total("captured") == 448_00
    package = Package.objects.get()
    paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student, package=package)

    page = ben.get(shown["refund_url"])
    assert page.context["rest"]["total"] == "$358.40"
    assert [line["amount"] for line in page.context["rest"]["lines"]] == ["$320.00", "$38.40"]
    assert stripe_here.total("refunded") == 0
    back = ben.post(shown["refund_url"], {"total": page.context["seen"]}, follow=True)
    assert b"$358.40 is on its way back to your Visa ending in 4242." in back.content
    work.run(now=clock.now())
    assert stripe_here.total("refunded") == 358_40
    assert ben.get(reverse("bookings:packages")).context["packages"][0]["refund_url"] == ""
    again = ben.post(shown["refund_url"], {"total": page.context["seen"]}, follow=True)
    assert b"Nothing of that package is left" in again.content


def test_the_same_form_sent_twice_buys_once(cast: Cast, ben: Client, stripe_here: StripeStandIn):
    card = a_card(cast.ben_student)
    form = {**quote(ben, cast), "card": card.pk}
    for _ in range(2):
        assert ben.post(reverse(BUY), form).url == reverse("bookings:packages")
    assert (Package.objects.count(), stripe_here.total("captured")) == (1, 448_00)
    assert ben.post(reverse(BUY), {**quote(ben, cast), "card": card.pk}).status_code == 302
    assert (Package.objects.count(), stripe_here.total("captured")) == (2, 2 * 448_00)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"total": "1"}, "__all__"), ({"total": "-44800"}, "total"), ({"total": "448.50"}, "total"),
        ({"total": "9" * 30}, "total"), ({"lessons": "1"}, "lessons"), ({"lessons": "21"}, "lessons"),
        ({"lessons": "2.5"}, "lessons"), ({"duration_min": "45"}, "duration_min"), ({"once": "x"}, "once"),
        ({"card": ""}, "card"), ({"card": "theirs"}, "card"), ({"card": "removed"}, "card"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("payments_on")
def test_a_form_that_was_tampered_with_buys_nothing(
    cast: Cast, ben: Client, wrong: dict[str, str], field: str
):
    cards = {
        "mine": saved(cast),
        "theirs": saved(cast, student=cast.cy_student),
        "removed": saved(cast, removed_at=clock.now()),
    }
    wrong = {name: str(cards[value].pk) if value in cards else value for name, value in wrong.items()}
    answer = ben.post(reverse(BUY), {**quote(ben, cast), "card": cards["mine"].pk, **wrong})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Package.objects.exists()
    assert not Payment.objects.exists()


@pytest.mark.usefixtures("payments_on")
def test_a_key_of_somebody_elses_purchase_is_nothing(cast: Cast, ben: Client):
    card = saved(cast, student=cast.cy_student)
    theirs = packages.buy(cast.cy_student, cast.piano, duration_min=60, lessons=5, card=card, by=cast.cy)
    form = {**quote(ben, cast), "card": saved(cast).pk, "once": theirs.payment_id}
    assert ben.post(reverse(BUY), form).status_code == 404
    assert [one.student for one in Package.objects.all()] == [cast.cy_student]


def test_a_declined_card_leaves_the_quote_and_another_one_buys(
    cast: Cast, ben: Client, stripe_here: StripeStandIn
):
    good, bad = a_card(cast.ben_student), a_card(cast.ben_student, "chargeCustomerFail")
    answer = ben.post(reverse(BUY), {**quote(ben, cast), "card": bad.pk})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["card"])
    assert b"did not accept this card" in answer.content
    assert packages.of(cast.ben_student).count() == 0
    assert ben.get(reverse("bookings:payments")).context["payments"] == []
    # The page that says so can be sent again: it is another purchase.
    again = {**dict(answer.context["fields"]), "card": good.pk}
    assert ben.post(reverse(BUY), again).url == reverse("bookings:packages")
    assert stripe_here.total("captured") == 448_00


def test_a_bank_that_asks_is_answered_on_its_page_without_a_script(
    cast: Cast, ben: Client, stripe_here: StripeStandIn
):
    card = a_card(cast.ben_student, "authenticationRequired")
    bank = ben.post(reverse(BUY), {**quote(ben, cast), "card": card.pk}, follow=True)
    payment = Payment.objects.get()
    assert payment.status == PaymentStatus.ACTION_REQUIRED
    assert bank.redirect_chain == [(reverse("bookings:payment_bank", args=[payment.pk]), 302)]
    assert bank.context["bank_url"].startswith(stripe_here.url)
    assert escape(bank.context["bank_url"]) in bank.content.decode()
    back = reverse("bookings:payment_back", args=[payment.pk])
    waiting = ben.get(back, follow=True)
    assert b"has not heard from you yet" in waiting.content
    assert stripe_here.total("captured") == 0
    bank_says(bank.context["bank_url"], "complete", back)
    done = ben.get(back, follow=True)
    assert b"Your bank has agreed." in done.content
    assert [one["left"] for one in done.context["packages"]] == ["5 lessons left"]
    assert stripe_here.total("captured") == 448_00


def bank_says(bank_url: str, answer: str, back: str) -> None:
    """What the student's browser does on the bank's page, which leads back to us."""
    response = httpx.post(bank_url, data={"answer": answer})
    assert urlsplit(response.headers["location"]).path == back


def test_a_bank_that_refuses_charges_nothing_and_leads_to_another_card(
    cast: Cast, ben: Client, stripe_here: StripeStandIn
):
    card = a_card(cast.ben_student, "authenticationRequired")
    bank = ben.post(reverse(BUY), {**quote(ben, cast), "card": card.pk}, follow=True)
    back = reverse("bookings:payment_back", args=[Payment.objects.get().pk])
    bank_says(bank.context["bank_url"], "fail", back)
    answer = ben.get(back, follow=True)
    assert b"Nothing was charged. You can try another card." in answer.content
    assert answer.redirect_chain[-1][0].startswith(reverse(BUY))
    assert (stripe_here.total("captured"), packages.of(cast.ben_student).count()) == (0, 0)


def test_a_package_that_was_closed_takes_a_cancelled_lesson_back_and_refunds_it(
    cast: Cast, ben: Client, stripe_here: StripeStandIn
):
    card = a_card(cast.ben_student)
    package = packages.buy(cast.ben_student, cast.piano, duration_min=60, lessons=2, card=card, by=cast.ben)
    on_session.pay_now(package.payment, return_url="http://localhost/")
    lesson = paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student, package=package)
    packages.refund_rest(package, by=cast.ben)
    lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
    [shown] = ben.get(reverse("bookings:packages")).context["packages"]
    assert shown["left"] == "1 lesson left"
    ben.post(shown["refund_url"], {"total": 89_60})
    work.run(now=clock.now())
    assert stripe_here.total("refunded") == 2 * 89_60
    assert packages.held(cast.ben_student) == 0


@pytest.mark.parametrize("total", ["", "1", "-1", "1.5", "9" * 20])
def test_a_refund_is_of_the_amount_that_was_shown(cast: Cast, ben: Client, total: str):
    package = a_paid_package(cast)
    answer = ben.post(reverse("bookings:refund_package", args=[package.pk]), {"total": total})
    assert answer.status_code == 422
    package.refresh_from_db()
    assert (package.left, package.closed_at, package.payment.refunded) == (5, None, 0)


def a_paid_package(cast: Cast) -> Package:
    """As if it had been charged; nothing here asks Stripe."""
    package = packages.buy(
        cast.ben_student, cast.piano, duration_min=60, lessons=5, card=saved(cast), by=cast.ben
    )
    Payment.objects.filter(pk=package.payment_id).update(status=PaymentStatus.CAPTURED, captured=448_00)
    Package.objects.filter(pk=package.pk).update(paid_at=clock.now())
    package.refresh_from_db()
    return package


@pytest.mark.usefixtures("payments_on")
def test_somebody_elses_money_is_not_found_and_nothing_moves(cast: Cast, client: Client):
    package = a_paid_package(cast)
    credits.grant(cast.ben_student, amount=30_00, reason="Sorry", by=cast.staff)
    addresses = [
        reverse("bookings:receipt", args=[package.payment_id]),
        reverse("bookings:payment_bank", args=[package.payment_id]),
        reverse("bookings:payment_back", args=[package.payment_id]),
        reverse("bookings:refund_package", args=[package.pk]),
    ]
    for address in addresses:
        assert client.get(address).url.startswith(reverse("account_login"))
    for user in (cast.cy, cast.ana, cast.staff):
        client.force_login(user)
        for address in addresses:
            assert client.get(address).status_code == 404
        assert client.post(addresses[-1], {"total": 448_00}).status_code == 404
        for name in ("payments", "packages", "credit"):
            page = client.get(reverse(f"bookings:{name}"))
            shown = [page.context.get(what) for what in ("payments", "packages", "credits")]
            assert not any(shown)
    package.refresh_from_db()
    assert (package.left, package.payment.refunded) == (5, 0)
    assert ledger.balance(ledger.credit_of(cast.ben_student.pk)) == 30_00


@pytest.mark.usefixtures("payments_on")
def test_nobody_buys_lessons_of_their_own(cast: Cast, client: Client):
    client.force_login(cast.ana)
    assert client.get(reverse(BUY), {"offering": cast.piano.pk}).status_code == 404
