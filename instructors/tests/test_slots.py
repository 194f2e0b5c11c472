"""Slots against a slow, obvious reference: every minute of the day is asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instainstru.lib import clock
from instainstru.lib.intervals import Range
from instainstru.rules.models import Rules
from instructors.models import CalendarBlock, Instructor, Modality
from instructors.services import slots
from instructors.services.open_days import at_minute, free_of, range_of
from instructors.services.slots import Limits

ZONES = [
    "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo",
    "Pacific/Apia", "Pacific/Chatham",
]  # fmt: skip
# Ordinary days and the days on which some of these zones change their clocks.
DAYS = [date(2026, 12, 3), date(2026, 3, 8), date(2026, 11, 1), date(2026, 3, 29), date(2026, 4, 5),
        date(2026, 10, 4), date(2018, 11, 4)]  # fmt: skip
KINDS = [CalendarBlock.Kind.LESSON, CalendarBlock.Kind.HOLD, CalendarBlock.Kind.TIME_OFF, "travel_lesson"]

windows = st.lists(
    st.tuples(st.integers(0, 95), st.integers(1, 96)).filter(lambda w: w[0] < w[1]), max_size=3
)
blocks = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 280), st.integers(1, 30)), max_size=4)


def limits_for(zone: str, grid: int, buffer: int, travel: int) -> Limits:
    notice = dict.fromkeys(Modality.values, 60)
    return Limits(zone, grid, notice, 90, buffer, travel, None)


def made_blocks(day: date, zone: str, drawn: list, limits: Limits) -> list[CalendarBlock]:
    start_of_day = clock.day_bounds(day, zone)[0]
    made = []
    for kind, five_minutes, length in drawn:
        start = start_of_day + timedelta(minutes=5 * five_minutes)
        end = start + timedelta(minutes=5 * length)
        travels = kind == "travel_lesson"
        made.append(
            CalendarBlock(
                kind=CalendarBlock.Kind.LESSON if travels else kind,
                period=range_of(start, end),
                buffered=range_of(start, end + timedelta(minutes=limits.buffer)),
                reach=range_of(start, end + timedelta(minutes=limits.gap(travels=True))),
                lane=1 if travels else 0,
            )
        )
    return made


def reference(
    hours: list[Range], taken: list[CalendarBlock], duration: int, limits: Limits, *, travels: bool
) -> list[datetime]:
    """Ask of every five minutes whether a lesson could start then."""
    if not hours:
        return []
    found = []
    start = min(low for low, _ in hours)
    while start < max(high for _, high in hours):
        end = start + timedelta(minutes=duration)
        local = clock.local(start, limits.time_zone)
        on_grid = (local.hour * 60 + local.minute) % limits.grid == 0
        minutes = [start + timedelta(minutes=n) for n in range(0, duration, 5)]
        within = all(any(low <= minute < high for low, high in hours) for minute in minutes)
        if on_grid and within and not any(hits(block, start, end, limits, travels) for block in taken):
            found.append(start)
        start += timedelta(minutes=5)
    return found


def hits(block: CalendarBlock, start: datetime, end: datetime, limits: Limits, travels: bool) -> bool:
    low, high = block.period.lower, block.period.upper
    gap = timedelta()
    if block.kind in (CalendarBlock.Kind.LESSON, CalendarBlock.Kind.HOLD):
        gap = timedelta(minutes=limits.gap(travels=travels or block.lane != 0))
    return start < high + gap and low - gap < end


@settings(max_examples=300)
@given(
    st.sampled_from(ZONES), st.sampled_from(DAYS), windows, blocks, st.sampled_from([15, 30, 45, 60, 90]),
    st.sampled_from([15, 20, 30, 60]), st.sampled_from([0, 10, 15, 30]), st.sampled_from([0, 45, 60]),
    st.booleans(),
)  # fmt: skip
def test_slots_are_what_the_reference_says(
    zone, day, drawn_windows, drawn_blocks, duration, grid, buffer, travel, travels
):
    limits = limits_for(zone, grid, buffer, travel)
    hours = [(at_minute(day, low * 15, zone), at_minute(day, high * 15, zone)) for low, high in drawn_windows]
    merged = slots_normal(hours)
    taken = made_blocks(day, zone, drawn_blocks, limits)
    free = free_of(merged, taken, limits)
    low, high = clock.day_bounds(day, zone)
    starts = list(
        slots.cut(
            free.travel if travels else free.plain, duration=duration, low=low, high=high, limits=limits
        )
    )
    assert starts == reference(merged, taken, duration, limits, travels=travels)


def slots_normal(hours: list[Range]) -> list[Range]:
    merged: list[Range] = []
    for low, high in sorted(hours):
        if low >= high:
            continue
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def instructor(**facts) -> Instructor:
    return Instructor(time_zone="America/New_York", **facts)


NY = "America/New_York"


@pytest.mark.parametrize(
    ("now", "modality", "expected"),
    [
        # By day: the notice alone, longer where the instructor travels.
        ((2026, 12, 2, 12, 0), Modality.ONLINE, (2026, 12, 2, 13, 0)),
        ((2026, 12, 2, 12, 0), Modality.AT_STUDENT, (2026, 12, 2, 15, 0)),
        # Between 20:00 and 08:00: not before 09:00, with travel not before 11:00.
        ((2026, 12, 2, 19, 59), Modality.ONLINE, (2026, 12, 2, 20, 59)),
        ((2026, 12, 2, 20, 0), Modality.ONLINE, (2026, 12, 3, 9, 0)),
        ((2026, 12, 2, 20, 0), Modality.AT_STUDENT, (2026, 12, 3, 11, 0)),
        ((2026, 12, 3, 7, 59), Modality.AT_INSTRUCTOR, (2026, 12, 3, 9, 0)),
        ((2026, 12, 3, 8, 0), Modality.ONLINE, (2026, 12, 3, 9, 0)),
        ((2026, 12, 3, 8, 30), Modality.ONLINE, (2026, 12, 3, 9, 30)),
    ],
)
def test_the_first_start_that_can_be_booked(now, modality, expected):
    limits = slots.limits_of(instructor(), Rules())
    instant = clock.to_instant(date(*now[:3]), time(*now[3:]), NY)
    assert slots.earliest(limits, modality=modality, now=instant) == clock.to_instant(
        date(*expected[:3]), time(*expected[3:]), NY
    )


def test_the_overnight_rule_can_be_switched_off():
    limits = slots.limits_of(instructor(overnight_rule=False), Rules())
    now = clock.to_instant(date(2026, 12, 2), time(23), NY)
    assert slots.earliest(limits, modality=Modality.ONLINE, now=now) == now + timedelta(hours=1)


def test_an_instructor_may_be_stricter_never_looser():
    own = {"notice_online_min": 600, "notice_at_instructor_min": 5, "notice_at_student_min": 240}
    strict = slots.limits_of(instructor(**own, horizon_days=30, grid_min=30), Rules())
    loose = slots.limits_of(instructor(notice_online_min=5, horizon_days=300, grid_min=5), Rules())
    assert strict.notice == {"online": 600, "at_instructor": 60, "at_student": 240}
    assert loose.notice == {"online": 60, "at_instructor": 60, "at_student": 180}
    assert (strict.horizon_days, loose.horizon_days) == (30, 90)
    assert (strict.grid, loose.grid) == (30, 15)


def test_a_grid_that_the_rules_no_longer_divide_is_kept_together_with_theirs():
    assert slots.limits_of(instructor(grid_min=30), Rules(grid_min=20)).grid == 60


def test_the_horizon_ends_with_its_last_local_day():
    limits = slots.limits_of(instructor(), Rules())
    now = datetime(2026, 12, 2, 17, tzinfo=UTC)
    assert slots.latest(limits, now=now) == clock.to_instant(date(2027, 3, 3), time(0), NY)
