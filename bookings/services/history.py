"""A booking's events and the state they amount to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from bookings.models import Booking
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.events.models import Event

# The facts that events carry; everything else of a booking never changes after its first event.
STATE = (
    "status", "student_id", "instructor_id", "offering_id", "starts_at", "ends_at", "modality", "price",
    "expires_at", "was_extended", "confirmed_at", "ended_at", "cancelled_by", "cancellation_tier",
    "reason", "absent", "policy_starts_at", "late_moves",
)  # fmt: skip


def state_of(booking: Booking) -> dict[str, Any]:
    """The booking's state as JSON-ready values; instants in full precision."""
    return {name: _plain(getattr(booking, name)) for name in STATE}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def note(kind: Kind, booking: Booking, *, by: Any, **details: Any) -> Event:
    """Record that something happened to the booking; ``booking.version`` must already count it."""
    data = {"state": state_of(booking), **{name: _plain(value) for name, value in details.items()}}
    return record(kind, booking, by=by, data=data, version=booking.version)


def events_of(booking: Booking) -> QuerySet[Event]:
    """The booking's events, in no order yet."""
    return Event.objects.filter(subject_type="booking", subject_id=str(booking.pk))


def rebuilt_state(events: list[Event]) -> dict[str, Any]:
    """The state after the last of a booking's events, in version order."""
    return dict(events[-1].data["state"])


def differences(booking: Booking, events: list[Event]) -> list[str]:
    """In words, where the booking's row and its events disagree; empty when they agree."""
    if not events:
        return ["no events"]
    found = []
    versions = [event.version for event in events]
    if versions != list(range(1, len(events) + 1)):
        found.append(f"versions {versions}")
    if booking.version != versions[-1]:
        found.append(f"version {booking.version}, events say {versions[-1]}")
    told, actual = rebuilt_state(events), state_of(booking)
    found += [
        f"{name} {actual[name]!r}, events say {told.get(name)!r}"
        for name in STATE
        if not _same(told.get(name), actual[name])
    ]
    return found


def _same(told: Any, actual: Any) -> bool:
    if told == actual:
        return True
    if isinstance(told, str) and isinstance(actual, str) and "T" in told and "T" in actual:
        return datetime.fromisoformat(told) == datetime.fromisoformat(actual)
    return False


def all_differences(*, batch: int = 1000) -> Iterator[tuple[UUID, list[str]]]:
    """Every booking whose row and events disagree, with how."""
    last = UUID(int=0)
    while rows := list(Booking.objects.filter(pk__gt=last).order_by("pk")[:batch]):
        last = rows[-1].pk
        events: dict[str, list[Event]] = defaultdict(list)
        for event in Event.objects.filter(
            subject_type="booking", subject_id__in=[str(row.pk) for row in rows]
        ).order_by("version"):
            events[event.subject_id].append(event)
        for row in rows:
            found = differences(row, events[str(row.pk)])
            if found:
                yield row.pk, found
