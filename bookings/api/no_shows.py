"""A reported no-show: how it stands, and the answer of who is said not to have come."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from bookings.api.taking import ABSENT
from bookings.idempotent import idempotent
from bookings.models import NoShowReport
from bookings.serializers import DisputeBody, NoShowReportAnswer, NothingBody, show_report
from bookings.services import access, no_shows
from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib.drf import ApiView, answer, read
from instainstru.lib.errors import NotFound
from instainstru.lib.openapi import IDEMPOTENCY_KEY, call

ANSWERING = {
    **ABSENT,
    409: "It was answered or upheld meanwhile (`already_answered`), or the time for it is over (`too_late`).",
}


def _met(request: Request, booking_id: UUID) -> tuple[access.Access, NoShowReport]:
    met = access.booking_for(signed_in(request), booking_id)
    report = no_shows.report_of(met.booking)
    if report is None:
        raise NotFound
    return met, report


class AgreeNoShow(ApiView):
    required_scopes = {"POST": Scope.BOOKINGS_WRITE}

    @call(
        "Agree that one did not come",
        tag="Bookings",
        name="agree_no_show",
        body=NothingBody,
        answers=NoShowReportAnswer,
        refusals=ANSWERING,
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID) -> HttpResponse:
        read(NothingBody, request.data)
        met, report = _met(request, booking_id)
        return answer(show_report(no_shows.agree(report, by=request.user, party=met.party)))


class DisputeNoShow(ApiView):
    required_scopes = {"POST": Scope.BOOKINGS_WRITE}

    @call(
        "Say that it was otherwise; staff decide",
        tag="Bookings",
        name="dispute_no_show",
        body=DisputeBody,
        answers=NoShowReportAnswer,
        refusals={**ANSWERING, 422: "A field at fault."},
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID) -> HttpResponse:
        fields = read(DisputeBody, request.data)
        met, report = _met(request, booking_id)
        done = no_shows.dispute(report, by=request.user, party=met.party, text=fields["text"])
        return answer(show_report(done))
