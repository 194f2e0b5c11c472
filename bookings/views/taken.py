"""A time that cannot be had any more is never a dead end: near times, and who else is free."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from bookings import presentation
from bookings.models import Booking, Party
from bookings.services import alternatives, lifecycle
from bookings.services.wanted import Wanted
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instainstru.lib.http import visitor_zone
from instainstru.rules import services as rules_service
from instructors.services import openings


def wanted_of(booking: Booking) -> Wanted:
    """The time a booking stands for, to be asked for once more."""
    return Wanted(booking.offering, booking.starts_at, booking.duration_min, booking.modality)


def taken(
    request: HttpRequest, wanted: Wanted, *, status: int, why: DomainError | None = None
) -> HttpResponse:
    """Somebody was quicker, or (``why``) the time was never to be had: what there is instead."""
    zone = visitor_zone(request)
    offering = wanted.offering
    context = {
        "wanted": {
            "when": presentation.moment(wanted.starts_at, zone),
            "subject": offering.subject.name,
            "name": offering.instructor.user.short_name,
            "url": presentation.times_url(wanted, zone=zone),
        },
        "why": why.message if why else "",
        "hold_url": reverse("bookings:hold"),
        "search_url": reverse("instructors:search"),
        **_rows(wanted, zone=zone),
    }
    return render(request, "bookings/slot_taken.html", context, status=status)


def expired(request: HttpRequest, booking: Booking) -> HttpResponse:
    """The hold ran out: once more if the time is still free, or times near it.

    A hold that nobody has swept yet is ended first; it would stand in its own way.
    """
    zone = visitor_zone(request)
    now = clock.now()
    lifecycle.expire(booking, now=now)
    wanted = wanted_of(booking)
    lesson = openings.Lesson(wanted.offering, wanted.duration_min, wanted.modality)
    free = openings.is_open(lesson, wanted.starts_at, now=now, rules=rules_service.current())
    card = presentation.card(booking, party=Party.STUDENT, zone=zone, now=now)
    url = presentation.times_url(wanted, zone=zone)
    context = {
        "lesson": {**card, "status": "", "url": url, "past": False},
        "free": free,
        "again": presentation.time_row(wanted, zone=zone),
        "hold_url": reverse("bookings:hold"),
        "instructor_url": url,
        "instructor_name": booking.instructor.user.short_name,
        "search_url": reverse("instructors:search"),
        **({} if free else _rows(wanted, zone=zone)),
    }
    return render(request, "bookings/hold_expired.html", context, status=409)


def _rows(wanted: Wanted, *, zone: str) -> dict[str, Any]:
    found = alternatives.near(wanted, now=clock.now())
    length, way = wanted.duration_min, wanted.modality
    same = [Wanted(wanted.offering, start, length, way) for start in sorted(found.same_instructor)]
    others = [Wanted(offering, wanted.starts_at, length, way) for offering in found.others]
    return {
        "same": [presentation.time_row(one, zone=zone, near=wanted.starts_at) for one in same],
        "others": [presentation.time_row(one, zone=zone, near=wanted.starts_at) for one in others],
    }
