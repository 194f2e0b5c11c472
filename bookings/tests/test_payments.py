"""A lesson's payment from the booking to the instructor's account, and every way it may go instead."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest
from django.db import transaction

from bookings.models import Booking, Credit, Party, PaymentStatus, Status, Step
from bookings.services import credits, ledger, lifecycle, override
from bookings.services.payments import cards, on_session, plan, work
from bookings.services.wanted import wish
from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from bookings.tests.paying import (
    a_card,
    at,
    paid_lesson,
    payment_of,
    payout_account,
    postings,
    stripe_here,
    stripes_fees,
    work_at,
)
from instainstru.events.models import Event
from instainstru.lib import clock
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stripe_here")]
__all__ = ["stripe_here"]
HOUR = timedelta(hours=1)
S = PaymentStatus


def start():
    return local_time(in_days(5), 12)


def kinds(payment) -> list[str]:
    found = Event.objects.filter(subject_type="payment", subject_id=str(payment.pk))
    return list(found.order_by("version").values_list("kind", flat=True))


def test_a_lesson_is_authorised_a_day_before_and_charged_a_day_after(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    payout_account(cast.piano, stripe_here)
    lesson = paid_lesson(cast.piano, start(), cast.ben_student, card=a_card(cast.ben_student))
    payment = payment_of(lesson)
    assert (payment.status, payment.total, payment.due_at) == (S.PLANNED, 89_60, start() - 24 * HOUR)

    assert work_at(start() - 24 * HOUR - timedelta(seconds=1)) == 0
    work_at(start() - 24 * HOUR)
    payment.refresh_from_db()
    assert (payment.status, payment.due_at) == (S.AUTHORISED, start() + 25 * HOUR)
    assert (stripe_here.total("authorised"), stripe_here.total("captured")) == (89_60, 0)
    assert postings(payment) == []

    with at(start(), hours=2):
        lifecycle.complete(lesson, by=cast.ana, party=Party.INSTRUCTOR)
    assert work_at(start() + 25 * HOUR - timedelta(seconds=1)) == 0
    work_at(start() + 25 * HOUR)
    payment.refresh_from_db()
    assert (payment.status, payment.captured, payment.ending) == (S.CAPTURED, 89_60, "given")
    assert (payment.to_instructor, payment.transferred, payment.due_at) == (68_00, 68_00, None)
    assert (stripe_here.total("captured"), stripe_here.total("transferred")) == (89_60, 68_00)
    assert postings(payment) == [
        {"stripe": -89_60, "instructor": 68_00, "platform": 21_60},
        {"instructor": -68_00, "stripe": 68_00},
    ]
    assert kinds(payment) == [
        "payment.authorised", "payment.captured", "payment.stripe_fee", "transfer.made",
    ]  # fmt: skip
    assert work_at(start() + 100 * HOUR) == 0


@pytest.mark.parametrize(
    ("before", "tier", "captured", "credit", "to_instructor"),
    [
        (100, "free", 0, 0, 0),
        (24, "free", 0, 0, 0),
        (20, "credit", 89_60, 80_00, 0),
        (6, "half", 89_60, 40_00, 34_00),
    ],
)
def test_a_cancelled_lesson_is_settled_by_its_tier(
    cast: Cast, stripe_here: StripeStandIn, before, tier, captured, credit, to_instructor
) -> None:
    lesson = paid_lesson(cast.piano, start(), cast.ben_student, card=a_card(cast.ben_student))
    if before < 24:
        work_at(start() - 24 * HOUR)
    with at(start() - before * HOUR, seconds=-1 if before == 24 else 0):
        lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
        work.run(now=clock.now())
    payment = payment_of(lesson)
    assert payment.ending == tier
    assert payment.status == (S.CAPTURED if captured else S.CANCELLED)
    assert stripe_here.total("captured") == captured
    assert credits.available(cast.ben_student) == credit
    assert ledger.balance(ledger.of_instructor(cast.piano.instructor_id)) == to_instructor
    assert ledger.balance(ledger.PLATFORM) + stripes_fees() == captured - credit - to_instructor


def test_who_is_not_the_student_cancels_and_everything_goes_back(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    lesson = paid_lesson(cast.piano, start(), cast.ben_student, card=a_card(cast.ben_student))
    work_at(start() - 24 * HOUR)
    with at(start(), hours=-2):
        lifecycle.cancel(lesson, by=cast.ana, party=Party.INSTRUCTOR)
        work.run(now=clock.now())
    assert payment_of(lesson).status == S.CANCELLED
    assert (stripe_here.total("released"), stripe_here.total("captured")) == (89_60, 0)


def test_a_declined_card_is_tried_again_warned_of_and_given_up(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    lesson = paid_lesson(
        cast.piano, start(), cast.ben_student, card=a_card(cast.ben_student, "chargeCustomerFail")
    )
    looked = []
    moment = payment_of(lesson).due_at
    while moment is not None:
        looked.append((start() - moment) / HOUR)
        work_at(moment)
        moment = payment_of(lesson).due_at
    assert looked == [24, 23, 20, 16, 13, 12]
    payment = payment_of(lesson)
    lesson.refresh_from_db()
    assert (payment.status, payment.ending) == (S.CANCELLED, "not_by_student")
    assert (lesson.status, lesson.cancelled_by) == (Status.CANCELLED, Party.SYSTEM)
    assert kinds(payment) == [*["payment.failed"] * 4, "payment.warned", "payment.cancelled"]
    assert stripe_here.journal(what="authorised") == []
    assert len(stripe_here.journal(what="declined")) == 4


def test_a_lesson_without_a_card_is_asked_for_one_and_stays(cast: Cast, stripe_here: StripeStandIn) -> None:
    begin = start()
    lesson = booked(cast.piano, begin, cast.ben_student)
    assert _looks(lesson, begin) == [24, 23, 20, 16, 13, 12]
    payment = payment_of(lesson)
    lesson.refresh_from_db()
    assert (lesson.status, payment.status, payment.needs_staff) == (Status.CONFIRMED, S.FAILED, True)
    assert (payment.error_code, payment.ending) == ("no_card", "")
    assert kinds(payment) == [*["payment.failed"] * 4, "payment.warned", "payment.failed"]
    # A card that comes now is tried, and the lesson stays when it is declined.
    with at(begin, hours=-6):
        plan.change_card(payment, a_card(cast.ben_student, "chargeCustomerFail"))
        work.run(now=clock.now())
    _looks(lesson, begin)
    lesson.refresh_from_db()
    payment = payment_of(lesson)
    assert (lesson.status, payment.status, payment.needs_staff) == (Status.CONFIRMED, S.FAILED, True)
    assert stripe_here.total("authorised") == 0


def _looks(lesson: Booking, begin: datetime) -> list[float]:
    """Let the worker come whenever the payment is due; at how many hours before the lesson that was."""
    looked = []
    moment = payment_of(lesson).due_at
    while moment is not None:
        looked.append((begin - moment) / HOUR)
        work_at(moment)
        moment = payment_of(lesson).due_at
    return looked


def test_a_card_in_time_pays_for_a_lesson_that_had_none(cast: Cast, stripe_here: StripeStandIn) -> None:
    lesson = booked(cast.piano, start(), cast.ben_student)
    work_at(start() - 24 * HOUR)
    payment = payment_of(lesson)
    assert (payment.status, payment.error_code, payment.tries) == (S.PLANNED, "no_card", 1)
    card = a_card(cast.ben_student)
    with at(start(), hours=-14):
        plan.change_card(payment, card)
        work.run(now=clock.now())
    payment = payment_of(lesson)
    assert (payment.status, payment.tries, payment.error_code) == (S.AUTHORISED, 0, "")
    lesson.refresh_from_db()
    assert lesson.status == Status.CONFIRMED
    assert stripe_here.total("authorised") == 89_60


def test_the_newest_card_pays_where_none_is_named(cast: Cast) -> None:
    a_card(cast.ben_student)
    newest = a_card(cast.ben_student, "mastercard")
    removed = a_card(cast.ben_student, "amex")
    cards.remove(removed, by=cast.ben)
    a_card(cast.cy_student)
    day, caller = in_days(5), Caller(cast.ben)
    wanted = {"offering": cast.piano.pk, "duration_min": 60}
    straight = caller.post("/bookings", {**wanted, "starts_at": clock.rfc3339(local_time(day, 12))}).json()
    hold = caller.post("/holds", {**wanted, "starts_at": clock.rfc3339(local_time(day, 14))}).json()
    later = caller.post("/bookings", {"hold": hold["id"]}).json()
    for lesson in (straight, later):
        assert payment_of(Booking.objects.get(pk=lesson["id"])).card == newest
    by_host = override.book(
        wish(cast.piano, starts_at=local_time(day, 15, 30), duration_min=60),
        student=cast.ben_student, by=cast.ana, party=Party.INSTRUCTOR, reason="as agreed",
    )  # fmt: skip
    assert payment_of(by_host).card == newest


def test_a_lesson_too_near_to_be_given_up_is_left_to_staff(cast: Cast) -> None:
    soon = start()
    with at(soon, hours=-3):
        lesson = booked(cast.piano, soon, cast.ben_student)
        assert work.run(now=clock.now()) == 0
    payment = payment_of(lesson)
    assert (payment.status, payment.needs_staff, payment.due_at) == (S.FAILED, True, None)
    work_at(soon + 48 * HOUR)
    lesson.refresh_from_db()
    assert lesson.status == Status.CONFIRMED


def test_credit_pays_first_and_comes_back_with_a_free_cancellation(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    late = credits.grant(cast.ben_student, amount=20_00, reason="sorry", by=cast.staff)
    Credit.objects.filter(pk=late.pk).update(expires_at=late.expires_at + timedelta(days=9))
    soon = credits.grant(cast.ben_student, amount=25_00, reason="sorry again", by=cast.staff)
    card = a_card(cast.ben_student)
    lesson = paid_lesson(cast.piano, start(), cast.ben_student, card=card, use_credit=True)
    payment = payment_of(lesson)
    assert (payment.credit, payment.total) == (45_00, 44_60)
    assert credits.available(cast.ben_student) == 0
    assert ledger.balance(ledger.of_student(cast.ben_student.pk)) == 45_00
    lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
    assert payment_of(lesson).status == S.CANCELLED
    assert credits.available(cast.ben_student) == 45_00
    assert ledger.balance(ledger.credit_of(cast.ben_student.pk)) == 45_00
    other = paid_lesson(cast.piano, start(), cast.ben_student, card=card)
    assert payment_of(other).credit == 0
    soon.refresh_from_db()
    assert soon.left == 25_00


def test_moving_a_lesson_far_away_lets_go_of_the_card_and_plans_anew(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    lesson = paid_lesson(cast.piano, start(), cast.ben_student, card=a_card(cast.ben_student))
    work_at(start() - 24 * HOUR)
    later = local_time(in_days(12), 12)
    with at(start(), hours=-20):
        lifecycle.reschedule(lesson, starts_at=later, by=cast.ben, party=Party.STUDENT)
        work.run(now=clock.now())
    payment = payment_of(lesson)
    assert (payment.status, payment.due_at, payment.intent_id) == (S.PLANNED, later - 24 * HOUR, "")
    assert stripe_here.total("released") == 89_60
    work_at(later - 24 * HOUR)
    assert payment_of(lesson).status == S.AUTHORISED
    assert stripe_here.total("authorised") == 2 * 89_60


def test_a_frozen_payment_is_not_charged_until_it_is_decided(cast: Cast, stripe_here: StripeStandIn) -> None:
    lesson = paid_lesson(cast.piano, start(), cast.ben_student, card=a_card(cast.ben_student))
    work_at(start() - 24 * HOUR)
    with at(start(), hours=1):
        lifecycle.report_no_show(lesson, by=cast.ben, party=Party.STUDENT)
    work_at(start() + 50 * HOUR)
    payment = payment_of(lesson)
    assert (payment.status, payment.frozen_why, payment.due_at) == (S.AUTHORISED, "no_show", None)
    with at(start(), hours=60):
        _decide(lesson, "not_by_student")
        work.run(now=clock.now())
    assert payment_of(lesson).status == S.CANCELLED
    assert (stripe_here.total("captured"), stripe_here.total("released")) == (0, 89_60)


def _decide(lesson: Booking, ending: str) -> None:
    with transaction.atomic():
        plan.unfreeze(lesson, ending=ending, now=clock.now())


def test_an_authorisation_that_ran_out_is_made_again_and_charged(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    lesson = paid_lesson(cast.piano, start(), cast.ben_student, card=a_card(cast.ben_student))
    work_at(start() - 24 * HOUR)
    stripe_here.expire_authorisations()
    work_at(start() + 25 * HOUR)
    payment = payment_of(lesson)
    assert (payment.status, payment.captured) == (S.CAPTURED, 89_60)
    assert [step.error_code for step in Step.objects.filter(payment=payment, name="capture")] == [
        "expired",
        "",
    ]
    assert stripe_here.total("captured") == 89_60


def test_the_bank_asks_and_the_student_answers(cast: Cast, stripe_here: StripeStandIn) -> None:
    card = a_card(cast.ben_student, "authenticationRequired")
    soon = start()
    with at(soon, hours=-20):
        lesson = paid_lesson(cast.piano, soon, cast.ben_student, card=card)
        payment = on_session.pay_now(payment_of(lesson), return_url="http://localhost/back")
        assert payment.status == S.ACTION_REQUIRED
        assert on_session.client_secret(payment).startswith(payment.intent_id)
        url = on_session.redirect_url(payment)
        httpx.post(url, data={"answer": "complete"})
        payment = on_session.look(payment)
    assert payment.status == S.AUTHORISED
    assert stripe_here.total("authorised") == 89_60
