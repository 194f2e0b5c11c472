"""The one way from a person and an id to a booking. Absent and forbidden are the same answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from bookings.models import Booking, Party, Status
from instainstru.accounts.models import User
from instainstru.lib import prepared
from instainstru.lib.compiled import Compiled
from instainstru.lib.errors import NotFound
from instructors.models import Instructor
from students.models import Student
from students.services import partners
from students.services.students import student_of

# Never shown in lists of lessons: times that were only held.
NOT_LESSONS = (Status.HELD, Status.RELEASED, Status.EXPIRED)


@dataclass(frozen=True, slots=True)
class Access:
    """A booking and in whose name the person meets it."""

    booking: Booking
    party: Party


def whole() -> QuerySet[Booking]:
    """Bookings with everything a page or the API shows of them, in one query."""
    return Booking.objects.select_related(
        "student__user", "student__partner", "instructor__user", "instructor__place",
        "offering__subject", "rules",
    )  # fmt: skip


_by_pk = Compiled(lambda pk: whole().filter(pk=pk).order_by(), pk=UUID)


def visible_to(user: User) -> QuerySet[Booking]:
    """The bookings in which ``user`` is student, instructor, or the student's partner."""
    students = Student.objects.filter(Q(user=user) | Q(partner__user=user)).values_list("pk", flat=True)
    teaching = Instructor.objects.filter(user=user).values_list("pk", flat=True)
    # As values: with a join or a subquery in the OR the database reads every booking there is.
    return whole().filter(Q(student_id__in=list(students)) | Q(instructor_id__in=list(teaching)))


def booking_for(user: User, booking_id: UUID | str) -> Access:
    """The booking and the person's part in it; raises ``NotFound`` for anything not theirs."""
    try:
        key = booking_id if isinstance(booking_id, UUID) else UUID(booking_id)
    except ValueError:
        raise NotFound from None
    booking = next(iter(_by_pk(pk=key)), None)
    party = party_of(user, booking) if booking else None
    if booking is None or party is None:
        raise NotFound
    return Access(booking, party)


def party_of(user: User, booking: Booking) -> Party | None:
    """In whose name ``user`` acts on the booking, or None where it is none of their business."""
    if booking.student.user_id == user.pk:
        return Party.STUDENT
    if booking.instructor.user_id == user.pk:
        return Party.INSTRUCTOR
    if booking.student.partner is not None and booking.student.partner.user_id == user.pk:
        return Party.STUDENT
    return Party.STAFF if user.is_staff else None


def student_for(user: User, student_id: int | None) -> Student:
    """The student ``user`` books for: themselves, or one their partner organisation brought."""
    return student_of(user) if student_id is None else partners.student_of(user, student_id)


def lessons_of_student(user: User, *, coming: bool, now: datetime) -> QuerySet[Booking]:
    """A student's lessons: the coming from the next on, or the past from the last back."""
    mine = whole().filter(student__user=user).exclude(status__in=NOT_LESSONS)
    if coming:
        return mine.filter(status=Status.CONFIRMED, ends_at__gt=now).order_by("starts_at")
    return mine.filter(~Q(status=Status.CONFIRMED) | Q(ends_at__lte=now)).order_by("-starts_at")


def held_by(user: User, *, now: datetime) -> QuerySet[Booking]:
    """The times ``user`` holds as a student and has not confirmed yet, the next to expire first."""
    return whole().filter(student__user=user, status=Status.HELD, expires_at__gt=now).order_by("expires_at")


def next_of(instructor: Instructor, *, now: datetime) -> Booking | None:
    """The instructor's next lesson that is not over, whenever it is."""
    coming = whole().filter(instructor=instructor, status=Status.CONFIRMED, ends_at__gt=now)
    return coming.order_by("starts_at").first()


def lessons_among(instructor: Instructor, ids: Collection[UUID]) -> QuerySet[Booking]:
    """Those of an instructor's lessons that have these ids, in order."""
    return whole().filter(instructor=instructor, pk__in=ids).order_by("starts_at")


class Standing(NamedTuple):
    """A lesson or held time; or time an instructor is away, with a ``label`` in place of id and status."""

    kind: str
    id: UUID | None
    status: str
    starts_at: datetime
    ends_at: datetime
    label: str


def standing(instructor: Instructor, *, low: datetime, high: datetime) -> list[Standing]:
    """What stands in an instructor's ``[low, high)`` in order: lessons and held times that start in it, and
    time off and outside events that touch it. One query, of which no more is known than when and what.
    """
    with prepared.cursor() as cursor:
        cursor.execute(_STANDING, {"instructor": instructor.pk, "low": low, "high": high})
        return [Standing(*row) for row in cursor.fetchall()]


_STANDING = """
    SELECT 'lesson', id, status, starts_at, ends_at, '' FROM bookings_booking
    WHERE instructor_id = %(instructor)s AND starts_at >= %(low)s AND starts_at < %(high)s
        AND status NOT IN ('released', 'expired')
    UNION ALL
    SELECT kind, NULL, '', lower(period), upper(period), label FROM instructors_calendarblock
    WHERE instructor_id = %(instructor)s AND kind IN ('time_off', 'external')
        AND period && tstzrange(%(low)s, %(high)s)
    ORDER BY 4, 5
"""


def behind(instructor: Instructor, ids: Collection[UUID]) -> dict[UUID, Booking]:
    """The instructor's bookings of these ids, as what takes time in their calendar: one query."""
    if not ids:
        return {}
    return whole().filter(instructor=instructor).in_bulk(list(set(ids)))


def agenda(instructor: Instructor, *, low: datetime, high: datetime) -> QuerySet[Booking]:
    """An instructor's lessons, and times held now, that start in ``[low, high)``."""
    return (
        whole()
        .filter(instructor=instructor, starts_at__gte=low, starts_at__lt=high)
        .exclude(status__in=(Status.RELEASED, Status.EXPIRED))
        .order_by("starts_at")
    )
