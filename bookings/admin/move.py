"""Moving a lesson: to one of the instructor's openings, or to a time typed on the instructor's clocks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict

from bookings.admin import words
from bookings.admin.acts import may_become
from bookings.forms import FIRST, LAST, OUT_OF_RANGE
from bookings.models import Booking, Party, Status
from bookings.services import lifecycle, policies
from bookings.services.policies import Move as Terms
from bookings.services.wanted import StudentBusy
from instainstru.events.kinds import Kind
from instainstru.lib import clock, presentation, when
from instainstru.lib.acting import Act, ReasonForm
from instainstru.lib.errors import DomainError
from instainstru.rules import services as rules_service
from instructors.services import openings
from instructors.services.openings import Lesson

DAYS = 14
DAY = timedelta(days=1)
# What the student alone could do, said for comparison.
MEANS = {
    Terms.FREE: "The student could move it for free now.",
    Terms.ONCE: "The student could still move it once on short notice.",
    Terms.CONSENT: "The student could not move it any more without the instructor's consent.",
}


class MoveForm(ReasonForm):
    """An opening, or a date and a time in the instructor's zone; and why."""

    opening = forms.DateTimeField(
        required=False,
        widget=forms.RadioSelect,
        validators=[MinValueValidator(FIRST, OUT_OF_RANGE), MaxValueValidator(LAST, OUT_OF_RANGE)],
        error_messages={"invalid": OUT_OF_RANGE},
        label="A free time",
    )
    date = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    time = forms.TimeField(required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    field_order = ["opening", "date", "time", "reason"]

    def __init__(self, *args: Any, booking: Booking, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = booking.instructor.time_zone
        self.board = Board(booking, shown=_shown(self.data))
        chosen = self.data.get("opening", "")
        self.fields["opening"].widget.choices = self.board.choices(keep=chosen)
        self.fields["date"].label = f"Date, {presentation.zone(self.zone)}"
        self.fields["time"].label = f"Time, {presentation.zone(self.zone)}"
        self.fields["time"].help_text = (
            "Such as 18:30. Also for a time that overlaps where the lesson is now. "
            "Of an hour that happens twice when clocks go back, the first is meant."
        )

    def clean(self) -> dict[str, Any]:
        """Exactly one way of saying when; the typed one becomes an instant here."""
        data = super().clean() or {}
        if {"opening", "date", "time"} & set(self.errors):
            return data
        opening, day, time = data.get("opening"), data.get("date"), data.get("time")
        if opening and (day or time):
            self.add_error("time", "Choose a free time or type one, not both. Empty the fields to choose.")
        elif opening:
            data["starts_at"] = opening
        elif not day and not time:
            self.add_error("opening", "Choose a free time, or type a date and a time below.")
        elif not day:
            self.add_error("date", "On which date?")
        elif not time:
            self.add_error("time", "At what time?")
        else:
            self._typed(data, datetime.combine(day, time))
        return data

    def _typed(self, data: dict[str, Any], wall: datetime) -> None:
        if not FIRST.date() <= wall.date() <= LAST.date():
            self.add_error("date", "That date is out of reach.")
            return
        try:
            data["starts_at"] = clock.to_instant(wall.date(), wall.time(), self.zone)
        except DomainError as refusal:
            self.add_error("time", refusal.message)


def _shown(data: Any) -> date | None:
    """The day whose free times were asked for, or that was shown before."""
    for name in ("show", "shown"):
        try:
            return date.fromisoformat(data.get(name, ""))
        except ValueError:
            continue
    return None


class Board:
    """The instructor's openings: how many on each of ``DAYS`` days, and those of one day."""

    def __init__(self, booking: Booking, *, shown: date | None) -> None:
        self.now = clock.now()
        self.rules = rules_service.current()
        self.zone = booking.instructor.time_zone
        offering = booking.offering
        offering.instructor = booking.instructor
        self.lesson = Lesson(offering, booking.duration_min, booking.modality)
        today = clock.local(self.now, self.zone).date()
        wanted = shown or clock.local(booking.starts_at, self.zone).date()
        furthest = today + self.rules.horizon_days * DAY
        self.shown = min(max(wanted, today), furthest)
        self.first = max(today, self.shown - (DAYS // 2) * DAY)
        self.last = self.first + (DAYS - 1) * DAY
        self.earlier = max(today, self.first - (DAYS // 2) * DAY) if self.first > today else None
        self.later = self.last + (DAYS // 2) * DAY if self.last < furthest else None

    def days(self) -> list[dict[str, Any]]:
        """The buttons over the times."""
        counts = openings.count_by_day(
            self.lesson, first=self.first, last=self.last, zone=self.zone, now=self.now, rules=self.rules
        )
        return [
            {
                "value": day.isoformat(),
                "label": presentation.day(day),
                "free": presentation.count(counts[day], "time"),
                "is_shown": day == self.shown,
                "is_empty": not counts[day],
            }
            for day in (self.first + n * DAY for n in range(DAYS))
        ]

    def label(self) -> str:
        return presentation.long_day(self.shown)

    def choices(self, *, keep: str) -> list[tuple[str, str]]:
        """The shown day's times; one chosen on another day stays, with its date."""
        low, high = clock.day_bounds(self.shown, self.zone)
        starts = openings.starts(self.lesson, low=low, high=high, now=self.now, rules=self.rules)
        found = [(clock.rfc3339(start), when.hour(start, self.zone)) for start in starts]
        if keep and keep not in dict(found):
            found.insert(0, (keep, _chosen(keep, self.zone)))
        return found


def _chosen(value: str, zone: str) -> str:
    try:
        instant = datetime.fromisoformat(value)
        return when.short(instant, zone) if instant.tzinfo else value[:40]
    except (ValueError, OverflowError):
        return value[:40]


class Move(Act):
    name, label, button = "move", "Move this lesson", "Move the lesson"
    template = "admin/bookings/booking/move.html"

    def is_possible(self, booking: Booking) -> bool:
        return booking.status == Status.CONFIRMED and may_become(booking, Status.CANCELLED)

    def told(self, booking: Booking) -> list[str]:
        if not self.is_possible(booking):
            return [f"The booking is {booking.get_status_display().lower()}; it cannot be moved."]
        now = clock.now()
        terms = policies.reschedule(booking, party=Party.STUDENT, now=now)
        return [
            f"Now it is {words.times(booking)}. Instructor, length, place and price stay.",
            "Moved by us it costs nobody anything, and what cancelling costs counts from the new time.",
            MEANS[terms.move] if terms.allowed else MEANS[Terms.CONSENT],
            words.told_to(Kind.BOOKING_RESCHEDULED, booking),
        ]

    def form(self, booking: Booking, *, data: QueryDict | None) -> MoveForm:
        return MoveForm(data, booking=booking, reason_help="Both sides read it.")

    def is_asking(self, data: QueryDict) -> bool:
        return "show" in data

    def run(self, booking: Booking, form: MoveForm, *, by: Any) -> str:
        start = form.cleaned_data["starts_at"]
        reason = form.cleaned_data["reason"]
        moved = lifecycle.reschedule(booking, starts_at=start, by=by, party=Party.STAFF, reason=reason)
        return f"The lesson is moved to {words.times(moved)}."

    def refuse(self, form: forms.BaseForm, refusal: DomainError) -> None:
        """What is wrong with the time is said where the time was given."""
        message = refusal.message
        if isinstance(refusal, StudentBusy):
            message = "The student has another lesson or held time then."
        if "reason" in refusal.fields:
            form.add_error("reason", refusal.fields["reason"])
        elif refusal.code == "wrong_status":
            form.add_error(None, message)
        else:
            form.add_error("time" if form.cleaned_data.get("date") else "opening", message)
