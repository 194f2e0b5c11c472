"""Forms about money: amounts that people type, and cards they choose."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings

from bookings.models import Card
from bookings.services import no_shows, packages, tips
from instainstru.lib import money

CHOOSE_A_CARD = "Choose one of your cards."
# "12", "12.50", "1,200.00", with the site's own sign before it.
WRITTEN = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d*))?")
LARGEST = 2**31 - 1


class AmountField(forms.Field):
    """An amount in the site's currency, to minor units. What is no such amount is told exactly."""

    def __init__(self, *, smallest: int, largest: int, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)
        self.smallest, self.largest = smallest, largest

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip()
        return self._read(text) if text else None

    def _read(self, text: str) -> int:
        symbol, code = money.SYMBOLS.get(settings.CURRENCY, ""), settings.CURRENCY
        bare = text.removeprefix("-").strip()
        bare = bare.removeprefix(symbol).removesuffix(code).removeprefix(code).strip() if symbol else bare
        found = WRITTEN.fullmatch(bare) if bare.isascii() else None
        if found is None:
            raise forms.ValidationError(f"Write an amount in {code}, such as {symbol}12 or {symbol}12.50.")
        if len(found[2] or "") > 2:
            raise forms.ValidationError("There is nothing smaller than a cent: two digits after the point.")
        minor = int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0"))
        if text.startswith("-") or not self.smallest <= minor <= self.largest:
            low, high = money.show(self.smallest), money.show(self.largest)
            raise forms.ValidationError(f"Between {low} and {high}.")
        return minor


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
    other = AmountField(smallest=tips.SMALLEST, largest=tips.LARGEST, required=False, label="Another amount")
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
