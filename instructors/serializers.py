"""Instructors, offerings and times on the wire.

The functions make what is sent; the serializers under them describe it for the API's documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, repeat
from typing import Any

import orjson
from django.conf import settings
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from instainstru.lib import clock
from instructors.models import Category, Instructor, Modality, Offering, Subject
from instructors.services.search.relax import NAMES as RELAXED


def show_instructor(instructor: Instructor) -> dict[str, Any]:
    """The instructor in a line: strangers are “First L.” (privacy rule)."""
    return {
        "id": instructor.pk,
        "slug": instructor.slug,
        "name": instructor.user.short_name,
        "time_zone": instructor.time_zone,
        "rating": round(instructor.rating, 2) if instructor.rating_count else None,
    }


def show_openings(spans: Iterable[Iterable[int]], *, duration_min: int) -> orjson.Fragment:
    """Runs of starts (epoch seconds) as a list of openings, already in JSON: there may be a thousand."""
    texts = map(_opening, chain.from_iterable(spans), repeat(duration_min * 60))
    return orjson.Fragment("[" + ",".join(texts) + "]")


# Starts lie on a common grid: there are few different ones, and every instructor has the same.
@lru_cache(maxsize=1 << 15)
def _opening(start: int, length: int) -> str:
    low, high = (clock.rfc3339(datetime.fromtimestamp(at, UTC)) for at in (start, start + length))
    return f'{{"starts_at":"{low}","ends_at":"{high}"}}'


def show_card(instructor: Instructor, offerings: Iterable[Offering]) -> dict[str, Any]:
    """The instructor as the directory lists them."""
    return {
        **show_instructor(instructor),
        "rating_count": instructor.rating_count,
        "headline": instructor.headline,
        "languages": instructor.languages,
        "place": instructor.place.name if instructor.place else None,
        "verified": instructor.is_verified,
        "offerings": [show_offering_briefly(offering) for offering in offerings],
    }


def show_profile(
    instructor: Instructor, offerings: Iterable[Offering], *, photo: str | None
) -> dict[str, Any]:
    """Everything that is public about the instructor; ``photo`` is an address."""
    return {
        **show_card(instructor, offerings),
        "bio": instructor.bio,
        "photo": photo,
        "lesson_count": instructor.lesson_count,
        "cancellation_preset": instructor.cancellation_preset,
        "latitude": instructor.latitude,
        "longitude": instructor.longitude,
    }


def show_own_profile(
    instructor: Instructor, offerings: Iterable[Offering], *, photo: str | None, missing: Mapping[str, str]
) -> dict[str, Any]:
    """The profile as its owner sees it: with its standing, and what keeps it from being listed."""
    return {
        **show_profile(instructor, offerings, photo=photo),
        "status": instructor.status,
        "submitted_at": instructor.submitted_at,
        "sent_back_reason": instructor.sent_back_reason or None,
        "missing": dict(missing),
        "url": f"{settings.SITE_URL}/@{instructor.slug}",
    }


def show_category(category: Category) -> dict[str, Any]:
    """A category with its subjects' slugs."""
    return {
        "slug": category.slug,
        "name": category.name,
        "subjects": [subject.slug for subject in category.subjects.all()],
    }


def show_subject(subject: Subject) -> dict[str, Any]:
    """A subject with the other words it is found by."""
    return {
        "slug": subject.slug,
        "name": subject.name,
        "category": subject.category.slug,
        "aliases": sorted(alias.text for alias in subject.aliases.all()),
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


@extend_schema_serializer(component_name="Opening")
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


class OfferingInLine(serializers.Serializer[Any]):
    """What an instructor teaches. Money is in minor units of ``currency``."""

    id = serializers.IntegerField()
    subject = serializers.CharField(help_text="Slug.")
    price_per_hour = serializers.IntegerField()
    currency = serializers.CharField()
    durations = serializers.ListField(child=serializers.IntegerField(), help_text="Minutes.")
    modalities = serializers.ListField(child=serializers.ChoiceField(Modality.choices))


@extend_schema_serializer(component_name="Offering")
class OfferingAnswer(OfferingInLine):
    """What is taught, and by whom. Money is in minor units of ``currency``."""

    instructor = InstructorInLine()


@extend_schema_serializer(component_name="InstructorOpenings")
class TimesAnswer(serializers.Serializer[Any]):
    """One instructor's times for one offering."""

    offering = OfferingInLine()
    duration_min = serializers.IntegerField()
    modality = serializers.ChoiceField(Modality.choices)
    time_zone = serializers.CharField()
    openings = OpeningAnswer(many=True)


class ReadingAnswer(serializers.Serializer[Any]):
    """How ``q`` was understood. Prices are whole units of the currency, an hour."""

    subjects = serializers.ListField(child=serializers.CharField())
    exclude_subjects = serializers.ListField(child=serializers.CharField())
    category = serializers.CharField(allow_null=True)
    price_min = serializers.IntegerField(allow_null=True)
    price_max = serializers.IntegerField(allow_null=True)
    date_from = serializers.DateField(allow_null=True)
    date_to = serializers.DateField(allow_null=True)
    weekdays = serializers.ListField(child=serializers.CharField())
    time_from = serializers.CharField(allow_null=True)
    time_to = serializers.CharField(allow_null=True)
    location = serializers.CharField(allow_null=True)
    near_me = serializers.BooleanField()
    modality = serializers.CharField(allow_null=True)
    duration_min = serializers.IntegerField(allow_null=True)
    level = serializers.CharField(allow_null=True)
    audience = serializers.CharField(allow_null=True)
    age = serializers.IntegerField(allow_null=True)
    sort = serializers.CharField(allow_null=True)
    status = serializers.CharField(help_text="`ok` or `unknown_subject`: then there are no results.")


class ResultAnswer(serializers.Serializer[Any]):
    """One offering with its next times for that length and way to meet."""

    offering = OfferingAnswer()
    duration_min = serializers.IntegerField()
    modality = serializers.ChoiceField(Modality.choices)
    exact = serializers.BooleanField(help_text="False where it was found by what `relaxed` names.")
    distance_km = serializers.FloatField(allow_null=True, help_text="From `near`.")
    openings = OpeningAnswer(many=True)


@extend_schema_serializer(component_name="OpeningsPage")
class OpeningsAnswer(serializers.Serializer[Any]):
    results = ResultAnswer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page.")
    previous = serializers.CharField(allow_null=True, help_text="Always null: a search is walked forward.")
    understood = ReadingAnswer(allow_null=True, help_text="Null where there was no `q`.")
    relaxed = serializers.ListField(
        child=serializers.ChoiceField(RELAXED),
        help_text="Conditions given up because under 5 results met them all, in this order, each on top of "
        "those before: results that are not `exact` come last. Only on first pages; `relax=0` prevents it.",
    )


@extend_schema_serializer(component_name="Instructor")
class CardAnswer(InstructorInLine):
    rating_count = serializers.IntegerField()
    headline = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())
    place = serializers.CharField(allow_null=True, help_text="Neighbourhood or city.")
    verified = serializers.BooleanField()
    offerings = OfferingInLine(many=True)


@extend_schema_serializer(component_name="Profile")
class ProfileAnswer(CardAnswer):
    bio = serializers.CharField()
    photo = serializers.URLField(allow_null=True)
    lesson_count = serializers.IntegerField()
    cancellation_preset = serializers.ChoiceField(Instructor.CancellationPreset.choices)
    latitude = serializers.FloatField(allow_null=True, help_text="Of a point near the real one.")
    longitude = serializers.FloatField(allow_null=True)


@extend_schema_serializer(component_name="OwnProfile")
class OwnProfileAnswer(ProfileAnswer):
    """A draft is its instructor's, a submitted profile waits for us, a listed one is found by students."""

    status = serializers.ChoiceField(Instructor.Status.choices)
    submitted_at = serializers.DateTimeField(allow_null=True)
    sent_back_reason = serializers.CharField(allow_null=True, help_text="What to change before it is listed.")
    missing = serializers.DictField(
        child=serializers.CharField(), help_text="What keeps it from being submitted: name to sentence."
    )
    url = serializers.URLField(help_text="The page to share.")


@extend_schema_serializer(component_name="Subject")
class SubjectAnswer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField(help_text="Slug.")
    aliases = serializers.ListField(child=serializers.CharField(), help_text="Other words for it.")


@extend_schema_serializer(component_name="Category")
class CategoryAnswer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    subjects = serializers.ListField(child=serializers.CharField(), help_text="Slugs.")
