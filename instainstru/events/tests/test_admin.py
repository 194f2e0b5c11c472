"""The back office of events: staff find them, and replay what was parked."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from bookings.tests.cast import Cast
from instainstru.events.kinds import Kind
from instainstru.events.models import Delivery, Event
from instainstru.lib import clock

pytestmark = pytest.mark.django_db
EVENTS = "admin:events_event_changelist"
DELIVERIES = "admin:events_delivery_changelist"


def event(subject_id: str = "1", kind: Kind = Kind.BOOKING_HELD, version: int = 1) -> Event:
    now = clock.now()
    return Event.objects.create(
        kind=kind, subject_type="booking", subject_id=subject_id, version=version,
        created_at=now, dispatched_at=now,
    )  # fmt: skip


def found(client: Client, url: str, **query: str) -> list[int]:
    response = client.get(reverse(url), query)
    assert response.status_code == 200
    return [row.pk for row in response.context["cl"].result_list]


def test_a_subjects_events_are_found_by_its_whole_id(office: Client) -> None:
    one, _ = event("abc"), event("abcd")
    assert found(office, EVENTS, q=" abc ") == [one.pk]
    assert found(office, EVENTS, q="ab") == []


def test_events_are_filtered_by_kind(office: Client) -> None:
    event("1")
    cancelled = event("2", Kind.BOOKING_CANCELLED)
    assert found(office, EVENTS, kind="booking.cancelled") == [cancelled.pk]


def test_nobody_changes_or_deletes_what_happened(office: Client) -> None:
    one = event()
    page = reverse("admin:events_event_change", args=[one.pk])
    assert office.get(page).status_code == 200
    assert office.post(page, {"kind": "x"}).status_code == 403
    assert office.post(reverse("admin:events_event_delete", args=[one.pk])).status_code == 403
    assert office.get(reverse("admin:events_event_add")).status_code == 403
    assert Event.objects.get(pk=one.pk).kind == Kind.BOOKING_HELD


def test_a_list_takes_as_many_queries_for_three_as_for_one(
    office: Client, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    for number in range(3):
        Delivery.objects.create(event=event(str(number)), reaction="mail_both", next_try_at=clock.now())
        if number in (0, 2):
            with django_assert_num_queries(3):  # person, count, rows; the session is cached
                assert len(found(office, DELIVERIES)) == number + 1


def test_staff_replay_parked_deliveries_and_nothing_else(office: Client) -> None:
    now = clock.now()
    parked = Delivery.objects.create(event=event("1"), reaction="mail_both", attempts=6, last_error="refused")
    done = Delivery.objects.create(event=event("2"), reaction="mail_both", attempts=1, done_at=now)
    assert found(office, DELIVERIES, state="parked") == [parked.pk]

    response = office.post(
        reverse(DELIVERIES), {"action": "replay", "_selected_action": [parked.pk, done.pk]}
    )

    told = [str(message) for message in get_messages(response.wsgi_request)]
    assert told == [
        "1 deliveries will be tried again.",
        "1 were left as they are: not parked, or replayed meanwhile.",
    ]
    parked.refresh_from_db()
    done.refresh_from_db()
    assert (parked.attempts, parked.next_try_at is not None) == (0, True)
    assert (done.attempts, done.next_try_at, done.done_at) == (1, None, now)


def test_staff_without_the_right_cannot_replay(cast: Cast, client: Client) -> None:
    cast.staff.is_superuser = False
    cast.staff.save()
    client.force_login(cast.staff)
    parked = Delivery.objects.create(event=event(), reaction="mail_both", attempts=6)
    response = client.post(reverse(DELIVERIES), {"action": "replay", "_selected_action": [parked.pk]})
    assert response.status_code == 403
    parked.refresh_from_db()
    assert parked.next_try_at is None
