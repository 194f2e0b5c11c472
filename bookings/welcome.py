"""What the site shows somebody it knows: their next lesson, and the last ones once more next week."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bookings import presentation
from bookings.actions import actions_of
from bookings.models import Booking, Party, Status
from bookings.services import access
from bookings.services.wanted import Wanted
from instainstru.accounts.models import User
from instainstru.lib import clock
from instainstru.rules import services as rules_service
from instructors.services import openings

WEEK = timedelta(days=7)
# How many of the last lessons are looked at for something to book again, and how many are offered.
LOOKED_AT, OFFERED = 8, 3


def next_lesson(user: User, *, zone: str, now: datetime) -> dict[str, Any] | None:
    """The next coming lesson as a card."""
    booking = access.lessons_of_student(user, coming=True, now=now).first()
    if booking is None:
        return None
    actions = actions_of(booking, party=Party.STUDENT, now=now, zone=zone, brief=True)
    return presentation.card(booking, party=Party.STUDENT, zone=zone, now=now, actions=actions)


def again(user: User, *, zone: str, now: datetime) -> list[dict[str, Any]]:
    """The last lessons' weekday and time next week, of each instructor once, where that is free."""
    rules = rules_service.current()
    found: dict[int, Wanted] = {}
    for booking in access.lessons_of_student(user, coming=False, now=now)[:LOOKED_AT]:
        wanted = _next_week(booking, now=now)
        if wanted is None or booking.instructor_id in found or len(found) == OFFERED:
            continue
        lesson = openings.Lesson(wanted.offering, wanted.duration_min, wanted.modality)
        if openings.is_open(lesson, wanted.starts_at, now=now, rules=rules):
            found[booking.instructor_id] = wanted
    return [presentation.time_row(wanted, zone=zone) for wanted in found.values()]


def _next_week(booking: Booking, *, now: datetime) -> Wanted | None:
    """The lesson at the same time on the instructor's clocks, on its next weekday at least a day away."""
    offering = booking.offering
    if booking.status not in (Status.COMPLETED, Status.CONFIRMED) or not offering.is_listed:
        return None
    weeks = (now + timedelta(days=1) - booking.starts_at) // WEEK + 1
    there = clock.local(booking.starts_at, booking.instructor.time_zone)
    try:
        start = clock.to_instant(there.date() + weeks * WEEK, there.time(), booking.instructor.time_zone)
    except clock.SkippedTime:
        return None
    offering.instructor = booking.instructor
    if booking.duration_min not in offering.durations or booking.modality not in offering.modalities:
        return None
    return Wanted(offering, start, booking.duration_min, booking.modality)
