"""The arithmetic of the benchmarks: what they say must be what they measured."""

from __future__ import annotations

import pytest

from benchmarks.report import Row, against_floor, table
from benchmarks.timing import Times


def test_the_95th_percentile_is_a_time_that_was_measured():
    times = Times.of([n / 1000 for n in range(1, 101)])
    assert (times.median, times.p95, times.number) == (pytest.approx(50.5), pytest.approx(95), 100)
    assert Times.of([0.004]) == Times(4, 4, 1)


def test_a_row_passes_at_its_bar_and_not_above_it():
    floor, site = Times(2, 3, 10), Times(8, 9, 10)
    at_the_bar = against_floor("search", {"floor": floor, "site": site}, bar=4)
    assert (at_the_bar.value, at_the_bar.passed) == (4, True)
    assert against_floor("search", {"floor": floor, "site": Times(8.1, 9, 10)}, bar=4).passed is False


def test_what_could_not_be_measured_does_not_pass():
    assert Row("search", bar=4, note="answered 500").passed is False
    assert Row("statements").passed is None


def test_the_table_has_a_line_for_each_row_whatever_its_note_holds():
    lines = table([Row("a", value=2, unit="deadlocks", bar=0), Row("b", note="x | y\nz" * 100)]).splitlines()
    assert len(lines) == 4
    assert lines[2] == "| a |  |  |  | 2 deadlocks | 0 deadlocks | **fail** |  |"
    assert lines[3].count(" | ") == 7
