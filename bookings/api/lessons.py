"""Booking, and reading what is booked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from bookings.api.taking import ABSENT, TAKING, TakingView, look_again, own_hold, student_of, wanted_of
from bookings.idempotent import idempotent
from bookings.models import Status
from bookings.serializers import BookingAnswer, BookingBody, EventAnswer, show, show_event
from bookings.services import access, history, ics, lifecycle, override
from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib import clock
from instainstru.lib.drf import ApiView, answer, read
from instainstru.lib.errors import Invalid, NotFound
from instainstru.lib.fields import Parameters
from instainstru.lib.openapi import IDEMPOTENCY_KEY, PAGING, call, page_of, parameter
from instainstru.lib.paging import page


class Bookings(TakingView):
    required_scopes = {"GET": Scope.BOOKINGS_READ, "POST": Scope.BOOKINGS_WRITE}

    @call(
        "Lessons of mine, of the students I bring, and those I give; the newest first",
        tag="Bookings",
        name="list_bookings",
        answers=page_of(BookingAnswer, "BookingPage"),
        refusals={422: "A parameter at fault."},
        parameters=[
            parameter("status", "Some of: " + ", ".join(Status.values) + ". By default all but holds."),
            parameter("from", "Starts at or after this instant.", OpenApiTypes.DATETIME),
            parameter("to", "Starts before this instant.", OpenApiTypes.DATETIME),
            *PAGING,
        ],
    )
    def get(self, request: Request) -> HttpResponse:
        wishes = Parameters(request.GET, known=("status", "from", "to", "cursor", "limit"))
        statuses = wishes.choices("status", Status.values)
        low, high = wishes.instant("from"), wishes.instant("to")
        wishes.check()
        rows = access.visible_to(signed_in(request))
        if statuses:
            rows = rows.filter(status__in=statuses)
        else:
            rows = rows.exclude(status__in=access.NOT_LESSONS)
        if low:
            rows = rows.filter(starts_at__gte=low)
        if high:
            rows = rows.filter(starts_at__lt=high)
        return answer(page(rows, request=request, order=["-id"]).as_json(show))

    @call(
        "Book: a hold, or a time straight away",
        tag="Bookings",
        name="create_booking",
        body=BookingBody,
        answers=BookingAnswer,
        status=201,
        refusals={
            **TAKING,
            403: "The key lacks the scope; or `hosts_only`: `override` is for the instructor and for staff.",
            409: TAKING[409] + " For holds also `hold_expired`, `wrong_status` and `payment_under_way`.",
            422: TAKING[422] + " With `override` also `already_past`, `crosses_midnight`.",
        },
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> HttpResponse:
        look_again(request)
        return self._book(request)

    @idempotent
    def _book(self, request: Request) -> HttpResponse:
        fields = read(BookingBody, request.data)
        if fields.get("hold"):
            booking = lifecycle.confirm(
                _named_hold(request, fields["hold"]), by=request.user, note=fields.get("note")
            )
        elif fields.get("override"):
            booking = _over_the_rules(request, fields)
        else:
            booking = lifecycle.book(
                wanted_of(fields),
                student=student_of(request, fields),
                by=request.user,
                note=fields.get("note", ""),
            )
        return answer(show(booking), status=201, headers={"Location": f"/api/v1/bookings/{booking.pk}"})


def _over_the_rules(request: Request, fields: dict[str, Any]) -> Any:
    """The lesson that a host books for a student."""
    user, wanted, wish = signed_in(request), wanted_of(fields), fields["override"]
    party = override.host_of(user, wanted.instructor)
    try:
        student = override.student_for(
            wanted.instructor, party=party, student_id=fields.get("student"), email=wish.get("email")
        )
    except NotFound as error:
        raise Invalid(error.message, field="email" if wish.get("email") else "student") from error
    return override.book(
        wanted, student=student, by=user, party=party, reason=wish["reason"], note=fields.get("note", "")
    )


def _named_hold(request: Request, hold_id: UUID) -> Any:
    try:
        return own_hold(request, hold_id)
    except NotFound as error:
        raise Invalid("There is no such hold of yours.", field="hold") from error


class Booking(ApiView):
    required_scopes = {"GET": Scope.BOOKINGS_READ}

    @call("One booking", tag="Bookings", name="get_booking", answers=BookingAnswer, refusals=ABSENT)
    def get(self, request: Request, booking_id: UUID) -> HttpResponse:
        return answer(show(access.booking_for(signed_in(request), booking_id).booking))


class BookingEvents(ApiView):
    required_scopes = {"GET": Scope.BOOKINGS_READ}

    @call(
        "What happened to a booking, first to last",
        tag="Bookings",
        name="list_booking_events",
        answers=page_of(EventAnswer, "EventPage"),
        refusals=ABSENT,
        parameters=PAGING,
    )
    def get(self, request: Request, booking_id: UUID) -> HttpResponse:
        booking = access.booking_for(signed_in(request), booking_id).booking
        return answer(
            page(history.events_of(booking), request=request, order=["version"]).as_json(
                lambda event: show_event(event, booking)
            )
        )


class BookingCalendarFile(ApiView):
    required_scopes = {"GET": Scope.BOOKINGS_READ}

    @call(
        "A booking as a calendar file",
        tag="Bookings",
        name="get_booking_calendar_file",
        answers=OpenApiTypes.STR,
        kind="text/calendar",
        refusals=ABSENT,
    )
    def get(self, request: Request, booking_id: UUID) -> HttpResponse:
        met = access.booking_for(signed_in(request), booking_id)
        url = request.build_absolute_uri(reverse("bookings:lesson", args=[booking_id]))
        text = ics.calendar_file(
            met.booking, party=met.party, method=ics.Method.PUBLISH, url=url, now=clock.now()
        )
        return HttpResponse(text, content_type="text/calendar; charset=utf-8; method=PUBLISH")
