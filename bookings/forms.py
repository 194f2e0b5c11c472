"""What pages send about lessons, made into what rules take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from bookings.services.wanted import Wanted, wish
from instainstru.lib.errors import DomainError, NotFound
from instructors.models import Modality, Offering

# Instants further away are nobody's lesson, and arithmetic on them overflows.
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
OUT_OF_RANGE = "Choose one of the times shown."


def start_field() -> forms.DateTimeField:
    """A start as the buttons post it: ``2026-12-03T23:00:00Z``."""
    return forms.DateTimeField(
        validators=[MinValueValidator(FIRST, OUT_OF_RANGE), MaxValueValidator(LAST, OUT_OF_RANGE)],
        error_messages={"required": OUT_OF_RANGE, "invalid": OUT_OF_RANGE},
        widget=forms.HiddenInput,
    )


class HoldForm(forms.Form):
    """A time somebody pressed."""

    offering = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    starts_at = start_field()
    duration_min = forms.IntegerField(label="Length", min_value=1, max_value=24 * 60)
    modality = forms.ChoiceField(choices=Modality.choices, required=False, label="Where")

    def wanted(self) -> Wanted:
        """The time, if such a lesson is offered at all; buttons send nothing else, so errors are refusals."""
        if not self.is_valid():
            fields = {name: " ".join(map(str, errors)) for name, errors in self.errors.items()}
            raise DomainError("That is not a time that can be held. Choose one of the times shown.",
                              code="invalid", status=400, fields=fields)  # fmt: skip
        data = self.cleaned_data
        offering = (
            Offering.objects.select_related("subject", "instructor__user", "instructor__place")
            .filter(pk=data["offering"])
            .first()
        )
        if offering is None:
            raise NotFound
        return wish(
            offering,
            starts_at=data["starts_at"],
            duration_min=data["duration_min"],
            modality=data["modality"] or None,
        )


class ConfirmForm(forms.Form):
    """The last look before a held time becomes a lesson."""

    note = forms.CharField(
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What you would like to learn, where you stand, how to find you.",
    )

    def __init__(self, *args, instructor_name: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].label = f"Note to {instructor_name}"


class CancelForm(forms.Form):
    """Why, in the words the other side reads."""

    reason = forms.CharField(
        max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}), label="Reason"
    )

    def __init__(self, *args, other_name: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = f"{other_name} reads this."


class MoveForm(CancelForm):
    """The new time, and why."""

    starts_at = start_field()
    field_order = ["starts_at", "reason"]

    def clean(self) -> dict[str, Any]:
        """Nobody types the start, so what is wrong with it is said over the whole form."""
        data = super().clean() or {}
        for text in self.errors.pop("starts_at", []):
            self.add_error(None, text)
        return data
