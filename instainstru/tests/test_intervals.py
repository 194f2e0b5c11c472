"""Ranges against the slow and obvious: sets of minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from instainstru.lib.intervals import Range, clip, covers, normal, overlaps, subtract

START = datetime(2026, 12, 2, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


minutes = st.integers(0, 60)
ranges = st.lists(st.tuples(minutes, minutes).map(lambda pair: (at(pair[0]), at(pair[1]))), max_size=8)


def points(some: list[Range]) -> set[int]:
    return {m for m in range(61) for start, end in some if start <= at(m) < end}


def is_normal(some: list[Range]) -> bool:
    return all(start < end for start, end in some) and all(one[1] < two[0] for one, two in pairwise(some))


@given(ranges)
def test_normal_keeps_the_points_and_is_normal(some):
    assert points(normal(some)) == points(some)
    assert is_normal(normal(some))


@given(ranges, ranges)
def test_subtracting_removes_exactly_the_holes(some, holes):
    left = subtract(some, holes)
    assert points(left) == points(some) - points(holes)
    assert is_normal(left)


@given(ranges, minutes, minutes)
def test_clipping_keeps_what_lies_within(some, low, high):
    kept = clip(some, low=at(low), high=at(high))
    assert points(kept) == {m for m in points(some) if low <= m < high}


@given(ranges, minutes, minutes)
def test_a_range_is_covered_when_all_its_points_are(some, low, high):
    if low < high:
        wanted = (at(low), at(high))
        assert covers(normal(some), wanted) == set(range(low, high)).issubset(points(some))


@given(minutes, minutes, minutes, minutes)
def test_overlap_is_a_shared_point(a, b, c, d):
    if a < b and c < d:
        shared = set(range(a, b)) & set(range(c, d))
        assert overlaps((at(a), at(b)), (at(c), at(d))) == bool(shared)
