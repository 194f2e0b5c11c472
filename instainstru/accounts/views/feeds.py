"""One's lessons in one's own calendar: making, renewing and revoking the address it reads."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from instainstru.accounts import feeds
from instainstru.accounts.models import CalendarFeed, User
from instainstru.accounts.services import signed_in
from instainstru.lib import when
from instainstru.lib.limits import throttled

Role = CalendarFeed.Role


@never_cache
@login_required
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """Which addresses there are, and what to do with them."""
    return _page(request, signed_in(request))


@never_cache
@require_POST
@login_required
@throttled("write")
def issue(request: HttpRequest, role: str) -> HttpResponse:
    """A new address; it is in this answer and nowhere else, as with API keys."""
    user = signed_in(request)
    _, token = feeds.issue(user, role=role, with_holds="with_holds" in request.POST, by=user)
    address = request.build_absolute_uri(reverse("bookings:feed", args=[token]))
    made = {"role": role, "address": address, "webcal": f"webcal:{address.partition(':')[2]}"}
    return _page(request, user, made=made)


@require_POST
@login_required
@throttled("write")
def revoke(request: HttpRequest, role: str) -> HttpResponse:
    """The address stops working; a second time changes nothing."""
    user = signed_in(request)
    if feeds.revoke(user, role=role, by=user):
        messages.success(request, "That address no longer works.")
    return redirect("accounts:calendar")


def _page(request: HttpRequest, user: User, *, made: dict[str, str] | None = None) -> HttpResponse:
    live = feeds.of(user)
    teaches = hasattr(user, "instructor")
    roles = [Role.INSTRUCTOR, Role.STUDENT] if teaches else [Role.STUDENT]
    context = {
        "feeds": [_feed(role, live.get(role), user) for role in roles],
        "made": made,
        "outside_url": reverse("instructors:office_calendars") if teaches else "",
        "here": "settings",
    }
    return render(request, "accounts/calendar.html", context, status=201 if made else 200)


def _feed(role: CalendarFeed.Role, feed: CalendarFeed | None, user: User) -> dict[str, Any]:
    told = ""
    if feed is not None:
        read = when.short(feed.last_read_at, user.time_zone) if feed.last_read_at else ""
        told = f"Made {when.date(feed.created_at, user.time_zone)}, "
        told += f"last read {read}." if read else "not read yet."
    return {
        "role": role.value,
        "label": role.label,
        "told": told,
        "with_holds": feed.with_holds if feed else False,
        "asks_holds": role == Role.INSTRUCTOR,
        "issue_url": reverse("accounts:issue_feed", args=[role.value]),
        "revoke_url": reverse("accounts:revoke_feed", args=[role.value]) if feed else "",
    }
