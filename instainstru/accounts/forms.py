"""Forms about the account itself."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import HttpRequest

from instainstru.accounts.models import Scope, User
from instainstru.lib.http import visitor_zone

NOT_PLACES = ("Etc/", "SystemV/", "posix/", "right/")


def zones() -> list[tuple[str, str]]:
    """The names of places people live in; the rest of the database are aliases for machines."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(NOT_PLACES))
    return [(name, name.replace("_", " ")) for name in [*names, "UTC"]]


class SignupForm(forms.Form):
    """The name, beside the email and password that allauth asks for."""

    first_name = forms.CharField(max_length=80)
    last_name = forms.CharField(max_length=80)

    field_order = ["first_name", "last_name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].widget.attrs["autocomplete"] = "given-name"
        self.fields["last_name"].widget.attrs["autocomplete"] = "family-name"

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth when everything else about the account is saved."""
        user.first_name = self.cleaned_data["first_name"]
        user.last_name = self.cleaned_data["last_name"]
        user.time_zone = visitor_zone(request)
        user.save(update_fields=["first_name", "last_name", "time_zone"])


class SettingsForm(forms.Form):
    """What people change about themselves."""

    first_name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    last_name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))
    time_zone = forms.ChoiceField(
        choices=zones, help_text="Where a device does not say its own, times are shown in this zone."
    )


class ApiKeyForm(forms.Form):
    """A key for a program."""

    name = forms.CharField(
        max_length=80,
        help_text="What the key is for, so that you know it again.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="It may", choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
