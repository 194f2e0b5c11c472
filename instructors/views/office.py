"""The instructor's office: public page, subjects and prices. Hours are in ``hours.py`` beside this."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from instainstru.accounts.services import signed_in
from instainstru.lib import money, presentation
from instainstru.lib.errors import DomainError, NotFound
from instainstru.lib.http import posted
from instainstru.lib.limits import throttled
from instainstru.rules import services as rules_service
from instructors import listing
from instructors.forms import OfferingForm, ProfileForm, offering_values
from instructors.models import Instructor, Offering, Subject
from instructors.presentation import POLICIES, levels, page_url, person, price, ways
from instructors.services import catalogue, portraits, profile


def office(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a page of the office: signed in, an instructor, never cached, counted.

    Who does not teach yet is led to where one begins.
    """

    @never_cache
    @login_required
    @throttled("write")
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            instructor = profile.instructor_of(signed_in(request))
        except NotFound:
            return redirect("instructors:office_start")
        # For the line on every page of the office that says where one stands (``instructors.context``).
        request.office = instructor  # type: ignore[attr-defined]
        return view(request, instructor, *args, **kwargs)

    return guarded


def onto(form: BaseForm, refusal: DomainError, **names: str) -> None:
    """The refusal at its field, or over the form; ``names`` maps the rule's names to the form's."""
    found = {names.get(name, name): text for name, text in refusal.fields.items()}
    for name, text in found.items():
        form.add_error(name if name in form.fields else None, text)
    if not found:
        form.add_error(None, refusal.message)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def start(request: HttpRequest) -> HttpResponse:
    """Begin to teach: one button, then the path to being listed."""
    user = signed_in(request)
    if request.method == "POST":
        profile.become_instructor(user, by=user)
        return redirect("instructors:listing")
    if Instructor.objects.filter(user=user).exists():
        return redirect("instructors:listing")
    return render(request, "instructors/office/start.html")


@office
@require_http_methods(["GET", "POST"])
def edit_profile(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """What students see of the instructor, and what is missing before they do."""
    rules = rules_service.current()
    hours = {str(preset): getattr(rules, name) for preset, name in POLICIES.items()}
    form = ProfileForm(
        posted(request),
        request.FILES if request.method == "POST" else None,
        instance=instructor,
        free_hours=hours,
    )
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        try:
            if upload := request.FILES.get("photo"):
                facts["photo"] = portraits.made(upload)
            elif facts["photo"] is False:
                facts["photo"] = ""
            profile.change(instructor, by=signed_in(request), **facts)
        except DomainError as refusal:
            onto(form, refusal)
        else:
            messages.success(request, "Saved.")
            return redirect("instructors:office_profile")
    saved = profile.instructor_of(signed_in(request))
    context = {
        "section": "profile",
        "form": form,
        "person": person(saved),
        "standing": listing.standing_of(saved),
        "public_url": page_url(saved.slug),
    }
    return render(request, "instructors/office/profile.html", context, status=422 if form.is_bound else 200)


@office
@require_GET
def offerings(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Everything the instructor teaches or taught, with prices."""
    found = Offering.objects.select_related("subject").filter(instructor=instructor)
    context = {
        "section": "offerings",
        "here": "offerings",
        "offerings": [shown_offering(one) for one in found.order_by("-is_active", "subject__position", "pk")],
        "add_url": reverse("instructors:office_offering_new"),
    }
    return render(request, "instructors/office/offerings.html", context)


def shown_offering(offering: Offering, *, back: str = "") -> dict[str, Any]:
    """An offering in a list; ``back`` names the path to return to after changing it."""
    query = f"?back={back}" if back else ""
    return {
        "subject": offering.subject.name,
        "active": offering.is_active,
        "price": f"{money.show(offering.price_per_hour)} an hour",
        "level": levels(offering),
        "modalities": ways(offering),
        "prices": [
            {"duration": presentation.minutes(length), "price": price(offering, length)}
            for length in offering.durations
        ],
        "edit_url": reverse("instructors:office_offering", args=[offering.pk]) + query,
        "toggle_url": reverse("instructors:office_offering_toggle", args=[offering.pk]),
    }


@office
@require_http_methods(["GET", "POST"])
def edit_offering(
    request: HttpRequest, instructor: Instructor, offering_id: int | None = None
) -> HttpResponse:
    """A new subject, or the conditions of one that is taught already."""
    offering = catalogue.offering_of(instructor, offering_id) if offering_id else None
    taught = Offering.objects.filter(instructor=instructor).values("subject")
    is_on_the_path = request.GET.get("back") == "listing"
    back = reverse("instructors:listing_lessons" if is_on_the_path else "instructors:office_offerings")
    form = OfferingForm(
        posted(request),
        offering=offering,
        subjects=Subject.objects.exclude(pk__in=taught),
        initial=offering_values(offering),
    )
    if request.method == "POST" and form.is_valid():
        wanted = form.put_on(offering or Offering(instructor=instructor))
        try:
            catalogue.save_offering(wanted, by=signed_in(request))
        except DomainError as refusal:
            onto(form, refusal)
        else:
            messages.success(request, f"{wanted.subject.name} is saved.")
            return redirect(back)
    context = {
        "section": "offerings",
        "here": "offerings",
        "form": form,
        "offering": offering and {"subject": offering.subject.name},
        "back_url": back,
    }
    status = 422 if form.is_bound else 200
    return render(request, "instructors/office/offering_form.html", context, status=status)


@office
@require_POST
def toggle_offering(request: HttpRequest, instructor: Instructor, offering_id: int) -> HttpResponse:
    """Pause a subject, or offer it again."""
    offering = catalogue.offering_of(instructor, offering_id)
    by = signed_in(request)
    if offering.is_active:
        catalogue.withdraw_offering(offering, by=by)
        messages.success(request, f"{offering.subject.name} is paused. Lessons already booked stay.")
    else:
        offering.is_active = True
        try:
            catalogue.save_offering(offering, by=by)
        except DomainError as refusal:
            told = " ".join(refusal.fields.values()) or refusal.message
            messages.error(request, f"{offering.subject.name} stays paused. {told} Change it first.")
            return redirect("instructors:office_offering", offering.pk)
        messages.success(request, f"{offering.subject.name} is offered again.")
    return redirect("instructors:office_offerings")
