"""From a query to what its walk needs to know: windows as the database reads them, subjects, the place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from instainstru.lib import clock
from instainstru.lib.errors import Invalid
from instainstru.lib.intervals import Range
from instainstru.lib.multirange import literal
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import IN_PERSON, Instructor, Modality
from instructors.services import week_bits
from instructors.services.search import places, zones
from instructors.services.search.places import Around
from instructors.services.search.query import Query
from instructors.services.search.vocabulary import Vocabulary
from instructors.services.search.walk import Walk
from instructors.services.slots import Limits, limits_of, morning

UTC_ZONE = "UTC"
# What the post calls a borough where it is not the borough's name.
CITIES = {"manhattan": "new york"}
MOST_WINDOWS = 62
# No zone is further from UTC than this, so a window's local dates lie within it.
FURTHEST_ZONE = timedelta(hours=14)
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with all that judging one offering by it needs."""

    query: Query
    windows: Sequence[Range]
    around: Around | None
    now: datetime
    rules: Rules
    # Those that the walk is told about.
    zones: tuple[str, ...]


def understood(query: Query, *, now: datetime) -> Asked:
    """Raises ``Invalid`` on ``near`` for an unknown place, and on ``sort`` for the nearest of nowhere."""
    windows = query.windows(now)[:MOST_WINDOWS]
    return Asked(query, windows, _around(query), now, rules_service.current(), zones.in_use())


def walk_of(
    asked: Asked, vocabulary: Vocabulary, *, exclude_instructor: int | None = None, days: int = 1
) -> Walk | None:
    """The walk that finds it, with the times of so many days; None where nothing can be found."""
    query, around = asked.query, asked.around
    subjects = _subjects(query, vocabulary)
    if not asked.windows or subjects == []:
        return None
    values: dict[str, Any] = {
        "now": asked.now,
        **_times(asked),
        "horizon": asked.rules.horizon_days,
        "notice": _json(limits(UTC_ZONE, asked.rules).notice),
        "grid": asked.rules.grid_min,
        "subjects": subjects,
        "excluded": [vocabulary.subject_ids[slug] for slug in query.exclude],
        "exclude_instructor": exclude_instructor,
        "week_bits": week_bits.of(asked.windows),
        "price_max": query.price_max,
        "price_min": query.price_min,
        "duration": query.duration,
        "modality": modalities(query),
        "level": query.level,
        "audience": query.audience,
        # Each has a start at least.
        "days": days,
        **(circle(around) if around else {}),
        **(_membership(around.borough) if around and around.borough else {}),
    }
    nearby = around is not None and query.modality != Modality.ONLINE
    borough = around.borough if around and nearby else None
    return Walk(query, around, subjects, nearby, borough, values)


def _around(query: Query) -> Around | None:
    if query.near is None:
        if query.sort == "distance":
            raise Invalid("Say near which place, or choose another order.", field="near")
        return None
    around = places.resolve(query.near, radius_km=query.radius_km)
    if around is None:
        raise Invalid(
            f"We do not know “{query.near[:40]}”. Try a neighbourhood or a ZIP code.",
            field="near",
            code="unknown_place",
        )
    return around


def _subjects(query: Query, vocabulary: Vocabulary) -> list[int] | None:
    """The subjects to search among; None means all, but for those excluded."""
    if query.subjects:
        wanted: Sequence[str] = query.subjects
    elif query.category:
        wanted = vocabulary.subjects_of(query.category)
    else:
        return None
    return sorted(vocabulary.subject_ids[slug] for slug in wanted if slug not in query.exclude)


def _times(asked: Asked) -> dict[str, Any]:
    """What the statements must know of the windows."""
    low, high = asked.windows[0][0], asked.windows[-1][1] - INSTANT
    return {
        "windows": literal(asked.windows),
        "first_day": (low - FURTHEST_ZONE).date(),
        "last_day": (high + FURTHEST_ZONE).date(),
        "zones": _json({zone: _demands(asked, zone, low, high) for zone in asked.zones}),
    }


def _demands(asked: Asked, zone: str, low: datetime, high: datetime) -> list[str]:
    """What ``sql.py`` must know of a zone: dates of the window, today, and the overnight rule's mornings."""
    days = [clock.local(instant, zone).date().isoformat() for instant in (low, high)]
    return [*days, *_nights(zone, asked.rules, _minute(asked))]


def mornings(zone: str, asked: Asked) -> tuple[datetime, datetime]:
    """From when on the overnight rule lets anybody be booked there, and at a student's place; by day now."""
    return _mornings(zone, asked.rules, _minute(asked))


def _minute(asked: Asked) -> datetime:
    return asked.now.replace(second=0, microsecond=0)


@lru_cache(maxsize=1024)
def _nights(zone: str, rules: Rules, minute: datetime) -> list[str]:
    """The zone's today and its mornings, as ``sql.py`` reads them."""
    today = clock.local(minute, zone).date()
    return [today.isoformat(), *(at.isoformat() for at in _mornings(zone, rules, minute))]


@lru_cache(maxsize=1024)
def _mornings(zone: str, rules: Rules, minute: datetime) -> tuple[datetime, datetime]:
    plain, travel = (
        morning(limits(zone, rules), modality=way, now=minute)
        for way in (Modality.ONLINE, Modality.AT_STUDENT)
    )
    return plain, travel


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


@lru_cache(maxsize=1024)
def limits(zone: str, rules: Rules) -> Limits:
    """What the rules alone demand of an instructor in that zone; a version of the rules never changes."""
    return limits_of(Instructor(time_zone=zone), rules)


def circle(around: Around) -> dict[str, float]:
    """The circle around the place, and the box around the circle."""
    south, north, west, east = around.box()
    return {
        "latitude": around.latitude, "longitude": around.longitude, "km_east": around.km_a_degree_east,
        "radius": around.radius_km, "south": south, "north": north, "west": west, "east": east,
    }  # fmt: skip


def _membership(borough: str) -> dict[str, str]:
    return {"borough": borough, "city": CITIES.get(borough, borough)}


def modalities(query: Query) -> list[str] | None:
    """The ways to meet that are asked for; None means any."""
    if query.modality is None:
        return None
    return list(IN_PERSON) if query.modality == "in_person" else [query.modality]
