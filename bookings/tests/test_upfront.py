"""A lesson so near that its card is due at once: booked when the card holds the amount, and not before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection

from bookings.models import Booking, Card, Payment, PaymentStatus, Status, Step
from bookings.services import checkout, credits, history, ledger, lifecycle, sweeps
from bookings.services.payments import on_session, plan, steps, upfront, work
from bookings.services.payments.plan import Pay
from bookings.tests.cast import Cast
from bookings.tests.factories import held, in_days, local_time
from bookings.tests.paying import a_card, at, payment_of, postings, stripe_here, work_at
from bookings.tests.racing import PATIENCE, race
from bookings.tests.test_letters import react
from bookings.tests.test_payment_letters import to_ben
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stripe_here")]
__all__ = ["stripe_here"]
S = PaymentStatus
BACK = "http://localhost/back"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def hold(cast: Cast) -> Iterator[Booking]:
    """A time held three hours before; the clock runs on."""
    start = local_time(in_days(5), 12)
    with at(start, hours=-3):
        yield held(cast.piano, start, cast.ben_student)


def press(hold: Booking, **pay: Any) -> Payment | None:
    """The button of the confirm page."""
    return checkout.book(hold, by=hold.student.user, pay=Pay(**pay), return_url=BACK)


def status_of(hold: Booking) -> str:
    hold.refresh_from_db()
    return hold.status


def test_a_card_that_holds_the_amount_books_the_lesson(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    payment = press(hold, card=a_card(cast.ben_student))
    assert payment is not None
    assert (status_of(hold), payment.status, payment.due_at) == (
        Status.CONFIRMED, S.AUTHORISED, hold.starts_at + timedelta(hours=25),
    )  # fmt: skip
    assert stripe_here.total("authorised") == 89_60
    work_at(hold.starts_at + timedelta(hours=25))
    payment.refresh_from_db()
    assert (payment.status, payment.captured) == (S.CAPTURED, 89_60)
    assert Payment.objects.count() == 1
    assert list(history.all_differences()) == []


def test_a_lesson_that_is_not_near_is_booked_without_asking_the_card(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    hold = held(cast.piano, local_time(in_days(5), 12), cast.ben_student)
    assert press(hold, card=a_card(cast.ben_student, "chargeCustomerFail")) is None
    assert (status_of(hold), payment_of(hold).status) == (Status.CONFIRMED, S.PLANNED)
    assert stripe_here.journal(what="declined") == []


def test_a_declined_card_leaves_the_time_held_and_another_card_books_it(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    first = press(hold, card=a_card(cast.ben_student, "chargeCustomerFail"))
    assert first is not None
    assert (first.status, first.ending, first.error_code) == (S.CANCELLED, "free", "generic_decline")
    assert status_of(hold) == Status.HELD
    assert hold.was_extended
    second = press(hold, card=a_card(cast.ben_student))
    assert second is not None
    assert (status_of(hold), second.status) == (Status.CONFIRMED, S.AUTHORISED)
    assert payment_of(hold) == second
    assert (stripe_here.total("authorised"), work_at(hold.starts_at)) == (89_60, 0)
    assert not Event.objects.filter(kind="booking.cancelled").exists()


def test_nobody_is_written_to_about_a_card_that_was_declined_on_the_page(cast: Cast, hold: Booking) -> None:
    react()
    press(hold, card=a_card(cast.ben_student, "chargeCustomerFail"))
    assert react() == []
    press(hold, card=a_card(cast.ben_student))
    assert to_ben(react())["Subject"].startswith("Booked")


def test_credit_is_free_for_the_next_card(cast: Cast, hold: Booking) -> None:
    credits.grant(cast.ben_student, amount=20_00, reason="sorry", by=cast.staff)
    declined = press(hold, card=a_card(cast.ben_student, "chargeCustomerFail"), use_credit=True)
    assert declined is not None
    assert (declined.total, credits.available(cast.ben_student)) == (69_60, 20_00)
    assert ledger.balance(ledger.of_student(cast.ben_student.pk)) == 0
    paid = press(hold, card=a_card(cast.ben_student), use_credit=True)
    assert paid is not None
    assert (status_of(hold), paid.credit, credits.available(cast.ben_student)) == (
        Status.CONFIRMED, 20_00, 0,
    )  # fmt: skip
    assert postings(paid) == [{"credit": -20_00, "student": 20_00}]


def test_a_card_is_required(cast: Cast, hold: Booking) -> None:
    with pytest.raises(Invalid) as refused:
        press(hold)
    assert refused.value.code == "card_required"
    assert (status_of(hold), Payment.objects.count()) == (Status.HELD, 0)


def test_a_card_that_is_removed_while_it_is_chosen_is_not_asked(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    card = a_card(cast.ben_student)
    Card.objects.filter(pk=card.pk).update(removed_at=clock.now())
    payment = press(hold, card=card)
    assert payment is not None
    assert (payment.ending, payment.error_code, status_of(hold)) == ("free", "no_card", Status.HELD)
    assert stripe_here.journal(what="authorised") == []


def test_somebody_else_s_card_is_none(cast: Cast, hold: Booking, stripe_here: StripeStandIn) -> None:
    with pytest.raises(NotFound):
        press(hold, card=a_card(cast.cy_student))
    assert (status_of(hold), Payment.objects.count(), stripe_here.journal()) == (Status.HELD, 0, [])


def asked(hold: Booking, cast: Cast) -> Payment:
    payment = press(hold, card=a_card(cast.ben_student, "authenticationRequired"))
    assert payment is not None
    assert (status_of(hold), payment.status) == (Status.HELD, S.ACTION_REQUIRED)
    return payment


def answer(payment: Payment, what: str) -> None:
    httpx.post(on_session.redirect_url(payment), data={"answer": what})


def test_an_answer_to_the_bank_books_the_lesson(cast: Cast, hold: Booking) -> None:
    answer(asked(hold, cast), "complete")
    payment = checkout.resume(hold, return_url=BACK)
    assert payment is not None
    assert (status_of(hold), payment.status) == (Status.CONFIRMED, S.AUTHORISED)


def test_a_student_who_never_comes_back_from_the_bank_is_booked_by_the_worker(
    cast: Cast, hold: Booking
) -> None:
    payment = asked(hold, cast)
    answer(payment, "complete")
    on_session.look(payment)  # as the webhook has it done
    assert status_of(hold) == Status.HELD
    work.run(now=clock.now())
    assert status_of(hold) == Status.CONFIRMED
    event = Event.objects.get(kind="booking.confirmed")
    assert event.by == cast.ben


def test_a_refusal_at_the_bank_leaves_the_time_held(cast: Cast, hold: Booking) -> None:
    answer(asked(hold, cast), "fail")
    payment = checkout.resume(hold, return_url=BACK)
    assert payment is not None
    assert (status_of(hold), payment.status, payment.ending) == (Status.HELD, S.CANCELLED, "free")


def test_another_card_while_the_bank_waits_ends_its_question(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    first = asked(hold, cast)
    second = press(hold, card=a_card(cast.ben_student))
    first.refresh_from_db()
    assert second is not None
    assert (first.status, second.status, status_of(hold)) == (S.CANCELLED, S.AUTHORISED, Status.CONFIRMED)
    assert stripe_here.total("authorised") == 89_60


def test_a_question_nobody_answers_ends_with_the_hold(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    payment = asked(hold, cast)
    hold.refresh_from_db()
    assert payment.due_at == hold.expires_at
    with at(hold.expires_at, seconds=1):
        sweeps.expire_holds(now=clock.now())
        work.run(now=clock.now())
    payment.refresh_from_db()
    assert (status_of(hold), payment.status) == (Status.EXPIRED, S.CANCELLED)
    assert stripe_here.journal(what="authorised") == []


def test_an_answer_that_comes_too_late_is_let_go_of(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    payment = asked(hold, cast)
    answer(payment, "complete")
    hold.refresh_from_db()
    with at(hold.expires_at, seconds=1):
        on_session.look(payment)
        work.run(now=clock.now())
    payment.refresh_from_db()
    assert (payment.status, stripe_here.total("released")) == (S.CANCELLED, 89_60)
    assert status_of(hold) == Status.HELD


def test_giving_the_time_up_lets_go_of_the_card(cast: Cast, hold: Booking) -> None:
    payment = asked(hold, cast)
    lifecycle.release(hold, by=cast.ben)
    work.run(now=clock.now())
    payment.refresh_from_db()
    assert (payment.status, payment.ending) == (S.CANCELLED, "free")


def test_the_api_does_not_book_what_the_page_is_paying(cast: Cast, hold: Booking) -> None:
    asked(hold, cast)
    with pytest.raises(Conflict) as refused:
        lifecycle.confirm(hold, by=cast.ben)
    assert refused.value.code == "payment_under_way"
    assert status_of(hold) == Status.HELD


class Crash(Exception):
    """The process is gone."""


def crash(*args: Any, **kwargs: Any) -> None:
    raise Crash


def crashed_press(
    hold: Booking, card: Card, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> Payment:
    with monkeypatch.context() as broken:
        broken.setattr(where, name, crash)
        with pytest.raises(Crash):
            press(hold, card=card)
    payment = upfront.of(hold)
    assert payment is not None
    return payment


@pytest.mark.parametrize(
    ("where", "name", "status"),
    [
        (steps, "carry_out", S.AUTHORISING),  # before the call
        (lifecycle, "confirm", S.AUTHORISING),  # after the call
        (work, "settle", S.AUTHORISING),  # while it is booked
    ],
)
def test_wherever_the_process_dies_the_worker_books_the_lesson_once(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn, monkeypatch, where, name, status
) -> None:
    payment = crashed_press(hold, a_card(cast.ben_student), monkeypatch, where, name)
    assert (payment.status, status_of(hold)) == (status, Status.HELD)
    with at(clock.now() + steps.LEASE + timedelta(seconds=5)):
        work.run(now=clock.now())
    payment.refresh_from_db()
    assert (payment.status, status_of(hold)) == (S.AUTHORISED, Status.CONFIRMED)
    assert stripe_here.total("authorised") == 89_60
    assert Step.objects.count() == 1


def test_an_attempt_and_what_stripe_is_to_be_asked_are_written_together(
    cast: Cast, hold: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(work, "decide_upfront", crash)
        with pytest.raises(Crash):
            press(hold, card=a_card(cast.ben_student))
    assert (upfront.of(hold), status_of(hold)) == (None, Status.HELD)
    assert not Payment.objects.exists()


@pytest.mark.parametrize(("where", "name"), [(work, "settle"), (lifecycle, "confirm")])
def test_a_worker_that_comes_after_the_hold_lets_go_of_the_card(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn, monkeypatch, where, name
) -> None:
    payment = crashed_press(hold, a_card(cast.ben_student), monkeypatch, where, name)
    hold.refresh_from_db()
    with at(hold.expires_at, minutes=1):
        sweeps.expire_holds(now=clock.now())
        work.run(now=clock.now())
    payment.refresh_from_db()
    assert (payment.status, status_of(hold)) == (S.CANCELLED, Status.EXPIRED)
    assert stripe_here.total("released") == stripe_here.total("authorised") == 89_60


def test_a_lost_answer_is_waited_for_and_not_paid_twice(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn
) -> None:
    card = a_card(cast.ben_student)
    stripe_here.fault("drop_after_commit", path="/v1/payment_intents", calls=[1])
    payment = press(hold, card=card)
    assert payment is not None
    assert (payment.status, status_of(hold)) == (S.AUTHORISING, Status.HELD)
    again = press(hold, card=card)
    assert again == payment
    with at(clock.now() + 2 * steps.LEASE):
        work.run(now=clock.now())
    assert status_of(hold) == Status.CONFIRMED
    assert stripe_here.total("authorised") == 89_60


@contextmanager
def without_index(name: str) -> Iterator[None]:
    """The database without this index; afterwards there are no payments and it is back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [name])
        (definition,) = cursor.fetchone()
        cursor.execute(f'DROP INDEX "{name}"')
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE bookings_payment CASCADE")
            cursor.execute(definition)


def two_presses(hold: Booking, card: Card, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Two that both find nothing under way, because nothing is locked."""
    lifecycle.extend(hold, by=hold.student.user)
    barrier, planned = threading.Barrier(2), plan.plan

    def meet(*args: Any, **kwargs: Any) -> Payment:
        barrier.wait(PATIENCE)
        return planned(*args, **kwargs)

    with monkeypatch.context() as unlocked:
        unlocked.setattr(plan, "plan", meet)
        unlocked.setattr(lifecycle.steps, "lock", lambda booking: Booking.objects.get(pk=booking.pk))
        return race(*(lambda: press(hold, card=card) for _ in range(2)))


def test_control_without_lock_and_constraint_two_presses_take_the_amount_twice(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn, monkeypatch
) -> None:
    card = a_card(cast.ben_student)
    with without_index("payment_once_per_lesson"):
        two_presses(hold, card, monkeypatch)
        assert len(stripe_here.journal(what="authorised")) == 2


def test_the_constraint_alone_refuses_the_second_press(
    cast: Cast, hold: Booking, stripe_here: StripeStandIn, monkeypatch
) -> None:
    """The second goes on with what the first began."""
    outcomes = two_presses(hold, a_card(cast.ben_student), monkeypatch)
    assert [outcome.pk for outcome in outcomes] == [Payment.objects.get().pk] * 2
    assert (status_of(hold), stripe_here.total("authorised")) == (Status.CONFIRMED, 89_60)


def test_of_presses_at_once_one_pays(cast: Cast, hold: Booking, stripe_here: StripeStandIn) -> None:
    card = a_card(cast.ben_student)
    race(*(lambda: press(hold, card=card) for _ in range(6)))
    work.run(now=clock.now())
    assert status_of(hold) == Status.CONFIRMED
    assert stripe_here.total("authorised") == 89_60
    assert Payment.objects.get().status == S.AUTHORISED
    assert list(history.all_differences()) == []
