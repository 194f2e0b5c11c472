"""What most tests begin with is what the product would make now."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from bookings.tests import cast
from instainstru.accounts.models import User
from instainstru.lib import clock
from instructors.models import Instructor, Offering, OpenDay, WeeklyHours
from students.models import Student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_cast")]
MODELS = (User, Student, Instructor, Offering, WeeklyHours, OpenDay)
# What differs between two that are made one after the other.
OWN = {"id", "user", "instructor", "created_at", "date_joined", "verified_at", "password", "rank"}


def rows() -> dict[str, list[dict[str, object]]]:
    """All there is, but for what says when and under which number it was made."""
    found = {}
    for model in MODELS:
        names = [field.name for field in model._meta.concrete_fields if field.name not in OWN]
        found[model.__name__] = list(model.objects.order_by("pk").values(*names))
    return found


def test_what_is_played_is_what_would_be_made() -> None:
    with transaction.atomic():
        played = cast.RECORDING.play()
        of_recording = rows()
        assert (played.piano, played.ana) == (Offering.objects.get(), User.objects.get(first_name="Ana"))
        transaction.set_rollback(True)
    cast.made()
    assert rows() == of_recording
    assert len(of_recording["OpenDay"]) > 80


def test_whoever_plays_it_has_it_for_oneself() -> None:
    with transaction.atomic():
        first = cast.RECORDING.play()
        first.piano.instructor.user.first_name = "Somebody"
        transaction.set_rollback(True)
    assert cast.RECORDING.play().piano.instructor.user.first_name == "Ana"


def test_on_another_day_it_is_made_anew() -> None:
    with time_machine.travel(clock.now() + timedelta(days=1)):
        cast.RECORDING.play()
        assert OpenDay.objects.earliest("date").date == clock.today("America/New_York") - timedelta(days=1)
