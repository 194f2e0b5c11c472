"""Getting paid through pages: to Stripe and back, what is wanted, what is held, what went to the bank."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bookings.services import connect, ledger
from bookings.services.connect import Standing
from bookings.services.stripe_facts import PayoutFacts
from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, booked, in_days, local_time
from bookings.tests.paying import charged, payout_account, sent_on, stripe_here
from bookings.tests.test_letters import react, text
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.events.models import Event
from instainstru.lib import clock
from instructors.models import Instructor, Payout, PayoutAccount
from ops.stand_ins.testing import StripeStandIn

pytestmark = pytest.mark.django_db
__all__ = ["stripe_here"]
PAGE = "/office/getting-paid"


@pytest.fixture
def ana(client: Client, cast: Cast) -> Instructor:
    """Ana at her desk."""
    client.force_login(cast.ana)
    return cast.piano.instructor


def account(instructor: Instructor, **facts: Any) -> PayoutAccount:
    return PayoutAccount.objects.create(
        instructor=instructor, stripe_id=f"acct_{instructor.pk}", created_at=clock.now(), **facts
    )


READY = {"takes_transfers": True, "pays_out": True, "details_submitted": True}
WANTS = (Standing.WANTED, Standing.READY)
WORDS = {
    "individual.dob.day": ["Your date of birth"],
    "individual.id_number": ["Your tax or social security number"],
}


def payout(number: int, status: str, **facts: Any) -> PayoutFacts:
    arrives = int((clock.now() + timedelta(days=2)).timestamp())
    known = {"id": f"po_{number}", "amount": 68_00, "status": status, "arrives": arrives, "failure": ""}
    return PayoutFacts(**(known | facts))


@pytest.mark.parametrize(
    ("facts", "stand", "action"),
    [
        (None, Standing.NONE, "Set up getting paid"),
        ({}, Standing.BEGUN, "Go on at Stripe"),
        ({"details_submitted": True, "requirements": ["individual.dob.day"]}, Standing.WANTED,
         "Give it to Stripe"),
        ({"details_submitted": True}, Standing.CHECKING, ""),
        ({**READY, "pays_out": False}, Standing.NO_BANK, "Mend it at Stripe"),
        (READY, Standing.READY, ""),
        ({**READY, "requirements": ["individual.id_number"]}, Standing.READY, "Give it to Stripe"),
        ({"disabled_reason": "rejected.fraud", "requirements": ["individual.dob"]}, Standing.CLOSED, ""),
    ],
)  # fmt: skip
def test_each_standing_has_its_words_and_its_way_on(
    client: Client, ana: Instructor, payments_on: None, facts: Any, stand: Standing, action: str
) -> None:
    if facts is not None:
        account(ana, **facts)
    response = client.get(PAGE)
    standing = response.context["standing"]
    assert (response.status_code, standing["key"], standing["action"]) == (200, stand, action)
    assert standing["text"] in response.content.decode()
    assert (action in response.content.decode()) or not action
    wanted = response.context["standing"]["wanted"]
    assert wanted == (WORDS[facts["requirements"][0]] if stand in WANTS and "requirements" in facts else [])
    assert all(one in response.content.decode() for one in wanted)
    assert "form-action 'self' https://connect.stripe.com" in response["Content-Security-Policy"]


def test_where_payments_are_off_there_is_nothing_to_set_up(client: Client, ana: Instructor) -> None:
    response = client.get(PAGE)
    assert "Payments are not switched on here" in response.content.decode()
    refused = client.post(f"{PAGE}/start")
    assert refused.status_code == 409
    assert client.get(f"{PAGE}/back").url == PAGE
    assert not PayoutAccount.objects.exists()


@pytest.mark.parametrize("told", [True, False])
def test_why_payouts_are_held_is_told_only_where_it_is_meant_for_the_instructor(
    client: Client, cast: Cast, ana: Instructor, payments_on: None, told: bool
) -> None:
    found = account(ana, **READY)
    connect.hold(ana, reason="two people use one passport", by=cast.staff, tell=told)
    body = client.get(PAGE).content.decode()
    assert "We send you nothing for the time being" in body
    assert ("two people use one passport" in body) == told
    [letter] = react()
    assert letter["Subject"] == "Your payouts are held for now"
    assert ("two people use one passport" in text(letter)) == told
    connect.release(ana, reason="a mistake of ours", by=cast.staff)
    body = client.get(PAGE).content.decode()
    assert "We send you nothing" not in body
    found.refresh_from_db()
    assert (found.held_why, found.held_is_told) == ("", False)
    [letter] = react()
    assert "a mistake of ours" not in text(letter)


def test_the_steps_to_being_listed_name_it_and_do_not_wait_for_it(
    client: Client, ana: Instructor, payments_on: None
) -> None:
    def told() -> Any:
        return client.get(reverse("instructors:listing")).context["payouts"]

    assert told() == {"done": False, "begun": False, "url": PAGE}
    found = account(ana)
    assert told() == {"done": False, "begun": True, "url": PAGE}
    PayoutAccount.objects.filter(pk=found.pk).update(takes_transfers=True, pays_out=True)
    assert told() == {"done": True, "begun": True, "url": PAGE}
    path = client.get(reverse("instructors:listing")).context["path"]
    assert "Getting paid" not in [step["label"] for step in path["steps"]]


def test_the_steps_say_nothing_of_it_where_payments_are_off(client: Client, ana: Instructor) -> None:
    assert client.get(reverse("instructors:listing")).context["payouts"] is None


def test_a_payout_is_followed_to_the_bank_and_never_backwards(client: Client, ana: Instructor) -> None:
    found = account(ana, **READY)
    for status in ("pending", "in_transit", "paid", "in_transit", "paid", "pending"):
        connect.observe_payout(found.stripe_id, payout(1, status))
    connect.observe_payout(found.stripe_id, payout(2, "in_transit", amount=20_00))
    connect.observe_payout("acct_of_nobody", payout(3, "paid"))
    connect.observe_payout(found.stripe_id, payout(4, "unheard_of"))
    assert [(one.stripe_id, one.status) for one in connect.payouts_of(found)] == [
        ("po_2", "in_transit"), ("po_1", "paid"),
    ]  # fmt: skip
    assert [event.kind for event in history(found)] == [Kind.PAYOUT_PAID]
    shown = client.get(PAGE).context["payouts"]
    assert [(one["amount"], one["status"]) for one in shown] == [
        ("$20.00", "on its way"), ("$68.00", "arrived"),
    ]  # fmt: skip


def test_a_payout_that_came_back_is_said_with_the_way_out(client: Client, ana: Instructor) -> None:
    found = account(ana, **READY)
    said = "The account has been closed."
    connect.observe_payout(found.stripe_id, payout(1, "paid"))
    connect.observe_payout(found.stripe_id, payout(1, "failed", failure=said))
    connect.observe_payout(found.stripe_id, payout(1, "failed", failure=said))
    for address in (PAGE, "/office/earnings"):
        body = client.get(address).content.decode()
        assert f"Your bank sent it back: {said}" in body
        assert "Correct the bank account there, and Stripe sends it again." in body
    [letter] = react()
    assert letter["Subject"] == "Your bank sent back $68.00"
    assert letter["To"] == "Ana Alvarez <ana@example.com>"
    assert (said in text(letter), f"http://localhost:8000{PAGE}" in text(letter)) == (True, True)
    assert ledger.balance(ledger.of_instructor(ana.pk)) == 0


def test_payouts_are_nobody_elses(client: Client, cast: Cast, ana: Instructor, payments_on: None) -> None:
    connect.observe_payout(account(ana, **READY).stripe_id, payout(1, "paid"))
    other = InstructorFactory()
    client.force_login(other.user)
    assert client.get(PAGE).context["payouts"] == []
    assert client.get("/office/earnings").context["payouts"] == []
    assert client.post(f"{PAGE}/dashboard").status_code == 404
    assert client.get(f"{PAGE}/again").url == PAGE
    assert PayoutAccount.objects.get().instructor == ana


@pytest.mark.django_db(transaction=True)
def test_to_stripe_and_back_again(client: Client, ana: Instructor, stripe_here: StripeStandIn) -> None:
    assert client.get(f"{PAGE}/start").status_code == 405
    first = client.post(f"{PAGE}/start").url
    assert first.startswith(stripe_here.url)
    # A link that was too old leads back here, and from here to a new one.
    assert client.get(f"{PAGE}/again").url != first
    found = PayoutAccount.objects.get()
    assert client.get(f"{PAGE}/back").url == PAGE
    assert client.get(PAGE).context["standing"]["key"] == Standing.BEGUN
    stripe_here.onboard(found.stripe_id)
    back = client.get(f"{PAGE}/back", follow=True)
    assert "what you earn is sent to you from now on" in back.content.decode()
    assert back.context["standing"]["is_ready"]
    assert client.post(f"{PAGE}/dashboard").url.startswith(stripe_here.url)
    assert PayoutAccount.objects.count() == 1
    assert stripe_here.url in client.get(PAGE)["Content-Security-Policy"]


@pytest.mark.django_db(transaction=True)
def test_stripe_that_does_not_answer_is_said_and_nothing_is_lost(
    client: Client, cast: Cast, ana: Instructor, stripe_here: StripeStandIn, settings: Any
) -> None:
    payout_account(cast.piano, stripe_here)
    settings.STRIPE_API_BASE = "http://localhost:9"
    for way in ("start", "dashboard"):
        answer = client.post(f"{PAGE}/{way}", follow=True)
        assert (answer.status_code, answer.redirect_chain[0][0]) == (200, PAGE)
        assert "Nothing is lost; please try again in a moment." in answer.content.decode()
    assert "Stripe does not answer just now" in client.get(f"{PAGE}/back", follow=True).content.decode()
    assert PayoutAccount.objects.get().takes_transfers


@pytest.mark.django_db(transaction=True)
def test_what_is_on_its_way_is_told_apart_from_what_was_sent(
    client: Client, cast: Cast, ana: Instructor, stripe_here: StripeStandIn
) -> None:
    account(ana, **READY)
    payment = charged(booked(cast.piano, local_time(in_days(3), 12), cast.ben_student))
    assert "$68.00 is on its way to you." in client.get(PAGE).content.decode()
    sent_on(payment)
    assert "$68.00" not in client.get(PAGE).content.decode()
    assert Event.objects.filter(kind=Kind.TRANSFER_MADE).count() == 1
    assert not Payout.objects.exists()
