"""A lesson that the host books for a student: outside hours, notice, horizon, grid or gaps, with a reason.

What protects other people is never passed over: no lesson and no live hold is overlapped, neither the
instructor's nor the student's, and nothing is booked into the past. How the gaps give way is in
``instructors/services/between.py``.

The instructor's row is locked after the student's and before the days, as by an edit of the schedule.
Beyond the horizon there are no days to lock, and two who only met in the exclusion constraints could
wait for each other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from bookings.models import LIVE, Booking, Party, Status
from bookings.services import access, history, steps, taking
from bookings.services.payments import plan
from bookings.services.wanted import SlotTaken, StudentBusy, Wanted, change
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.compiled import insert
from instainstru.lib.errors import DomainError, Invalid, NotFound
from instainstru.rules import services as rules_service
from instructors.models import Instructor
from instructors.services import between, calendar, explain
from instructors.services.explain import Code, Reason
from students.models import Student
from students.services.students import student_of

# The host's own wishes; everything else in the way stays there.
MAY_PASS = frozenset({
    Code.CLOSED_DATE, Code.OUTSIDE_HOURS, Code.TIME_OFF, Code.EXTERNAL, Code.BUFFER, Code.TRAVEL,
    Code.DAY_FULL, Code.WEEK_FULL, Code.TOO_SOON, Code.OVERNIGHT, Code.TOO_FAR, Code.OFF_GRID,
})  # fmt: skip
# Instants further away are a slip of the pen.
FURTHEST_DAYS = 731
NOBODY = "There is no student of yours with that address."


def host_of(user: User, instructor: Instructor) -> Party:
    """In whose name ``user`` may book over the instructor's rules; refuses students and partners."""
    if instructor.user_id == user.pk:
        return Party.INSTRUCTOR
    if user.is_staff:
        return Party.STAFF
    raise DomainError(
        "Only the instructor of this offering can book over its rules.", code="hosts_only", status=403
    )


def students_of(instructor: Instructor) -> QuerySet[Student]:
    """Those who have, or once had, a lesson with the instructor: a time that was only held is none."""
    lessons = Booking.objects.filter(student=OuterRef("pk"), instructor=instructor)
    known = Exists(lessons.exclude(status__in=access.NOT_LESSONS))
    return Student.objects.select_related("user").filter(known, user__is_active=True, user__is_guest=False)


def student_for(
    instructor: Instructor, *, party: Party, student_id: int | None = None, email: str | None = None
) -> Student:
    """The student to book for: staff name anybody, instructors only whom they have taught.

    To an instructor an unknown address and a stranger's are the same; raises ``NotFound``.
    """
    if party == Party.STAFF:
        people = User.objects.filter(is_active=True, is_guest=False)
        named = {"email": email.lower()} if email else {"student__pk": student_id}
        user = people.filter(**named).first()
        if user is None:
            raise NotFound("There is no account with that address.")
        return student_of(user)
    named = {"user__email": email.lower()} if email else {"pk": student_id}
    student = students_of(instructor).filter(**named).first()
    if student is None:
        raise NotFound(NOBODY)
    return student


def look(wanted: Wanted, *, now: datetime) -> list[Reason]:
    """What would be passed over, and what cannot be; as of now, without locks."""
    return explain.at(
        wanted.instructor,
        wanted.starts_at,
        duration_min=wanted.duration_min,
        modality=wanted.modality,
        now=now,
        rules=rules_service.current(),
    )


def book(wanted: Wanted, *, student: Student, by: Any, party: Party, reason: str, note: str = "") -> Booking:
    """Book the lesson for the student, whatever of ``MAY_PASS`` is against it; both are told why.

    Raises ``SlotTaken``, ``StudentBusy``, ``reason_required``, ``own_offering``, and the code of what
    cannot be passed over: ``already_past``, ``crosses_midnight``, ``too_far`` from ``FURTHEST_DAYS`` on.
    """
    if not reason.strip():
        raise Invalid("Say why: both sides are told.", field="reason", code="reason_required")
    with change(wanted):
        return _book(wanted, student=student, by=by, party=party, reason=reason.strip(), note=note)


def _book(wanted: Wanted, *, student: Student, by: Any, party: Party, reason: str, note: str) -> Booking:
    now, rules = clock.now(), rules_service.current(fresh=True)
    _refuse_unthinkable(wanted, now=now)
    taking.refuse_oneself(wanted, student)
    newest_card = steps.lock_student(student.pk)
    instructor = calendar.lock_schedule(wanted.instructor)
    own = _own_in_the_way(wanted, student, now=now)
    taking.lock_days(wanted, *own)
    for hold in own:
        steps.drop_hold(hold, Status.EXPIRED, by=None, now=now)
    taking.expire_stale(wanted, now=now)
    if between.taken(instructor, wanted.starts_at, wanted.ends_at).exists():
        raise SlotTaken(wanted)
    passed = explain.at(
        instructor, wanted.starts_at, duration_min=wanted.duration_min, modality=wanted.modality, now=now,
        rules=rules,
    )  # fmt: skip
    for one in passed:
        if one.code not in MAY_PASS:
            raise DomainError(one.sentence, code=one.code.value, fields={"starts_at": one.sentence})
    booking = taking.new(wanted, Status.CONFIRMED, student=student, by=by, note=note, rules=rules, now=now)
    booking.override_reason = reason
    insert(booking)
    between.take(
        instructor, booking_id=booking.pk, start=wanted.starts_at, end=wanted.ends_at,
        travels=wanted.travels, rules=rules,
    )  # fmt: skip
    codes = list(dict.fromkeys(one.code.value for one in passed))
    history.note(Kind.BOOKING_CONFIRMED, booking, by=by, by_role=party, reason=reason, passed_over=codes)
    plan.plan(booking, by=by, newest_card=newest_card)
    return booking


def _refuse_unthinkable(wanted: Wanted, *, now: datetime) -> None:
    if (wanted.starts_at - now).days >= FURTHEST_DAYS:
        raise Invalid("That is more than two years ahead.", field="starts_at", code="too_far")


def _own_in_the_way(wanted: Wanted, student: Student, *, now: datetime) -> list[Booking]:
    """The student's holds at that time that have run out; raises where something else is in the way.

    Nothing of it is told: what else a student does is none of an instructor's business.
    """
    found = list(
        Booking.objects.select_for_update(of=("self",), no_key=True)
        .select_related("instructor")
        .filter(student=student, status__in=LIVE, starts_at__lt=wanted.ends_at, ends_at__gt=wanted.starts_at)
        .order_by("pk")
    )
    for other in found:
        if other.status != Status.HELD or other.expires_at is None or other.expires_at > now:
            raise StudentBusy("The student has another lesson or held time then.")
    return found
