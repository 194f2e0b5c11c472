"""What may follow: cancelling, moving, completing, reporting; and what the first two would mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from bookings import terms
from bookings.api.taking import ABSENT, TAKING, TakingView
from bookings.idempotent import idempotent
from bookings.models import Booking, Party, Status
from bookings.serializers import (
    BookingAnswer,
    CancelBody,
    CancellationAnswer,
    MoveAnswer,
    MoveRequestAnswer,
    NoShowBody,
    NoShowReportAnswer,
    NothingBody,
    RescheduleBody,
    show,
    show_report,
    show_request,
)
from bookings.services import access, consent, grace, lifecycle, no_shows, policies, pricing, recheck
from bookings.services.payments import plan
from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib import clock
from instainstru.lib.drf import ApiView, answer, read
from instainstru.lib.errors import NotFound
from instainstru.lib.openapi import IDEMPOTENCY_KEY, call

CHANGING = {
    **ABSENT,
    409: "It is not that any more (`wrong_status`), or has begun (`already_started`).",
    422: "A field at fault.",
}


class ChangeView(TakingView):
    """An endpoint that changes one lesson, and with GET says what that would mean."""

    required_scopes = {"GET": Scope.BOOKINGS_READ, "POST": Scope.BOOKINGS_WRITE}


class Cancel(ChangeView):
    @call(
        "What cancelling now would mean",
        tag="Bookings",
        name="preview_cancellation",
        answers=CancellationAnswer,
        refusals=ABSENT,
    )
    def get(self, request: Request, booking_id: UUID) -> HttpResponse:
        met = access.booking_for(signed_in(request), booking_id)
        return answer(show_cancellation(met, zone=signed_in(request).time_zone, now=clock.now()))

    @call(
        "Cancel a lesson",
        tag="Bookings",
        name="cancel_booking",
        body=CancelBody,
        answers=BookingAnswer,
        refusals=CHANGING,
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID) -> HttpResponse:
        fields = read(CancelBody, request.data)
        met = access.booking_for(signed_in(request), booking_id)
        booking = lifecycle.cancel(
            met.booking, by=request.user, party=met.party, reason=fields.get("reason", "")
        )
        return answer(show(booking))


class Reschedule(ChangeView):
    @call(
        "On which terms a lesson could be moved now",
        tag="Bookings",
        name="preview_reschedule",
        answers=MoveAnswer,
        refusals=ABSENT,
    )
    def get(self, request: Request, booking_id: UUID) -> HttpResponse:
        met = access.booking_for(signed_in(request), booking_id)
        return answer(show_move(met, zone=signed_in(request).time_zone, now=clock.now()))

    @call(
        "Move a lesson",
        tag="Bookings",
        name="reschedule_booking",
        body=RescheduleBody,
        answers=BookingAnswer,
        also={202: MoveRequestAnswer},
        refusals={
            **ABSENT,
            409: f"{CHANGING[409]} Also `needs_consent` (then `ask`), `moved_already`; "
            "`slot_taken` with `alternatives`.",
            422: TAKING[422],
        },
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, booking_id: UUID) -> HttpResponse:
        # It asks other hosts, so it comes before the transaction of the idempotency key.
        met = access.booking_for(signed_in(request), booking_id)
        recheck.before_booking(met.booking.offering_id)
        return self._move(request, booking_id)

    @idempotent
    def _move(self, request: Request, booking_id: UUID) -> HttpResponse:
        fields = read(RescheduleBody, request.data)
        met = access.booking_for(signed_in(request), booking_id)
        if fields.get("ask") and _needs_consent(met, now=clock.now()):
            asked = consent.ask(
                met.booking,
                starts_at=fields["starts_at"],
                by=request.user,
                party=met.party,
                reason=fields.get("reason", ""),
            )
            return answer(show_request(asked), status=202)
        booking = lifecycle.reschedule(
            met.booking,
            starts_at=fields["starts_at"],
            by=request.user,
            party=met.party,
            reason=fields.get("reason", ""),
        )
        return answer(show(booking))


class Complete(ApiView):
    required_scopes = {"POST": Scope.BOOKINGS_WRITE}

    @call(
        "Say that a lesson was given (instructor)",
        tag="Bookings",
        name="complete_booking",
        body=NothingBody,
        answers=BookingAnswer,
        refusals={**ABSENT, 409: "`wrong_status`, or `too_early` with `possible_from`."},
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID) -> HttpResponse:
        read(NothingBody, request.data)
        met = access.booking_for(signed_in(request), booking_id)
        return answer(show(lifecycle.complete(met.booking, by=request.user, party=met.party)))


class NoShow(ApiView):
    required_scopes = {"GET": Scope.BOOKINGS_READ, "POST": Scope.BOOKINGS_WRITE}

    @call(
        "How a reported no-show stands",
        tag="Bookings",
        name="show_no_show",
        answers=NoShowReportAnswer,
        refusals=ABSENT,
    )
    def get(self, request: Request, booking_id: UUID) -> HttpResponse:
        report = no_shows.report_of(access.booking_for(signed_in(request), booking_id).booking)
        if report is None:
            raise NotFound
        return answer(show_report(report))

    @call(
        "Say that the other side did not come",
        tag="Bookings",
        name="report_no_show",
        body=NoShowBody,
        answers=BookingAnswer,
        refusals={**CHANGING, 409: "`wrong_status`; `too_early` or `too_late` with when it is possible."},
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, booking_id: UUID) -> HttpResponse:
        fields = read(NoShowBody, request.data)
        met = access.booking_for(signed_in(request), booking_id)
        absent = Party(fields["absent"]) if fields.get("absent") else None
        booking = lifecycle.report_no_show(met.booking, by=request.user, party=met.party, absent=absent)
        return answer(show(booking))


def _needs_consent(met: access.Access, *, now: datetime) -> bool:
    return policies.reschedule(met.booking, party=met.party, now=now).move == policies.Move.CONSENT


def _may_change(booking: Booking, party: Party, *, now: datetime) -> bool:
    return booking.status == Status.CONFIRMED and (party == Party.STAFF or now < booking.starts_at)


def show_cancellation(met: access.Access, *, zone: str, now: datetime) -> dict[str, Any]:
    """What cancelling now would mean: amounts in minor units, deadlines, and a sentence in ``zone``."""
    booking = met.booking
    found = grace.cancellation(booking, party=met.party, now=now)
    quoted = plan.bill_of(booking)
    # What becomes of the price alone; the fee comes back whole or not at all.
    settled = pricing.settle(replace(quoted, fee=0, commission=0), found.tier)
    outcome = terms.cancelling(booking, party=met.party, zone=zone, now=now)["outcome"]
    return {
        "allowed": _may_change(booking, met.party, now=now),
        "tier": found.tier,
        "refund": settled.refund,
        "credit": settled.credit + settled.credit_back + settled.package_back,
        "to_instructor": settled.to_instructor,
        "fee_refund": pricing.settle(quoted, found.tier).refund - settled.refund,
        "currency": booking.currency,
        "free_until": found.free_until,
        "next_change_at": found.next_change_at,
        "time_zone": booking.time_zone,
        "summary": _sentence(outcome),
    }


def show_move(met: access.Access, *, zone: str, now: datetime) -> dict[str, Any]:
    """On which terms the lesson could be moved now."""
    booking = met.booking
    found = policies.reschedule(booking, party=met.party, now=now)
    return {
        "allowed": found.allowed and _may_change(booking, met.party, now=now),
        "terms": found.move,
        "free_until": found.free_until,
        "time_zone": booking.time_zone,
        "summary": _sentence(terms.moving(booking, party=met.party, zone=zone, now=now)),
    }


def _sentence(outcome: dict[str, Any]) -> str:
    return " ".join(filter(None, [f"{outcome['title']}.", outcome["sentence"], outcome["deadline"]]))
