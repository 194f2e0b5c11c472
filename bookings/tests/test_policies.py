"""Cancelling and moving, as tables like those of the rules. No database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.models import Booking, Party
from bookings.services import policies
from bookings.services.policies import Move, Tier
from bookings.services.wanted import price_of
from instainstru.rules.models import Rules
from instructors.models import Offering

START = datetime(2026, 12, 10, 18, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def lesson(*, preset: str = "standard", booked_before: timedelta = timedelta(days=7), **facts) -> Booking:
    return Booking(
        starts_at=START,
        ends_at=START + timedelta(hours=1),
        policy_starts_at=START,
        confirmed_at=START - booked_before,
        cancellation_preset=preset,
        rules=Rules(),
        **facts,
    )


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("preset", "before", "tier"),
    [
        ("standard", hours(24) + SECOND, Tier.FREE),
        ("standard", hours(24), Tier.FREE),
        ("standard", hours(24) - SECOND, Tier.CREDIT),
        ("standard", hours(12) + SECOND, Tier.CREDIT),
        ("standard", hours(12), Tier.CREDIT),
        ("standard", hours(12) - SECOND, Tier.HALF),
        ("standard", SECOND, Tier.HALF),
        ("flexible", hours(24) - SECOND, Tier.FREE),
        ("flexible", hours(12), Tier.FREE),
        ("flexible", hours(12) - SECOND, Tier.HALF),
        ("strict", hours(48), Tier.FREE),
        ("strict", hours(48) - SECOND, Tier.CREDIT),
        ("strict", hours(12), Tier.CREDIT),
        ("strict", hours(12) - SECOND, Tier.HALF),
    ],
)
def test_the_tier_of_a_students_cancellation(preset, before, tier):
    terms = policies.cancellation(lesson(preset=preset), party=Party.STUDENT, now=START - before)
    assert terms.tier == tier


@pytest.mark.parametrize("party", [Party.INSTRUCTOR, Party.STAFF, Party.SYSTEM])
@pytest.mark.parametrize("before", [hours(100), hours(13), SECOND])
def test_who_is_not_the_student_costs_the_student_nothing(party, before):
    assert policies.cancellation(lesson(), party=party, now=START - before).tier == Tier.NOT_BY_STUDENT


@pytest.mark.parametrize(
    ("booked_before", "cancelled_after", "tier"),
    [
        # Fifteen minutes to think again, the last of them included.
        (hours(5), timedelta(minutes=15), Tier.COOLING_OFF),
        (hours(5), timedelta(minutes=15, seconds=1), Tier.HALF),
        # Only while the start is more than two hours away.
        (hours(2) + timedelta(minutes=5), timedelta(minutes=5) - SECOND, Tier.COOLING_OFF),
        (hours(2) + timedelta(minutes=5), timedelta(minutes=5), Tier.HALF),
        (hours(2), timedelta(0), Tier.HALF),
    ],
)
def test_cooling_off(booked_before, cancelled_after, tier):
    booking = lesson(booked_before=booked_before)
    now = START - booked_before + cancelled_after
    assert policies.cancellation(booking, party=Party.STUDENT, now=now).tier == tier


@pytest.mark.parametrize(
    ("before", "changes_at"),
    [(hours(30), START - hours(24)), (hours(20), START - hours(12)), (hours(2), None)],
)
def test_the_next_deadline_is_told(before, changes_at):
    terms = policies.cancellation(lesson(), party=Party.STUDENT, now=START - before)
    assert (terms.free_until, terms.next_change_at) == (START - hours(24), changes_at)


@pytest.mark.parametrize(
    ("before", "late_moves", "party", "expected"),
    [
        (hours(24), 3, Party.STUDENT, (Move.FREE, True)),
        (hours(24) - SECOND, 0, Party.STUDENT, (Move.ONCE, True)),
        (hours(12), 0, Party.INSTRUCTOR, (Move.ONCE, True)),
        (hours(12), 1, Party.STUDENT, (Move.ONCE, False)),
        (hours(12) - SECOND, 0, Party.STUDENT, (Move.CONSENT, False)),
        (hours(1), 0, Party.INSTRUCTOR, (Move.CONSENT, False)),
        (hours(1), 5, Party.STAFF, (Move.FREE, True)),
    ],
)
def test_the_terms_of_moving(before, late_moves, party, expected):
    terms = policies.reschedule(lesson(late_moves=late_moves), party=party, now=START - before)
    assert (terms.move, terms.allowed) == expected


def test_after_a_late_move_deadlines_count_from_the_first_start():
    booking = lesson()
    booking.starts_at += timedelta(days=10)
    booking.ends_at += timedelta(days=10)
    assert policies.cancellation(booking, party=Party.STUDENT, now=START - hours(6)).tier == Tier.HALF


@given(
    st.integers(0, 60 * 24 * 4),
    st.integers(0, 60 * 24 * 4),
    st.sampled_from(["flexible", "standard", "strict"]),
)
def test_waiting_never_makes_cancelling_cheaper(one, two, preset):
    order = [Tier.FREE, Tier.CREDIT, Tier.HALF]
    earlier, later = sorted((START - timedelta(minutes=one), START - timedelta(minutes=two)))
    tiers = [
        policies.cancellation(lesson(preset=preset), party=Party.STUDENT, now=now).tier
        for now in (earlier, later)
    ]
    assert order.index(tiers[0]) <= order.index(tiers[1])


@pytest.mark.parametrize(
    ("an_hour", "minutes", "price"),
    [(8000, 60, 8000), (8000, 45, 6000), (7500, 30, 3750), (7501, 30, 3751), (9999, 15, 2500), (100, 20, 33)],
)
def test_the_price_of_a_lesson_rounds_half_up(an_hour, minutes, price):
    assert price_of(Offering(price_per_hour=an_hour), minutes) == price


def test_a_no_show_can_be_reported_from_a_quarter_of_an_hour_in_to_a_day_after():
    assert policies.no_show_window(lesson()) == (START + timedelta(minutes=15), START + hours(25))
