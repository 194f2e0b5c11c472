"""Bills and what becomes of them, as tables and as properties. No database."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.services import pricing
from bookings.services.policies import Tier
from bookings.services.pricing import CommissionRules, Line, LineKind, Settlement

STEPS = CommissionRules(pcts=(15, 12, 10), second_from=5, third_from=11, idle_days=90)

quotes = st.builds(
    pricing.quote,
    price_per_hour=st.integers(0, 10_000_000),
    duration_min=st.integers(15, 480),
    fee_pct=st.integers(0, 25),
    commission_pct=st.integers(0, 30),
    credit_available=st.integers(0, 10_000_000),
    in_package=st.booleans(),
    tip=st.just(0),
)


def bill(price: int = 80_00, minutes: int = 60, **facts) -> pricing.Quote:
    figures = {"fee_pct": 12, "commission_pct": 15, **facts}
    return pricing.quote(price_per_hour=price, duration_min=minutes, **figures)


@pytest.mark.parametrize(
    ("facts", "lesson", "fee", "credit", "total", "to_instructor"),
    [
        ({}, 80_00, 9_60, 0, 89_60, 68_00),
        ({"minutes": 90}, 120_00, 14_40, 0, 134_40, 102_00),
        ({"minutes": 45, "price": 75_55}, 56_66, 6_80, 0, 63_46, 48_16),
        ({"credit_available": 30_00}, 80_00, 9_60, 30_00, 59_60, 68_00),
        ({"credit_available": 500_00}, 80_00, 9_60, 80_00, 9_60, 68_00),
        ({"in_package": True, "credit_available": 500_00}, 80_00, 0, 0, 0, 68_00),
        ({"tip": 5_00}, 80_00, 9_60, 0, 94_60, 73_00),
        ({"fee_pct": 0, "commission_pct": 8}, 80_00, 0, 0, 80_00, 73_60),
        ({"price": 0}, 0, 0, 0, 0, 0),
    ],
)
def test_a_bill(facts, lesson, fee, credit, total, to_instructor):
    quoted = bill(**facts)
    assert (quoted.lesson, quoted.fee, quoted.credit) == (lesson, fee, credit)
    assert (quoted.total, quoted.to_instructor) == (total, to_instructor)


@pytest.mark.parametrize(
    ("amount", "pct", "expected"),
    [(100, 12, 12), (4, 12, 0), (5, 10, 1), (4, 10, 0), (15, 10, 2), (25, 50, 13)],
)
def test_half_a_unit_is_rounded_up(amount, pct, expected):
    assert pricing.percent(amount, pct) == expected


def test_the_lines_of_a_bill_leave_out_what_is_nothing():
    assert bill(credit_available=10_00).lines == [
        Line(LineKind.LESSON, 80_00), Line(LineKind.FEE, 9_60), Line(LineKind.CREDIT, -10_00)
    ]  # fmt: skip
    assert bill(in_package=True).lines == [Line(LineKind.LESSON, 80_00), Line(LineKind.PACKAGE, -80_00)]


@given(quotes)
def test_the_lines_add_up_to_the_total_and_nothing_is_negative(quoted):
    assert sum(line.amount for line in quoted.lines) == quoted.total
    assert min(astuple(quoted)) >= 0 <= quoted.total
    assert 0 <= quoted.to_instructor <= quoted.lesson


@pytest.mark.parametrize(
    ("facts", "tier", "expected"),
    [
        ({}, None, Settlement(to_instructor=68_00, platform=21_60)),
        ({}, Tier.FREE, Settlement(refund=89_60)),
        ({}, Tier.COOLING_OFF, Settlement(refund=89_60)),
        ({}, Tier.NOT_BY_STUDENT, Settlement(refund=89_60)),
        ({}, Tier.CREDIT, Settlement(credit=80_00, platform=9_60)),
        ({}, Tier.HALF, Settlement(credit=40_00, to_instructor=34_00, platform=15_60)),
        ({"price": 80_01}, Tier.HALF, Settlement(credit=40_01, to_instructor=34_00, platform=15_60)),
        ({"credit_available": 30_00}, Tier.FREE, Settlement(refund=59_60, credit_back=30_00)),
        (
            {"credit_available": 30_00},
            Tier.CREDIT,
            Settlement(credit=50_00, credit_back=30_00, platform=9_60),
        ),
        (
            {"credit_available": 30_00},
            Tier.HALF,
            Settlement(credit=10_00, credit_back=30_00, to_instructor=34_00, platform=15_60),
        ),
        ({"in_package": True}, Tier.FREE, Settlement(package_back=80_00)),
        ({"in_package": True}, Tier.CREDIT, Settlement(package_back=80_00)),
        ({"in_package": True}, Tier.HALF, Settlement(credit=40_00, to_instructor=34_00, platform=6_00)),
    ],
)
def test_what_becomes_of_the_money(facts, tier, expected):
    assert pricing.settle(bill(**facts), tier) == expected


@given(quotes, st.sampled_from([None, *Tier]))
def test_nothing_is_lost_or_made_when_a_lesson_is_settled(quoted, tier):
    settled = astuple(pricing.settle(quoted, tier))
    assert sum(settled) == quoted.total + quoted.credit + quoted.package
    assert min(settled) >= 0


@pytest.mark.parametrize(
    ("lessons", "before", "idle", "step"),
    [
        (0, 0, 0, 0), (4, 0, 0, 0), (5, 0, 0, 1), (10, 0, 0, 1), (11, 0, 0, 2), (50, 0, 0, 2),
        (10, 2, 3, 1), (0, 2, 40, 1), (0, 1, 40, 0), (0, 2, 89, 1), (0, 2, 90, 0), (12, 2, 90, 0),
    ],
)  # fmt: skip
def test_a_step_of_commission_is_earned_by_lessons_and_lost_one_at_a_time(lessons, before, idle, step):
    assert pricing.commission_step(STEPS, lessons=lessons, before=before, idle_days=idle) == step


@pytest.mark.parametrize("name", ["price_per_hour", "duration_min", "fee_pct", "commission_pct", "tip"])
def test_negative_figures_are_refused(name):
    figures = {"price_per_hour": 1, "duration_min": 60, "fee_pct": 0, "commission_pct": 0, name: -1}
    with pytest.raises(ValueError, match="not negative"):
        pricing.quote(**figures)
