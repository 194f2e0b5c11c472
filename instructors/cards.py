"""Results as the template prints them: everything ready made, since twenty cards are printed at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from instainstru.lib import clock, money, presentation, when
from instructors.models import Modality
from instructors.presentation import ICONS, MILE_KM, WAYS, page_url, photo_url, stars
from instructors.services.catalogue import lesson_price
from instructors.services.search.find import Result


def cards(results: Iterable[Result], *, zone: str, today: date) -> list[dict[str, Any]]:
    """One card for each result, times on the clocks of ``zone``."""
    return [card(result, zone=zone, today=today) for result in results]


def card(result: Result, *, zone: str, today: date) -> dict[str, Any]:
    """What ``instructors/search.html`` prints of one result."""
    row = result.row
    name = short_name(row.first_name, row.last_name)
    state = {"offering": row.id, "duration": result.duration_min, "modality": result.modality}
    if result.starts:
        state["day"] = clock.local(result.starts[0], zone).date().isoformat()
    url = page_url(row.slug)
    return {
        "url": f"{url}?{urlencode(state)}",
        "times_url": f"{url}?{urlencode(state)}#picker",
        "name": name,
        "initials": presentation.initials(row.first_name, row.last_name),
        "face": presentation.face(row.instructor_id),
        "photo": photo_url(row.photo),
        "headline": row.headline,
        "verified": row.is_verified,
        **stars(row.rating, row.rating_count),
        "place": _place(result),
        "place_icon": ICONS[Modality(result.modality)],
        "subject": row.subject_name,
        "price": money.show(lesson_price(row.price_per_hour, result.duration_min)),
        "duration_label": presentation.minutes(result.duration_min),
        "offering": row.id,
        "duration": result.duration_min,
        "modality": result.modality,
        "days": _days(result, zone=zone, today=today, what=f"{row.subject_name} with {name}"),
        "next_label": "",
    }


def time_row(result: Result, *, zone: str, today: date) -> dict[str, Any]:
    """The first time of a result as ``components/time_row.html`` prints it."""
    made = card(result, zone=zone, today=today)
    first = made["days"][0]
    day = "" if first["label"] == "Today" else first["label"]
    return {**made, **first["times"][0], "time": first["times"][0]["label"], "day": day}


def short_name(first: str, last: str) -> str:
    """``Sara C.``."""
    return f"{first} {last[:1]}." if last else first


def day_label(day: date, today: date) -> str:
    """``Today``, ``Tomorrow`` or ``Thu 3 Dec``."""
    away = (day - today).days
    return "Today" if away == 0 else "Tomorrow" if away == 1 else presentation.day(day)


def _place(result: Result) -> str:
    row = result.row
    if result.modality == Modality.ONLINE:
        return "Online"
    name = row.place_name or ""
    if result.modality == Modality.AT_STUDENT:
        return f"Comes to you from {name}" if name else "Comes to you"
    away = f"{result.distance_km / MILE_KM:.1f} mi" if result.distance_km is not None else ""
    return ", ".join(filter(None, [name, away])) or WAYS[Modality.AT_INSTRUCTOR]


def _days(result: Result, *, zone: str, today: date, what: str) -> list[dict[str, Any]]:
    days: dict[date, list[dict[str, str]]] = {}
    for start in result.starts:
        there = clock.local(start, zone)
        hour = when.hour(start, zone)
        days.setdefault(there.date(), []).append(
            {
                "value": clock.rfc3339(start),
                "label": hour,
                "aria": f"{hour}, {presentation.long_day(there)}, {what}",
            }
        )
    return [{"label": day_label(day, today), "times": times} for day, times in days.items()]
