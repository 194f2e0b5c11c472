"""Bookings on the wire: how they are shown, and what is read.

``show`` makes what is sent; the serializers under it only describe that for the API's documents, and the
tests hold the two against each other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from bookings.models import (
    Booking,
    MoveRequest,
    NoShowReport,
    Party,
    Payment,
    ReportStatus,
    RequestStatus,
    Status,
)
from bookings.presentation import ACQUAINTED
from bookings.services import no_shows, policies
from instainstru.accounts.models import User
from instainstru.events.models import Event
from instainstru.lib.fields import Body, IdField, InstantField
from instructors.models import Modality


def show(booking: Booking) -> dict[str, Any]:
    """The booking as its student, instructor and partner see it."""
    instructor, student, offering = booking.instructor, booking.student, booking.offering
    known = booking.status in ACQUAINTED
    return {
        "id": booking.pk,
        "status": booking.status,
        "starts_at": booking.starts_at,
        "ends_at": booking.ends_at,
        "time_zone": booking.time_zone,
        "duration_min": booking.duration_min,
        "modality": booking.modality,
        "price": booking.price,
        "price_per_hour": booking.price_per_hour,
        "currency": booking.currency,
        "expires_at": booking.expires_at,
        "free_until": policies.free_until(
            booking.policy_starts_at, preset=booking.cancellation_preset, rules=booking.rules
        ),
        "offering": {"id": offering.pk, "subject": offering.subject.slug},
        "instructor": {
            "id": instructor.pk,
            "slug": instructor.slug,
            "name": _name(instructor.user, known),
            "time_zone": instructor.time_zone,
        },
        "student": {"id": student.pk, "name": _name(student.user, known)},
        "address": instructor.address
        if known and booking.modality == Modality.AT_INSTRUCTOR and instructor.address
        else None,
        "note": booking.note,
        "created_at": booking.created_at,
        "confirmed_at": booking.confirmed_at,
        "ended_at": booking.ended_at,
        "cancelled_by": booking.cancelled_by or None,
        "cancellation_tier": booking.cancellation_tier or None,
        "reason": booking.reason,
        "absent": booking.absent or None,
        "override": {"reason": booking.override_reason} if booking.override_reason else None,
        "version": booking.version,
    }


def show_event(event: Event, booking: Booking) -> dict[str, Any]:
    """What happened to the booking, and how it stood afterwards."""
    state = event.data["state"]
    return {
        "version": event.version,
        "kind": event.kind,
        "created_at": event.created_at,
        "by": _who(event.by_id, booking),
        "status": state["status"],
        "starts_at": _instant(state["starts_at"]),
        "ends_at": _instant(state["ends_at"]),
        "previous_starts_at": _instant(event.data.get("previous")),
        "asked_starts_at": _instant(event.data.get("asked")),
        "cancellation_tier": state["cancellation_tier"] or None,
        "reason": event.data.get("reason") or state["reason"],
    }


def show_request(asked: MoveRequest) -> dict[str, Any]:
    """A request to move a lesson, as both sides see it."""
    return {
        "id": asked.pk,
        "booking": asked.booking_id,
        "status": asked.status,
        "asked_by": asked.asked_by,
        "starts_at": asked.starts_at,
        "lesson_starts_at": asked.lesson_starts_at,
        "reason": asked.reason,
        "created_at": asked.created_at,
        "expires_at": asked.expires_at,
        "closed_at": asked.closed_at,
    }


def show_report(report: NoShowReport) -> dict[str, Any]:
    """A reported no-show, as both sides see it."""
    return {
        "booking": report.booking_id,
        "status": report.status,
        "absent": report.booking.absent,
        "reported_by": report.reported_by,
        "answer_by": report.answer_by,
        "answered_at": report.answered_at,
        "answer": report.answer,
        "ending": report.ending or None,
        "reason": report.reason,
        "created_at": report.created_at,
        "closed_at": report.closed_at,
    }


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _who(user_id: int | None, booking: Booking) -> str:
    if user_id is None:
        return Party.SYSTEM
    partner = booking.student.partner
    if user_id == booking.student.user_id or (partner is not None and user_id == partner.user_id):
        return Party.STUDENT
    return Party.INSTRUCTOR if user_id == booking.instructor.user_id else Party.STAFF


def _name(user: User, known: bool) -> str:
    return user.full_name if known else user.short_name


class HoldBody(Body):
    """A time somebody wants."""

    offering = IdField(help_text="Which offering of which instructor.")
    starts_at = InstantField(help_text="One of the starts that were offered.")
    duration_min = serializers.IntegerField(
        min_value=1, max_value=24 * 60, help_text="One of the offering's lengths, in minutes."
    )
    modality = serializers.ChoiceField(
        Modality.choices, required=False, allow_null=True, help_text="By default the offering's first."
    )
    student = IdField(
        required=False, allow_null=True, help_text="For partners: a student of theirs. By default oneself."
    )
    note = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="For the instructor."
    )


class OverrideBody(Body):
    """For the instructor of the offering, and for staff: book over the instructor's own limits."""

    reason = serializers.CharField(max_length=300, help_text="Both sides are told.")
    email = serializers.EmailField(
        required=False, help_text="The student's address, instead of `student`; of whom they have taught."
    )


class BookingBody(HoldBody):
    """A hold to confirm, or the fields of a hold to book at once."""

    NEEDED = ("offering", "starts_at", "duration_min")

    hold = serializers.UUIDField(
        required=False, allow_null=True, help_text="A hold's id; then only `note` may stand beside it."
    )
    offering = IdField(required=False, help_text=HoldBody._declared_fields["offering"].help_text)
    starts_at = InstantField(required=False, help_text=HoldBody._declared_fields["starts_at"].help_text)
    duration_min = serializers.IntegerField(
        min_value=1,
        max_value=24 * 60,
        required=False,
        help_text=HoldBody._declared_fields["duration_min"].help_text,
    )
    override = OverrideBody(
        required=False, allow_null=True, help_text="Book for a student, outside hours and limits too."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("hold"):
            beside = {
                name: "Leave this out: the hold says it." for name in attrs if name not in ("hold", "note")
            }
            if beside:
                raise serializers.ValidationError(beside)
        else:
            missing = {name: "Needed where there is no hold." for name in self.NEEDED if name not in attrs}
            if missing:
                raise serializers.ValidationError(missing)
            self._whom(attrs)
        return attrs

    def _whom(self, attrs: dict[str, Any]) -> None:
        """Who books for somebody else says for whom, once."""
        override = attrs.get("override")
        if override and bool(attrs.get("student")) == bool(override.get("email")):
            raise serializers.ValidationError({"student": "Give `student`, or `email` in `override`."})


class ReasonBody(Body):
    reason = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="Told to the other side."
    )


class CancelBody(ReasonBody):
    """Why, if one likes to say."""


class AskBody(ReasonBody):
    starts_at = InstantField(help_text="The new start; length, place and instructor stay.")


class RescheduleBody(AskBody):
    ask = serializers.BooleanField(
        required=False,
        help_text="Where it needs the other side's consent, ask for it instead of refusing.",
    )


# Who may not have come.
ABSENT = [(Party.STUDENT.value, "Student"), (Party.INSTRUCTOR.value, "Instructor")]


class NoShowBody(Body):
    absent = serializers.ChoiceField(
        ABSENT,
        required=False,
        allow_null=True,
        help_text="Who did not come; only staff need to say, for the others it is the other side.",
    )


class DisputeBody(Body):
    text = serializers.CharField(
        max_length=no_shows.LONGEST_ANSWER, help_text="What happened; the other side and staff read it."
    )


class NothingBody(Body):
    """Nothing to say: an empty object, or no body at all."""


class BookedOffering(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    subject = serializers.CharField(help_text="Slug.")


class BookedInstructor(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField(help_text="“First L.” until booked.")
    time_zone = serializers.CharField()


class BookedStudent(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="“First L.” until booked.")


class OverrideAnswer(serializers.Serializer[Any]):
    reason = serializers.CharField()


@extend_schema_serializer(component_name="Booking")
class BookingAnswer(serializers.Serializer[Any]):
    """A hold or a lesson. Instants are UTC; money is in minor units of ``currency``."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(Status.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    time_zone = serializers.CharField(help_text="The instructor's, as it was when the time was taken.")
    duration_min = serializers.IntegerField()
    modality = serializers.ChoiceField(Modality.choices)
    price = serializers.IntegerField(help_text="Of the whole lesson.")
    price_per_hour = serializers.IntegerField()
    currency = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="When a hold ends by itself.")
    free_until = serializers.DateTimeField(help_text="The last instant to cancel for free.")
    offering = BookedOffering()
    instructor = BookedInstructor()
    student = BookedStudent()
    address = serializers.CharField(allow_null=True, help_text="The instructor's, once booked there.")
    note = serializers.CharField()
    created_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When the status became final.")
    cancelled_by = serializers.ChoiceField(Party.choices, allow_null=True)
    cancellation_tier = serializers.ChoiceField(policies.Tier.choices, allow_null=True)
    reason = serializers.CharField()
    absent = serializers.ChoiceField(ABSENT, allow_null=True)
    override = OverrideAnswer(allow_null=True, help_text="Where the host booked it for the student.")
    version = serializers.IntegerField(help_text="Counts the booking's events.")


@extend_schema_serializer(component_name="BookingEvent")
class EventAnswer(serializers.Serializer[Any]):
    """Something that happened, and how the booking stood afterwards."""

    version = serializers.IntegerField(help_text="1, 2, 3 … without gaps.")
    kind = serializers.CharField(help_text="Such as `booking.confirmed`.")
    created_at = serializers.DateTimeField()
    by = serializers.ChoiceField(Party.choices, help_text="In whose name.")
    status = serializers.ChoiceField(Status.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    previous_starts_at = serializers.DateTimeField(allow_null=True, help_text="Where the lesson was moved.")
    asked_starts_at = serializers.DateTimeField(
        allow_null=True, help_text="Where the event is about a request to move it."
    )
    cancellation_tier = serializers.ChoiceField(policies.Tier.choices, allow_null=True)
    reason = serializers.CharField()


@extend_schema_serializer(component_name="Cancellation")
class CancellationAnswer(serializers.Serializer[Any]):
    """What cancelling now would mean, in minor units of ``currency``.

    The first three amounts are of the lesson's price, before commission, and sum to it."""

    allowed = serializers.BooleanField()
    tier = serializers.ChoiceField(policies.Tier.choices)
    refund = serializers.IntegerField(help_text="Back to the student.")
    credit = serializers.IntegerField(help_text="To the student for another lesson.")
    to_instructor = serializers.IntegerField()
    fee_refund = serializers.IntegerField(help_text="The booking fee, where that comes back too; else 0.")
    currency = serializers.CharField()
    free_until = serializers.DateTimeField(help_text="The last instant to cancel for free.")
    next_change_at = serializers.DateTimeField(allow_null=True, help_text="When the tier gets worse.")
    time_zone = serializers.CharField()
    summary = serializers.CharField(help_text="The same in words, in the caller's own zone.")


@extend_schema_serializer(component_name="Move")
class MoveAnswer(serializers.Serializer[Any]):
    """On which terms the lesson could be moved now."""

    allowed = serializers.BooleanField()
    terms = serializers.ChoiceField(policies.Move.choices)
    free_until = serializers.DateTimeField(help_text="The last instant to move it freely.")
    time_zone = serializers.CharField()
    summary = serializers.CharField(help_text="The same in words, in the caller's own zone.")


@extend_schema_serializer(component_name="MoveRequest")
class MoveRequestAnswer(serializers.Serializer[Any]):
    """One side asks the other to move a lesson late. The time asked for is not held."""

    id = serializers.UUIDField()
    booking = serializers.UUIDField()
    status = serializers.ChoiceField(RequestStatus.choices)
    asked_by = serializers.ChoiceField(ABSENT)
    starts_at = serializers.DateTimeField(help_text="The start asked for.")
    lesson_starts_at = serializers.DateTimeField(help_text="The start the lesson had then.")
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="Unanswered until then, it lapses.")
    closed_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(component_name="NoShowReport")
class NoShowReportAnswer(serializers.Serializer[Any]):
    """One side said that the other did not come; until it is closed the lesson's money is frozen."""

    booking = serializers.UUIDField()
    status = serializers.ChoiceField(ReportStatus.choices)
    absent = serializers.ChoiceField(ABSENT, help_text="Who is said not to have come, and answers.")
    reported_by = serializers.ChoiceField(Party.choices)
    answer_by = serializers.DateTimeField(help_text="Unanswered until then, it is upheld.")
    answered_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(help_text="Why it was otherwise, where it is disputed.")
    ending = serializers.ChoiceField(
        [(Payment.GIVEN, "Paid as given"), (policies.Tier.NOT_BY_STUDENT.value, "Everything back")],
        allow_null=True,
        help_text="What became of the money: paid as a lesson that was given, or all back to the student.",
    )
    reason = serializers.CharField(help_text="Why staff decided so.")
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
