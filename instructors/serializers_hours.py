"""Hours as the API reads and shows them: windows, weekly patterns, weeks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from instainstru.lib.errors import Invalid
from instainstru.lib.fields import Body, Unreadable, read_date, refuse_unknown
from instructors.services import schedule
from instructors.services.schedule import Window


def show_window(window: Window) -> dict[str, str]:
    """``{"from": "09:00", "to": "17:00"}``; midnight at the end is ``24:00``."""
    low, high = window
    return {"from": schedule.show_minute(low), "to": schedule.show_minute(high)}


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SOURCES = ("pattern", "date")
LISTED = ("lessons", "time_off")
_WALL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


@extend_schema_field({"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", "example": "09:00"})
class WallField(serializers.Field[Any, Any, Any, Any]):
    """A wall time; ``24:00`` is the midnight that ends the day."""


class WindowBody(Body):
    """Half-open: ``to`` is the first minute that is closed again."""

    to = WallField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": WallField(), **super().get_fields()}


def read_windows(data: Any) -> list[Window]:
    """A day's windows as minutes, in order.

    Read by hand: a week holds dozens of times, for each of which a serializer would take longer than the
    database for the week. A list that no day has room for is refused before it is looked at.
    """
    if not isinstance(data, list):
        raise serializers.ValidationError("Send a list of windows.")
    if len(data) > schedule.MOST_WINDOWS_A_DAY:
        raise serializers.ValidationError(f"A day has room for {schedule.MOST_WINDOWS_A_DAY} windows.")
    wrong: dict[str, Any] = {}
    windows = [_window(one, str(number), wrong) for number, one in enumerate(data)]
    if wrong:
        raise serializers.ValidationError(wrong)
    try:
        return schedule.check_windows(windows, field="windows")
    except Invalid as error:
        raise serializers.ValidationError(error.message) from error


def _window(data: Any, number: str, wrong: dict[str, Any]) -> Window:
    """The window; what is wrong with it is put under its number."""
    if not isinstance(data, dict):
        wrong[number] = {"non_field_errors": ["Send an object with from and to."]}
        return 0, 0
    refuse_unknown(data, ("from", "to"))
    edges = []
    for name in ("from", "to"):
        text = data.get(name)
        if isinstance(text, str) and _WALL.fullmatch(text):
            edges.append(int(text[:2]) * 60 + int(text[3:]))
            continue
        says = "Write a time like 09:00, up to 24:00." if name in data else "This field is required."
        wrong.setdefault(number, {})[name] = [says]
        edges.append(0)
    return edges[0], edges[1]


# How days look in the API's documents; they are read by ``_read_days``.


class OpenBody(Body):
    """The windows in which an instructor teaches."""

    windows = WindowBody(many=True)


class WeekdayBody(OpenBody):
    weekday = serializers.ChoiceField(WEEKDAYS)


class DateBody(OpenBody):
    date = serializers.DateField()
    closed = serializers.BooleanField(required=False, help_text="As ``windows`` being empty.")
    source = serializers.ChoiceField(SOURCES, required=False, help_text="Ignored.")  # type: ignore[assignment]
    lessons = serializers.ListField(required=False, help_text="Ignored.")
    time_off = serializers.ListField(required=False, help_text="Ignored.")


EVERY_WEEKDAY = "Send every weekday, monday to sunday, once."
EVERY_DATE = "Send the seven dates of the week, each once."


def _read_days(
    data: Any, name: str, read_name: Callable[[Any], Any], *, says: str, let_pass: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """Days with their windows, read by hand for the same reason: what is under ``name`` tells which it is.

    ``let_pass`` is what else ``GET`` answered of a day. More than seven are refused with what ``says``.
    """
    if not isinstance(data, list):
        raise serializers.ValidationError("Send a list of days.")
    if len(data) > len(WEEKDAYS):
        raise serializers.ValidationError(says)
    wrong: dict[str, Any] = {}
    days = []
    for number, one in enumerate(data):
        if isinstance(one, dict):
            refuse_unknown(one, (name, "windows", *let_pass))
            day, refused = _read_day(one, {name: read_name, "windows": read_windows})
        else:
            day, refused = {}, {"non_field_errors": [f"Send an object with {name} and windows."]}
        days.append(day)
        if refused:
            wrong[str(number)] = refused
    if wrong:
        raise serializers.ValidationError(wrong)
    return days


def _read_day(
    data: dict[str, Any], fields: dict[str, Callable[[Any], Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The day, and what is wrong with it by field."""
    day: dict[str, Any] = {}
    wrong: dict[str, Any] = {}
    for field, read in fields.items():
        try:
            if field not in data:
                raise serializers.ValidationError("This field is required.")
            day[field] = read(data[field])
        except serializers.ValidationError as error:
            wrong[field] = error.detail
    if "closed" in data and not isinstance(data["closed"], bool):
        wrong["closed"] = ["Write true or false."]
    elif "closed" in data and "windows" in day and data["closed"] == bool(day["windows"]):
        wrong["closed"] = ["A closed date has no windows; an open one has some."]
    if data.get("source", SOURCES[0]) not in SOURCES:
        wrong["source"] = [f"Choose one of: {', '.join(SOURCES)}."]
    wrong |= {name: ["Send a list."] for name in LISTED if not isinstance(data.get(name, []), list)}
    return day, wrong


def _weekday(data: Any) -> str:
    if data not in WEEKDAYS:
        raise serializers.ValidationError(f"Choose one of: {', '.join(WEEKDAYS)}.")
    return str(data)


def _date(data: Any) -> date:
    try:
        return read_date(data)
    except Unreadable as error:
        raise serializers.ValidationError(str(error)) from None


@extend_schema_field(WeekdayBody(many=True))
class WeekdaysField(serializers.Field[Any, Any, Any, Any]):
    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        return _read_days(data, "weekday", _weekday, says=EVERY_WEEKDAY)


@extend_schema_field(DateBody(many=True))
class DatesField(serializers.Field[Any, Any, Any, Any]):
    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        return _read_days(data, "date", _date, says=EVERY_DATE, let_pass=("closed", "source", *LISTED))


class HoursBody(Body):
    """The whole weekly pattern: every weekday once. What ``GET`` answered may be sent back changed."""

    days = WeekdaysField()
    time_zone = serializers.CharField(required=False, help_text="Ignored; it is set in the profile.")

    def validate_days(self, days: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if sorted(day["weekday"] for day in days) != sorted(WEEKDAYS):
            raise serializers.ValidationError(EVERY_WEEKDAY)
        return days


class WeekBody(Body):
    """The seven dates of the week. What ``GET`` answered may be sent back changed."""

    days = DatesField()
    week = serializers.DateField(required=False, help_text="Ignored; the address says it.")
    time_zone = serializers.CharField(required=False, help_text="Ignored; it is set in the profile.")


@extend_schema_serializer(component_name="Window")
class WindowAnswer(serializers.Serializer[Any]):
    """Half-open wall times of the instructor: ``to`` is the first minute that is closed again."""

    to = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField(), **super().get_fields()}


@extend_schema_serializer(component_name="Weekday")
class WeekdayAnswer(serializers.Serializer[Any]):
    weekday = serializers.ChoiceField(WEEKDAYS)
    windows = WindowAnswer(many=True)


@extend_schema_serializer(component_name="Hours")
class HoursAnswer(serializers.Serializer[Any]):
    """The weekly pattern, monday to sunday."""

    time_zone = serializers.CharField()
    days = WeekdayAnswer(many=True)


class LessonInWeek(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class AwayAnswer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="`time_off` or `external`.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    label = serializers.CharField()  # type: ignore[assignment]


@extend_schema_serializer(component_name="Day")
class DayAnswer(serializers.Serializer[Any]):
    date = serializers.DateField()
    closed = serializers.BooleanField()
    windows = WindowAnswer(many=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        SOURCES, help_text="Whether the date has hours of its own."
    )
    lessons = LessonInWeek(many=True)
    time_off = AwayAnswer(many=True)


@extend_schema_serializer(component_name="Week")
class WeekAnswer(serializers.Serializer[Any]):
    """Seven dates, and what already stands in them."""

    week = serializers.DateField(help_text="Its Monday.")
    time_zone = serializers.CharField()
    days = DayAnswer(many=True)
