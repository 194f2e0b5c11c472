"""The old editor's operations, for callers who still send them. Deprecated; the week replaces it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.utils.http import http_date
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, etags
from instainstru.lib.drf import ApiView, answer
from instainstru.lib.openapi import call
from instructors.legacy import bridge
from instructors.legacy.operations import ACTIONS, MOST_OPERATIONS, Outcome, read_request
from instructors.legacy.walls import ZONE
from instructors.services import profile, weeks

DEPRECATED_AT = datetime(2026, 12, 1, tzinfo=UTC)
SUNSET_AT = datetime(2027, 7, 1, tzinfo=UTC)
# RFC 9745 writes an instant as @ and seconds, RFC 8594 as HTTP does.
DEPRECATION_HEADERS = {
    "Deprecation": f"@{DEPRECATED_AT.timestamp():.0f}",
    "Sunset": http_date(SUNSET_AT.timestamp()),
}
WEEKS = "/api/v1/instructors/me/week"
NOTICE = (
    "These operations were turned into the weeks below. Read and write weeks instead: "
    f"GET and PUT {WEEKS}/{{date}}."
)


class OperationBody(serializers.Serializer[Any]):
    """``add`` needs date, start and end; ``update`` and ``remove`` the slot. Wall times of New York."""

    action = serializers.ChoiceField(ACTIONS)
    date = serializers.DateField(required=False, allow_null=True)
    start_time = serializers.CharField(required=False, allow_null=True, help_text="`HH:MM`.")
    end_time = serializers.CharField(required=False, allow_null=True, help_text="`HH:MM`.")
    slot_id = serializers.IntegerField(required=False, allow_null=True)


class OperationsBody(serializers.Serializer[Any]):
    operations = OperationBody(many=True, help_text=f"1–{MOST_OPERATIONS}, worked off in order.")
    validate_only = serializers.BooleanField(required=False, help_text="Answer, and keep nothing.")


class OperationAnswer(serializers.Serializer[Any]):
    operation_index = serializers.IntegerField()
    action = serializers.ChoiceField(ACTIONS)
    status = serializers.ChoiceField(("success", "failed", "skipped"))
    reason = serializers.CharField(required=False)
    slot_id = serializers.IntegerField(required=False, help_text="The slot that now holds the time.")


class SavedWeek(serializers.Serializer[Any]):
    week = serializers.DateField(help_text="Its Monday.")
    etag = serializers.CharField()
    address = serializers.CharField()


@extend_schema_serializer(component_name="OperationsDone")
class OperationsAnswer(serializers.Serializer[Any]):
    successful = serializers.IntegerField()
    failed = serializers.IntegerField()
    skipped = serializers.IntegerField(help_text="Always 0.")
    results = OperationAnswer(many=True)
    weeks = SavedWeek(many=True, help_text="What was saved: a state for each week that changed.")
    notice = serializers.CharField()


class Operations(ApiView):
    required_scopes = {"PATCH": Scope.HOURS_WRITE}

    @call(
        "The old editor's operations; the week replaces them",
        tag="My hours",
        name="patch_my_availability",
        body=OperationsBody,
        answers=OperationsAnswer,
        refusals={
            404: "The caller does not teach here.",
            409: "`other_zone`: the instructor does not live by New York's time.",
            422: "A field that cannot be read; nothing was done.",
        },
        deprecated=True,
    )
    def patch(self, request: Request) -> HttpResponse:
        instructor = profile.instructor_of(signed_in(request))
        asked = read_request(request.data)
        done = bridge.apply(instructor, asked, by=request.user)
        results = [
            _show(index, operation.action, outcome)
            for index, (operation, outcome) in enumerate(zip(asked.operations, done.outcomes, strict=True))
        ]
        successful = sum(outcome.ok for outcome in done.outcomes)
        return answer(
            {
                "successful": successful,
                "failed": len(results) - successful,
                "skipped": 0,
                "results": results,
                "weeks": [_show_week(week) for week in done.weeks],
                "notice": NOTICE,
            }
        )

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Refusals are told about the end as well."""
        for name, value in DEPRECATION_HEADERS.items():
            response[name] = value
        week = f"{WEEKS}/{clock.today(ZONE)}"
        response["Link"] = f'<{week}>; rel="successor-version", </api/v1/docs>; rel="deprecation"'
        return super().finalize_response(request, response, *args, **kwargs)


def _show(index: int, action: str, outcome: Outcome) -> dict[str, Any]:
    shown: dict[str, Any] = {"operation_index": index, "action": action, "status": outcome.status}
    if outcome.reason:
        shown["reason"] = outcome.reason
    if outcome.slot_id:
        shown["slot_id"] = outcome.slot_id
    return shown


def _show_week(week: weeks.Week) -> dict[str, Any]:
    monday = week.days[0].date
    return {
        "week": monday,
        "etag": etags.tag(week.version),
        "address": f"{WEEKS}/{monday}",
    }
