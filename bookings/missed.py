"""Lessons that instructors let down, in the words of letters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bookings.models import Miss
from bookings.services import access, misses
from instainstru.events.models import Event
from instainstru.lib import presentation, when
from instructors.models import Instructor


def context(event: Event, instructor: Instructor) -> dict[str, Any]:
    """What the letters about a missed lesson say beside their links; empty for other events."""
    if "booking" not in event.data:
        return {}
    booking = access.whole().get(pk=event.data["booking"])
    zone, until = instructor.time_zone, _moment(event.data.get("until"))
    number = event.data.get("number", 0)
    return {
        "subject": booking.offering.subject.name,
        "with_short": booking.student.user.short_name,
        "date": when.short(booking.starts_at, zone),
        "is_late": event.data.get("cause") == Miss.Cause.LATE,
        "notice": presentation.count(booking.rules.free_cancel_h, "hour"),
        "number": number,
        "next": misses.meant(number + 1),
        "until": f"{when.date(until, zone)}, {when.hour(until, zone)}" if until else "",
        "is_hidden": bool(event.data.get("status") == Instructor.Status.SUSPENDED),
    }


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None
