"""Taking time: to hold it, or to book it straight away. Who asks keeps the rules; ``override.py`` need not.

Locks are taken in one order: the student's row, their bookings, ``OpenDay`` rows by instructor and
date. Rows of other people's stale holds come last and are skipped when somebody else has them.
Constraints stand behind it all; what meets them is told like any other refusal.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from bookings.models import LIVE, Booking, Status
from bookings.services import history, steps
from bookings.services.payments import plan
from bookings.services.payments.plan import NOTHING_SAID, Pay
from bookings.services.wanted import SlotTaken, StudentBusy, Wanted, change, price_of
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.compiled import Compiled, insert
from instainstru.lib.errors import DomainError, Invalid
from instainstru.lib.intervals import covers
from instainstru.rules.models import Rules
from instructors.models import CalendarBlock, OpenDay
from instructors.services import calendar, open_days
from instructors.services.slots import limits_of, why_refused
from students.models import Student


def hold(
    wanted: Wanted, *, student: Student, by: Any, note: str = "", replace_holds: bool = False
) -> Booking:
    """Hold a time for the rules' ``hold_min`` minutes.

    An earlier hold of the student with the same instructor is given up for it; with
    ``replace_holds`` also holds elsewhere that overlap. Raises ``SlotTaken``, ``StudentBusy``, and
    refusals ``outside_hours``, ``too_soon``, ``too_far``, ``off_grid``, ``own_offering``.
    """
    with change(wanted):
        refuse_oneself(wanted, student)
        steps.lock_student(student.pk)
        return _take(wanted, Status.HELD, student=student, by=by, note=note, replace_holds=replace_holds)


def book(wanted: Wanted, *, student: Student, by: Any, note: str = "", pay: Pay = NOTHING_SAID) -> Booking:
    """Hold and confirm in one step; refuses like ``hold``."""
    with change(wanted):
        refuse_oneself(wanted, student)
        newest_card = steps.lock_student(student.pk)
        booking = _take(wanted, Status.CONFIRMED, student=student, by=by, note=note)
        plan.plan(booking, pay, by=by, newest_card=newest_card)
    return booking


def _take(
    wanted: Wanted, status: Status, *, student: Student, by: Any, note: str, replace_holds: bool = False
) -> Booking:
    now, instructor = clock.now(), wanted.instructor
    in_the_way = own_in_the_way(wanted, student, now=now, replace_holds=replace_holds)
    days = lock_days(wanted, *in_the_way)
    for other in in_the_way:
        expired = other.expires_at is not None and other.expires_at <= now
        steps.drop_hold(other, Status.EXPIRED if expired else Status.RELEASED, by=by, now=now)
    if in_the_way:
        days = lock_days(wanted)
    rules, changed = calendar.reread(instructor)
    if changed:
        days = lock_days(wanted)
    require_within_limits(wanted, rules=rules, now=now)
    days = require_free(wanted, days, now=now)
    booking = new(wanted, status, student=student, by=by, note=note, rules=rules, now=now)
    insert(booking)
    calendar.take(
        instructor,
        days=days,
        booking_id=booking.pk,
        kind=CalendarBlock.Kind.HOLD if status == Status.HELD else CalendarBlock.Kind.LESSON,
        start=wanted.starts_at,
        end=wanted.ends_at,
        travels=wanted.travels,
        rules=rules,
    )
    history.note(Kind.BOOKING_HELD if status == Status.HELD else Kind.BOOKING_CONFIRMED, booking, by=by)
    return booking


def require_within_limits(wanted: Wanted, *, rules: Rules, now: datetime) -> None:
    """Refuse what comes too soon, is too far ahead or off the grid."""
    limits = limits_of(wanted.instructor, rules)
    refusal = why_refused(limits, modality=wanted.modality, start=wanted.starts_at, now=now)
    if refusal:
        raise refusal


def refuse_oneself(wanted: Wanted, student: Student) -> None:
    if wanted.instructor.user_id == student.user_id:
        raise Invalid("Nobody is their own student.", field="offering", code="own_offering")


def new(
    wanted: Wanted, status: Status, *, student: Student, by: Any, note: str, rules: Rules, now: datetime
) -> Booking:
    offering, instructor = wanted.offering, wanted.instructor
    return Booking(
        student=student,
        instructor=instructor,
        offering=offering,
        status=status,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        policy_starts_at=wanted.starts_at,
        modality=wanted.modality,
        price_per_hour=offering.price_per_hour,
        price=price_of(offering, wanted.duration_min),
        currency=settings.CURRENCY,
        time_zone=instructor.time_zone,
        cancellation_preset=instructor.cancellation_preset,
        rules=rules,
        note=note,
        created_at=now,
        created_by=by,
        expires_at=now + timedelta(minutes=rules.hold_min) if status == Status.HELD else None,
        confirmed_at=now if status == Status.CONFIRMED else None,
    )


def lock_days(wanted: Wanted, *others: Booking) -> list[OpenDay]:
    """Lock the days of all these in one statement, and return those of ``wanted``."""
    spans = [(wanted.instructor, wanted.starts_at, wanted.ends_at)]
    spans += [(other.instructor, other.starts_at, other.ends_at) for other in others]
    return [day for day in calendar.lock_spans(spans) if day.instructor_id == wanted.instructor.pk]


def own_in_the_way(wanted: Wanted, student: Student, *, now: datetime, replace_holds: bool) -> list[Booking]:
    """The student's own holds that go for this one; raises where something else is in the way."""
    found = _near(
        student=student.pk, instructor=wanted.instructor.pk, start=wanted.starts_at, end=wanted.ends_at
    )
    for other in found:
        gives_way = other.status == Status.HELD and (
            replace_holds
            or other.instructor_id == wanted.instructor.pk
            or (other.expires_at is not None and other.expires_at <= now)
        )
        if not gives_way:
            what = "hold another time" if other.status == Status.HELD else "have a lesson"
            raise StudentBusy(
                f"You already {what} then.",
                data={"booking": str(other.pk), "booking_status": other.status},
            )
    return found


# Live bookings of a student at a time, and their holds with an instructor.
_near = Compiled(
    lambda student, instructor, start, end: (
        Booking.objects.select_for_update(of=("self",), no_key=True)
        .select_related("instructor")
        .filter(student_id=student, status__in=LIVE)
        .filter(Q(starts_at__lt=end, ends_at__gt=start) | Q(instructor_id=instructor, status=Status.HELD))
        .order_by("pk")
    ),
    student=int,
    instructor=int,
    start=datetime,
    end=datetime,
)


def require_free(wanted: Wanted, days: list[OpenDay], *, now: datetime) -> list[OpenDay]:
    """The days, if the time is free in them, after ending stale holds on it; else the refusal."""
    if is_free(wanted, days):
        return days
    if expire_stale(wanted, now=now):
        days = lock_days(wanted)
        if is_free(wanted, days):
            return days
    local_day = clock.local(wanted.starts_at, wanted.instructor.time_zone).date()
    hours = open_days.wished([wanted.instructor], local_day, local_day)[wanted.instructor.pk, local_day]
    if covers(hours, (wanted.starts_at, wanted.ends_at)):
        raise SlotTaken(wanted)
    raise DomainError(
        "That is outside the hours of this instructor. Choose one of the times shown.",
        code="outside_hours",
        fields={"starts_at": "Outside the instructor's hours."},
    )


def is_free(wanted: Wanted, days: list[OpenDay]) -> bool:
    for day in days:
        free = day.free_travel if wanted.travels and day.free_travel is not None else day.free
        if covers(free, (wanted.starts_at, wanted.ends_at)):
            return True
    return False


def expire_stale(wanted: Wanted, *, now: datetime) -> bool:
    """End expired holds near the wanted time; False when there were none to end."""
    near = open_days.LONGEST_GAP
    stale = list(
        Booking.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("instructor")
        .filter(
            instructor=wanted.instructor,
            status=Status.HELD,
            expires_at__lte=now,
            starts_at__lt=wanted.ends_at + near,
            ends_at__gt=wanted.starts_at - near,
        )
    )
    for booking in stale:
        steps.drop_hold(booking, Status.EXPIRED, by=None, now=now)
    return bool(stale)
