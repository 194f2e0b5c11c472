"""The whole state of a search, and its way into and out of an address.

Pages and the API read the same parameters; they differ in how money is written, so the caller says which
(``major`` units on pages, minor ones in the API).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from instainstru.lib import clock
from instainstru.lib.intervals import Range, clip, normal
from instructors.services.search.params import LENGTHS, Reader, minute_of, out_of_reach
from instructors.services.search.parse import Parsed, Reading, parse, suggestions
from instructors.services.search.phrases import PARTS, WEEKDAYS
from instructors.services.search.vocabulary import Vocabulary

# Without a date, times of the next two weeks are shown.
DEFAULT_DAYS = 14
MOST_DAYS = 92
DAY = timedelta(days=1)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for. Prices are minor units an hour; minutes count from local midnight in ``zone``."""

    zone: str
    text: str = ""
    subjects: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    category: str | None = None
    price_min: int | None = None
    price_max: int | None = None
    date_from: date | None = None
    date_to: date | None = None
    weekdays: tuple[str, ...] = ()
    time_from: int | None = None
    time_to: int | None = None
    low: datetime | None = None
    high: datetime | None = None
    near: str | None = None
    # "Near me" said without a place: the page asks which; a place answers it.
    near_me: bool = False
    radius_km: float | None = None
    duration: int | None = None
    modality: str | None = None
    level: str | None = None
    audience: str | None = None
    sort: str = "recommended"
    # Whether, where little is found, more is shown than was asked for (``relax.py``).
    relax: bool = True

    def without(self, *names: str) -> Query:
        """The query with these conditions dropped. The text goes too: it would bring them back."""
        empty = Query(self.zone)
        return replace(self, text="", **{name: getattr(empty, name) for name in names})

    def windows(self, now: datetime) -> list[Range]:
        """When a lesson may start, as ranges of instants from ``now`` on."""
        if self.low is not None or self.high is not None:
            low = self.low or now
            return clip([(low, self.high or low + DEFAULT_DAYS * DAY)], low=now, high=END_OF_TIME)
        first = self.date_from or clock.local(now, self.zone).date()
        last = self.date_to or first + (DEFAULT_DAYS - 1) * DAY
        days = (first + n * DAY for n in range(min((last - first).days + 1, MOST_DAYS)))
        wanted = (day for day in days if not self.weekdays or WEEKDAYS[day.weekday()] in self.weekdays)
        return clip(normal(self._window(day) for day in wanted), low=now, high=END_OF_TIME)

    def _window(self, day: date) -> Range:
        start = clock.day_edge(day, clock.wall(self.time_from or 0), self.zone)
        if self.time_to is None or self.time_to >= 24 * 60:
            return start, clock.day_bounds(day, self.zone)[1]
        return start, clock.day_edge(day, clock.wall(self.time_to), self.zone)

    @property
    def part(self) -> str | None:
        """The part of the day the times amount to, if they amount to one."""
        for name in ("morning", "afternoon", "evening"):
            if (self.time_from, self.time_to) == tuple(minute_of(edge) for edge in PARTS[name]):
                return name
        return None

    def to_params(self, *, major: bool = True) -> dict[str, str]:
        """The parameters that ``read`` turns back into this query, empty ones left out."""
        factor = 100 if major else 1
        values: dict[str, Any] = {
            "q": self.text,
            "subject": ",".join(self.subjects),
            "not": ",".join(self.exclude),
            "category": self.category,
            "price_min": _show_price(self.price_min, factor),
            "price_max": _show_price(self.price_max, factor),
            "date": self.date_from and self.date_from.isoformat(),
            "date_to": self.date_to and self.date_to != self.date_from and self.date_to.isoformat(),
            "weekdays": ",".join(self.weekdays),
            "time_from": _show_minute(self.time_from),
            "time_to": _show_minute(self.time_to),
            "from": self.low and clock.rfc3339(self.low),
            "to": self.high and clock.rfc3339(self.high),
            "near": self.near,
            "near_me": "1" if self.near_me else "",
            "radius_km": self.radius_km and f"{self.radius_km:g}",
            "duration": self.duration,
            "modality": self.modality,
            "level": self.level,
            "audience": self.audience,
            "sort": self.sort if self.sort != "recommended" else "",
            "relax": "" if self.relax else "0",
        }
        return {name: str(value) for name, value in values.items() if value not in (None, "", False)}


@dataclass(slots=True)
class Request:
    """A query with what was wrong in it and what was not understood."""

    query: Query
    errors: dict[str, str] = field(default_factory=dict)
    parsed: Parsed | None = None
    suggestions: list[str] = field(default_factory=list)

    @property
    def unknown(self) -> bool:
        """Whether a subject was asked for that nobody knows: then nobody is shown."""
        return (
            self.parsed is not None
            and self.parsed.reading.status == "unknown_subject"
            and not self.query.subjects
            and not self.query.category
        )


def read(
    params: Mapping[str, str], *, zone: str, now: datetime, vocabulary: Vocabulary, major: bool = True
) -> Request:
    """The request in ``params``: the sentence first, then single parameters, which win.

    Never raises: what cannot be is left out and told in ``errors`` under its parameter's name.
    """
    today = clock.local(now, zone).date()
    request = Request(Query(zone))
    text = " ".join(params.get("q", "").replace("\x00", " ").split())[:300]
    facts: dict[str, Any] = {"text": text}
    if text:
        request.parsed = parse(text, today=today, vocabulary=vocabulary)
        facts |= _possible(understood(request.parsed), today, request.errors)
    reader = Reader(params, request.errors, vocabulary, 100 if major else 1)
    given = reader.facts(today)
    if "subjects" in given:
        facts.pop("category", None)
    if "date_from" in given:
        facts.pop("weekdays", None)
    facts |= given
    if "near" in facts:
        facts.pop("near_me", None)
    request.query = Query(zone, **facts)
    if request.unknown and request.parsed:
        request.suggestions = suggestions(request.parsed.unknown, vocabulary)
    _cross_check(request)
    return request


def understood(parsed: Parsed) -> dict[str, Any]:
    """The conditions of a reading, by the names of ``Query``; only those it has."""
    reading = parsed.reading
    first, last = _days(reading)
    found: dict[str, Any] = {
        "subjects": tuple(reading.subjects),
        "exclude": tuple(reading.exclude_subjects),
        "category": reading.category,
        "price_min": None if reading.price_min is None else reading.price_min * 100,
        "price_max": None if reading.price_max is None else reading.price_max * 100,
        "date_from": first,
        "date_to": last,
        "weekdays": tuple(sorted(reading.weekdays)),
        "time_from": minute_of(reading.time_from),
        "time_to": minute_of(reading.time_to),
        "near": reading.location,
        "near_me": reading.near_me or None,
        "duration": reading.duration_min,
        "modality": reading.modality,
        "level": reading.level,
        "audience": reading.audience,
        "sort": reading.sort,
    }
    return {name: value for name, value in found.items() if value not in (None, ())}


def _days(reading: Reading) -> tuple[date | None, date | None]:
    """First and last day; "from Monday" without an end means as many days as no date at all does."""
    first = date.fromisoformat(reading.date_from) if reading.date_from else None
    last = date.fromisoformat(reading.date_to) if reading.date_to else None
    if first and not last:
        last = first + (DEFAULT_DAYS - 1) * DAY
    return first, last


def _possible(facts: dict[str, Any], today: date, errors: dict[str, str]) -> dict[str, Any]:
    """The conditions without those that a sentence can name and nobody can meet; they are told instead."""
    impossible: set[str] = set()
    for day in filter(None, (facts.get("date_from"), facts.get("date_to"))):
        if message := out_of_reach(day, today):
            errors["date"] = message
            impossible |= {"date_from", "date_to"}
    if facts.get("duration", LENGTHS.start) not in LENGTHS:
        errors["duration"] = "Lessons last from 5 minutes to 8 hours."
        impossible.add("duration")
    return {name: value for name, value in facts.items() if name not in impossible}


def _cross_check(request: Request) -> None:
    query, errors = request.query, request.errors
    if query.price_min is not None and query.price_max is not None and query.price_min > query.price_max:
        errors["price_max"] = "The highest price is below the lowest."
    if query.low and query.high and query.low >= query.high:
        errors["to"] = "The end must be after the beginning."
    if query.date_from and query.date_to and query.date_to < query.date_from:
        errors["date_to"] = "The last date is before the first."
    if query.time_from is not None and query.time_to is not None and query.time_from >= query.time_to:
        errors["time_to"] = "The end must be after the beginning."


def _show_minute(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"


def _show_price(minor: int | None, factor: int) -> str:
    if minor is None:
        return ""
    whole, rest = divmod(minor, factor)
    return f"{whole}.{rest:02d}" if rest else str(whole)
