"""More than one of an instructor's weeks in one request: copying a week, applying one to those that follow.

``GET`` says what it would change. ``POST`` does it and, like saving, wants ``If-Match``: the tag of the week
that is overwritten by a copy, or of the one that is applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from bookings.idempotent import idempotent
from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib import etags
from instainstru.lib.drf import answer, read
from instainstru.lib.errors import Invalid
from instainstru.lib.fields import Parameters
from instainstru.lib.openapi import IDEMPOTENCY_KEY, IF_MATCH, call, parameter
from instructors.api.hours import (
    DATE,
    NO_INSTRUCTOR,
    SAVING,
    ScheduleView,
    date_of,
    seen,
    show_week,
    stale,
)
from instructors.models import Instructor
from instructors.serializers_hours import WeekAnswer
from instructors.serializers_weeks import ApplyBody, ChangesAnswer, CopyBody, show_changes
from instructors.services import outside, profile, schedule, weeks

LOOKING = {**NO_INSTRUCTOR, 422: "A parameter at fault, or `skipped_time`."}


class WeeksView(ScheduleView):
    required_scopes = {"GET": Scope.HOURS_READ, "POST": Scope.HOURS_WRITE}


class CopyWeek(WeeksView):
    @call(
        "What copying another week into this one would change",
        tag="My hours",
        name="preview_copy_to_my_week",
        answers=ChangesAnswer,
        refusals=LOOKING,
        parameters=[DATE, parameter("from", "Any date of the week to copy.", date, required=True)],
    )
    def get(self, request: Request, day: str) -> HttpResponse:
        instructor = profile.schedule_owner(signed_in(request))
        wishes = Parameters(request.query_params, known=("from",))
        source = date_of(wishes.text("from"), field="from")
        wishes.check()
        _, changes = weeks.plan_copy(instructor, date_of(day), source=source)
        return answer(_told(instructor, changes))

    @call(
        "Copy another week into this one",
        tag="My hours",
        name="copy_to_my_week",
        body=CopyBody,
        answers=WeekAnswer,
        refusals=SAVING,
        parameters=[DATE, IF_MATCH, IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, day: str) -> HttpResponse:
        instructor = profile.schedule_owner(signed_in(request))
        at = date_of(day)
        source = read(CopyBody, request.data)["from"]
        try:
            week = weeks.copy(instructor, at, source=source, by=request.user, seen=seen(request))
        except schedule.Stale as error:
            raise _stale(error, instructor, at, {"from": source}) from error
        return answer(show_week(instructor, week), headers={"ETag": etags.tag(week.version)})


class ApplyWeek(WeeksView):
    @call(
        "What applying this week to those that follow would change",
        tag="My hours",
        name="preview_apply_my_week",
        answers=ChangesAnswer,
        refusals=LOOKING,
        parameters=[DATE, parameter("weeks", "To how many, 1–52.", int, required=True)],
    )
    def get(self, request: Request, day: str) -> HttpResponse:
        instructor = profile.schedule_owner(signed_in(request))
        wishes = Parameters(request.query_params, known=("weeks",))
        number = wishes.integer("weeks", high=weeks.MOST_WEEKS)
        wishes.check()
        if number is None:
            raise Invalid(f"Say to how many weeks, 1–{weeks.MOST_WEEKS}.", field="weeks")
        _, changes = weeks.plan_apply(instructor, date_of(day), weeks=number)
        return answer(_told(instructor, changes))

    @call(
        "Apply this week to those that follow",
        tag="My hours",
        name="apply_my_week",
        body=ApplyBody,
        answers=ChangesAnswer,
        refusals=SAVING,
        parameters=[DATE, IF_MATCH, IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, day: str) -> HttpResponse:
        instructor = profile.schedule_owner(signed_in(request))
        at = date_of(day)
        number = read(ApplyBody, request.data)["weeks"]
        try:
            changes = weeks.apply(instructor, at, weeks=number, by=request.user, seen=seen(request))
        except schedule.Stale as error:
            raise _stale(error, instructor, at, {"weeks": number}) from error
        return answer(_told(instructor, changes))


def _told(instructor: Instructor, changes: Sequence[weeks.Change]) -> dict[str, Any]:
    left = outside.of_dates(instructor, {change.date: change.after for change in changes})
    return show_changes(changes, left)


def _stale(error: Exception, instructor: Instructor, at: date, yours: dict[str, Any]) -> etags.Stale:
    week = weeks.week_at(instructor, at)
    return stale(error, etag=etags.tag(week.version), current=show_week(instructor, week), yours=yours)
