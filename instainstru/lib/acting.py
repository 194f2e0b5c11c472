"""Acts of the back office: a page that says what will happen, and one button that does it.

An ``Act`` belongs to a kind of row. ``ActingAdmin`` shows the row, links the acts that are possible
now and that the person may do, and gives each a page of its own: ``…/<id>/<act's name>/``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from instainstru.lib.backoffice import ReadOnlyAdmin
from instainstru.lib.errors import DomainError


class ReasonForm(forms.Form):
    """Why: kept with the event and, where letters go out, read by those who get them."""

    reason = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3}), label="Reason")

    def __init__(self, *args: Any, reason_help: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = reason_help


class Act:
    """One thing staff can do to a row. Subclasses say what it means and call one service."""

    # Part of the address and of its name; what the link says; what the button says.
    name: ClassVar[str]
    label: ClassVar[str]
    button: ClassVar[str]
    # Whether it takes something away from somebody.
    is_grave: ClassVar[bool] = False
    # "change" asks for `app.change_model`.
    permission: ClassVar[str] = "change"
    # Another one it takes beside that, in full.
    permission_beside: ClassVar[str] = ""
    template: ClassVar[str] = "admin/act.html"

    def is_possible(self, row: Any) -> bool:
        """Whether the row's page offers it now; the service has the last word."""
        return True

    def told(self, row: Any) -> list[str]:
        """What will happen, in sentences."""
        raise NotImplementedError

    def form(self, row: Any, *, data: Any) -> forms.BaseForm:
        """The form, bound to what was posted, if anything was."""
        return forms.Form(data)

    def is_asking(self, data: Any) -> bool:
        """Whether the post only asks to see something else on the page, and nothing is to be done."""
        return False

    def is_agreed(self, form: Any) -> bool:
        """Whether the valid form is all it takes; otherwise the page is shown again, as it is now."""
        return True

    def run(self, row: Any, form: Any, *, by: Any) -> str:
        """Do it through its service, and say in a sentence what was done."""
        raise NotImplementedError

    def refuse(self, form: forms.BaseForm, refusal: DomainError) -> None:
        """Put the refusal at its field, or over the form."""
        at_fields = {name: text for name, text in refusal.fields.items() if name in form.fields}
        for name, text in at_fields.items():
            form.add_error(name, text)
        if not at_fields:
            form.add_error(None, refusal.message)


class ActingAdmin(ReadOnlyAdmin):
    """Rows nobody edits: staff look at them, and act on them through the same services as everyone."""

    acts: Sequence[Act] = ()
    change_form_template = "admin/acting.html"

    def may(self, request: HttpRequest, act: Act) -> bool:
        """Whether the person may do it at all; who may only view is offered nothing."""
        options = self.opts
        needed = [f"{options.app_label}.{act.permission}_{options.model_name}"]
        return request.user.has_perms([*needed, *filter(None, [act.permission_beside])])

    def title_of(self, row: Any) -> str:
        """What tells the row from others at a glance."""
        return str(row)

    def panels(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the row's page shows below its fields."""
        return {}

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<path:object_id>/{act.name}/", self._page(act), name=self._url_name(act))
            for act in self.acts
        ]
        return own + super().get_urls()

    def _url_name(self, act: Act) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{act.name}"

    def _page(self, act: Act) -> Callable[..., HttpResponse]:
        return self.admin_site.admin_view(partial(self.act_page, act=act))

    def act_page(self, request: HttpRequest, object_id: str, *, act: Act) -> HttpResponse:
        """What will happen; then, on POST, doing it. A refusal keeps what was typed."""
        if not self.may(request, act):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        is_acting = request.method == "POST" and not act.is_asking(request.POST)
        form = act.form(row, data=request.POST if request.method == "POST" else None)
        if is_acting and form.is_valid() and act.is_agreed(form):
            try:
                done = act.run(row, form, by=request.user)
            except DomainError as refusal:
                act.refuse(form, refusal)
            else:
                messages.success(request, done)
                return redirect(self.page_of(row))
        elif not is_acting:
            # Looking further is no mistake: the fields keep what they have, without complaints.
            form._errors = {}  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "title": act.label,
            "subtitle": self.title_of(row),
            "opts": self.opts,
            "original": row,
            "act": act,
            "told": act.told(row),
            "form": form,
            "back_url": self.page_of(row),
            "media": self.media + form.media,
        }
        status = 422 if is_acting and form.errors else 200
        return TemplateResponse(request, act.template, context, status=status)

    def page_of(self, row: Model) -> str:
        """The row's own page."""
        options = self.opts
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[quote(row.pk)])

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        if row is not None:
            context["acts"] = [
                {"label": act.label, "is_grave": act.is_grave, "url": self.url_of(act, row)}
                for act in self.acts
                if act.is_possible(row) and self.may(request, act)
            ]
            context["subtitle"] = self.title_of(row)
            context.update(self.panels(request, row))
        return super().render_change_form(request, context, *args, **kwargs)

    def url_of(self, act: Act, row: Model) -> str:
        """The act's page for this row."""
        return reverse(f"admin:{self._url_name(act)}", args=[quote(row.pk)])
