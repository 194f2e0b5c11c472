"""What an instructor earned, is owed and was sent, from the books alone; and their step of commission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from bookings.models import Booking, Entry, Payment, PaymentStatus, Status
from bookings.services import ledger
from bookings.services.payments import outcomes, plan
from bookings.services.policies import Tier
from bookings.services.pricing import CommissionRules, commission_step, gross
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import Instructor
from instructors.services import profile

MONTH = timedelta(days=30)
# What went back to students, less what their banks did not take.
BACK = (Kind.PAYMENT_REFUNDED, Kind.PAYMENT_REFUND_FAILED)
# What an instructor was sent; every other kind of entry is something earned, or taken off it.
SENT = (Kind.TRANSFER_MADE, Kind.TRANSFER_REVERSED)


@dataclass(frozen=True, slots=True)
class Earnings:
    """``earned`` after commission and refunds, ``sent`` of it to their account, ``owed`` the difference;
    ``held`` is what of that waits because the lesson is in question. ``coming`` is what lessons booked or
    given and not yet charged will bring if they take place, ``in_question`` such of lessons in question."""

    earned: int
    sent: int
    owed: int
    coming: int
    held: int = 0
    in_question: int = 0

    @property
    def on_its_way(self) -> int:
        """Owed, and nothing stands in its way but the account."""
        return self.owed - self.held


def of(instructor: Instructor) -> Earnings:
    """All there ever was, and what is coming; two queries."""
    entries = ledger.entries_of(ledger.of_instructor(instructor.pk)).order_by()
    transfers = Q(posting__kind__in=SENT)
    sums = entries.aggregate(
        earned=Sum("amount", filter=~transfers, default=0),
        sent=Sum("amount", filter=transfers, default=0),
        held=Sum("amount", filter=Q(posting__payment__frozen_at__isnull=False), default=0),
    )
    net, frozen = F("lesson") - F("commission"), Q(frozen_at__isnull=False)
    waiting = _uncharged(instructor).aggregate(
        coming=Sum(net, filter=~frozen, default=0), in_question=Sum(net, filter=frozen, default=0)
    )
    earned, sent = int(sums["earned"]), -int(sums["sent"])
    return Earnings(
        earned, sent, earned - sent, int(waiting["coming"]), int(sums["held"]), int(waiting["in_question"])
    )


def _uncharged(instructor: Instructor) -> QuerySet[Payment]:
    """Payments of lessons that are on, or were given, and are not charged yet."""
    found = Payment.objects.filter(
        instructor=instructor, purpose=Payment.Purpose.LESSON, ending__in=("", Payment.GIVEN)
    ).exclude(status__in=(PaymentStatus.CAPTURED, PaymentStatus.CANCELLED, PaymentStatus.FAILED))
    # What is paid for a time that is only held brings nothing yet.
    return found.exclude(booking__isnull=False, booking__confirmed_at__isnull=True)


def coming(instructor: Instructor) -> QuerySet[Payment]:
    """Lessons that are not charged yet, the soonest charge first."""
    found = _uncharged(instructor).select_related("booking__student__user", "booking__offering__subject")
    return found.order_by("capture_at", "pk")


@dataclass(frozen=True, slots=True)
class Month:
    """What the books say of one month: ``opening`` was owed when it began, ``closing`` when it ended.

    ``tips`` are in ``earned``, and so is what was taken off it again (``back``, below zero).
    """

    first: date
    opening: int
    earned: int
    sent: int
    tips: int = 0
    back: int = 0
    lines: int = 0

    @property
    def closing(self) -> int:
        return self.opening + self.earned - self.sent


def bounds(first: date) -> tuple[datetime, datetime]:
    """When that month begins and ends.

    Months of money are the site's, not the instructor's: who moves to another zone must find the same
    lines in the same statements.
    """
    zone = settings.SITE_TIME_ZONE
    return clock.day_bounds(first, zone)[0], clock.day_bounds(_after(first), zone)[0]


def month_of(instant: datetime) -> date:
    """The first day of the month an instant lies in."""
    return clock.local(instant, settings.SITE_TIME_ZONE).date().replace(day=1)


def _after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def months(instructor: Instructor, *, until: date) -> list[Month]:
    """Every month from the first that has an entry to ``until``, in order; one query."""
    rows = (
        ledger.entries_of(ledger.of_instructor(instructor.pk))
        .order_by()
        .values(month=TruncMonth("posting__created_at", tzinfo=clock.zone(settings.SITE_TIME_ZONE)))
        .annotate(
            earned=Sum("amount", filter=~Q(posting__kind__in=SENT), default=0),
            sent=Sum("amount", filter=Q(posting__kind__in=SENT), default=0),
            tips=Sum("amount", filter=Q(posting__kind=Kind.TIP_PAID), default=0),
            back=Sum("amount", filter=Q(posting__kind__in=BACK), default=0),
            lines=Count("pk"),
        )
    )
    known: dict[date, dict[str, Any]] = {row["month"].date(): dict(row) for row in rows}
    found: list[Month] = []
    first = min(known, default=until)
    while known and first <= max(until, *known):
        sums = known.get(first, {})
        found.append(
            Month(
                first,
                opening=found[-1].closing if found else 0,
                earned=int(sums.get("earned", 0)),
                sent=-int(sums.get("sent", 0)),
                tips=int(sums.get("tips", 0)),
                back=int(sums.get("back", 0)),
                lines=int(sums.get("lines", 0)),
            )
        )
        first = _after(first)
    return found


def lines(
    instructor: Instructor, *, low: datetime | None = None, high: datetime | None = None
) -> QuerySet[Entry]:
    """The instructor's entries in ``[low, high)``, latest first, with booking, student and subject."""
    found = ledger.statement(ledger.of_instructor(instructor.pk), low=low, high=high)
    return found.select_related(
        "posting__event", "posting__payment", "posting__booking__student__user",
        "posting__booking__offering__subject",
    )  # fmt: skip


def earned_only(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    return entries.exclude(posting__kind__in=SENT)


def sent_only(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    return entries.filter(posting__kind__in=SENT)


def before_commission(entry: Entry) -> int:
    """What the entry's amount was before commission, which is the difference between the two.

    The amount is the books'. A lesson's price is what it was booked at; every other entry has no commission.
    """
    payment = entry.posting.payment
    if payment is None or entry.posting.kind != Kind.PAYMENT_CAPTURED:
        return entry.amount
    tier = None if payment.ending == Payment.GIVEN else Tier(payment.ending)
    return gross(outcomes.quote_of(payment), tier)


def commission_kept(entries: Sequence[Entry]) -> int:
    """What was kept of these entries."""
    return sum(before_commission(entry) - entry.amount for entry in entries)


@dataclass(frozen=True, slots=True)
class Commission:
    """What is kept of the instructor's lessons now, what will be, and what it takes to have less kept.

    ``lessons`` were given in the last 30 days; steps are counted once a day, and then it is ``soon_pct``.
    ``needed`` more make it ``next_pct``, or keep it there where it would go up; 0 where there is nothing
    to reach.
    """

    pct: int
    is_founding: bool
    lessons: int
    soon_pct: int
    needed: int = 0
    next_pct: int = 0


def commission_of(instructor: Instructor, *, now: datetime) -> Commission:
    """The instructor's commission as it stands; one query."""
    rules = rules_service.current()
    pct = plan.commission_pct(instructor, rules)
    lessons, idle = _given(instructor, now=now, never=rules.commission_idle_days)
    if instructor.is_founding:
        return Commission(pct, True, lessons, pct)
    steps, before = steps_of(rules), instructor.commission_step
    soon = commission_step(steps, lessons=lessons, before=before, idle_days=idle)
    wanted = before if soon < before else min(soon + 1, 2)
    needed = max(0, (0, steps.second_from, steps.third_from)[wanted] - lessons)
    return Commission(pct, False, lessons, steps.pcts[soon], needed, steps.pcts[wanted] if needed else 0)


def _given(instructor: Instructor, *, now: datetime, never: int) -> tuple[int, int]:
    """Lessons given in the last 30 days, and days since the last of all."""
    given = Booking.objects.filter(instructor=instructor, status=Status.COMPLETED)
    found = given.aggregate(recent=Count("pk", filter=Q(ends_at__gt=now - MONTH)), latest=Max("ends_at"))
    return found["recent"], (now - found["latest"]).days if found["latest"] else never


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
