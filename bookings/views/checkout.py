"""From a time that was pressed to a lesson: hold, confirm, booked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bookings import presentation, terms
from bookings.forms import ConfirmForm, HoldForm
from bookings.models import Booking, Party, Status
from bookings.services import access, lifecycle
from bookings.services.wanted import HoldExpired, SlotTaken, StudentBusy
from bookings.views.taken import expired, taken, wanted_of
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, when
from instainstru.lib.errors import DomainError, NotFound
from instainstru.lib.http import posted, visitor_zone
from instainstru.lib.limits import throttled


@require_POST
@throttled("write")
def hold(request: HttpRequest) -> HttpResponse:
    """A time was pressed: hold it and ask for a last look."""
    wanted = HoldForm(request.POST).wanted()
    user = signed_in(request)
    student = access.student_for(user, None)
    try:
        booking = lifecycle.hold(wanted, student=student, by=user, replace_holds=True)
    except StudentBusy:
        raise
    except SlotTaken as refusal:
        return taken(request, refusal.wanted, status=refusal.status)
    except DomainError as refusal:
        return taken(request, wanted, status=refusal.status, why=refusal)
    return redirect("bookings:confirm", booking.pk)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def confirm(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """What, who, when, where, how much and until when it can be undone; then one button."""
    booking = _mine(request, booking_id)
    if booking.status not in (Status.HELD, Status.EXPIRED):
        return _elsewhere(request, booking)
    if booking.status == Status.EXPIRED or _ran_out(booking):
        return expired(request, booking)
    form = ConfirmForm(
        posted(request),
        instructor_name=booking.instructor.user.first_name,
        initial={"note": booking.note},
    )
    if request.method == "POST" and form.is_valid():
        try:
            lifecycle.confirm(booking, by=signed_in(request), note=form.cleaned_data["note"])
        except HoldExpired:
            return expired(request, booking)
        return redirect("bookings:booked", booking.pk)
    return render(
        request, "bookings/confirm.html", _confirm_page(request, booking, form),
        status=422 if form.is_bound else 200,
    )  # fmt: skip


def _confirm_page(request: HttpRequest, booking: Booking, form: ConfirmForm) -> dict[str, Any]:
    zone, now = visitor_zone(request), clock.now()
    assert booking.expires_at is not None  # noqa: S101 (a constraint says so of every hold)
    return {
        "lesson": presentation.facts(booking, party=Party.STUDENT, zone=zone),
        "lines": presentation.lines(booking),
        "total": presentation.total(booking),
        "policy": terms.sentence(booking, zone=zone, now=now),
        "hold": {
            "seconds": max(0, int((booking.expires_at - now).total_seconds())),
            "until": when.hour(booking.expires_at, zone),
            "extend_url": "" if booking.was_extended else reverse("bookings:extend", args=[booking.pk]),
            "release_url": reverse("bookings:release", args=[booking.pk]),
        },
        "form": form,
        "confirm_url": reverse("bookings:confirm", args=[booking.pk]),
        "button": f"Book for {presentation.total(booking)}",
        "guest": None,
    }


@require_POST
@login_required
@throttled("write")
def extend(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Five more minutes, once."""
    booking = _mine(request, booking_id)
    try:
        lifecycle.extend(booking, by=signed_in(request))
    except HoldExpired:
        return expired(request, booking)
    return redirect("bookings:confirm", booking.pk)


@require_POST
@login_required
@throttled("write")
def release(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Give the time up and go back to the instructor's times."""
    booking = _mine(request, booking_id)
    lifecycle.release(booking, by=signed_in(request))
    messages.success(request, "The time is free again. Nothing was booked.")
    return redirect(presentation.times_url(wanted_of(booking), zone=visitor_zone(request)))


@never_cache
@login_required
def booked(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The facts of what was just booked, and what one may want next."""
    booking = _mine(request, booking_id)
    if booking.status != Status.CONFIRMED:
        return _elsewhere(request, booking)
    user = signed_in(request)
    zone = visitor_zone(request)
    return render(
        request,
        "bookings/booked.html",
        {
            "lesson": presentation.facts(booking, party=Party.STUDENT, zone=zone),
            "total": presentation.total(booking),
            "policy": terms.sentence(booking, zone=zone, now=clock.now()),
            "email": user.email,
            "calendar_url": reverse("bookings:lesson_ics", args=[booking.pk]),
            "lesson_url": reverse("bookings:lesson", args=[booking.pk]),
            "lessons_url": reverse("bookings:lessons"),
            "message_url": "",
            "weekly": None,
        },
    )


def _mine(request: HttpRequest, booking_id: UUID) -> Booking:
    """The booking, for its student; its instructor has other pages and gets the answer of a stranger."""
    found = access.booking_for(signed_in(request), booking_id)
    if found.party != Party.STUDENT:
        raise NotFound
    return found.booking


def _ran_out(booking: Booking) -> bool:
    return booking.expires_at is not None and booking.expires_at <= clock.now()


def _elsewhere(request: HttpRequest, booking: Booking) -> HttpResponse:
    """Where a page about a hold leads once it is none any more: a second press, a page left open."""
    if booking.status == Status.HELD:
        return redirect("bookings:confirm", booking.pk)
    if booking.status == Status.CONFIRMED:
        return redirect("bookings:booked", booking.pk)
    if booking.status in (Status.RELEASED, Status.EXPIRED):
        messages.info(request, "You gave that time up. These are the times that are free now.")
        return redirect(presentation.times_url(wanted_of(booking), zone=visitor_zone(request)))
    return redirect("bookings:lesson", booking.pk)
