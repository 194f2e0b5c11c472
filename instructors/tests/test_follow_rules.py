"""An edit of the rules reaches every open day and every listed fact."""

from __future__ import annotations

import pytest

from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, booked, in_days, local_time, teaching
from instainstru.rules import services
from instructors.models import OpenDay
from instructors.services import horizon

pytestmark = pytest.mark.django_db


def free_around_noon(cast: Cast) -> list[tuple[object, object]]:
    return OpenDay.objects.get(instructor=cast.piano.instructor, date=in_days(3)).free


def test_a_longer_buffer_and_notice_reach_everybody_once(cast: Cast):
    day = in_days(3)
    booked(cast.piano, local_time(day, 12), cast.ben_student)
    other = teaching(OfferingFactory())
    assert horizon.rederive() == 0

    services.change(by=cast.staff, buffer_min=30, notice_online_min=120)
    assert horizon.rederive(limit=1) == 1
    assert horizon.rederive(limit=10) == 1
    assert horizon.rederive() == 0

    assert free_around_noon(cast) == [
        (local_time(day, 9), local_time(day, 11, 30)),
        (local_time(day, 13, 30), local_time(day, 17)),
    ]
    for offering in (cast.piano, other):
        offering.refresh_from_db()
        assert offering.notice_min == 120
    assert list(horizon.differences()) == []


def test_an_edit_that_concerns_no_open_day_derives_nothing(cast: Cast):
    services.change(by=cast.staff, hold_min=10)
    assert services.in_force_since(*horizon.DERIVED_FROM) is None
    assert horizon.rederive() == 0


def test_a_change_to_what_is_already_so_is_no_new_version(cast: Cast):
    before = services.current(fresh=True)
    assert services.change(by=cast.staff, hold_min=before.hold_min).pk == before.pk
