"""Results as the template prints them: everything ready made, since twenty cards are printed at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from instainstru.lib import clock, money, presentation, when
from instructors.models import Modality
from instructors.presentation import ICONS, MILE_KM, WAYS, page_url, photo_url, stars
from instructors.services.catalogue import lesson_price
from instructors.services.search.find import Result

# How many portraits a browser fetches at once; the others wait until they are scrolled to.
EAGER = 3


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where and when somebody looks. Days are put into words once, however many times they have."""

    zone: str
    today: date
    _said: dict[date, tuple[str, str]] = field(default_factory=dict)

    def day(self, day: date) -> tuple[str, str]:
        """``Thu 3 Dec`` (or ``Today``) and ``Thursday 3 December``."""
        words = self._said.get(day)
        if words is None:
            words = self._said[day] = (day_label(day, self.today), presentation.long_day(day))
        return words


def cards(results: Iterable[Result], *, clocks: Clocks) -> list[dict[str, Any]]:
    """One card for each result."""
    return [{**card(result, clocks=clocks), "eager": number < EAGER} for number, result in enumerate(results)]


def card(result: Result, *, clocks: Clocks) -> dict[str, Any]:
    """What ``instructors/result.html`` prints."""
    row = result.row
    name = short_name(row.first_name, row.last_name)
    days = _days(result, clocks, what=f"{result.subject.name} with {name}")
    day = f"&day={clock.local(result.starts[0], clocks.zone).date().isoformat()}" if result.starts else ""
    url = (
        f"{page_url(row.slug)}?offering={row.id}&duration={result.duration_min}"
        f"&modality={result.modality}{day}"
    )
    return {
        "url": url,
        "times_url": f"{url}#picker",
        "name": name,
        "initials": presentation.initials(row.first_name, row.last_name),
        "face": presentation.face(row.instructor_id),
        "photo": photo_url(row.photo),
        "headline": row.headline,
        "verified": row.is_verified,
        **stars(row.rating, row.rating_count),
        "place": _place(result),
        "place_icon": ICONS[Modality(result.modality)],
        "subject": result.subject.name,
        "price": money.show(lesson_price(row.price_per_hour, result.duration_min)),
        "duration_label": presentation.minutes(result.duration_min),
        "offering": row.id,
        "duration": result.duration_min,
        "modality": result.modality,
        "days": days,
        "next_label": "",
        # For staff who ask for it (``why.py``).
        "why": [],
    }


def time_row(result: Result, *, clocks: Clocks) -> dict[str, Any]:
    """The first time of a result as ``components/time_row.html`` prints it."""
    made = card(result, clocks=clocks)
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


def _days(result: Result, clocks: Clocks, *, what: str) -> list[dict[str, Any]]:
    days: list[dict[str, Any]] = []
    last: date | None = None
    for start in result.starts:
        there = clock.local(start, clocks.zone)
        day = there.date()
        label, full = clocks.day(day)
        if day != last:
            days.append({"label": label, "times": []})
            last = day
        hour = when.hour_of(there)
        days[-1]["times"].append(
            {"value": clock.rfc3339(start), "label": hour, "aria": f"{hour}, {full}, {what}"}
        )
    return days
