"""An instructor's own hours: the weekly pattern, and one week as it will be.

Both are read with an ``ETag`` and written with ``If-Match``, so that nobody saves over what they have
not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from bookings.services import access
from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, etags
from instainstru.lib.drf import ApiView, answer, read
from instainstru.lib.errors import Invalid
from instainstru.lib.fields import Unreadable, read_date
from instainstru.lib.openapi import IF_MATCH, call
from instructors.models import Instructor
from instructors.serializers_hours import (
    WEEKDAYS,
    HoursAnswer,
    HoursBody,
    WeekAnswer,
    WeekBody,
    show_window,
)
from instructors.services import profile, schedule, weeks
from instructors.services.schedule import Window

UNCHANGED = {304: "As `If-None-Match` says it was."}
NO_INSTRUCTOR = {404: "The caller does not teach here."}
SAVING = {
    **NO_INSTRUCTOR,
    412: "It was changed meanwhile (`stale`): `current` is what it is, `yours` what was sent.",
    422: "A field at fault, or `skipped_time`: daylight saving jumps over it.",
    428: "Send `If-Match`.",
}
DATE = OpenApiParameter(
    "day", OpenApiTypes.DATE, OpenApiParameter.PATH, description="Any date of the week, Monday to Sunday."
)


class ScheduleView(ApiView):
    """Of the caller's own schedule, which is read with the key."""

    keys = profile.OWNERS_KEYS


class HoursView(ScheduleView):
    required_scopes = {"GET": Scope.HOURS_READ, "PUT": Scope.HOURS_WRITE}


class Hours(HoursView):
    @call(
        "My weekly pattern, with an ETag",
        tag="My hours",
        name="get_my_hours",
        answers=HoursAnswer,
        refusals={**UNCHANGED, **NO_INSTRUCTOR},
    )
    def get(self, request: Request) -> HttpResponse:
        instructor = profile.schedule_owner(signed_in(request))
        week = schedule.week_of(instructor)
        return etags.tagged(
            request, answer(show_hours(instructor, week)), etag=etags.tag(schedule.version_of(week))
        )

    @call(
        "Replace my weekly pattern",
        tag="My hours",
        name="put_my_hours",
        body=HoursBody,
        answers=HoursAnswer,
        refusals=SAVING,
        parameters=[IF_MATCH],
    )
    def put(self, request: Request) -> HttpResponse:
        instructor = profile.schedule_owner(signed_in(request))
        days = read(HoursBody, request.data)["days"]
        wished = {WEEKDAYS.index(day["weekday"]): day["windows"] for day in days}
        try:
            version = schedule.version_of(schedule.week_of(instructor))
            etags.require_match(request, etag=etags.tag(version))
            schedule.set_week(instructor, wished, by=request.user, seen=version)
        except (etags.Stale, schedule.Stale) as error:
            week = schedule.week_of(instructor)
            raise stale(
                error,
                etag=etags.tag(schedule.version_of(week)),
                current=show_hours(instructor, week),
                yours=show_hours(instructor, wished),
            ) from error
        week = schedule.week_of(instructor)
        return answer(show_hours(instructor, week), headers={"ETag": etags.tag(schedule.version_of(week))})


class Week(HoursView):
    @call(
        "The week of a date, with an ETag",
        tag="My hours",
        name="get_my_week",
        answers=WeekAnswer,
        refusals={**UNCHANGED, **NO_INSTRUCTOR, 422: "A field at fault."},
        parameters=[DATE],
    )
    def get(self, request: Request, day: str) -> HttpResponse:
        instructor = profile.schedule_owner(signed_in(request))
        week = weeks.week_at(instructor, date_of(day))
        return etags.tagged(request, answer(show_week(instructor, week)), etag=etags.tag(week.version))

    @call(
        "Say what is open in the week of a date",
        tag="My hours",
        name="put_my_week",
        body=WeekBody,
        answers=WeekAnswer,
        refusals=SAVING,
        parameters=[DATE, IF_MATCH],
    )
    def put(self, request: Request, day: str) -> HttpResponse:
        instructor = profile.schedule_owner(signed_in(request))
        at = date_of(day)
        wished = _by_date(read(WeekBody, request.data)["days"], at)
        try:
            week = weeks.save(instructor, at, wished, by=request.user, seen=seen(request))
        except schedule.Stale as error:
            week = weeks.week_at(instructor, at)
            raise stale(
                error,
                etag=etags.tag(week.version),
                current=show_week(instructor, week),
                yours={"days": [_show_day(*item) for item in sorted(wished.items())]},
            ) from error
        return answer(show_week(instructor, week), headers={"ETag": etags.tag(week.version)})


def seen(request: Request) -> Callable[[str], bool]:
    """Whether a version of a week is the one that ``If-Match`` names."""
    matches = etags.matching(request)
    return lambda version: matches(etags.tag(version))


def stale(error: Exception, *, etag: str, current: Any, yours: Any) -> etags.Stale:
    refusal = etags.Stale(
        "It was changed meanwhile. Nothing was saved; below is both what it is now and what you sent.",
        data={"etag": etag, "current": current, "yours": yours},
    )
    refusal.headers["ETag"] = etag
    return refusal


def date_of(text: str | None, *, field: str = "date") -> date:
    """The date, or a refusal of that field."""
    try:
        return read_date(text)
    except Unreadable as error:
        raise Invalid(str(error), field=field) from None


def _by_date(days: list[dict[str, Any]], at: date) -> dict[date, list[Window]]:
    """The body's days, which must be the seven of that week, each once."""
    week = [weeks.monday_of(at) + number * weeks.DAY for number in range(7)]
    if sorted(day["date"] for day in days) != week:
        raise Invalid(f"Send the seven dates {week[0]} to {week[-1]}, each once.", field="days")
    return {day["date"]: day["windows"] for day in days}


def show_hours(instructor: Instructor, week: Mapping[int, list[Window]]) -> dict[str, Any]:
    """The weekly pattern, in wall time of the instructor's zone."""
    days = [
        {"weekday": name, "windows": [show_window(window) for window in week.get(number, ())]}
        for number, name in enumerate(WEEKDAYS)
    ]
    return {"time_zone": instructor.time_zone, "days": days}


def show_week(instructor: Instructor, week: weeks.Week) -> dict[str, Any]:
    """The week with what already stands in it."""
    tz = instructor.time_zone
    first, last = week.days[0].date, week.days[-1].date
    low, high = clock.day_bounds(first, tz)[0], clock.day_bounds(last, tz)[1]
    lessons: dict[date, list[dict[str, Any]]] = {}
    away: list[dict[str, Any]] = []
    for one in access.standing(instructor, low=low, high=high):
        if one.id is None:
            away.append(_show(one, "kind", "starts_at", "ends_at", "label"))
        else:
            at = clock.local(one.starts_at, tz).date()
            lessons.setdefault(at, []).append(_show(one, "id", "status", "starts_at", "ends_at"))
    days = []
    for day in week.days:
        begin, end = clock.day_bounds(day.date, tz)
        days.append(
            {
                **_show_day(day.date, day.windows),
                "source": "date" if day.differs else "pattern",
                "lessons": lessons.get(day.date, []),
                "time_off": [one for one in away if one["starts_at"] < end and one["ends_at"] > begin],
            }
        )
    return {"week": first, "time_zone": tz, "days": days}


def _show(one: access.Standing, *names: str) -> dict[str, Any]:
    return {name: getattr(one, name) for name in names}


def _show_day(at: date, windows: list[Window]) -> dict[str, Any]:
    return {"date": at, "closed": not windows, "windows": [show_window(window) for window in windows]}
