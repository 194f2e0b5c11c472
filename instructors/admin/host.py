"""What staff do in an instructor's calendar: limits, lessons for students, and why there is no time."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from bookings import why
from bookings.host_forms import HostForm, WhenForm
from bookings.models import Party
from bookings.services import override
from instainstru.lib import clock, presentation, when
from instainstru.lib.acting import Act
from instainstru.lib.errors import DomainError
from instructors import meaning
from instructors.limit_form import LimitsForm
from instructors.models import Instructor
from instructors.services import limits


class SetLimits(Act):
    name, label, button = "limits", "Set the limits", "Save the limits"

    def told(self, instructor: Instructor) -> list[str]:
        notes = meaning.notes(limits.overtaken(instructor, now=clock.now()), zone=instructor.time_zone)
        return [
            "What is free follows at once; what is empty follows the rules.",
            "Lessons already booked stay as they are.",
            *notes,
        ]

    def form(self, instructor: Instructor, *, data: Any) -> LimitsForm:
        return LimitsForm(data, instructor=instructor)

    def run(self, instructor: Instructor, form: LimitsForm, *, by: Any) -> str:
        limits.save(instructor, form.facts(), by=by, seen=form.cleaned_data["version"] or None)
        return "The limits are saved."


class NotAgreed(DomainError):
    """Nobody has seen yet what would be passed over."""

    code = "not_agreed"


class Book(Act):
    name, label, button = "book", "Book a lesson for a student", "Book the lesson"
    permission_beside = "bookings.add_booking"
    template = "admin/instructors/instructor/book.html"

    def is_possible(self, instructor: Instructor) -> bool:
        return instructor.is_listed

    def told(self, instructor: Instructor) -> list[str]:
        if not instructor.is_listed:
            return [f"The instructor is {instructor.get_status_display().lower()}: nothing can be booked."]
        return [
            f"A lesson with {instructor.user.full_name} is booked, also outside their hours and limits, "
            "never over another lesson or a held time.",
            "Both get a letter that says that we booked it, and why.",
            "The first press shows what would be passed over, the second one books.",
        ]

    def form(self, instructor: Instructor, *, data: Any) -> HostForm:
        return HostForm(data, instructor=instructor, host=Party.STAFF)

    def run(self, instructor: Instructor, form: HostForm, *, by: Any) -> str:
        assert form.wanted is not None  # noqa: S101 (the form is valid)
        if not form.is_agreed:
            raise NotAgreed(_passed(form))
        data = form.cleaned_data
        booking = override.book(
            form.wanted, student=data["who"], by=by, party=form.host, reason=data["reason"], note=data["note"]
        )
        zone = instructor.time_zone
        return (
            f"Booked for {booking.student.user.full_name}: {when.date(booking.starts_at, zone)}, "
            f"{when.span(booking.starts_at, booking.ends_at, zone)} {presentation.zone(zone)}."
        )


def _passed(form: HostForm) -> str:
    if not form.passed:
        return "This is one of the instructor's free times. Press once more to book it."
    said = " ".join(one.sentence for one in form.passed)
    return f"This passes over: {said} Press once more to book it all the same."


def question(request: HttpRequest, instructor: Instructor) -> dict[str, Any]:
    """Why there is no time at the hour that was asked about: the form, and its answer."""
    asked = {
        name: request.GET[f"why_{name}"] for name in WhenForm.base_fields if f"why_{name}" in request.GET
    }
    form = AskForm(request.GET if asked else None, instructor=instructor)
    is_asked = form.is_bound and form.is_valid()
    return {"form": form, "answer": why.answer(form, now=clock.now()) if is_asked else None}


class AskForm(WhenForm):
    """Beside other questions in one address."""

    def add_prefix(self, field_name: str) -> str:
        return f"why_{field_name}"
