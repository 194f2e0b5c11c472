"""One instructor's bookable times."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.http import HttpResponse
from rest_framework.request import Request

from instainstru.accounts.models import Scope
from instainstru.lib import clock
from instainstru.lib.drf import ApiView, answer
from instainstru.lib.errors import Invalid
from instainstru.lib.fields import Parameters
from instainstru.lib.openapi import call, parameter
from instainstru.rules import services as rules_service
from instructors.models import Modality, Offering
from instructors.serializers import TimesAnswer, show_offering_briefly, show_openings
from instructors.services import openings
from instructors.services.slots import Seconds

USUAL_SPAN = timedelta(days=7)
LONGEST_SPAN = timedelta(days=93)
DAY = timedelta(days=1)
MODALITIES = Modality.values


class InstructorOpenings(ApiView):
    required_scopes = {"GET": Scope.OPENINGS_READ}

    @call(
        "The bookable times of one instructor",
        tag="Openings",
        name="list_instructor_openings",
        answers=TimesAnswer,
        refusals={
            404: "No such instructor, or no such offering of theirs.",
            422: "A parameter at fault; `wrong_duration` and `wrong_modality` name what is offered.",
        },
        parameters=[
            parameter("offering", "By default the instructor's first.", int),
            parameter("duration", "Minutes. By default 60, or else the offering's shortest.", int),
            parameter("modality", "By default the offering's first.", choices=MODALITIES),
            parameter("from", "An instant, or a date where the instructor is. By default now."),
            parameter("to", "An instant, or a date (that whole day). By default a week on; at most 93 days."),
        ],
    )
    def get(self, request: Request, instructor: str) -> HttpResponse:
        wishes = Parameters(request.query_params, known=("offering", "duration", "modality", "from", "to"))
        number = wishes.integer("offering")
        duration = wishes.integer("duration", high=1440)
        modality = wishes.choice("modality", MODALITIES)
        low, high = wishes.moment("from"), wishes.moment("to")
        wishes.check()
        now = clock.now()
        # Where the instructor is, is not known yet: no zone is a day away.
        rough = _span(low, high, tz="UTC", now=now)
        offering, free = openings.offered_by(
            instructor,
            number,
            modality=modality,
            first=(rough[0] - DAY).date(),
            last=(rough[1] + DAY).date(),
        )
        lesson = _lesson(offering, free, duration, modality)
        low, high = _span(low, high, tz=offering.instructor.time_zone, now=now)
        spans = openings.spans(lesson, low=low, high=high, now=now, rules=rules_service.current())
        return answer(
            {
                "offering": show_offering_briefly(offering),
                "duration_min": lesson.duration_min,
                "modality": lesson.modality,
                "time_zone": offering.instructor.time_zone,
                "openings": show_openings(spans, duration_min=lesson.duration_min),
            }
        )


def _lesson(
    offering: Offering, free: list[Seconds], duration: int | None, modality: str | None
) -> openings.Lesson:
    """By default the offering's first way to meet, and an hour or else its shortest length."""
    if duration is None:
        duration = 60 if 60 in offering.durations else offering.durations[0]
    elif duration not in offering.durations:
        lengths = " or ".join(map(str, offering.durations))
        raise Invalid(f"Choose a lesson of {lengths} minutes.", field="duration", code="wrong_duration")
    if modality is None:
        modality = offering.modalities[0]
    elif modality not in offering.modalities:
        ways = ", ".join(offering.modalities)
        raise Invalid(f"Choose one of: {ways}.", field="modality", code="wrong_modality")
    return openings.Lesson(offering, duration, modality, free)


def _span(
    low: datetime | date | None, high: datetime | date | None, *, tz: str, now: datetime
) -> tuple[datetime, datetime]:
    """The instants to look between; a date is the whole of that day where the instructor is."""
    first = low if isinstance(low, datetime) else clock.day_bounds(low, tz)[0] if low else now
    last = (
        high if isinstance(high, datetime) else clock.day_bounds(high, tz)[1] if high else first + USUAL_SPAN
    )
    if last <= first:
        raise Invalid("The end must be after the start.", field="to")
    if last - first > LONGEST_SPAN + DAY:
        raise Invalid(f"At most {LONGEST_SPAN.days} days at a time.", field="to")
    return first, last
