"""What an instructor earned, is owed and was sent, from the books alone; and their step of commission."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q, QuerySet, Sum

from bookings.models import Booking, Entry, Payment, PaymentStatus, Status
from bookings.services import ledger
from bookings.services.pricing import CommissionRules, commission_step
from instainstru.events.kinds import Kind
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import Instructor
from instructors.services import profile

MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Earnings:
    """``earned`` after commission and refunds, ``sent`` of it to their account, ``owed`` the difference;
    ``coming`` is what lessons booked or given and not yet charged will bring if they take place."""

    earned: int
    sent: int
    owed: int
    coming: int


def of(instructor: Instructor) -> Earnings:
    """All there ever was, and what is coming."""
    entries = ledger.entries_of(ledger.of_instructor(instructor.pk)).order_by()
    transfers = Q(posting__kind__in=(Kind.TRANSFER_MADE, Kind.TRANSFER_REVERSED))
    sums = entries.aggregate(
        earned=Sum("amount", filter=~transfers, default=0), sent=Sum("amount", filter=transfers, default=0)
    )
    waiting = Payment.objects.filter(
        instructor=instructor, purpose=Payment.Purpose.LESSON, ending__in=("", Payment.GIVEN)
    ).exclude(status__in=(PaymentStatus.CAPTURED, PaymentStatus.CANCELLED, PaymentStatus.FAILED))
    # What is paid for a time that is only held brings nothing yet.
    waiting = waiting.exclude(booking__isnull=False, booking__confirmed_at__isnull=True)
    coming = waiting.aggregate(lesson=Sum("lesson", default=0), commission=Sum("commission", default=0))
    earned, sent = int(sums["earned"]), -int(sums["sent"])
    return Earnings(earned, sent, earned - sent, int(coming["lesson"] - coming["commission"]))


def lines(instructor: Instructor, *, low: datetime, high: datetime) -> QuerySet[Entry]:
    """The instructor's entries in ``[low, high)``, latest first, with booking, student and subject."""
    found = ledger.statement(ledger.of_instructor(instructor.pk), low=low, high=high)
    return found.select_related(
        "posting__event", "posting__payment", "posting__booking__student__user",
        "posting__booking__offering__subject",
    )  # fmt: skip


def refresh_commissions(*, now: datetime) -> int:
    """Put every instructor on the step their lessons of the last 30 days earned; returns how many moved.

    Once a day: a step is lost one at a time, so running it more often would lose steps faster.
    """
    rules = rules_service.current(fresh=True)
    last = Q(bookings__status=Status.COMPLETED)
    teaching = Instructor.objects.filter(Q(lesson_count__gt=0) | Q(commission_step__gt=0)).annotate(
        recent=Count("bookings", filter=last & Q(bookings__ends_at__gt=now - MONTH)),
        latest=Max("bookings__ends_at", filter=last),
    )
    moved = 0
    for found in teaching.only("pk", "commission_step").iterator():
        idle = (now - found.latest).days if found.latest else rules.commission_idle_days
        step = commission_step(
            steps_of(rules), lessons=found.recent, before=found.commission_step, idle_days=idle
        )
        if step != found.commission_step:
            profile.set_commission_step(found.pk, step)
            moved += 1
    return moved


def steps_of(rules: Rules) -> CommissionRules:
    return CommissionRules(
        pcts=(rules.commission_1_pct, rules.commission_2_pct, rules.commission_3_pct),
        second_from=rules.commission_2_lessons,
        third_from=rules.commission_3_lessons,
        idle_days=rules.commission_idle_days,
    )


def lessons_recently(instructor: Instructor, *, now: datetime) -> int:
    """Lessons given in the last 30 days, which commission goes by."""
    return Booking.objects.filter(
        instructor=instructor, status=Status.COMPLETED, ends_at__gt=now - MONTH
    ).count()  # fmt: skip
