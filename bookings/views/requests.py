"""Requests to move a lesson late: looking, answering, taking back."""

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
from bookings.forms import CancelForm
from bookings.models import MoveRequest, Party
from bookings.services import access, alternatives, consent
from bookings.services.wanted import Wanted
from bookings.views.lesson import onto
from bookings.views.move import TIME_IS_GONE, chosen_time
from instainstru.accounts.services import signed_in
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instainstru.lib.http import posted, visitor_zone
from instainstru.lib.limits import throttled


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def answer(request: HttpRequest, booking_id: UUID, request_id: UUID) -> HttpResponse:
    """Both times and the terms; on POST agreeing, or with ``no`` declining."""
    user = signed_in(request)
    met = access.booking_for(user, booking_id)
    asked = consent.request_of(met.booking, request_id)
    standing = consent.open_of(met.booking, now=clock.now())
    if standing is None or standing.pk != asked.pk or consent.OTHER.get(met.party) != asked.asked_by:
        if request.method == "POST":
            messages.info(request, "There is nothing to answer any more.")
        return redirect("bookings:lesson", met.booking.pk)
    form = CancelForm(posted(request), other_name=presentation.other_name(met.booking, party=met.party))
    form.fields["reason"].label = "A word why, if you decline"
    status, gone = 200, False
    if request.method == "POST" and form.is_valid():
        try:
            done = _answered(request, asked, met, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            onto(form, refusal)
            status, gone = refusal.status, refusal.code in TIME_IS_GONE
        else:
            messages.success(request, done)
            return redirect("bookings:lesson", met.booking.pk)
    elif form.is_bound:
        status = 422
    context = _page(request, asked, party=met.party, gone=gone)
    return render(request, "bookings/move_request.html", {**context, "form": form}, status=status)


def _answered(request: HttpRequest, asked: MoveRequest, met: access.Access, *, reason: str) -> str:
    user = signed_in(request)
    if "no" in request.POST:
        consent.decline(asked, by=user, party=met.party, reason=reason)
        return "Declined. The lesson stays where it is."
    consent.accept(asked, by=user, party=met.party)
    return "Agreed. The lesson is moved."


def _page(request: HttpRequest, asked: MoveRequest, *, party: Party, gone: bool) -> dict[str, Any]:
    zone, now, booking = visitor_zone(request), clock.now(), asked.booking
    asker = booking.instructor.user if party == Party.STUDENT else booking.student.user
    other_url = reverse("bookings:reschedule", args=[booking.pk])
    near = []
    if gone:
        wanted = Wanted(booking.offering, asked.starts_at, booking.duration_min, booking.modality)
        near = [
            {
                "label": presentation.moment(start, zone),
                "url": f"{other_url}?starts_at={clock.rfc3339(start)}",
            }
            for start in sorted(alternatives.same_instructor(wanted, now=now))
            if start != booking.starts_at
        ]
    return {
        "lesson": presentation.card(booking, party=party, zone=zone, now=now),
        "chosen": chosen_time(booking, asked.starts_at, party=party, zone=zone, now=now),
        "asker": asker.first_name,
        "reason": asked.reason,
        "until": presentation.moment(asked.expires_at, zone),
        "terms": terms.agreeing(booking, zone=zone),
        "gone": gone,
        "near": near,
        "other_url": other_url,
        "back_url": reverse("bookings:lesson", args=[booking.pk]),
    }


@require_POST
@login_required
@throttled("write")
def withdraw(request: HttpRequest, booking_id: UUID, request_id: UUID) -> HttpResponse:
    """Take one's own question back."""
    user = signed_in(request)
    met = access.booking_for(user, booking_id)
    consent.withdraw(consent.request_of(met.booking, request_id), by=user, party=met.party)
    messages.success(request, "Taken back. The lesson stays where it is.")
    return redirect("bookings:lesson", met.booking.pk)
