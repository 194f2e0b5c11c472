"""Fifty at once for what is there once: credit, a refund, a charge, a lesson of a package, an ending.

Each is preceded by a control, with a few, in which the guard is missing.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from bookings.models import (
    Booking,
    Credit,
    CreditUse,
    Package,
    PackageUse,
    Party,
    Payment,
    PaymentStatus,
    Status,
    Step,
)
from bookings.services import credits, history, ledger, lifecycle, packages, packages_held, steps
from bookings.services.payments import plan, refunds, work
from bookings.services.payments.outcomes import lock_payment
from bookings.services.payments.plan import Pay
from bookings.tests.cast import Cast
from bookings.tests.factories import in_days, local_time
from bookings.tests.paying import (
    a_card,
    at,
    due_payment,
    paid_lesson,
    payment_of,
    payout_account,
    stripe_here,
)
from bookings.tests.racing import meet_after, race, without_constraint, without_uniqueness
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError
from instainstru.rules import services as rules_service
from ops.stand_ins.stripe.money import fee_on
from ops.stand_ins.testing import StripeStandIn

# One at a time, wherever the suite runs: each takes fifty connections.
pytestmark = [
    pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.xdist_group("money races"),
]  # fmt: skip
__all__ = ["stripe_here"]
MANY, FEW = 50, 5
HOUR = timedelta(hours=1)


def winners(outcomes: list[Any]) -> list[Any]:
    """What came back; everybody else was refused in words."""
    lost = [each for each in outcomes if isinstance(each, Exception)]
    assert all(isinstance(each, DomainError) for each in lost), lost
    return [each for each in outcomes if not isinstance(each, Exception)]


def assert_books_are_right() -> None:
    assert ledger.trial() == 0
    assert not ledger.overdrawn().exists()


def earned(cast: Cast) -> int:
    return ledger.balance(ledger.of_instructor(cast.piano.instructor_id))


def lessons(cast: Cast, number: int) -> list[Booking]:
    """So many lessons of ben's, confirmed and not yet paid for."""
    now, first = clock.now(), local_time(in_days(5), 9)
    return Booking.objects.bulk_create(
        Booking(
            student=cast.ben_student, instructor=cast.piano.instructor, offering=cast.piano,
            status=Status.CONFIRMED, starts_at=first + place * HOUR, ends_at=first + (place + 1) * HOUR,
            policy_starts_at=first + place * HOUR, modality="online", price=80_00, price_per_hour=80_00,
            currency="USD", time_zone="America/New_York", cancellation_preset="standard",
            rules=rules_service.current(), confirmed_at=now,
        )
        for place in range(number)
    )  # fmt: skip


def planning(pay: Pay, made: list[Booking]) -> list[Callable[[], Payment]]:
    """One who plans a payment so for each of the lessons."""

    def planner(booking: Booking) -> Callable[[], Payment]:
        def act() -> Payment:
            with transaction.atomic():
                return plan.plan(booking, pay, by=None)

        return act

    return [planner(booking) for booking in made]


def unlocked_payment(pk: Any) -> Payment:
    """``outcomes.lock_payment`` without its lock."""
    found = Payment.objects.select_related("booking__rules", "student", "instructor", "card")
    return found.get(pk=pk)


def test_control_without_the_lock_credit_is_spent_many_times(cast: Cast, monkeypatch) -> None:
    def unlocked(student_id: int, *, now: Any) -> list[Credit]:
        return list(credits.of(cast.ben_student))

    credits.grant(cast.ben_student, amount=30_00, reason="sorry", by=cast.staff)
    monkeypatch.setattr(credits, "lock", meet_after(unlocked, threading.Barrier(FEW)))
    spent = winners(race(*planning(Pay(use_credit=True), lessons(cast, FEW))))
    assert [payment.credit for payment in spent] == [30_00] * FEW
    assert ledger.balance(ledger.credit_of(cast.ben_student.pk)) == 30_00 - FEW * 30_00


def test_credit_is_spent_once(cast: Cast) -> None:
    credits.grant(cast.ben_student, amount=30_00, reason="sorry", by=cast.staff)
    planned = winners(race(*planning(Pay(use_credit=True), lessons(cast, MANY))))
    assert Counter(payment.credit for payment in planned) == {30_00: 1, 0: MANY - 1}
    assert (Credit.objects.get().left, CreditUse.objects.count()) == (0, 1)
    assert ledger.balance(ledger.credit_of(cast.ben_student.pk)) == 0
    assert ledger.balance(ledger.of_student(cast.ben_student.pk)) == 30_00
    assert_books_are_right()


def refunding(payment: Payment, cast: Cast) -> Callable[[], Step]:
    return lambda: refunds.execute(payment, amount=89_60, reason="twice is too often", by=cast.staff)


def charged(cast: Cast) -> Payment:
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    work.run(now=clock.now())
    payment.refresh_from_db()
    assert payment.captured == 89_60
    return payment


def test_control_without_lock_and_constraint_a_refund_is_promised_many_times(
    cast: Cast, stripe_here: StripeStandIn, monkeypatch
) -> None:
    payment = charged(cast)
    monkeypatch.setattr(refunds, "lock_payment", meet_after(unlocked_payment, threading.Barrier(FEW)))
    with without_uniqueness("bookings_step"), without_uniqueness("events_event"):
        promised = winners(race(*[refunding(payment, cast)] * FEW))
        assert sum(step.amount for step in promised) == FEW * 89_60


def test_a_refund_is_promised_once(cast: Cast, stripe_here: StripeStandIn) -> None:
    payment = charged(cast)
    assert len(winners(race(*[refunding(payment, cast)] * MANY))) == 1
    race(*[lambda: work.run(now=clock.now())] * MANY)
    payment.refresh_from_db()
    assert (payment.refunded, stripe_here.total("refunded")) == (89_60, 89_60)
    assert ledger.balance(ledger.STRIPE) == fee_on(89_60)
    assert_books_are_right()


def authorised(cast: Cast) -> Payment:
    """Held by the card, and to be charged now."""
    payment = due_payment(
        cast.piano, cast.ben_student, a_card(cast.ben_student), ending="", capture_at=clock.now() + HOUR
    )
    work.run(now=clock.now())
    Payment.objects.filter(pk=payment.pk).update(due_at=clock.now(), capture_at=clock.now())
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.AUTHORISED
    return payment


def test_control_without_lock_and_constraint_one_charge_is_booked_many_times(
    cast: Cast, stripe_here: StripeStandIn, monkeypatch
) -> None:
    """Stripe is asked under one key and charges once; our books say otherwise."""
    payment = authorised(cast)
    # Whoever came a little later would find the step of somebody else, and go on with that.
    nobodys = meet_after(work.steps.open_on_intent, threading.Barrier(FEW))
    monkeypatch.setattr(work.steps, "open_on_intent", nobodys)

    def once() -> None:
        now = clock.now()
        job = work.decide(unlocked_payment(payment.pk), now=now)
        work.settle(job.step, work.steps.carry_out(job.step, now=now), now=now)

    with without_uniqueness("bookings_step"), without_uniqueness("events_event"):
        assert winners(race(*[once] * FEW)) == [None] * FEW
        assert stripe_here.total("captured") == 89_60
        assert earned(cast) == FEW * 68_00


def test_a_payment_is_charged_once(cast: Cast, stripe_here: StripeStandIn) -> None:
    payment = authorised(cast)
    outcomes = race(*[lambda: work.run(now=clock.now())] * MANY)
    assert Counter(outcomes) == {1: 1, 0: MANY - 1}
    payment.refresh_from_db()
    assert (payment.status, payment.captured) == (PaymentStatus.CAPTURED, 89_60)
    assert Step.objects.filter(name=Step.Name.CAPTURE).count() == 1
    assert (stripe_here.total("captured"), earned(cast)) == (89_60, 68_00)
    assert_books_are_right()


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
    assert_books_are_right()


def last_of_a_package(cast: Cast) -> Package:
    package = packages.buy(
        cast.ben_student, cast.piano, duration_min=60, lessons=2, card=a_card(cast.ben_student), by=cast.ben
    )
    work.run(now=clock.now())
    lifecycle_lesson = lessons(cast, 1)
    package.refresh_from_db()
    winners([act() for act in planning(Pay(package=package), lifecycle_lesson)])
    Booking.objects.filter(pk=lifecycle_lesson[0].pk).update(status=Status.COMPLETED)
    package.refresh_from_db()
    assert package.left == 1
    return package


def test_control_looking_before_taking_takes_a_lesson_many_times(
    cast: Cast, stripe_here: StripeStandIn, monkeypatch
) -> None:
    package = last_of_a_package(cast)
    look = meet_after(lambda: Package.objects.get(pk=package.pk), threading.Barrier(FEW))

    def take(package: Package, payment: Payment, **_: Any) -> None:
        found = look()
        if not found.left:
            raise Conflict("No lesson of that package is left.", code="package_used_up")
        found.left -= 1
        found.save(update_fields=["left"])
        PackageUse.objects.create(package=package, payment=payment)

    monkeypatch.setattr(packages_held, "take", take)
    assert len(winners(race(*planning(Pay(package=package), lessons(cast, FEW))))) == FEW
    assert PackageUse.objects.filter(package=package).count() == 1 + FEW > package.lessons


def test_a_lesson_of_a_package_is_taken_once(cast: Cast, stripe_here: StripeStandIn) -> None:
    package = last_of_a_package(cast)
    outcomes = race(*planning(Pay(package=package), lessons(cast, MANY)))
    [payment] = winners(outcomes)
    assert (payment.package, payment.total) == (80_00, 0)
    assert {each.code for each in outcomes if isinstance(each, DomainError)} == {"package_used_up"}
    package.refresh_from_db()
    assert (package.left, PackageUse.objects.filter(package=package).count()) == (0, 2)
    assert ledger.balance(ledger.of_student(cast.ben_student.pk)) == 2 * 80_00
    assert packages.held(cast.ben_student) == 0
    assert_books_are_right()


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


def authorised_lesson(cast: Cast) -> Booking:
    """Held by the card; it began at noon, five days from now."""
    start = local_time(in_days(5), 12)
    lesson = paid_lesson(cast.piano, start, cast.ben_student, card=a_card(cast.ben_student))
    work.run(now=start - 24 * HOUR)
    return lesson


def cancelling(lesson: Booking, cast: Cast) -> Callable[[], Booking]:
    return lambda: lifecycle.cancel(lesson, by=cast.staff, party=Party.STAFF, reason="storm")


def completing(lesson: Booking, cast: Cast) -> Callable[[], Booking]:
    return lambda: lifecycle.complete(lesson, by=cast.ana, party=Party.INSTRUCTOR)


def endings(lesson: Booking) -> list[str]:
    return list(
        history.events_of(lesson)
        .filter(kind__in=("booking.cancelled", "booking.completed"))
        .values_list("kind", flat=True)
    )


def test_control_without_lock_and_constraint_a_lesson_is_cancelled_and_given(
    cast: Cast, stripe_here: StripeStandIn, monkeypatch
) -> None:
    def unlocked(booking: Booking) -> Booking:
        return Booking.objects.select_related("rules", "instructor", "student").get(pk=booking.pk)

    lesson = authorised_lesson(cast)
    monkeypatch.setattr(steps, "lock", meet_after(unlocked, threading.Barrier(2)))
    with at(lesson.ends_at, hours=1), without_constraint("events_event", "event_version_once"):
        outcomes = race(cancelling(lesson, cast), completing(lesson, cast))
        assert len(winners(outcomes)) == 2
        assert set(endings(lesson)) == {"booking.cancelled", "booking.completed"}


def test_a_lesson_is_cancelled_or_given_once(cast: Cast, stripe_here: StripeStandIn) -> None:
    lesson = authorised_lesson(cast)
    with at(lesson.ends_at, hours=1):
        acts = [cancelling(lesson, cast), completing(lesson, cast)] * (MANY // 2)
        outcomes = race(*acts)
    [won] = winners(outcomes)
    assert {each.code for each in outcomes if isinstance(each, DomainError)} == {"wrong_status"}
    assert endings(lesson) == [f"booking.{won.status}"]
    for hours in (1, 26):
        with at(lesson.ends_at, hours=hours):
            work.run(now=clock.now())
    given = won.status == Status.COMPLETED
    assert payment_of(lesson).status == (PaymentStatus.CAPTURED if given else PaymentStatus.CANCELLED)
    assert (stripe_here.total("captured"), earned(cast)) == ((89_60, 68_00) if given else (0, 0))
    assert list(history.all_differences()) == []
    assert_books_are_right()


def test_cancelled_and_charged_at_once_ends_one_way(cast: Cast, stripe_here: StripeStandIn) -> None:
    """A lesson's end comes while workers are at its payment: whoever wins, it is consistent."""
    lesson = authorised_lesson(cast)
    start = lesson.starts_at

    def charge() -> Any:
        return work.run(now=start + timedelta(hours=25))

    race(*[cancelling(lesson, cast), charge] * (MANY // 2))
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
    assert_books_are_right()


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
