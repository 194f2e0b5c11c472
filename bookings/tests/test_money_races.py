"""Eight at once for what is there once: credit, a refund, a charge, a lesson of a package, an ending."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from bookings.models import Credit, Package, Payment, PaymentStatus, Status
from bookings.services import credits, ledger, lifecycle, packages, packages_held
from bookings.services.payments import refunds, work
from bookings.services.payments.outcomes import lock_payment
from bookings.tests.cast import Cast
from bookings.tests.factories import in_days, local_time
from bookings.tests.paying import a_card, due_payment, paid_lesson, payout_account, stripe_here
from bookings.tests.racing import race
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError
from ops.stand_ins.stripe.money import fee_on
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
__all__ = ["stripe_here"]
MANY = 8


def winners(outcomes: list[Any]) -> list[Any]:
    """What came back; everybody else was refused in words."""
    lost = [each for each in outcomes if isinstance(each, Exception)]
    assert all(isinstance(each, DomainError | ValueError) for each in lost), lost
    return [each for each in outcomes if not isinstance(each, Exception)]


def spender(cast: Cast, amount: int, *, locked: bool) -> Callable[[], int]:
    """Somebody who takes credit for a lesson; without the lock as somebody careless would."""
    payment = due_payment(
        cast.piano, cast.ben_student, None, credit=amount, total=89_60 - amount, due_at=None
    )

    def spend() -> int:
        with transaction.atomic():
            now = clock.now()
            if locked:
                rows = credits.lock(cast.ben_student.pk, now=now)
            else:
                rows = list(credits.of(cast.ben_student))
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.2)")
            credits.spend(payment, rows, by=None)
        return amount

    return spend


def test_control_without_the_lock_credit_is_spent_many_times(cast: Cast) -> None:
    credits.grant(cast.ben_student, amount=30_00, reason="sorry", by=cast.staff)
    spent = winners(race(*[spender(cast, 30_00, locked=False) for _ in range(MANY)]))
    assert sum(spent) > 30_00
    assert ledger.balance(ledger.credit_of(cast.ben_student.pk)) < 0


def test_credit_is_spent_once(cast: Cast) -> None:
    credits.grant(cast.ben_student, amount=30_00, reason="sorry", by=cast.staff)
    outcomes = race(*[spender(cast, 30_00, locked=True) for _ in range(MANY)])
    assert winners(outcomes) == [30_00]
    assert Credit.objects.get().left == 0
    assert ledger.balance(ledger.credit_of(cast.ben_student.pk)) == 0
    assert ledger.trial() == 0


def test_a_refund_is_promised_once(cast: Cast, stripe_here: StripeStandIn) -> None:
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    work.run(now=clock.now())

    def refund() -> Any:
        return refunds.execute(payment, amount=89_60, reason="twice is too often", by=cast.staff)

    assert len(winners(race(*[refund] * MANY))) == 1
    race(*[lambda: work.run(now=clock.now())] * MANY)
    payment.refresh_from_db()
    assert (payment.refunded, stripe_here.total("refunded")) == (89_60, 89_60)
    assert ledger.balance(ledger.STRIPE) == fee_on(89_60)


def test_many_workers_charge_and_send_on_once(cast: Cast, stripe_here: StripeStandIn) -> None:
    payout_account(cast.piano, stripe_here)
    card = a_card(cast.ben_student)
    made = [due_payment(cast.piano, cast.ben_student, card) for _ in range(10)]
    outcomes = race(*[lambda: work.run(now=clock.now())] * MANY)
    assert all(isinstance(each, int) for each in outcomes), outcomes
    work.run(now=clock.now())
    assert Payment.objects.filter(status=PaymentStatus.CAPTURED).count() == len(made)
    assert stripe_here.total("captured") == 10 * 89_60
    assert stripe_here.total("transferred") == 10 * 68_00
    assert ledger.balance(ledger.of_instructor(cast.piano.instructor_id)) == 0


def test_a_lesson_of_a_package_is_taken_once(cast: Cast, stripe_here: StripeStandIn) -> None:
    package = packages.buy(
        cast.ben_student, cast.piano, duration_min=60, lessons=2, card=a_card(cast.ben_student), by=cast.ben
    )
    work.run(now=clock.now())
    Package.objects.filter(pk=package.pk).update(left=1)
    takers = [
        due_payment(cast.piano, cast.ben_student, None, package=80_00, fee=0, total=0, due_at=None)
        for _ in range(MANY)
    ]

    def take(payment: Payment) -> Callable[[], bool]:
        def act() -> bool:
            with transaction.atomic():
                packages_held.take(package, payment, now=clock.now(), by=None)
            return True

        return act

    assert winners(race(*[take(payment) for payment in takers])) == [True]
    package.refresh_from_db()
    assert package.left == 0
    assert ledger.balance(ledger.of_student(cast.ben_student.pk)) == 80_00


def test_a_package_is_given_back_once(cast: Cast, stripe_here: StripeStandIn) -> None:
    package = packages.buy(
        cast.ben_student, cast.piano, duration_min=60, lessons=3, card=a_card(cast.ben_student), by=cast.ben
    )
    work.run(now=clock.now())
    outcomes = winners(race(*[lambda: packages.refund_rest(package, by=cast.ben)] * MANY))
    assert [rest.total for rest in outcomes] == [3 * 89_60]
    work.run(now=clock.now())
    assert stripe_here.total("refunded") == 3 * 89_60
    assert ledger.balance(ledger.packages_of(cast.ben_student.pk)) == 0


def test_cancelled_and_charged_at_once_ends_one_way(cast: Cast, stripe_here: StripeStandIn) -> None:
    """A lesson's end comes while workers are at its payment: whoever wins, it is consistent."""
    start = local_time(in_days(5), 12)
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=a_card(cast.ben_student))
    work.run(now=start - timedelta(hours=24))

    def cancel() -> Any:
        return lifecycle.cancel(lesson, by=cast.staff, party="staff", reason="storm")

    def charge() -> Any:
        return work.run(now=start + timedelta(hours=25))

    race(*[cancel, charge] * (MANY // 2))
    for _ in range(3):
        work.run(now=start + timedelta(hours=30))
    payment = Payment.objects.get()
    charged = payment.status == PaymentStatus.CAPTURED
    assert payment.status in (PaymentStatus.CAPTURED, PaymentStatus.CANCELLED)
    assert stripe_here.total("captured") == (89_60 if charged else 0)
    lesson.refresh_from_db()
    # Who cancels after the charge gets it all back.
    kept = stripe_here.total("captured") - stripe_here.total("refunded")
    assert kept == (0 if lesson.status == Status.CANCELLED else 89_60)
    assert ledger.balance(ledger.STRIPE) == -kept + (fee_on(89_60) if charged else 0)
    assert ledger.trial() == 0


@contextmanager
def held_row(payment: Payment) -> Iterator[None]:
    with transaction.atomic():
        lock_payment(payment.pk)
        yield


def test_a_payment_somebody_holds_is_passed_over_not_waited_for(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    card = a_card(cast.ben_student)
    one, other = (due_payment(cast.piano, cast.ben_student, card) for _ in range(2))
    with held_row(one):
        [done] = race(lambda: work.run(now=clock.now()))
    assert not isinstance(done, Conflict)
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.status, other.status) == (PaymentStatus.PLANNED, PaymentStatus.CAPTURED)
