"""What staff do to a booking; moving it is in ``move``."""

from __future__ import annotations

from typing import Any

from django import forms

from bookings.admin import words
from bookings.models import TRANSITIONS, Booking, Party, Status
from bookings.services import grace, lifecycle, policies
from instainstru.events.kinds import Kind
from instainstru.lib import clock, when
from instainstru.lib.acting import Act, ReasonForm

ABSENT = [(Party.STUDENT, "The student"), (Party.INSTRUCTOR, "The instructor")]


def may_become(booking: Booking, status: Status) -> bool:
    """Whether the booking can be that next."""
    return status in TRANSITIONS[Status(booking.status)]


class Cancel(Act):
    name, label, button = "cancel", "Cancel this lesson", "Cancel the lesson"
    is_grave = True

    def is_possible(self, booking: Booking) -> bool:
        return may_become(booking, Status.CANCELLED)

    def told(self, booking: Booking) -> list[str]:
        if not self.is_possible(booking):
            return [f"The booking is {booking.get_status_display().lower()}; it cannot be cancelled."]
        now = clock.now()
        ours = policies.cancellation(booking, party=Party.STAFF, now=now).tier
        theirs = grace.cancellation(booking, party=Party.STUDENT, now=now).tier
        return [
            f"The lesson of {words.times(booking)} is cancelled for good; the time is free again at once.",
            f"Cancelled by us: {ours.label}: {words.shares(booking, ours)}.",
            f"For comparison, cancelled by the student now: {theirs.label}: {words.shares(booking, theirs)}.",
            words.told_to(Kind.BOOKING_CANCELLED, booking),
        ]

    def form(self, booking: Booking, *, data: Any) -> ReasonForm:
        return ReasonForm(data, reason_help="Both sides read it. It stays in the booking's history.")

    def run(self, booking: Booking, form: ReasonForm, *, by: Any) -> str:
        lifecycle.cancel(booking, by=by, party=Party.STAFF, reason=form.cleaned_data["reason"])
        return "The lesson is cancelled."


class Complete(Act):
    name, label, button = "complete", "Mark as given", "The lesson was given"

    def is_possible(self, booking: Booking) -> bool:
        return may_become(booking, Status.COMPLETED) and booking.ends_at <= clock.now()

    def told(self, booking: Booking) -> list[str]:
        return [
            f"The lesson of {words.times(booking)} counts as given, for {words.price(booking)}.",
            "A no-show can still be reported afterwards, for as long as the rules allow.",
            words.told_to(Kind.BOOKING_COMPLETED, booking),
        ]

    def run(self, booking: Booking, form: forms.Form, *, by: Any) -> str:
        lifecycle.complete(booking, by=by, party=Party.STAFF)
        return "The lesson is marked as given."


class NoShowForm(forms.Form):
    absent = forms.ChoiceField(choices=ABSENT, widget=forms.RadioSelect, label="Who did not come?")


class NoShow(Act):
    name, label, button = "no-show", "Report a no-show", "Report the no-show"
    is_grave = True

    def is_possible(self, booking: Booking) -> bool:
        low, high = policies.no_show_window(booking)
        return may_become(booking, Status.NO_SHOW) and low <= clock.now() <= high

    def told(self, booking: Booking) -> list[str]:
        low, high = policies.no_show_window(booking)
        zone = booking.time_zone
        return [
            f"The lesson of {words.times(booking)} did not take place because one side did not come. "
            "This cannot be taken back.",
            f"It can be reported from {when.short(low, zone)} until {when.short(high, zone)}.",
            words.told_to(Kind.BOOKING_NO_SHOW, booking),
        ]

    def form(self, booking: Booking, *, data: Any) -> NoShowForm:
        return NoShowForm(data)

    def run(self, booking: Booking, form: NoShowForm, *, by: Any) -> str:
        absent = Party(form.cleaned_data["absent"])
        lifecycle.report_no_show(booking, by=by, party=Party.STAFF, absent=absent)
        return "The no-show is reported."


class Release(Act):
    name, label, button = "release", "Give up this hold", "Give up the hold"
    is_grave = True

    def is_possible(self, booking: Booking) -> bool:
        return may_become(booking, Status.RELEASED)

    def told(self, booking: Booking) -> list[str]:
        return [
            f"{words.times(booking)} is free again at once. Whoever holds it has to choose anew.",
            words.told_to(Kind.BOOKING_RELEASED, booking),
        ]

    def run(self, booking: Booking, form: forms.Form, *, by: Any) -> str:
        lifecycle.release(booking, by=by)
        return "The hold is given up."
