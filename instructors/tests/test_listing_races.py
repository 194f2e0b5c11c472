"""Two of staff at one profile at once; the guard is shown by a control in which it is missing."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from bookings.tests.cast import Cast
from bookings.tests.factories import UserFactory
from bookings.tests.racing import meet_after, race
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.lib.errors import Conflict
from instructors.models import Instructor, Place
from instructors.services import standing

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
BY_STAFF = {Kind.INSTRUCTOR_VERIFIED, Kind.INSTRUCTOR_SENT_BACK}


@pytest.fixture
def waiting(cast: Cast) -> Instructor:
    """Ana's profile, submitted."""
    ana = cast.piano.instructor
    ana.status, ana.verified_at = Instructor.Status.DRAFT, None
    ana.place = Place.objects.order_by("pk").first()
    ana.save()
    return standing.submit(ana, by=cast.ana)


def two_of_staff(cast: Cast, waiting: Instructor) -> list[Any]:
    """One verifies, the other sends back."""
    second = UserFactory(email="second@example.com", first_name="Sue", is_staff=True)
    return race(
        lambda: standing.verify(waiting, by=cast.staff),
        lambda: standing.send_back(waiting, by=second, reason="Too short"),
    )


def test_control_without_its_lock_a_profile_is_verified_and_sent_back(cast, waiting, monkeypatch):
    barrier = threading.Barrier(2)
    unlocked = meet_after(lambda instructor: Instructor.objects.get(pk=instructor.pk), barrier)
    monkeypatch.setattr(standing.calendar, "lock_instructor", unlocked)
    monkeypatch.setattr(standing, "record", lambda *args, **kwargs: None)
    assert [type(one).__name__ for one in two_of_staff(cast, waiting)] == ["Instructor", "Instructor"]


def test_of_two_of_staff_the_second_hears_what_the_first_did(cast: Cast, waiting: Instructor):
    outcomes = two_of_staff(cast, waiting)
    [refusal] = [one for one in outcomes if isinstance(one, Conflict)]
    waiting.refresh_from_db()
    if waiting.is_listed:
        assert refusal.message.endswith("the profile is listed. Sam Staff verified and listed it.")
    else:
        assert (waiting.status, waiting.sent_back_reason) == ("draft", "Too short")
        assert refusal.message.endswith("the profile is a draft. Sue Tester sent it back.")
    assert len([event for event in history(waiting) if event.kind in BY_STAFF]) == 1
