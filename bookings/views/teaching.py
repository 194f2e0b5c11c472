"""The instructor's day and week, on the instructor's own clocks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from bookings import getting_paid, presentation
from bookings.actions import actions_of
from bookings.host_forms import WhenForm
from bookings.models import Booking, Party, Status
from bookings.services import access, consent, no_shows, overview
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, money, when
from instainstru.lib import presentation as words
from instainstru.lib.intervals import Range
from instructors import listing
from instructors.models import CalendarBlock, Instructor
from instructors.services import open_days, schedule
from instructors.services.profile import instructor_of

DAY = timedelta(days=1)
# The hours a week is drawn with where nothing lies outside; the axis has four marks, evenly spread.
DRAWN = (8, 20)
GAPS = 3


@never_cache
@login_required
@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """The next lesson first, then the rest of the day and what waits for an answer."""
    instructor, now = instructor_of(signed_in(request)), clock.now()
    zone = instructor.time_zone
    day = clock.local(now, zone).date()
    low, high = clock.day_bounds(day, zone)
    lessons = [one for one in access.agenda(instructor, low=low, high=high) if one.status in SHOWN]
    following = access.next_of(instructor, now=now)
    rest = [_card(one, zone=zone, now=now) for one in lessons if following is None or one.pk != following.pk]
    context = {
        **_head(instructor, now=now, day=day),
        "view": "today",
        "next_lesson": following and _card(following, zone=zone, now=now),
        "next_in": _until(following.starts_at, now=now) if following else "",
        "rest": rest,
    }
    return render(request, "bookings/today.html", context)


SHOWN = (Status.HELD, Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)


@never_cache
@login_required
@require_GET
def week(request: HttpRequest) -> HttpResponse:
    """Seven days as strips of hours, lessons and time off; ``?date=`` shows the week it lies in."""
    instructor, now = instructor_of(signed_in(request)), clock.now()
    today = clock.local(now, instructor.time_zone).date()
    day = _date(request.GET.get("date", ""), today)
    context = {
        **_head(instructor, now=now, day=today),
        "view": "week",
        "week": _week(instructor, day - day.weekday() * DAY, today=today, now=now),
        # A date that was asked for is the one to ask about.
        "form": WhenForm(instructor=instructor, initial={"date": max(day, today)}),
        "why_url": reverse("bookings:why"),
    }
    return render(request, "bookings/today.html", context)


def _date(text: str, otherwise: date) -> date:
    """The date of an address; anything but a date within ten years is ``otherwise``."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return found if abs((found - otherwise).days) < 3653 else otherwise


def _head(instructor: Instructor, *, now: datetime, day: date) -> dict[str, Any]:
    """What both views begin with; five queries, and two about money where payments are on."""
    zone = instructor.time_zone
    monday = day - day.weekday() * DAY
    first = day.replace(day=1)
    next_month = (first + 31 * DAY).replace(day=1)
    counted = overview.numbers(
        instructor,
        week=(clock.day_bounds(monday, zone)[0], clock.day_bounds(monday + 7 * DAY, zone)[0]),
        month=(clock.day_bounds(first, zone)[0], clock.day_bounds(next_month, zone)[0]),
    )
    return {
        "here": "today",
        "greeting": words.long_day(day),
        "today_url": reverse("bookings:today"),
        "week_url": reverse("bookings:week"),
        "hours_url": reverse("instructors:office_hours"),
        "host_url": reverse("bookings:host"),
        "asked": [
            *(
                presentation.reported(one, party=Party.INSTRUCTOR, zone=zone, now=now)
                for one in no_shows.asked_of_instructor(instructor, now=now)
            ),
            *(
                presentation.asked(one, party=Party.INSTRUCTOR, zone=zone)
                for one in consent.asked_of_instructor(instructor, now=now)
            ),
            *(_ask(one, zone) for one in overview.to_answer(instructor, now=now)),
        ],
        "my_standing": None if instructor.is_listed else listing.standing_of(instructor),
        "numbers": [
            {"label": "Lessons this week", "value": str(counted.week)},
            {"label": f"In {day:%B}", "value": str(counted.month)},
            {"label": "They come to", "value": money.show(counted.month_price)},
        ],
        "waits": getting_paid.reminder(instructor),
        "earnings_url": reverse("bookings:earnings"),
    }


def _ask(booking: Booking, zone: str) -> dict[str, str]:
    there = clock.local(booking.starts_at, zone)
    return {
        "text": f"Did {booking.student.user.first_name} come on {words.day(there)}, "
        f"{when.hour(booking.starts_at, zone)}?",
        "url": reverse("bookings:lesson", args=[booking.pk]),
        "action": "Answer",
    }


def _card(booking: Booking, *, zone: str, now: datetime) -> dict[str, Any]:
    actions = actions_of(booking, party=Party.INSTRUCTOR, now=now, zone=zone, brief=True)
    return presentation.card(booking, party=Party.INSTRUCTOR, zone=zone, now=now, actions=actions)


def _until(instant: datetime, *, now: datetime) -> str:
    """``in 40 minutes``, ``in 3 hours``, ``in 2 days``, ``now``."""
    minutes = -(-int((instant - now).total_seconds()) // 60)
    if minutes <= 0:
        return "now"
    if minutes < 90:
        return f"in {words.count(minutes, 'minute')}"
    if minutes < 36 * 60:
        return f"in {words.count(round(minutes / 60), 'hour')}"
    return f"in {words.count(round(minutes / (24 * 60)), 'day')}"


def _week(instructor: Instructor, monday: date, *, today: date, now: datetime) -> dict[str, Any]:
    zone, sunday = instructor.time_zone, monday + 6 * DAY
    low, high = clock.day_bounds(monday, zone)[0], clock.day_bounds(sunday, zone)[1]
    hours = open_days.wished([instructor], monday, sunday)
    lessons = [one for one in access.agenda(instructor, low=low, high=high) if _is_drawn(one, now)]
    away = [
        (block.period.lower, block.period.upper)
        for block in CalendarBlock.objects.filter(
            instructor=instructor,
            kind__in=(CalendarBlock.Kind.TIME_OFF, CalendarBlock.Kind.EXTERNAL),
            period__overlap=open_days.range_of(low, high),
        )
    ]
    days = [monday + n * DAY for n in range(7)]
    drawn = _drawn_hours(days, hours, lessons, instructor)
    here = reverse("bookings:week")
    this_monday = today - today.weekday() * DAY
    return {
        "label": f"{monday.day} {monday:%B} – {sunday.day} {sunday:%B}",
        "previous_url": f"{here}?date={monday - 7 * DAY}",
        "next_url": f"{here}?date={monday + 7 * DAY}",
        "this_url": "" if monday == this_monday else here,
        "axis": _axis(*drawn),
        "days": [
            _day(day, instructor, hours[instructor.pk, day], lessons, away, drawn=drawn, today=today)
            for day in days
        ],
    }


def _is_drawn(booking: Booking, now: datetime) -> bool:
    return booking.is_held_at(now) if booking.status == Status.HELD else booking.status in SHOWN


def _day(
    day: date,
    instructor: Instructor,
    hours: list[Range],
    lessons: list[Booking],
    away: list[Range],
    *,
    drawn: tuple[int, int],
    today: date,
) -> dict[str, Any]:
    zone = instructor.time_zone
    own = [one for one in lessons if clock.local(one.starts_at, zone).date() == day]
    off = [
        one
        for one in away
        if one[0] < clock.day_bounds(day, zone)[1] and one[1] > clock.day_bounds(day, zone)[0]
    ]
    taken = [("hold" if one.status == Status.HELD else "lesson", (one.starts_at, one.ends_at)) for one in own]
    bars = [("open", one) for one in hours] + [("off", one) for one in off] + taken
    return {
        "label": f"{day:%a}",
        "date": str(day.day),
        "full": words.long_day(day),
        "today": day == today,
        "hours": _hours_said(hours, off, zone),
        "url": f"{reverse('instructors:office_dates')}?date={day}",
        "bars": [bar for kind, one in bars if (bar := _bar(kind, one, day, zone, drawn))],
        "lessons": [
            {
                "time": when.span(one.starts_at, one.ends_at, zone),
                "title": f"{presentation.other_name(one, party=Party.INSTRUCTOR)}, "
                f"{one.offering.subject.name.lower()}",
                "url": reverse("bookings:lesson", args=[one.pk]),
                "where": "held, not booked" if one.status == Status.HELD else "",
            }
            for one in own
        ],
    }


def _hours_said(hours: list[Range], off: list[Range], zone: str) -> list[str]:
    if not hours:
        return ["Closed"]
    if any(start <= hours[0][0] and end >= hours[-1][1] for start, end in off):
        return ["Not free"]
    return [when.span(start, end, zone) for start, end in hours]


def _minute(instant: datetime, day: date, zone: str) -> int:
    """The minute of local ``day`` at that instant, 0 before it and 1440 after it."""
    there = clock.local(instant, zone)
    if there.date() != day:
        return 0 if there.date() < day else schedule.DAY_MINUTES
    return there.hour * 60 + there.minute


def _drawn_hours(
    days: list[date], hours: dict[open_days.Day, list[Range]], lessons: list[Booking], instructor: Instructor
) -> tuple[int, int]:
    """First and last hour to draw: all that is open or booked, and so many that the axis divides them."""
    zone = instructor.time_zone
    edges = [DRAWN[0] * 60, DRAWN[1] * 60]
    for day in days:
        for start, end in hours[instructor.pk, day]:
            edges += [_minute(start, day, zone), _minute(end, day, zone)]
    for one in lessons:
        day = clock.local(one.starts_at, zone).date()
        edges += [_minute(one.starts_at, day, zone), _minute(one.ends_at, day, zone)]
    low, high = min(edges) // 60, -(-max(edges) // 60)
    while (high - low) % GAPS:
        low, high = (low, high + 1) if high < 24 else (low - 1, high)
    return low, high


def _axis(low: int, high: int) -> list[str]:
    marks = [low + n * (high - low) // GAPS for n in range(GAPS + 1)]
    return [f"{hour % 12 or 12} {'am' if hour % 24 < 12 else 'pm'}" for hour in marks]


def _bar(kind: str, span: Range, day: date, zone: str, drawn: tuple[int, int]) -> dict[str, Any] | None:
    low, high = drawn[0] * 60, drawn[1] * 60
    start = min(max(_minute(span[0], day, zone), low), high)
    end = min(max(_minute(span[1], day, zone), low), high)
    if start >= end:
        return None
    scale = 100 / (high - low)
    return {"kind": kind, "x": f"{(start - low) * scale:.2f}", "w": f"{(end - start) * scale:.2f}"}
