"""Changes of several weeks on the wire; a week itself is in ``serializers.py``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from instainstru.lib.fields import Body
from instructors.models import CalendarBlock
from instructors.serializers_hours import WindowAnswer, show_window
from instructors.services.weeks import MOST_WEEKS, Change


def show_changes(changes: Iterable[Change], outside: Iterable[CalendarBlock]) -> dict[str, Any]:
    """Dates whose windows become others, and lessons that then lie outside the hours."""
    return {
        "days": [
            {
                "date": change.date,
                "before": [show_window(window) for window in change.before],
                "after": [show_window(window) for window in change.after],
            }
            for change in changes
        ],
        "lessons_outside": [
            {"id": block.booking_id, "starts_at": block.period.lower, "ends_at": block.period.upper}
            for block in outside
        ],
    }


class CopyBody(Body):
    """The week to copy: any date of it."""

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField(input_formats=["%Y-%m-%d"]), **super().get_fields()}


class ApplyBody(Body):
    """How many of the weeks that follow get the same hours."""

    weeks = serializers.IntegerField(min_value=1, max_value=MOST_WEEKS)


class ChangedDay(serializers.Serializer[Any]):
    date = serializers.DateField()
    before = WindowAnswer(many=True)
    after = WindowAnswer(many=True)


class LessonOutside(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


@extend_schema_serializer(component_name="WeekChanges")
class ChangesAnswer(serializers.Serializer[Any]):
    """The dates whose windows become others, in order."""

    days = ChangedDay(many=True)
    lessons_outside = LessonOutside(
        many=True,
        help_text="Booked lessons on these dates that the new hours do not cover; they stay booked.",
    )
