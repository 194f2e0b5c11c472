"""The two steps in which a guest says who they are, as the confirm page shows them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.urls import reverse

from bookings import visitors
from instainstru.accounts import codes
from instainstru.events.notify import PLACEHOLDER_DOMAIN


def _text(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs=attributes)


class IdentityForm(forms.Form):
    """Whose lesson it will be."""

    first_name = forms.CharField(max_length=80, widget=_text(autocomplete="given-name"))
    last_name = forms.CharField(max_length=80, widget=_text(autocomplete="family-name"))
    email = forms.EmailField(max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if email.endswith(f"@{PLACEHOLDER_DOMAIN}"):
            raise forms.ValidationError("Enter an address at which you get mail.")
        return email


class CodeForm(forms.Form):
    """Six digits, typed or pasted with whatever space a mail program put between them."""

    code = forms.CharField(
        max_length=20,
        widget=_text(inputmode="numeric", autocomplete="one-time-code", autocapitalize="off"),
    )


def step(request: HttpRequest, booking_id: UUID, form: forms.Form | None = None) -> dict[str, Any]:
    """The step the visitor is at, with ``form`` in place of an empty one."""
    waiting = codes.data_of(request.session.get(visitors.CODE, ""))
    if waiting is None or isinstance(form, IdentityForm):
        return {
            "step": "email",
            "form": form or IdentityForm(initial=request.session.get(visitors.TYPED)),
            "url": reverse("bookings:identify", args=[booking_id]),
        }
    return {
        "step": "code",
        "form": form or CodeForm(),
        "url": reverse("bookings:verify_code", args=[booking_id]),
        "email": waiting["email"],
        "resend_url": reverse("bookings:resend_code", args=[booking_id]),
        "back_url": reverse("bookings:change_address", args=[booking_id]),
    }
