"""An instructor's limits as a form: in the office, and for staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from instainstru.lib import clock
from instainstru.rules import services as rules_service
from instructors import meaning
from instructors.models import Instructor
from instructors.services import limits
from instructors.services.explain import lasting
from instructors.services.slots import limits_of


class LimitsForm(forms.Form):
    """Each limit with its range and an example of what is saved; an empty one follows the rules."""

    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, data: Any = None, *, instructor: Instructor) -> None:
        super().__init__(
            data, initial={**limits.set_by(instructor), "version": limits.version_of(instructor)}
        )
        rules = rules_service.current()
        allowed = limits.allowed(rules)
        examples = meaning.examples(instructor, limits_of(instructor, rules), now=clock.now())
        for name in limits.NUMBERS:
            range_ = allowed[name]
            if range_.choices:
                self.fields[name] = self._grid(range_, instructor.grid_min)
            else:
                # How far is for the rule to say; here only what can be a limit at all.
                self.fields[name] = forms.IntegerField(required=False, min_value=0, max_value=32_767)
                self.fields[name].widget.attrs |= {"inputmode": "numeric"}
        self.fields["overnight_rule"] = forms.BooleanField(required=False)
        for name in limits.FACTS:
            self.fields[name].label = meaning.LABELS[name]
            said = "" if name == "grid_min" else meaning.within(name, allowed)
            lines = [examples[name], *filter(None, [said])]
            self.fields[name].help_text = format_html_join(mark_safe("<br>"), "{}", ((one,) for one in lines))

    def _grid(self, range_: limits.Allowed, own: int | None) -> forms.TypedChoiceField:
        lengths = sorted({*range_.choices, *([own] if own else [])})
        return forms.TypedChoiceField(
            required=False,
            coerce=int,
            empty_value=None,
            choices=[("", f"{lasting(range_.low)} (the usual)"), *((one, lasting(one)) for one in lengths)],
        )

    def facts(self) -> dict[str, Any]:
        """What the rule takes; the form must be valid."""
        return {name: self.cleaned_data[name] for name in limits.FACTS}
