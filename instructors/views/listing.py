"""The path to being listed: an overview, one step a page in any order, the preview, and submitting."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from instainstru.accounts.services import signed_in
from instainstru.lib import presentation
from instainstru.lib.errors import DomainError
from instainstru.lib.http import posted
from instructors import listing
from instructors.forms import OfferingForm, offering_values
from instructors.listing_forms import AboutForm, FirstHoursForm, PhotoForm, PlacesForm
from instructors.models import Instructor, Offering, Subject
from instructors.models.calendar import WEEKDAYS
from instructors.presentation import page_url, person
from instructors.services import catalogue, portraits, profile, schedule, standing
from instructors.views.office import office, onto, shown_offering


@office
@require_GET
def overview(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """All steps, what is missing, and the button to submit once nothing is."""
    missing = standing.missing(instructor)
    context = {
        "standing": listing.standing_of(instructor, missing=missing),
        "path": listing.path(instructor, missing=missing),
        "payouts": listing.payouts(instructor),
        "person": person(instructor),
        "preview_url": page_url(instructor.slug),
        "submit_url": reverse("instructors:listing_submit"),
        "withdraw_url": reverse("instructors:listing_withdraw"),
        "page_url": reverse("instructors:your_page"),
    }
    return render(request, "instructors/office/listing/overview.html", context)


def _step(
    request: HttpRequest, instructor: Instructor, key: str, form: BaseForm | None, **more: Any
) -> HttpResponse:
    """The page of one step."""
    missing = standing.missing(instructor)
    context = {
        "standing": listing.standing_of(instructor, missing=missing),
        "path": listing.path(instructor, missing=missing, here=key),
        "form": form,
        "skip_url": listing.after(key),
        "back_url": listing.before(key),
        "all_url": reverse("instructors:listing"),
        **more,
    }
    is_refused = form is not None and form.is_bound
    template = f"instructors/office/listing/{key}.html"
    return render(request, template, context, status=422 if is_refused else 200)


@office
@require_http_methods(["GET", "POST"])
def about(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Name, headline, bio, languages."""
    form = AboutForm(posted(request), initial=AboutForm.values(instructor))
    if request.method == "POST" and form.is_valid():
        try:
            profile.introduce(instructor, by=signed_in(request), **form.cleaned_data)
        except DomainError as refusal:
            onto(form, refusal)
        else:
            return redirect(listing.after("about"))
    return _step(request, instructor, "about", form)


@office
@require_http_methods(["GET", "POST"])
def photo(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Upload, look, replace, remove. After an upload the page shows what is kept of it."""
    form = PhotoForm(posted(request), request.FILES if request.method == "POST" else None)
    by = signed_in(request)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["photo"]
        try:
            if "remove" in request.POST:
                profile.change(instructor, by=by, photo="")
                messages.success(request, "The photo is removed.")
            elif upload:
                profile.change(instructor, by=by, photo=portraits.made(upload))
                messages.success(request, "This is how students see it.")
            else:
                form.add_error("photo", "Choose a photograph first, or skip this step.")
        except DomainError as refusal:
            onto(form, refusal)
        if not form.errors:
            return redirect("instructors:listing_photo")
    return _step(request, instructor, "photo", form, person=person(instructor))


@office
@require_http_methods(["GET", "POST"])
def lessons(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """What is taught already, and a form for one subject more, open where there is none yet."""
    taught = list(Offering.objects.select_related("subject").filter(instructor=instructor).order_by("pk"))
    is_adding = request.method == "POST" or not taught or "add" in request.GET
    subjects = Subject.objects.exclude(pk__in=[one.subject_id for one in taught])
    form = OfferingForm(posted(request), offering=None, subjects=subjects, initial=offering_values(None))
    if request.method == "POST" and form.is_valid():
        wanted = form.put_on(Offering(instructor=instructor))
        try:
            catalogue.save_offering(wanted, by=signed_in(request))
        except DomainError as refusal:
            onto(form, refusal)
        else:
            messages.success(request, f"{wanted.subject.name} is saved.")
            here = f"{reverse('instructors:listing_lessons')}?add"
            return redirect(here if "another" in request.POST else listing.after("lessons"))
    return _step(
        request,
        instructor,
        "lessons",
        form if is_adding else None,
        offerings=[shown_offering(one, back="listing") for one in taught],
        add_url=f"{reverse('instructors:listing_lessons')}?add",
    )


@office
@require_http_methods(["GET", "POST"])
def places(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Where, and how each subject's lessons are met."""
    offerings = catalogue.taught_by(instructor)
    form = PlacesForm(posted(request), instructor=instructor, offerings=offerings)
    if request.method == "POST" and form.is_valid():
        facts = {name: form.cleaned_data[name] for name in ("place", "address", "time_zone")}
        try:
            profile.locate(instructor, ways=form.ways(), by=signed_in(request), **facts)
        except DomainError as refusal:
            onto(form, refusal)
        else:
            return redirect(listing.after("places"))
    shown = instructor.place.name if instructor.place else ""
    return _step(
        request,
        instructor,
        "places",
        form,
        shown=shown,
        lessons_url="" if offerings else reverse("instructors:listing_lessons"),
    )


@office
@require_http_methods(["GET", "POST"])
def hours(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """A first pattern, the same on several days; a finer one is shown and changed in the week editor."""
    week = schedule.week_of(instructor)
    values = FirstHoursForm.values(week)
    if values is None and request.method != "POST":
        return _step(request, instructor, "hours", None, **_hours_said(week, instructor))
    form = FirstHoursForm(posted(request), initial=values)
    if request.method == "POST" and form.is_valid():
        try:
            seen = request.POST.get("version") or None
            schedule.set_week(instructor, form.week(), by=signed_in(request), seen=seen)
        except DomainError as refusal:
            onto(form, refusal)
        else:
            return redirect(listing.after("hours"))
    return _step(request, instructor, "hours", form, **_hours_said(week, instructor))


def _hours_said(week: dict[int, list[schedule.Window]], instructor: Instructor) -> dict[str, Any]:
    return {
        "zone": presentation.zone(instructor.time_zone),
        "week": [
            {"day": label, "hours": presentation.unbroken(presentation.windows(week[day]))}
            for day, label in WEEKDAYS
            if week[day]
        ],
        "version": schedule.version_of(week),
        "editor_url": reverse("instructors:office_hours"),
    }


@office
@require_POST
def submit(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Ask to be checked. What is missing, or was done elsewhere meanwhile, is said on the overview."""
    try:
        standing.submit(instructor, by=signed_in(request))
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "Submitted. We check it and write to you.")
    return redirect("instructors:listing")


@office
@require_POST
def withdraw(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Out of the queue again."""
    try:
        standing.withdraw(instructor, by=signed_in(request))
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "Withdrawn. Submit it again whenever you like.")
    return redirect("instructors:listing")


@office
@require_POST
def press(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """A time on the preview was pressed: nothing is held, and that is said."""
    messages.info(request, "This is a preview. A student would hold that time now and confirm it.")
    return redirect("instructors:profile", instructor.slug)
