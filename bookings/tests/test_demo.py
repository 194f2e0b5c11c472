"""The demo: the same for the same seed, true to every rule, and gone without a trace."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Q
from django.test import override_settings

from bookings.models import Booking, Credit, Entry, MoveRequest, Package, Payment
from bookings.services import history
from instainstru.accounts import api_keys, feeds
from instainstru.accounts.models import CalendarFeed, User
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.intervals import covers
from instructors.models import (
    CalendarBlock,
    DateHours,
    Instructor,
    Offering,
    OldAddress,
    OpenDay,
    OutsideCalendar,
    Subject,
    WeeklyHours,
)
from instructors.services import calendar, horizon, open_days
from instructors.services.search import rank
from ops.testing.recorded import Recording

# One process records the demo, not each.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo")]

NOW = "2026-10-07T15:40:00Z"
SMALL = {"seed": 7, "instructors": 90, "students": 12, "bookings": 120, "keys": 3, "days": 30}
TABLES = (User, Instructor, Offering, WeeklyHours, DateHours, CalendarBlock, OpenDay, Booking, Event)


@pytest.fixture(autouse=True)
def _development(settings):
    settings.DEBUG = True
    # A day on which the clocks change lies within the horizon.
    with time_machine.travel(NOW, tick=False):
        yield


def seed(**changes):
    out = StringIO()
    call_command("seed_demo", **{**SMALL, **changes}, json=True, stdout=out)
    return json.loads(out.getvalue())


DEMO = Recording("recorded_small_demo", seed)


@pytest.fixture(scope="session")
def recorded(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), override_settings(DEBUG=True), time_machine.travel(NOW, tick=False):
        DEMO.take()


@pytest.fixture
def demo(recorded, _development, db):
    """What ``seed`` makes, and what it tells."""
    return DEMO.play()


def everything():
    """All rows of the demo without the ids that the database counted up in the meantime."""
    return {
        "people": list(User.objects.order_by("email").values_list("email", "first_name", "password")),
        "instructors": list(
            Instructor.objects.order_by("slug").values_list(
                "slug", "headline", "bio", "rating", "status", "open_until", "address"
            )
        ),
        "offerings": list(
            Offering.objects.order_by("instructor__slug", "subject__slug").values_list(
                "instructor__slug", "subject__slug", "price_per_hour", "durations", "modalities",
                "next_free_at", "notice_min", "is_listed",
            )
        ),
        "hours": list(
            WeeklyHours.objects.order_by("instructor__slug", "weekday", "from_min").values_list(
                "instructor__slug", "weekday", "from_min", "to_min"
            )
        ),
        "open_days": list(
            OpenDay.objects.order_by("instructor__slug", "date").values_list(
                "instructor__slug", "date", "free", "free_travel"
            )
        ),
        "bookings": list(
            Booking.objects.order_by("pk").values_list(
                "pk", "student__user__email", "instructor__slug", "starts_at", "ends_at", "status", "price"
            )
        ),
        "events": list(
            # Keys of credit and packages are counted up.
            Event.objects.exclude(subject_type__in=("credit", "package"))
            .order_by("subject_id", "version")
            .values_list("kind", "subject_id", "created_at")
        ),
        "payments": list(
            Payment.objects.order_by("pk").values_list(
                "pk", "purpose", "booking", "student__user__email", "instructor__slug", "total", "status",
                "ending", "due_at", "captured_at", "transferred",
            )
        ),
        "purses": list(
            Credit.objects.order_by("student__user__email", "created_at").values_list(
                "student__user__email", "amount", "left", "reason", "expires_at"
            )
        ),
        "packages": list(Package.objects.order_by("payment").values_list("payment", "lessons", "left")),
        "books": list(
            Entry.objects.order_by("posting__created_at", "posting__payment", "account__kind", "amount")
            .values_list("posting__kind", "posting__created_at", "account__kind", "amount")
        ),
    }  # fmt: skip


def test_the_same_seed_makes_the_same_rows_and_another_seed_others(demo):
    first = everything()
    seed(seed=8)
    other = everything()
    seed()
    assert everything() == first
    assert all(other[name] != first[name] for name in first)


def test_twice_changes_nothing():
    first = seed()
    before = {model: set(model.objects.values_list("pk", flat=True)) for model in TABLES}
    assert seed() == first
    assert {model: set(model.objects.values_list("pk", flat=True)) for model in TABLES} == before


def test_the_sizes_are_what_was_asked_for(demo):
    assert demo["counts"] == {
        "instructors": 90,
        "students": 12,
        "bookings": 120,
        "api_keys": 6,
        "offerings": Offering.objects.count(),
        "open_days": OpenDay.objects.count(),
    }
    # From yesterday to the last day of the horizon.
    assert OpenDay.objects.count() == 90 * 32
    assert 2 * 90 < Offering.objects.count() < 4 * 90


def test_open_days_are_what_the_calendar_computes(demo):
    assert list(horizon.differences()) == []
    assert DateHours.objects.exists()
    assert CalendarBlock.objects.filter(kind="time_off").exists()
    assert OpenDay.objects.filter(free_travel__isnull=False).exists()


def test_bookings_are_what_their_events_say(demo):
    told = defaultdict(list)
    for event in Event.objects.filter(subject_type="booking").order_by("version"):
        told[event.subject_id].append(event)
    found = [history.differences(booking, told[str(booking.pk)]) for booking in Booking.objects.all()]
    assert found == [[]] * 120
    assert not Event.objects.filter(dispatched_at__isnull=True).exists()


def test_every_lesson_lies_within_its_instructors_hours_and_its_time_is_taken(demo):
    taken = {block.booking_id: block for block in CalendarBlock.objects.filter(kind="lesson")}
    for booking in Booking.objects.select_related("instructor", "offering"):
        instructor = booking.instructor
        day = clock.local(booking.starts_at, instructor.time_zone).date()
        hours = open_days.wished([instructor], day, day)[instructor.pk, day]
        assert covers(hours, (booking.starts_at, booking.ends_at))
        assert booking.duration_min in booking.offering.durations
        assert booking.modality in booking.offering.modalities
        assert booking.created_at < booking.starts_at
        if booking.status == "cancelled":
            assert booking.pk not in taken
        else:
            block = taken.pop(booking.pk)
            assert (block.period.lower, block.period.upper) == (booking.starts_at, booking.ends_at)
    assert taken == {}


def test_what_is_over_is_settled_and_what_comes_is_not(demo):
    now = clock.now()
    over = Counter(Booking.objects.filter(ends_at__lt=now - horizon.DAY * 2).values_list("status", flat=True))
    coming = Counter(Booking.objects.filter(starts_at__gt=now).values_list("status", flat=True))
    assert set(over) <= {"completed", "cancelled", "no_show"}
    assert set(coming) <= {"confirmed", "cancelled"}
    assert over["completed"] > 20
    assert coming["confirmed"] > 20
    assert not Booking.objects.filter(created_at__gt=now).exists()


def test_the_people_it_names_can_sign_in_and_use_their_keys():
    people = seed()["people"]
    assert [person["role"] for person in people] == ["staff", "partner", "instructor", *["student"] * 3]
    for person in people:
        user = User.objects.get(email=person["email"])
        assert api_keys.find(person["api_key"]).user == user
        assert user.check_password(person["password"])
        address = user.emailaddress_set.get()
        assert (address.email, address.verified, address.primary) == (user.email, True, True)
    partner, instructor = people[1], people[2]
    assert len(partner["students"]) == 9
    assert Booking.objects.filter(instructor=instructor["id"]).count() >= 30
    # The students it names have something to see.
    assert all(Booking.objects.filter(student=person["id"]).exists() for person in people[3:])


def test_offerings_are_ranked(demo):
    assert not Offering.objects.filter(rank=0).exists()
    assert rank.refresh(now=clock.now()) == 0


def test_every_subject_has_somebody_and_every_price_is_believable(demo):
    assert not Subject.objects.filter(offerings__isnull=True).exists()
    assert not Offering.objects.exclude(price_per_hour__range=(2500, 30000)).exists()
    assert Instructor.objects.filter(status="listed").count() > 80
    assert Instructor.objects.filter(Q(rating_count=0) & Q(rating=0)).count() > 3
    headlines = list(Instructor.objects.values_list("headline", flat=True))
    assert len(set(headlines)) > 0.95 * len(headlines)


def test_real_rows_stay_when_the_demo_is_replaced():
    real = User.objects.create_user(
        "zoe@school.example", "correct horse", first_name="Zoe", last_name="Quist"
    )
    seed()
    seed(seed=8)
    real.refresh_from_db()
    assert real.check_password("correct horse")
    assert User.objects.exclude(email__endswith="@demo.example").count() == 1


def test_requests_and_old_addresses_of_demo_people_go_with_the_demo():
    seed()
    lesson = Booking.objects.filter(status="confirmed").order_by("pk").first()
    MoveRequest.objects.create(
        booking=lesson, asked_by="student", starts_at=lesson.starts_at, lesson_starts_at=lesson.starts_at,
        expires_at=lesson.starts_at, created_by=lesson.student.user,
    )  # fmt: skip
    OldAddress.objects.create(instructor=lesson.instructor, slug="before")
    seed(seed=8)
    assert (MoveRequest.objects.count(), OldAddress.objects.count()) == (0, 0)


def test_calendars_that_demo_people_made_go_with_them():
    seed()
    instructor = Instructor.objects.select_related("user").first()
    user = instructor.user
    outside = OutsideCalendar.objects.create(instructor=instructor, name="x", url="https://example.com/a.ics")
    start = clock.now() + timedelta(days=3)
    calendar.replace_outside(instructor, outside, [(start, start + timedelta(hours=1))])
    feeds.issue(user, role="student", by=user)
    feeds.revoke(user, role="student", by=user)
    feeds.issue(user, role="instructor", by=user)
    seed(seed=8)
    assert not OutsideCalendar.objects.exists()
    assert not CalendarFeed.objects.exists()
    assert not Event.objects.filter(subject_type="calendarfeed").exists()


def test_a_demo_that_real_people_have_lessons_in_is_not_replaced():
    seed()
    real = User.objects.create_user(
        "zoe@school.example", "correct horse", first_name="Zoe", last_name="Quist"
    )
    booking = Booking.objects.filter(status="completed").first()
    booking.student.user = real
    booking.student.save(update_fields=["user"])
    before = everything()
    with pytest.raises(CommandError, match="cannot be replaced"):
        seed(seed=8)
    assert everything() == before


def test_elsewhere_than_in_development_it_asks_to_be_meant(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="--force"):
        seed()
    assert not User.objects.exists()


def test_forced_elsewhere_its_secrets_are_random_and_shown_once(settings):
    settings.DEBUG = False
    first = seed(force=True)
    assert first["people"][0]["password"] != "take-a-lesson"
    assert api_keys.find(first["people"][0]["api_key"]) is not None
    again = seed(force=True)
    assert {(person["password"], person["api_key"]) for person in again["people"]} == {(None, None)}


@pytest.mark.parametrize(
    ("name", "value"), [("instructors", 0), ("students", -1), ("bookings", -5), ("days", 3)]
)
def test_impossible_sizes_are_refused_by_name(name, value):
    with pytest.raises(CommandError, match=f"--{name} must be at least"):
        seed(**{name: value})
    assert not User.objects.exists()


def test_nobody_to_book_means_no_lessons():
    assert seed(students=0)["counts"]["bookings"] == 0
