"""The period an instructor wants to have as a table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings

from instainstru.lib import clock
from instructors.forms import day_field


class PeriodForm(forms.Form):
    """From one day to another, both with."""

    first = day_field("From")
    last = day_field("To")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("first") and data.get("last") and data["first"] > data["last"]:
            self.add_error("last", "The last day comes after the first.")
        return data

    def bounds(self) -> tuple[datetime, datetime]:
        """When the period begins and ends."""
        zone, data = settings.SITE_TIME_ZONE, self.cleaned_data
        return clock.day_bounds(data["first"], zone)[0], clock.day_bounds(data["last"], zone)[1]
