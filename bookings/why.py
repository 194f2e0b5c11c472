"""Why there is no time, as pages tell it: to the instructor, and to staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from bookings.host_forms import WhenForm
from bookings.models import Booking
from bookings.services import access, override
from instainstru.lib import clock, presentation, when
from instainstru.rules import services as rules_service
from instructors.services import explain
from instructors.services.explain import Code, Reason


def answer(form: WhenForm, *, now: datetime) -> dict[str, Any]:
    """What ``bookings/why_answer.html`` prints, for a valid form: four queries."""
    instructor, rules = form.instructor, rules_service.current()
    zone, length, way = instructor.time_zone, form.duration_min, form.way
    day = explain.day_of(instructor, form.cleaned_data["date"], rules=rules)
    try:
        start = form.start()
    except clock.SkippedTime as error:
        reasons = [Reason(Code.SKIPPED, error.message)]
        title = f"{presentation.long_day(day.date)}, {form.cleaned_data['time']:%H:%M}"
    else:
        reasons = explain.why(day, start, duration_min=length, modality=way, now=now)
        title = f"{presentation.long_day(day.date)}, {when.hour(start, zone)}"
    stretches = explain.on(day, duration_min=length, modality=way, now=now)
    behind = access.behind(
        instructor,
        [one.block.booking_id for one in _all(reasons, stretches) if one.block and one.block.booking_id],
    )
    return {
        "title": title,
        "is_free": not reasons,
        "reasons": [_told(one, behind, zone=zone, now=now) for one in reasons],
        "may_pass": bool(reasons) and all(one.code in override.MAY_PASS for one in reasons),
        "day": presentation.long_day(day.date),
        "stretches": [
            {
                "span": _span(one.start, one.end, zone),
                "is_free": one.is_free,
                "reasons": [_told(reason, behind, zone=zone, now=now, brief=True) for reason in one.reasons],
            }
            for one in stretches
        ],
    }


def _all(reasons: Sequence[Reason], stretches: Sequence[explain.Stretch]) -> list[Reason]:
    return [*reasons, *(reason for one in stretches for reason in one.reasons)]


def _span(start: datetime, end: datetime, zone: str) -> str:
    midnight = clock.local(end, zone)
    ends = "midnight" if (midnight.hour, midnight.minute) == (0, 0) else when.hour(end, zone)
    return f"{when.hour(start, zone)}–{ends}"


def _told(
    reason: Reason, behind: dict[Any, Booking], *, zone: str, now: datetime, brief: bool = False
) -> dict[str, str]:
    """A reason with whose lesson it is, or when a hold ends; ``brief`` for many starts at once."""
    booking = behind.get(reason.block.booking_id) if reason.block else None
    text = reason.sentence
    if booking is not None and reason.code in (Code.LESSON, Code.HOLD):
        text = f"{text.removesuffix('.')}: {booking.student.user.short_name.removesuffix('.')}."
    if booking is not None and reason.code == Code.HOLD and booking.expires_at is not None:
        ended = booking.expires_at <= now
        text += (
            " It has just run out." if ended else f" It is held until {when.hour(booking.expires_at, zone)}."
        )
    if reason.code == Code.TOO_SOON and reason.until is not None and not brief:
        text += f" It could be booked until {when.short(reason.until, zone)}."
    told = {"label": reason.code.label, "text": text, "url": "", "admin_url": ""}
    if booking is not None:
        told["url"] = reverse("bookings:lesson", args=[booking.pk])
        told["admin_url"] = reverse("admin:bookings_booking_change", args=[booking.pk])
    return told
