"""Every change of a booking's state: one function each, and nobody else writes ``status``.

Locks are taken in one order: the student's row, their bookings, ``OpenDay`` rows by instructor and
date. Rows of other people's stale holds come last and are skipped when somebody else has them.
Constraints stand behind it all; what meets them is told like any other refusal.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from bookings.models import LIVE, TRANSITIONS, Booking, Party, Status
from bookings.services import grace, history, policies
from bookings.services.payments import plan
from bookings.services.payments.plan import NOTHING_SAID, Pay
from bookings.services.wanted import HoldExpired, SlotTaken, StudentBusy, Wanted, change, price_of
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.compiled import Compiled, insert
from instainstru.lib.errors import Conflict, DomainError, Invalid, NotFound
from instainstru.lib.intervals import covers
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import CalendarBlock, OpenDay
from instructors.services import calendar, profile
from instructors.services.slots import limits_of, why_refused
from students.models import Student

# -- Taking time -------------------------------------------------------------------------------------


def hold(
    wanted: Wanted, *, student: Student, by: Any, note: str = "", replace_holds: bool = False
) -> Booking:
    """Hold a time for the rules' ``hold_min`` minutes.

    An earlier hold of the student with the same instructor is given up for it; with
    ``replace_holds`` also holds elsewhere that overlap. Raises ``SlotTaken``, ``StudentBusy``, and
    refusals ``outside_hours``, ``too_soon``, ``too_far``, ``off_grid``, ``own_offering``.
    """
    with change(wanted):
        return _take(wanted, Status.HELD, student=student, by=by, note=note, replace_holds=replace_holds)


def book(wanted: Wanted, *, student: Student, by: Any, note: str = "", pay: Pay = NOTHING_SAID) -> Booking:
    """Hold and confirm in one step; refuses like ``hold``."""
    with change(wanted):
        booking = _take(wanted, Status.CONFIRMED, student=student, by=by, note=note)
        plan.plan(booking, pay, by=by)
    return booking


def _take(
    wanted: Wanted, status: Status, *, student: Student, by: Any, note: str, replace_holds: bool = False
) -> Booking:
    now = clock.now()
    rules = rules_service.current(fresh=True)
    instructor = wanted.instructor
    _refuse_oneself(wanted, student)
    _lock_student(student.pk)
    refusal = why_refused(
        limits_of(instructor, rules), modality=wanted.modality, start=wanted.starts_at, now=now
    )
    if refusal:
        raise refusal
    in_the_way = _own_in_the_way(wanted, student, now=now, replace_holds=replace_holds)
    days = _lock_days(wanted, *in_the_way)
    for other in in_the_way:
        expired = other.expires_at is not None and other.expires_at <= now
        _drop_hold(other, Status.EXPIRED if expired else Status.RELEASED, by=by, now=now)
    if in_the_way:
        days = _lock_days(wanted)
    days = _require_free(wanted, days, now=now)
    booking = _new(wanted, status, student=student, by=by, note=note, rules=rules, now=now)
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


def _refuse_oneself(wanted: Wanted, student: Student) -> None:
    if wanted.instructor.user_id == student.user_id:
        raise Invalid("Nobody is their own student.", field="offering", code="own_offering")


def _new(
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


def _lock_student(student_id: int) -> None:
    _locked_student(pk=student_id)


_locked_student = Compiled(
    lambda pk: Student.objects.select_for_update(no_key=True).only("pk").filter(pk=pk), pk=int
)


def _lock_days(wanted: Wanted, *others: Booking) -> list[OpenDay]:
    """Lock the days of all these in one statement, and return those of ``wanted``."""
    spans = [(wanted.instructor, wanted.starts_at, wanted.ends_at)]
    spans += [(other.instructor, other.starts_at, other.ends_at) for other in others]
    return [day for day in calendar.lock_spans(spans) if day.instructor_id == wanted.instructor.pk]


def _own_in_the_way(wanted: Wanted, student: Student, *, now: datetime, replace_holds: bool) -> list[Booking]:
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
        Booking.objects.select_for_update(of=("self",))
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


def _require_free(wanted: Wanted, days: list[OpenDay], *, now: datetime) -> list[OpenDay]:
    """The days, if the time is free in them, after ending stale holds on it; else the refusal."""
    if _is_free(wanted, days):
        return days
    if _expire_stale(wanted, now=now):
        days = _lock_days(wanted)
        if _is_free(wanted, days):
            return days
    local_day = clock.local(wanted.starts_at, wanted.instructor.time_zone).date()
    hours = calendar.wished([wanted.instructor], local_day, local_day)[wanted.instructor.pk, local_day]
    if covers(hours, (wanted.starts_at, wanted.ends_at)):
        raise SlotTaken(wanted)
    raise DomainError(
        "That is outside the hours of this instructor. Choose one of the times shown.",
        code="outside_hours",
        fields={"starts_at": "Outside the instructor's hours."},
    )


def _is_free(wanted: Wanted, days: list[OpenDay]) -> bool:
    for day in days:
        free = day.free_travel if wanted.travels and day.free_travel is not None else day.free
        if covers(free, (wanted.starts_at, wanted.ends_at)):
            return True
    return False


def _expire_stale(wanted: Wanted, *, now: datetime) -> bool:
    """End expired holds near the wanted time; False when there were none to end."""
    near = calendar.LONGEST_GAP
    stale = list(
        Booking.objects.select_for_update(of=("self",), skip_locked=True)
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
        _drop_hold(booking, Status.EXPIRED, by=None, now=now)
    return bool(stale)


# -- What may follow ---------------------------------------------------------------------------------


def _lock(booking: Booking) -> Booking:
    """The booking's present row, locked after its student's."""
    _lock_student(booking.student_id)
    return (
        Booking.objects.select_for_update(of=("self",))
        .select_related("student__user", "instructor__user", "offering__subject", "rules")
        .get(pk=booking.pk)
    )


def _enter(booking: Booking, status: Status) -> None:
    """Set the next status or refuse; the caller saves."""
    if status not in TRANSITIONS[Status(booking.status)]:
        raise _wrong_status(booking)
    booking.status = status


def _require(booking: Booking, status: Status) -> None:
    """Refuse a booking that stands anywhere else."""
    if booking.status != status:
        raise _wrong_status(booking)


def _wrong_status(booking: Booking) -> Conflict:
    return Conflict(
        f"This is not possible any more: the booking is {booking.get_status_display().lower()}.",
        code="wrong_status",
        data={"booking_status": booking.status},
    )


def _save(booking: Booking, *fields: str) -> None:
    booking.version += 1
    booking.save(update_fields=[*fields, "version"])


def _drop_hold(booking: Booking, status: Status, *, by: Any, now: datetime) -> None:
    _enter(booking, status)
    booking.ended_at = now
    _save(booking, "status", "ended_at")
    calendar.give_back(booking.instructor, booking_id=booking.pk)
    kind = Kind.BOOKING_EXPIRED if status == Status.EXPIRED else Kind.BOOKING_RELEASED
    history.note(kind, booking, by=by)


def _refuse_if_expired(booking: Booking, *, now: datetime) -> None:
    expired = booking.expires_at is not None and booking.expires_at <= now
    if booking.status == Status.EXPIRED or (booking.status == Status.HELD and expired):
        raise HoldExpired(Wanted(booking.offering, booking.starts_at, booking.duration_min, booking.modality))


def extend(booking: Booking, *, by: Any) -> Booking:
    """Give a hold its length once more, counted from now; raises ``already_extended``."""
    now = clock.now()
    with change():
        booking = _lock(booking)
        _refuse_if_expired(booking, now=now)
        _require(booking, Status.HELD)
        if booking.was_extended:
            raise Conflict("A hold can be extended once, and this one was.", code="already_extended")
        booking.was_extended = True
        booking.expires_at = now + timedelta(minutes=booking.rules.hold_min)
        _save(booking, "was_extended", "expires_at")
        history.note(Kind.BOOKING_HOLD_EXTENDED, booking, by=by)
    return booking


def release(booking: Booking, *, by: Any) -> Booking:
    """Give a hold up; one that is already over stays as it is."""
    with change():
        booking = _lock(booking)
        if booking.status in (Status.RELEASED, Status.EXPIRED):
            return booking
        _drop_hold(booking, Status.RELEASED, by=by, now=clock.now())
    return booking


def expire(booking: Booking, *, now: datetime) -> bool:
    """End a hold that ran out by ``now``; False when it was confirmed, extended or ended meanwhile."""
    with change():
        booking = _lock(booking)
        if booking.status != Status.HELD or booking.expires_at is None or booking.expires_at > now:
            return False
        _drop_hold(booking, Status.EXPIRED, by=None, now=now)
    return True


def confirm(booking: Booking, *, by: Any, note: str | None = None, pay: Pay = NOTHING_SAID) -> Booking:
    """Make a held time a lesson; raises ``HoldExpired`` when it came too late."""
    now = clock.now()
    with change():
        booking = _lock(booking)
        _refuse_if_expired(booking, now=now)
        _enter(booking, Status.CONFIRMED)
        booking.confirmed_at = now
        booking.expires_at = None
        if note is not None:
            booking.note = note
        _save(booking, "status", "confirmed_at", "expires_at", "note")
        calendar.settle(booking_id=booking.pk)
        history.note(Kind.BOOKING_CONFIRMED, booking, by=by)
        plan.plan(booking, pay, by=by)
    return booking


def adopt(booking: Booking, *, student: Student, by: Any) -> Booking:
    """Move a hold to another student: the account a guest turned out to have.

    Both students' rows are locked, by id. Raises ``StudentBusy`` when the account has something then.
    """
    now = clock.now()
    with change():
        for student_id in sorted({booking.student_id, student.pk}):
            _lock_student(student_id)
        booking = _lock(booking)
        _refuse_if_expired(booking, now=now)
        _require(booking, Status.HELD)
        wanted = Wanted(booking.offering, booking.starts_at, booking.duration_min, booking.modality)
        _refuse_oneself(wanted, student)
        for other in _own_in_the_way(wanted, student, now=now, replace_holds=True):
            _drop_hold(other, Status.RELEASED, by=by, now=now)
        booking.student = student
        _save(booking, "student")
        history.note(Kind.BOOKING_HELD, booking, by=by)
    return booking


def cancel(booking: Booking, *, by: Any, party: Party, reason: str = "") -> Booking:
    """Cancel a lesson by the policy it was booked under; the tier is kept with it.

    Students and instructors can until it starts; staff always, with a reason.
    """
    now = clock.now()
    if party == Party.STAFF and not reason.strip():
        raise Invalid("Say why: both sides are told.", field="reason", code="reason_required")
    with change():
        booking = _lock(booking)
        _enter(booking, Status.CANCELLED)
        if party in (Party.STUDENT, Party.INSTRUCTOR) and now >= booking.starts_at:
            raise Conflict("The lesson has already started.", code="already_started")
        terms = grace.cancellation(booking, party=party, now=now)
        booking.cancellation_tier = terms.tier
        booking.cancelled_by = party
        booking.reason = reason.strip()
        booking.ended_at = now
        _save(booking, "status", "cancellation_tier", "cancelled_by", "reason", "ended_at")
        calendar.give_back(booking.instructor, booking_id=booking.pk)
        history.note(Kind.BOOKING_CANCELLED, booking, by=by, tier=terms.tier, by_role=party)
        plan.end(booking, terms.tier, now=now)
    return booking


def reschedule(booking: Booking, *, starts_at: datetime, by: Any, party: Party, reason: str = "") -> Booking:
    """Move a lesson to another time of the same instructor, length and place.

    Terms: ``policies.reschedule``. Raises ``SlotTaken`` and the refusals of ``hold`` for the new time,
    ``needs_consent`` and ``moved_already``; nothing changes then.
    """
    now = clock.now()
    if party == Party.STAFF and not reason.strip():
        raise Invalid("Say why: both sides are told.", field="reason", code="reason_required")
    wanted = Wanted(booking.offering, starts_at, booking.duration_min, booking.modality)
    with change(wanted):
        booking = _lock(booking)
        _require(booking, Status.CONFIRMED)
        if party != Party.STAFF and now >= booking.starts_at:
            raise Conflict("The lesson has already started.", code="already_started")
        if starts_at == booking.starts_at:
            raise Invalid("That is the time it has.", field="starts_at", code="same_time")
        terms = policies.reschedule(booking, party=party, now=now)
        _refuse_move(terms)
        rules = rules_service.current(fresh=True)
        limits = limits_of(wanted.instructor, rules)
        refusal = why_refused(limits, modality=wanted.modality, start=starts_at, now=now)
        if refusal:
            raise refusal
        _move(booking, wanted, rules=rules, now=now)
        previous = booking.starts_at
        booking.starts_at, booking.ends_at = wanted.starts_at, wanted.ends_at
        if terms.move == policies.Move.FREE:
            booking.policy_starts_at = wanted.starts_at
        else:
            booking.late_moves += 1
        _save(booking, "starts_at", "ends_at", "policy_starts_at", "late_moves")
        history.note(
            Kind.BOOKING_RESCHEDULED, booking, by=by, previous=previous, reason=reason, by_role=party
        )
        plan.move(booking, now=now)
    return booking


def _refuse_move(terms: policies.Reschedule) -> None:
    if terms.allowed:
        return
    if terms.move == policies.Move.ONCE:
        raise Conflict(
            "This lesson was already moved once on short notice. You can cancel it instead.",
            code="moved_already",
        )
    raise Conflict(
        "So close to the lesson it can only be moved if the other side agrees. You can cancel it instead.",
        code="needs_consent",
    )


def _move(booking: Booking, wanted: Wanted, *, rules: Rules, now: datetime) -> None:
    """Exchange the booking's block for one at the wanted time."""
    _lock_days(wanted, booking)
    clash = Booking.objects.filter(
        student_id=booking.student_id,
        status__in=LIVE,
        starts_at__lt=wanted.ends_at,
        ends_at__gt=wanted.starts_at,
    ).exclude(pk=booking.pk)
    if clash.exists():
        raise StudentBusy("There is another lesson or held time of yours then.")
    calendar.give_back(wanted.instructor, booking_id=booking.pk)
    days = _require_free(wanted, _lock_days(wanted), now=now)
    calendar.take(
        wanted.instructor,
        days=days,
        booking_id=booking.pk,
        kind=CalendarBlock.Kind.LESSON,
        start=wanted.starts_at,
        end=wanted.ends_at,
        travels=wanted.travels,
        rules=rules,
    )


def complete(booking: Booking, *, by: Any, party: Party, now: datetime | None = None) -> Booking:
    """The lesson was given; possible from its end, and not for the student to say.

    Scheduled work says up to when in ``now``.
    """
    now = now or clock.now()
    if party == Party.STUDENT:
        raise NotFound("The instructor says that a lesson was given.")
    with change():
        booking = _lock(booking)
        _enter(booking, Status.COMPLETED)
        if now < booking.ends_at:
            raise Conflict(
                "The lesson is not over yet.",
                code="too_early",
                data={"possible_from": clock.rfc3339(booking.ends_at)},
            )
        booking.ended_at = now
        _save(booking, "status", "ended_at")
        profile.count_lessons(booking.instructor_id, 1)
        history.note(Kind.BOOKING_COMPLETED, booking, by=by)
    return booking


def report_no_show(booking: Booking, *, by: Any, party: Party, absent: Party | None = None) -> Booking:
    """Say that the other side did not come; staff name who in ``absent``."""
    now = clock.now()
    other = {Party.STUDENT: Party.INSTRUCTOR, Party.INSTRUCTOR: Party.STUDENT}
    missing = other.get(party) or absent
    if missing not in (Party.STUDENT, Party.INSTRUCTOR):
        raise Invalid("Say who did not come.", field="absent")
    with change():
        booking = _lock(booking)
        was_completed = booking.status == Status.COMPLETED
        _enter(booking, Status.NO_SHOW)
        low, high = policies.no_show_window(booking)
        if not low <= now <= high:
            raise Conflict(
                f"A no-show can be reported from {booking.rules.no_show_wait_min} minutes after the start "
                f"until {booking.rules.no_show_report_h} hours after the end.",
                code="too_early" if now < low else "too_late",
                data={"possible_from": clock.rfc3339(low), "possible_until": clock.rfc3339(high)},
            )
        booking.absent = missing
        booking.ended_at = now
        _save(booking, "status", "absent", "ended_at")
        if was_completed:
            profile.count_lessons(booking.instructor_id, -1)
        history.note(Kind.BOOKING_NO_SHOW, booking, by=by, absent=missing, by_role=party)
        plan.freeze(booking, why="no_show", now=now)
    return booking
