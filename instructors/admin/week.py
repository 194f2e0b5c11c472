"""One week of an instructor in plain language: the hours, what takes time, and what is left."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from instainstru.lib import clock, presentation, when
from instainstru.lib.intervals import Range
from instructors.models import CalendarBlock, Instructor, OpenDay
from instructors.services import weeks
from instructors.services.open_days import range_of

DAY = timedelta(days=1)


def asked(text: str, *, zone: str) -> date:
    """The Monday asked for, or this week's."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = clock.today(zone)
    # Years apart, dates overflow; nobody's calendar is there.
    return weeks.monday_of(day) if 2000 <= day.year < 2200 else weeks.monday_of(clock.today(zone))


def table(instructor: Instructor, monday: date) -> dict[str, Any]:
    """What ``admin/instructors/instructor/change_form.html`` prints: four queries."""
    zone = instructor.time_zone
    days = weeks.week_at(instructor, monday).days
    low, high = clock.day_bounds(monday, zone)[0], clock.day_bounds(monday + 6 * DAY, zone)[1]
    blocks = list(
        CalendarBlock.objects.filter(
            instructor=instructor, period__overlap=range_of(low, high)
        ).order_by("period")
    )  # fmt: skip
    open_days = {
        day.date: day
        for day in OpenDay.objects.filter(instructor=instructor, date__range=(monday, monday + 6 * DAY))
    }
    page = reverse("admin:instructors_instructor_change", args=[instructor.pk])
    return {
        "label": f"{presentation.day(monday)} – {presentation.day(monday + 6 * DAY)} {monday.year}",
        "zone": presentation.zone(zone),
        "previous_url": f"{page}?week={monday - 7 * DAY}#week",
        "next_url": f"{page}?week={monday + 7 * DAY}#week",
        "days": [
            {
                "label": presentation.day(day.date),
                "is_today": day.date == clock.today(zone),
                "hours": presentation.windows(day.windows),
                "differs": day.differs,
                "taken": [_taken(block, day.date, zone) for block in blocks if _on(block, day.date, zone)],
                **_open(open_days.get(day.date), zone),
            }
            for day in days
        ],
    }


def _on(block: CalendarBlock, day: date, zone: str) -> bool:
    low, high = clock.day_bounds(day, zone)
    return block.period.lower < high and block.period.upper > low


def _taken(block: CalendarBlock, day: date, zone: str) -> dict[str, str]:
    low, high = clock.day_bounds(day, zone)
    start, end = block.period.lower, block.period.upper
    if start <= low and end >= high:
        span = "all day"
    else:
        span = _span((max(start, low), min(end, high)), zone)
    what = f"{block.get_kind_display()}: {block.label}" if block.label else block.get_kind_display()
    url = reverse("admin:bookings_booking_change", args=[block.booking_id]) if block.booking_id else ""
    return {"text": f"{what}, {span}", "url": url}


def _open(day: OpenDay | None, zone: str) -> dict[str, str]:
    if day is None:
        return {"free": "Not worked out: before today or past the horizon", "free_travel": ""}
    free = _spans(day.free, zone)
    travel = "" if day.free_travel is None else _spans(day.free_travel, zone)
    return {"free": free, "free_travel": travel}


def _spans(ranges: list[Range], zone: str) -> str:
    return ", ".join(_span(one, zone) for one in ranges) or "nothing"


def _span(one: Range, zone: str) -> str:
    return when.span(one[0], one[1], zone)
