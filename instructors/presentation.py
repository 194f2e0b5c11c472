"""Instructors and what they offer, in the words and shapes the templates print."""

from __future__ import annotations

import functools
from typing import Any

from django.conf import settings
from django.urls import reverse

from instainstru.accounts.models import User
from instainstru.lib import money, presentation
from instructors.models import IN_PERSON, Instructor, Level, Modality, Offering
from instructors.models.places import Place
from instructors.services.catalogue import lesson_price

ICONS = {Modality.ONLINE: "video", Modality.AT_INSTRUCTOR: "pin", Modality.AT_STUDENT: "home"}
WAYS = {
    Modality.ONLINE: "Online",
    Modality.AT_INSTRUCTOR: "At the instructor's place",
    Modality.AT_STUDENT: "At your place",
}
# What people are told about a preset before there is a date to tell them.
POLICIES = {
    Instructor.CancellationPreset.FLEXIBLE: "flexible_free_cancel_h",
    Instructor.CancellationPreset.STANDARD: "free_cancel_h",
    Instructor.CancellationPreset.STRICT: "strict_free_cancel_h",
}
MILE_KM = 1.609344


def person(instructor: Instructor) -> dict[str, Any]:
    """Name as strangers see it, portrait or initials, address of the page."""
    return {
        **portrait(instructor.user, photo=str(instructor.photo)),
        "face": presentation.face(instructor.pk),
        "url": page_url(instructor.slug),
    }


def portrait(user: User, *, photo: str = "") -> dict[str, Any]:
    """Name as strangers see it, and the portrait or what stands for one."""
    return {
        "name": user.short_name,
        "initials": presentation.initials(user.first_name, user.last_name),
        "face": presentation.face(user.pk),
        "photo": photo_url(photo),
    }


def photo_url(path: str) -> str:
    """Where a stored portrait is served, or nothing."""
    return f"{settings.MEDIA_URL}{path}" if path else ""


def page_url(slug: str) -> str:
    """The instructor's own page."""
    return f"{_pages()}{slug}"


@functools.cache
def _pages() -> str:
    """What the addresses of all instructors' pages begin with: resolving one costs more than all the rest."""
    return reverse("instructors:profile", args=["x"]).removesuffix("x")


def price(offering: Offering, duration_min: int) -> str:
    """``$75`` for a lesson of that length."""
    return money.show(lesson_price(offering.price_per_hour, duration_min))


def stars(rating: float, count: int) -> dict[str, str]:
    """``4.9`` and ``127 reviews``; who has none is new."""
    if not count:
        return {"rating": "", "rating_label": "New instructor"}
    return {"rating": f"{rating:.1f}", "rating_label": presentation.count(count, "review")}


def whereabouts(modality: str, place: Place | None, distance_km: float | None = None) -> str:
    """``Park Slope, 0.8 mi``: as much as anybody may know before booking."""
    if modality == Modality.ONLINE:
        return "Online"
    name = place.name if place else ""
    if modality == Modality.AT_STUDENT:
        return f"Comes to you from {name}" if name else "Comes to you"
    away = "" if distance_km is None else f"{distance_km / MILE_KM:.1f} mi"
    return ", ".join(filter(None, [name, away])) or "At the instructor's place"


def ways(offering: Offering) -> str:
    """``Online or at your place``."""
    named = [WAYS[Modality(value)] for value in offering.modalities]
    return presentation.words([named[0], *(name[0].lower() + name[1:] for name in named[1:])], last="or")


def levels(offering: Offering) -> str:
    """``Beginner to advanced``; nothing where the instructor does not say."""
    known = [Level(value).label for value in Level.values if value in offering.levels]
    if len(known) == len(Level.values):
        return "Beginner to advanced"
    return presentation.words([name if n == 0 else name.lower() for n, name in enumerate(known)])


def has_place(offering: Offering) -> bool:
    """Whether the two may meet somewhere."""
    return any(value in IN_PERSON for value in offering.modalities)
