"""Some fifteen hundred cancellations, to the second and to the cent: around every boundary, in three zones,
on both nights when clocks change. No Stripe: what is settled is what would be charged."""

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
# Days that begin with a change of clocks at night, and one like any other.
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Sydney"]
DAYS = {
    "America/New_York": [date(2027, 3, 14), date(2027, 11, 7), date(2027, 6, 16)],
    "Europe/Berlin": [date(2027, 3, 28), date(2027, 10, 31), date(2027, 6, 16)],
    "Australia/Sydney": [date(2027, 4, 4), date(2027, 10, 3), date(2027, 6, 16)],
}
# Lessons in the evening, and in the morning: then twelve hours before lies on the other side of the change.
HOURS = (10, 18)
# By card alone; with 30.00 of credit; out of a package. 12 % of 75.55 are 9.066, 15 % are 11.3325.
BILLS = {
    "card": Quote(lesson=75_55, fee=9_07, credit=0, package=0, tip=0, commission=11_33),
    "credit": Quote(lesson=75_55, fee=9_07, credit=30_00, package=0, tip=0, commission=11_33),
    "package": Quote(lesson=75_55, fee=0, credit=0, package=75_55, tip=0, commission=11_33),
}
CHARGED = {"card": 84_62, "credit": 54_62, "package": 0}
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
    (zone, day, hour, hours, around, preset, tier, bill)
    for zone in ZONES
    for day, hour, (hours, around, *tiers) in product(DAYS[zone], HOURS, EDGES)
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
    assert len(ROWS) == 1458


def test_bills_are_what_the_table_says() -> None:
    asked = {"card": {}, "credit": {"credit_available": 30_00}, "package": {"in_package": True}}
    for name, more in asked.items():
        found = pricing.quote(price_per_hour=75_55, duration_min=60, fee_pct=12, commission_pct=15, **more)
        assert (found, found.total) == (BILLS[name], CHARGED[name])


def test_the_table_itself_loses_no_cent() -> None:
    """All that a student paid, by card, credit and package, is somebody's."""
    for amounts in (FREE, CREDIT, HALF):
        for bill, settled in amounts.items():
            shares = (settled.refund, settled.credit_back, settled.package_back, settled.credit,
                      settled.to_instructor, settled.platform)  # fmt: skip
            paid_ahead = {"card": 0, "credit": 30_00, "package": 75_55}[bill]
            assert sum(shares) == CHARGED[bill] + paid_ahead


@pytest.mark.parametrize("zone", ZONES)
def test_every_cancellation_around_every_boundary(zone: str) -> None:
    for where, day, hour, hours, around, preset, tier, bill in ROWS:
        if where != zone:
            continue
        start = clock.to_instant(day, time(hour, 0), zone)
        now = start - timedelta(hours=hours) - around * SECOND
        found = policies.cancellation(lesson(start, preset), party=Party.STUDENT, now=now)
        row = (day, hour, hours, around, preset, bill)
        assert found.tier == tier, row
        settled = pricing.settle(BILLS[bill], Tier(found.tier))
        assert settled == AMOUNTS[tier][bill], row


# The walls' time 48, 24 and 12 hours before a lesson at 10 in the morning after each change.
DEADLINES = [
    ("America/New_York", date(2027, 3, 14), "12 09:00", "13 09:00", "13 21:00"),
    ("America/New_York", date(2027, 11, 7), "05 11:00", "06 11:00", "06 23:00"),
    ("America/New_York", date(2027, 6, 16), "14 10:00", "15 10:00", "15 22:00"),
    ("Europe/Berlin", date(2027, 3, 28), "26 09:00", "27 09:00", "27 21:00"),
    ("Europe/Berlin", date(2027, 10, 31), "29 11:00", "30 11:00", "30 23:00"),
    ("Australia/Sydney", date(2027, 10, 3), "01 09:00", "02 09:00", "02 21:00"),
    ("Australia/Sydney", date(2027, 4, 4), "02 11:00", "03 11:00", "03 23:00"),
]


@pytest.mark.parametrize(("zone", "day", "strict", "standard", "flexible"), DEADLINES)
def test_deadlines_are_hours_that_pass_not_hours_on_the_wall(
    zone: str, day: date, strict: str, standard: str, flexible: str
) -> None:
    start = clock.to_instant(day, time(10, 0), zone)
    told = {"strict": strict, "standard": standard, "flexible": flexible}
    for preset, wall in told.items():
        free = policies.free_until(start, preset=preset, rules=Rules())
        assert clock.local(free, zone).strftime("%d %H:%M") == wall


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
