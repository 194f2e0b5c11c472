"""Instructors, offerings and times on the wire.

The functions make what is sent; the serializers under them describe it for the API's documents.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from instructors.models import Instructor, Modality, Offering


def show_instructor(instructor: Instructor) -> dict[str, Any]:
    """The instructor in a line: strangers are “First L.” (privacy rule)."""
    return {
        "id": instructor.pk,
        "slug": instructor.slug,
        "name": instructor.user.short_name,
        "time_zone": instructor.time_zone,
        "rating": round(instructor.rating, 2) if instructor.rating_count else None,
    }


def show_offering(offering: Offering) -> dict[str, Any]:
    """What is taught, by whom, for how much."""
    return {**show_offering_briefly(offering), "instructor": show_instructor(offering.instructor)}


def show_offering_briefly(offering: Offering) -> dict[str, Any]:
    """The same where the instructor is known already."""
    return {
        "id": offering.pk,
        "subject": offering.subject.slug,
        "price_per_hour": offering.price_per_hour,
        "currency": settings.CURRENCY,
        "durations": offering.durations,
        "modalities": offering.modalities,
    }


# -- How answers look, for the API's documents -------------------------------------------------------


class OpeningAnswer(serializers.Serializer[Any]):
    """A bookable time, ``[starts_at, ends_at)``, UTC."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class InstructorInLine(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField(help_text="“First L.”")
    time_zone = serializers.CharField()
    rating = serializers.FloatField(allow_null=True, help_text="1–5; null for new instructors.")


class OfferingAnswer(serializers.Serializer[Any]):
    """What an instructor teaches. Money is in minor units of ``currency``."""

    id = serializers.IntegerField()
    subject = serializers.CharField(help_text="Slug.")
    price_per_hour = serializers.IntegerField()
    currency = serializers.CharField()
    durations = serializers.ListField(child=serializers.IntegerField(), help_text="Minutes.")
    modalities = serializers.ListField(child=serializers.ChoiceField(Modality.choices))
    instructor = InstructorInLine()
