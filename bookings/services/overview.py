"""At a glance: what waits for an instructor and their month in numbers; what waits for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import Count, Exists, Func, OuterRef, Q, QuerySet, Sum

from bookings.models import Booking, Status
from bookings.services import access
from instructors.models import CalendarBlock, Instructor

TAUGHT = (Status.CONFIRMED, Status.COMPLETED)
MOST_TO_ANSWER = 5
MOST_CLASHES = 20
# A sweep ends holds within a minute; one that is this much over was missed.
STUCK_AFTER = timedelta(minutes=5)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Lessons of the week; lessons of the month and what they cost, in minor units."""

    week: int
    month: int
    month_price: int


def to_answer(instructor: Instructor, *, now: datetime) -> list[Booking]:
    """Lessons that are over and of which nobody has said yet whether they took place, oldest first."""
    found = access.whole().filter(instructor=instructor, status=Status.CONFIRMED, ends_at__lte=now)
    return list(found.order_by("ends_at")[:MOST_TO_ANSWER])


def numbers(
    instructor: Instructor, *, week: tuple[datetime, datetime], month: tuple[datetime, datetime]
) -> Numbers:
    """Lessons booked or given that start in ``[from, to)`` of each."""
    in_week = Q(starts_at__gte=week[0], starts_at__lt=week[1])
    in_month = Q(starts_at__gte=month[0], starts_at__lt=month[1])
    found = Booking.objects.filter(in_week | in_month, instructor=instructor, status__in=TAUGHT).aggregate(
        week=Count("pk", filter=in_week),
        month=Count("pk", filter=in_month),
        price=Sum("price", filter=in_month, default=0),
    )
    return Numbers(found["week"], found["month"], found["price"])


def clashes(instructor: Instructor, *, now: datetime) -> list[Booking]:
    """Lessons to come at times the instructor's own calendars say are taken, soonest first; one query."""
    then = Func(
        OuterRef("starts_at"), OuterRef("ends_at"), function="tstzrange", output_field=DateTimeRangeField()
    )
    outside = CalendarBlock.objects.filter(
        instructor=instructor, kind=CalendarBlock.Kind.EXTERNAL, period__overlap=then
    )
    coming = access.whole().filter(instructor=instructor, status=Status.CONFIRMED, ends_at__gt=now)
    return list(coming.filter(Exists(outside)).order_by("starts_at")[:MOST_CLASHES])


def stuck_holds(bookings: QuerySet[Booking], *, now: datetime) -> QuerySet[Booking]:
    """Those that are holds past their expiry and that nothing has ended."""
    return bookings.filter(status=Status.HELD, expires_at__lt=now - STUCK_AFTER)


def recent_no_shows(bookings: QuerySet[Booking], *, now: datetime) -> QuerySet[Booking]:
    """Those of which a no-show was reported in the last week."""
    return bookings.filter(status=Status.NO_SHOW, ended_at__gt=now - WEEK)
