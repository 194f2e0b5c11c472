"""A lesson as a calendar's event (iCalendar, RFC 5545; by mail as iTIP, RFC 5546).

Calendars match by UID and believe the highest SEQUENCE: the booking's version. Whatever order mails
arrive in, the last change wins. Files of one lesson and feeds of many (``feed.py``) are made here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum
from functools import lru_cache

from django.conf import settings
from icalendar import Timezone

from bookings.models import Booking, Party, Status
from instainstru.accounts.models import User
from instainstru.events import notify
from instainstru.lib import clock, ical
from instructors.models import Modality

STATUS = {
    Status.HELD: "TENTATIVE",
    Status.CONFIRMED: "CONFIRMED",
    Status.COMPLETED: "CONFIRMED",
    Status.NO_SHOW: "CONFIRMED",
}
# Instants there are written without a zone's rules.
UTC_NAMES = ("UTC", "Etc/UTC")
DAY = 24 * 3600


class Method(StrEnum):
    """What the receiving calendar shall do: show, enter or update, take out."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(slots=True)
class Appointment:
    """A lesson as one of its two people has it: everything an event says.

    Instants are seconds since 1970. ``stamp`` is when this was written; ``changed`` when the lesson was last
    changed, where that is known.
    """

    id: str
    version: int
    status: str
    starts_at: int
    ends_at: int
    time_zone: str
    summary: str
    location: str
    url: str
    stamp: int
    changed: int | None = None


def calendar_file(booking: Booking, *, party: Party, method: Method, url: str, now: datetime) -> str:
    """The lesson as ``party`` sees it; ``url`` leads to its page, ``now`` is when this was written."""
    appointment = Appointment(
        id=str(booking.pk),
        version=booking.version,
        status=booking.status,
        starts_at=int(booking.starts_at.timestamp()),
        ends_at=int(booking.ends_at.timestamp()),
        time_zone=booking.time_zone,
        summary=title(booking, party=party),
        location=place(booking, party=party),
        url=url,
        stamp=int(now.timestamp()),
    )
    people = "" if method == Method.PUBLISH else _organizer() + _attendee(_user(booking, party))
    return calendar([appointment], head=f"METHOD:{method}\r\n", people=people)


def calendar(appointments: list[Appointment], *, head: str = "", people: str = "") -> str:
    """A whole calendar; ``head`` are lines of its own, ``people`` lines of each event.

    Times are in the zone each lesson is in, which comes with its rules, so that a calendar shows what
    the clocks there will show.
    """
    parts = [
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
        ical.line(f"PRODID:-//{ical.text(settings.SITE_NAME)}//Lessons//EN"),
        head,
    ]
    parts += _zones(appointments)
    writer = _Writer(people)
    parts += [writer.event(one) for one in appointments]
    parts.append("END:VCALENDAR\r\n")
    return "".join(parts)


class _Writer:
    """Writes events; what one calendar says many times (names, places) is escaped and folded once."""

    def __init__(self, people: str) -> None:
        self._people = people
        self._host = notify.host()
        self._known: dict[str, str] = {}

    def event(self, one: Appointment) -> str:
        changed = f"LAST-MODIFIED:{_clock_time(one.changed)}Z\r\n" if one.changed else ""
        return (
            f"BEGIN:VEVENT\r\n{ical.line(f'UID:{one.id}@{self._host}')}"
            f"SEQUENCE:{one.version}\r\nDTSTAMP:{_clock_time(one.stamp)}Z\r\n{changed}"
            f"DTSTART{_moment(one.starts_at, one.time_zone)}DTEND{_moment(one.ends_at, one.time_zone)}"
            f"STATUS:{STATUS.get(one.status, 'CANCELLED')}\r\n"  # type: ignore[call-overload]
            f"{self._text('SUMMARY', one.summary)}{self._text('LOCATION', one.location)}"
            f"{ical.line(f'URL:{one.url}')}{ical.line(f'DESCRIPTION:{ical.text(one.url)}')}"
            f"{self._people}END:VEVENT\r\n"
        )

    def _text(self, name: str, value: str) -> str:
        known = self._known.get(key := f"{name}:{value}")
        if known is None:
            known = self._known[key] = ical.line(f"{name}:{ical.text(value)}")
        return known


def _moment(instant: int, time_zone: str) -> str:
    """``;TZID=America/New_York:20261203T180000`` with its end of line."""
    if time_zone in UTC_NAMES:
        return f":{_clock_time(instant)}Z\r\n"
    ahead = _ahead(time_zone, instant // DAY)
    if ahead is None:
        ahead = _ahead_at(time_zone, instant)
    return f";TZID={time_zone}:{_clock_time(instant + ahead)}\r\n"


def _clock_time(seconds: int) -> str:
    """``20261203T180000``. Days and hours are remembered: dates of all instants take twice as long."""
    day, rest = divmod(seconds, DAY)
    return f"{_date(day)}T{_hour(rest)}"


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    return f"{date(1970, 1, 1) + timedelta(days=day):%Y%m%d}"


@lru_cache(maxsize=4096)
def _hour(second: int) -> str:
    return f"{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"


@lru_cache(maxsize=8192)
def _ahead(time_zone: str, day: int) -> int | None:
    """How many seconds clocks there are ahead of UTC all through a day of UTC; None if they change in it."""
    found = {_ahead_at(time_zone, day * DAY + hour * 3600) for hour in range(25)}
    return found.pop() if len(found) == 1 else None


def _ahead_at(time_zone: str, instant: int) -> int:
    ahead = datetime.fromtimestamp(instant, clock.zone(time_zone)).utcoffset()
    return int(ahead.total_seconds()) if ahead else 0


def _zones(appointments: Iterable[Appointment]) -> list[str]:
    """The rules of each zone used, from the year before its first event to the year after its last."""
    spans: dict[str, tuple[int, int]] = {}
    for one in appointments:
        if one.time_zone in UTC_NAMES:
            continue
        first, last = spans.get(one.time_zone, (one.starts_at, one.ends_at))
        spans[one.time_zone] = (min(first, one.starts_at), max(last, one.ends_at))
    years = {name: [datetime.fromtimestamp(edge, UTC).year for edge in span] for name, span in spans.items()}
    return [zone_rules(name, first - 1, last + 2) for name, (first, last) in sorted(years.items())]


@lru_cache(maxsize=256)
def zone_rules(name: str, first_year: int, last_year: int) -> str:
    """The VTIMEZONE of an IANA zone for ``[first_year, last_year)``; as slow to make as a whole page."""
    zone = Timezone.from_tzid(name, first_date=date(first_year, 1, 1), last_date=date(last_year, 1, 1))
    return zone.to_ical().decode()


def title(booking: Booking, *, party: Party) -> str:
    """ "Piano with Sara Cohen" for the student; for the instructor "Piano with Ben B." until it is booked."""
    other = booking.instructor.user if party == Party.STUDENT else booking.student.user
    name = other.full_name if booking.confirmed_at else other.short_name
    return summary(booking.offering.subject.name, name)


def summary(subject: str, other: str) -> str:
    return f"{subject} with {other}" if other else subject


def place(booking: Booking, *, party: Party) -> str:
    """Where to be."""
    instructor = booking.instructor
    return location(
        booking.modality,
        booking.status,
        party=party,
        student=booking.student.user.first_name,
        address=instructor.address,
        area=instructor.place.name if instructor.place else "",
    )


def location(modality: str, status: str, *, party: Party, student: str, address: str, area: str) -> str:
    """The words for it. The exact address only for a confirmed lesson's two people (privacy rule)."""
    if modality == Modality.ONLINE:
        return "Online"
    if modality == Modality.AT_STUDENT:
        return "At your place" if party == Party.STUDENT else f"At {student}'s place"
    known = address if status in (Status.CONFIRMED, Status.COMPLETED) else ""
    return ", ".join(filter(None, [known, area])) or "At the instructor's place"


def _user(booking: Booking, party: Party) -> User:
    return booking.student.user if party == Party.STUDENT else booking.instructor.user


def _organizer() -> str:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return ical.line(f"ORGANIZER;CN={ical.quoted(name or settings.SITE_NAME)}:mailto:{address}")


def _attendee(user: User) -> str:
    """Only the one who reads it: the two do not learn each other's address."""
    name = ical.quoted(user.full_name or user.email)
    return ical.line(
        f"ATTENDEE;CN={name};ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{user.email}"
    )
