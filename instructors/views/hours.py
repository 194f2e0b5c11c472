"""Where hours depart from the week: dates that differ, time off. The week itself is in ``week.py``."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from bookings.models import Status
from bookings.services import access
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, presentation, when
from instainstru.lib.errors import DomainError, NotFound
from instainstru.lib.http import posted
from instructors.forms import DateForm, HoursFormSet, TimeOffForm, rows_of, windows_of
from instructors.models import CalendarBlock, Instructor
from instructors.services import calendar_feeds, schedule
from instructors.services.schedule import Window
from instructors.views.office import office, onto

# As many times of outside calendars as one looks at; the week shows the rest.
MOST_OUTSIDE = 8


@office
@require_http_methods(["GET", "POST"])
def dates(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Dates with other hours than their weekday; ``?date=`` opens one for a change."""
    differing = schedule.coming_dates(instructor)
    pattern = schedule.week_of(instructor)
    edited = _date(request.GET.get("date", ""))
    hours = differing.get(edited, pattern[edited.weekday()]) if edited else []
    form = DateForm(
        posted(request),
        initial={"date": edited, "closed": edited in differing and not hours} if edited else None,
    )
    formset = HoursFormSet(posted(request), prefix="hours", initial=rows_of(hours))
    status = 200
    if request.method == "POST":
        status = 422
        if all([form.is_valid(), formset.is_valid()]):
            windows = [] if form.cleaned_data["closed"] else windows_of(formset)
            day = form.cleaned_data["date"]
            if not windows and not form.cleaned_data["closed"]:
                form.add_error("closed", "Enter hours, or tick that you are closed.")
            elif _set_date(request, instructor, day, windows, form):
                return redirect("instructors:office_dates")
    context = {
        "section": "dates",
        "here": "hours",
        "dates": [_differing(instructor, day, windows, pattern) for day, windows in differing.items()],
        "form": form,
        "formset": formset,
        "editing": edited in differing,
        "back_url": reverse("instructors:office_dates"),
    }
    return render(request, "instructors/office/dates.html", context, status=status)


def _set_date(
    request: HttpRequest, instructor: Instructor, day: date, windows: list[Window], form: DateForm
) -> bool:
    try:
        schedule.set_date(instructor, day, windows, by=signed_in(request))
    except DomainError as refusal:
        onto(form, refusal)
        return False
    said = presentation.windows(sorted(windows)).lower() if not windows else presentation.windows(windows)
    messages.success(request, f"{presentation.long_day(day)}: {said}.")
    return True


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _differing(
    instructor: Instructor, day: date, windows: list[Window], pattern: dict[int, list[Window]]
) -> dict[str, Any]:
    here = reverse("instructors:office_dates")
    return {
        "label": presentation.long_day(day),
        "hours": presentation.windows(windows),
        "closed": not windows,
        "usual": f"usually {presentation.windows(pattern[day.weekday()], none='closed')}",
        "lessons": "",
        "edit_url": f"{here}?date={day.isoformat()}",
        "remove_url": reverse("instructors:office_date_remove", args=[day.isoformat()]),
    }


@office
@require_POST
def remove_date(request: HttpRequest, instructor: Instructor, day: str) -> HttpResponse:
    """Let the date follow the weekly hours again."""
    found = _date(day)
    if found is None:
        raise NotFound
    schedule.follow_pattern(instructor, found, by=signed_in(request))
    messages.success(request, f"{presentation.long_day(found)} follows your weekly hours again.")
    return redirect("instructors:office_dates")


@office
@require_http_methods(["GET", "POST"])
def time_off(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Stretches in which nothing can be booked, and the lessons that still lie in them."""
    zone = instructor.time_zone
    form = TimeOffForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            start, end = form.span(zone)
            schedule.add_time_off(
                instructor, start, end, by=signed_in(request), label=form.cleaned_data["note"]
            )
        except clock.SkippedTime as refusal:
            onto(form, refusal)
        except DomainError as refusal:
            onto(form, refusal, end="last_day", start="first_day")
        else:
            messages.success(request, "Nothing can be booked in that time now.")
            return redirect("instructors:office_time_off")
    blocks = schedule.coming_time_off(instructor)
    context = {
        "section": "time_off",
        "here": "hours",
        "times_off": [_away(block, zone) for block in blocks],
        "lessons_inside": _inside(instructor, blocks),
        "outside": [_outside(one, zone) for one in calendar_feeds.coming(instructor, most=MOST_OUTSIDE)],
        "calendars_url": reverse("instructors:office_calendars"),
        "form": form,
    }
    return render(request, "instructors/office/time_off.html", context, status=422 if form.is_bound else 200)


def _away(block: CalendarBlock, zone: str) -> dict[str, str]:
    return {
        "label": f"{when.short(block.period.lower, zone)} – {when.short(block.period.upper, zone)}",
        "note": block.label,
        "remove_url": reverse("instructors:office_time_off_remove", args=[block.pk]),
    }


def _outside(block: CalendarBlock, zone: str) -> dict[str, str]:
    return {
        "label": f"{when.short(block.period.lower, zone)} – {when.short(block.period.upper, zone)}",
        "calendar": block.outside.name if block.outside else "",
    }


def _inside(instructor: Instructor, blocks: list[CalendarBlock]) -> list[dict[str, str]]:
    """Lessons that are booked although their instructor is away: one query for all."""
    if not blocks:
        return []
    low = min(block.period.lower for block in blocks)
    high = max(block.period.upper for block in blocks)
    return [
        {
            "label": f"{when.short(one.starts_at, instructor.time_zone)}, {one.student.user.full_name}",
            "url": reverse("bookings:lesson", args=[one.pk]),
        }
        for one in access.agenda(instructor, low=low, high=high)
        if one.status == Status.CONFIRMED
        and any(one.starts_at < block.period.upper and one.ends_at > block.period.lower for block in blocks)
    ]


@office
@require_POST
def remove_time_off(request: HttpRequest, instructor: Instructor, block_id: int) -> HttpResponse:
    """Give time off back to the students."""
    schedule.remove_time_off(instructor, block_id, by=signed_in(request))
    messages.success(request, "That time can be booked again.")
    return redirect("instructors:office_time_off")
