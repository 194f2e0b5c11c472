"""What instructors write about themselves, made into what rules take."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms import BaseFormSet, formset_factory

from instainstru.events.notify import Recipient
from instainstru.lib import clock
from instructors.models import Audience, Instructor, Level, Modality, Offering, Place, Subject
from instructors.models.calendar import DAY_MINUTES
from instructors.models.profile import SLUG
from instructors.services import places
from instructors.services.schedule import Window

LENGTHS = [(n, f"{n} min") for n in (15, 30, 45, 60, 75, 90, 120, 150, 180, 240)]
# Where our first instructors are; every other zone is accepted as well.
ZONES = [
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "America/Sao_Paulo", "Europe/London", "Europe/Lisbon",
    "Europe/Berlin", "Europe/Paris", "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney",
]  # fmt: skip


def _choices(form: forms.BaseForm, name: str, choices: list[tuple[Any, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 (each of ours is)
    field.choices = choices


def language_names(text: str) -> list[str]:
    """The languages of a line with commas between them, each once."""
    names = [name.strip() for name in text.split(",")]
    if any(len(name) > 30 for name in names):
        raise forms.ValidationError("A language has at most 30 letters. Put commas between them.")
    return list(dict.fromkeys(filter(None, names)))


def place_named(text: str, *, present: Place | None) -> Place:
    """The place somebody means; the present one where its name was left as it is."""
    if present and text.strip() == present.name:
        return present
    found = places.named(text)
    if found is None:
        raise forms.ValidationError("We do not know that place. Try the ZIP code, or the borough.")
    return found


def photo_field() -> forms.FileField:
    """A photograph to upload; what it may be is the service's to say, in words of its own."""
    kinds = "image/jpeg,image/png,image/webp"
    return forms.FileField(
        required=False,
        help_text="JPEG, PNG or WebP up to 15 MB. We cut out its middle and remove where it was taken.",
        widget=forms.ClearableFileInput(attrs={"accept": kinds}),
        error_messages={
            "empty": "That file is empty. Choose a photograph as JPEG, PNG or WebP.",
            "invalid": "Choose the photograph again.",
            "contradiction": "Either choose a new photograph or remove the present one, not both.",
        },
    )


class ProfileForm(forms.ModelForm):
    """The public face and its conditions. ``languages`` is one line, ``place`` a name or ZIP code."""

    languages = forms.CharField(
        required=False, max_length=200, help_text="Which you teach in, with commas between them."
    )
    photo = photo_field()
    place = forms.CharField(
        label="Where you are",
        max_length=80,
        help_text="Neighbourhood or ZIP code. Students see this and a point nearby, never your address.",
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    time_zone = forms.ChoiceField(label="Your clocks", help_text="Your hours are meant in this zone.")

    class Meta:
        model = Instructor
        fields = [
            "headline", "bio", "photo", "languages", "place", "address", "time_zone", "slug",
            "cancellation_preset",
        ]  # fmt: skip
        labels = {
            "headline": "In one line",
            "bio": "About you",
            "slug": "Address of your page",
            "cancellation_preset": "Cancelling",
        }
        help_texts = {
            "headline": "What you teach and how, such as “Patient piano for late beginners”.",
            "address": "Told only to those who booked.",
            "slug": "Small letters, digits and hyphens. Your old address keeps leading to the new one.",
            "cancellation_preset": "Until when students cancel for free.",
        }
        widgets = {"bio": forms.Textarea(attrs={"rows": 8})}

    def __init__(self, *args: Any, free_hours: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        instructor: Instructor = self.instance
        known = list(dict.fromkeys([instructor.time_zone, *ZONES]))
        _choices(self, "time_zone", [(name, name.replace("_", " ")) for name in known])
        presets = [
            (value, f"{label}: free until {free_hours[value]} hours before")
            for value, label in Instructor.CancellationPreset.choices
        ]
        _choices(self, "cancellation_preset", presets)
        self.initial["languages"] = ", ".join(instructor.languages)
        self.initial["place"] = instructor.place.name if instructor.place else ""

    def clean_languages(self) -> list[str]:
        return language_names(self.cleaned_data["languages"])

    def clean_place(self) -> Place:
        return place_named(self.cleaned_data["place"], present=self.instance.place)

    def _post_clean(self) -> None:
        """Nothing: the service checks the whole instructor, and only it may change one."""


class AddressForm(forms.Form):
    """The address of the instructor's page."""

    slug = forms.CharField(
        label="Address of your page",
        max_length=60,
        validators=[SLUG],
        help_text="Small letters, digits and hyphens, such as “ana-teaches-piano”.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class OfferingForm(forms.Form):
    """A subject as the instructor teaches it; the price in whole units, as people say it."""

    subject = forms.ModelChoiceField(Subject.objects.none())
    price_per_hour = forms.DecimalField(
        label="Price for an hour, dollars",
        min_value=Decimal(1),
        max_value=Decimal(100_000),
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )
    durations = forms.TypedMultipleChoiceField(
        label="Lengths", coerce=int, choices=LENGTHS, widget=forms.CheckboxSelectMultiple
    )
    modalities = forms.MultipleChoiceField(
        label="Where",
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (Modality.ONLINE, "Online"),
            (Modality.AT_INSTRUCTOR, "At my place"),
            (Modality.AT_STUDENT, "At the student's place"),
        ],
    )
    levels = forms.MultipleChoiceField(choices=Level.choices, widget=forms.CheckboxSelectMultiple)
    audiences = forms.MultipleChoiceField(
        label="Ages", choices=Audience.choices, widget=forms.CheckboxSelectMultiple
    )
    description = forms.CharField(
        required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}), label="In a sentence"
    )

    def __init__(self, *args: Any, offering: Offering | None, subjects: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if offering is None:
            self.fields["subject"] = forms.ModelChoiceField(subjects, empty_label="Choose a subject")
            return
        del self.fields["subject"]
        known = {value for value, _ in LENGTHS} | set(offering.durations)
        _choices(self, "durations", [(n, f"{n} min") for n in sorted(known)])

    def put_on(self, offering: Offering) -> Offering:
        """The offering with what was entered; the caller saves it through the service."""
        data = self.cleaned_data
        if "subject" in data:
            offering.subject = data["subject"]
        offering.price_per_hour = int(data["price_per_hour"] * 100)
        for name in ("durations", "modalities", "levels", "audiences", "description"):
            setattr(offering, name, data[name])
        return offering


def offering_values(offering: Offering | None) -> dict[str, Any]:
    """What the form shows of an offering there is, or of a new one: everybody is welcome."""
    if offering is None:
        return {"durations": [60], "levels": Level.values, "audiences": Audience.values}
    names = ("durations", "modalities", "levels", "audiences", "description")
    price = Decimal(offering.price_per_hour) / 100
    return {
        "price_per_hour": f"{price.normalize():f}" if price == int(price) else f"{price:.2f}",
        **{name: getattr(offering, name) for name in names},
    }


class HoursForm(forms.Form):
    """One stretch of a day; an end at 00:00 is the midnight that ends it."""

    starts = forms.TimeField(label="From", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    ends = forms.TimeField(label="To", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("starts") and data.get("ends") is not None:
            low, high = window_of(data["starts"], data["ends"])
            if low >= high:
                self.add_error("ends", "The end must be after the start.")
        return data


def window_of(starts: time, ends: time) -> Window:
    """Minutes of the day."""
    return starts.hour * 60 + starts.minute, (ends.hour * 60 + ends.minute) or DAY_MINUTES


def day_field(label: str | None = None) -> forms.DateField:
    """A date within reason: arithmetic on others overflows."""
    bounds = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2200, 1, 1))]
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, validators=bounds, widget=widget)


HoursFormSet = formset_factory(HoursForm, extra=1, can_delete=True, max_num=24, absolute_max=40)


def windows_of(formset: BaseFormSet) -> list[Window]:
    """What a valid form set says, without the rows left empty or removed."""
    rows = [form.cleaned_data for form in formset.forms]
    return [
        window_of(row["starts"], row["ends"]) for row in rows if row.get("starts") and not row.get("DELETE")
    ]


def rows_of(windows: list[Window]) -> list[dict[str, time]]:
    """Windows as the form set's first values."""
    return [{"starts": clock.wall(low), "ends": clock.wall(high % DAY_MINUTES)} for low, high in windows]


class DateForm(forms.Form):
    """A date that differs from the pattern."""

    date = day_field()
    closed = forms.BooleanField(required=False, label="Closed all day")


class TimeOffForm(forms.Form):
    """From when until when nothing can be booked; without times whole days are meant."""

    first_day = day_field()
    from_time = forms.TimeField(
        required=False, label="From", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text="Empty: the whole day.",
    )  # fmt: skip
    last_day = day_field()
    until_time = forms.TimeField(
        required=False, label="Until", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text="Empty: the whole day.",
    )  # fmt: skip
    note = forms.CharField(required=False, max_length=120, help_text="Only you see it.")

    def span(self, zone: str) -> tuple[datetime, datetime]:
        """The instants; raises ``SkippedTime`` where the clocks jump over one of them."""
        data = self.cleaned_data
        return (
            _edge(data["first_day"], data["from_time"], zone, end=False),
            _edge(data["last_day"], data["until_time"], zone, end=True),
        )


def _edge(day: date, wall: time | None, zone: str, *, end: bool) -> datetime:
    if wall is None:
        return clock.day_bounds(day, zone)[1 if end else 0]
    return clock.to_instant(day, wall, zone)


class OutsideCalendarForm(forms.Form):
    """A calendar kept elsewhere: what to call it here, and where it is."""

    name = forms.CharField(
        label="What you call it",
        max_length=60,
        help_text="Only you see it.",
        widget=forms.TextInput(attrs={"placeholder": "Family", "autocomplete": "off"}),
    )
    url = forms.CharField(
        label="Its address",
        max_length=2000,
        help_text="Begins with https:// or webcal:// and mostly ends in .ics. Nobody else sees it.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )


class TellForm(forms.Form):
    """Where to write when there is one."""

    email = forms.EmailField(
        max_length=254,
        label="Your email address",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if Recipient("", email).is_placeholder:
            raise forms.ValidationError("Enter an address at which you get mail.")
        return email
