"""Search against a slow and obvious one that knows no indexes, limits or bounds, on random small worlds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import pytest

from bookings.tests.factories import InstructorFactory, OfferingFactory, SubjectFactory
from instainstru.lib import clock
from instainstru.rules import services as rules_service
from instructors.models import Instructor, Modality, Offering, OpenDay, Place
from instructors.services import slots, week_bits
from instructors.services.search import find, order, places, rank, vocabulary, zones
from instructors.services.search.query import Query

NEW_YORK = "America/New_York"
ZONES = [NEW_YORK, NEW_YORK, "America/Los_Angeles", "Asia/Tokyo", "Asia/Kathmandu", "Asia/Kolkata"]
# By day in New York; and when all of America sleeps, or has just gone to bed.
NOW = datetime(2026, 12, 2, 15, 7, 31, tzinfo=UTC)
NIGHTS = [datetime(2026, 12, 2, 8, 37, 31, tzinfo=UTC), datetime(2026, 12, 2, 4, 2, 11, tzinfo=UTC)]
ASLEEP = [NEW_YORK, NEW_YORK, "America/Chicago", "America/Los_Angeles"]
# When free time may begin and how long it is, in quarters of an hour; and for early risers.
HOURS = [((28, 44), (1, 12)), ((58, 80), (1, 14))]
EARLY = [((12, 20), (4, 12)), ((24, 32), (4, 12)), ((36, 37), (4, 14))]
# Nothing but “when is somebody free?”.
AT_ONCE: dict[str, Any] = {
    "sort": "soonest", "date_from": None, "time_from": None, "time_to": None, "weekdays": (), "level": None,
    "audience": None, "price_min": None, "price_max": None, "near": None, "radius_km": None,
}  # fmt: skip
TODAY = NOW.date()
SUBJECTS = ["piano", "guitar", "chess"]
DAY = timedelta(days=1)
# Sort key and what decides between equal ones; offering, modality, duration, first three starts.
Judged = tuple[tuple[float, float], Offering, str, int, list[datetime]]


def build(rng: Random) -> None:
    """A dozen instructors with a few offerings and three weeks of torn-up days each."""
    zones.forget()
    subjects = [SubjectFactory(slug=slug) for slug in SUBJECTS]
    homes = [None, *Place.objects.filter(slug__in=["park slope", "brooklyn", "astoria", "11215", "10011"])]
    for _ in range(12):
        point = (40.671 + rng.uniform(-0.08, 0.08), -73.9814 + rng.uniform(-0.08, 0.08))
        latitude, longitude = point if rng.random() < 0.9 else (None, None)
        instructor = InstructorFactory(
            time_zone=rng.choice(ZONES),
            notice_online_min=rng.choice([None, None, None, 60 * 24 * 4, 60 * 24 * 14]),
            notice_at_instructor_min=rng.choice([None, None, 90, 60 * 24 * 3]),
            notice_at_student_min=rng.choice([None, None, 60 * 24 * 4]),
            grid_min=rng.choice([None, None, 30, 60]),
            horizon_days=rng.choice([None, None, 8]),
            overnight_rule=rng.random() < 0.5,
            place=rng.choice(homes),
            latitude=latitude,
            longitude=longitude,
            rating=rng.choice([0, 4.5, 4.8]),
        )
        for subject in rng.sample(subjects, rng.randint(1, 3)):
            OfferingFactory(instructor=instructor, subject=subject, **terms(rng, instructor))
        days = [TODAY + n * DAY for n in range(-1, 22)]
        OpenDay.objects.bulk_create(open_day(rng, instructor, day) for day in days)
        bound(instructor)


def terms(rng: Random, instructor: Instructor) -> dict[str, Any]:
    modalities = [way for way in Modality.values if rng.random() < 0.6] or [Modality.ONLINE]
    limits = slots.limits_of(instructor, rules_service.current())
    return {
        "price_per_hour": rng.choice([3000, 5000, 5000, 8000]),
        "durations": rng.choice([[60], [30, 60, 90], [45], [120, 180]]),
        "modalities": modalities,
        "levels": rng.choice([[], ["beginner"], ["intermediate", "advanced"]]),
        "audiences": rng.choice([[], ["adults"], ["kids", "teens"]]),
        "is_listed": rng.random() < 0.9,
        "rank": rng.choice([0.1, 0.2, 0.2, 0.3]),
        "rating": instructor.rating,
        "latitude": instructor.latitude,
        "longitude": instructor.longitude,
        "notice_min": limits.notice[modalities[0]],
    }


def open_day(rng: Random, instructor: Instructor, day: Any) -> OpenDay:
    limits = slots.limits_of(instructor, rules_service.current())
    start = clock.day_bounds(day, instructor.time_zone)[0]
    drawn = [
        (start + timedelta(minutes=low * 15), start + timedelta(minutes=low * 15 + length * 15))
        for low, length in ((rng.randint(*begins), rng.randint(*lasts)) for begins, lasts in HOURS)
        if rng.random() < 0.5
    ]
    # As ``calendar`` writes them: beginning on the instructor's grid.
    free = [(slots.up_to_grid(low, limits.grid, limits.time_zone), high) for low, high in drawn]
    free = [(low, high) for low, high in free if low < high]
    travel = [(low, high - timedelta(minutes=45)) for low, high in free if high - low > timedelta(minutes=45)]
    return OpenDay(
        instructor=instructor, date=day, free=free, free_travel=None if rng.random() < 0.5 else travel
    )


def bound(instructor: Instructor) -> None:
    """As ``stored_days`` writes them, as of ``NOW``."""
    days = OpenDay.objects.filter(instructor=instructor).order_by("date")
    first = min((max(low, NOW) for day in days for low, high in day.free if high > NOW), default=None)
    Offering.objects.filter(instructor=instructor).update(
        next_free_at=first, week_bits=week_bits.of(span for day in days for span in day.free)
    )


def ask(rng: Random) -> Query:
    """A random question."""

    def perhaps(chance: float, value: Any) -> Any:
        return value if rng.random() < chance else None

    near = perhaps(0.5, rng.choice(["park slope", "brooklyn", "40.68,-73.97"]))
    date_from = perhaps(0.5, TODAY + rng.randint(0, 9) * DAY)
    time_from = perhaps(0.4, rng.choice([9 * 60, 12 * 60, 17 * 60]))
    sorts = ["recommended", "price_asc", "rating_desc", "soonest", *(["distance"] if near else [])]
    return Query(
        NEW_YORK,
        subjects=tuple(rng.sample(SUBJECTS, rng.choice([0, 1, 1, 2]))),
        exclude=rng.choice([(), (), ("guitar",)]),
        price_max=perhaps(0.3, 5000),
        price_min=perhaps(0.2, 4000),
        date_from=date_from,
        date_to=date_from and date_from + rng.choice([0, 0, 3]) * DAY,
        weekdays=rng.choice([(), (), ("sat", "sun")]),
        time_from=time_from,
        time_to=time_from and time_from + rng.choice([60, 180, 300]),
        near=near,
        radius_km=perhaps(0.2, 2.5) if near else None,
        duration=perhaps(0.3, rng.choice([30, 45, 60])),
        modality=perhaps(0.4, rng.choice(["online", "in_person", "at_instructor", "at_student"])),
        level=perhaps(0.2, "beginner"),
        audience=perhaps(0.2, "adults"),
        sort=rng.choice(sorts),
    )


def obvious(query: Query) -> Iterator[tuple[int, str, int, list[datetime]]]:
    """Offering, modality, duration and the first three starts of each result, in order."""
    hits = []
    for offering in Offering.objects.select_related("instructor__place", "subject").filter(is_listed=True):
        hit = judge(offering, query)
        if hit:
            hits.append(hit)
    hits.sort(key=lambda hit: (*hit[0], hit[1].pk))
    seen: set[int] = set()
    wanted = [slug for slug in query.subjects if slug not in query.exclude]
    for _, offering, modality, duration, starts in hits:
        if len(wanted) != 1 and offering.instructor_id in seen:
            continue
        seen.add(offering.instructor_id)
        yield offering.pk, modality, duration, starts


def judge(offering: Offering, query: Query) -> Judged | None:
    """The offering's sort key and what is shown of it, or None where it does not fit the query."""
    slug = offering.subject.slug
    if slug in query.exclude or (query.subjects and slug not in query.subjects):
        return None
    if query.price_max is not None and offering.price_per_hour > query.price_max:
        return None
    if query.price_min is not None and offering.price_per_hour < query.price_min:
        return None
    if query.level and offering.levels and query.level not in offering.levels:
        return None
    if query.audience and offering.audiences and query.audience not in offering.audiences:
        return None
    wanted = {None: Modality.values, "in_person": ["at_instructor", "at_student"]}.get(
        query.modality, [query.modality]
    )
    modality = next((way for way in offering.modalities if way in wanted), None)
    duration = query.duration or (60 if 60 in offering.durations else offering.durations[0])
    if modality is None or duration not in offering.durations:
        return None
    distance = 0.0
    if query.near:
        around = places.resolve(query.near, radius_km=query.radius_km)
        assert around is not None
        if offering.latitude is None or offering.longitude is None:
            distance = 1e9
        else:
            distance = around.km_to(offering.latitude, offering.longitude)
        if query.modality != "online" and distance > around.radius_km:
            return None
        if query.modality != "online" and around.borough and not belongs(offering, around.borough):
            return None
    starts = list(islice(all_starts(offering, modality, duration, query), 3))
    if not starts:
        return None
    key, tie = {
        "recommended": (-offering.rank - closeness(query, distance), 0.0),
        "price_asc": (float(offering.price_per_hour), 0.0),
        "rating_desc": (-offering.rating, 0.0),
        "soonest": (starts[0].timestamp(), -offering.next_free_at.timestamp()),
        "distance": (distance, 0.0),
    }[query.sort]
    return (key, tie), offering, modality, duration, starts


def belongs(offering: Offering, borough: str) -> bool:
    place = offering.instructor.place
    return place is not None and (
        borough in (place.slug, place.parent) or place.parent.split(",")[0].lower() == borough
    )


def closeness(query: Query, distance: float) -> float:
    if query.near is None or query.modality == "online":
        return 0.0
    around = places.resolve(query.near, radius_km=query.radius_km)
    assert around is not None
    if around.borough:
        return 0.0
    return rank.WEIGHTS["distance"] * (1 - distance / around.radius_km)


def all_starts(offering: Offering, modality: str, duration: int, query: Query) -> Iterator[datetime]:
    limits = slots.limits_of(offering.instructor, rules_service.current())
    first = slots.earliest(limits, modality=modality, now=NOW)
    end = slots.latest(limits, now=NOW)
    for day in OpenDay.objects.filter(instructor=offering.instructor).order_by("date"):
        travels = modality == Modality.AT_STUDENT and day.free_travel is not None
        free = day.free_travel if travels else day.free
        for low, high in query.windows(NOW):
            yield from slots.cut(
                free or [], duration=duration, low=max(low, first), high=min(high, end), limits=limits
            )


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_search_finds_what_the_obvious_search_finds(seed, monkeypatch):
    compare(Random(seed), monkeypatch, questions=60)


@pytest.mark.django_db
@pytest.mark.parametrize("night", NIGHTS, ids=["before dawn", "late"])
@pytest.mark.parametrize("seed", range(3))
def test_the_soonest_at_night_are_those_of_the_obvious_search(seed, night, monkeypatch):
    here = sys.modules[__name__]
    monkeypatch.setattr(here, "NOW", night)
    monkeypatch.setattr(here, "ZONES", ASLEEP)
    monkeypatch.setattr(here, "HOURS", EARLY)
    compare(Random(seed + 200), monkeypatch, questions=30, first=1, **AT_ONCE)


def compare(
    rng: Random, monkeypatch: pytest.MonkeyPatch, *, questions: int, first: int = 3, **fixed: Any
) -> None:
    # So small that what is proven after the first chunk, and in the first circle, matters.
    monkeypatch.setattr(order, "FALLING", (first, 4, 500))
    monkeypatch.setattr(order, "RISING", (first, 4, 500))
    monkeypatch.setattr(order, "CIRCLES", (1.0, 2.0, 4.0))
    build(rng)
    words = vocabulary.read()
    for _ in range(questions):
        query = replace(ask(rng), **fixed)
        expected = list(obvious(query))
        got = find.find(query, now=NOW, vocabulary=words, limit=100)
        shown = [(one.row.id, one.modality, one.duration_min, one.starts) for one in got.results]
        assert shown == expected, query


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_pages_by_cursor_make_up_the_whole(seed):
    rng = Random(seed + 100)
    build(rng)
    words = vocabulary.read()
    for _ in range(20):
        query = ask(rng)
        whole = [one.row.id for one in find.find(query, now=NOW, vocabulary=words, limit=100).results]
        paged: list[int] = []
        cursor = None
        for _ in range(60):
            page = find.find(query, now=NOW, vocabulary=words, limit=2, cursor=cursor)
            assert len(page.results) <= 2
            paged += [one.row.id for one in page.results]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert cursor is None
        assert paged == whole, query
