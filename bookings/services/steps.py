"""The steps that every change of a booking is made of: locks, the next status, the saved row, the event."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from bookings.models import TRANSITIONS, Booking, Status
from bookings.services import history
from bookings.services import stripe_gateway as gateway
from instainstru.events.kinds import Kind
from instainstru.lib import prepared
from instainstru.lib.compiled import Compiled, carry_over, update
from instainstru.lib.errors import Conflict
from instructors.services import calendar

# As text: making a student of the row would take as long as locking it, for each lesson that is booked.
_LOCK = "SELECT NULL FROM students_student WHERE id = %s FOR NO KEY UPDATE"
_LOCK_AND_CARD = """
    SELECT (SELECT c.id FROM bookings_card c WHERE c.student_id = s.id AND c.removed_at IS NULL
            ORDER BY c.id DESC LIMIT 1)
    FROM students_student s WHERE s.id = %s FOR NO KEY UPDATE OF s"""


def lock_student(student_id: int) -> int | None:
    """Lock the student's row. Where payments are on it comes with the id of their newest card, if any."""
    with prepared.cursor() as cursor:
        cursor.execute(_LOCK_AND_CARD if gateway.is_configured() else _LOCK, [student_id])
        found = cursor.fetchone()
    return found[0] if found else None


def lock(booking: Booking) -> Booking:
    """The booking's present row, locked after its student's; who and what it is about is not read again."""
    newest_card = lock_student(booking.student_id)
    for locked in (_row if all(_knows(booking, path) for path in ABOUT) else _with_all)(pk=booking.pk):
        carry_over([path.partition("__")[0] for path in ABOUT], booking, locked)
        locked.newest_card = newest_card
        return locked
    raise Booking.DoesNotExist


# Of whom and what changes of a booking tell.
ABOUT = ("student__user", "instructor__user", "offering__subject", "rules")


def _knows(instance: Any, path: str) -> bool:
    name, _, further = path.partition("__")
    known = instance._state.fields_cache
    return name in known and (not further or _knows(known[name], further))


def _present(pk: UUID) -> QuerySet[Booking]:
    return Booking.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).order_by()


_row = Compiled(_present, pk=UUID)
_with_all = Compiled(lambda pk: _present(pk).select_related(*ABOUT), pk=UUID)


def enter(booking: Booking, status: Status) -> None:
    """Set the next status or refuse; the caller saves."""
    if status not in TRANSITIONS[Status(booking.status)]:
        raise wrong_status(booking)
    booking.status = status


def require(booking: Booking, status: Status) -> None:
    """Refuse a booking that stands anywhere else."""
    if booking.status != status:
        raise wrong_status(booking)


def wrong_status(booking: Booking) -> Conflict:
    return Conflict(
        f"This is not possible any more: the booking is {booking.get_status_display().lower()}.",
        code="wrong_status",
        data={"booking_status": booking.status},
    )


def save(booking: Booking, *fields: str) -> None:
    booking.version += 1
    update(booking, *fields, "version")


def drop_hold(booking: Booking, status: Status, *, by: Any, now: datetime) -> None:
    enter(booking, status)
    booking.ended_at = now
    save(booking, "status", "ended_at")
    calendar.give_back(booking.instructor, booking_id=booking.pk)
    kind = Kind.BOOKING_EXPIRED if status == Status.EXPIRED else Kind.BOOKING_RELEASED
    history.note(kind, booking, by=by)
