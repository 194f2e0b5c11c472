"""The host's own calendar: why there is no time somewhere, and booking it for a student all the same."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from bookings import why
from bookings.host_forms import HostForm, WhenForm
from bookings.models import Party
from bookings.services import override
from bookings.views.lesson import onto
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, presentation, when
from instainstru.lib.errors import DomainError
from instainstru.lib.http import posted
from instainstru.lib.limits import throttled
from instructors.services.profile import instructor_of

ASKED = ("date", "time", "lesson", "modality")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def book(request: HttpRequest) -> HttpResponse:
    """What it passes over is shown first; posted back as agreed to, the lesson is booked."""
    user = signed_in(request)
    instructor = instructor_of(user)
    form = HostForm(
        posted(request),
        instructor=instructor,
        host=Party.INSTRUCTOR,
        initial={name: request.GET[name][:40] for name in ASKED if name in request.GET},
    )
    status = 200
    is_valid = form.is_valid()
    if form.is_bound and not is_valid:
        status = 422
    if is_valid and form.is_agreed and form.wanted:
        data = form.cleaned_data
        try:
            booking = override.book(
                form.wanted, student=data["who"], by=user, party=form.host, reason=data["reason"],
                note=data["note"],
            )  # fmt: skip
        except DomainError as refusal:
            onto(form, refusal)
            status = refusal.status
        else:
            told = f"Booked for {booking.student.user.first_name}. You both get a letter."
            messages.success(request, told)
            return redirect("bookings:lesson", booking.pk)
    context = {
        "here": "today",
        "form": form,
        "look": None if form.errors else _look(form),
        "zone": presentation.zone(instructor.time_zone),
        "back_url": reverse("bookings:week"),
    }
    return render(request, "bookings/host.html", context, status=status)


def _look(form: HostForm) -> dict[str, Any] | None:
    """What the form means, once it can mean something."""
    if form.wanted is None:
        return None
    start, end, zone = form.wanted.starts_at, form.wanted.ends_at, form.instructor.time_zone
    return {
        "when": f"{when.date(start, zone)}, {when.span(start, end, zone)}",
        "passed": [one.sentence for one in form.passed],
        "agreed": form.signature,
    }


@never_cache
@login_required
@require_GET
def explain(request: HttpRequest) -> HttpResponse:
    """Everything in the way of one time, and the whole day; with htmx the answer alone."""
    instructor = instructor_of(signed_in(request))
    form = WhenForm(request.GET if request.GET else None, instructor=instructor)
    context: dict[str, Any] = {
        "here": "today",
        "form": form,
        "answer": None,
        "why_url": reverse("bookings:why"),
    }
    if form.is_valid():
        context["answer"] = why.answer(form, now=clock.now())
        asked = {name: request.GET.get(name, "") for name in ASKED}
        context["book_url"] = f"{reverse('bookings:host')}?{urlencode(asked)}"
    # htmx shows nothing of an answer that is an error.
    status = 422 if form.is_bound and form.errors and not request.htmx else 200  # type: ignore[attr-defined]
    return render(request, "bookings/why.html", context, status=status)
