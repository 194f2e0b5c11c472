"""Calendar files, read back the way a calendar program reads them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar

from bookings.models import Booking, Party, Status
from bookings.services import ics
from bookings.services.ics import Method
from instainstru.accounts.models import User
from instructors.models import Instructor, Modality, Offering, Place, Subject
from students.models import Student

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
URL = "https://site.example/lessons/1"


def lesson(**changes: Any) -> Booking:
    """Piano in Brooklyn, Thursday 3 December 2026, 6 pm; nothing of it in a database."""
    sara = User(email="sara@example.com", first_name="Sara", last_name="Cohen")
    ben = User(email="ben@example.com", first_name="Ben", last_name="Baker")
    instructor = Instructor(
        user=sara, address="12 Hicks St", place=Place(name="Brooklyn Heights"), time_zone="America/New_York"
    )
    starts_at = changes.pop("starts_at", datetime(2026, 12, 3, 23, tzinfo=UTC))
    facts = {
        "id": UUID("01930000-0000-7000-8000-000000000001"),
        "student": Student(user=ben),
        "instructor": instructor,
        "offering": Offering(instructor=instructor, subject=Subject(name="Piano")),
        "status": Status.CONFIRMED,
        "confirmed_at": NOW,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
        "modality": Modality.AT_INSTRUCTOR,
        "time_zone": "America/New_York",
        "version": 2,
    }
    return Booking(**{**facts, **changes})


def read(booking: Booking, party: Party = Party.STUDENT, method: Method = Method.REQUEST) -> tuple[Any, Any]:
    text = ics.calendar_file(booking, party=party, method=method, url=URL, now=NOW)
    calendar = Calendar.from_ical(text)
    return calendar, calendar.events[0]


def test_a_confirmed_lesson_is_an_appointment_with_everything_in_it(settings: Any) -> None:
    settings.SITE_URL = "https://instainstru.example"
    calendar, event = read(lesson())
    assert calendar["method"] == "REQUEST"
    assert event["uid"] == "01930000-0000-7000-8000-000000000001@instainstru.example"
    assert event["sequence"] == 2
    assert event["status"] == "CONFIRMED"
    assert event["summary"] == "Piano with Sara Cohen"
    assert event["location"] == "12 Hicks St, Brooklyn Heights"
    assert event["url"] == URL
    assert event.start == datetime(2026, 12, 3, 23, tzinfo=UTC)
    assert event.end == datetime(2026, 12, 4, 0, tzinfo=UTC)
    assert event["dtstart"].params["TZID"] == "America/New_York"
    assert f"{event['dtstart'].dt:%Y-%m-%d %H:%M}" == "2026-12-03 18:00"
    assert event["dtstamp"].dt == NOW


def test_lines_end_as_the_standard_says_and_are_not_too_long() -> None:
    text = ics.calendar_file(lesson(), party=Party.STUDENT, method=Method.PUBLISH, url=URL * 5, now=NOW)
    lines = text.encode().split(b"\r\n")
    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line for line in lines)


@pytest.mark.parametrize(
    ("day", "offset_hours"),
    [(date(2026, 7, 1), -4), (date(2026, 12, 3), -5), (date(2027, 3, 14), -4), (date(2026, 11, 1), -5)],
)
def test_the_zone_comes_with_rules_that_say_what_clocks_there_show(day: date, offset_hours: int) -> None:
    start = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=18)
    calendar, _ = read(lesson(starts_at=start))
    [zone] = calendar.timezones
    assert zone["tzid"] == "America/New_York"
    assert start.astimezone(zone.to_tz(lookup_tzid=False)).utcoffset() == timedelta(hours=offset_hours)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status.HELD, "TENTATIVE"),
        (Status.CONFIRMED, "CONFIRMED"),
        (Status.COMPLETED, "CONFIRMED"),
        (Status.NO_SHOW, "CONFIRMED"),
        (Status.CANCELLED, "CANCELLED"),
        (Status.RELEASED, "CANCELLED"),
        (Status.EXPIRED, "CANCELLED"),
    ],
)
def test_every_status_has_its_word(status: Status, told: str) -> None:
    assert read(lesson(status=status))[1]["status"] == told


def test_a_cancellation_finds_the_appointment_and_supersedes_it() -> None:
    _, before = read(lesson())
    calendar, after = read(lesson(status=Status.CANCELLED, version=3), method=Method.CANCEL)
    assert calendar["method"] == "CANCEL"
    assert after["uid"] == before["uid"]
    assert after["sequence"] > before["sequence"]
    assert after["status"] == "CANCELLED"


@pytest.mark.parametrize(
    ("party", "own", "others"),
    [(Party.STUDENT, "ben@", "sara@"), (Party.INSTRUCTOR, "sara@", "ben@")],
)
def test_nobody_learns_the_others_address(party: Party, own: str, others: str) -> None:
    booking = lesson()
    text = ics.calendar_file(booking, party=party, method=Method.REQUEST, url=URL, now=NOW)
    unfolded = text.replace("\r\n ", "")
    assert f"mailto:{own}example.com" in unfolded
    assert others not in unfolded
    published = ics.calendar_file(booking, party=party, method=Method.PUBLISH, url=URL, now=NOW)
    assert "ATTENDEE" not in published
    assert "ORGANIZER" not in published


@pytest.mark.parametrize(
    ("facts", "party", "told"),
    [
        ({"modality": Modality.ONLINE}, Party.STUDENT, "Online"),
        ({"modality": Modality.AT_STUDENT}, Party.STUDENT, "At your place"),
        ({"modality": Modality.AT_STUDENT}, Party.INSTRUCTOR, "At Ben's place"),
        ({}, Party.STUDENT, "12 Hicks St, Brooklyn Heights"),
        ({"status": Status.HELD}, Party.STUDENT, "Brooklyn Heights"),
        ({"status": Status.CANCELLED}, Party.STUDENT, "Brooklyn Heights"),
        ({"status": Status.EXPIRED}, Party.STUDENT, "Brooklyn Heights"),
    ],
)
def test_the_exact_address_is_told_only_once_booked(facts: dict[str, Any], party: Party, told: str) -> None:
    assert ics.place(lesson(**facts), party=party) == told


def test_until_it_is_booked_names_are_short() -> None:
    held = lesson(status=Status.HELD, confirmed_at=None)
    assert ics.title(held, party=Party.INSTRUCTOR) == "Piano with Ben B."
    assert ics.title(lesson(), party=Party.INSTRUCTOR) == "Piano with Ben Baker"


def test_what_people_wrote_cannot_add_lines_of_its_own() -> None:
    booking = lesson()
    booking.instructor.address = "12 Hicks St\r\nATTENDEE:mailto:evil@example.com"
    booking.instructor.user.last_name = 'Co"hen;X=1\nSTATUS:CANCELLED'
    calendar, event = read(booking, Party.INSTRUCTOR)
    assert len(calendar.events) == 1
    assert event["status"] == "CONFIRMED"
    assert str(event["attendee"]) == "mailto:sara@example.com"
