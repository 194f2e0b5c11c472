"""A last look at an instructor's own calendars before a time of theirs is booked.

Every door that books calls this first, outside of transactions, because it asks other people's hosts. Who
has no outside calendars, which is nearly everybody, costs one query.
"""

from __future__ import annotations

from uuid import UUID

from bookings.models import Booking, Status
from bookings.services import lifecycle
from bookings.services.wanted import SlotTaken, Wanted
from instainstru.lib.compiled import Compiled
from instructors.models import CalendarBlock, OutsideCalendar
from instructors.services import calendar_feeds, open_days


def before_booking(offering_id: int) -> None:
    """Bring the calendars of the offering's instructor up to date.

    Booking itself then finds a time that is busy now not free, and refuses it as taken.
    """
    found = _of_offering(offering_id=offering_id)
    if found:
        calendar_feeds.refresh(found)


def before_confirming(booking: Booking) -> None:
    """Bring the instructor's calendars up to date and refuse a held time that is busy in them now.

    The hold is given up then, and ``SlotTaken`` raised. Kept, it would count down a time that cannot be
    had, and stand in the way of the times offered instead: others who are free then are at the same time,
    when a student can hold only one thing.
    """
    if booking.status != Status.HELD:
        return
    found = _of_offering(offering_id=booking.offering_id)
    if not found:
        return
    calendar_feeds.refresh(found)
    busy = CalendarBlock.objects.filter(
        instructor=booking.instructor_id,
        kind=CalendarBlock.Kind.EXTERNAL,
        period__overlap=open_days.range_of(booking.starts_at, booking.ends_at),
    )
    if busy.exists():
        lifecycle.release(booking, by=None)
        raise SlotTaken(
            Wanted(booking.offering, booking.starts_at, booking.duration_min, booking.modality),
            "Something else came up at that time in the instructor's own calendar.",
        )


def concerns(booking_id: UUID) -> bool:
    """Whether there is anything to look at before this hold is confirmed, whosesoever it is."""
    return bool(_of_booking(booking_id=booking_id))


_of_offering = Compiled(
    lambda offering_id: (
        OutsideCalendar.objects.select_related("instructor")
        .filter(instructor__offerings=offering_id)
        .order_by("pk")
    ),
    offering_id=int,
)
_of_booking = Compiled(
    lambda booking_id: OutsideCalendar.objects.filter(instructor__bookings=booking_id).order_by("pk"),
    booking_id=UUID,
)
