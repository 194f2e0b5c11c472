"""Packages, tips, credit that ends, and what instructors earned: from the card to the books."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bookings.models import Card, Credit, Package, Party, PaymentStatus
from bookings.services import connect, credits, earnings, ledger, lifecycle, packages, tips
from bookings.services.earnings import Earnings
from bookings.services.payments import on_session, work
from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, in_days, local_time, teaching
from bookings.tests.paying import (
    a_card,
    at,
    due_payment,
    paid_lesson,
    payment_of,
    payout_account,
    stripe_here,
    stripes_fees,
    work_at,
)
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError, Invalid, NotFound
from instainstru.rules import services as rules_service
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True)]
__all__ = ["stripe_here"]
HOUR = timedelta(hours=1)


def a_package(cast: Cast, lessons: int = 3, card: Card | None = None) -> Package:
    package = packages.buy(
        cast.ben_student, cast.piano, duration_min=60, lessons=lessons,
        card=card or a_card(cast.ben_student), by=cast.ben,
    )  # fmt: skip
    on_session.pay_now(package.payment, return_url="http://localhost/back")
    package.refresh_from_db()
    return package


def test_a_package_is_paid_at_once_used_and_the_rest_comes_back(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    package = a_package(cast)
    assert package.payment.status == PaymentStatus.CAPTURED
    assert stripe_here.total("captured") == 3 * 89_60
    assert packages.held(cast.ben_student) == 3 * 80_00
    assert ledger.balance(ledger.PLATFORM) == 3 * 9_60 - stripes_fees()

    start = local_time(in_days(5), 12)
    lesson = paid_lesson(cast.piano, start, cast.ben_student, package=package)
    payment = payment_of(lesson)
    assert (payment.total, payment.package, payment.fee) == (0, 80_00, 0)
    work_at(start - 24 * HOUR)
    work_at(start + 25 * HOUR)
    payment.refresh_from_db()
    assert (payment.status, payment.captured, payment.to_instructor) == ("captured", 0, 68_00)
    assert ledger.balance(ledger.of_instructor(cast.piano.instructor_id)) == 68_00

    rest = packages.refund_rest(package, by=cast.ben)
    work.run(now=clock.now())
    assert (rest.lessons, rest.total) == (2, 2 * 89_60)
    assert stripe_here.total("refunded") == 2 * 89_60
    assert packages.held(cast.ben_student) == 0
    assert ledger.balance(ledger.PLATFORM) == 9_60 + 12_00 - stripes_fees()
    with pytest.raises(Conflict):
        packages.refund_rest(package, by=cast.ben)


def test_a_lesson_of_a_package_cancelled_in_time_goes_back_into_it(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    package = a_package(cast)
    lesson = paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student, package=package)
    package.refresh_from_db()
    assert package.left == 2
    lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
    package.refresh_from_db()
    assert (package.left, packages.held(cast.ben_student)) == (3, 3 * 80_00)


def test_lessons_of_a_package_cost_what_was_paid_for_them_whatever_the_price_is_now(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    package = a_package(cast)
    cast.piano.price_per_hour = 100_00
    cast.piano.save()
    for n in range(3):
        start = local_time(in_days(5 + n), 12)
        payment = payment_of(paid_lesson(cast.piano, start, cast.ben_student, package=package))
        assert (payment.lesson, payment.package, payment.commission, payment.total) == (
            80_00,
            80_00,
            12_00,
            0,
        )
    assert packages.held(cast.ben_student) == 0


@pytest.mark.parametrize("before_h", [24, 11])
def test_a_lesson_of_a_package_cancelled_late_is_shared_out(
    cast: Cast, stripe_here: StripeStandIn, before_h: int
) -> None:
    """Whether the worker has met it before or not: the card has nothing to do with it."""
    package = a_package(cast)
    start = local_time(in_days(5), 12)
    lesson = paid_lesson(cast.piano, start, cast.ben_student, package=package)
    work_at(start - before_h * HOUR - timedelta(minutes=1))
    with at(start, hours=-11):
        lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
    work_at(start - 11 * HOUR + timedelta(minutes=1))
    payment = payment_of(lesson)
    assert (payment.status, payment.captured, payment.to_instructor) == ("captured", 0, 34_00)
    assert credits.available(cast.ben_student) == 40_00
    assert packages.held(cast.ben_student) == 2 * 80_00
    assert ledger.balance(ledger.of_instructor(cast.piano.instructor_id)) == 34_00
    assert stripe_here.total("captured") == 3 * 89_60


def test_a_declined_package_has_no_lessons(cast: Cast, stripe_here: StripeStandIn) -> None:
    package = a_package(cast, card=a_card(cast.ben_student, "chargeCustomerFail"))
    assert (package.paid_at, package.payment.status) == (None, PaymentStatus.FAILED)
    assert not packages.usable(cast.ben_student, cast.piano, duration_min=60).exists()
    with pytest.raises(Conflict):
        paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student, package=package)
    assert work_at(clock.now() + 48 * HOUR) == 0


def test_when_a_package_ends_the_rest_is_refunded_by_itself(cast: Cast, stripe_here: StripeStandIn) -> None:
    package = a_package(cast)
    assert packages.expire(now=package.expires_at - timedelta(seconds=1)) == 0
    assert packages.expire(now=package.expires_at) == 1
    assert packages.expire(now=package.expires_at) == 0
    work.run(now=clock.now())
    assert stripe_here.total("refunded") == 3 * 89_60


@pytest.mark.parametrize(
    ("minutes", "lessons", "field"), [(45, 3, "duration_min"), (60, 1, "lessons"), (60, 21, "lessons")]
)
def test_packages_that_are_not_sold(cast: Cast, minutes: int, lessons: int, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        packages.offer(cast.piano, duration_min=minutes, lessons=lessons)
    assert list(refusal.value.fields) == [field]


def test_a_tip_is_all_the_instructors_and_given_once(cast: Cast, stripe_here: StripeStandIn) -> None:
    payout_account(cast.piano, stripe_here)
    card, start = a_card(cast.ben_student), local_time(in_days(5), 12)
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=card)
    with pytest.raises(Conflict):
        tips.give(lesson, amount=5_00, card=card, by=cast.ben)
    with at(start, hours=2):
        lesson = lifecycle.complete(lesson, by=cast.ana, party=Party.INSTRUCTOR)
        tip = on_session.pay_now(
            tips.give(lesson, amount=5_00, card=card, by=cast.ben), return_url="http://localhost/back"
        )
        assert (tip.status, tip.captured, tip.to_instructor) == ("captured", 5_00, 5_00)
        with pytest.raises(Conflict) as refusal:
            tips.give(lesson, amount=5_00, card=card, by=cast.ben)
        assert refusal.value.code == "tip_given"
        work.run(now=clock.now())
    tip.refresh_from_db()
    assert tip.transferred == 5_00
    assert ledger.balance(ledger.PLATFORM) == -stripes_fees()


@pytest.mark.parametrize("amount", [0, -5, 99, 500_01, 10**12, 1.5, True])
def test_amounts_that_are_no_tip(cast: Cast, stripe_here: StripeStandIn, amount) -> None:
    lesson = paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student)
    with pytest.raises(Invalid) as refusal:
        tips.give(lesson, amount=amount, card=a_card(cast.ben_student), by=cast.ben)
    assert list(refusal.value.fields) == ["amount"]
    assert stripe_here.journal() == []


def test_credit_ends_after_twelve_months_and_is_the_platforms(cast: Cast) -> None:
    credit = credits.grant(cast.ben_student, amount=20_00, reason="sorry", by=cast.staff)
    assert (credit.expires_at - credit.created_at).days == 365
    assert credits.expire(now=credit.expires_at - timedelta(seconds=1)) == 0
    assert credits.expire(now=credit.expires_at) == 1
    assert credits.expire(now=credit.expires_at) == 0
    assert (Credit.objects.get().left, ledger.balance(ledger.PLATFORM)) == (0, 0)


@pytest.mark.parametrize("amount", [0, -1, 10**12])
def test_credit_is_an_amount(cast: Cast, amount: int) -> None:
    with pytest.raises(Invalid):
        credits.grant(cast.ben_student, amount=amount, reason="sorry", by=cast.staff)
    assert not Credit.objects.exists()


def test_the_first_to_expire_is_spent_first(cast: Cast) -> None:
    first, second = (credits.grant(cast.ben_student, amount=50_00, reason=why, by=cast.staff) for why in "ab")
    Credit.objects.filter(pk=second.pk).update(expires_at=first.expires_at - timedelta(days=1))
    paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student, use_credit=True)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.left, second.left) == (20_00, 0)


def test_somebody_elses_card_or_package_is_as_good_as_none(cast: Cast, stripe_here: StripeStandIn) -> None:
    theirs, package = a_card(cast.cy_student), a_package(cast)
    start = local_time(in_days(5), 12)
    other = teaching(OfferingFactory())
    attempts = [
        lambda: paid_lesson(cast.piano, start, cast.ben_student, card=theirs),
        lambda: paid_lesson(cast.piano, start, cast.cy_student, package=package),
        lambda: paid_lesson(other, start, cast.ben_student, package=package),
        lambda: packages.buy(
            cast.ben_student, cast.piano, duration_min=60, lessons=3, card=theirs, by=cast.ben
        ),
        lambda: packages.package_for(cast.cy, package.pk),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    package.refresh_from_db()
    assert (package.left, stripe_here.total("captured")) == (3, 3 * 89_60)


def test_what_an_instructor_earned_is_owed_and_was_sent(cast: Cast, stripe_here: StripeStandIn) -> None:
    ana = cast.piano.instructor
    card = a_card(cast.ben_student)
    due_payment(cast.piano, cast.ben_student, card)
    paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student, card=card)
    work.run(now=clock.now())
    assert earnings.of(ana) == Earnings(earned=68_00, sent=0, owed=68_00, coming=68_00)
    account = payout_account(cast.piano, stripe_here)
    connect.refresh(ana)
    work.run(now=clock.now())
    assert account.stripe_id
    assert earnings.of(ana) == Earnings(earned=68_00, sent=68_00, owed=0, coming=68_00)
    low, high = clock.now() - 24 * HOUR, clock.now() + HOUR
    assert [entry.amount for entry in earnings.lines(ana, low=low, high=high)] == [-68_00, 68_00]


def test_a_price_or_rate_that_changes_meanwhile_is_not_the_lessons(cast: Cast) -> None:
    lesson = paid_lesson(cast.piano, local_time(in_days(5), 12), cast.ben_student)
    rules_service.change(by=cast.staff, booking_fee_pct=25, commission_1_pct=50)
    payment = payment_of(lesson)
    assert (payment.fee, payment.commission) == (9_60, 12_00)
    with pytest.raises(DomainError):
        rules_service.change(by=cast.staff, booking_fee_pct=26)
