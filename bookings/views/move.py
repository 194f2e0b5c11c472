"""Moving a lesson: what it means, another time, one last look."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings import presentation, terms
from bookings.forms import MoveForm
from bookings.models import Booking, Party, Status
from bookings.services import access, consent, lifecycle, policies, recheck
from bookings.services.wanted import Wanted
from bookings.views.lesson import onto
from instainstru.accounts.models import User
from instainstru.accounts.services import signed_in
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instainstru.lib.http import visitor_zone
from instainstru.lib.limits import throttled
from instainstru.rules import services as rules_service
from instructors import picker
from instructors.services.openings import Lesson

# Refusals that another time gets round.
TIME_IS_GONE = {
    "slot_taken", "student_busy", "outside_hours", "too_soon", "too_far", "off_grid", "same_time",
}  # fmt: skip


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def reschedule(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Without ``starts_at`` the picker; with it both times side by side; on POST the move."""
    user = signed_in(request)
    found = access.booking_for(user, booking_id)
    booking, party = found.booking, found.party
    if booking.status != Status.CONFIRMED or _has_asked(booking, party):
        return redirect("bookings:lesson", booking.pk)
    other = presentation.other_name(booking, party=party)
    data = request.POST if request.method == "POST" else request.GET if "starts_at" in request.GET else None
    form = MoveForm(data, other_name=other)
    is_valid = form.is_valid()
    chosen = form.cleaned_data.get("starts_at") if form.is_bound else None
    status = 422 if form.is_bound and not is_valid else 200
    if request.method == "POST" and is_valid and chosen is not None:
        try:
            recheck.before_booking(booking.offering_id)
            done = _move_or_ask(booking, chosen, by=user, party=party, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            onto(form, refusal)
            status = refusal.status
            chosen = None if refusal.code in TIME_IS_GONE else chosen
        else:
            messages.success(request, done)
            return redirect("bookings:lesson", booking.pk)
    context = _page(request, booking, party=party, form=form, chosen=chosen)
    return render(request, "bookings/reschedule.html", context, status=status)


def _has_asked(booking: Booking, party: Party) -> bool:
    """Whether the lesson's page has their own open question, to wait for or to withdraw."""
    standing = consent.open_of(booking, now=clock.now())
    return standing is not None and standing.asked_by == party


def _move_or_ask(booking: Booking, start: datetime, *, by: User, party: Party, reason: str) -> str:
    """Move the lesson, or where the other side has to agree, ask; what was done, in a sentence."""
    if policies.reschedule(booking, party=party, now=clock.now()).move == policies.Move.CONSENT:
        consent.ask(booking, starts_at=start, by=by, party=party, reason=reason)
        other = booking.instructor.user if party == Party.STUDENT else booking.student.user
        return f"{other.first_name} is asked. Until there is an answer, the lesson stays where it is."
    lifecycle.reschedule(booking, starts_at=start, by=by, party=party, reason=reason)
    return "The lesson is moved."


def _page(
    request: HttpRequest, booking: Booking, *, party: Party, form: MoveForm, chosen: datetime | None
) -> dict[str, Any]:
    zone, now = visitor_zone(request), clock.now()
    here = reverse("bookings:reschedule", args=[booking.pk])
    outcome = terms.moving(booking, party=party, zone=zone, now=now)
    return {
        "lesson": presentation.card(booking, party=party, zone=zone, now=now),
        "outcome": outcome,
        "picker": None if chosen or not outcome["allowed"] else _picker(request, booking, zone=zone, now=now),
        "chosen": chosen_time(booking, chosen, party=party, zone=zone, now=now)
        if chosen and outcome["allowed"]
        else None,
        "notes": terms.moved(booking, chosen, party=party, zone=zone, now=now) if chosen else [],
        "form": form,
        "move_url": here,
        "back_url": reverse("bookings:lesson", args=[booking.pk]),
        "pick_url": here,
    }


def _picker(request: HttpRequest, booking: Booking, *, zone: str, now: datetime) -> dict[str, Any]:
    here = reverse("bookings:reschedule", args=[booking.pk])
    choice = picker.read(request.GET, offerings=[booking.offering], zone=zone, now=now)
    lesson = Lesson(booking.offering, booking.duration_min, booking.modality)
    day = choice.day
    if day is None and "month" not in request.GET:
        day = clock.local(booking.starts_at, zone).date()
    choice = picker.Choice(lesson, day.replace(day=1) if day else choice.month, day)
    frame = picker.Frame(
        url=here,
        action=here,
        zone=zone,
        now=now,
        rules=rules_service.current(),
        method="get",
        label="Choose a time; you see both before anything changes.",
    )
    made = picker.build(choice, frame, offerings=[booking.offering])
    # Length and place stay as they were booked.
    return {**made, "durations": [], "modalities": [], "fields": []}


def chosen_time(
    booking: Booking, start: datetime, *, party: Party, zone: str, now: datetime
) -> dict[str, Any]:
    """The lesson as it would be at that start, for a last look."""
    wanted = Wanted(booking.offering, start, booking.duration_min, booking.modality)
    moved = Booking(
        pk=booking.pk, student=booking.student, instructor=booking.instructor, offering=booking.offering,
        status=booking.status, modality=booking.modality, time_zone=booking.time_zone,
        starts_at=wanted.starts_at, ends_at=wanted.ends_at, confirmed_at=booking.confirmed_at,
    )  # fmt: skip
    return {
        "lesson": presentation.card(moved, party=party, zone=zone, now=now),
        "value": clock.rfc3339(start),
        "fields": [],
    }
