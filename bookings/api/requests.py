"""Requests to move a lesson late: asking the other side, answering, taking back."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from bookings.api.taking import ABSENT, TAKING, TakingView
from bookings.idempotent import idempotent
from bookings.models import MoveRequest
from bookings.serializers import (
    AskBody,
    BookingAnswer,
    MoveRequestAnswer,
    NothingBody,
    ReasonBody,
    show,
    show_request,
)
from bookings.services import access, consent
from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib.drf import ApiView, answer, read
from instainstru.lib.fields import Parameters
from instainstru.lib.openapi import IDEMPOTENCY_KEY, PAGING, call, page_of
from instainstru.lib.paging import page

ANSWERING = {
    **ABSENT,
    409: "It was answered (`already_answered`), has lapsed (`request_lapsed`), or the lesson is not to come "
    "any more (`wrong_status`, `already_started`).",
}


def _met(request: Request, booking_id: UUID, request_id: UUID) -> tuple[access.Access, MoveRequest]:
    met = access.booking_for(signed_in(request), booking_id)
    return met, consent.request_of(met.booking, request_id)


class MoveRequests(TakingView):
    required_scopes = {"GET": Scope.BOOKINGS_READ, "POST": Scope.BOOKINGS_WRITE}

    @call(
        "Requests to move a lesson, the newest first",
        tag="Bookings",
        name="list_move_requests",
        answers=page_of(MoveRequestAnswer, "MoveRequestPage"),
        refusals=ABSENT,
        parameters=PAGING,
    )
    def get(self, request: Request, booking_id: UUID) -> HttpResponse:
        Parameters(request.GET, known=("cursor", "limit")).check()
        booking = access.booking_for(signed_in(request), booking_id).booking
        rows = MoveRequest.objects.filter(booking=booking)
        return answer(page(rows, request=request, order=["-id"]).as_json(show_request))

    @call(
        "Ask the other side to move a lesson",
        tag="Bookings",
        name="ask_to_move",
        body=AskBody,
        answers=MoveRequestAnswer,
        status=201,
        refusals={
            **ABSENT,
            409: "`no_consent_needed`: move it; `already_asked`, `moved_already`, `wrong_status`, "
            "`already_started`; `slot_taken` with `alternatives`.",
            422: TAKING[422],
        },
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID) -> HttpResponse:
        fields = read(AskBody, request.data)
        met = access.booking_for(signed_in(request), booking_id)
        asked = consent.ask(
            met.booking,
            starts_at=fields["starts_at"],
            by=request.user,
            party=met.party,
            reason=fields.get("reason", ""),
        )
        return answer(show_request(asked), status=201)


class AcceptMove(TakingView):
    required_scopes = {"POST": Scope.BOOKINGS_WRITE}

    @call(
        "Agree to move a lesson",
        tag="Bookings",
        name="accept_move",
        body=NothingBody,
        answers=BookingAnswer,
        refusals={
            **ANSWERING,
            409: f"{ANSWERING[409]} `slot_taken` with `alternatives`: the time was not held.",
            422: "The time cannot be had any more: `outside_hours`, `too_soon` …",
        },
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID, request_id: UUID) -> HttpResponse:
        read(NothingBody, request.data)
        met, asked = _met(request, booking_id, request_id)
        return answer(show(consent.accept(asked, by=request.user, party=met.party)))


class DeclineMove(ApiView):
    required_scopes = {"POST": Scope.BOOKINGS_WRITE}

    @call(
        "Decline to move a lesson",
        tag="Bookings",
        name="decline_move",
        body=ReasonBody,
        answers=MoveRequestAnswer,
        refusals=ANSWERING,
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID, request_id: UUID) -> HttpResponse:
        fields = read(ReasonBody, request.data)
        met, asked = _met(request, booking_id, request_id)
        done = consent.decline(asked, by=request.user, party=met.party, reason=fields.get("reason", ""))
        return answer(show_request(done))


class OneMoveRequest(ApiView):
    required_scopes = {"DELETE": Scope.BOOKINGS_WRITE}

    @call(
        "Take one's own request back",
        tag="Bookings",
        name="withdraw_move_request",
        answers=None,
        status=204,
        says="It is withdrawn.",
        refusals={**ABSENT, 409: "`already_answered`."},
    )
    def delete(self, request: Request, booking_id: UUID, request_id: UUID) -> HttpResponse:
        met, asked = _met(request, booking_id, request_id)
        consent.withdraw(asked, by=request.user, party=met.party)
        return answer(None, status=204)
