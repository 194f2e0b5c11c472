"""The instructor's own calendars, which block their time here: what is known of them, adding, removing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from bookings.models import Booking
from bookings.services import overview
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, presentation, when
from instainstru.lib.errors import DomainError
from instainstru.lib.http import posted
from instructors.forms import OutsideCalendarForm
from instructors.models import Instructor, OutsideCalendar
from instructors.services import calendar_feeds
from instructors.views.office import office, onto


@office
@require_http_methods(["GET", "POST"])
def calendars(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Every calendar with how it stands, lessons that clash with one, and a form for one more."""
    form = OutsideCalendarForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            added = calendar_feeds.add(instructor, by=signed_in(request), **form.cleaned_data)
        except DomainError as refusal:
            onto(form, refusal)
        else:
            found = presentation.count(added.events, "busy time", "busy times")
            messages.success(request, f"“{added.name}” is added: {found} ahead.")
            return redirect("instructors:office_calendars")
    now = clock.now()
    zone = instructor.time_zone
    rows = calendar_feeds.of(instructor)
    context = {
        "section": "calendars",
        "here": "hours",
        "calendars": [_shown(one, zone=zone, now=now) for one in rows],
        "clashes": [_clash(one, zone=zone) for one in overview.clashes(instructor, now=now)] if rows else [],
        "form": None if len(rows) >= calendar_feeds.MOST and not form.is_bound else form,
        "most": calendar_feeds.MOST,
        "feed_url": reverse("accounts:calendar"),
    }
    return render(request, "instructors/office/calendars.html", context, status=422 if form.is_bound else 200)


def _shown(outside: OutsideCalendar, *, zone: str, now: datetime) -> dict[str, Any]:
    checked = f"checked {_ago(outside.checked_at, now)}" if outside.checked_at else "not read yet"
    missed = when.short(outside.missed_at, zone) if outside.missed_at else ""
    return {
        "name": outside.name,
        "host": urlsplit(outside.url).hostname or "",
        "told": f"{presentation.count(outside.events, 'busy time', 'busy times')} ahead, {checked}",
        "error": outside.error,
        "tried": f"Tried {_ago(outside.tried_at, now)}." if outside.error and outside.tried_at else "",
        "missed": missed,
        "check_url": reverse("instructors:office_calendar_check", args=[outside.pk]),
        "remove_url": reverse("instructors:office_calendar_remove", args=[outside.pk]),
    }


def _ago(instant: datetime, now: datetime) -> str:
    """``12 s ago``, ``4 min ago``, ``3 h ago``, ``2 days ago``."""
    seconds = max(0, int((now - instant).total_seconds()))
    if seconds < 120:
        return f"{seconds} s ago"
    if seconds < 120 * 60:
        return f"{seconds // 60} min ago"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h ago"
    return f"{seconds // 86400} days ago"


def _clash(booking: Booking, *, zone: str) -> dict[str, str]:
    return {
        "label": f"{when.short(booking.starts_at, zone)}, {booking.student.user.full_name}",
        "url": reverse("bookings:lesson", args=[booking.pk]),
    }


@office
@require_POST
def check(request: HttpRequest, instructor: Instructor, calendar_id: int) -> HttpResponse:
    """Look at it now, as long as a person waits."""
    outside = calendar_feeds.one_of(instructor, calendar_id)
    if calendar_feeds.check(outside.pk, seconds=calendar_feeds.PATIENCE_OF_PEOPLE):
        messages.success(request, f"“{outside.name}” is up to date.")
    else:
        messages.error(request, f"“{outside.name}” could not be read. What went wrong stands beside it.")
    return redirect("instructors:office_calendars")


@office
@require_POST
def remove(request: HttpRequest, instructor: Instructor, calendar_id: int) -> HttpResponse:
    """Forget it; what it blocked can be booked again."""
    gone = calendar_feeds.remove(instructor, calendar_id, by=signed_in(request))
    messages.success(request, f"“{gone.name}” is removed. The time it blocked can be booked again.")
    return redirect("instructors:office_calendars")
