"""What everybody may see of an instructor: who they are, what they teach, when they are free."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from instainstru.accounts.services import signed_in
from instainstru.lib import clock, money, presentation, when
from instainstru.lib.errors import NotFound
from instainstru.lib.http import visitor_zone
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors import listing, picker
from instructors.models import Instructor, Offering
from instructors.presentation import POLICIES, has_place, levels, page_url, person, price, stars, ways
from instructors.services import catalogue, openings, profile
from students.services.favourites import is_favourite


@require_safe
def by_id(request: HttpRequest, instructor_id: int) -> HttpResponse:
    """The lasting address of an instructor leads to the present name."""
    instructor = Instructor.objects.filter(pk=instructor_id, status=Instructor.Status.LISTED).first()
    if instructor is None:
        raise NotFound
    return redirect("instructors:profile", instructor.slug)


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """An instructor's page with the time picker on it."""
    if slug != slug.lower():
        return redirect("instructors:profile", slug.lower(), permanent=True)
    try:
        instructor = profile.visible(slug, to=request.user)
    except NotFound:
        return _moved(request, slug)
    offerings = catalogue.taught_by(instructor)
    zone, now, rules = visitor_zone(request), clock.now(), rules_service.current()
    context: dict[str, Any] = {
        "instructor": _face(instructor, offerings, rules=rules),
        "offerings": [],
        "reviews": [],
        "back_url": _results_before(request),
        "search_url": reverse("instructors:search"),
        "favourite": _favourite(request, instructor),
        "preview": None if instructor.is_listed else _preview(request, instructor),
    }
    if not offerings:
        return render(request, "instructors/profile.html", context)
    choice = picker.read(request.GET, offerings=offerings, zone=zone, now=now)
    lesson = choice.lesson
    action = reverse("bookings:hold" if instructor.is_listed else "instructors:listing_press")
    frame = picker.Frame(url=page_url(slug), action=action, zone=zone, now=now, rules=rules)
    picked = picker.build(choice, frame, offerings=offerings)
    context |= {
        "offerings": [_offering(one, chosen=lesson.offering, slug=slug) for one in offerings],
        "package_url": _package_url(lesson)
        if instructor.is_listed and request.user.pk != instructor.user_id
        else "",
        "picker": picked,
        "similar": [_similar(one) for one in catalogue.similar(lesson.offering)],
        "bar": _bar(lesson, picked["first"], zone=zone),
    }
    return render(request, "instructors/profile.html", context)


def _moved(request: HttpRequest, slug: str) -> HttpResponse:
    """To the present address of whoever had this one; printed codes keep working."""
    instructor = profile.moved_from(slug, to=request.user)
    query = request.META.get("QUERY_STRING", "")
    response = redirect(f"{page_url(instructor.slug)}{'?' if query else ''}{query}", permanent=True)
    # Browsers keep a permanent redirect for good, and its instructor may go back to the old address.
    response["Cache-Control"] = "no-cache"
    return response


def _preview(request: HttpRequest, instructor: Instructor) -> dict[str, Any]:
    """What stands over a page that is not public: who sees it, and the way on."""
    if request.user.pk != instructor.user_id:
        url = reverse("admin:instructors_instructor_change", args=[instructor.pk])
        return {"by_staff": True, "url": url}
    return {
        "by_staff": False,
        "url": reverse("instructors:listing"),
        "standing": listing.standing_of(instructor),
        "submit_url": reverse("instructors:listing_submit"),
    }


def _favourite(request: HttpRequest, instructor: Instructor) -> dict[str, Any] | None:
    """The button to keep the instructor, for those who are signed in as somebody."""
    user = request.user
    if not user.is_authenticated or user.pk == instructor.user_id or not instructor.is_listed:
        return None
    return {
        "on": is_favourite(signed_in(request), instructor),
        "url": reverse("students:favourite", args=[instructor.slug]),
    }


def _face(instructor: Instructor, offerings: list[Offering], *, rules: Rules) -> dict[str, Any]:
    place = instructor.place
    hidden = instructor.address and any(has_place(one) for one in offerings)
    given = presentation.count(instructor.lesson_count, "lesson")
    return {
        **person(instructor),
        **stars(instructor.rating, instructor.rating_count),
        "headline": instructor.headline,
        "verified": instructor.is_verified,
        "lessons_label": f"{given} given" if instructor.lesson_count else "",
        "place": place.name if place else "",
        "place_note": "The exact address follows once you have booked." if hidden else "",
        "languages": ", ".join(instructor.languages),
        "about": [line for line in instructor.bio.splitlines() if line.strip()],
        "policy": _policy(instructor, rules),
        "teaches": [one.subject.name for one in offerings],
    }


def _policy(instructor: Instructor, rules: Rules) -> str:
    free: int = getattr(rules, POLICIES[Instructor.CancellationPreset(instructor.cancellation_preset)])
    first = f"Free to cancel until {free} hours before the lesson"
    if free <= rules.late_cancel_h:
        return f"{first}; later, half of the price comes back as credit."
    return (
        f"{first}; until {rules.late_cancel_h} hours before, the price comes back as credit; "
        "later, half of it."
    )


def _offering(offering: Offering, *, chosen: Offering, slug: str) -> dict[str, Any]:
    return {
        "subject": offering.subject.name,
        "level": levels(offering),
        "modalities": ways(offering),
        "description": offering.description,
        "current": offering.pk == chosen.pk,
        "url": f"{page_url(slug)}?offering={offering.pk}#picker",
        "prices": [
            {"duration": presentation.minutes(length), "price": price(offering, length)}
            for length in offering.durations
        ],
    }


def _package_url(lesson: openings.Lesson) -> str:
    """Where several lessons like the chosen one are bought at once; nowhere while payments are off."""
    if not settings.STRIPE_SECRET_KEY:
        return ""
    state = {"offering": lesson.offering.pk, "duration": lesson.duration_min}
    return f"{reverse('bookings:buy_package')}?{urlencode(state)}"


def _similar(offering: Offering) -> dict[str, Any]:
    line = f"{offering.subject.name} · {money.show(offering.price_per_hour)} an hour"
    return {**person(offering.instructor), "line": line}


def _bar(lesson: openings.Lesson, first: datetime | None, *, zone: str) -> dict[str, str]:
    return {
        "price": price(lesson.offering, lesson.duration_min),
        "price_note": presentation.minutes(lesson.duration_min),
        "next": f"Next: {when.short(first, zone)}" if first else "",
    }


def _results_before(request: HttpRequest) -> str:
    """The results the visitor came from, for the way back."""
    before = urlsplit(request.headers.get("Referer", ""))
    search = reverse("instructors:search")
    if before.netloc != request.get_host() or before.path != search:
        return ""
    return f"{search}?{before.query}" if before.query else search
