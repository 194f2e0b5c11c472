"""How an instructor can be booked: notice, horizon, gaps, starts and caps."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from instainstru.accounts.services import signed_in
from instainstru.lib import clock, presentation
from instainstru.lib.errors import DomainError
from instainstru.lib.http import posted
from instructors import meaning
from instructors.limit_form import LimitsForm
from instructors.models import Instructor
from instructors.services import limits
from instructors.views.office import office, onto

# Which limits stand together on the page.
GROUPS = (
    (
        "How early you want to know",
        ("notice_online_min", "notice_at_instructor_min", "notice_at_student_min", "overnight_rule"),
    ),
    ("Between lessons", ("buffer_min", "travel_min")),
    ("Which times are offered", ("grid_min", "horizon_days")),
    ("How much is enough", ("lessons_per_day", "lessons_per_week")),
)


@office
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """All limits on one page. A save that started from other limits than the present is not taken."""
    form = LimitsForm(posted(request), instructor=instructor)
    stale = False
    if form.is_bound and form.is_valid():
        try:
            saved = limits.save(
                instructor, form.facts(), by=signed_in(request), seen=form.cleaned_data["version"] or None
            )
        except limits.Stale as refusal:
            stale = True
            form.add_error(None, refusal.message)
        except DomainError as refusal:
            onto(form, refusal)
        else:
            was_same = limits.set_by(saved) == limits.set_by(instructor)
            messages.success(request, "Nothing changed." if was_same else "Saved. Your free times follow.")
            return redirect("instructors:office_limits")
    status = 200 if not form.is_bound else 409 if stale else 422
    return render(
        request, "instructors/office/limits.html", _context(instructor, form, stale=stale), status=status
    )


def _context(instructor: Instructor, form: LimitsForm, *, stale: bool) -> dict[str, Any]:
    zone, now = instructor.time_zone, clock.now()
    return {
        "section": "limits",
        "here": "hours",
        "form": form,
        "groups": [{"title": title, "fields": [form[name] for name in names]} for title, names in GROUPS],
        "zone": presentation.zone(zone),
        "notes": meaning.notes(limits.overtaken(instructor, now=now), zone=zone),
        # Saved once more it is meant: what stands there now was seen.
        "version": limits.version_of(instructor) if stale else form["version"].value(),
    }
