"""What a person may do with a lesson now, as the buttons beside it; the rules still have the last word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from bookings.models import Booking, Party, Status
from bookings.presentation import title
from bookings.services import policies
from instainstru.lib import clock, when
from instructors.presentation import page_url

WEEK = timedelta(days=7)


def actions_of(
    booking: Booking, *, party: Party, now: datetime, zone: str, brief: bool = False
) -> list[dict[str, Any]]:
    """The buttons, most likely first; ``brief`` leaves to the lesson's own page what can wait for it."""
    what = f"{title(booking, party=party)}, {when.short(booking.starts_at, zone)}"

    def action(label: str, name: str, *, main: bool = False, post: bool = False, icon: str = "") -> dict:
        url = reverse(f"bookings:{name}", args=[booking.pk])
        kind = "main" if main else ""
        return {
            "label": label,
            "url": url,
            "kind": kind,
            "post": post,
            "icon": icon,
            "aria": f"{label}: {what}",
        }

    found = []
    if booking.status == Status.CONFIRMED and booking.ends_at <= now and party != Party.STUDENT:
        found.append(action("Lesson given", "complete", main=True, post=True))
    if booking.status == Status.CONFIRMED and booking.starts_at > now:
        if not brief:
            found.append(action("Add to calendar", "lesson_ics", icon="calendar"))
        found.append(action("Move", "reschedule"))
        found.append(action("Cancel", "cancel"))
    if _may_report(booking, now=now) and party != Party.STAFF:
        other = booking.student if party == Party.INSTRUCTOR else booking.instructor
        found.append(action(f"{other.user.first_name} did not come", "no_show"))
    if party == Party.STUDENT and (booking.status != Status.CONFIRMED or booking.ends_at <= now):
        found.append(_again(booking, what, now=now, zone=zone))
    return found


def _may_report(booking: Booking, *, now: datetime) -> bool:
    low, high = policies.no_show_window(booking)
    return booking.status in (Status.CONFIRMED, Status.COMPLETED) and low <= now <= high


def _again(booking: Booking, what: str, *, now: datetime, zone: str) -> dict[str, Any]:
    """The same lesson on the same weekday, the next time that comes round."""
    weeks = max(1, (now - booking.starts_at) // WEEK + 1)
    state = {
        "offering": booking.offering_id,
        "duration": booking.duration_min,
        "modality": booking.modality,
        "day": clock.local(booking.starts_at + weeks * WEEK, zone).date().isoformat(),
    }
    return {
        "label": "Book again",
        "url": f"{page_url(booking.instructor.slug)}?{urlencode(state)}#picker",
        "kind": "main",
        "post": False,
        "icon": "again",
        "aria": f"Book again: {what}",
    }
