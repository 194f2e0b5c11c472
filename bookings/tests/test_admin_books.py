"""The back office of money: the books, credit, payouts and missed lessons."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bookings.models import Account, Booking, Credit, Entry, Miss, Payment, Posting
from bookings.services import credits, ledger
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from bookings.tests.test_admin_money import charged, only, text, url
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.lib import clock
from instructors.models import PayoutAccount

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment(cast: Cast) -> Payment:
    return charged(cast)


def test_the_trial_balance_sums_each_kind_to_nothing(office: Client, payment: Payment):
    response = office.get("/admin/bookings/account/trial/")
    assert response.context["is_right"] is True
    assert [list(row) for row in response.context["table"].rows] == [
        ["Student (held for a lesson)", "$0.00"],
        ["Student's credit", "$0.00"],
        ["Student's packages", "$0.00"],
        ["Instructor", "+$68.00"],
        ["InstaInstru", "+$18.70"],
        ["Stripe", "−$86.70"],
        ["Together", "$0.00"],
    ]


def test_accounts_show_whose_they_are_and_what_they_hold(
    office: Client, cast: Cast, payment: Payment, django_assert_num_queries: Any
):
    with django_assert_num_queries(5):  # person, count, rows, balances, instructors
        rows = office.get("/admin/bookings/account/").context["cl"].result_list
    assert {(row.kind, row.held, row.owner_name) for row in rows} == {
        ("stripe", -86_70, ""), ("instructor", 68_00, "Ana Alvarez"), ("platform", 18_70, ""),
    }  # fmt: skip
    found = office.get("/admin/bookings/account/", {"q": "alvarez"}).context["cl"].result_list
    assert [row.kind for row in found] == ["instructor"]
    page = text(office.get(url(found[0])))
    assert "+$68.00" in page
    assert "Card charged" in page


def test_statements_of_a_student_and_an_instructor(office: Client, cast: Cast, payment: Payment):
    credits.grant(cast.ben_student, amount=5_00, reason="sorry", by=cast.staff)
    bens = office.get(reverse("admin:bookings_account_student", args=[cast.ben_student.pk]))
    assert bens.context["balances"] == [("Student's credit", "$5.00")]
    assert "Credit granted" in text(bens)
    assert "Card charged" not in text(bens)
    anas = office.get(reverse("admin:bookings_account_instructor", args=[cast.piano.instructor_id]))
    assert anas.context["balances"] == [("Instructor", "$68.00")]
    assert office.get(reverse("admin:bookings_account_student", args=[10**9])).status_code == 404
    only(cast, "view_payment")
    assert (
        office.get(reverse("admin:bookings_account_student", args=[cast.ben_student.pk])).status_code == 403
    )


def test_postings_are_listed_with_their_entries(
    office: Client, cast: Cast, payment: Payment, django_assert_num_queries: Any
):
    with django_assert_num_queries(5):  # person, count, rows, entries, accounts
        page = office.get("/admin/bookings/posting/")
    assert len(page.context["cl"].result_list) == 2
    assert "Stripe −$89.60" in text(page)
    account = Account.objects.get(kind="instructor")
    assert len(office.get("/admin/bookings/posting/", {"account": account.pk}).context["cl"].result_list) == 1
    for query, number in ((str(payment.pk), 2), (str(Posting.objects.first().pk), 1), ("nonsense", 0)):  # type: ignore[union-attr]
        assert len(office.get("/admin/bookings/posting/", {"q": query}).context["cl"].result_list) == number
    assert Entry.objects.count() == 5


def grant(office: Client, cast: Cast, **data: Any) -> Any:
    return office.post(url(cast.ben_student, "grant"), {"reason": "We were late", "seen": "0", **data})


def test_credit_is_granted_with_a_reason_once(office: Client, cast: Cast):
    assert grant(office, cast, amount="12.50").status_code == 302
    credit = Credit.objects.get()
    assert (credit.amount, credit.left, credit.reason) == (12_50, 12_50, "We were late")
    assert ledger.balance(ledger.credit_of(cast.ben_student.pk)) == 12_50
    event = history(credit)[-1]
    assert (event.kind, event.by) == (Kind.CREDIT_GRANTED, cast.staff)
    again = grant(office, cast, amount="12.50")
    assert again.status_code == 422
    assert "This student was given credit meanwhile." in text(again)
    assert Credit.objects.count() == 1
    assert "12.50" in text(office.get(url(credit)))


@pytest.mark.parametrize("amount", ["-1", "0", "1.005", "£5", "1000000.01", "", "ten"])
def test_credit_that_is_no_amount_is_refused(office: Client, cast: Cast, amount: str):
    response = grant(office, cast, amount=amount)
    assert response.status_code == 422
    assert "amount" in response.context["form"].errors
    assert not Credit.objects.exists()


def test_who_may_not_grant_sees_no_button_and_gets_403(office: Client, cast: Cast):
    only(cast, "view_student", "change_student")
    assert office.get(url(cast.ben_student)).context["acts"] == []
    assert grant(office, cast, amount="5").status_code == 403
    assert not Credit.objects.exists()


def an_account(cast: Cast) -> PayoutAccount:
    return PayoutAccount.objects.create(
        instructor=cast.piano.instructor, stripe_id="acct_1", takes_transfers=True, pays_out=True,
        created_at=clock.now(),
    )  # fmt: skip


def test_payouts_are_held_and_released_with_a_reason(office: Client, cast: Cast, payment: Payment):
    account = an_account(cast)
    Payment.objects.update(transfer_at=None)
    assert office.post(url(account, "hold"), {"reason": ""}).status_code == 422
    assert office.post(url(account, "hold"), {"reason": "Papers look odd"}).status_code == 302
    account.refresh_from_db()
    assert (account.held_why, account.is_ready) == ("Papers look odd", False)
    assert not account.held_is_told
    assert office.post(url(account, "hold"), {"reason": "again"}).status_code == 422
    held = office.get("/admin/instructors/payoutaccount/", {"payouts": "held"})
    assert list(held.context["cl"].result_list) == [account]
    assert "“Papers look odd”" in text(office.get(url(account)))
    assert "is owed $68.00" in text(office.get(url(account, "release")))
    assert office.post(url(account, "release"), {"reason": "They are right"}).status_code == 302
    told = [(event.kind, event.by, event.data["why"]) for event in history(account)]
    assert told == [
        (Kind.PAYOUTS_HELD, cast.staff, "Papers look odd"),
        (Kind.PAYOUTS_RELEASED, cast.staff, "They are right"),
    ]
    payment.refresh_from_db()
    assert payment.transfer_at is not None
    assert office.post(url(account, "hold"), {"reason": "Send a photo", "tell": "on"}).status_code == 302
    account.refresh_from_db()
    assert account.held_is_told
    only(cast, "view_payoutaccount")
    assert office.get(url(account)).context["acts"] == []
    assert office.post(url(account, "hold"), {"reason": "no"}).status_code == 403


def test_a_missed_lesson_is_forgiven_by_who_may(office: Client, cast: Cast):
    lesson: Booking = booked(cast.piano, local_time(in_days(3), 10), cast.ben_student)
    miss = Miss.objects.create(
        instructor=cast.piano.instructor, booking=lesson, cause="no_show", number=1, happened_at=clock.now()
    )
    listed = office.get("/admin/bookings/miss/", {"counts": "yes"})
    assert list(listed.context["cl"].result_list) == [miss]
    only(cast, "view_miss")
    assert office.get(url(miss)).context["acts"] == []
    assert office.post(url(miss, "forgive"), {"reason": "Snow"}).status_code == 403
    only(cast, "view_miss", "change_miss")
    assert office.post(url(miss, "forgive"), {"reason": "Snow"}).status_code == 302
    miss.refresh_from_db()
    assert (miss.forgiven_by, miss.forgiven_why) == (cast.staff, "Snow")
    assert office.post(url(miss, "forgive"), {"reason": "Snow"}).status_code == 422
