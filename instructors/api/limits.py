"""An instructor's own limits: read with an ``ETag``, replaced with ``If-Match``, as the hours are."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, etags
from instainstru.lib.drf import ApiView, answer, read
from instainstru.lib.fields import Body
from instainstru.lib.openapi import IF_MATCH, call
from instainstru.rules import services as rules_service
from instructors import meaning
from instructors.api.hours import NO_INSTRUCTOR, SAVING, UNCHANGED
from instructors.models import Instructor
from instructors.services import limits, profile
from instructors.services.slots import limits_of


def _number(help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=32_767, allow_null=True, help_text=help_text)


class LimitFields(serializers.Serializer[Any]):
    """What the instructor has set; null where the site's rules decide."""

    notice_online_min = _number("Minutes between booking and start, for lessons online.")
    notice_at_instructor_min = _number("The same for lessons at the instructor's place.")
    notice_at_student_min = _number("The same for lessons at the student's place.")
    horizon_days = _number("How many days ahead lessons can be booked.")
    buffer_min = _number("Minutes kept free between two lessons.")
    travel_min = _number("Minutes kept free around lessons at the student's place.")
    grid_min = _number("Lessons start every so many minutes of the instructor's wall time.")
    lessons_per_day = _number("With so many lessons a day is closed.")
    lessons_per_week = _number("With so many lessons a week, Monday to Sunday, is closed.")
    overnight_rule = serializers.BooleanField(
        help_text="Whether what is booked at night starts later the next morning."
    )


class LimitsBody(Body, LimitFields):
    """All limits. What `GET` answered may be sent back changed: the rest of it is ignored."""

    effective = serializers.DictField(required=False, help_text="Ignored.")
    allowed = serializers.DictField(required=False, help_text="Ignored.")
    examples = serializers.DictField(required=False, help_text="Ignored.")
    overtaken = serializers.ListField(required=False, help_text="Ignored.")
    time_zone = serializers.CharField(required=False, help_text="Ignored; it is set in the profile.")


class AllowedAnswer(serializers.Serializer[Any]):
    """What a limit may be set to. ``usual`` holds where it is null."""

    min = serializers.IntegerField()
    max = serializers.IntegerField()
    usual = serializers.IntegerField(allow_null=True)
    choices = serializers.ListField(
        child=serializers.IntegerField(), help_text="Where not empty, only these."
    )


class OvertakenAnswer(serializers.Serializer[Any]):
    """A limit that lessons booked before do not keep; they stay."""

    limit = serializers.CharField()
    lessons = serializers.IntegerField()
    first_starts_at = serializers.DateTimeField()


@extend_schema_serializer(component_name="Limits")
class LimitsAnswer(LimitFields):
    """The limits of an instructor, what holds now, what may be set, and what it means."""

    effective = serializers.DictField(child=serializers.IntegerField(allow_null=True))
    allowed = serializers.DictField(child=AllowedAnswer())
    examples = serializers.DictField(child=serializers.CharField())
    overtaken = OvertakenAnswer(many=True)
    time_zone = serializers.CharField()


class OwnLimits(ApiView):
    required_scopes = {"GET": Scope.HOURS_READ, "PUT": Scope.HOURS_WRITE}

    @call(
        "My limits, with an ETag",
        tag="My hours",
        name="get_my_limits",
        answers=LimitsAnswer,
        refusals={**UNCHANGED, **NO_INSTRUCTOR},
    )
    def get(self, request: Request) -> HttpResponse:
        instructor = profile.instructor_of(signed_in(request))
        shown = show(instructor)
        # The examples name dates and the rules may change: the answer is another then, the limits are not.
        tag = etags.tag(limits.version_of(instructor))
        return etags.tagged(request, answer(shown), etag=tag)

    @call(
        "Replace my limits",
        tag="My hours",
        name="put_my_limits",
        body=LimitsBody,
        answers=LimitsAnswer,
        refusals=SAVING,
        parameters=[IF_MATCH],
    )
    def put(self, request: Request) -> HttpResponse:
        instructor = profile.instructor_of(signed_in(request))
        fields = read(LimitsBody, request.data)
        facts = {name: fields[name] for name in limits.FACTS}
        try:
            version = limits.version_of(instructor)
            etags.require_match(request, etag=etags.tag(version))
            saved = limits.save(instructor, facts, by=request.user, seen=version)
        except (etags.Stale, limits.Stale) as error:
            instructor = profile.instructor_of(signed_in(request))
            raise _stale(instructor, yours=facts) from error
        return answer(show(saved), headers={"ETag": etags.tag(limits.version_of(saved))})


def _stale(instructor: Instructor, *, yours: dict[str, Any]) -> etags.Stale:
    tag = etags.tag(limits.version_of(instructor))
    refusal = etags.Stale(
        "It was changed meanwhile. Nothing was saved; below is both what it is now and what you sent.",
        data={"etag": tag, "current": show(instructor), "yours": yours},
    )
    refusal.headers["ETag"] = tag
    return refusal


def show(instructor: Instructor) -> dict[str, Any]:
    """The limits as they are sent; one query."""
    rules, now = rules_service.current(), clock.now()
    effective = limits_of(instructor, rules)
    return {
        **limits.set_by(instructor),
        "effective": {
            **{f"notice_{way}_min": length for way, length in effective.notice.items()},
            "horizon_days": effective.horizon_days,
            "buffer_min": effective.buffer,
            "travel_min": effective.gap(travels=True),
            "grid_min": effective.grid,
            "lessons_per_day": instructor.lessons_per_day,
            "lessons_per_week": instructor.lessons_per_week,
        },
        "allowed": {
            name: {"min": one.low, "max": one.high, "usual": one.usual, "choices": list(one.choices)}
            for name, one in limits.allowed(rules).items()
        },
        "examples": meaning.examples(instructor, effective, now=now),
        "overtaken": [
            {"limit": one.fact, "lessons": one.lessons, "first_starts_at": one.first}
            for one in limits.overtaken(instructor, now=now)
        ],
        "time_zone": instructor.time_zone,
    }
