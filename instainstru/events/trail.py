"""What happened to one thing and whom it was told, as the back office shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.events.models import Delivery, Event
from instainstru.events.notify import Recipient
from instainstru.lib import when

# Nobody reads further back on a page; the list of events has the rest.
LATEST = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """Whether one letter reached its reader; ``delivery_id`` where staff can do something about it."""

    text: str
    state: str
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One event in words."""

    when: str
    what: str
    who: str
    details: list[str]
    letters: list[Letter] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads letters about the subject: people by part, and the parts each reaction writes to."""

    people: Mapping[str, Recipient]
    parts: Mapping[str, Sequence[str]]


def trail(
    subject: Any, *, zone: str, readers: Readers, details: Callable[[Event], list[str]], latest: int = LATEST
) -> list[Step]:
    """The subject's latest events, newest first, each with its letters: two queries."""
    events = history(subject, latest=latest)
    deliveries: dict[int, list[Delivery]] = defaultdict(list)
    for delivery in Delivery.objects.filter(event__in=[event.pk for event in events]).order_by("pk"):
        deliveries[delivery.event_id].append(delivery)
    return [
        Step(
            when=when.short(event.created_at, zone),
            what=_kind(event),
            who=_who(event),
            details=details(event),
            letters=[
                letter for one in deliveries[event.pk] for letter in _letters(one, readers=readers, zone=zone)
            ],
        )
        for event in reversed(events)
    ]


def _kind(event: Event) -> str:
    """In the vocabulary's words; an old kind that is no longer ours keeps its name."""
    return str(Kind(event.kind).label) if event.kind in Kind.values else event.kind


def _who(event: Event) -> str:
    if event.by is None:
        return "automatically"
    return f"by {event.by.full_name or 'a guest'} ({event.by.email})"


def _letters(delivery: Delivery, *, readers: Readers, zone: str) -> list[Letter]:
    parts = readers.parts.get(delivery.reaction)
    if parts is None:
        return [Letter(f"{delivery.reaction}: {_standing(delivery, zone)}", _state(delivery), delivery.pk)]
    return [
        _letter(delivery, part, readers.people[part], zone=zone)
        for part in parts
        if not _was_passed_over(delivery, part, readers.people[part])
    ]


def _was_passed_over(delivery: Delivery, part: str, to: Recipient) -> bool:
    """Done without a letter to this reader, to whom the event meant nothing."""
    is_sent = f"letter to {part}" in delivery.steps_done
    return delivery.done_at is not None and not is_sent and not to.is_placeholder


def _letter(delivery: Delivery, part: str, to: Recipient, *, zone: str) -> Letter:
    if to.is_placeholder:
        return Letter(f"No letter to the {part}: a guest who gave no address.", "none")
    if f"letter to {part}" in delivery.steps_done:
        at = f" {when.short(delivery.done_at, zone)}" if delivery.done_at else ""
        return Letter(f"Letter to the {part}, {to.address}: sent{at}.", "done")
    text = f"Letter to the {part}, {to.address}: {_standing(delivery, zone)}"
    return Letter(text, _state(delivery), delivery.pk)


def _state(delivery: Delivery) -> str:
    if delivery.done_at:
        return "done"
    return "waiting" if delivery.next_try_at else "parked"


def _standing(delivery: Delivery, zone: str) -> str:
    if delivery.done_at:
        return f"done {when.short(delivery.done_at, zone)}."
    error = f" ({delivery.last_error.strip().splitlines()[-1][:160]})" if delivery.last_error.strip() else ""
    if delivery.next_try_at is None:
        return f"not sent, given up after {delivery.attempts} attempts{error}."
    tried = f" after {delivery.attempts} attempts{error}" if delivery.attempts else ""
    return f"not sent yet{tried}, due {when.short(delivery.next_try_at, zone)}."
