"""Business rules: the latest version is changed into a new one; old ones are there to be read."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.text import capfirst

from instainstru.lib.acting import Act, ActingAdmin
from instainstru.lib.errors import DomainError
from instainstru.rules import services
from instainstru.rules.models import Rules

NAMES = [
    field.name
    for field in Rules._meta.concrete_fields
    if field.name not in ("id", "created_at", "created_by")
]
UNITS = {
    "min": "minutes",
    "h": "hours",
    "days": "days",
    "hour": "o'clock",
    "months": "months",
    "pct": "per cent",
    "lessons": "lessons",
    "places": "places",
    "units": "units of money",
    "year": "a year",
}
# Fieldsets of their own; the rest is about booking.
OVERNIGHT = [name for name in NAMES if name.startswith("overnight")]
CANCELLING = [name for name in NAMES if "cancel" in name or "cooling" in name or name.startswith("grace")]
NO_SHOWS = [name for name in NAMES if name.startswith("no_show") or name == "answer_h"]
MONEY = [name for name in NAMES[NAMES.index("booking_fee_pct") :] if name not in (*CANCELLING, *NO_SHOWS)]


def label(name: str) -> str:
    """``Free cancel, hours`` of ``free_cancel_h``."""
    words, _, unit = name.rpartition("_")
    return f"{capfirst(words.replace('_', ' '))}, {UNITS[unit]}"


def differences(old: Rules, new: Rules) -> list[str]:
    """``Hold, minutes: 5 → 10`` for each rule in which two versions differ."""
    return [
        f"{label(name)}: {getattr(old, name)} → {getattr(new, name)}"
        for name in NAMES
        if getattr(old, name) != getattr(new, name)
    ]


class RulesForm(forms.ModelForm):
    """All rules. ``seen`` is the version the person started from."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Rules
        fields = NAMES
        labels = {name: label(name) for name in NAMES}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not self.changes():
            raise forms.ValidationError("Nothing is different from the rules in force.")
        return data

    def changes(self) -> dict[str, int]:
        """What the person changed, by rule."""
        return {name: self.cleaned_data[name] for name in NAMES if name in self.changed_data}


class Stale(DomainError):
    code = "stale"


class Change(Act):
    name, label, button = "edit", "Change the rules", "Put the new version in force"

    def is_possible(self, rules: Rules) -> bool:
        return not Rules.objects.filter(pk__gt=rules.pk).exists()

    def told(self, rules: Rules) -> list[str]:
        if not self.is_possible(rules):
            return ["There is a newer version. What you save is put on top of that one."]
        return [
            "What you change becomes a new version, in force for what is booked from then on.",
            f"Lessons already booked keep their version; version {rules.pk} stays as it is.",
            "Nobody gets a letter. The history says who changed what.",
        ]

    def form(self, rules: Rules, *, data: Any) -> RulesForm:
        """Bound to the version the person saw, or to the latest where a newer one came meanwhile."""
        latest = Rules.objects.order_by("-pk")[:1].get()
        if data is None:
            return RulesForm(instance=latest, initial={"seen": latest.pk})
        seen = Rules.objects.filter(pk=data["seen"]).first() if data.get("seen", "").isdigit() else None
        if seen is None or seen.pk == latest.pk:
            return RulesForm(data, instance=latest)
        return self._rebased(RulesForm(data, instance=seen), seen, latest)

    def _rebased(self, form: RulesForm, seen: Rules, latest: Rules) -> RulesForm:
        """The person's own changes on top of a version that came meanwhile, to be looked at once more."""
        merged = {name: str(getattr(latest, name)) for name in NAMES} | {
            name: form.data.get(name, "") for name in form.changed_data if name in NAMES
        }
        fresh = RulesForm({**merged, "seen": latest.pk}, instance=latest)
        who = latest.created_by or "somebody"
        fresh.add_error(
            None,
            f"{who} changed the rules meanwhile: {'; '.join(differences(seen, latest))}. "
            "Your own changes are kept below, on top of that. Nothing was saved; look once more.",
        )
        return fresh

    def run(self, rules: Rules, form: RulesForm, *, by: Any) -> str:
        made = services.change(by=by, **form.changes())
        return f"Version {made.pk} is in force."


class RulesChangeList(ChangeList):
    """Knows of each row what it changed: one query more, for the version before the page's last."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        before = Rules.objects.filter(pk__lt=rows[-1].pk).order_by("-pk")[:1] if rows else []
        for new, old in pairwise([*rows, *before, None]):
            if new is not None:
                new.said = differences(old, new) if old else []
        self.result_list = rows


@admin.register(Rules)
class RulesAdmin(ActingAdmin):
    list_display = ("version", "created_at", "created_by", "what_changed")
    list_select_related = ("created_by",)
    acts = (Change(),)
    fieldsets = (
        (None, {"fields": ("version", "created_at", "created_by", "what_changed")}),
        ("Booking", {"fields": [name for name in NAMES
                                if name not in (*OVERNIGHT, *CANCELLING, *NO_SHOWS, *MONEY)]}),
        ("Overnight", {"fields": [*OVERNIGHT]}),
        ("Cancelling", {"fields": [*CANCELLING]}),
        ("No-shows", {"fields": [*NO_SHOWS]}),
        ("Money", {"fields": [*MONEY]}),
    )  # fmt: skip

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RulesChangeList

    @admin.display(description="version")
    def version(self, rules: Rules) -> str:
        return f"Version {rules.pk}"

    @admin.display(description="what changed")
    def what_changed(self, rules: Rules) -> str:
        said = getattr(rules, "said", None)
        if said is None:
            before = Rules.objects.filter(pk__lt=rules.pk).order_by("-pk").first()
            said = differences(before, rules) if before else []
        return "; ".join(said) or "the first version"
