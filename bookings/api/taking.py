"""Taking time: holds, and booking them or straight away."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.fields import UUIDField
from rest_framework.request import Request

from bookings.idempotent import idempotent
from bookings.models import Booking, Party
from bookings.serializers import BookingAnswer, HoldBody, NothingBody, show
from bookings.services import access, alternatives, lifecycle, recheck
from bookings.services.wanted import SlotTaken, Wanted, wish
from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib import clock
from instainstru.lib.drf import ApiView, answer, read
from instainstru.lib.errors import Invalid, NotFound
from instainstru.lib.fields import IdField
from instainstru.lib.limits import SAFE
from instainstru.lib.openapi import IDEMPOTENCY_KEY, call
from instructors.serializers import show_offering
from instructors.services import catalogue

ABSENT = {404: "Absent, or not yours: the two are never told apart."}
TAKING = {
    409: "`slot_taken` with `alternatives`, `student_busy`, or `idempotency_in_progress`.",
    422: "A field at fault; or `outside_hours`, `too_soon`, `too_far`, `off_grid`, `wrong_duration`, "
    "`wrong_modality`, `own_offering`, `idempotency_key_reused`.",
}


class TakingView(ApiView):
    """An endpoint that may find the time taken, and then says what else there is."""

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        # Here the refused transaction is over: looking for alternatives holds no locks.
        if isinstance(exc, SlotTaken):
            exc.data["alternatives"] = show_alternatives(exc.wanted, now=clock.now())
        return super().handle_exception(exc)


def show_alternatives(wanted: Wanted, *, now: datetime) -> dict[str, Any]:
    """The instructor's nearest other times, and others who are free at that time."""
    found = alternatives.near(wanted, now=now)
    length = timedelta(minutes=wanted.duration_min)
    then = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
    return {
        "same_instructor": [
            {"starts_at": start, "ends_at": start + length} for start in found.same_instructor
        ],
        "others": [{"offering": show_offering(offering), **then} for offering in found.others],
    }


def wanted_of(fields: dict[str, Any]) -> Wanted:
    """What a body asks for; an unknown offering is the field's fault."""
    try:
        offering = catalogue.offered(fields["offering"])
    except NotFound as error:
        raise Invalid(error.message, field="offering") from error
    return wish(
        offering,
        starts_at=fields["starts_at"],
        duration_min=fields["duration_min"],
        modality=fields.get("modality"),
    )


def student_of(request: Request, fields: dict[str, Any]) -> Any:
    """Whom the caller books for."""
    try:
        return access.student_for(signed_in(request), fields.get("student"))
    except NotFound as error:
        raise Invalid(error.message, field="student") from error


def own_hold(request: Request, hold_id: UUID) -> Booking:
    """The caller's hold, or what became of it. The instructor may look at it, and nothing more."""
    met = access.booking_for(signed_in(request), hold_id)
    if met.party == Party.INSTRUCTOR and request.method not in SAFE:
        raise NotFound
    return met.booking


def look_again(request: Request) -> None:
    """A last look at the instructor's own calendars before a booking.

    It asks other hosts, so it comes before the transaction of the idempotency key. What is wrong with the
    request is left for the call itself to say.
    """
    fields = request.data if isinstance(request.data, dict) else {}
    with suppress(ValidationError, NotFound):
        if fields.get("hold"):
            hold_id = _HOLD.run_validation(fields["hold"])
            if recheck.concerns(hold_id):
                recheck.before_confirming(own_hold(request, hold_id))
        elif "offering" in fields:
            recheck.before_booking(_OFFERING.run_validation(fields["offering"]))


_HOLD, _OFFERING = UUIDField(), IdField()


class Holds(TakingView):
    required_scopes = {"POST": Scope.BOOKINGS_WRITE}

    @call(
        "Hold a time for some minutes",
        tag="Bookings",
        name="create_hold",
        body=HoldBody,
        answers=BookingAnswer,
        status=201,
        refusals=TAKING,
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        fields = read(HoldBody, request.data)
        booking = lifecycle.hold(
            wanted_of(fields),
            student=student_of(request, fields),
            by=request.user,
            note=fields.get("note", ""),
        )
        return answer(show(booking), status=201, headers={"Location": f"/api/v1/holds/{booking.pk}"})


class Hold(ApiView):
    required_scopes = {"GET": Scope.BOOKINGS_READ, "DELETE": Scope.BOOKINGS_WRITE}

    @call(
        "One hold, or what became of it",
        tag="Bookings",
        name="get_hold",
        answers=BookingAnswer,
        refusals=ABSENT,
    )
    def get(self, request: Request, hold_id: UUID) -> HttpResponse:
        return answer(show(own_hold(request, hold_id)))

    @call(
        "Give a hold up",
        tag="Bookings",
        name="release_hold",
        answers=None,
        status=204,
        says="It is given up, or was over already.",
        refusals={**ABSENT, 409: "It is no hold any more (`wrong_status`)."},
    )
    def delete(self, request: Request, hold_id: UUID) -> HttpResponse:
        lifecycle.release(own_hold(request, hold_id), by=request.user)
        return answer(None, status=204)


class ExtendHold(ApiView):
    required_scopes = {"POST": Scope.BOOKINGS_WRITE}

    @call(
        "Hold it for as long once more",
        tag="Bookings",
        name="extend_hold",
        body=NothingBody,
        answers=BookingAnswer,
        refusals={**ABSENT, 409: "`already_extended`, `hold_expired` or `wrong_status`."},
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request, hold_id: UUID) -> HttpResponse:
        read(NothingBody, request.data)
        return answer(show(lifecycle.extend(own_hold(request, hold_id), by=request.user)))
