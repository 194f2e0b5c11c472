"""The instructor's own address: to copy, to print, to change; and its code for cameras."""

from __future__ import annotations

import io

import segno
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from instainstru.accounts.services import signed_in
from instainstru.lib.errors import DomainError
from instainstru.lib.http import posted
from instructors import listing
from instructors.forms import AddressForm
from instructors.models import Instructor
from instructors.presentation import page_url, person
from instructors.services import profile
from instructors.views.office import office, onto

# Pixels a square of the code has in the picture to print: about 8 cm at 300 dots an inch.
PRINTED = 24


@office
@require_http_methods(["GET", "POST"])
def your_page(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """The link, the code, and another address; the old one keeps leading there."""
    form = AddressForm(posted(request), initial={"slug": instructor.slug})
    if request.method == "POST" and form.is_valid():
        try:
            profile.change(instructor, by=signed_in(request), slug=form.cleaned_data["slug"])
        except DomainError as refusal:
            onto(form, refusal)
        else:
            messages.success(request, "Saved. Your old address leads to the new one.")
            return redirect("instructors:your_page")
    context = {
        "section": "page",
        "standing": listing.standing_of(instructor),
        "person": person(instructor),
        "link": address(instructor),
        "page": page_url(instructor.slug),
        "svg_url": reverse("instructors:qr_svg", args=[instructor.slug]),
        "png_url": reverse("instructors:qr_png", args=[instructor.slug]),
        "old": [f"/@{one.slug}" for one in instructor.old_addresses.order_by("-left_at")[:5]],
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return render(request, "instructors/office/your_page.html", context, status=status)


def address(instructor: Instructor) -> str:
    """The whole address of the page, to be given away."""
    return settings.SITE_URL + page_url(instructor.slug)


@require_safe
@cache_control(private=True, max_age=3600)
def qr_svg(request: HttpRequest, slug: str) -> HttpResponse:
    """The address as a code, sharp at any size."""
    return HttpResponse(_drawn(request, slug, "svg", scale=8), content_type="image/svg+xml")


@require_safe
@cache_control(private=True, max_age=3600)
def qr_png(request: HttpRequest, slug: str) -> HttpResponse:
    """The same as a picture to print, under a name of its own."""
    response = HttpResponse(_drawn(request, slug, "png", scale=PRINTED), content_type="image/png")
    response["Content-Disposition"] = f'attachment; filename="{slug}.png"'
    return response


def _drawn(request: HttpRequest, slug: str, kind: str, *, scale: int) -> bytes:
    """Dark on white whatever the reader's colours: cameras need it. Quiet zone of four squares included."""
    instructor = profile.visible(slug, to=request.user)
    kept = io.BytesIO()
    segno.make(address(instructor), micro=False, error="m").save(
        kept, kind=kind, scale=scale, border=4, dark="black", light="white"
    )
    return kept.getvalue()
