"""Instructors' own calendars: added, followed, failing, removed. A host of this machine serves them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bookings.models import Booking, Status
from bookings.reactions import REACTIONS
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time, teaching
from instainstru.events import dispatch
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound
from instainstru.lib.intervals import normal
from instructors import tasks
from instructors.models import CalendarBlock, Instructor, OpenDay, OutsideCalendar
from instructors.services import calendar, calendar_feeds, horizon, open_days
from instructors.tests.hosts import HOUR, Host, event
from instructors.tests.hosts import calendar as file_of

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def ana(cast: Cast) -> Instructor:
    return cast.piano.instructor


def noon(days: int = 3) -> datetime:
    return local_time(in_days(days), 12)


def added(host: Host, ana: Instructor, *events: str) -> OutsideCalendar:
    host.body = file_of(*events)
    return calendar_feeds.add(ana, name="Family", url=host.url, by=ana.user)


def blocked(outside: OutsideCalendar) -> list[tuple[datetime, datetime]]:
    return [
        (b.period.lower, b.period.upper)
        for b in CalendarBlock.objects.filter(outside=outside).order_by("period")
    ]


def is_open(ana: Instructor, start: datetime, end: datetime | None = None) -> bool:
    [day] = OpenDay.objects.filter(instructor=ana, date=clock.local(start, ana.time_zone).date())
    return any(low <= start and (end or start + HOUR) <= high for low, high in day.free)


def kinds() -> list[str]:
    found = Event.objects.filter(kind__startswith="outside_calendar").order_by("id")
    return [kind.partition(".")[2] for kind in found.values_list("kind", flat=True)]


def test_what_is_in_the_calendar_takes_the_time_at_once(host: Host, ana: Instructor):
    outside = added(host, ana, event(noon()), event(noon(), noon() + 2 * HOUR, uid="longer"))
    assert blocked(outside) == [(noon(), noon() + 2 * HOUR)]
    assert not is_open(ana, noon())
    assert not is_open(ana, noon() + HOUR)
    assert is_open(ana, noon() + 2 * HOUR)
    assert (outside.events, outside.failures, outside.error) == (2, 0, "")
    assert kinds() == ["added", "changed"]
    assert list(horizon.differences()) == []


def test_nothing_but_times_is_kept(host: Host, ana: Instructor):
    outside = added(
        host, ana, event(noon(), None, "SUMMARY:Dentist", "LOCATION:5 High St", "ATTENDEE:mailto:x@y.z")
    )
    kept = str([
        *CalendarBlock.objects.values(), *OutsideCalendar.objects.values("name", "error", "digest"),
        *Event.objects.values("data"),
    ])  # fmt: skip
    for word in ("Dentist", "High St", "x@y.z", host.url):
        assert word not in kept
    assert CalendarBlock.objects.get(outside=outside).label == ""


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("webcal://example.com/a.ics", "https://example.com/a.ics"),
        ("WEBCAL://example.com/a.ics", "https://example.com/a.ics"),
        ("  https://example.com/a.ics#top ", "https://example.com/a.ics"),
        ("http://example.com:8080/a?b=c", "http://example.com:8080/a?b=c"),
    ],
)
def test_addresses_as_people_copy_them(typed: str, asked: str):
    assert calendar_feeds.address_of(typed) == asked


def test_what_is_wrong_is_said_at_the_address_and_nothing_is_kept(host: Host, ana: Instructor, settings: Any):
    cases: dict[str, bytes] = {
        "not a calendar file": b"hello",
        "page, not": b"<html>",
        "not complete": b"BEGIN:VCALENDAR",
    }
    for said, body in cases.items():
        host.body = body
        with pytest.raises(Invalid, match=said) as caught:
            calendar_feeds.add(ana, name="x", url=host.url, by=ana.user)
        assert list(caught.value.fields) == ["url"]
    for status, said in (
        (404, "no calendar"),
        (401, "password"),
        (403, "let us in"),
        (500, "problem"),
        (418, "418"),
    ):
        host.reply = lambda path, headers, status=status: (status, {}, [b"x"])
        with pytest.raises(Invalid, match=said):
            calendar_feeds.add(ana, name="x", url=host.url, by=ana.user)
    for url in ("nonsense", "ftp://example.com", "http://10.0.0.1/", "http://169.254.169.254/"):
        with pytest.raises(Invalid) as caught:
            calendar_feeds.add(ana, name="x", url=url, by=ana.user)
        assert caught.value.code == "address_refused"
    settings.CALENDAR_ALLOW_LOOPBACK = False
    host.reply = None
    asked = len(host.asked)
    with pytest.raises(Invalid, match="private network"):
        calendar_feeds.add(ana, name="x", url=host.url, by=ana.user)
    assert len(host.asked) == asked
    assert not OutsideCalendar.objects.exists()
    assert kinds() == []


def test_each_once_and_a_few_of_them(host: Host, ana: Instructor):
    added(host, ana)
    with pytest.raises(Invalid, match="already"):
        added(host, ana)
    for number in range(calendar_feeds.MOST - 1):
        calendar_feeds.add(ana, name="x", url=f"{host.url}?{number}", by=ana.user)
    with pytest.raises(Conflict, match="Remove one first"):
        calendar_feeds.add(ana, name="x", url=f"{host.url}?more", by=ana.user)
    assert OutsideCalendar.objects.count() == calendar_feeds.MOST


def test_the_host_is_never_asked_inside_a_transaction(host: Host, ana: Instructor):
    inside = []
    # Tests run in a transaction themselves, so what counts is how many more there are.
    depth = len(connection.savepoint_ids)

    def look(*args: Any, **kwargs: Any) -> Any:
        inside.append(len(connection.savepoint_ids) - depth)
        return real(*args, **kwargs)

    real = calendar_feeds.outbound.get
    with mock.patch.object(calendar_feeds.outbound, "get", look):
        outside = added(host, ana)
        calendar_feeds.check(outside.pk)
    assert inside == [0, 0]


def test_changes_are_followed_and_what_stays_is_not_written(host: Host, ana: Instructor):
    outside = added(host, ana, event(noon(3)), event(noon(4)))
    kept = CalendarBlock.objects.get(period__contains=noon(3))
    host.body = file_of(event(noon(3)), event(noon(5)))
    assert calendar_feeds.check(outside.pk)
    assert blocked(outside) == [(noon(3), noon(3) + HOUR), (noon(5), noon(5) + HOUR)]
    assert CalendarBlock.objects.get(period__contains=noon(3)).pk == kept.pk
    assert is_open(ana, noon(4))
    assert not is_open(ana, noon(5))
    told = Event.objects.filter(kind=Kind.OUTSIDE_CALENDAR_CHANGED).latest("id").data
    assert (told["added"], told["removed"]) == (1, 1)
    assert list(horizon.differences()) == []


def test_only_what_is_new_is_asked_for(host: Host, ana: Instructor, django_assert_num_queries):
    host.etag = '"one"'
    outside = added(host, ana, event(noon()))
    before = Event.objects.count()
    with mock.patch.object(calendar_feeds, "busy_apart") as reading:
        assert calendar_feeds.check(outside.pk)
        # The same file with another tag is not read again either.
        host.etag = '"two"'
        assert calendar_feeds.check(outside.pk)
        outside.refresh_from_db()
        assert outside.etag == '"two"'
    assert not reading.called
    assert [headers.get("if-none-match") for _, headers in host.asked] == [None, '"one"', '"one"']
    assert Event.objects.count() == before
    assert len(blocked(outside)) == 1


def test_the_next_day_and_in_another_zone_everything_is_read_again(host: Host, ana: Instructor):
    host.etag = '"one"'
    outside = added(host, ana, "UID:x\nDTSTART;VALUE=DATE:" + f"{in_days(3):%Y%m%d}")
    day = in_days(3)
    Instructor.objects.filter(pk=ana.pk).update(time_zone="Asia/Tokyo")
    assert calendar_feeds.check(outside.pk)
    assert "if-none-match" not in host.asked[-1][1]
    assert blocked(outside) == [clock.day_bounds(day, "Asia/Tokyo")]
    with time_machine.travel(clock.now() + timedelta(days=1)):
        assert calendar_feeds.check(outside.pk)
    assert "if-none-match" not in host.asked[-1][1]


def test_a_tag_that_could_break_a_header_is_no_tag(host: Host, ana: Instructor):
    host.etag = '"' + "x" * 400 + '"'
    assert added(host, ana).etag == ""


def test_time_that_is_over_is_forgotten(host: Host, ana: Instructor):
    outside = added(host, ana, event(noon(1)), event(noon(20)))
    with time_machine.travel(clock.now() + timedelta(days=5)):
        assert calendar_feeds.check(outside.pk)
    assert len(blocked(outside)) == 1


def test_days_that_come_within_the_horizon_are_right_from_the_start(host: Host, ana: Instructor):
    ana.horizon_days = 10
    ana.save(update_fields=["horizon_days"])
    added(host, ana, event(noon(14)))
    with time_machine.travel(clock.now() + timedelta(days=6)):
        horizon.extend(now=clock.now())
        assert not is_open(ana, noon(8))
        assert list(horizon.differences()) == []


def test_lessons_stay_and_are_named_as_clashes(host: Host, cast: Cast, ana: Instructor, client: Client):
    lesson = booked(cast.piano, noon(), cast.ben_student)
    added(host, ana, event(noon()))
    lesson.refresh_from_db()
    assert (lesson.status, lesson.version) == (Status.CONFIRMED, 1)
    client.force_login(cast.ana)
    [clash] = client.get(reverse("instructors:office_calendars")).context["clashes"]
    assert clash["url"] == reverse("bookings:lesson", args=[lesson.pk])


def test_a_lesson_of_ours_in_their_calendar_is_no_clash(host: Host, cast: Cast, ana: Instructor):
    lesson = booked(cast.piano, noon(), cast.ben_student)
    outside = added(host, ana, event(noon(), uid=f"{lesson.pk}@localhost"))
    assert blocked(outside) == []


def test_an_answer_that_was_overtaken_is_not_kept(host: Host, ana: Instructor):
    outside = added(host, ana, event(noon()))
    OutsideCalendar.objects.filter(pk=outside.pk).update(checked_at=clock.now() + MINUTE)
    host.body = file_of()
    calendar_feeds.check(outside.pk)
    assert len(blocked(outside)) == 1


def test_a_calendar_that_fails_keeps_what_was_known_and_is_asked_ever_later(host: Host, ana: Instructor):
    outside = added(host, ana, event(noon()))
    host.reply = lambda path, headers: (503, {}, [])
    pauses = []
    for number in range(8):
        assert not calendar_feeds.check(outside.pk)
        outside.refresh_from_db()
        assert (outside.failures, outside.error) == (
            number + 1,
            "Its host has a problem of its own. We try again by ourselves.",
        )
        pauses.append((outside.next_check_at - outside.tried_at) / calendar_feeds.EVERY)
    for pause, expected in zip(pauses, (1, 2, 4, 8, 16, 32, 36, 36), strict=True):
        assert 0.89 * expected < pause < 1.11 * expected
    assert not is_open(ana, noon())
    # Told once, after some failures and not after the first.
    assert kinds() == ["added", "changed", "failing"]
    host.reply = None
    assert calendar_feeds.check(outside.pk)
    outside.refresh_from_db()
    assert (outside.failures, outside.error, outside.warned_at) == (0, "", None)


def test_the_instructor_gets_one_letter(host: Host, cast: Cast, ana: Instructor):
    outside = added(host, ana)
    host.reply = lambda path, headers: (404, {}, [])
    for _ in range(5):
        calendar_feeds.check(outside.pk)
    dispatch.fan_out(REACTIONS, now=clock.now())
    for delivery_id, attempts in dispatch.claim_due(now=clock.now()):
        dispatch.deliver(delivery_id, attempts=attempts, reactions=REACTIONS, now=clock.now())
    [letter] = [one for one in mail.outbox if "calendar" in one.subject]
    assert (letter.subject, letter.to) == (
        "We cannot read your calendar “Family”",
        ["Ana Alvarez <ana@example.com>"],
    )
    assert reverse("instructors:office_calendars") in letter.body
    assert host.url not in letter.body


def test_a_rule_without_end_stops_nothing_but_itself(host: Host, ana: Instructor):
    outside = added(host, ana, event(noon()))
    never = event(noon(), None, "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", uid="never")
    host.body = file_of(event(noon()), never)
    assert not calendar_feeds.check(outside.pk, seconds=1.5)
    outside.refresh_from_db()
    assert "takes too long" in outside.error
    assert len(blocked(outside)) == 1


def test_whose_turn_it_is_is_claimed_once(host: Host, ana: Instructor):
    outside = added(host, ana)
    now = clock.now()
    assert calendar_feeds.claim_due(now=now) == []
    later = now + timedelta(minutes=12)
    assert calendar_feeds.claim_due(now=later) == [outside.pk]
    assert calendar_feeds.claim_due(now=later) == []
    # Whoever claimed it and vanished loses it.
    assert calendar_feeds.claim_due(now=later + calendar_feeds.LEASE) == [outside.pk]


def test_nobody_looks_for_accounts_that_are_closed(host: Host, cast: Cast, ana: Instructor):
    added(host, ana)
    cast.ana.is_active = False
    cast.ana.save(update_fields=["is_active"])
    assert calendar_feeds.claim_due(now=clock.now() + timedelta(days=1)) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_two_workers_never_claim_the_same(host: Host, cast: Cast):
    ana = cast.piano.instructor
    for number in range(calendar_feeds.MOST):
        calendar_feeds.add(ana, name="x", url=f"{host.url}?{number}", by=ana.user)
    later = clock.now() + timedelta(hours=1)
    barrier, claims = threading.Barrier(2), []

    def claim() -> None:
        barrier.wait()
        claims.append(calendar_feeds.claim_due(now=later))
        connection.close()

    with transaction.atomic():
        # The one holds a claim open while the other looks: it skips what is taken and does not wait.
        held = calendar_feeds.claim_due(now=later, limit=2)
        threads = [threading.Thread(target=claim) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    taken = [*held, *claims[0], *claims[1]]
    assert len(held) == 2
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(OutsideCalendar.objects.values_list("pk", flat=True))


def test_the_schedule_hands_out_and_the_worker_checks(host: Host, ana: Instructor):
    outside = added(host, ana)
    host.body = file_of(event(noon()))
    with time_machine.travel(clock.now() + timedelta(minutes=12)):
        with mock.patch.object(tasks.check_outside_calendar, "apply_async") as sent:
            tasks.check_outside_calendars()
        [call] = sent.call_args_list
        assert call.args == ((outside.pk,),)
        tasks.check_outside_calendar(*call.args[0])
    assert len(blocked(outside)) == 1
    # Removed between the two: nothing to do.
    calendar_feeds.remove(ana, outside.pk, by=ana.user)
    tasks.check_outside_calendar(outside.pk)


def test_work_that_is_due_comes_to_an_end(host: Host, ana: Instructor):
    added(host, ana)
    until = clock.now() + timedelta(days=3)
    asked = len(host.asked)
    while calendar_feeds.check_due(now=until):
        pass
    assert len(host.asked) == asked + 1


def test_removing_gives_the_time_back(host: Host, ana: Instructor):
    outside = added(host, ana, event(noon()))
    calendar_feeds.remove(ana, outside.pk, by=ana.user)
    assert is_open(ana, noon())
    assert not CalendarBlock.objects.filter(kind="external").exists()
    assert kinds() == ["added", "changed", "removed"]
    assert list(horizon.differences()) == []
    with pytest.raises(NotFound):
        calendar_feeds.remove(ana, outside.pk, by=ana.user)


def test_of_two_calendars_each_keeps_its_own(host: Host, ana: Instructor):
    first = added(host, ana, event(noon()))
    second = calendar_feeds.add(ana, name="Other", url=f"{host.url}?other", by=ana.user)
    assert blocked(first) == blocked(second)
    calendar_feeds.remove(ana, first.pk, by=ana.user)
    assert not is_open(ana, noon())
    assert len(blocked(second)) == 1


SPANS = st.lists(
    st.tuples(st.integers(0, 40 * 24 * 4), st.integers(1, 200)), max_size=8
)  # quarter hours from now on, and how many


class Syncs(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.tuples(st.booleans(), SPANS), min_size=1, max_size=5))
    def test_blocks_are_the_busy_times_and_open_days_their_recomputation(self, steps):
        """Two calendars take turns; whatever they said before, only what they say now counts."""
        instructor = teaching().instructor
        pair = [
            OutsideCalendar.objects.create(instructor=instructor, name="x", url=f"https://example.com/{n}")
            for n in range(2)
        ]
        start = clock.day_bounds(in_days(0), instructor.time_zone)[0]
        quarter = timedelta(minutes=15)
        for which, spans in steps:
            wanted = normal(
                (start + low * quarter, start + (low + length) * quarter) for low, length in spans
            )
            calendar.replace_outside(instructor, pair[which], wanted)
            assert blocked(pair[which]) == wanted
            # A second time there is nothing to do, and nothing is done.
            now = {b.pk for b in CalendarBlock.objects.filter(outside=pair[which])}
            assert calendar.replace_outside(instructor, pair[which], wanted) == (0, 0)
            assert {b.pk for b in CalendarBlock.objects.filter(outside=pair[which])} == now
            assert list(horizon.differences()) == []
        assert Booking.objects.count() == 0


def test_a_block_of_no_calendar_is_refused_by_the_database(ana: Instructor):
    period = open_days.range_of(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC))
    with (
        pytest.raises(calendar_feeds.IntegrityError, match="block_external_has_calendar"),
        transaction.atomic(),
    ):
        CalendarBlock.objects.create(
            instructor=ana, kind="external", period=period, buffered=period, reach=period
        )
