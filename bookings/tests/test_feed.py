"""Calendars that programs subscribe to, read back by another program's parser."""

from __future__ import annotations

import io
import logging.config
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from bookings.models import Booking, Party, Status
from bookings.services import lifecycle
from bookings.tests.cast import Cast
from bookings.tests.factories import (
    InstructorFactory,
    OfferingFactory,
    booked,
    held,
    in_days,
    local_time,
    teaching,
)
from instainstru.accounts import feeds
from instainstru.accounts.models import CalendarFeed, User
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.lib import clock, logs
from instainstru.lib.ids import new_id
from instructors.models import Modality, Place
from instructors.services import standing
from students.models import Student

pytestmark = pytest.mark.django_db


def address_of(user: User, role: str = "student", **options: Any) -> str:
    _, token = feeds.issue(user, role=role, by=user, **options)
    return reverse("bookings:feed", args=[token])


def read(client: Client, address: str) -> Calendar:
    response = client.get(address)
    assert response.status_code == 200
    return Calendar.from_ical(response.content)


def many(cast: Cast, number: int) -> None:
    """So many lessons of ben with ana, one after another, not through the front door: only to be read."""
    rows = []
    example = booked(cast.piano, local_time(in_days(3), 9), cast.ben_student, minutes=30)
    start = clock.now().replace(microsecond=0) - timedelta(days=350)
    facts = {field.attname: getattr(example, field.attname) for field in Booking._meta.concrete_fields}
    for n in range(number - 1):
        begin = start + n * timedelta(hours=16)
        own = {"id": new_id(), "status": Status.COMPLETED, "starts_at": begin,
               "ends_at": begin + timedelta(minutes=30)}  # fmt: skip
        rows.append(Booking(**{**facts, **own}))
    Booking.objects.bulk_create(rows)


def test_a_lesson_stands_in_both_calendars_with_everything_that_is_known(
    client: Client, cast: Cast, settings: Any
):
    settings.SITE_URL = "https://instainstru.example"
    start = local_time(in_days(3), 12)
    lesson = booked(cast.piano, start, cast.ben_student)
    changed = Event.objects.get(subject_id=str(lesson.pk)).created_at.replace(microsecond=0)
    for user, role, summary in (
        (cast.ben, "student", "Piano with Ana Alvarez"),
        (cast.ana, "instructor", "Piano with Ben Baker"),
    ):
        [event] = read(client, address_of(user, role)).events
        url = f"https://instainstru.example/lessons/{lesson.pk}"
        assert {name: str(event[name]) for name in ("uid", "summary", "status", "location", "url")} == {
            "uid": f"{lesson.pk}@instainstru.example", "summary": summary, "status": "CONFIRMED",
            "location": "Online", "url": url,
        }  # fmt: skip
        assert (event["sequence"], event["description"]) == (1, url)
        assert (event.start, event.end) == (start, start + timedelta(hours=1))
        assert event["dtstart"].params["TZID"] == "America/New_York"
        assert event["dtstart"].dt.utcoffset() == start.astimezone(clock.zone("America/New_York")).utcoffset()
        assert (event["dtstamp"].dt, event["last-modified"].dt) == (changed, changed)


def test_the_calendar_itself_says_what_it_is_and_how_often_to_come(client: Client, cast: Cast):
    calendar = read(client, address_of(cast.ana, "instructor"))
    assert calendar["version"] == "2.0"
    assert "method" not in calendar
    assert calendar["x-wr-calname"] == "InstaInstru: Lessons I give"
    assert calendar["x-published-ttl"] == "PT30M"
    assert calendar["refresh-interval"].params["VALUE"] == "DURATION"
    assert calendar.events == []


def test_moving_raises_the_sequence_of_the_same_event(client: Client, cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    address = address_of(cast.ben)
    [before] = read(client, address).events
    later = local_time(in_days(4), 10)
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=False):
        lifecycle.reschedule(lesson, starts_at=later, by=cast.ben, party=Party.STUDENT)
        [after] = read(client, address).events
    assert after["uid"] == before["uid"]
    assert (before["sequence"], after["sequence"]) == (1, 2)
    assert after.start == later
    assert after["last-modified"].dt > before["last-modified"].dt


def test_a_cancelled_lesson_is_told_for_thirty_days(client: Client, cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(60), 12), cast.ben_student)
    address = address_of(cast.ben)
    lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
    [event] = read(client, address).events
    assert (event["status"], event["sequence"]) == ("CANCELLED", 2)
    with time_machine.travel(clock.now() + timedelta(days=29)):
        assert len(read(client, address).events) == 1
    with time_machine.travel(clock.now() + timedelta(days=31)):
        assert read(client, address).events == []


def test_held_times_are_told_to_instructors_who_wish_it_and_only_while_held(client: Client, cast: Cast):
    held(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    assert read(client, address_of(cast.ana, "instructor")).events == []
    address = address_of(cast.ana, "instructor", with_holds=True)
    [event] = read(client, address).events
    assert (event["status"], event["summary"]) == ("TENTATIVE", "Piano with Ben B.")
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert read(client, address).events == []
    # A student cannot wish it: what they hold they are looking at.
    assert read(client, address_of(cast.ben, with_holds=True)).events == []


def test_a_year_back_and_all_ahead(client: Client, cast: Cast):
    many(cast, 3)
    oldest = Booking.objects.order_by("starts_at")[0]
    address = address_of(cast.ben)
    assert len(read(client, address).events) == 3
    with time_machine.travel(oldest.starts_at + timedelta(days=366, hours=1)):
        assert len(read(client, address).events) == 2


def test_each_zone_comes_with_its_rules(client: Client, cast: Cast):
    lisbon = teaching(
        OfferingFactory(instructor=InstructorFactory(time_zone="Europe/Lisbon")),
    )
    utc = teaching(OfferingFactory(instructor=InstructorFactory(time_zone="UTC")))
    starts = {
        "America/New_York": booked(cast.piano, local_time(in_days(3), 12), cast.ben_student).starts_at,
        "Europe/Lisbon": booked(
            lisbon, local_time(in_days(4), 12, tz="Europe/Lisbon"), cast.ben_student
        ).starts_at,
        "UTC": booked(utc, local_time(in_days(5), 12, tz="UTC"), cast.ben_student).starts_at,
    }
    calendar = read(client, address_of(cast.ben))
    assert [str(zone["tzid"]) for zone in calendar.timezones] == ["America/New_York", "Europe/Lisbon"]
    told = {event["dtstart"].params.get("TZID", "UTC"): event.start for event in calendar.events}
    assert told == starts
    for zone in calendar.timezones:
        own = zone.to_tz(lookup_tzid=False)
        for month in range(-11, 6):
            moment = (clock.now() + month * timedelta(days=30)).replace(microsecond=0)
            assert (
                moment.astimezone(own).utcoffset() == moment.astimezone(clock.zone(zone["tzid"])).utcoffset()
            )


def test_the_exact_address_is_for_those_who_have_booked(client: Client, cast: Cast):
    place = Place.objects.create(slug="hill", name="The Hill", kind="neighbourhood", latitude=1, longitude=1,
                                 radius_km=1)  # fmt: skip
    offering = teaching(
        OfferingFactory(
            instructor=InstructorFactory(address="12 Hicks St", place=place),
            modalities=[Modality.AT_INSTRUCTOR],
        )
    )
    lesson = booked(offering, local_time(in_days(3), 12), cast.ben_student)
    address = address_of(cast.ben)
    assert read(client, address).events[0]["location"] == "12 Hicks St, The Hill"
    lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
    assert read(client, address).events[0]["location"] == "The Hill"


def test_lines_are_folded_and_end_as_the_standard_says(client: Client, cast: Cast):
    cast.ana.last_name = "Ólafsdóttir-" * 4 + "; DROP,\\ 🎹🎹🎹🎹🎹🎹🎹🎹🎹🎹"
    cast.ana.save(update_fields=["last_name"])
    booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    response = client.get(address_of(cast.ben))
    lines = response.content.split(b"\r\n")
    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    [event] = Calendar.from_ical(response.content).events
    assert event["summary"] == f"Piano with Ana {cast.ana.last_name}"


def test_what_did_not_change_is_not_sent_again(client: Client, cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    address = address_of(cast.ben)
    first = client.get(address)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert first["Cache-Control"] == "private, max-age=300"
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        again = client.get(address, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
        after = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert after.status_code == 200
    assert after["ETag"] != first["ETag"]


def test_reading_needs_no_session_and_leaves_none(client: Client, cast: Cast):
    response = client.get(address_of(cast.ben))
    assert not response.cookies
    head = client.head(address_of(cast.ben))
    assert (head.status_code, head.content) == (200, b"")
    assert client.post(address_of(cast.ben)).status_code == 405


@pytest.mark.parametrize("number", [1, 500])
def test_five_hundred_lessons_cost_as_many_queries_as_one(
    client: Client, cast: Cast, number, django_assert_num_queries
):
    many(cast, number)
    for user, role in ((cast.ben, "student"), (cast.ana, "instructor")):
        address = address_of(user, role)
        client.get(address)  # that it was read is noted every ten minutes
        with django_assert_num_queries(2):  # the address, the lessons
            response = client.get(address)
        events = Calendar.from_ical(response.content).events
        assert len({str(event["uid"]) for event in events}) == number


def test_every_field_of_many_is_what_the_rows_say(client: Client, cast: Cast):
    many(cast, 60)
    rows = {f"{one.pk}@localhost": one for one in Booking.objects.all()}
    events = read(client, address_of(cast.ana, "instructor")).events
    assert {str(event["uid"]) for event in events} == rows.keys()
    for event in events:
        row = rows[str(event["uid"])]
        assert event.start == row.starts_at.replace(microsecond=0)
        assert event.end == row.ends_at.replace(microsecond=0)
        assert (event["sequence"], event["summary"]) == (row.version, "Piano with Ben Baker")
        assert str(event["url"]).endswith(f"/lessons/{row.pk}")


def test_everybody_reads_only_their_own(client: Client, cast: Cast):
    booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    assert len(read(client, address_of(cast.ben)).events) == 1
    assert len(read(client, address_of(cast.ana, "instructor")).events) == 1
    for stranger in (cast.cy, cast.staff):
        assert read(client, address_of(stranger)).events == []
    # Ana takes no lessons herself.
    assert read(client, address_of(cast.ana)).events == []


def test_only_who_teaches_has_lessons_to_give(cast: Cast):
    for role in ("instructor", "nobody", ""):
        with pytest.raises(feeds.NotFound):
            feeds.issue(cast.ben, role=role, by=cast.ben)
    assert not CalendarFeed.objects.exists()


def test_a_new_address_ends_the_old_one_and_revoking_ends_it_for_good(client: Client, cast: Cast):
    first = address_of(cast.ben)
    second = address_of(cast.ben)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    assert feeds.revoke(cast.ben, role="student", by=cast.ben)
    assert client.get(second).status_code == 404
    assert not feeds.revoke(cast.ben, role="student", by=cast.ben)
    kinds = list(
        Event.objects.filter(subject_type="calendarfeed").order_by("id").values_list("kind", flat=True)
    )
    assert kinds == [Kind.CALENDAR_FEED_ISSUED, Kind.CALENDAR_FEED_ISSUED, Kind.CALENDAR_FEED_REVOKED]


def test_a_closed_account_has_no_feed_and_a_suspended_instructor_keeps_their_lessons(
    client: Client, cast: Cast
):
    booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    address = address_of(cast.ana, "instructor")
    standing.suspend(cast.piano.instructor, by=cast.staff, reason="papers")
    assert len(read(client, address).events) == 1
    User.objects.filter(pk=cast.ana.pk).update(is_active=False)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "token", ["x", "a" * 43, "a" * 44, "%00" * 43, "%ff" * 43, "é" * 43, "..%2f", "a" * 5000, "%0d%0a"]
)
def test_an_address_nobody_has_is_absent(client: Client, cast: Cast, token: str):
    address_of(cast.ben)
    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_the_secret_is_kept_nowhere(client: Client, cast: Cast):
    configuration = logs.configure(level="INFO", form="json")
    written = io.StringIO()
    configuration["handlers"]["stderr"]["stream"] = written
    feed, token = feeds.issue(cast.ben, role="student", by=cast.ben)
    logging.config.dictConfig(configuration)
    try:
        client.get(f"/calendar/{token}.ics")
        feeds.revoke(cast.ben, role="student", by=cast.ben)
        client.get(f"/calendar/{token}.ics?token={token}")
    finally:
        logging.config.dictConfig(django_settings.LOGGING)
    assert '"path": "/calendar/[hidden].ics"' in written.getvalue()
    assert token not in written.getvalue()
    assert token not in str([vars(feed), *Event.objects.values_list("data", flat=True)])


def test_one_address_cannot_be_read_all_the_time(client: Client, cast: Cast):
    address = address_of(cast.ben)
    statuses = [client.get(address).status_code for _ in range(121)]
    assert statuses[-2:] == [200, 429]


def test_when_it_was_last_read_is_noted(client: Client, cast: Cast):
    address = address_of(cast.ben)
    assert CalendarFeed.objects.get().last_read_at is None
    moment = datetime(2026, 12, 1, 12, tzinfo=UTC)
    with time_machine.travel(moment, tick=False):
        client.get(address)
    assert CalendarFeed.objects.get().last_read_at == moment


def test_a_student_without_lessons_has_an_empty_calendar(client: Client, cast: Cast):
    Student.objects.filter(user=cast.cy).delete()
    assert read(client, address_of(cast.cy)).events == []
