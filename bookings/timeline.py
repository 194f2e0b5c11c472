"""A booking's events as its people read them: "Moved by you from Thu 3 Dec, 6:00 pm"."""

from __future__ import annotations

from datetime import datetime

from bookings.models import Booking, Party
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.lib import when

WORDS = {
    Kind.BOOKING_HELD: "Held",
    Kind.BOOKING_HOLD_EXTENDED: "Held for five minutes more",
    Kind.BOOKING_RELEASED: "Given up",
    Kind.BOOKING_EXPIRED: "The hold ran out",
    Kind.BOOKING_CONFIRMED: "Booked",
    Kind.BOOKING_RESCHEDULED: "Moved",
    Kind.BOOKING_MOVE_ASKED: "Move asked for",
    Kind.BOOKING_MOVE_DECLINED: "Move declined",
    Kind.BOOKING_MOVE_WITHDRAWN: "Request to move withdrawn",
    Kind.BOOKING_MOVE_LAPSED: "Request to move lapsed without an answer",
    Kind.BOOKING_CANCELLED: "Cancelled",
    Kind.BOOKING_COMPLETED: "The lesson was given",
    Kind.BOOKING_NO_SHOW: "No-show reported",
    Kind.BOOKING_NO_SHOW_DISPUTED: "No-show disputed",
}


# What became of a report, by why and by what became of the money.
UPHELD = {
    "agreed": "No-show agreed to",
    "unanswered": "No-show upheld, because nobody answered",
    "decided": "No-show decided",
}
ENDINGS = {
    "given": "the lesson counts as given",
    "not_by_student": "everything goes back to the student",
}


def told(booking: Booking, *, to: Party, zone: str) -> list[dict[str, str]]:
    """What happened, oldest first: one query."""
    events = Event.objects.filter(subject_type="booking", subject_id=str(booking.pk)).order_by("version")
    return [
        {"when": when.short(event.created_at, zone), "text": _sentence(event, booking, to=to, zone=zone)}
        for event in events
    ]


def _sentence(event: Event, booking: Booking, *, to: Party, zone: str) -> str:
    text = WORDS.get(Kind(event.kind)) or UPHELD.get(event.data.get("because", ""), "Changed")
    who = _who(event, booking, to=to)
    if who:
        text = f"{text} by {who}"
    if event.kind == Kind.BOOKING_NO_SHOW_SETTLED:
        text = f"{text}: {ENDINGS.get(event.data['ending'], '')}"
    if event.kind == Kind.BOOKING_RESCHEDULED and event.data.get("previous"):
        text = f"{text}, before that {when.short(datetime.fromisoformat(event.data['previous']), zone)}"
    if event.kind == Kind.BOOKING_RESCHEDULED and event.data.get("agreed"):
        text = f"{text}, agreed by both"
    if event.kind == Kind.BOOKING_MOVE_ASKED:
        text = f"{text}, to {when.short(datetime.fromisoformat(event.data['asked']), zone)}"
    reason = (
        event.data.get("reason")
        or event.data.get("text")
        or (event.data["state"].get("reason") if event.kind == Kind.BOOKING_CANCELLED else "")
    )
    return f"{text}: “{reason}”" if reason else text


def _who(event: Event, booking: Booking, *, to: Party) -> str:
    if event.by_id is None:
        return ""
    people = {booking.student.user_id: Party.STUDENT, booking.instructor.user_id: Party.INSTRUCTOR}
    party = people.get(event.by_id)
    if party is None:
        partner = booking.student.partner
        return partner.name if partner is not None and partner.user_id == event.by_id else "InstaInstru"
    if party == to:
        return "you"
    user = booking.student.user if party == Party.STUDENT else booking.instructor.user
    return user.first_name
