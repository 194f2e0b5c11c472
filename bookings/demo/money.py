"""What demo students paid, had and got back, told in the order in which it happened to each of them.

Amounts come from the rules' own pure functions; what they are written into is what the services would have
written (``test_demo_money.py`` compares). All is as of the demo's dawn: what was to be charged by then is,
and what comes later is planned, for the worker to carry on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import NamedTuple
from uuid import UUID

from bookings.demo.books import BATCH, Books
from bookings.demo.dues import Due
from bookings.demo.people import Scene
from bookings.demo.purse import Purse
from bookings.models import Package, Payment, PaymentStatus, Status
from bookings.services import ledger, packages_held, pricing
from bookings.services.payments import moments, outcomes
from bookings.services.pricing import Quote, Settlement
from instainstru.events.kinds import Kind
from instainstru.lib.ids import id_at
from instructors.services.catalogue import lesson_price

GRANTED = 0.06  # of the students
PACKAGED = 0.3  # of the courses that are long enough
SHORTEST_COURSE = 3
TIPPED = 0.08  # of the lessons that were given
WITH_CREDIT = 0.7  # of the lessons of students who have some
GRANTS = (10_00, 15_00, 20_00, 25_00)
WHY_GRANTED = (
    "An apology for the late start", "Welcome back", "Thank you for telling a friend", "The room was closed",
)  # fmt: skip
TIPS = (5_00, 5_00, 10_00, 15_00, 20_00)
LESSON, TIP, PACKAGE = Payment.Purpose.LESSON, Payment.Purpose.TIP, Payment.Purpose.PACKAGE


def tell(scene: Scene, dues: list[Due], *, staff: int) -> None:
    """Write the money of these lessons, student by student."""
    books, rng = Books(), scene.rng("money")
    by_student: dict[int, list[Due]] = defaultdict(list)
    for due in dues:
        by_student[due.student_id].append(due)
    for student in sorted(by_student):
        _Student(scene, books, rng, by_student[student], staff=staff).tell()
        books.write(least=BATCH)
    books.write()


class _Moment(NamedTuple):
    at: datetime
    # At one instant: what adds to the purse before what takes out of it.
    order: int
    act: Callable[[], None]


class _Student:
    """One student's lessons and purse."""

    def __init__(self, scene: Scene, books: Books, rng: Random, dues: list[Due], *, staff: int) -> None:
        self._rules, self._dawn = scene.rules, scene.dawn
        self._books, self._rng, self._dues, self._staff = books, rng, dues, staff
        self._purse = Purse(books, scene.rules, dues[0].student_id)
        self._packages: dict[tuple[int, int], Package] = {}
        self._payments: dict[UUID, Payment] = {}

    def tell(self) -> None:
        plan = [*self._grant(), *self._courses()]
        for due in self._dues:
            plan.append(_Moment(due.created_at, 2, partial(self._book, due)))
            if due.status == Status.CANCELLED and due.ended_at:
                plan.append(_Moment(due.ended_at, 3, partial(self._cancel, due, due.ended_at)))
        for moment in sorted(plan, key=lambda moment: moment[:2]):
            moment.act()

    def _grant(self) -> list[_Moment]:
        rng = self._rng
        first = min(due.created_at for due in self._dues)
        if rng.random() >= GRANTED:
            return []
        at = first + (self._dawn - first) * rng.random()
        amount, reason = rng.choice(GRANTS), rng.choice(WHY_GRANTED)
        return [_Moment(at, 0, partial(self._purse.grant, amount, at, reason=reason, by=self._staff))]

    def _courses(self) -> list[_Moment]:
        """Packages for some of the courses, bought just before the first lesson is booked."""
        courses: dict[tuple[int, int], list[Due]] = defaultdict(list)
        for due in self._dues:
            courses[due.offering_id, due.duration_min].append(due)
        found = []
        for course in courses.values():
            if len(course) < SHORTEST_COURSE or self._rng.random() >= PACKAGED:
                continue
            first = min(course, key=lambda due: due.created_at)
            lessons = min(20, len(course) + self._rng.choice((-1, 0, 1, 2)))
            at = first.created_at - timedelta(minutes=2)
            found.append(_Moment(at, 1, partial(self._buy, first, lessons, at)))
        return found

    def _buy(self, due: Due, lessons: int, at: datetime) -> None:
        price = lesson_price(due.price_per_hour, due.duration_min)
        fee = pricing.percent(price, self._rules.booking_fee_pct)
        quote = Quote(lesson=lessons * price, fee=lessons * fee, credit=0, package=0, tip=0, commission=0)
        payment = self._at_once(PACKAGE, due, quote, at)
        entries = {ledger.packages_of(due.student_id): payment.lesson, ledger.PLATFORM: payment.fee}
        self._collect(Kind.PACKAGE_BOUGHT, payment, entries, at)
        self._packages[due.offering_id, due.duration_min] = self._books.add(
            Package(
                student_id=due.student_id, offering_id=due.offering_id, payment_id=payment.pk,
                duration_min=due.duration_min, lessons=lessons, left=lessons, price_each=price, fee_each=fee,
                paid_at=at, created_at=at,
                expires_at=at + timedelta(days=round(self._rules.package_months * packages_held.DAYS_A_MONTH)),
            )
        )  # fmt: skip

    def _book(self, due: Due) -> None:
        package = self._packages.get((due.offering_id, due.duration_min))
        package = package if package is not None and package.left else None
        usable = self._purse.usable(due.created_at) if package is None else []
        if usable and self._rng.random() >= WITH_CREDIT:
            usable = []
        quote = pricing.quote(
            price_per_hour=due.price_per_hour,
            duration_min=due.duration_min,
            fee_pct=self._rules.booking_fee_pct,
            commission_pct=due.commission_pct,
            credit_available=sum(credit.left for credit in usable),
            in_package=package is not None,
        )
        payment = self._payment(LESSON, due, quote, due.created_at)
        payment.booking_id = due.booking_id
        moments.set_times(
            payment, starts_at=due.starts_at, ends_at=due.ends_at, rules=self._rules, now=due.created_at
        )
        payment.due_at = payment.authorise_at
        self._payments[due.booking_id] = payment
        if payment.credit:
            self._purse.spend(payment, usable, due.created_at, by=due.student_user)
        if package is not None:
            self._purse.take(package, payment, due.created_at, by=due.student_user)
        if due.status != Status.CANCELLED:
            self._go_on(due, payment)

    def _go_on(self, due: Due, payment: Payment) -> None:
        """The lesson takes place: charged, or planned where that is yet to come."""
        reported = due.ended_at if due.status == Status.NO_SHOW else None
        decided = reported + timedelta(hours=self._rules.answer_h) if reported else None
        charge_at = max(payment.capture_at, decided or payment.capture_at)
        if charge_at <= self._dawn:
            self._authorised(payment, payment.authorise_at)
        elif payment.authorise_at <= self._dawn:
            # No card holds it, because none ever was at Stripe: it is due from the dawn on.
            moments.set_times(
                payment, starts_at=due.starts_at, ends_at=due.ends_at, rules=self._rules, now=self._dawn
            )
            payment.due_at = payment.authorise_at
        if reported and decided:
            self._freeze(payment, reported, decided)
        if charge_at <= self._dawn:
            self._charge(payment, Payment.GIVEN, charge_at, sent_on=due.sent_on)
            if due.status == Status.COMPLETED and due.ended_at and self._rng.random() < TIPPED:
                self._tip(due, due.ended_at)

    def _freeze(self, payment: Payment, reported: datetime, decided: datetime) -> None:
        """Whoever was said not to have come does not answer, which upholds it: the lesson counts as given."""
        self._books.tell(Kind.PAYMENT_FROZEN, payment, reported, amount=payment.total, why="no_show")
        if decided > self._dawn:
            payment.frozen_at, payment.frozen_why, payment.due_at = reported, "no_show", None
            return
        self._books.tell(Kind.PAYMENT_UNFROZEN, payment, decided, amount=payment.total, why="no_show")
        payment.ending = Payment.GIVEN

    def _cancel(self, due: Due, at: datetime) -> None:
        payment = self._payments[due.booking_id]
        payment.ending = due.tier
        if not outcomes.all_comes_back(payment):
            self._authorised(payment, min(payment.authorise_at, at))
            self._charge(payment, due.tier, at, sent_on=due.sent_on)
            return
        if payment.authorise_at <= at:
            self._authorised(payment, payment.authorise_at)
        payment.status, payment.due_at = PaymentStatus.CANCELLED, None
        event = self._books.tell(Kind.PAYMENT_CANCELLED, payment, at, amount=payment.total, tier=due.tier)
        self._books.post(self._given_back(payment, outcomes.settlement(payment), at), event, payment)

    def _tip(self, due: Due, given_at: datetime) -> None:
        at = given_at + timedelta(minutes=self._rng.randint(20, 1200))
        amount = self._rng.choice(TIPS)
        if at > self._dawn:
            return
        quote = Quote(lesson=0, fee=0, credit=0, package=0, tip=amount, commission=0)
        payment = self._at_once(TIP, due, quote, at, booking_id=due.booking_id)
        self._charge(payment, Payment.GIVEN, at, sent_on=due.sent_on)

    def _payment(self, purpose: Payment.Purpose, due: Due, quote: Quote, at: datetime) -> Payment:
        payment = Payment(
            id=id_at(at, self._rng.getrandbits(80)),
            purpose=purpose,
            student_id=due.student_id,
            instructor_id=due.instructor_id,
            lesson=quote.lesson,
            fee=quote.fee,
            credit=quote.credit,
            package=quote.package,
            tip=quote.tip,
            commission=quote.commission,
            total=quote.total,
            currency=due.currency,
            created_at=at,
        )
        self._books.add(payment)
        return payment

    def _at_once(
        self, purpose: Payment.Purpose, due: Due, quote: Quote, at: datetime, booking_id: UUID | None = None
    ) -> Payment:
        """As ``packages.immediate``."""
        payment = self._payment(purpose, due, quote, at)
        payment.booking_id = booking_id
        payment.ending = Payment.GIVEN
        payment.authorise_at = payment.capture_at = at
        self._authorised(payment, at)
        return payment

    def _authorised(self, payment: Payment, at: datetime) -> None:
        if payment.total:
            self._books.tell(Kind.PAYMENT_AUTHORISED, payment, at, amount=payment.total)

    def _charge(self, payment: Payment, ending: str, at: datetime, *, sent_on: bool) -> None:
        """As ``outcomes.captured``, and the transfer that follows it."""
        payment.ending = ending
        shares = outcomes.settlement(payment)
        payment.to_instructor = shares.to_instructor
        entries = self._given_back(payment, shares, at)
        entries[ledger.of_instructor(payment.instructor_id)] = shares.to_instructor
        entries[ledger.PLATFORM] = shares.platform
        self._collect(
            Kind.TIP_PAID if payment.purpose == TIP else Kind.PAYMENT_CAPTURED, payment, entries, at
        )
        if sent_on and shares.to_instructor:
            payment.transferred = shares.to_instructor
            event = self._books.tell(Kind.TRANSFER_MADE, payment, at, amount=shares.to_instructor)
            sent = {
                ledger.of_instructor(payment.instructor_id): -shares.to_instructor,
                ledger.STRIPE: shares.to_instructor,
            }
            self._books.post(sent, event, payment)

    def _collect(self, kind: Kind, payment: Payment, entries: dict[ledger.Whose, int], at: datetime) -> None:
        payment.status, payment.due_at = PaymentStatus.CAPTURED, None
        payment.captured, payment.captured_at = outcomes.to_collect(payment), at
        shares = outcomes.said(outcomes.settlement(payment))
        event = self._books.tell(kind, payment, at, amount=payment.captured, shares=shares)
        self._books.post({**entries, ledger.STRIPE: -payment.captured}, event, payment)

    def _given_back(self, payment: Payment, shares: Settlement, at: datetime) -> dict[ledger.Whose, int]:
        """As ``outcomes._given_back``."""
        self._purse.give_back(payment, shares.credit_back)
        if shares.credit:
            self._purse.make(shares.credit, at, reason="A cancelled lesson", booking_id=payment.booking_id)
        if shares.package_back:
            self._purse.put_back(payment)
        student = payment.student_id
        return {
            ledger.of_student(student): -(payment.credit + payment.package),
            ledger.credit_of(student): shares.credit_back + shares.credit,
            ledger.packages_of(student): shares.package_back,
        }
