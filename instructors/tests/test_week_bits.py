"""Bits of the week: never without a stretch in which somebody has time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bookings.models import Party
from bookings.services import lifecycle
from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, SubjectFactory, booked, in_days, local_time
from instainstru.lib import clock
from instructors.models import Offering, OpenDay
from instructors.services import catalogue, horizon, schedule, week_bits

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 11, 2, tzinfo=UTC)
MINUTES = st.integers(0, 3 * 7 * 24 * 60)
MORNINGS, EVENINGS = ({day: [hours] for day in range(7)} for hours in ((540, 660), (1080, 1200)))


@st.composite
def ranges(draw: st.DrawFn) -> list[tuple[datetime, datetime]]:
    pairs = draw(st.lists(st.tuples(MINUTES, st.integers(1, 2000)), max_size=5))
    return [(START + timedelta(minutes=at), START + timedelta(minutes=at + length)) for at, length in pairs]


def obvious(some: list[tuple[datetime, datetime]]) -> int:
    """Minute by minute."""
    bits = 0
    for start, end in some:
        for minute in range(int((end - start) / timedelta(minutes=1))):
            at = start + timedelta(minutes=minute)
            bits |= 1 << int(at.timestamp()) // (3 * 3600) % 56
    return bits


@given(ranges())
def test_they_are_the_stretches_that_have_a_minute(some: list[tuple[datetime, datetime]]) -> None:
    assert week_bits.of(some) == obvious(some)


def test_a_week_or_more_has_them_all() -> None:
    assert week_bits.of([(START + HOUR, START + HOUR + 7 * DAY)]) == week_bits.ALL
    assert week_bits.of([(START, datetime.max.replace(tzinfo=UTC))]) == week_bits.ALL
    assert week_bits.of([(START, START + 7 * DAY)]) == week_bits.ALL == (1 << 56) - 1
    assert week_bits.of([]) == 0


@pytest.fixture
def piano(cast: Cast) -> Offering:
    return cast.piano


def bits_of(offering: Offering) -> int:
    return Offering.objects.values_list("week_bits", flat=True).get(pk=offering.pk)


def of_days(first: date = date.min) -> int:
    days = OpenDay.objects.filter(date__gte=first).values_list("free", flat=True)
    return week_bits.of(span for free in days for span in free)


def test_another_pattern_leaves_nothing_of_the_one_before(piano: Offering, cast: Cast) -> None:
    schedule.set_week(piano.instructor, MORNINGS, by=cast.ana)
    assert bits_of(piano) == of_days()
    mornings = bits_of(piano)
    schedule.set_week(piano.instructor, EVENINGS, by=cast.ana)
    assert bits_of(piano) == of_days() != mornings
    assert bits_of(piano) & mornings != mornings


def test_a_date_that_differs_is_added(piano: Offering, cast: Cast) -> None:
    schedule.set_week(piano.instructor, MORNINGS, by=cast.ana)
    mornings = bits_of(piano)
    schedule.set_date(piano.instructor, in_days(3), [(1080, 1200)], by=cast.ana)
    assert bits_of(piano) == mornings | of_days() != mornings


def test_time_that_a_lesson_took_is_there_again_when_it_is_cancelled(piano: Offering, cast: Cast) -> None:
    schedule.set_week(piano.instructor, {}, by=cast.ana)
    schedule.set_date(piano.instructor, in_days(3), [(720, 780)], by=cast.ana)
    lesson = booked(piano, local_time(in_days(3), 12), cast.ben_student)
    schedule.set_week(piano.instructor, MORNINGS, by=cast.ana)
    schedule.set_week(piano.instructor, {}, by=cast.ana)
    assert bits_of(piano) == 0
    lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT, reason="ill")
    assert bits_of(piano) == of_days() != 0


def test_none_is_taken_away_by_who_has_not_locked_the_calendar(piano: Offering, cast: Cast) -> None:
    """A lesson may be cancelled meanwhile: its time would be free, and nobody would be told."""
    schedule.set_week(piano.instructor, {}, by=cast.ana)
    schedule.set_date(piano.instructor, in_days(3), [(720, 780)], by=cast.ana)
    before = bits_of(piano)
    booked(piano, local_time(in_days(3), 12), cast.ben_student)
    catalogue.refresh_listing(piano.instructor)
    assert of_days() == 0 != bits_of(piano) == before


def test_an_offering_more_has_them_all_until_the_calendar_is_derived(piano: Offering, cast: Cast) -> None:
    more = OfferingFactory(instructor=piano.instructor, subject=SubjectFactory(slug="guitar"))
    catalogue.refresh_listing(piano.instructor)
    schedule.set_date(piano.instructor, in_days(3), [(1080, 1200)], by=cast.ana)
    assert bits_of(more) == -1
    schedule.set_week(piano.instructor, MORNINGS, by=cast.ana)
    assert bits_of(more) == bits_of(piano) == of_days()


def test_days_that_come_into_the_horizon_bring_theirs(piano: Offering, cast: Cast) -> None:
    schedule.set_week(piano.instructor, {}, by=cast.ana)
    last = in_days(95)
    schedule.set_date(piano.instructor, last, [(600, 660)], by=cast.ana)
    assert bits_of(piano) == 0
    assert horizon.extend(now=clock.now() + 10 * DAY) == 1
    assert bits_of(piano) == of_days() == week_bits.of([(local_time(last, 10), local_time(last, 11))])


def test_bits_that_leave_out_a_free_hour_are_told(piano: Offering) -> None:
    assert list(horizon.differences()) == []
    Offering.objects.update(week_bits=bits_of(piano) & (bits_of(piano) - 1))
    [told] = horizon.differences()
    assert (told["offering"], told["computed"]) == (piano.pk, of_days(in_days(0)))
    Offering.objects.update(week_bits=-1)
    assert list(horizon.differences()) == []


def test_databases_that_began_before_have_the_same_bits(piano: Offering) -> None:
    was = bits_of(piano)
    Offering.objects.update(week_bits=-1)
    with connection.cursor() as cursor:
        cursor.execute(import_module("instructors.migrations.0026_week_bits").FILL)
    assert bits_of(piano) == was == of_days()
