"""Finding a place by what people call it."""

from __future__ import annotations

from instructors.models import Place


def named(text: str) -> Place | None:
    """The place of that name, short name or ZIP code; of several the largest."""
    wanted = " ".join(text.lower().split())
    if not wanted:
        return None
    found = Place.objects.filter(slug=wanted).first() or Place.objects.filter(aliases__text=wanted).first()
    return found or Place.objects.filter(name__iexact=wanted).order_by("-radius_km", "pk").first()
