"""A booking in words: when, with whom, where, what it costs and what may be done with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from bookings.models import Booking, MoveRequest, NoShowReport, Party, ReportStatus, Status
from bookings.services import no_shows
from bookings.services.pricing import LineKind, Quote
from bookings.services.wanted import Wanted, price_of
from instainstru.accounts.models import User
from instainstru.lib import clock, money, presentation, when
from instructors.models import Modality, Offering
from instructors.presentation import ICONS, page_url, person, portrait, whereabouts

# Those who are to meet, or met, know where.
ACQUAINTED = (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)
BADGES = {
    Status.HELD: ("Held, not booked", "held"),
    Status.CONFIRMED: ("", ""),
    Status.COMPLETED: ("Completed", "free"),
    Status.CANCELLED: ("Cancelled", "stop"),
    Status.NO_SHOW: ("No-show", "stop"),
    Status.RELEASED: ("Given up", ""),
    Status.EXPIRED: ("Expired", ""),
}


# What became of a reported no-show.
SETTLED = {
    "given": "The no-show is settled: the lesson counts as given.",
    "not_by_student": "The no-show is settled: everything goes back to the student.",
}


def facts(booking: Booking, *, party: Party, zone: str) -> dict[str, Any]:
    """What ``components/lesson_facts.html`` prints."""
    there = clock.local(booking.starts_at, zone)
    return {
        **presentation.leaf(there),
        "when": presentation.unbroken(
            f"{presentation.long_day(there)}, {when.span(booking.starts_at, booking.ends_at, zone)}"
        ),
        "zone": presentation.zone(zone),
        "other_when": _other_when(booking, party=party, zone=zone),
        "subject": booking.offering.subject.name,
        "with_name": other_name(booking, party=party),
        "url": page_url(booking.instructor.slug) if _is_student_side(party) else "",
        "where": _where(booking, party=party),
        "where_note": _where_note(booking, party=party),
        "where_icon": ICONS[Modality(booking.modality)],
        "duration": presentation.minutes(booking.duration_min),
        "person": _other(booking, party=party),
    }


def card(
    booking: Booking, *, party: Party, zone: str, now: datetime, actions: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What ``components/lesson_card.html`` prints."""
    there = clock.local(booking.starts_at, zone)
    status, kind = badge(booking, now=now)
    return {
        **presentation.leaf(there),
        "time": when.span(booking.starts_at, booking.ends_at, zone),
        "date": presentation.long_day(there),
        "title": title(booking, party=party),
        "url": reverse("bookings:lesson", args=[booking.pk]),
        "where": _where(booking, party=party),
        "where_icon": ICONS[Modality(booking.modality)],
        "past": booking.ends_at <= now or booking.status not in (Status.HELD, Status.CONFIRMED),
        "status": status,
        "status_kind": kind,
        "note": _other_when(booking, party=party, zone=zone),
        "actions": list(actions),
    }


def title(booking: Booking, *, party: Party) -> str:
    """``Piano with Sara C.``."""
    return f"{booking.offering.subject.name} with {other_name(booking, party=party)}"


def badge(booking: Booking, *, now: datetime) -> tuple[str, str]:
    """The status in words and its colour; a lesson that goes on or is over says so before it is closed."""
    if booking.status == Status.CONFIRMED:
        if booking.ends_at <= now:
            return "Over", ""
        return ("Now", "free") if booking.starts_at <= now else ("", "")
    return BADGES[Status(booking.status)]


def other_name(booking: Booking, *, party: Party) -> str:
    """The other side, by the full name once the lesson was booked."""
    user = _other_user(booking, party=party)
    return user.full_name if booking.confirmed_at else user.short_name


def total(booking: Booking) -> str:
    """``$75.00``."""
    return money.exact(booking.price, booking.currency)


def lines(booking: Booking) -> list[dict[str, str]]:
    """What the total is made of."""
    return [{"label": lesson_line(booking), "amount": total(booking)}]


BILL = {
    LineKind.LESSON: "Lesson",
    LineKind.FEE: "Booking fee",
    LineKind.CREDIT: "Your credit",
    LineKind.PACKAGE: "Your package",
    LineKind.TIP: "Tip",
}


def bill(quote: Quote, currency: str, *, lesson: str = BILL[LineKind.LESSON]) -> list[dict[str, str]]:
    """The lines of a bill; the total stands by itself, and a tip is for no lesson's price."""
    return [
        {
            "label": lesson if line.kind == LineKind.LESSON else BILL[line.kind],
            "amount": money.exact(line.amount, currency),
        }
        for line in quote.lines
        if line.amount
    ]


def lesson_line(booking: Booking) -> str:
    """``Lesson, 60 min``."""
    return f"Lesson, {presentation.minutes(booking.duration_min)}"


def moment(instant: datetime, zone: str) -> str:
    """``Thursday 3 December, 6:00 pm``."""
    return f"{presentation.long_day(clock.local(instant, zone))}, {when.hour(instant, zone)}"


def asked(request: MoveRequest, *, party: Party, zone: str) -> dict[str, Any]:
    """An open request to move, as a note says it to ``party``; staff see both names."""
    booking = request.booking
    mine = request.asked_by == party
    asker = booking.student.user if request.asked_by == Party.STUDENT else booking.instructor.user
    other = booking.instructor.user if request.asked_by == Party.STUDENT else booking.student.user
    to, until = moment(request.starts_at, zone), when.short(request.expires_at, zone)
    keys = [booking.pk, request.pk]
    lesson = f"{booking.offering.subject.name}, {when.short(booking.starts_at, zone)}"
    if mine:
        text = f"You asked {other.first_name} to move it to {to}. Without an answer by {until} it stays."
    elif _is_side(party):
        text = f"{asker.first_name} asks to move {lesson} to {to}."
    else:
        text = f"{asker.first_name} asked {other.first_name} to move it to {to}."
    return {
        "text": presentation.unbroken(text),
        "mine": mine,
        "url": reverse("bookings:answer_request", args=keys) if _is_side(party) and not mine else "",
        "withdraw_url": reverse("bookings:withdraw_request", args=keys) if mine else "",
        "action": "Answer",
    }


def reported(report: NoShowReport, *, party: Party, zone: str, now: datetime) -> dict[str, Any]:
    """A reported no-show, as a note says it to ``party``; staff see names."""
    booking = report.booking
    absent = booking.student.user if booking.absent == Party.STUDENT else booking.instructor.user
    lesson = f"{booking.offering.subject.name}, {when.short(booking.starts_at, zone)}"
    answers = no_shows.may_answer(report, party=party, now=now)
    until = when.short(report.answer_by, zone)
    mine = booking.absent == party
    if report.status == ReportStatus.DISPUTED:
        said = "You said that it was otherwise" if mine else f"{absent.first_name} says it was otherwise"
        text = f"{said}. We look at it and decide."
    elif report.ending:
        text = SETTLED[report.ending]
    elif mine:
        text = f"It was reported that you did not come to {lesson}. Answer by {until}, or it counts as so."
    else:
        text = f"{absent.first_name} has until {until} to answer. Without an answer the report is upheld."
    return {
        "text": presentation.unbroken(text),
        "answer": report.answer,
        "reason": report.reason,
        "url": reverse("bookings:answer_no_show", args=[booking.pk]) if answers else "",
        "action": "Answer",
    }


def _is_side(party: Party) -> bool:
    return party in (Party.STUDENT, Party.INSTRUCTOR)


def stretch(instant: datetime, *, zone: str, now: datetime) -> str:
    """Under which heading a list shows the instant: "This week", "Next week", "December 2026"."""
    there, today = clock.local(instant, zone).date(), clock.local(now, zone).date()
    weeks = ((there - timedelta(days=there.weekday())) - (today - timedelta(days=today.weekday()))).days // 7
    return {0: "This week", 1: "Next week"}.get(weeks) or presentation.month(there)


def times_url(wanted: Wanted, *, zone: str) -> str:
    """The instructor's page with the picker at the wanted lesson and day."""
    state = {
        "offering": wanted.offering.pk,
        "duration": wanted.duration_min,
        "modality": wanted.modality,
        "day": clock.local(wanted.starts_at, zone).date().isoformat(),
    }
    return f"{page_url(wanted.instructor.slug)}?{urlencode(state)}#picker"


def time_row(wanted: Wanted, *, zone: str, near: datetime | None = None) -> dict[str, Any]:
    """A bookable time as ``components/time_row.html`` prints it, without the day when that is ``near``'s."""
    there = clock.local(wanted.starts_at, zone)
    same_day = near is not None and clock.local(near, zone).date() == there.date()
    return {
        **person(wanted.instructor),
        **offered(wanted.offering, duration_min=wanted.duration_min, modality=wanted.modality),
        "time": when.hour(wanted.starts_at, zone),
        "day": "" if same_day else presentation.day(there),
        "value": clock.rfc3339(wanted.starts_at),
        "aria": f"{when.hour(wanted.starts_at, zone)}, {presentation.long_day(there)}, "
        f"{wanted.offering.subject.name} with {wanted.instructor.user.short_name}",
    }


def offered(offering: Offering, *, duration_min: int, modality: str) -> dict[str, Any]:
    """What a time's button posts along, and what stands beside it."""
    return {
        "offering": offering.pk,
        "duration": duration_min,
        "modality": modality,
        "subject": offering.subject.name,
        "place": whereabouts(modality, offering.instructor.place),
        "price": money.show(price_of(offering, duration_min)),
        "duration_label": presentation.minutes(duration_min),
    }


def _is_student_side(party: Party) -> bool:
    return party != Party.INSTRUCTOR


def _other_user(booking: Booking, *, party: Party) -> User:
    return booking.instructor.user if _is_student_side(party) else booking.student.user


def _other(booking: Booking, *, party: Party) -> dict[str, Any]:
    if _is_student_side(party):
        return person(booking.instructor)
    return portrait(booking.student.user)


def _other_when(booking: Booking, *, party: Party, zone: str) -> str:
    """The same time on the other side's clocks where they differ."""
    other = booking.time_zone if _is_student_side(party) else booking.student.user.time_zone
    if when.same_clocks(booking.starts_at, zone, other):
        return ""
    span = when.span(booking.starts_at, booking.ends_at, other)
    first = _other_user(booking, party=party).first_name
    there = clock.local(booking.starts_at, other).date()
    day = "" if there == clock.local(booking.starts_at, zone).date() else f"{presentation.day(there)}, "
    return f"{day}{span} in {when.city(other)}, where {first} is"


def _where(booking: Booking, *, party: Party) -> str:
    if booking.modality == Modality.ONLINE:
        return "Online"
    student, instructor = booking.student.user, booking.instructor
    if booking.modality == Modality.AT_STUDENT:
        return "At your place" if _is_student_side(party) else f"At {student.first_name}'s place"
    area = f" in {instructor.place.name}" if instructor.place else ""
    whose = f"{instructor.user.first_name}'s" if _is_student_side(party) else "your"
    if booking.status in ACQUAINTED and instructor.address:
        return f"At {whose} place: {instructor.address}"
    return f"At {whose} place{area}"


def _where_note(booking: Booking, *, party: Party) -> str:
    hidden = (
        booking.modality == Modality.AT_INSTRUCTOR
        and booking.status == Status.HELD
        and _is_student_side(party)
        and booking.instructor.address
    )
    return "The exact address follows once booked." if hidden else ""
