"""The forms of the path to being listed: one step each, and nothing in a step but its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from instructors.forms import ZONES, language_names, photo_field, place_named, window_of
from instructors.models import Instructor, Modality, Offering
from instructors.models.calendar import WEEKDAYS
from instructors.services.schedule import Window
from instructors.services.standing import SHORTEST_BIO

WAYS = [
    (Modality.ONLINE, "Online"),
    (Modality.AT_INSTRUCTOR, "At my place"),
    (Modality.AT_STUDENT, "At the student's place"),
]


class AboutForm(forms.Form):
    """Who teaches, in their own words."""

    first_name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    last_name = forms.CharField(
        max_length=80,
        help_text="Strangers see only its first letter.",
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    headline = forms.CharField(
        label="In one line",
        max_length=120,
        help_text="What you teach and how, such as “Patient piano for late beginners”.",
    )
    bio = forms.CharField(
        label="About you",
        max_length=4000,
        help_text="How you teach, for how long, what a first lesson is like. "
        f"At least {SHORTEST_BIO} characters; three or four sentences are better.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    languages = forms.CharField(
        required=False, max_length=200, help_text="Which you teach in, with commas between them."
    )

    def clean_bio(self) -> str:
        text: str = self.cleaned_data["bio"]
        if len(text) < SHORTEST_BIO:
            raise ValidationError(
                f"That is short: {len(text)} characters of at least {SHORTEST_BIO}. Tell a little more."
            )
        return text

    def clean_languages(self) -> list[str]:
        return language_names(self.cleaned_data["languages"])

    @staticmethod
    def values(instructor: Instructor) -> dict[str, Any]:
        """What the form shows of what there is."""
        return {
            "first_name": instructor.user.first_name,
            "last_name": instructor.user.last_name,
            "headline": instructor.headline,
            "bio": instructor.bio,
            "languages": ", ".join(instructor.languages),
        }


class PhotoForm(forms.Form):
    """A photograph and nothing else, so that a wrong one costs nobody their words."""

    photo = photo_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = "image/jpeg,image/png,image/webp"
        self.fields["photo"].widget = forms.FileInput(attrs={"accept": kinds})


class PlacesForm(forms.Form):
    """Where the instructor is, and how each subject is taught; a field ``ways_<id>`` for each offering."""

    place = forms.CharField(
        label="Where you are",
        max_length=80,
        help_text="Neighbourhood or ZIP code. Students see this and a point nearby, never your address.",
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    address = forms.CharField(
        required=False,
        max_length=200,
        help_text="Needed only where students come to you. Told only to those who booked.",
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    time_zone = forms.ChoiceField(label="Your clocks", help_text="Your hours are meant in this zone.")

    def __init__(
        self, *args: Any, instructor: Instructor, offerings: Sequence[Offering], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.instructor = instructor
        zones = list(dict.fromkeys([instructor.time_zone, *ZONES]))
        self.fields["time_zone"] = forms.ChoiceField(
            label="Your clocks",
            help_text="Your hours are meant in this zone.",
            choices=[(name, name.replace("_", " ")) for name in zones],
            initial=instructor.time_zone,
        )
        self.fields["place"].initial = instructor.place.name if instructor.place else ""
        self.fields["address"].initial = instructor.address
        self.offerings = {f"ways_{one.pk}": one for one in offerings}
        for name, offering in self.offerings.items():
            self.fields[name] = forms.MultipleChoiceField(
                label=f"{offering.subject.name}: how you meet",
                choices=WAYS,
                initial=offering.modalities,
                widget=forms.CheckboxSelectMultiple,
                error_messages={"required": "Choose at least one way to meet."},
            )

    def clean_place(self) -> Any:
        return place_named(self.cleaned_data["place"], present=self.instructor.place)

    def ways(self) -> dict[Offering, list[str]]:
        """Each offering with how its lessons may be met."""
        return {offering: self.cleaned_data[name] for name, offering in self.offerings.items()}


def _time(label: str) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))


class FirstHoursForm(forms.Form):
    """The same hours on several days: a first pattern, to be made finer in the week editor."""

    days = forms.TypedMultipleChoiceField(
        label="Days",
        coerce=int,
        choices=[(day, label) for day, label in WEEKDAYS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day."},
    )
    starts = _time("From")
    ends = _time("To")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("starts") is not None and data.get("ends") is not None:
            low, high = window_of(data["starts"], data["ends"])
            if low >= high:
                self.add_error("ends", "The end must be after the start.")
        return data

    def week(self) -> dict[int, list[Window]]:
        """The pattern that was entered."""
        data = self.cleaned_data
        return {day: [window_of(data["starts"], data["ends"])] for day in data["days"]}

    @staticmethod
    def values(week: Mapping[int, Sequence[Window]]) -> dict[str, Any] | None:
        """What the form shows of a pattern; None where it is finer than the form can say."""
        days = [day for day, windows in week.items() if windows]
        if not days:
            return {"days": [0, 1, 2, 3, 4], "starts": time(9), "ends": time(17)}
        found = {tuple(week[day]) for day in days}
        if len(found) > 1 or len(week[days[0]]) > 1:
            return None
        [(low, high)] = week[days[0]]
        return {"days": days, "starts": _wall(low), "ends": _wall(high)}


def _wall(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)
