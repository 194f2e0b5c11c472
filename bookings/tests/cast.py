"""The fixed cast: ana teaches, ben learns from her, cy is a stranger, staff runs the place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from bookings.tests.factories import InstructorFactory, StudentFactory, UserFactory, teaching
from instainstru.accounts.models import User
from instructors.models import Offering
from ops.testing.recorded import Recording
from students.models import Student


@dataclass
class Cast:
    """Everyone a permission test needs; ``piano`` is what ana offers, nine to five every day."""

    ana: User
    ben: User
    cy: User
    staff: User
    piano: Offering
    ben_student: Student
    cy_student: Student


@pytest.fixture(scope="session")
def recorded_cast(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        RECORDING.take()


@pytest.fixture
def cast(recorded_cast: None, db: None) -> Cast:
    """The cast, with ana's hours in place."""
    return RECORDING.play()


@pytest.fixture
def office(cast: Cast, client: Client) -> Client:
    """Staff, signed in: the back office as they see it."""
    client.force_login(cast.staff)
    return client


def made() -> Cast:
    """The cast as the product makes it."""
    ana = UserFactory(email="ana@example.com", first_name="Ana", last_name="Alvarez")
    ben = StudentFactory(user__email="ben@example.com", user__first_name="Ben", user__last_name="Baker")
    cy = StudentFactory(user__email="cy@example.com", user__first_name="Cy", user__last_name="Chen")
    staff = UserFactory(
        email="staff@example.com", first_name="Sam", last_name="Staff", is_staff=True, is_superuser=True
    )
    piano = teaching(instructor=InstructorFactory(user=ana, slug="ana-a"))
    return Cast(ana, ben.user, cy.user, staff, piano, ben, cy)


# Most tests begin with them, and making them takes a dozen times as long.
RECORDING = Recording("recorded_cast", made)


@pytest.fixture
def payments_on(settings: Any) -> None:
    """Keys are set, so pages speak of what is charged; nothing here asks Stripe."""
    settings.STRIPE_SECRET_KEY = "sk_test_of_a_test"
