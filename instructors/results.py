"""A search in words: its heading, its chips, its filters; each of them an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from instainstru.lib import money, presentation, when
from instructors.models import Level, Modality
from instructors.services.search.params import MODALITIES, PART_NAMES, SORTS
from instructors.services.search.phrases import WEEKDAYS
from instructors.services.search.query import Query
from instructors.services.search.vocabulary import Vocabulary

DAY_NAMES = dict(
    zip(WEEKDAYS, ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"),
        strict=True)
)  # fmt: skip
WEEKEND = {"sat", "sun"}
WAYS = {**MODALITIES, Modality.AT_INSTRUCTOR: "At the instructor's", Modality.AT_STUDENT: "At your place"}
AUDIENCES = {"kids": "Kids", "teens": "Teens", "adults": "Adults"}
LENGTHS = (30, 45, 60, 90)
# What the filter form has no field for goes along hidden.
FIELDS = {"sort", "subject", "date", "part", "duration", "modality", "near", "price_max", "level"}
FURTHEST = timedelta(days=90)


def address(base: str, query: Query, **more: str) -> str:
    """The address of the query; its sentence is enough where it says all of it."""
    state = {**query.to_params(), **{name: value for name, value in more.items() if value}}
    return f"{base}?{urlencode(state)}" if state else base


def plain(query: Query) -> Query:
    """The search that this one narrows down: one subject or category, or everybody."""
    return Query(query.zone, subjects=query.subjects[:1], category=query.category)


@dataclass(frozen=True, slots=True)
class Fact:
    """One condition in words, and the query that is left without it."""

    name: str
    label: str
    rest: Query


def facts(query: Query, vocabulary: Vocabulary, *, place: str = "") -> list[Fact]:
    """Everything the query asks for, in the order in which people say it."""
    found = [
        Fact("subject", vocabulary.subject_names[slug][0], _less(query, "subjects", slug))
        for slug in query.subjects
    ]
    if query.category:
        found.append(Fact("category", vocabulary.category_names[query.category], query.without("category")))
    for slug in query.exclude:
        label = f"Not {vocabulary.subject_names[slug][0].lower()}"
        found.append(Fact("exclude", label, _less(query, "exclude", slug)))

    def add(name: str, label: str, *fields: str) -> None:
        found.append(Fact(name, label, query.without(*fields)))

    if query.date_from:
        add("date", _dates(query.date_from, query.date_to), "date_from", "date_to")
    if query.weekdays:
        add("date", _weekdays(query.weekdays), "weekdays")
    if query.time_from is not None or query.time_to is not None:
        add("time", _times(query), "time_from", "time_to")
    if query.low or query.high:
        add("time", _span(query), "low", "high")
    if query.near:
        add("place", place or query.near.title(), "near", "radius_km")
    if query.near_me:
        add("place", "Near me", "near_me")
    if query.price_min is not None or query.price_max is not None:
        add("price", _prices(query), "price_min", "price_max")
    if query.duration:
        add("duration", presentation.minutes(query.duration), "duration")
    if query.modality:
        add("modality", WAYS[query.modality], "modality")
    if query.level:
        add("level", Level(query.level).label, "level")
    if query.audience:
        add("audience", AUDIENCES[query.audience], "audience")
    if query.sort != "recommended":
        add("sort", SORTS[query.sort], "sort")
    return found


def _less(query: Query, field: str, slug: str) -> Query:
    """The query without one of the subjects in ``field``."""
    rest: dict[str, Any] = {field: tuple(other for other in getattr(query, field) if other != slug)}
    return replace(query.without(), **rest)


def heading(said: list[Fact]) -> str:
    """What was understood, in a line."""
    return ", ".join(fact.label for fact in said) or "Everyone with free times"


def chips(said: list[Fact], base: str) -> list[dict[str, str]]:
    """The same, each with the address of the search without it."""
    return [
        {"label": fact.label, "url": address(base, fact.rest), "aria": f"Remove {fact.label}"}
        for fact in said
    ]


def _dates(first: date, last: date | None) -> str:
    if last is None or last == first:
        return presentation.day(first)
    if first.month == last.month:
        return f"{first:%a} {first.day} – {presentation.day(last)}"
    return f"{presentation.day(first)} – {presentation.day(last)}"


def _weekdays(days: Iterable[str]) -> str:
    chosen = set(days)
    if chosen == WEEKEND:
        return "Weekends"
    if chosen == set(WEEKDAYS) - WEEKEND:
        return "Weekdays"
    return presentation.words([DAY_NAMES[day] for day in WEEKDAYS if day in chosen])


def _times(query: Query) -> str:
    low, high = query.time_from, query.time_to
    if low is not None and high is not None:
        return presentation.window(low, high)
    if low is not None:
        return f"From {presentation.minute(low)}"
    return f"Before {presentation.minute(high or 0)}"


def _span(query: Query) -> str:
    low = f"From {when.short(query.low, query.zone)}" if query.low else ""
    high = f"until {when.short(query.high, query.zone)}" if query.high else ""
    text = " ".join(filter(None, [low, high]))
    return text[0].upper() + text[1:]


def _prices(query: Query) -> str:
    if query.price_min is not None and query.price_max is not None:
        return f"{money.show(query.price_min)}–{money.show(query.price_max)} an hour"
    if query.price_max is not None:
        return f"Up to {money.show(query.price_max)} an hour"
    return f"From {money.show(query.price_min or 0)} an hour"


def filters(
    query: Query, vocabulary: Vocabulary, *, said: int, errors: Mapping[str, str], given: Mapping[str, str],
    today: date,
) -> dict[str, Any]:  # fmt: skip
    """The filter form: what it shows is what was understood, or what was typed where that was wrong."""
    params = query.to_params()

    def typed(name: str) -> str:
        return given.get(name, "") if name in errors else params.get(name, "")

    part = query.part or ""
    lengths = sorted({*LENGTHS, *([query.duration] if query.duration else [])})
    ways = {**MODALITIES, **({query.modality: WAYS[query.modality]} if query.modality else {})}
    hidden = {name: value for name, value in params.items() if name not in FIELDS and name != "q"}
    if part:
        hidden = {name: value for name, value in hidden.items() if name not in ("time_from", "time_to")}
    # One subject is chosen in a list; of several each stays until its chip is removed.
    if len(query.subjects) > 1:
        hidden["subject"] = params["subject"]
    return {
        "subject": _subjects(query, vocabulary),
        "date": typed("date"),
        "date_min": today.isoformat(),
        "date_max": (today + FURTHEST).isoformat(),
        "part": [
            {"value": name, "label": label, "checked": name == part}
            for name, label in (("", "Any"), *((name, name.capitalize()) for name in PART_NAMES))
        ],
        "duration": [
            {"value": value, "label": label, "checked": (query.duration or "") == value}
            for value, label in (("", "Any"), *((n, str(n)) for n in lengths))
        ],
        "modality": [
            {"value": value, "label": label, "checked": (query.modality or "") == value}
            for value, label in (("", "Any"), *ways.items())
        ],
        "level": [
            {"value": value, "label": label, "selected": (query.level or "") == value}
            for value, label in (("", "Any level"), *Level.choices)
        ],
        "sort": [
            {"value": value, "label": label, "selected": query.sort == value}
            for value, label in SORTS.items()
            if value != "distance" or query.near
        ],
        "near": typed("near"),
        "price_max": typed("price_max"),
        "hidden": list(hidden.items()),
        "errors": dict(errors),
        "count": said,
    }


def _subjects(query: Query, vocabulary: Vocabulary) -> list[dict[str, Any]]:
    several = len(query.subjects) > 1
    return [{"value": "", "label": "As chosen above" if several else "Any subject", "selected": several}] + [
        {"value": slug, "label": name, "selected": not several and slug in query.subjects}
        for slug, (name, _) in vocabulary.subject_names.items()
    ]
