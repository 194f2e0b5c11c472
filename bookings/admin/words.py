"""A booking in the words of the back office: both sides' names, both sides' clocks."""

from __future__ import annotations

from datetime import datetime

from bookings.models import Booking, Party
from bookings.reactions import REACTIONS
from bookings.services.payments import plan
from bookings.services.policies import Tier
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.events.notify import Recipient
from instainstru.events.trail import Readers
from instainstru.lib import clock, money, presentation, when

# Whom each reaction to a booking writes to.
WRITES_TO = {
    "mail_both": (Party.STUDENT, Party.INSTRUCTOR),
    "mail_student": (Party.STUDENT,),
    # One of the two: who is asked, or who had asked.
    "mail_asked": (Party.STUDENT, Party.INSTRUCTOR),
    "mail_asker": (Party.STUDENT, Party.INSTRUCTOR),
    # Looks whether somebody waits for that time; their letter is about their search.
    "look_again": (),
    # Looks whether the instructor let the lesson down; what follows is written to them.
    "count_miss": (),
}


def span(start: datetime, end: datetime, zone: str) -> str:
    """``Thursday 3 December 2026, 6:00–7:00 pm New York time``."""
    return f"{when.date(start, zone)}, {when.span(start, end, zone)} {presentation.zone(zone)}"


def times(booking: Booking) -> str:
    """When, on the instructor's clocks, and on the student's where they differ."""
    here = span(booking.starts_at, booking.ends_at, booking.time_zone)
    theirs = booking.student.user.time_zone
    if when.same_clocks(booking.starts_at, booking.time_zone, theirs):
        return here
    return f"{here} ({span(booking.starts_at, booking.ends_at, theirs)} for the student)"


def price(booking: Booking) -> str:
    return money.exact(booking.price, booking.currency)


def readers(booking: Booking) -> Readers:
    """Who gets letters about the booking."""
    people = {Party.STUDENT: booking.student.user, Party.INSTRUCTOR: booking.instructor.user}
    return Readers(
        people={part: Recipient(user.full_name, user.email) for part, user in people.items()},
        parts=WRITES_TO,
    )


def told_to(kind: Kind, booking: Booking) -> str:
    """Who will get a letter when this happens, in a sentence."""
    known = readers(booking)
    parts = {part for reaction in REACTIONS.get(kind, ()) for part in WRITES_TO[reaction.__name__]}
    reached, unreached = [], []
    for part in (Party.STUDENT, Party.INSTRUCTOR):
        to = known.people[part]
        if part in parts and not to.is_placeholder:
            reached.append(f"{to.name} ({part}, {to.address})")
        else:
            unreached.append(f"the {part}")
    if not reached:
        return "Nobody gets a letter."
    verb = "gets a letter" if len(reached) == 1 else "each get a letter"
    rest = f" {presentation.words(unreached).capitalize()} gets none." if unreached else ""
    return f"{presentation.words(reached)} {verb}.{rest}"


def shares(booking: Booking, tier: Tier | None) -> str:
    """Who gets how much of what was paid, as a lesson that was given (None) or that ends by a tier."""
    settled = plan.settlement_of(booking, tier)
    parts = {
        "back to the student": settled.refund,
        "to the student as credit": settled.credit + settled.credit_back,
        "back into the student's package": settled.package_back,
        "to the instructor": settled.to_instructor,
        "kept by us": settled.platform,
    }
    said = [f"{money.exact(share, booking.currency)} {whose}" for whose, share in parts.items() if share]
    return presentation.words(said) or "nothing changes hands"


def details(event: Event, *, zone: str) -> list[str]:
    """What an event of a booking says beside its kind."""
    data = event.data
    state = data.get("state", {})
    found = []
    if event.kind in (Kind.BOOKING_HELD, Kind.BOOKING_CONFIRMED):
        found.append(f"For {_moment(state.get('starts_at'), zone)}.")
    if event.kind == Kind.BOOKING_RESCHEDULED:
        before, after = (_moment(told, zone) for told in (data.get("previous"), state.get("starts_at")))
        found.append(f"From {before} to {after}.")
    if data.get("asked"):
        found.append(f"To {_moment(data['asked'], zone)}.")
    if data.get("agreed"):
        found.append("The other side had asked for it.")
    if data.get("tier") in Tier.values:
        found.append(f"{Tier(data['tier']).label}.")
    if data.get("absent"):
        found.append(f"The {data['absent']} did not come.")
    if data.get("by_role") in (Party.STUDENT, Party.INSTRUCTOR):
        found.append(f"As the {data['by_role']}.")
    reason = data.get("reason") or (state.get("reason") if event.kind == Kind.BOOKING_CANCELLED else "")
    if reason:
        found.append(f"“{reason}”")
    return found


def _moment(told: str | None, zone: str) -> str:
    if not told:
        return "an unknown time"
    instant = datetime.fromisoformat(told)
    return f"{when.short(instant, zone)} {clock.local(instant, zone).year}"
