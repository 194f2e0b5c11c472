"""Forms about the account itself."""

from __future__ import annotations

from django import forms


class SignupForm(forms.Form):
    """Name beside the email and password that allauth asks for."""

    first_name = forms.CharField(max_length=80)
    last_name = forms.CharField(max_length=80)

    def signup(self, request, user) -> None:
        user.first_name = self.cleaned_data["first_name"]
        user.last_name = self.cleaned_data["last_name"]
        user.save(update_fields=["first_name", "last_name"])
