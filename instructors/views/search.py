"""Finding time, not people: the first page and the results."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page."""
    return render(request, "instructors/home.html", {"hold_url": reverse("bookings:hold")})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Bookable times of many instructors."""
    query = request.GET.get("q", "").strip()
    return render(request, "instructors/search.html", {"query": query, "hold_url": reverse("bookings:hold")})
