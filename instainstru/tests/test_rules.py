"""Rules are versions: an edit makes a new one, says so, and old bookings keep theirs."""

from __future__ import annotations

import pytest

from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instainstru.rules import services
from instainstru.rules.models import Rules

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_change_is_a_new_version_and_is_seen_at_once_here(cast: Cast):
    before = services.current()
    after = services.change(by=cast.staff, hold_min=10)
    assert (before.hold_min, after.hold_min, services.current().pk) == (5, 10, after.pk)
    assert Rules.objects.count() == 2
    event = Event.objects.get(kind="rules.changed")
    assert event.data == {"changes": {"hold_min": [5, 10]}, "previous": before.pk}
    assert event.by == cast.staff


def test_another_process_sees_a_change_after_a_few_seconds_and_a_booking_at_once(cast: Cast, monkeypatch):
    seconds = 100.0
    monkeypatch.setattr(clock, "monotonic", lambda: seconds)
    services.current()
    # As another process would: without telling this one.
    Rules.objects.create(hold_min=9, created_at=clock.now())
    seconds += services.STALE_AFTER - 0.1
    assert services.current().hold_min == 5
    assert services.current(fresh=True).hold_min == 9
    services.forget()
    services.current()
    Rules.objects.create(hold_min=8, created_at=clock.now())
    seconds += services.STALE_AFTER
    assert services.current().hold_min == 8


def test_a_booking_keeps_the_rules_it_was_made_under(cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(5), 12), cast.ben_student)
    services.change(by=cast.staff, free_cancel_h=100)
    lesson.refresh_from_db()
    assert lesson.rules.free_cancel_h == 24


def test_a_value_out_of_range_is_refused_on_its_field(cast: Cast):
    with pytest.raises(DomainError) as refusal:
        services.change(by=cast.staff, hold_min=600)
    assert list(refusal.value.fields) == ["hold_min"]
    assert Rules.objects.count() == 1
