"""Packages: several lessons of one offering and length, paid at once, used one by one, the rest refunded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from bookings.models import Card, Package, Payment, PaymentStatus
from bookings.services import ledger, pricing, steps
from bookings.services.packages_held import expiry
from bookings.services.payments import refunds
from bookings.services.payments.outcomes import lock_payment
from bookings.services.pricing import Quote
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound
from instainstru.rules import services as rules_service
from instructors.models import Offering
from instructors.services.catalogue import lesson_price
from students.models import Student

FEWEST, MOST = 2, 20
# What a page offers first.
USUAL = 5


@dataclass(frozen=True, slots=True)
class Rest:
    """What comes back for lessons that were not taken: their price, and the fee for them."""

    lessons: int
    price: int
    fee: int

    @property
    def total(self) -> int:
        return self.price + self.fee


def offer(offering: Offering, *, duration_min: int, lessons: int) -> Quote:
    """The bill of a package. The fee is counted by lesson, so that any rest of it can be told."""
    if duration_min not in offering.durations:
        raise Invalid("This length is not taught.", field="duration_min", code="wrong_duration")
    if not FEWEST <= lessons <= MOST:
        raise Invalid(f"A package has {FEWEST} to {MOST} lessons.", field="lessons")
    price, fee = _each(offering, duration_min)
    return Quote(lesson=lessons * price, fee=lessons * fee, credit=0, package=0, tip=0, commission=0)


def _each(offering: Offering, duration_min: int) -> tuple[int, int]:
    price = lesson_price(offering.price_per_hour, duration_min)
    return price, pricing.percent(price, rules_service.current().booking_fee_pct)


@transaction.atomic
def buy(
    student: Student,
    offering: Offering,
    *,
    duration_min: int,
    lessons: int,
    card: Card,
    by: Any,
    seen: int | None = None,
    once: UUID | None = None,
) -> Package:
    """A package whose payment is due now (``on_session.pay_now``); its lessons can be booked once it is paid.

    ``seen`` is the total the buyer was shown: another one is refused (``price_changed``). ``once`` becomes
    the payment's key: bought again under it, it is the same package.
    """
    if once is not None:
        steps.lock_student(student.pk)
        if (bought := _bought(student, once)) is not None:
            return bought
    quote = offer(offering, duration_min=duration_min, lessons=lessons)
    if card.student_id != student.pk or card.removed_at:
        raise NotFound("There is no such card.")
    if offering.instructor.user_id == student.user_id:
        raise Invalid("Nobody is their own student.", field="offering", code="own_offering")
    if not (offering.is_active and offering.instructor.is_listed):
        raise NotFound("This offering is not available.")
    if seen is not None and seen != quote.total:
        raise Conflict("The price has changed meanwhile. Please look at it again.", code="price_changed")
    now = clock.now()
    payment = immediate(
        Payment.Purpose.PACKAGE, student=student, offering=offering, card=card, now=now,
        lesson=quote.lesson, fee=quote.fee, total=quote.total, **({"id": once} if once else {}),
    )  # fmt: skip
    price, fee = _each(offering, duration_min)
    return Package.objects.create(
        student=student,
        offering=offering,
        payment=payment,
        duration_min=duration_min,
        lessons=lessons,
        left=lessons,
        price_each=price,
        fee_each=fee,
        expires_at=expiry(now),
        created_at=now,
    )


def _bought(student: Student, once: UUID) -> Package | None:
    """What was bought under that key; somebody else's key is refused."""
    payment = Payment.objects.filter(pk=once).first()
    if payment is None:
        return None
    if payment.student_id != student.pk or payment.purpose != Payment.Purpose.PACKAGE:
        raise NotFound("There is no such package.")
    return Package.objects.select_related("payment").get(payment=payment)


def immediate(
    purpose: Payment.Purpose, *, student: Student, offering: Offering, card: Card, now: datetime, **lines: Any
) -> Payment:
    """A payment that is charged at once."""
    return Payment.objects.create(
        purpose=purpose,
        student=student,
        instructor=offering.instructor,
        card=card,
        currency=settings.CURRENCY,
        ending=Payment.GIVEN,
        authorise_at=now,
        capture_at=now,
        due_at=now,
        created_at=now,
        **lines,
    )


def usable(student: Student, offering: Offering, *, duration_min: int) -> QuerySet[Package]:
    """Packages out of which this lesson can be booked, the first to expire first."""
    return Package.objects.filter(
        student=student, offering=offering, duration_min=duration_min, left__gt=0,
        paid_at__isnull=False, closed_at__isnull=True, expires_at__gt=clock.now(),
    ).order_by("expires_at", "pk")  # fmt: skip


def of(student: Student) -> QuerySet[Package]:
    """The student's packages that were paid, with all that a page says of them."""
    found = Package.objects.filter(student=student, paid_at__isnull=False)
    return found.select_related("offering__subject", "offering__instructor__user", "payment__card")


def package_for(user: User, package_id: int) -> Package:
    """A package of the user's own; raises ``NotFound`` for any other."""
    found = Package.objects.select_related(
        "offering__subject", "offering__instructor__user", "payment__card", "student"
    )
    package = found.filter(pk=package_id, student__user=user).first()
    if package is None:
        raise NotFound("There is no such package.")
    return package


def rest_of(package: Package) -> Rest:
    """What would come back now. Used lessons were sold at the single price, so the rest is plain."""
    return Rest(package.left, package.left * package.price_each, package.left * package.fee_each)


@transaction.atomic
def refund_rest(
    package: Package, *, by: Any, reason: str = "The rest of a package", seen: int | None = None
) -> Rest:
    """Close the package and give back what was not used; the worker sends it.

    ``seen`` is the amount that was shown before: another one is refused (``amount_changed``).
    """
    payment = lock_payment(package.payment_id)
    package = Package.objects.select_for_update(no_key=True).get(pk=package.pk)
    if payment.status != PaymentStatus.CAPTURED or package.closed_at is not None or not package.left:
        raise Conflict("Nothing of this package is left to give back.", code="package_used_up")
    refunds.refuse_elsewhere(payment)
    rest = rest_of(package)
    if seen is not None and seen != rest.total:
        raise Conflict("The amount has changed meanwhile. Please look at it again.", code="amount_changed")
    refunds.reserve(
        payment, amount=rest.total, from_instructor=0, reason=reason, by=by, package=package.pk,
        from_package=rest.price,
    )  # fmt: skip
    package.left, package.closed_at = 0, clock.now()
    package.save(update_fields=["left", "closed_at"])
    return rest


def expire(*, now: datetime, limit: int = 100) -> int:
    """Close packages whose time is over, giving back the rest: nobody pays for lessons they never had."""
    over = Package.objects.filter(
        expires_at__lte=now, closed_at__isnull=True, left__gt=0, paid_at__isnull=False
    )
    done = 0
    for package in over.order_by("expires_at")[:limit]:
        try:
            with transaction.atomic():
                rest = refund_rest(package, by=None, reason="The package's time is over")
                record(Kind.PACKAGE_EXPIRED, package, data={"lessons": rest.lessons, "amount": rest.total})
        except Conflict:
            continue
        done += 1
    return done


def held(student: Student) -> int:
    """What the student's packages are worth, from the books."""
    return ledger.balance(ledger.packages_of(student.pk))
