"""Students' credit: granted, spent first-expiring first, given back, expired. One that is spent is locked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, QuerySet, Sum

from bookings.models import Booking, Credit, CreditUse, Payment
from bookings.services import ledger
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from students.models import Student

LARGEST = 1_000_000_00
DAYS_A_MONTH = 365 / 12
# So long before the end a letter tells of credit that is left.
WARN_BEFORE = timedelta(days=14)


def of(student: Student) -> QuerySet[Credit]:
    """What the student may spend, the first to expire first."""
    return _spendable(student.pk, now=clock.now())


def available(student: Student) -> int:
    """How much the student may spend now."""
    return int(of(student).aggregate(total=Sum("left"))["total"] or 0)


def _spendable(student_id: int, *, now: datetime) -> QuerySet[Credit]:
    found = Credit.objects.filter(
        student_id=student_id, left__gt=0, expires_at__gt=now, currency=settings.CURRENCY
    )
    return found.order_by("expires_at", "id")


@transaction.atomic
def grant(
    student: Student, *, amount: int, reason: str, by: Any, booking: Booking | None = None,
    seen: int | None = None,
) -> Credit:  # fmt: skip
    """Credit out of the platform's own pocket, by staff.

    ``seen`` is ``latest`` when the form was shown: where there is another one since, the same grant sent
    twice above all, it raises ``stale`` and nothing is granted.
    """
    if not 0 < amount <= LARGEST:
        raise Invalid("Credit is an amount above nothing, within reason.", field="amount")
    if not reason.strip():
        raise Invalid("Say why: the student is told.", field="reason", code="reason_required")
    if seen is not None:
        Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        if latest(student) != seen:
            raise Conflict("This student was given credit meanwhile. Look once more.", code="stale")
    credit = make(
        student_id=student.pk, amount=amount, reason=reason.strip(), rules=rules_service.current(fresh=True),
        booking=booking,
    )  # fmt: skip
    event = _note(Kind.CREDIT_GRANTED, credit, amount=amount, by=by)
    entries = {ledger.PLATFORM: -amount, ledger.credit_of(student.pk): amount}
    ledger.post(entries, event=event, currency=credit.currency, booking=booking)
    return credit


def latest(student: Student) -> int:
    """The key of the student's newest credit; 0 where there is none."""
    return Credit.objects.filter(student=student).aggregate(key=Max("pk"))["key"] or 0


def make(
    *, student_id: int, amount: int, reason: str, rules: Rules, booking: Booking | None = None
) -> Credit:
    """The row alone; whoever makes it posts where the money comes from."""
    now = clock.now()
    return Credit.objects.create(
        student_id=student_id,
        amount=amount,
        left=amount,
        currency=settings.CURRENCY,
        reason=reason,
        booking=booking,
        expires_at=expiry(rules, now=now),
        created_at=now,
    )


def expiry(rules: Rules, *, now: datetime) -> datetime:
    """Until when credit made now is good."""
    return now + timedelta(days=round(rules.credit_months * DAYS_A_MONTH))


def lock(student_id: int, *, now: datetime) -> list[Credit]:
    """The credit that may be spent, nobody else's until the transaction ends."""
    return list(_spendable(student_id, now=now).select_for_update(no_key=True))


def spend(payment: Payment, credits: list[Credit], *, by: Any) -> None:
    """Take ``payment.credit`` out of these locked rows, in their order, and hold it for the lesson."""
    wanted = payment.credit
    for credit in credits:
        part = min(credit.left, wanted)
        if not part:
            break
        credit.left -= part
        credit.save(update_fields=["left"])
        CreditUse.objects.create(credit=credit, payment=payment, amount=part)
        wanted -= part
    if wanted:
        raise ValueError("More credit is spent than there is.")
    # Told with the payment, whose row is this transaction's alone, and which counts its events.
    payment.version += 1
    payment.save(update_fields=["version"])
    event = _note(Kind.CREDIT_SPENT, payment, amount=payment.credit, by=by, version=payment.version)
    student = payment.student_id
    entries = {ledger.credit_of(student): -payment.credit, ledger.of_student(student): payment.credit}
    ledger.post(entries, event=event, currency=payment.currency, payment=payment)


def give_back(payment: Payment, amount: int) -> None:
    """So much of what the payment took is credit again, with the expiry it had: the last to expire first.

    Whoever calls posts it.
    """
    uses = CreditUse.objects.filter(payment=payment).select_related("credit")
    for use in uses.order_by("-credit__expires_at", "-credit_id"):
        part = min(use.amount - use.given_back, amount)
        if not part:
            continue
        CreditUse.objects.filter(pk=use.pk).update(given_back=F("given_back") + part)
        Credit.objects.filter(pk=use.credit_id).update(left=F("left") + part, expired_at=None)
        amount -= part
    if amount:
        raise ValueError("More credit comes back than was spent.")


def expire(*, now: datetime, limit: int = 200) -> int:
    """End credit that nobody spent in time: it is the platform's. Returns how many rows."""
    done = 0
    while done < limit and _expire_one(now=now):
        done += 1
    return done


@transaction.atomic
def _expire_one(*, now: datetime) -> bool:
    rows = Credit.objects.select_for_update(skip_locked=True, of=("self",)).select_related("student")
    credit = rows.filter(left__gt=0, expires_at__lte=now).order_by("expires_at").first()
    if credit is None:
        return False
    lost, credit.left, credit.expired_at = credit.left, 0, now
    credit.save(update_fields=["left", "expired_at"])
    event = _note(Kind.CREDIT_EXPIRED, credit, amount=lost, by=None)
    entries = {ledger.credit_of(credit.student_id): -lost, ledger.PLATFORM: lost}
    ledger.post(entries, event=event, currency=credit.currency)
    return True


def to_warn_of() -> QuerySet[Credit]:
    """Credit that is left and of whose end nobody was told yet."""
    return Credit.objects.filter(left__gt=0, warned_at__isnull=True)


def warn(*, now: datetime, limit: int = 200) -> int:
    """Tell students of credit that ends within the next days. Returns how many rows."""
    done = 0
    while done < limit and _warn_one(now=now):
        done += 1
    return done


@transaction.atomic
def _warn_one(*, now: datetime) -> bool:
    rows = to_warn_of().select_for_update(skip_locked=True, of=("self",), no_key=True)
    ending = rows.filter(expires_at__gt=now, expires_at__lte=now + WARN_BEFORE)
    credit = ending.order_by("expires_at").first()
    if credit is None:
        return False
    credit.warned_at = now
    credit.save(update_fields=["warned_at"])
    _note(Kind.CREDIT_EXPIRING, credit, amount=credit.left, by=None)
    return True


def _note(
    kind: Kind, subject: Credit | Payment, *, amount: int, by: Any, version: int | None = None
) -> Event:
    data = {
        "amount": amount,
        "currency": subject.currency,
        "student": subject.student_id,
        "booking": str(subject.booking_id) if subject.booking_id else None,
        "reason": getattr(subject, "reason", ""),
    }
    return record(kind, subject, by=by, data=data, version=version)
