"""People and things for tests, made the way the product makes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from bookings.models import Booking
from bookings.services import lifecycle
from bookings.services.wanted import wish
from instainstru.accounts.models import User
from instainstru.lib import clock
from instructors.models import Category, Instructor, Modality, Offering, Subject
from instructors.services import catalogue, schedule
from students.models import Student

NEW_YORK = "America/New_York"
NINE_TO_FIVE = [(9 * 60, 17 * 60)]


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    first_name = factory.Sequence(lambda n: f"Person{n}")
    last_name = "Tester"

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return model_class.objects.create_user(*args, **kwargs)


class StudentFactory(DjangoModelFactory[Student]):
    class Meta:
        model = Student

    user = factory.SubFactory(UserFactory)


class SubjectFactory(DjangoModelFactory[Subject]):
    class Meta:
        model = Subject
        django_get_or_create = ("slug",)

    slug = "piano"
    name = factory.LazyAttribute(lambda subject: subject.slug.replace("-", " ").capitalize())
    category = factory.LazyFunction(
        lambda: Category.objects.get_or_create(slug="music", defaults={"name": "Music"})[0]
    )


class InstructorFactory(DjangoModelFactory[Instructor]):
    """Listed and verified, in New York, no overnight rule: nothing but hours stands in a test's way."""

    class Meta:
        model = Instructor

    user = factory.SubFactory(UserFactory)
    slug = factory.Sequence(lambda n: f"teacher-{n}")
    headline = "Patient with beginners"
    bio = "Teaching for ten years, with joy, all over the city and online."
    time_zone = NEW_YORK
    status = Instructor.Status.LISTED
    verified_at = factory.LazyFunction(clock.now)
    overnight_rule = False


class OfferingFactory(DjangoModelFactory[Offering]):
    class Meta:
        model = Offering

    instructor = factory.SubFactory(InstructorFactory)
    subject = factory.SubFactory(SubjectFactory)
    price_per_hour = 8000
    durations = factory.LazyFunction(lambda: [30, 60, 90])
    modalities = factory.LazyFunction(lambda: [Modality.ONLINE])


def teaching(
    offering: Offering | None = None,
    *,
    week: dict[int, list[tuple[int, int]]] | None = None,
    **offering_facts: Any,
) -> Offering:
    """An offering that can be booked: nine to five every day unless ``week`` says otherwise."""
    offering = offering or OfferingFactory(**offering_facts)
    instructor = offering.instructor
    schedule.set_week(
        instructor, dict.fromkeys(range(7), NINE_TO_FIVE) if week is None else week, by=instructor.user
    )
    catalogue.refresh_listing(instructor)
    offering.refresh_from_db()
    return offering


def local_time(day: date, hour: int, minute: int = 0, tz: str = NEW_YORK) -> datetime:
    """The instant of a wall time."""
    return clock.to_instant(day, time(hour, minute), tz)


def in_days(days: int, tz: str = NEW_YORK) -> date:
    """The local date that many days from today."""
    return clock.today(tz) + timedelta(days=days)


def held(
    offering: Offering, starts_at: datetime, student: Student | None = None, minutes: int = 60
) -> Booking:
    """A hold, made through the front door."""
    student = student or StudentFactory()
    return lifecycle.hold(
        wish(offering, starts_at=starts_at, duration_min=minutes), student=student, by=student.user
    )


def booked(
    offering: Offering, starts_at: datetime, student: Student | None = None, minutes: int = 60
) -> Booking:
    """A confirmed lesson, made through the front door."""
    student = student or StudentFactory()
    return lifecycle.book(
        wish(offering, starts_at=starts_at, duration_min=minutes), student=student, by=student.user
    )


def utc(text: str) -> datetime:
    """``2026-12-03 18:00`` as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
