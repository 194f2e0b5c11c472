"""Two hundred cancellations, to the second and to the cent: around every boundary, in three zones, on both
nights when clocks change. No Stripe: what is settled is what would be charged."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import pytest

from bookings.models import Booking, Party
from bookings.services import policies, pricing
from bookings.services.policies import Tier
from bookings.services.pricing import Quote, Settlement
from instainstru.lib import clock
from instainstru.rules.models import Rules

SECOND = timedelta(seconds=1)
# The wall time of a lesson on the day after each change of clocks, and on a day like any other.
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Sydney"]
DAYS = {
    "America/New_York": [date(2027, 3, 14), date(2027, 11, 7), date(2027, 6, 16)],
    "Europe/Berlin": [date(2027, 3, 28), date(2027, 10, 31), date(2027, 6, 16)],
    "Australia/Sydney": [date(2027, 4, 4), date(2027, 10, 3), date(2027, 6, 16)],
}
# By card alone; with 30.00 of credit; out of a package. A lesson of 75.55: fee 9.07, commission 11.33.
BILLS = {
    "card": pricing.quote(price_per_hour=75_55, duration_min=60, fee_pct=12, commission_pct=15),
    "credit": pricing.quote(
        price_per_hour=75_55, duration_min=60, fee_pct=12, commission_pct=15, credit_available=30_00
    ),
    "package": pricing.quote(
        price_per_hour=75_55, duration_min=60, fee_pct=12, commission_pct=15, in_package=True
    ),
}
FREE = {
    "card": Settlement(refund=84_62),
    "credit": Settlement(refund=54_62, credit_back=30_00),
    "package": Settlement(package_back=75_55),
}
CREDIT = {
    "card": Settlement(credit=75_55, platform=9_07),
    "credit": Settlement(credit=45_55, credit_back=30_00, platform=9_07),
    "package": Settlement(package_back=75_55),
}
# Half of 75.55 is 37.77 to the instructor, less 5.66 of commission; the odd cent is the student's.
HALF = {
    "card": Settlement(credit=37_78, to_instructor=32_11, platform=14_73),
    "credit": Settlement(credit=7_78, credit_back=30_00, to_instructor=32_11, platform=14_73),
    "package": Settlement(credit=37_78, to_instructor=32_11, platform=5_66),
}
# Hours before, seconds around it, and the tier under each preset.
EDGES = [
    (48, +1, "free", "free", "free"),
    (48, 0, "free", "free", "free"),
    (48, -1, "free", "free", "credit"),
    (24, +1, "free", "free", "credit"),
    (24, 0, "free", "free", "credit"),
    (24, -1, "free", "credit", "credit"),
    (12, +1, "free", "credit", "credit"),
    (12, 0, "free", "credit", "credit"),
    (12, -1, "half", "half", "half"),
]
AMOUNTS = {"free": FREE, "credit": CREDIT, "half": HALF}
ROWS = [
    (zone, day, hours, around, preset, tier, bill)
    for zone in ZONES
    for day, (hours, around, *tiers) in product(DAYS[zone], EDGES)
    for preset, tier in zip(("flexible", "standard", "strict"), tiers, strict=True)
    for bill in BILLS
]


def lesson(start: datetime, preset: str, *, booked: datetime | None = None) -> Booking:
    return Booking(
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        policy_starts_at=start,
        confirmed_at=booked or start - timedelta(days=30),
        cancellation_preset=preset,
        rules=Rules(),
    )


def test_there_are_rows_enough() -> None:
    assert len(ROWS) == 729


@pytest.mark.parametrize("zone", ZONES)
def test_every_cancellation_around_every_boundary(zone: str) -> None:
    for where, day, hours, around, preset, tier, bill in ROWS:
        if where != zone:
            continue
        start = clock.to_instant(day, time(18, 0), zone)
        now = start - timedelta(hours=hours) - around * SECOND
        found = policies.cancellation(lesson(start, preset), party=Party.STUDENT, now=now)
        row = (day, hours, around, preset, bill)
        assert found.tier == tier, row
        settled = pricing.settle(BILLS[bill], Tier(found.tier))
        assert settled == AMOUNTS[tier][bill], row


def test_deadlines_are_hours_that_pass_not_hours_on_the_wall() -> None:
    """The night New York loses an hour: 24 hours before 6 pm is 5 pm the day before."""
    start = clock.to_instant(date(2027, 3, 14), time(18, 0), "America/New_York")
    free = policies.free_until(start, preset="standard", rules=Rules())
    assert clock.local(free, "America/New_York").strftime("%d %H:%M") == "13 17:00"
    assert start == datetime(2027, 3, 14, 22, tzinfo=UTC)


@pytest.mark.parametrize("party", [Party.INSTRUCTOR, Party.STAFF, Party.SYSTEM])
@pytest.mark.parametrize("hours", [100, 13, 1])
@pytest.mark.parametrize("bill", BILLS)
def test_whoever_else_cancels_everything_goes_back(party: Party, hours: int, bill: str) -> None:
    start = datetime(2027, 6, 16, 18, tzinfo=UTC)
    found = policies.cancellation(lesson(start, "strict"), party=party, now=start - timedelta(hours=hours))
    assert pricing.settle(BILLS[bill], Tier(found.tier)) == FREE[bill]


@pytest.mark.parametrize("bill", BILLS)
@pytest.mark.parametrize(
    ("minutes", "tier"), [(0, "cooling_off"), (15, "cooling_off"), (15 + 1 / 60, "half")]
)
def test_who_thinks_again_at_once_gets_everything_back(bill: str, minutes: float, tier: str) -> None:
    start = datetime(2027, 6, 16, 18, tzinfo=UTC)
    booked = start - timedelta(hours=5)
    now = booked + timedelta(minutes=minutes)
    found = policies.cancellation(lesson(start, "standard", booked=booked), party=Party.STUDENT, now=now)
    assert found.tier == tier
    assert pricing.settle(BILLS[bill], Tier(found.tier)) == (FREE if tier != "half" else HALF)[bill]


@pytest.mark.parametrize(
    ("completed", "waived", "a_year", "left"),
    [(3, 0, 1, 0), (4, 0, 1, 1), (4, 1, 1, 0), (40, 1, 3, 2), (40, 5, 3, 0), (40, 0, 0, 0)],
)
def test_grace_is_for_who_came_and_once_a_year(completed: int, waived: int, a_year: int, left: int) -> None:
    rules = Rules(grace_a_year=a_year)
    assert policies.grace_left(rules, completed=completed, waived=waived) == left


@pytest.mark.parametrize("hours", [20, 3])
def test_grace_waives_a_late_cancellation_and_nothing_else(hours: int) -> None:
    start = datetime(2027, 6, 16, 18, tzinfo=UTC)
    booking, now = lesson(start, "standard"), start - timedelta(hours=hours)
    found = policies.cancellation(booking, party=Party.STUDENT, now=now, grace=1)
    assert found.tier == Tier.GRACE
    assert pricing.settle(BILLS["card"], Tier.GRACE) == FREE["card"]
    early = policies.cancellation(booking, party=Party.STUDENT, now=start - timedelta(hours=30), grace=1)
    assert early.tier == Tier.FREE


def test_a_bill_is_made_in_a_fifth_of_a_millisecond() -> None:
    began = clock.monotonic()
    for price in range(1000):
        assert isinstance(
            pricing.quote(price_per_hour=price, duration_min=45, fee_pct=12, commission_pct=15), Quote
        )
    assert (clock.monotonic() - began) / 1000 <= 0.0002
