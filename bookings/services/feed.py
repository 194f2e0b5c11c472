"""All of somebody's lessons as one calendar, to be read again and again by a calendar program.

Rows and lines instead of models and a library's objects: a year of 500 lessons takes about ten
milliseconds that way, and nothing has to be cached.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from bookings.models import Party
from bookings.services import ics
from bookings.services.ics import Appointment
from instainstru.accounts.models import CalendarFeed
from instainstru.lib import prepared

BACK = timedelta(days=366)
# So long a cancelled lesson is still told, for calendars that never take out what they once had.
CANCELLED_KEPT = timedelta(days=30)
# How often calendar programs are asked to come back.
REFRESH = "PT30M"

# Of the two keys one is null. Names are whole once a lesson was booked. What has ended has not changed
# since; before that its last event is when it was changed. Instants come as numbers: the driver takes longer
# to read them than all else here takes.
_LESSONS = """
    SELECT booking.id::text, booking.version, booking.status,
           floor(extract(epoch FROM booking.starts_at))::bigint,
           floor(extract(epoch FROM booking.ends_at))::bigint, booking.time_zone,
           floor(extract(epoch FROM COALESCE(booking.ended_at, event.created_at,
                                             booking.created_at)))::bigint,
           booking.modality, booking.status, subject.name,
           CASE WHEN booking.confirmed_at IS NULL AND other.last_name <> ''
                THEN concat(other.first_name, ' ', left(other.last_name, 1), '.')
                ELSE concat(other.first_name, ' ', other.last_name) END,
           other.first_name, instructor.address, place.name
    FROM bookings_booking booking
    JOIN instructors_instructor instructor ON instructor.id = booking.instructor_id
    JOIN students_student student ON student.id = booking.student_id
    JOIN accounts_user other ON other.id = CASE WHEN %(learner)s::bigint IS NULL THEN student.user_id
                                                ELSE instructor.user_id END
    JOIN instructors_offering offering ON offering.id = booking.offering_id
    JOIN instructors_subject subject ON subject.id = offering.subject_id
    LEFT JOIN instructors_place place ON place.id = instructor.place_id
    LEFT JOIN events_event event ON event.subject_type = 'booking' AND event.version = booking.version
        AND event.subject_id = CASE WHEN booking.ended_at IS NULL THEN booking.id::text END
    WHERE (booking.instructor_id = (SELECT id FROM instructors_instructor WHERE user_id = %(teacher)s)
           OR booking.student_id = (SELECT id FROM students_student WHERE user_id = %(learner)s))
      AND booking.starts_at >= %(low)s
      AND (booking.status IN ('confirmed', 'completed', 'no_show')
           OR booking.status = 'cancelled' AND booking.ended_at > %(cancelled_since)s
           OR booking.status = 'held' AND %(with_holds)s AND booking.expires_at > %(now)s)
    ORDER BY booking.starts_at, booking.id
"""
_ID = UUID(int=0)


Row = tuple[Any, ...]


def rows(feed: CalendarFeed, *, now: datetime) -> list[Row]:
    """The lessons of ``feed`` from a year back to the last there is; one query.

    What changes with time alone (a cancellation forgotten, a hold that ran out) changes here, and equal
    rows make equal calendars. A suspended instructor's lessons stay, for they stay to be given.
    """
    taught = feed.role == Party.INSTRUCTOR
    with prepared.cursor() as cursor:
        cursor.execute(
            _LESSONS,
            {
                "teacher": feed.user_id if taught else None,
                "learner": None if taught else feed.user_id,
                "low": now - BACK,
                "cancelled_since": now - CANCELLED_KEPT,
                "with_holds": feed.with_holds,
                "now": now,
            },
        )
        return cursor.fetchall()


def calendar(feed: CalendarFeed, found: list[Row]) -> str:
    """The calendar that these rows make."""
    party = Party(feed.role)
    before, after = reverse("bookings:lesson", args=[_ID]).split(str(_ID))
    before = settings.SITE_URL + before
    name = "Lessons I give" if party == Party.INSTRUCTOR else "My lessons"
    head = (
        f"X-WR-CALNAME:{settings.SITE_NAME}: {name}\r\nNAME:{settings.SITE_NAME}: {name}\r\n"
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}\r\nX-PUBLISHED-TTL:{REFRESH}\r\n"
    )
    words = cache(partial(_words, party))
    return ics.calendar([_appointment(row, words, before, after) for row in found], head=head)


def _words(
    party: Party,
    modality: str,
    status: str,
    subject: str,
    other: str,
    first_name: str,
    address: str,
    area: str,
) -> tuple[str, str]:
    """Title and place; most lessons share theirs with others."""
    where = ics.location(modality, status, party=party, student=first_name, address=address, area=area or "")
    return ics.summary(subject, other.strip()), where


def _appointment(row: Row, words: Callable[..., tuple[str, str]], before: str, after: str) -> Appointment:
    key, version, status, starts, ends, time_zone, changed, *said = row
    summary, location = words(*said)
    url = f"{before}{key}{after}"
    return Appointment(
        key, version, status, starts, ends, time_zone, summary, location, url, changed, changed
    )
