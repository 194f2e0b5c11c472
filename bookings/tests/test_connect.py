"""Instructors' accounts and cards of students: who may, what Stripe wants, what staff hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from bookings.models import Card, Customer
from bookings.services import connect, ledger
from bookings.services.payments import cards, refunds, review, work
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from bookings.tests.paying import (
    a_card,
    due_payment,
    paid_lesson,
    payment_of,
    payout_account,
    stripe_here,
)
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound
from instructors.models import PayoutAccount
from ops.stand_ins.stripe.money import fee_on
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True)]
__all__ = ["stripe_here"]


def test_an_instructor_is_led_to_stripe_and_paid_when_they_are_ready(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    ana = cast.piano.instructor
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    work.run(now=clock.now())
    urls = [
        connect.onboarding_url(ana, return_url="http://localhost/a", refresh_url="http://localhost/b")
        for _ in range(2)
    ]
    assert all(url.startswith(stripe_here.url) for url in urls)
    account = PayoutAccount.objects.get()
    assert not account.is_ready
    assert "A bank account for your earnings" in connect.requirements(account)
    stripe_here.onboard(account.stripe_id, complete=False)
    account = connect.refresh(ana)
    assert account is not None
    assert "A photo of an identity document" in connect.requirements(account)
    stripe_here.onboard(account.stripe_id)
    account = connect.refresh(ana)
    assert account is not None
    assert (account.is_ready, connect.requirements(account)) == (True, [])
    work.run(now=clock.now())
    payment.refresh_from_db()
    assert (payment.transferred, stripe_here.total("transferred")) == (68_00, 68_00)


def test_while_payouts_are_held_nothing_is_sent(cast: Cast, stripe_here: StripeStandIn) -> None:
    account = payout_account(cast.piano, stripe_here)
    connect.hold(cast.piano.instructor, reason="identity in doubt", by=cast.staff)
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    work.run(now=clock.now())
    assert stripe_here.total("transferred") == 0
    with pytest.raises(Conflict):
        connect.hold(cast.piano.instructor, reason="again", by=cast.staff)
    with pytest.raises(Invalid):
        connect.release(cast.piano.instructor, reason=" ", by=cast.staff)
    connect.release(cast.piano.instructor, reason="it is her", by=cast.staff)
    work.run(now=clock.now())
    payment.refresh_from_db()
    assert payment.transferred == 68_00
    told = [(event.kind, event.by) for event in history(account)]
    assert told == [(Kind.PAYOUTS_HELD, cast.staff), (Kind.PAYOUTS_RELEASED, cast.staff)]


def test_a_refund_is_told_before_and_takes_back_what_was_sent(cast: Cast, stripe_here: StripeStandIn) -> None:
    payout_account(cast.piano, stripe_here)
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    work.run(now=clock.now())
    payment.refresh_from_db()
    plan = refunds.preview(payment, amount=44_80)
    assert (plan.from_instructor, plan.from_platform, plan.left) == (34_00, 10_80, 44_80)
    assert refunds.preview(payment, amount=44_80, instructor_bears=False).from_platform == 44_80
    refunds.execute(payment, amount=44_80, reason="half of it was silence", by=cast.staff)
    work.run(now=clock.now())
    work.run(now=clock.now())
    payment.refresh_from_db()
    assert (payment.refunded, payment.to_instructor, payment.transferred) == (44_80, 34_00, 34_00)
    assert (stripe_here.total("refunded"), stripe_here.total("reversed")) == (44_80, 34_00)
    told = [event for event in history(payment) if event.kind == Kind.PAYMENT_REFUNDED]
    assert [(event.by, event.data["reason"]) for event in told] == [(cast.staff, "half of it was silence")]
    refunds.execute(payment, amount=44_80, reason="and the rest", by=cast.staff)
    work.run(now=clock.now())
    work.run(now=clock.now())
    payment.refresh_from_db()
    assert (payment.refunded, payment.to_instructor, payment.transferred) == (89_60, 0, 0)
    fee = fee_on(89_60)
    assert [ledger.balance(who) for who in (ledger.STRIPE, ledger.PLATFORM)] == [fee, -fee]


@pytest.mark.parametrize("amount", [0, -1, 89_61, 10**12])
def test_refunds_that_cannot_be(cast: Cast, stripe_here: StripeStandIn, amount: int) -> None:
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    with pytest.raises(Conflict):
        refunds.preview(payment, amount=10_00)
    work.run(now=clock.now())
    payment.refresh_from_db()
    with pytest.raises(Invalid):
        refunds.execute(payment, amount=amount, reason="x", by=cast.staff)
    with pytest.raises(Invalid):
        refunds.execute(payment, amount=10_00, reason="  ", by=cast.staff)
    assert stripe_here.journal(what="refunded") == []


def test_a_card_is_saved_with_the_payment_element_and_is_nobody_elses(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    setup, secret = cards.begin(cast.ben_student)
    assert secret.startswith(setup)
    with pytest.raises(Conflict) as refusal:
        cards.finish(cast.ben_student, setup, by=cast.ben)
    assert refusal.value.code == "card_not_saved"
    stripe_here.client().v1.setup_intents.confirm(setup, {"payment_method": "pm_card_visa"})
    with pytest.raises(NotFound):
        cards.finish(cast.cy_student, setup, by=cast.cy)
    card = cards.finish(cast.ben_student, setup, by=cast.ben)
    assert cards.finish(cast.ben_student, setup, by=cast.ben).pk == card.pk
    assert (str(card), Card.objects.count(), Customer.objects.count()) == ("Visa ending in 4242", 1, 1)
    assert cards.card_for(cast.ben, card.pk) == card
    for user, number in [(cast.cy, card.pk), (cast.staff, card.pk), (cast.ben, card.pk + 1), (cast.ben, "x")]:
        with pytest.raises(NotFound):
            cards.card_for(user, number)


def test_a_card_that_is_needed_stays_and_another_goes(cast: Cast, stripe_here: StripeStandIn) -> None:
    needed, spare = a_card(cast.ben_student), a_card(cast.ben_student, "mastercard")
    paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student, card=needed)
    with pytest.raises(Conflict) as refusal:
        cards.remove(needed, by=cast.ben)
    assert refusal.value.code == "card_in_use"
    cards.remove(spare, by=cast.ben)
    cards.remove(spare, by=cast.ben)
    assert list(cards.of(cast.ben_student)) == [needed]


def test_a_declined_card_is_not_saved_and_stripe_away_changes_nothing(
    cast: Cast, stripe_here: StripeStandIn, settings
) -> None:
    with pytest.raises(Conflict) as refusal:
        a_card(cast.ben_student, "chargeDeclined")
    assert refusal.value.code == "card_declined"
    settings.STRIPE_API_BASE = "http://localhost:9"
    with pytest.raises(cards.StripeAway):
        cards.begin(cast.cy_student)
    assert not Card.objects.exists()


def test_what_nobody_could_charge_waits_for_staff_who_settle_it(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    soon = local_time(in_days(5), 12)
    with time_machine.travel(soon - timedelta(hours=3)):
        lesson = booked(cast.piano, soon, cast.ben_student)
    payment = payment_of(lesson)
    assert list(review.queue()) == [payment]
    with pytest.raises(Invalid):
        review.resolve(payment, reason="", by=cast.staff)
    resolved = review.resolve(payment, reason="paid in cash", by=cast.staff)
    assert (resolved.status, list(review.queue())) == ("cancelled", [])
    assert history(payment)[-1].kind == Kind.PAYMENT_RESOLVED
