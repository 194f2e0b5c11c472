"""All of somebody's lessons as one calendar, to be read again and again by a calendar program.

Rows and lines instead of models and a library's objects: a year of 500 lessons takes about ten
milliseconds that way, and nothing has to be cached.
"""

from __future__ import annotations

from datetime import datetime, timedelta
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

# Of the two keys one is null. A lesson's last event is when it was last changed.
_LESSONS = """
    SELECT booking.id, booking.version, booking.status, booking.starts_at, booking.ends_at,
           booking.time_zone, booking.modality, subject.name,
           teacher.first_name, teacher.last_name, learner.first_name, learner.last_name,
           instructor.address, place.name, COALESCE(event.created_at, booking.created_at)
    FROM bookings_booking booking
    JOIN instructors_instructor instructor ON instructor.id = booking.instructor_id
    JOIN accounts_user teacher ON teacher.id = instructor.user_id
    JOIN students_student student ON student.id = booking.student_id
    JOIN accounts_user learner ON learner.id = student.user_id
    JOIN instructors_offering offering ON offering.id = booking.offering_id
    JOIN instructors_subject subject ON subject.id = offering.subject_id
    LEFT JOIN instructors_place place ON place.id = instructor.place_id
    LEFT JOIN events_event event ON event.subject_type = 'booking'
        AND event.subject_id = booking.id::text AND event.version = booking.version
    WHERE (booking.instructor_id = (SELECT id FROM instructors_instructor WHERE user_id = %(teacher)s)
           OR booking.student_id = (SELECT id FROM students_student WHERE user_id = %(learner)s))
      AND booking.starts_at >= %(low)s
      AND (booking.status IN ('confirmed', 'completed', 'no_show')
           OR booking.status = 'cancelled' AND booking.ended_at > %(cancelled_since)s
           OR booking.status = 'held' AND %(with_holds)s AND booking.expires_at > %(now)s)
    ORDER BY booking.starts_at, booking.id
"""
_ID = UUID(int=0)


def calendar(feed: CalendarFeed, *, now: datetime) -> str:
    """The lessons of ``feed`` from a year back to the last there is; one query.

    The same lessons make the same text: what changes with time alone (a cancellation forgotten, a hold
    that ran out) changes it then. A suspended instructor's lessons stay, for they stay to be given.
    """
    party = Party(feed.role)
    keys = {"teacher": feed.user_id, "learner": None}
    if party == Party.STUDENT:
        keys = {"teacher": None, "learner": feed.user_id}
    base, path = settings.SITE_URL, reverse("bookings:lesson", args=[_ID]).split(str(_ID))
    with prepared.cursor() as cursor:
        cursor.execute(
            _LESSONS,
            {
                **keys,
                "low": now - BACK,
                "cancelled_since": now - CANCELLED_KEPT,
                "with_holds": feed.with_holds,
                "now": now,
            },
        )
        rows = cursor.fetchall()
    appointments = [_appointment(row, party, f"{base}{path[0]}", path[1]) for row in rows]
    name = "Lessons I give" if party == Party.INSTRUCTOR else "My lessons"
    head = (
        f"X-WR-CALNAME:{settings.SITE_NAME}: {name}\r\nNAME:{settings.SITE_NAME}: {name}\r\n"
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}\r\nX-PUBLISHED-TTL:{REFRESH}\r\n"
    )
    return ics.calendar(appointments, head=head)


def _appointment(row: tuple, party: Party, before: str, after: str) -> Appointment:
    (
        key, version, status, starts_at, ends_at, time_zone, modality, subject,
        teacher, teacher_last, learner, learner_last, address, area, changed,
    ) = row  # fmt: skip
    other = f"{teacher} {teacher_last}" if party == Party.STUDENT else f"{learner} {learner_last}"
    where = ics.location(modality, status, party=party, student=learner, address=address, area=area or "")
    return Appointment(
        key, version, status, starts_at, ends_at, time_zone, ics.summary(subject, other.strip()), where,
        f"{before}{key}{after}", changed, changed,
    )  # fmt: skip
