"""Instructors to find again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from instainstru.accounts.services import signed_in
from instainstru.lib import money
from instainstru.lib.limits import throttled
from instructors.models import Instructor, Offering
from instructors.presentation import page_url, person, stars
from students.services import favourites


@never_cache
@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All of them, the latest first."""
    found = [_line(*one) for one in favourites.favourites_of(signed_in(request))]
    return render(request, "students/favourites.html", {"favourites": found})


def _line(instructor: Instructor, offerings: list[Offering]) -> dict[str, Any]:
    place = instructor.place.name if instructor.place else ""
    prices = [money.show(min(one.price_per_hour for one in offerings)) + " an hour"] if offerings else []
    return {
        **person(instructor),
        **stars(instructor.rating, instructor.rating_count),
        "slug": instructor.slug,
        "line": " · ".join(
            filter(None, [", ".join(one.subject.name for one in offerings[:3]), *prices, place])
        ),
    }


@require_POST
@login_required
@throttled("write")
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the instructor, or with ``keep=no`` no longer; then back to where the button was."""
    wanted = request.POST.get("keep") != "no"
    instructor = favourites.set_favourite(signed_in(request), slug, wanted=wanted)
    name = instructor.user.short_name
    messages.success(request, f"{name} is among your favourites." if wanted else f"{name} is no longer kept.")
    if request.POST.get("back") == "list":
        return redirect("students:favourites")
    return redirect(page_url(instructor.slug))
