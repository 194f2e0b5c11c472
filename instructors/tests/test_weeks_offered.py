"""What students are offered is what the sources say, whatever was painted, copied, applied and booked."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bookings.models import Booking
from bookings.services import lifecycle
from bookings.services.wanted import wish
from bookings.tests.callers import Caller
from bookings.tests.factories import (
    InstructorFactory,
    OfferingFactory,
    StudentFactory,
    in_days,
    local_time,
    teaching,
)
from bookings.tests.racing import race
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instainstru.rules.services import current
from instructors.models import Modality, Offering
from instructors.services import horizon, open_days, schedule, slots, weeks

NEW_YORK = "America/New_York"
DAY = timedelta(days=1)
WEEKS = 12
EDITS = ("save", "save", "save", "copy", "apply", "pattern", "book", "book", "off")


def some_windows(rng: Random) -> list[tuple[int, int]]:
    """None to three windows, not always on the half hour."""
    edges = sorted(rng.sample([*range(0, 1441, 30), 555, 1003], 2 * rng.randint(0, 3)))
    return list(zip(edges[::2], edges[1::2], strict=True))


def windows_on(day: date, rng: Random) -> list[tuple[int, int]]:
    """As ``some_windows``, but for those that begin or end when the clocks jump: they are refused."""

    def is_there(minute: int) -> bool:
        try:
            clock.to_instant(day, clock.wall(minute), NEW_YORK)
        except clock.SkippedTime:
            return False
        return True

    return [(low, high) for low, high in some_windows(rng) if is_there(low) and is_there(high % 1440)]


def edit(rng: Random, offering: Offering, what: str = "") -> Any:
    """Something an instructor or a student does, by chance if nothing is named; refusals are fine."""
    instructor, monday = offering.instructor, weeks.monday_of(in_days(7 * rng.randint(0, WEEKS - 1)))
    by = instructor.user
    what = what or rng.choice(EDITS)
    try:
        if what == "save":
            days = {monday + n * DAY: some_windows(rng) for n in range(7) if monday + n * DAY >= in_days(0)}
            return weeks.save(instructor, monday, days, by=by)
        if what == "copy":
            return weeks.copy(instructor, monday, source=weeks.monday_of(in_days(rng.randint(7, 80))), by=by)
        if what == "apply":
            return weeks.apply(instructor, monday, weeks=rng.randint(1, WEEKS), by=by)
        if what == "pattern":
            return schedule.set_week(instructor, {n: some_windows(rng) for n in range(7)}, by=by)
        start = local_time(in_days(rng.randint(1, 80)), rng.randint(4, 22), rng.choice([0, 15, 30]))
        if what == "off":
            return schedule.add_time_off(
                instructor, start, start + timedelta(hours=rng.randint(1, 40)), by=by
            )
        student = StudentFactory()
        wanted = wish(offering, starts_at=start, duration_min=60, modality=rng.choice(offering.modalities))
        return lifecycle.book(wanted, student=student, by=student.user)
    except DomainError as refusal:
        return refusal


def offered(caller: Caller, offering: Offering, first: date, last: date) -> list[str]:
    """The starts of an hour online that a student is told of, in ``[first, last]``."""
    path = (
        f"/instructors/{offering.instructor_id}/openings?offering={offering.pk}&duration=60&modality=online"
    )
    answered = caller.get(f"{path}&from={first}&to={last}").json()
    return [opening["starts_at"] for opening in answered["openings"]]


def due(offering: Offering, first: date, last: date, now: datetime) -> list[str]:
    """The same worked out from hours and blocks."""
    instructor, rules = offering.instructor, current(fresh=True)
    limits = slots.limits_of(instructor, rules)
    low = max(slots.earliest(limits, modality=Modality.ONLINE, now=now), at_midnight(first))
    high = min(slots.latest(limits, now=now), at_midnight(last + DAY))
    days = open_days.compute([instructor], first, last, rules)
    free = [span for key in sorted(days) for span in days[key].plain]
    return [clock.rfc3339(start) for start in slots.cut(free, duration=60, low=low, high=high, limits=limits)]


def at_midnight(day: date) -> datetime:
    return clock.to_instant(day, time(0), NEW_YORK)


def an_offering() -> Offering:
    return teaching(
        OfferingFactory(
            instructor=InstructorFactory(lessons_per_day=4), modalities=[Modality.ONLINE, Modality.AT_STUDENT]
        )
    )


def assert_nothing_stale(offering: Offering) -> None:
    """By the instructor's times, by a search of a day, and by every open day."""
    caller, first = Caller(StudentFactory().user), in_days(1)
    offering.instructor.refresh_from_db()
    starts = due(offering, first, first + 82 * DAY, clock.now())
    assert offered(caller, offering, first, first + 82 * DAY) == starts
    for day in (first, first + 20 * DAY, first + 55 * DAY):
        wish = "subject=piano&duration=60&modality=online&tz=America/New_York&relax=0"
        path = f"/openings?{wish}&from={day}&to={day}"
        results = caller.get(path).json()["results"]
        found = [one["starts_at"] for result in results for one in result["openings"]]
        on_day = [s for s in starts if at_midnight(day) <= datetime.fromisoformat(s) < at_midnight(day + DAY)]
        assert found == on_day[: len(found)]
        assert bool(found) == bool(on_day)
    assert list(horizon.differences()) == []


class TestOffered(TestCase):
    """Each example starts from an empty database."""

    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    @given(seed=st.integers(0, 2**32), number=st.integers(3, 14))
    def test_after_twelve_weeks_painted_a_search_offers_what_the_sources_have(self, seed: int, number: int):
        rng, offering = Random(seed), an_offering()
        monday = weeks.monday_of(in_days(7))
        for k in range(WEEKS):
            dates = [monday + (7 * k + n) * DAY for n in range(7)]
            days = {day: windows_on(day, rng) for day in dates}
            weeks.save(offering.instructor, dates[0], days, by=offering.instructor.user)
        for _ in range(number):
            edit(rng, offering)
        assert_nothing_stale(offering)


@pytest.mark.race
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_edits_and_bookings_at_once_leave_nothing_stale(seed: int):
    offering = an_offering()

    def busy(number: int) -> list[Any]:
        """Half of them edit, the other half only book."""
        rng, what = Random(f"{seed} {number}"), "book" if number % 2 else ""
        return [
            edit(rng, Offering.objects.select_related("instructor__user").get(pk=offering.pk), what)
            for _ in range(12 if what else 6)
        ]

    outcomes = race(*(lambda n=number: busy(n) for number in range(6)))
    assert [type(one) for one in outcomes] == [list] * 6
    done = [one for some in outcomes for one in some if not isinstance(one, DomainError)]
    assert any(isinstance(one, weeks.Week) for one in done)
    assert any(isinstance(one, Booking) for one in done)
    assert_nothing_stale(offering)
