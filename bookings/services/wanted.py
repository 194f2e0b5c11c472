"""A time somebody asks for, and how it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError

from instainstru.lib.errors import Conflict, Invalid, NotFound
from instainstru.lib.transactions import part
from instructors.models import Instructor, Modality, Offering
from instructors.services.catalogue import lesson_price


@dataclass(frozen=True, slots=True)
class Wanted:
    """The time somebody asks for, and how they would meet."""

    offering: Offering
    starts_at: datetime
    duration_min: int
    modality: str

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.duration_min)

    @property
    def travels(self) -> bool:
        return self.modality == Modality.AT_STUDENT

    @property
    def instructor(self) -> Instructor:
        return self.offering.instructor


class SlotTaken(Conflict):
    """Somebody was quicker. ``wanted`` lets a door add the nearest alternatives."""

    code = "slot_taken"

    def __init__(self, wanted: Wanted, message: str = "That time was just taken.") -> None:
        super().__init__(message)
        self.wanted = wanted


class StudentBusy(Conflict):
    """The student has another lesson or hold then."""

    code = "student_busy"


class HoldExpired(Conflict):
    """The hold ran out before it was confirmed. ``wanted`` is what to hold again."""

    code = "hold_expired"

    def __init__(self, wanted: Wanted) -> None:
        super().__init__("The time was held for you until a moment ago. Hold it again if it is still free.")
        self.wanted = wanted


def wish(
    offering: Offering, *, starts_at: datetime, duration_min: int, modality: str | None = None
) -> Wanted:
    """Check what can be checked without looking at the calendar; raises with the field at fault."""
    if not (offering.is_active and offering.instructor.is_listed):
        raise NotFound("This offering is not available.")
    if duration_min not in offering.durations:
        lengths = " or ".join(str(length) for length in offering.durations)
        raise Invalid(f"Choose a lesson of {lengths} minutes.", field="duration_min", code="wrong_duration")
    chosen = modality or offering.modalities[0]
    if chosen not in offering.modalities:
        raise Invalid(
            "This is not taught that way. Choose one of: " + ", ".join(offering.modalities) + ".",
            field="modality",
            code="wrong_modality",
        )
    return Wanted(offering, starts_at, duration_min, chosen)


def price_of(offering: Offering, duration_min: int) -> int:
    """The lesson's price in minor units."""
    return lesson_price(offering.price_per_hour, duration_min)


# A payment was begun before; there is one at a time.
PAYMENT_UNDER_WAY = "payment_under_way"
_CONSTRAINTS = {
    "no_double_booking": "slot",
    "no_double_booking_with_travel": "slot",
    "student_in_one_place": "student",
    "one_hold_per_student_and_instructor": "student",
    "payment_once_per_lesson": "payment",
}


@contextmanager
def change(wanted: Wanted | None = None) -> Iterator[None]:
    """A transaction in which a violated booking constraint becomes the refusal it stands for."""
    try:
        with part():
            yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        meaning = _CONSTRAINTS.get(getattr(diagnosis, "constraint_name", None) or "")
        if meaning == "slot" and wanted is not None:
            raise SlotTaken(wanted) from error
        if meaning == "student":
            raise StudentBusy("There is another lesson or held time of yours then.") from error
        if meaning == "payment":
            raise Conflict("This lesson is being paid for already.", code=PAYMENT_UNDER_WAY) from error
        raise
