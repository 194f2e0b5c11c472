"""The demo's money: what the services would have written, at once and without Stripe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO
from operator import itemgetter
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F, Q
from django.test import override_settings

from bookings.models import (
    Booking,
    Credit,
    Customer,
    Entry,
    Package,
    Party,
    Payment,
    PaymentStatus,
    Posting,
    Status,
    Step,
)
from bookings.services import credits, earnings, ledger, lifecycle, no_shows, packages, pricing, tips
from bookings.services.payments import on_session, plan, reconcile, refunds, work
from bookings.services.payments.plan import Pay
from bookings.services.wanted import wish
from bookings.tests.factories import InstructorFactory, OfferingFactory, StudentFactory, teaching
from bookings.tests.paying import a_card, payment_of, payout_account, postings, stripe_here
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import Conflict
from instainstru.rules import services as rules_service
from instructors.models import Instructor, Offering
from ops.stand_ins.testing import StripeStandIn
from ops.testing.recorded import Recording
from students.models import Student

__all__ = ["stripe_here"]
# One process records the demo, not each.
pytestmark = pytest.mark.xdist_group("demo")
NOW = "2026-10-07T15:40:00Z"
SIZE = {"seed": 7, "instructors": 60, "students": 40, "bookings": 700, "keys": 3, "days": 30}
ALL_DAY = {day: [(0, 24 * 60)] for day in range(7)}
CHARGED = Q(status=PaymentStatus.CAPTURED)


DEMO = Recording("recorded_demo", lambda: call_command("seed_demo", **SIZE, json=True, stdout=StringIO()))


@pytest.fixture(scope="session")
def recorded_demo(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), override_settings(DEBUG=True), time_machine.travel(NOW, tick=False):
        DEMO.take()


@pytest.fixture
def demo(recorded_demo: None, db: None, settings: Any) -> Iterator[None]:
    settings.DEBUG = True
    with time_machine.travel(NOW, tick=False):
        DEMO.play()
        yield


def test_the_books_add_up_and_every_posting_names_its_event(demo: None) -> None:
    assert ledger.trial() == 0
    assert not ledger.overdrawn().exists()
    assert Posting.objects.count() > 700
    for posting in Posting.objects.select_related("event", "payment").prefetch_related("entries"):
        assert sum(entry.amount for entry in posting.entries.all()) == 0
        assert (posting.kind, posting.created_at) == (posting.event.kind, posting.event.created_at)
        if posting.payment is not None:
            assert posting.booking_id == posting.payment.booking_id


def test_the_books_were_written_in_the_order_of_time(demo: None) -> None:
    at = list(Entry.objects.order_by("pk").values_list("posting__created_at", flat=True))
    assert at == sorted(at)
    assert len(set(at)) > 100


def test_every_lesson_has_one_payment_that_stands_where_the_lesson_does(demo: None) -> None:
    dawn = clock.to_instant(clock.today("America/New_York"), datetime.min.time(), "America/New_York")
    lessons = Booking.objects.order_by("pk")
    paid = {payment.booking_id: payment for payment in Payment.objects.filter(purpose="lesson")}
    assert set(paid) == {lesson.pk for lesson in lessons}
    for lesson in lessons:
        payment = paid[lesson.pk]
        if lesson.status == Status.CANCELLED:
            assert (payment.ending, payment.due_at) == (lesson.cancellation_tier, None)
            assert payment.status in (PaymentStatus.CAPTURED, PaymentStatus.CANCELLED)
        elif payment.capture_at <= dawn:
            assert (payment.status, payment.ending, payment.due_at) == ("captured", "given", None)
        else:
            assert payment.status == PaymentStatus.PLANNED
            assert payment.due_at == payment.authorise_at >= lesson.created_at
    assert not Payment.objects.filter(purpose__in=("tip", "package")).exclude(CHARGED).exists()


def test_nothing_of_it_was_ever_at_stripe(demo: None) -> None:
    assert not Payment.objects.exclude(intent_id="", card=None).exists()
    assert not Step.objects.exists()
    assert not Customer.objects.exists()


def test_comparing_with_stripe_finds_nothing_and_says_what_was_not_paid_there(
    demo: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(reconcile.differences(now=clock.now())) == []
    call_command("reconcile_payments")
    said = json.loads(capsys.readouterr().out)
    assert said == {
        "differences": 0,
        "not_paid_through_stripe": Payment.objects.filter(captured__gt=0).count(),
    }


def test_what_was_not_paid_through_stripe_is_not_refunded_there(demo: None) -> None:
    payment = Payment.objects.filter(CHARGED, purpose="lesson", captured__gt=0).order_by("pk")[0]
    with pytest.raises(Conflict, match="not paid through Stripe") as refusal:
        refunds.preview(payment, amount=1_00)
    assert refusal.value.code == "not_through_stripe"
    package = Package.objects.filter(left__gt=0).order_by("pk")[0]
    with pytest.raises(Conflict, match="not paid through Stripe"):
        packages.refund_rest(package, by=None)
    package.refresh_from_db()
    assert (package.closed_at, Step.objects.count()) == (None, 0)


def test_a_late_ending_of_what_was_not_paid_through_stripe_is_for_staff(demo: None) -> None:
    payment = Payment.objects.filter(CHARGED, purpose="lesson", captured__gt=0).order_by("pk")[0]
    plan.end(payment.booking, "free", now=clock.now())
    payment.refresh_from_db()
    assert (payment.late_ending, payment.needs_staff, payment.refunded) == ("free", True, 0)
    assert not Step.objects.exists()


def test_credit_and_packages_hold_what_their_uses_left(demo: None) -> None:
    for credit in Credit.objects.prefetch_related("uses"):
        spent = sum(use.amount - use.given_back for use in credit.uses.all())
        assert credit.left == credit.amount - spent
    assert Credit.objects.filter(left__lt=F("amount")).exists()
    for package in Package.objects.prefetch_related("uses"):
        assert package.left == package.lessons - sum(not use.given_back for use in package.uses.all())
    assert Package.objects.filter(left__lt=F("lessons")).exists()


def test_instructors_stand_on_the_step_their_lessons_earned(demo: None) -> None:
    """A day later they are where they were, or a step down; nobody rises by lessons already counted."""
    before = dict(Instructor.objects.values_list("pk", "commission_step"))
    assert set(before.values()) == {0, 1, 2}
    earnings.refresh_commissions(now=clock.now())
    after = dict(Instructor.objects.values_list("pk", "commission_step"))
    assert all(before[pk] - 1 <= after[pk] <= before[pk] for pk in before)
    kept = {payment.commission * 100 / payment.lesson for payment in Payment.objects.filter(purpose="lesson")}
    assert {round(pct) for pct in kept} == {10, 12, 15}


def test_most_instructors_were_sent_their_earnings_and_some_are_owed(demo: None) -> None:
    busy = Instructor.objects.get(user__email="instructor@demo.example")
    earned = earnings.of(busy)
    assert earned.earned == earned.sent > 0
    assert (earned.owed, earned.coming > 0) == (0, True)
    owed = Payment.objects.filter(transferred__lt=F("to_instructor"))
    assert 0 < owed.values("instructor").distinct().count() < 10
    assert not owed.exclude(transferred=0, transfer_at=None).exists()


def lived_again(seeded: Payment, stand_in: StripeStandIn) -> Payment:
    """The same lesson with other people, booked, worked on and ended at the same moments."""
    lesson = seeded.booking
    assert lesson is not None
    at = lesson.created_at
    with travelling(at - timedelta(days=1)):
        offering = teaching(offering_of(seeded, lesson), week=ALL_DAY)
        if seeded.transferred:
            payout_account(offering, stand_in)
    with travelling(at):
        student = StudentFactory()
        pay = paying(seeded, student, offering)
        wanted = wish(offering, starts_at=lesson.starts_at, duration_min=lesson.duration_min)
        again = lifecycle.book(wanted, student=student, by=student.user, pay=pay)
        work.run(now=at)
    payment = payment_of(again)
    live_on(again, lesson, payment)
    payment.refresh_from_db()
    return payment


@contextmanager
def travelling(moment: datetime) -> Iterator[None]:
    with time_machine.travel(moment, tick=False):
        yield


def offering_of(seeded: Payment, lesson: Booking) -> Offering:
    """Of the same price and terms, by somebody who stands on the same step of commission."""
    pcts = earnings.steps_of(rules_service.current()).pcts
    step = [pricing.percent(seeded.lesson, pct) for pct in pcts].index(seeded.commission)
    return OfferingFactory(
        instructor=InstructorFactory(
            cancellation_preset=lesson.cancellation_preset, commission_step=step, horizon_days=30
        ),
        price_per_hour=lesson.price_per_hour,
        durations=[lesson.duration_min],
    )


def paying(seeded: Payment, student: Student, offering: Offering) -> Pay:
    card = a_card(student)
    if seeded.credit:
        credits.grant(student, amount=seeded.credit, reason="sorry", by=None)
    if not seeded.package:
        return Pay(card, use_credit=bool(seeded.credit))
    duration = offering.durations[0]
    package = packages.buy(student, offering, duration_min=duration, lessons=3, card=card, by=None)
    on_session.pay_now(package.payment, return_url="http://localhost/back")
    package.refresh_from_db()
    return Pay(package=package)


def live_on(again: Booking, lesson: Booking, payment: Payment) -> None:
    """Everything in its time: people act, and the worker does what is due."""
    story: list[tuple[datetime, Callable[[], Any]]] = [(payment.authorise_at, lambda: None)]
    if lesson.ended_at:
        story.append((lesson.ended_at, lambda: end(again, lesson)))
    if lesson.status == Status.NO_SHOW and lesson.ended_at:
        decided = lesson.ended_at + timedelta(hours=24)
        story.append((decided, lambda: no_shows.uphold(again.no_show_report, now=decided)))
    if lesson.status != Status.CANCELLED:
        story.append((payment.capture_at, lambda: None))
    for moment, act in sorted(story, key=itemgetter(0)):
        if moment <= clock.now():
            with travelling(moment):
                with transaction.atomic():
                    act()
                work.run(now=moment)


def end(again: Booking, lesson: Booking) -> None:
    instructor = again.instructor.user
    if lesson.status == Status.CANCELLED:
        by = again.student.user if lesson.cancelled_by == Party.STUDENT else instructor
        lifecycle.cancel(again, by=by, party=Party(lesson.cancelled_by))
    elif lesson.status == Status.NO_SHOW:
        lifecycle.report_no_show(again, by=instructor, party=Party.INSTRUCTOR)
    else:
        lifecycle.complete(again, by=instructor, party=Party.INSTRUCTOR)


def told(payment: Payment) -> list[tuple[str, datetime, dict[str, Any]]]:
    """The payment's events, without whose they are; its row counts them. Fees are Stripe's to tell."""
    whose = ("booking", "student", "instructor")
    found = Event.objects.filter(subject_type="payment", subject_id=str(payment.pk)).order_by("version")
    assert [event.version for event in found] == list(range(1, payment.version + 1))
    return [
        (event.kind, event.created_at, {n: value for n, value in event.data.items() if n not in whose})
        for event in found
        if event.kind != Kind.STRIPE_FEE
    ]


SAME = (
    "purpose", "lesson", "fee", "credit", "package", "tip", "commission", "total", "currency", "status",
    "ending", "authorise_at", "capture_at", "warn_at", "give_up_at", "due_at", "captured", "captured_at",
    "refunded", "to_instructor", "transferred", "transfer_at", "frozen_at", "created_at",
    "needs_staff",
)  # fmt: skip
GIVEN = Q(ending="given")
KINDS = {
    "given, by card": GIVEN & CHARGED & Q(credit=0, package=0),
    "given, with credit": GIVEN & CHARGED & Q(credit__gt=0),
    "given, of a package": GIVEN & CHARGED & Q(package__gt=0),
    "given, not sent on": GIVEN & CHARGED & Q(transferred=0),
    "nobody came": GIVEN & CHARGED & Q(booking__status="no_show"),
    "cancelled in time": Q(ending="free", package=0, credit=0),
    "cancelled in time, with credit": Q(ending="free", credit__gt=0),
    "cancelled in time, of a package": Q(ending="free", package__gt=0),
    "cancelled by the instructor": Q(ending="not_by_student"),
    "cancelled late": Q(ending="credit", package=0),
    "cancelled late, of a package": Q(ending="credit", package__gt=0),
    "cancelled very late": Q(ending="half", package=0, credit=0),
    "cancelled very late, of a package": Q(ending="half", package__gt=0),
    "cancelled very late, with credit": Q(ending="half", credit__gt=0),
    "to come": Q(status="planned", credit=0, package=0, authorise_at__gt=NOW),
}


@pytest.mark.django_db(transaction=True)
def test_seeded_lessons_have_what_the_services_write_for_the_same_lesson(
    demo: None, stripe_here: StripeStandIn
) -> None:
    stripe_here.fund(10_000_00)  # what credit and packages pay is sent out of the balance
    lessons = Payment.objects.filter(purpose="lesson").select_related("booking").order_by("pk")
    for name, kind in KINDS.items():
        seeded = lessons.filter(kind).first()
        assert seeded is not None, name
        again = lived_again(seeded, stripe_here)
        assert told(seeded) == told(again), name
        assert postings(seeded) == postings(again), name
        assert {f: getattr(seeded, f) for f in SAME} == {f: getattr(again, f) for f in SAME}, name
        assert purse_of(seeded) == purse_of(again), name


def purse_of(payment: Payment) -> list[tuple[Any, ...]]:
    """Credit that the lesson's end made, and what became of credit and packages that it had used."""
    made = Credit.objects.filter(booking=payment.booking_id).order_by("pk")
    return [
        *made.values_list("amount", "currency", "reason", "created_at", "expires_at"),
        (sum(payment.credit_uses.values_list("amount", flat=True)),),
        (sum(payment.credit_uses.values_list("given_back", flat=True)),),
        tuple(payment.package_use.given_back for _ in [payment] if payment.package),
    ]


@pytest.mark.django_db(transaction=True)
def test_seeded_tips_and_packages_have_what_the_services_write(
    demo: None, stripe_here: StripeStandIn
) -> None:
    tip = Payment.objects.filter(purpose="tip", transferred__gt=0).select_related("booking").order_by("pk")[0]
    lesson = lived_again(payment_of(tip.booking), stripe_here).booking  # type: ignore[arg-type]
    with travelling(tip.created_at):
        card = lesson.student.cards.get()
        on_session.pay_now(
            again := tips.give(lesson, amount=tip.tip, card=card, by=None), return_url="http://localhost/"
        )
        work.run(now=tip.created_at)
    bought = Package.objects.select_related("payment").order_by("pk")[0]
    offering = teaching(
        OfferingFactory(price_per_hour=bought.offering.price_per_hour, durations=[bought.duration_min])
    )
    with travelling(bought.created_at):
        student = StudentFactory()
        package = packages.buy(
            student, offering, duration_min=bought.duration_min, lessons=bought.lessons, card=a_card(student),
            by=None,
        )  # fmt: skip
        on_session.pay_now(package.payment, return_url="http://localhost/back")
    package.refresh_from_db()
    again.refresh_from_db()
    for seeded, real in ((tip, again), (bought.payment, package.payment)):
        assert told(seeded) == told(real)
        assert postings(seeded) == postings(real)
        assert {f: getattr(seeded, f) for f in SAME} == {f: getattr(real, f) for f in SAME}
    same = ("lessons", "price_each", "fee_each", "paid_at", "expires_at", "closed_at", "created_at")
    assert {f: getattr(bought, f) for f in same} == {f: getattr(package, f) for f in same}


@pytest.mark.django_db(transaction=True)
def test_demo_people_get_cards_and_an_account_once(demo: None, stripe_here: StripeStandIn) -> None:
    for _ in range(2):
        call_command("demo_payments", stdout=StringIO())
    held = -ledger.balance(ledger.STRIPE)
    to_pay = Payment.objects.filter(status=PaymentStatus.PLANNED, total__gt=0)
    assert not to_pay.filter(card=None).exists()
    named = Student.objects.filter(user__email__in=[f"student{n}@demo.example" for n in (1, 2, 3)])
    assert [student.cards.count() for student in named] == [1, 1, 1]
    busy = Instructor.objects.get(user__email="instructor@demo.example")
    assert (busy.payout_account.is_ready, busy.payout_account.pays_out) == (True, True)
    assert stripe_here.client().v1.balance.retrieve().available[0].amount == held


@pytest.mark.django_db(transaction=True)
def test_with_their_cards_the_worker_carries_demo_lessons_on(demo: None, stripe_here: StripeStandIn) -> None:
    due = Payment.objects.filter(due_at__lte=clock.now())
    number = due.filter(total__gt=0).count()
    assert number > 3
    call_command("demo_payments", stdout=StringIO())
    work.run(now=clock.now())
    assert len(stripe_here.journal(what="authorised")) == number
    assert not Payment.objects.filter(needs_staff=True).exists()
    assert not Event.objects.filter(kind="payment.failed").exists()
    assert not due.exists()
    work.run(now=clock.now() + timedelta(days=2))
    assert len(stripe_here.journal(what="captured")) >= 3
    assert not Event.objects.filter(kind="payment.failed").exists()
    assert list(reconcile.differences(now=clock.now())) == []


@pytest.mark.parametrize(("debug", "base"), [(False, "http://localhost:1"), (True, "")])
def test_cards_for_a_demo_are_for_development_with_a_stand_in(
    db: None, settings: Any, debug: bool, base: str
) -> None:
    settings.DEBUG, settings.STRIPE_API_BASE = debug, base
    with pytest.raises(CommandError, match="stand-in"):
        call_command("demo_payments")


def test_the_books_are_empty_when_the_demo_is_gone(demo: None) -> None:
    connection.check_constraints()  # as a commit would: what is not checked yet is in the way of the rest
    call_command("seed_demo", **{**SIZE, "bookings": 0}, json=True, stdout=StringIO())
    assert (Payment.objects.count(), Posting.objects.count(), Entry.objects.count()) == (0, 0, 0)
    assert not Event.objects.filter(subject_type__in=("payment", "credit", "package")).exists()
