"""A lesson as a calendar file (iCalendar, RFC 5545; by mail as iTIP, RFC 5546).

Calendars match by UID and believe the highest SEQUENCE: the booking's version. Whatever order mails
arrive in, the last change wins.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText

from bookings.models import Booking, Party, Status
from instainstru.accounts.models import User
from instainstru.events import notify
from instainstru.lib import clock
from instructors.models import Modality

STATUS = {
    Status.HELD: "TENTATIVE",
    Status.CONFIRMED: "CONFIRMED",
    Status.COMPLETED: "CONFIRMED",
    Status.NO_SHOW: "CONFIRMED",
}
# A year of transitions on each side: other programs need the zone's rules only around the lesson.
YEAR = timedelta(days=366)


class Method(StrEnum):
    """What the receiving calendar shall do: show, enter or update, take out."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


def calendar_file(booking: Booking, *, party: Party, method: Method, url: str, now: datetime) -> str:
    """The lesson as ``party`` sees it; ``url`` leads to its page, ``now`` is when this was written.

    Lines end with CRLF. Times are in the zone the lesson is in, which comes with its rules, so that a
    calendar shows what the clocks there will show.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//Lessons//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_event(booking, party=party, method=method, url=url, now=now))
    first, last = booking.starts_at.date() - YEAR, booking.ends_at.date() + YEAR
    calendar.add_missing_timezones(first_date=first, last_date=last)
    return calendar.to_ical().decode()


def _event(booking: Booking, *, party: Party, method: Method, url: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{booking.pk}@{notify.host()}")
    event.add("sequence", booking.version)
    event.add("dtstamp", now)
    event.add("dtstart", clock.local(booking.starts_at, booking.time_zone))
    event.add("dtend", clock.local(booking.ends_at, booking.time_zone))
    event.add("summary", title(booking, party=party))
    event.add("status", STATUS.get(Status(booking.status), "CANCELLED"))
    event.add("url", url)
    event.add("description", url)
    event.add("location", place(booking, party=party))
    if method != Method.PUBLISH:
        event.add("organizer", _organizer())
        event.add("attendee", _attendee(_user(booking, party)))
    return event


def title(booking: Booking, *, party: Party) -> str:
    """ "Piano with Sara Cohen" for the student, "Piano with Ben Short" for the instructor."""
    other = booking.instructor.user if party == Party.STUDENT else booking.student.user
    name = other.full_name or other.short_name
    return f"{booking.offering.subject.name} with {name}"


def place(booking: Booking, *, party: Party) -> str:
    """Where to be. The exact address only for a confirmed lesson's two people (privacy rule)."""
    if booking.modality == Modality.ONLINE:
        return "Online"
    if booking.modality == Modality.AT_STUDENT:
        return "At your place" if party == Party.STUDENT else f"At {booking.student.user.first_name}'s place"
    instructor = booking.instructor
    area = instructor.place.name if instructor.place else ""
    known = booking.status in (Status.CONFIRMED, Status.COMPLETED)
    return ", ".join(filter(None, [instructor.address if known else "", area])) or "At the instructor's place"


def _user(booking: Booking, party: Party) -> User:
    return booking.student.user if party == Party.STUDENT else booking.instructor.user


def _organizer() -> vCalAddress:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    organizer = vCalAddress(f"mailto:{address}")
    organizer.params["CN"] = vText(name or settings.SITE_NAME)
    return organizer


def _attendee(user: User) -> vCalAddress:
    """Only the one who reads it: the two do not learn each other's address."""
    attendee = vCalAddress(f"mailto:{user.email}")
    attendee.params["CN"] = vText(user.full_name or user.email)
    attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    attendee.params["RSVP"] = vText("FALSE")
    return attendee
