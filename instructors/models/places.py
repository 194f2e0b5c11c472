"""Named places and ZIP codes with their centre points: what “near” can mean."""

from __future__ import annotations

from django.db import models


class Place(models.Model):
    """A borough, neighbourhood, city or ZIP code."""

    class Kind(models.TextChoices):
        BOROUGH = "borough"
        NEIGHBOURHOOD = "neighbourhood"
        ZIP = "zip", "ZIP code"

    slug = models.CharField(max_length=60, unique=True, help_text="Lower case, as in addresses and queries.")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=15, choices=Kind.choices)
    parent = models.CharField(max_length=60, blank=True, help_text="Slug of the borough or “city, state”.")
    latitude = models.FloatField()
    longitude = models.FloatField()
    radius_km = models.FloatField(help_text="How far it reaches from its centre.")

    class Meta:
        indexes = [models.Index(fields=["kind", "name"], name="place_by_kind")]

    def __str__(self) -> str:
        return self.name


class PlaceAlias(models.Model):
    """A short name: “ues”, “bk”."""

    text = models.CharField(max_length=60, unique=True, help_text="Lower case.")
    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="aliases")

    class Meta:
        verbose_name_plural = "place aliases"

    def __str__(self) -> str:
        return self.text
