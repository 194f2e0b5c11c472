"""A lesson somewhere in an instructor's calendar, in words: to ask why not, or to book it for a student."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms

from bookings.models import Party
from bookings.services import override
from bookings.services.wanted import Wanted, wish
from instainstru.lib import clock, presentation
from instainstru.lib.errors import DomainError, NotFound
from instructors.forms import day_field
from instructors.models import Instructor, Modality, Offering
from instructors.services.catalogue import taught_by
from instructors.services.explain import Reason

# The newest students that a list has room for; others are found by their address.
MOST_LISTED = 200


class WhenForm(forms.Form):
    """A date and time on the instructor's clocks, and what would be taught then."""

    date = day_field("Date")
    time = forms.TimeField(widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    lesson = forms.ChoiceField()
    modality = forms.ChoiceField(label="Where", required=False)

    def __init__(self, data: Any = None, *, instructor: Instructor, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.instructor = instructor
        self.offerings = {offering.pk: offering for offering in taught_by(instructor)}
        self.fields["date"].label = f"Date, {presentation.zone(instructor.time_zone)}"
        lessons = [
            (f"{offering.pk}:{length}", f"{offering.subject.name}, {presentation.minutes(length)}")
            for offering in self.offerings.values()
            for length in offering.durations
        ]
        ways = {way for offering in self.offerings.values() for way in offering.modalities}
        self._choices("lesson", lessons)
        self._choices(
            "modality",
            [("", "As usual"), *((way.value, way.label) for way in Modality if way in ways)],
        )

    def _choices(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (each of ours is)
        field.choices = choices

    @property
    def offering(self) -> Offering:
        """What was chosen; the form must be valid."""
        return self.offerings[int(self.cleaned_data["lesson"].partition(":")[0])]

    @property
    def duration_min(self) -> int:
        return int(self.cleaned_data["lesson"].partition(":")[2])

    @property
    def way(self) -> str:
        return self.cleaned_data["modality"] or self.offering.modalities[0]

    def start(self) -> datetime:
        """The instant; raises ``SkippedTime``."""
        data = self.cleaned_data
        return clock.to_instant(data["date"], data["time"], self.instructor.time_zone)


class HostForm(WhenForm):
    """The lesson, for whom, and why. Valid once there is nothing in the way that may not be passed over.

    ``agreed`` is posted back with what was shown to be passed over: only that is agreed to.
    """

    student = forms.ChoiceField(required=False, label="Student")
    email = forms.EmailField(
        required=False, label="Or their address", help_text="Of somebody you have taught before."
    )
    reason = forms.CharField(
        max_length=300, widget=forms.Textarea(attrs={"rows": 2}), help_text="You both read it."
    )
    note = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, data: Any = None, *, instructor: Instructor, host: Party, initial: Any = None) -> None:
        super().__init__(data, instructor=instructor, initial=initial)
        self.host = host
        self.wanted: Wanted | None = None
        self.passed: list[Reason] = []
        if self.host == Party.STAFF:
            del self.fields["student"]
            self.fields["email"].required = True
            self.fields["email"].label = "The student's address"
            self.fields["email"].help_text = "Of any account."
            self.fields["reason"].help_text = "Both sides read it."
            return
        known = override.students_of(instructor).order_by("-pk")[:MOST_LISTED]
        named = sorted(((str(one.pk), one.user.full_name) for one in known), key=lambda one: one[1].lower())
        self._choices("student", [("", "Choose a student"), *named])

    @property
    def signature(self) -> str:
        """What is passed over, to be agreed to."""
        return ",".join(dict.fromkeys(one.code.value for one in self.passed)) or "nothing"

    @property
    def is_agreed(self) -> bool:
        return self.data.get("agreed") == self.signature

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._find_student(data)
        if {"date", "time", "lesson", "modality"} & set(self.errors):
            return data
        try:
            self.wanted = wish(
                self.offering,
                starts_at=self.start(),
                duration_min=self.duration_min,
                modality=self.way,
            )
        except clock.SkippedTime as error:
            self.add_error("time", error.message)
        except DomainError as error:
            self.add_error("modality" if "modality" in error.fields else None, error.message)
        else:
            self._look(self.wanted)
        return data

    def _look(self, wanted: Wanted) -> None:
        for reason in override.look(wanted, now=clock.now()):
            if reason.code in override.MAY_PASS:
                self.passed.append(reason)
            else:
                self.add_error("time", reason.sentence)

    def _find_student(self, data: dict[str, Any]) -> None:
        chosen, email = data.get("student"), data.get("email")
        if {"student", "email"} & set(self.errors):
            return
        if not chosen and not email:
            self.add_error("student" if "student" in self.fields else "email", "Who is it for?")
            return
        if chosen and email:
            self.add_error("email", "Choose from the list or write the address, not both.")
            return
        try:
            data["who"] = override.student_for(
                self.instructor, party=self.host, student_id=int(chosen) if chosen else None, email=email
            )
        except NotFound as error:
            self.add_error("email" if email else "student", error.message)
