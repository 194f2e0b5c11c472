"""Somebody did not come: saying so, and the other side's answer. Both see the money first."""

from __future__ import annotations

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
from bookings.models import NoShowReport, Party
from bookings.money_forms import NoShowAnswerForm
from bookings.services import access, lifecycle, no_shows
from instainstru.accounts.models import User
from instainstru.accounts.services import signed_in
from instainstru.lib import clock
from instainstru.lib.errors import Conflict
from instainstru.lib.http import visitor_zone
from instainstru.lib.limits import throttled


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def report(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """What saying that the other side did not come means; then, on POST, saying it."""
    user = signed_in(request)
    found = access.booking_for(user, booking_id)
    booking, party = found.booking, found.party
    if request.method == "POST":
        lifecycle.report_no_show(booking, by=user, party=party)
        messages.success(request, "Noted. The other side is asked.")
        return redirect("bookings:lesson", booking.pk)
    zone, now = visitor_zone(request), clock.now()
    other = booking.instructor.user if party == Party.STUDENT else booking.student.user
    context = {
        "lesson": presentation.card(booking, party=party, zone=zone, now=now),
        "other": other.first_name,
        **terms.reporting(booking, party=party, zone=zone, now=now),
        "back_url": reverse("bookings:lesson", args=[booking.pk]),
    }
    return render(request, "bookings/no_show.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def answer(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """What was reported and what either answer means; on POST agreeing, or with ``no`` disputing."""
    user = signed_in(request)
    met = access.booking_for(user, booking_id)
    standing = no_shows.report_of(met.booking)
    if standing is None or not no_shows.may_answer(standing, party=met.party, now=clock.now()):
        if request.method == "POST":
            messages.info(request, "There is nothing to answer any more.")
        return redirect("bookings:lesson", met.booking.pk)
    disputes = "no" in request.POST
    form = NoShowAnswerForm(request.POST if disputes else None)
    if request.method == "POST" and (not disputes or form.is_valid()):
        try:
            done = _answered(standing, met, by=user, text=form.cleaned_data["text"] if disputes else "")
        except Conflict as refusal:
            messages.info(request, refusal.message)
            return redirect("bookings:lesson", met.booking.pk)
        messages.success(request, done)
        return redirect("bookings:lesson", met.booking.pk)
    context = {**_page(request, standing, party=met.party), "form": form}
    return render(request, "bookings/answer_no_show.html", context, status=422 if form.is_bound else 200)


def _answered(standing: NoShowReport, met: access.Access, *, by: User, text: str) -> str:
    """Dispute it with a text, or agree; what was done, in a sentence."""
    if text:
        no_shows.dispute(standing, by=by, party=met.party, text=text)
        return "Thank you. We look at it; until then the money waits."
    no_shows.agree(standing, by=by, party=met.party)
    return "Thank you. The report is settled."


def _page(request: HttpRequest, standing: NoShowReport, *, party: Party) -> dict[str, Any]:
    zone, now, booking = visitor_zone(request), clock.now(), standing.booking
    other = booking.instructor.user if party == Party.STUDENT else booking.student.user
    by_us = standing.reported_by not in (Party.STUDENT, Party.INSTRUCTOR)
    return {
        "lesson": presentation.card(booking, party=party, zone=zone, now=now),
        "reporter": "" if by_us else other.first_name,
        "until": presentation.moment(standing.answer_by, zone),
        "lines": terms.if_absent(booking, to=party, absent=party),
        "as_student": party == Party.STUDENT,
        "back_url": reverse("bookings:lesson", args=[booking.pk]),
    }
