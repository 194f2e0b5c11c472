"""From a time that was pressed to a lesson: hold, confirm, booked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bookings import identity, presentation, terms
from bookings.forms import ConfirmForm, HoldForm
from bookings.models import Booking, Party, Status
from bookings.services import access, guests, lifecycle, recheck
from bookings.services.wanted import HoldExpired, SlotTaken, StudentBusy
from bookings.views.taken import expired, taken, wanted_of
from bookings.visitors import here, remember, visitor, visitor_required
from instainstru.lib import clock, limits, when
from instainstru.lib.errors import DomainError, Invalid, NotFound
from instainstru.lib.http import client_address, posted, visitor_zone
from instainstru.lib.limits import throttled


@require_POST
@throttled("write")
def hold(request: HttpRequest) -> HttpResponse:
    """A time was pressed: hold it and ask for a last look."""
    wanted = HoldForm(request.POST).wanted()
    user = visitor(request)
    if user is None:
        limits.count(request, group="guests", caller=client_address(request))
    try:
        booking = guests.hold(wanted, user=user, time_zone=visitor_zone(request))
    except (StudentBusy, Invalid):
        raise
    except SlotTaken as refusal:
        return taken(request, refusal.wanted, status=refusal.status)
    except DomainError as refusal:
        return taken(request, wanted, status=refusal.status, why=refusal)
    if user is None:
        remember(request, booking.student.user)
    return redirect("bookings:confirm", booking.pk)


@never_cache
@visitor_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def confirm(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """What, who, when, where, how much and until when it can be undone; then one button."""
    booking = _mine(request, booking_id)
    if not _is_held(booking):
        return _instead(request, booking)
    if here(request).is_guest:
        return confirm_page(request, booking.pk)
    form = ConfirmForm(
        posted(request),
        instructor_name=booking.instructor.user.first_name,
        initial={"note": booking.note},
    )
    if request.method == "POST" and form.is_valid():
        try:
            recheck.before_confirming(booking)
            lifecycle.confirm(booking, by=here(request), note=form.cleaned_data["note"])
        except HoldExpired:
            return expired(request, booking)
        except SlotTaken as refusal:
            return taken(request, refusal.wanted, status=refusal.status, why=refusal)
        return redirect("bookings:booked", booking.pk)
    return render(
        request, "bookings/confirm.html", _context(request, booking, form),
        status=422 if form.is_bound else 200,
    )  # fmt: skip


def confirm_page(request: HttpRequest, booking_id: UUID, guest_form: Form | None = None) -> HttpResponse:
    """The page for a guest, who says who they are before they can confirm."""
    booking = _mine(request, booking_id)
    if not _is_held(booking):
        return _instead(request, booking)
    form = ConfirmForm(instructor_name=booking.instructor.user.first_name)
    context = {
        **_context(request, booking, form),
        "guest": identity.step(request, booking_id, guest_form),
        "sign_in_next": reverse("bookings:confirm", args=[booking_id]),
    }
    return render(request, "bookings/confirm.html", context, status=422 if guest_form else 200)


def _context(request: HttpRequest, booking: Booking, form: ConfirmForm) -> dict[str, Any]:
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
@visitor_required
@throttled("write")
def extend(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Five more minutes, once."""
    booking = _mine(request, booking_id)
    try:
        lifecycle.extend(booking, by=here(request))
    except HoldExpired:
        return expired(request, booking)
    return redirect("bookings:confirm", booking.pk)


@require_POST
@visitor_required
@throttled("write")
def release(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Give the time up and go back to the instructor's times."""
    booking = _mine(request, booking_id)
    lifecycle.release(booking, by=here(request))
    messages.success(request, "The time is free again. Nothing was booked.")
    return redirect(presentation.times_url(wanted_of(booking), zone=visitor_zone(request)))


@never_cache
@visitor_required
def booked(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The facts of what was just booked, and what one may want next."""
    booking = _mine(request, booking_id)
    if booking.status != Status.CONFIRMED:
        return _elsewhere(request, booking)
    user = here(request)
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
    found = access.booking_for(here(request), booking_id)
    if found.party != Party.STUDENT:
        raise NotFound
    return found.booking


def _is_held(booking: Booking) -> bool:
    return booking.status == Status.HELD and not (booking.expires_at and booking.expires_at <= clock.now())


def _instead(request: HttpRequest, booking: Booking) -> HttpResponse:
    """What there is to see in place of a hold that is none any more."""
    if booking.status in (Status.HELD, Status.EXPIRED):
        return expired(request, booking)
    return _elsewhere(request, booking)


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
