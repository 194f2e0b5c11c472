"""Reading instants, dates and parameters of addresses."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from instainstru.lib.errors import DomainError
from instainstru.lib.fields import Parameters, Unreadable, read_date, read_instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-03T18:00:00Z", datetime(2026, 12, 3, 18, tzinfo=UTC)),
        ("2026-12-03T18:00Z", datetime(2026, 12, 3, 18, tzinfo=UTC)),
        ("2026-12-03t18:00:00z", datetime(2026, 12, 3, 18, tzinfo=UTC)),
        ("2026-12-03 18:00:00+00:00", datetime(2026, 12, 3, 18, tzinfo=UTC)),
        ("2026-12-03T13:00:00-05:00", datetime(2026, 12, 3, 18, tzinfo=UTC)),
        ("2026-12-03T18:00:00 00:00", datetime(2026, 12, 3, 18, tzinfo=UTC)),
        ("2026-12-03T18:00:00.5Z", datetime(2026, 12, 3, 18, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-12-03T18:00:00.123456789Z", datetime(2026, 12, 3, 18, 0, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_instants_are_read_in_every_form_rfc_3339_allows(text, instant):
    assert read_instant(text) == instant
    assert read_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-12-03T18:00:00", "offset"),
        ("2026-12-03", "like 2026-12-03T18:00:00Z"),
        ("20261203T180000Z", "like 2026-12-03T18:00:00Z"),
        ("2026-W49-4T18:00:00Z", "like 2026-12-03T18:00:00Z"),
        ("2026-12-03T18:00:00EST", "like 2026-12-03T18:00:00Z"),
        ("2026-02-30T18:00:00Z", "no such time"),
        ("2026-12-03T24:00:00Z", "no such time"),
        ("2026-12-03T23:59:60Z", "no such time"),
        ("2026-12-03T18:00:00+24:00", "no such time"),
        ("1999-12-31T23:59:59Z", "2000–2100"),
        ("0000-12-31T23:59:59Z", "2000–2100"),
        ("9999-12-31T23:59:59Z", "2000–2100"),
        ("", "like"),
        (1764784800, "like"),
        (None, "like"),
        (["2026-12-03T18:00:00Z"], "like"),
    ],
)
def test_what_is_no_instant_is_told_how_to_be_one(text, why):
    with pytest.raises(Unreadable, match=why):
        read_instant(text)


@given(
    st.dates(min_value=date(2001, 1, 1), max_value=date(2099, 1, 1)), st.times(), st.integers(-14 * 4, 14 * 4)
)
def test_every_instant_with_an_offset_is_read_back(day, time, quarters):
    wall = datetime.combine(day, time)
    from_utc = timedelta(minutes=15 * quarters)
    sign, minutes = ("-" if quarters < 0 else "+"), abs(15 * quarters)
    text = f"{wall.isoformat()}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    assert read_instant(text) == wall.replace(tzinfo=UTC) - from_utc


@given(st.text(max_size=40))
def test_text_is_read_or_refused_and_nothing_else(text):
    for read in (read_instant, read_date):
        with suppress(Unreadable):
            read(text)


def test_dates_are_calendar_dates():
    assert read_date("2028-02-29") == date(2028, 2, 29)
    for text in ("2026-02-29", "20261203", "2026-W49-4", "2026-12-3", "1999-01-01", 20261203, None):
        with pytest.raises(Unreadable):
            read_date(text)


def taken(query: str, *, known=("a", "b")) -> Parameters:
    return Parameters(QueryDict(query), known=known)


def test_unknown_names_are_refused_before_anything_else():
    with pytest.raises(DomainError) as refusal:
        taken("c=1&d=2&a=x")
    assert refusal.value.fields == {
        "c": "There is no such field. Known are: a, b.",
        "d": "There is no such field. Known are: a, b.",
    }


def test_everything_wrong_is_told_at_once():
    wishes = taken("a=x&b=y")
    assert wishes.integer("a") is None
    assert wishes.choice("b", ["one", "two"]) is None
    with pytest.raises(DomainError) as refusal:
        wishes.check()
    assert refusal.value.fields == {"a": "Write a number.", "b": "Choose one of: one, two."}


def test_empty_parameters_are_as_absent():
    wishes = taken("a=&b=%20%20")
    assert "a" not in wishes
    assert (wishes.text("a"), wishes.integer("b"), wishes.instant("a")) == (None, None, None)
    wishes.check()


@pytest.mark.parametrize("value", ["٣", "９", "1.5", "-1", "0", "1e3", "9" * 25, "1_000", "0x1"])
def test_numbers_are_plain_digits_in_range(value):
    wishes = taken(f"a={value}")
    assert wishes.integer("a", high=500) is None
    assert wishes.wrong == {"a": "Write a whole number, 1–500."}


def test_moments_are_instants_or_dates():
    assert taken("a=2026-12-03").moment("a") == date(2026, 12, 3)
    assert taken("a=2026-12-03T18:00:00%2B01:00").moment("a") == datetime(2026, 12, 3, 17, tzinfo=UTC)
    wishes = taken("a=2026-12-03T18:00")
    assert wishes.moment("a") is None
    assert "offset" in wishes.wrong["a"]
