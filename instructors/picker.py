"""The time picker as ``components/picker.html`` prints it; every step of it is an address."""

from __future__ import annotations

import calendar as _calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from instainstru.lib import clock, presentation, when
from instainstru.rules.models import Rules
from instructors.models import Modality, Offering
from instructors.presentation import WAYS, price
from instructors.services import openings
from instructors.services.openings import Lesson
from instructors.services.slots import latest, limits_of

# A cell of the grid beside the month.
NO_DAY = {"number": "", "url": "", "aria": "", "many": "", "selected": False, "today": False}
WEEKS = _calendar.Calendar()
DAY = timedelta(days=1)
FURTHEST = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the visitor has chosen so far; ``day`` wins over ``month``."""

    lesson: Lesson
    month: date
    day: date | None


@dataclass(frozen=True, slots=True)
class Frame:
    """The page the picker stands on, and for whom."""

    url: str
    action: str
    zone: str
    now: datetime
    rules: Rules
    fields: Sequence[tuple[str, str]] = ()
    method: str = "post"
    label: str = "Choose a time and it is held for you for a few minutes."
    # What its links keep of the page's own address.
    keep: Mapping[str, str] = field(default_factory=dict)


def read(
    data: Mapping[str, str], *, offerings: Sequence[Offering], zone: str, now: datetime, modality: str = ""
) -> Choice:
    """What an address says, with something sensible for whatever it leaves out or gets wrong."""
    offering = next((one for one in offerings if str(one.pk) == data.get("offering")), offerings[0])
    length = next(
        (value for value in offering.durations if str(value) == data.get("duration")), _usual(offering)
    )
    way = data.get("modality") or modality
    way = way if way in offering.modalities else offering.modalities[0]
    today = clock.local(now, zone).date()
    day = _date(data.get("day", ""), today)
    month = day or _date(f"{data.get('month', '')}-01", today) or today
    return Choice(Lesson(offering, length, way), month.replace(day=1), day)


def _usual(offering: Offering) -> int:
    """An hour where it is offered, else the shortest."""
    return 60 if 60 in offering.durations else offering.durations[0]


def _date(text: str, today: date) -> date | None:
    """The date of an address, unless it is years away."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if abs(found - today) < FURTHEST else None


def build(choice: Choice, frame: Frame, *, offerings: Sequence[Offering]) -> dict[str, Any]:
    """The whole picker: one query, and another one where the month has nothing."""
    lesson, zone = choice.lesson, frame.zone
    own = lesson.offering.instructor.time_zone
    differs = not when.same_clocks(frame.now, zone, own)
    free = _free(choice, frame)
    if choice.day is None and free:
        # Times are what people came for: the first day that has some is open already.
        choice = replace(choice, day=min(free))
    name = lesson.offering.instructor.user.first_name
    return {
        "subjects": _subjects(choice, frame, offerings),
        "durations": [
            {
                "label": presentation.minutes(value),
                "price": price(lesson.offering, value),
                "url": _url(choice, frame, duration=value),
                "current": value == lesson.duration_min,
            }
            for value in lesson.offering.durations
        ],
        "modalities": [
            {
                "label": WAYS[Modality(value)],
                "url": _url(choice, frame, modality=value),
                "current": value == lesson.modality,
            }
            for value in lesson.offering.modalities
        ],
        "zone": presentation.zone(zone),
        "other_zone": f"{name}'s clocks: {presentation.zone(own)}" if differs else "",
        "month": _month(choice, frame, free),
        "day": _day(choice, frame, free, other=own if differs else ""),
        "next_free": _next_free(choice, frame, free),
        "first": _first(choice, frame, free),
        "action": frame.action,
        "fields": [
            ("offering", lesson.offering.pk),
            ("duration_min", lesson.duration_min),
            ("modality", lesson.modality),
            *frame.fields,
        ],
        "method": frame.method,
        "action_label": frame.label,
    }


def _free(choice: Choice, frame: Frame) -> dict[date, list[range]]:
    """The month's starts by the visitor's date, as runs of epoch seconds."""
    zone = clock.zone(frame.zone)
    found: dict[date, list[range]] = {}
    spans = openings.spans(
        choice.lesson,
        low=clock.day_bounds(choice.month, frame.zone)[0],
        high=clock.day_bounds(_month_end(choice.month), frame.zone)[1],
        now=frame.now,
        rules=frame.rules,
    )
    for span in spans:
        first, last = (datetime.fromtimestamp(edge, zone).date() for edge in (span[0], span[-1]))
        if first == last:
            found.setdefault(first, []).append(span)
            continue
        # A day of the instructor's may lie on two of the visitor's.
        for start in span:
            found.setdefault(datetime.fromtimestamp(start, zone).date(), []).append(range(start, start + 1))
    return found


def _first(choice: Choice, frame: Frame, free: dict[date, list[range]]) -> datetime | None:
    """The next start there is, if it lies in the month shown or within a week."""
    if free and choice.month <= clock.local(frame.now, frame.zone).date():
        return datetime.fromtimestamp(free[min(free)][0][0], UTC)
    return openings.first(choice.lesson, now=frame.now, rules=frame.rules)


def _url(choice: Choice, frame: Frame, **changes: Any) -> str:
    """The address of the same picker with ``changes``; None leaves something out."""
    lesson = choice.lesson
    state = {
        **frame.keep,
        "offering": lesson.offering.pk,
        "duration": lesson.duration_min,
        "modality": lesson.modality,
        "month": f"{choice.month:%Y-%m}",
        "day": choice.day and choice.day.isoformat(),
        **changes,
    }
    return f"{frame.url}?{urlencode({name: value for name, value in state.items() if value})}"


def _subjects(choice: Choice, frame: Frame, offerings: Sequence[Offering]) -> list[dict[str, Any]]:
    if len(offerings) < 2:
        return []
    return [
        {
            "label": one.subject.name,
            "url": _url(choice, frame, offering=one.pk, duration=None, modality=None),
            "current": one.pk == choice.lesson.offering.pk,
        }
        for one in offerings
    ]


def _month_end(first: date) -> date:
    return first.replace(day=_calendar.monthrange(first.year, first.month)[1])


def _month(choice: Choice, frame: Frame, free: dict[date, list[range]]) -> dict[str, Any]:
    today = clock.local(frame.now, frame.zone).date()
    limits = limits_of(choice.lesson.offering.instructor, frame.rules)
    last = clock.local(latest(limits, now=frame.now) - timedelta(minutes=1), frame.zone).date()
    before, after = choice.month - DAY, _month_end(choice.month) + DAY
    link = _url(choice, frame, day=None) + "&day="
    return {
        "label": presentation.month(choice.month),
        "previous_url": _url(choice, frame, day=None, month=f"{before:%Y-%m}") if before >= today else "",
        "previous_label": presentation.month(before),
        "next_url": _url(choice, frame, day=None, month=f"{after:%Y-%m}") if after <= last else "",
        "next_label": presentation.month(after),
        "weeks": [
            [
                _cell(day, free.get(day, ()), link, selected=day == choice.day, today=day == today)
                if day.month == choice.month.month
                else NO_DAY
                for day in week
            ]
            for week in WEEKS.monthdatescalendar(choice.month.year, choice.month.month)
        ],
    }


def _cell(day: date, spans: Sequence[range], link: str, *, selected: bool, today: bool) -> dict[str, Any]:
    free = sum(map(len, spans))
    said = f"{presentation.count(free, 'time')} free" if free else "no times free"
    return {
        "number": str(day.day),
        "url": f"{link}{day.isoformat()}#times" if free else "",
        "aria": f"{presentation.long_day(day)}, {said}",
        "many": "few" if free < 3 else "some" if free < 6 else "many",
        "selected": selected,
        "today": today,
    }


def _day(choice: Choice, frame: Frame, free: dict[date, list[range]], *, other: str) -> dict[str, Any] | None:
    if choice.day is None:
        return None
    zone = clock.zone(frame.zone)
    label = presentation.long_day(choice.day)
    parts: dict[str, list[dict[str, str]]] = {}
    number = 0
    for start in (start for span in free.get(choice.day, ()) for start in span):
        there = datetime.fromtimestamp(start, zone)
        hour = when.hour_of(there)
        number += 1
        parts.setdefault(presentation.part(there), []).append(
            {
                "value": clock.rfc3339(there),
                "label": hour,
                "aria": f"{hour}, {label}",
                "other": f"{when.hour(there, other)} in {when.city(other)}" if other else "",
            }
        )
    return {
        "label": label,
        "count": f"{presentation.count(number, 'time')} free" if number else "Nothing free",
        "parts": [{"label": name, "times": times} for name, times in parts.items()],
    }


def _next_free(choice: Choice, frame: Frame, free: dict[date, list[range]]) -> dict[str, str] | None:
    """The first day with a time when the month, or the chosen day, has none."""
    if free and (choice.day is None or choice.day in free):
        return None
    after = choice.day or choice.month
    found = min((day for day in free if day > after), default=None)
    if found is None:
        low = clock.day_bounds(after, frame.zone)[0]
        high = frame.now + timedelta(days=frame.rules.horizon_days + 2)
        start = next(
            openings.starts(choice.lesson, low=low, high=high, now=frame.now, rules=frame.rules), None
        )
        if start is None:
            return None
        found = clock.local(start, frame.zone).date()
    url = _url(choice, frame, day=found.isoformat(), month=f"{found:%Y-%m}")
    return {"label": presentation.long_day(found), "url": f"{url}#times"}
