"""Wall times and instants, also in the weeks in which clocks jump."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instainstru.lib import clock
from instainstru.lib.errors import DomainError

ZONES = [
    "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo",
    "Pacific/Apia", "UTC",
]  # fmt: skip


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "wall", "zone", "instant"),
    [
        (date(2026, 12, 3), time(18), "America/New_York", utc(2026, 12, 3, 23)),
        # Of the repeated hour the first is meant: still summer time.
        (date(2026, 11, 1), time(1, 30), "America/New_York", utc(2026, 11, 1, 5, 30)),
        (date(2026, 10, 25), time(1, 30), "Europe/London", utc(2026, 10, 25, 0, 30)),
        # Lord Howe moves by half an hour.
        (date(2026, 4, 5), time(1, 45), "Australia/Lord_Howe", utc(2026, 4, 4, 14, 45)),
        (date(2026, 12, 3), time(9), "Asia/Kathmandu", utc(2026, 12, 3, 3, 15)),
        (date(2026, 12, 3), time(9), "Pacific/Apia", utc(2026, 12, 2, 20)),
    ],
)
def test_wall_times_become_exact_instants(day, wall, zone, instant):
    assert clock.to_instant(day, wall, zone) == instant


@pytest.mark.parametrize(
    ("day", "wall", "zone"),
    [
        (date(2026, 3, 8), time(2, 30), "America/New_York"),
        (date(2026, 3, 29), time(1, 15), "Europe/London"),
        (date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe"),
        # Apia skipped a whole day when it crossed the date line.
        (date(2011, 12, 30), time(12), "Pacific/Apia"),
        # São Paulo's summer time began at midnight.
        (date(2018, 11, 4), time(0, 30), "America/Sao_Paulo"),
    ],
)
def test_a_skipped_time_is_refused_by_name(day, wall, zone):
    with pytest.raises(clock.SkippedTime) as refusal:
        clock.to_instant(day, wall, zone)
    assert f"{wall:%H:%M} does not exist" in refusal.value.message
    assert refusal.value.data["time_zone"] == zone


@pytest.mark.parametrize(
    ("day", "wall", "zone", "instant"),
    [
        (date(2026, 3, 8), time(2, 30), "America/New_York", utc(2026, 3, 8, 7)),
        (date(2026, 3, 8), time(2), "America/New_York", utc(2026, 3, 8, 7)),
        (date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", utc(2026, 10, 3, 15, 30)),
        (date(2018, 11, 4), time(0), "America/Sao_Paulo", utc(2018, 11, 4, 3)),
    ],
)
def test_the_edge_of_a_pattern_in_a_gap_slides_to_its_end(day, wall, zone, instant):
    assert clock.day_edge(day, wall, zone) == instant


@given(
    st.dates(date(2000, 1, 1), date(2037, 1, 1)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(ZONES),
)
def test_an_instant_reads_back_as_the_wall_time_it_came_from(day, wall, zone):
    try:
        instant = clock.to_instant(day, wall, zone)
    except clock.SkippedTime:
        edge = clock.day_edge(day, wall, zone)
        shown = clock.local(edge, zone).replace(tzinfo=None)
        assert shown > datetime.combine(day, wall)
        before = clock.local(edge - timedelta(minutes=1), zone).replace(tzinfo=None)
        assert before < datetime.combine(day, wall)
    else:
        assert clock.local(instant, zone).replace(tzinfo=None) == datetime.combine(day, wall)
        earlier = clock.local(instant - timedelta(hours=1), zone).replace(tzinfo=None)
        assert earlier != datetime.combine(day, wall)
        assert clock.day_edge(day, wall, zone) == instant


@given(st.dates(date(2000, 1, 1), date(2037, 1, 1)), st.sampled_from(ZONES))
def test_days_follow_each_other_without_gap(day, zone):
    assert clock.day_bounds(day, zone)[1] == clock.day_bounds(day + timedelta(days=1), zone)[0]


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "America/New_York\0", "x" * 500])
def test_what_is_no_zone_is_told(name):
    assert not clock.is_zone(name)
    with pytest.raises(DomainError) as refusal:
        clock.zone(name)
    assert refusal.value.code == "unknown_time_zone"


def test_the_offset_moves_the_clock(settings):
    settings.APP_CLOCK_OFFSET = 3600
    moved = clock.now()
    settings.APP_CLOCK_OFFSET = 0
    assert timedelta(minutes=59) < moved - clock.now() < timedelta(minutes=61)
