"""Days, hours and people in words."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from instainstru.lib import presentation


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        ([], "Closed"),
        ([(540, 1020)], "9:00 am–5:00 pm"),
        ([(540, 660), (780, 1200)], "9:00–11:00 am, 1:00–8:00 pm"),
        ([(0, 1440)], "12:00 am–midnight"),
        ([(720, 750)], "12:00–12:30 pm"),
    ],
)
def test_windows_of_a_day(windows, said):
    assert presentation.windows(windows) == said


@pytest.mark.parametrize(
    ("hour", "part"), [(0, "Morning"), (11, "Morning"), (12, "Afternoon"), (16, "Afternoon"), (17, "Evening")]
)
def test_parts_of_a_day(hour, part):
    assert presentation.part(datetime(2026, 12, 3, hour)) == part  # noqa: DTZ001 - a wall time


def test_days_months_and_leaves():
    day = date(2026, 12, 3)
    assert presentation.day(day) == "Thu 3 Dec"
    assert presentation.long_day(day) == "Thursday 3 December"
    assert presentation.month(day) == "December 2026"
    assert presentation.leaf(day) == {"weekday": "Thu", "day": "3", "month": "Dec"}


def test_counts_lists_and_people():
    assert presentation.count(1, "time") == "1 time"
    assert presentation.count(1204, "time") == "1,204 times"
    assert presentation.words(["a"]) == "a"
    assert presentation.words(["a", "b", "c"], last="or") == "a, b or c"
    assert presentation.initials("Sara", "Cohen") == "SC"
    assert presentation.initials("", "") == "?"
    assert {presentation.face(number) for number in range(100)} == set(range(1, 9))


def test_an_hour_stays_in_one_piece():
    said = presentation.unbroken("Free until 6:00 pm. The amount, at 11:15 am–12:15 pm.")
    assert said == "Free until 6:00\u00a0pm. The amount, at 11:15\u00a0am–12:15\u00a0pm."
