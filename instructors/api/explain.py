"""Why there is no time at some instant, or on some date, of an instructor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from bookings.services import access
from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib import clock
from instainstru.lib.drf import ApiView, answer
from instainstru.lib.errors import Invalid, NotFound
from instainstru.lib.fields import Parameters
from instainstru.lib.openapi import call, parameter
from instainstru.rules import services as rules_service
from instructors.models import Instructor, Modality, Offering
from instructors.services import catalogue, explain, profile
from instructors.services.catalogue import LONGEST
from instructors.services.explain import Code, Reason

KNOWN = ("at", "duration", "modality", "offering", "instructor")


class ReasonAnswer(serializers.Serializer[Any]):
    """Something in the way. New codes may appear."""

    code = serializers.CharField(help_text="Some of: " + ", ".join(f"`{code}`" for code in Code.values) + ".")
    sentence = serializers.CharField()
    until = serializers.DateTimeField(
        allow_null=True,
        help_text="To when it lasts; of `too_soon` by when it had to be booked, of `hold` when that expires.",
    )
    booking = serializers.UUIDField(allow_null=True, help_text="The lesson or hold that takes the time.")
    data = serializers.DictField()  # type: ignore[assignment]


class StretchAnswer(serializers.Serializer[Any]):
    """Starts in it have the same reasons; a lesson can be booked where there are none."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    free = serializers.BooleanField()
    reasons = ReasonAnswer(many=True)


@extend_schema_serializer(component_name="Explanation")
class ExplanationAnswer(serializers.Serializer[Any]):
    """For an instant `free` and `reasons`; for a date `stretches`, and `free` where any of them is."""

    at = serializers.CharField(help_text="The instant or date asked about.")
    time_zone = serializers.CharField()
    duration_min = serializers.IntegerField()
    modality = serializers.ChoiceField(Modality.choices)
    free = serializers.BooleanField()
    reasons = ReasonAnswer(many=True)
    stretches = StretchAnswer(many=True)


class Explain(ApiView):
    required_scopes = {"GET": Scope.HOURS_READ}

    @call(
        "Why is there no time?",
        tag="My hours",
        name="explain_my_time",
        answers=ExplanationAnswer,
        refusals={404: "The caller does not teach here; for staff: no such instructor.", 422: "A parameter."},
        parameters=[
            parameter("at", "An instant, or a date of the instructor's.", required=True),
            parameter("duration", "Minutes; by default the offering's, or an hour.", int),
            parameter("modality", "By default the offering's first, or online.", choices=Modality.values),
            parameter("offering", "One of the instructor's.", int),
            parameter("instructor", "For staff: whose time, by number or slug."),
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        wishes = Parameters(request.GET, known=KNOWN)
        at = wishes.moment("at")
        duration = wishes.integer("duration", low=1, high=LONGEST)
        modality = wishes.choice("modality", Modality.values)
        offering_id = wishes.integer("offering")
        whose = wishes.text("instructor", longest=60)
        if at is None:
            wishes.wrong.setdefault("at", "Say when: an instant or a date.")
        wishes.check()
        assert at is not None  # noqa: S101 (checked)
        instructor = _instructor(request, whose)
        offering = _offering(instructor, offering_id)
        length = duration or (_length(offering) if offering else 60)
        way = modality or (offering.modalities[0] if offering else Modality.ONLINE)
        return answer(_explained(instructor, at, duration_min=length, modality=way))


def _instructor(request: Request, whose: str | None) -> Instructor:
    user = signed_in(request)
    if whose is None:
        return profile.instructor_of(user)
    found = Instructor.objects.filter(profile.named(whose)).first()
    if found is None or not (user.is_staff or found.user_id == user.pk):
        raise NotFound
    return found


def _offering(instructor: Instructor, offering_id: int | None) -> Offering | None:
    if offering_id is None:
        return None
    try:
        return catalogue.offering_of(instructor, offering_id)
    except NotFound:
        raise Invalid("There is no such offering of this instructor.", field="offering") from None


def _length(offering: Offering) -> int:
    return 60 if 60 in offering.durations else offering.durations[0]


def _explained(
    instructor: Instructor, at: datetime | date, *, duration_min: int, modality: str
) -> dict[str, Any]:
    now, rules = clock.now(), rules_service.current()
    told: dict[str, Any] = {
        "at": clock.rfc3339(at) if isinstance(at, datetime) else at.isoformat(),
        "time_zone": instructor.time_zone,
        "duration_min": duration_min,
        "modality": modality,
    }
    if isinstance(at, datetime):
        found = explain.at(instructor, at, duration_min=duration_min, modality=modality, now=now, rules=rules)
        return {**told, "free": not found, "reasons": _shown(instructor, found), "stretches": []}
    stretches = explain.on(
        explain.day_of(instructor, at, rules=rules), duration_min=duration_min, modality=modality, now=now
    )
    known = iter(_shown(instructor, [reason for one in stretches for reason in one.reasons]))
    shown = [
        {
            "starts_at": one.start,
            "ends_at": one.end,
            "free": one.is_free,
            "reasons": [next(known) for _ in one.reasons],
        }
        for one in stretches
    ]
    return {**told, "free": any(one.is_free for one in stretches), "reasons": [], "stretches": shown}


def _shown(instructor: Instructor, reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    """The reasons; a hold's ``until`` is when it expires: one query for all."""
    ids = [one.block.booking_id for one in reasons if one.block and one.block.booking_id]
    behind = access.behind(instructor, ids)
    return [
        {
            "code": one.code.value,
            "sentence": one.sentence,
            "until": _until(one, behind),
            "booking": one.block.booking_id if one.block else None,
            "data": dict(one.data),
        }
        for one in reasons
    ]


def _until(reason: Reason, behind: dict[Any, Any]) -> datetime | None:
    booking = behind.get(reason.block.booking_id) if reason.block and reason.code == Code.HOLD else None
    return booking.expires_at if booking is not None and booking.expires_at else reason.until
