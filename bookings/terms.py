"""What cancelling or moving a lesson means, as an amount and as a date; the rule is ``policies``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bookings import bills
from bookings.models import Booking, Party, Payment, PaymentStatus
from bookings.presentation import bill as bill_lines
from bookings.services import credits, grace, policies
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import plan
from bookings.services.policies import Move, Tier
from instainstru.lib import money, presentation, when

TITLES = {
    Tier.FREE: "You get everything back",
    Tier.COOLING_OFF: "You get everything back",
    Tier.CREDIT: "You get the lesson's price as credit",
    Tier.HALF: "You get half of the lesson's price as credit",
    Tier.GRACE: "You get everything back, this once",
}
KINDS = {
    Tier.FREE: "free",
    Tier.COOLING_OFF: "free",
    Tier.CREDIT: "held",
    Tier.HALF: "stop",
    Tier.GRACE: "free",
}


OTHER = {Party.STUDENT: Party.INSTRUCTOR, Party.INSTRUCTOR: Party.STUDENT}
TO_PACKAGE = "the lesson goes back into your package"
AS_CREDIT = "the price comes back as credit"


def sentence(booking: Booking, *, zone: str, now: datetime, of_package: bool = False) -> dict[str, str]:
    """Until when the student cancels for free, and what comes after that: for confirm and lesson pages.

    ``of_package``: its price is not made credit, the lesson goes back where it came from.
    """
    said = _sentence(booking, zone=zone, now=now, of_package=of_package)
    return {name: presentation.unbroken(text) for name, text in said.items()}


def _sentence(booking: Booking, *, zone: str, now: datetime, of_package: bool) -> dict[str, str]:
    if booking.confirmed_at is None:
        terms = policies.cancellation(booking, party=Party.STUDENT, now=now)
    else:
        terms = grace.cancellation(booking, party=Party.STUDENT, now=now)
    deadline = when.short(terms.free_until, zone)
    late = when.short(_late(booking), zone)
    half = "Later, half of it comes back as credit and half goes to the instructor."
    if terms.tier == Tier.FREE:
        back = TO_PACKAGE if of_package else "the lesson's price comes back as credit"
        after = f"After that {back} until {late}. {half}"
        if _late(booking) <= terms.free_until:
            after = "After that, half of it comes back as credit and half goes to the instructor."
        return {"sentence": f"Free to cancel until {deadline}.", "after": after, "kind": "free"}
    if terms.tier == Tier.COOLING_OFF and terms.next_change_at is not None:
        until = when.hour(terms.next_change_at, zone)
        return {"sentence": f"Free to cancel until {until}.", "after": half, "kind": "free"}
    if terms.tier == Tier.GRACE:
        return {"sentence": "Cancelled now, it costs you nothing, this once.", "after": "", "kind": "free"}
    cooling = booking.rules.cooling_off_min
    soon = booking.policy_starts_at - timedelta(hours=booking.rules.cooling_off_min_lead_h)
    cools = (
        f"Free to cancel for {cooling} minutes after booking. " if _may_cool_off(booking, now, soon) else ""
    )
    if terms.tier == Tier.CREDIT:
        return {
            "sentence": f"{cools}Until {late} {TO_PACKAGE if of_package else AS_CREDIT}.",
            "after": half,
            "kind": "held",
        }
    return {
        "sentence": f"{cools}Cancelled now, half of the price comes back as credit.",
        "after": "The other half goes to the instructor.",
        "kind": "held",
    }


def _may_cool_off(booking: Booking, now: datetime, soon: datetime) -> bool:
    return booking.confirmed_at is None and booking.rules.cooling_off_min > 0 and now < soon


def _late(booking: Booking) -> datetime:
    return booking.policy_starts_at - timedelta(hours=booking.rules.late_cancel_h)


def cancelling(booking: Booking, *, party: Party, zone: str, now: datetime) -> dict[str, Any]:
    """What ``bookings/cancel.html`` shows before anything happens."""
    terms = grace.cancellation(booking, party=party, now=now)
    if terms.tier == Tier.NOT_BY_STUDENT:
        name = booking.student.user.first_name
        return {
            "outcome": {
                "title": f"{name} gets everything back",
                "sentence": "You are not paid for this lesson.",
                "kind": "held",
                "deadline": "",
            },
            "lines": _back_to(booking, name),
            "notes": [],
            "tiers": [],
        }
    paid = _paid(booking)
    title = TITLES[terms.tier]
    if terms.tier == Tier.CREDIT and paid is not None and paid.package:
        title = "The lesson goes back into your package"
    return {
        "outcome": {"title": title, "kind": KINDS[terms.tier], **_why(booking, terms, zone=zone)},
        "lines": _amounts(booking, terms.tier, paid),
        "notes": _notes(booking, terms.tier, paid, zone=zone, now=now),
        "tiers": _scale(booking, terms, zone, of_package=paid is not None and paid.package > 0),
    }


def _paid(booking: Booking) -> Payment | None:
    return plan.payment_of(booking) if gateway.is_configured() else None


def _why(booking: Booking, terms: policies.Cancellation, *, zone: str) -> dict[str, str]:
    """Why it costs what it costs, and when that changes."""
    until = when.short(terms.next_change_at, zone) if terms.next_change_at else ""
    if terms.tier == Tier.COOLING_OFF:
        why = f"You booked less than {booking.rules.cooling_off_min} minutes ago."
        return {"sentence": why, "deadline": f"Free until {until}."}
    if terms.tier == Tier.FREE:
        hours = (booking.policy_starts_at - terms.free_until) // timedelta(hours=1)
        return {"sentence": f"It is {hours} hours away or more.", "deadline": f"Free until {until}."}
    if terms.tier == Tier.GRACE:
        late = when.short(terms.free_until, zone)
        why = (
            f"Cancelling was free until {late}. You have come to your lessons, so this time it costs nothing."
        )
        return {"sentence": why, "deadline": ""}
    return {
        "sentence": f"Cancelling was free until {when.short(terms.free_until, zone)}.",
        "deadline": f"After {until} it is half." if until else "",
    }


def _amounts(booking: Booking, tier: Tier, paid: Payment | None) -> list[dict[str, str]]:
    """Who ends up with what was paid, or would have been."""
    settled = plan.settlement_of(booking, tier)
    parts = {
        _not_charged(paid): settled.refund,
        "Your credit again": settled.credit_back,
        "Back into your package": settled.package_back,
        "Credit for another lesson": settled.credit,
        f"To {booking.instructor.user.first_name}": settled.to_instructor,
        "Kept by us: the booking fee" if tier == Tier.CREDIT else "Kept by us": settled.platform,
    }
    return [
        {"label": label, "amount": money.exact(part, booking.currency)}
        for label, part in parts.items()
        if part
    ]


def _not_charged(paid: Payment | None) -> str:
    """What is not taken, or goes back."""
    if paid is None or paid.status == PaymentStatus.CAPTURED:
        return "Back to you"
    return "Not charged"


def _notes(booking: Booking, tier: Tier, paid: Payment | None, *, zone: str, now: datetime) -> list[str]:
    """What happens on the card for it, and until when new credit is good."""
    if paid is None:
        return []
    settled = plan.settlement_of(booking, tier)
    collect, notes = paid.total - settled.refund, []
    if collect:
        whole = money.exact(collect, booking.currency)
        card = f"{bills.card_of(paid)} is charged {whole} now" if paid.card else f"we ask you for {whole}"
        notes.append(f"For this, {card}.")
    elif paid.total and paid.status == PaymentStatus.AUTHORISED:
        notes.append(
            f"The {money.exact(paid.total, booking.currency)} that {bills.card_of(paid)} holds is let go."
        )
    elif paid.total:
        notes.append("Nothing has been charged, and nothing will be.")
    if settled.credit:
        until = when.date(credits.expiry(booking.rules, now=now), zone)
        notes.append(f"The new credit is good until {until}.")
    if settled.credit_back:
        notes.append("Credit that you get again ends when it would have.")
    return [presentation.unbroken(note) for note in notes]


def reporting(booking: Booking, *, party: Party, zone: str, now: datetime) -> dict[str, Any]:
    """What a report that the other side did not come does to the money, and until when they answer."""
    answer_by = now + timedelta(hours=booking.rules.answer_h)
    return {
        "until": presentation.unbroken(when.short(answer_by, zone)),
        "lines": if_absent(booking, to=party, absent=OTHER[party]) if party in OTHER else [],
        "paid": gateway.is_configured(),
    }


def if_absent(booking: Booking, *, to: Party, absent: Party) -> list[dict[str, str]]:
    """What the money does where it is true, as ``to`` reads it; nothing where payments are off."""
    if not gateway.is_configured():
        return []
    if absent == Party.INSTRUCTOR:
        if to == Party.STUDENT:
            return _amounts(booking, Tier.NOT_BY_STUDENT, _paid(booking))
        return [*_back_to(booking, booking.student.user.first_name), _line(booking, "To you", 0)]
    if to == Party.INSTRUCTOR:
        return [_line(booking, "To you", plan.settlement_of(booking, None).to_instructor)]
    bill = plan.bill_of(booking)
    return [*bill_lines(bill, booking.currency), _line(booking, "You pay", bill.total)]


def _line(booking: Booking, label: str, minor: int) -> dict[str, str]:
    return {"label": label, "amount": money.exact(minor, booking.currency)}


def _back_to(booking: Booking, name: str) -> list[dict[str, str]]:
    """Everything, as one amount: how it was paid is the student's affair."""
    settled = plan.settlement_of(booking, Tier.NOT_BY_STUDENT)
    whole = settled.refund + settled.credit_back + settled.package_back
    return [{"label": f"Back to {name}", "amount": money.exact(whole, booking.currency)}]


def _scale(
    booking: Booking, terms: policies.Cancellation, zone: str, *, of_package: bool = False
) -> list[dict[str, Any]]:
    """The whole scale; a step that this preset skips, or the cooling-off time outlasts, is left out."""
    late, free = _late(booking), terms.free_until
    if terms.tier == Tier.COOLING_OFF and terms.next_change_at:
        free = terms.next_change_at
    steps = [
        (
            f"Until {when.short(free, zone)}",
            "everything back",
            {Tier.FREE, Tier.COOLING_OFF},
        )
    ]
    if late > free:
        middle = "the lesson in your package again" if of_package else "the price as credit"
        steps.append((f"Until {when.short(late, zone)}", middle, {Tier.CREDIT}))
    steps.append(("Later", "half of the price as credit", {Tier.HALF}))
    return [{"label": label, "text": text, "current": terms.tier in tiers} for label, text, tiers in steps]


def moving(booking: Booking, *, party: Party, zone: str, now: datetime) -> dict[str, Any]:
    """What ``bookings/reschedule.html`` says first."""
    terms = policies.reschedule(booking, party=party, now=now)
    free = when.short(terms.free_until, zone)
    if terms.move == Move.FREE:
        words = ("Moving it is free", "Cancelling then counts from the new time.", "free")
        return _outcome(*words, deadline=f"Free until {free}.", allowed=True)
    if terms.move == Move.CONSENT and now < booking.starts_at:
        other = booking.instructor.user if party == Party.STUDENT else booking.student.user
        return _outcome(
            f"{other.first_name} has to agree",
            f"Moving was free until {free}. Choose a time, and we ask. The lesson stays where it is until "
            f"{other.first_name} agrees, and the new time is not held meanwhile.",
            "held",
            allowed=True,
            asks=True,
        )
    if not terms.allowed:
        why = "It was already moved once on short notice. You can cancel it instead."
        if now >= booking.starts_at:
            why = "It has already started."
        return _outcome("It cannot be moved any more", why, "stop")
    return _outcome(
        "You can move it once",
        f"Moving was free until {free}. What cancelling costs keeps counting from the first time.",
        "held",
        allowed=True,
    )


def moved(booking: Booking, start: datetime, *, party: Party, zone: str, now: datetime) -> list[str]:
    """What a lesson that is moved to ``start`` costs, when, and until when it is cancelled for free."""
    if party != Party.STUDENT:
        return []
    notes = []
    if policies.reschedule(booking, party=party, now=now).move == Move.FREE:
        free = policies.free_until(start, preset=booking.cancellation_preset, rules=booking.rules)
        if free > now:
            notes.append(f"Then it is free to cancel until {when.short(free, zone)}.")
    paid = _paid(booking)
    if paid is not None and paid.total:
        charged = (
            start + (booking.ends_at - booking.starts_at) + timedelta(hours=booking.rules.capture_after_h)
        )
        notes.insert(
            0,
            f"Moving costs nothing. The price stays {money.exact(paid.total, booking.currency)}, "
            f"and it is charged on {when.short(charged, zone)}.",
        )
    return [presentation.unbroken(note) for note in notes]


def agreeing(booking: Booking, *, zone: str) -> str:
    """What a late move that both want leaves as it was."""
    first = presentation.unbroken(when.short(booking.policy_starts_at, zone))
    return (
        f"Length, place and price stay as they are. What cancelling costs keeps counting from {first}, the "
        "time it was booked for."
    )


def _outcome(
    title: str, why: str, kind: str, *, deadline: str = "", allowed: bool = False, asks: bool = False
) -> dict[str, Any]:
    return {
        "title": title,
        "sentence": why,
        "kind": kind,
        "deadline": deadline,
        "allowed": allowed,
        "asks": asks,
    }
