"""Forms about money: amounts that people type, and cards they choose."""

from __future__ import annotations

from typing import Any

from django import forms

from bookings.models import Card
from bookings.services import no_shows, packages, tips
from instainstru.lib import money

CHOOSE_A_CARD = "Choose one of your cards."
LARGEST = 2**31 - 1


class AmountField(forms.CharField):
    """An amount in the site's currency as people write it; its value is minor units, within ``bounds`` if
    there are any."""

    def __init__(self, *, bounds: tuple[int, int] | None = None, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(max_length=20, widget=forms.TextInput(attrs=attrs), **kwargs)
        self.bounds = bounds

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            minor = money.read(text)
        except money.Negative as error:
            raise forms.ValidationError(self._between() or str(error)) from None
        except money.Unreadable as error:
            raise forms.ValidationError(str(error)) from None
        if self.bounds and not self.bounds[0] <= minor <= self.bounds[1]:
            raise forms.ValidationError(self._between())
        return minor

    def _between(self) -> str:
        return "Between {} and {}.".format(*map(money.show, self.bounds)) if self.bounds else ""


class CardForm(forms.Form):
    """One of the saved cards; somebody else's is none of them."""

    card = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE_A_CARD, "invalid_choice": CHOOSE_A_CARD},
    )

    def __init__(self, *args: Any, cards: list[Card], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cards = {str(card.pk): card for card in cards}
        field: Any = self.fields["card"]
        field.choices = [
            (key, f"{card}, until {card.exp_month:02d}/{card.exp_year % 100:02d}")
            for key, card in self.cards.items()
        ]
        field.initial = next(iter(self.cards), None)

    def chosen(self) -> Card:
        return self.cards[self.cleaned_data["card"]]


class BuyPackageForm(CardForm):
    """What the quote page posts: what was chosen there, what it showed, and with which card."""

    offering = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    duration_min = forms.IntegerField(
        label="Length", min_value=1, max_value=24 * 60, widget=forms.HiddenInput
    )
    lessons = forms.IntegerField(
        label="Lessons", min_value=packages.FEWEST, max_value=packages.MOST, widget=forms.HiddenInput
    )
    total = forms.IntegerField(label="Amount", min_value=1, max_value=LARGEST, widget=forms.HiddenInput)
    once = forms.UUIDField(widget=forms.HiddenInput)


class RefundForm(forms.Form):
    """The amount that the page showed."""

    total = forms.IntegerField(label="Amount", min_value=1, max_value=LARGEST, widget=forms.HiddenInput)


class TipForm(CardForm):
    """One of a few amounts, or another."""

    OTHER = "other"
    USUAL = (5_00, 10_00, 15_00)

    choice = forms.ChoiceField(
        label="Amount",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an amount.", "invalid_choice": "Choose one of these amounts."},
    )
    other = AmountField(bounds=(tips.SMALLEST, tips.LARGEST), required=False, label="Another amount")
    field_order = ["choice", "other", "card"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = [(str(minor), money.show(minor)) for minor in self.USUAL]
        choice: Any = self.fields["choice"]
        choice.choices = [*usual, (self.OTHER, "Another amount")]
        choice.initial = str(self.USUAL[0])
        low, high = money.show(tips.SMALLEST), money.show(tips.LARGEST)
        self.fields["other"].help_text = f"From {low} to {high}."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("choice") == self.OTHER and not data.get("other") and "other" not in self.errors:
            self.add_error("other", "Write the amount.")
        return data

    def amount(self) -> int:
        choice: str = self.cleaned_data["choice"]
        return int(self.cleaned_data["other"] if choice == self.OTHER else choice)


class NoShowAnswerForm(forms.Form):
    """What happened, in the words of who is said not to have come."""

    text = forms.CharField(
        max_length=no_shows.LONGEST_ANSWER,
        label="What happened",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="We and the other side read it.",
        error_messages={"required": "Say what happened."},
    )
