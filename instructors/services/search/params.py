"""Single parameters of a search, read with what is wrong about each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from instructors.models import Audience, Level, Modality
from instructors.services.search.parse import LONGEST_PLACE
from instructors.services.search.phrases import PARTS, WEEKDAYS
from instructors.services.search.vocabulary import Vocabulary

SORTS = {
    "recommended": "Recommended",
    "price_asc": "Price, lowest first",
    "rating_desc": "Rating, highest first",
    "soonest": "Soonest first",
    "distance": "Nearest first",
}
MODALITIES = {"online": "Online", "in_person": "In person"}
# Minutes a lesson may last, and how far ahead it may be looked for.
LENGTHS = range(5, 481)
FURTHEST = timedelta(days=400)
PART_NAMES = ("morning", "afternoon", "evening")
# Every parameter there is.
NAMES = frozenset(
    {
        "q", "subject", "not", "category", "price_min", "price_max", "date", "date_to", "weekdays",
        "time_from", "time_to", "part", "from", "to", "near", "near_me", "radius_km", "duration", "modality",
        "level", "audience", "sort", "relax",
    }
)  # fmt: skip


def minute_of(text: str | None) -> int | None:
    """``18:30`` as minutes of the day; None for nothing and for times after 24:00."""
    if not text:
        return None
    hour, _, minute = text.partition(":")
    total = int(hour) * 60 + int(minute)
    return total if total <= 24 * 60 else None


def out_of_reach(day: date, today: date) -> str:
    """What is wrong with looking for that day; empty if nothing is."""
    if day < today:
        return "That date is over."
    return "" if day - today <= FURTHEST else "That date is too far ahead."


class Reader:
    """Reads parameters one by one; ``errors`` collects messages under their names."""

    def __init__(
        self, params: Mapping[str, str], errors: dict[str, str], vocabulary: Vocabulary, factor: int
    ) -> None:
        self.params = params
        self.errors = errors
        self.vocabulary = vocabulary
        # How many minor units one unit of a price parameter is.
        self.factor = factor

    def facts(self, today: date) -> dict[str, Any]:
        """The conditions given, by the names of ``Query``; only those that are right."""
        readers: dict[str, tuple[str, Callable[[str], Any]]] = {
            "subject": ("subjects", lambda name: self.slugs(name, self.vocabulary.subject_names)),
            "not": ("exclude", lambda name: self.slugs(name, self.vocabulary.subject_names)),
            "category": ("category", lambda name: self.one(name, self.vocabulary.category_names)),
            "price_min": ("price_min", self.price),
            "price_max": ("price_max", self.price),
            "date": ("date_from", lambda name: self.day(name, today)),
            "date_to": ("date_to", lambda name: self.day(name, today)),
            "weekdays": ("weekdays", lambda name: self.slugs(name, WEEKDAYS)),
            "time_from": ("time_from", self.minute),
            "time_to": ("time_to", self.minute),
            "from": ("low", self.instant),
            "to": ("high", self.instant),
            "near": ("near", lambda name: " ".join(self.text(name).lower().split())[:LONGEST_PLACE] or None),
            "near_me": ("near_me", self.flag),
            "radius_km": ("radius_km", lambda name: self.number(name, 0.1, 500)),
            "duration": ("duration", lambda name: self.whole(name, LENGTHS.start, LENGTHS.stop - 1)),
            "modality": ("modality", lambda name: self.one(name, [*MODALITIES, *Modality.values])),
            "level": ("level", lambda name: self.one(name, Level.values)),
            "audience": ("audience", lambda name: self.one(name, Audience.values)),
            "sort": ("sort", lambda name: self.one(name, SORTS)),
            "relax": ("relax", lambda name: {"0": False, "1": True}.get(self.one(name, ("0", "1")) or "")),
        }
        found = {fact: read(name) for name, (fact, read) in readers.items() if name in self.params}
        found["date_to"] = found.get("date_to") or found.get("date_from")
        if part := self.one("part", PART_NAMES):
            found["time_from"], found["time_to"] = (minute_of(edge) for edge in PARTS[part])
        return {name: value for name, value in found.items() if value not in (None, ())}

    def text(self, name: str) -> str:
        return (self.params.get(name) or "").replace("\x00", "").strip()

    def slugs(self, name: str, known: Iterable[str]) -> tuple[str, ...]:
        given = [slug for slug in self.text(name).lower().split(",") if slug]
        unknown = [slug for slug in given if slug not in known]
        if unknown:
            self.errors[name] = f"“{unknown[0][:40]}” is not one we know."
        return tuple(sorted({slug for slug in given if slug in known}))

    def one(self, name: str, known: Iterable[str]) -> str | None:
        given = self.text(name).lower()
        if given and given not in known:
            self.errors[name] = "Choose one of: " + ", ".join(list(known)[:12]) + "."
            return None
        return given or None

    def price(self, name: str) -> int | None:
        given = self.text(name).lstrip("$")
        if not given:
            return None
        # Minor units have two digits more; both stay within what a column holds.
        digits = 7 if self.factor > 1 else 9
        if not re.fullmatch(rf"[0-9]{{1,{digits}}}(\.[0-9]{{1,2}})?", given):
            self.errors[name] = "Give a price as a number, such as 80."
            return None
        return round(float(given) * self.factor)

    def flag(self, name: str) -> bool | None:
        given = self.text(name).lower()
        if given not in ("", "0", "1"):
            self.errors[name] = "Give 1, or leave it out."
        return given == "1" or None

    def whole(self, name: str, low: int, high: int) -> int | None:
        number = self.number(name, low, high)
        return None if number is None else int(number)

    def number(self, name: str, low: float, high: float) -> float | None:
        given = self.text(name)
        if not given:
            return None
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", given) or not low <= float(given) <= high:
            self.errors[name] = f"Give a number from {low:g} to {high:g}."
            return None
        return float(given)

    def day(self, name: str, today: date) -> date | None:
        given = self.text(name)
        if not given:
            return None
        try:
            day = date.fromisoformat(given)
        except ValueError:
            self.errors[name] = "Give a date such as 2026-12-03."
            return None
        if message := out_of_reach(day, today):
            self.errors[name] = message
            return None
        return day

    def minute(self, name: str) -> int | None:
        given = self.text(name)
        if given and (not re.fullmatch(r"([01]?[0-9]|2[0-4]):[0-5][0-9]", given) or minute_of(given) is None):
            self.errors[name] = "Give a time such as 18:00."
            return None
        return minute_of(given)

    def instant(self, name: str) -> datetime | None:
        given = self.text(name)
        if not given:
            return None
        try:
            # An unescaped "+" in an address arrives as a space.
            instant = datetime.fromisoformat(given.replace(" ", "+") if "T" in given else given)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None or not 2000 <= instant.year <= 2200:
            self.errors[name] = "Give an instant with its offset, such as 2026-12-03T18:00:00Z."
            return None
        return instant.astimezone(UTC)
