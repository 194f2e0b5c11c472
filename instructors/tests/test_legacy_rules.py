"""The old rules as a model, the new week that answers in their stead, and where the two may differ."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instructors.legacy import board, shadow
from instructors.legacy.board import Board, Slot
from instructors.legacy.old_rules import OldCalendar, OldSlot
from instructors.legacy.operations import Operation, Request
from instructors.legacy.rows import Blackout, Place, SlotRow

TODAY = date(2026, 12, 2)
NOW = datetime.fromisoformat("2026-12-02 10:00")
DAY = date(2026, 12, 7)


def at(text: str) -> time:
    return time.fromisoformat(text)


def add(start: str, end: str, day: date = DAY) -> Operation:
    return Operation("add", date=day, start=at(start), end=at(end))


def update(number: int, start: str = "", end: str = "") -> Operation:
    return Operation(
        "update", slot_id=number, start=at(start) if start else None, end=at(end) if end else None
    )


def remove(number: int) -> Operation:
    return Operation("remove", slot_id=number)


def row(number: int, start: str, end: str, day: date = DAY) -> SlotRow:
    low, high = (int(text[:2]) * 60 + int(text[3:]) for text in (start, end))
    return SlotRow(Place(0, number), "7", number, day, low, high)


def both(*rows: SlotRow) -> shadow.Pair:
    return shadow.pair("7", rows)


def run(pair: shadow.Pair, *operations: Operation, validate_only: bool = False, now: datetime = NOW):
    found, _ = pair.run(Request(list(operations), validate_only), line=1, now=now)
    return found


def old_hours(pair: shadow.Pair, day: date = DAY) -> list[tuple[int, str, str]]:
    return [(slot.id, f"{slot.start:%H:%M}", f"{slot.end:%H:%M}") for slot in pair.old.on(day)]


def new_hours(pair: shadow.Pair, day: date = DAY) -> list[tuple[int, int, int]]:
    return [(slot.id, slot.low, slot.high) for slot in pair.new.days[day]]


@pytest.mark.parametrize(
    ("operation", "ok"),
    [
        (add("09:00", "10:00"), True),
        (add("09:00", "09:30"), True),
        (add("09:00", "17:00"), True),
        (add("09:00", "09:15"), False),
        (add("09:00", "17:15"), False),
        (add("10:00", "09:00"), False),
        (add("10:00", "10:00"), False),
        (add("09:10", "10:00"), False),
        (add("09:00", "10:05"), False),
        (add("22:00", "23:59"), False),
        (add("22:00", "00:00"), False),
        (add("09:00", "10:00", TODAY - timedelta(days=1)), False),
        (add("09:00", "10:00", TODAY), False),
        (add("09:00", "10:15", TODAY), True),
        (add("12:00", "13:00"), False),
        (Operation("add", date=DAY, start=at("09:00")), False),
        (Operation("add", start=at("09:00"), end=at("10:00")), False),
        (update(1, "12:05"), True),
        (update(1, "12:40"), False),
        (update(1, end="20:00"), True),
        (update(1, end="20:01"), False),
        (update(1, "13:00"), False),
        (update(1, end="11:00"), False),
        (update(1), True),
        (update(9, "09:00"), False),
        (Operation("update", start=at("09:00")), False),
        (remove(1), True),
        (remove(9), False),
        (Operation("remove"), False),
    ],
)
def test_each_operation_is_answered_alike_by_the_old_rules_and_the_new_week(operation, ok):
    old = OldCalendar([OldSlot(1, DAY, at("12:00"), at("13:00"))], first_id=2)
    assert [outcome.ok for outcome in old.run([operation], now=NOW)] == [ok]
    assert run(both(row(1, "12:00", "13:00")), operation) == []


def test_an_add_joins_all_slots_of_its_date_that_overlap_or_nearly_touch_and_the_earliest_keeps_its_id():
    pair = both(row(5, "09:00", "10:00"), row(3, "11:00", "12:00"), row(4, "12:01", "13:00"))
    assert run(pair, add("10:00", "11:00")) == []
    assert old_hours(pair) == [(5, "09:00", "13:00")]
    assert new_hours(pair) == [(5, 540, 780)]
    assert run(pair, remove(3), remove(4), remove(5)) == []
    assert (old_hours(pair), new_hours(pair)) == ([], [])


def test_an_add_joins_slots_elsewhere_on_its_date_too_and_answers_the_one_that_holds_its_time():
    pair = both(row(1, "09:00", "10:00"), row(2, "10:01", "11:00"))
    _, [answer] = pair.run(Request([add("15:00", "16:00")]), line=1, now=NOW)
    assert answer.slot_id == 3
    assert old_hours(pair) == [(1, "09:00", "11:00"), (3, "15:00", "16:00")]
    assert [hours[1:] for hours in new_hours(pair)] == [(540, 660), (900, 960)]


def test_two_minutes_apart_stay_apart():
    pair = both(row(1, "09:00", "10:00"))
    assert run(pair, update(1, "09:00", "09:58"), add("10:00", "11:00")) == []
    assert [hours[1:] for hours in old_hours(pair)] == [("09:00", "09:58"), ("10:00", "11:00")]
    assert [hours[1:] for hours in new_hours(pair)] == [(540, 598), (600, 660)]


def test_an_update_that_touches_another_slot_joins_nothing_until_the_next_add():
    pair = both(row(1, "09:00", "10:00"), row(2, "11:00", "12:00"))
    assert run(pair, update(1, end="11:00"), remove(2)) == []
    assert new_hours(pair) == [(1, 540, 660)]
    assert run(pair, add("11:00", "12:00"), add("15:00", "16:00")) == []
    assert [hours[1:] for hours in new_hours(pair)] == [(540, 720), (900, 960)]


def test_when_only_validating_no_operation_sees_another():
    pair = both(row(1, "09:00", "10:00"))
    asked = [remove(1), remove(1), add("10:00", "11:00"), add("13:00", "14:00"), add("13:00", "14:00")]
    found, answers = pair.run(Request(asked, validate_only=True), line=1, now=NOW)
    assert found == []
    assert [(answer.ok, answer.slot_id) for answer in answers] == [
        (True, 1), (True, 1), (True, 1), (True, None), (True, None),
    ]  # fmt: skip
    assert old_hours(pair) == [(1, "09:00", "10:00")]
    assert new_hours(pair) == [(1, 540, 600)]


def test_a_later_operation_may_name_the_slot_that_an_earlier_one_made():
    pair = both()
    assert run(pair, add("09:00", "10:00"), update(1, end="12:00"), remove(1), remove(1)) == []
    assert (old_hours(pair), new_hours(pair)) == ([], [])


def names(found: list[shadow.Difference]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(one.what, one.old, one.new, one.names) for one in found]


def test_an_update_into_another_slot_gives_the_same_hours_but_only_the_earliest_id():
    pair = both(row(1, "09:00", "10:00"), row(2, "11:00", "12:00"))
    assert names(run(pair, update(2, "09:30"))) == [
        ("answer", "success 2", "success 1", ("overlap_merged",)),
    ]
    assert new_hours(pair) == [(1, 540, 720)]
    assert names(run(pair, remove(2))) == [
        ("answer", "success 2", "failed: There is no such slot.", ("overlap_merged",)),
        ("hours", "09:00–10:00", "09:00–12:00", ("overlap_merged",)),
    ]


@pytest.mark.parametrize(
    ("operation", "rows", "name"),
    [
        (update(1, end="23:59"), [row(1, "20:00", "22:00")], "midnight_end"),
        (remove(1), [row(1, "09:00", "10:00", TODAY - timedelta(days=1))], "past_date"),
        (update(1, end="11:00"), [row(1, "09:00", "10:00", TODAY - timedelta(days=1))], "past_date"),
        (add("09:00", "10:00", TODAY + timedelta(days=731)), [], "too_far"),
        (add("02:30", "05:00", date(2027, 3, 14)), [], "skipped_time"),
        (Operation("update", slot_id=1, start=time(9, 0, 30)), [row(1, "08:00", "12:00")], "seconds"),
        (remove(2), [row(1, "09:00", "10:00"), row(2, "10:00", "11:00")], "touching"),
        (remove(2), [row(1, "09:00", "11:00"), row(2, "10:00", "12:00")], "overlap_merged"),
        (remove(1), [row(1, "02:00", "02:45", date(2027, 3, 14))], "skipped_time"),
    ],
)  # fmt: skip
def test_other_differences_are_named_as_well(operation, rows, name):
    found = run(both(*rows), operation)
    assert found
    assert {one.names for one in found} == {(name,)}
    assert name in shadow.KNOWN


def test_a_date_has_room_for_so_many_windows():
    rows = [
        row(n + 1, f"{n // 2:02d}:{n % 2 * 30:02d}", f"{n // 2:02d}:{n % 2 * 30 + 15:02d}") for n in range(24)
    ]
    found = run(both(*rows), add("15:00", "16:00"))
    assert {one.names for one in found} == {("too_many_windows",)}


def test_a_date_that_was_blacked_out_is_closed():
    pair = shadow.pair("7", [row(1, "09:00", "10:00")], [Blackout(Place(0, 2), "7", DAY)])
    assert {one.names for one in run(pair, update(1, end="11:00"))} == {("blackout",)}


def test_a_difference_that_nobody_expected_has_no_name():
    """The board is made to be wrong."""
    pair = both(row(1, "09:00", "10:00"))
    pair.new.days[DAY] = [Slot(1, 540, 660)]
    [answer] = run(pair, add("13:00", "14:00"))
    assert (answer.what, answer.old, answer.new) == (
        "hours",
        "09:00–10:00, 13:00–14:00",
        "09:00–11:00, 13:00–14:00",
    )
    assert answer.names == ()


def test_ids_follow_windows_that_were_changed_elsewhere():
    known = [Slot(5, 540, 600), Slot(6, 660, 720), Slot(7, 900, 960)]
    numbers = iter([-1, -2])
    found = board.with_ids([(570, 700), (1000, 1060), (1200, 1260)], known, next_id=lambda: next(numbers))
    assert found == [Slot(5, 570, 700), Slot(-1, 1000, 1060), Slot(-2, 1200, 1260)]


DATES = st.integers(-1, 3).map(lambda days: TODAY + timedelta(days=days))
QUARTERS = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
# Few of them, near each other, so that they meet.
NEAR = st.integers(32, 56).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
ANY_TIME = NEAR | QUARTERS | st.times().map(lambda found: found.replace(microsecond=0))
IDS = st.integers(1, 12)
OPERATIONS = st.one_of(
    st.builds(Operation, st.just("add"), DATES, NEAR | QUARTERS, NEAR | QUARTERS),
    st.builds(Operation, st.just("add"), DATES, st.none() | ANY_TIME, st.none() | ANY_TIME),
    st.builds(
        Operation, st.just("update"), st.none() | DATES, st.none() | ANY_TIME, st.none() | ANY_TIME, IDS
    ),
    st.builds(Operation, st.just("remove"), st.none(), st.none(), st.none(), st.none() | IDS),
)
# Slots of one date that meet: they overlap, touch, lie one minute apart and two.
SMALL = st.integers(1, 4)
TIGHT = st.one_of(
    st.sampled_from(
        [add("09:00", "10:00"), add("10:00", "11:00"), add("11:00", "12:00"), add("14:00", "15:00")]
    ),
    st.builds(update, SMALL, end=st.sampled_from(["09:58", "09:59", "10:00", "11:00", "14:00"])),
    st.builds(update, SMALL, start=st.sampled_from(["09:00", "10:00", "10:01", "11:02"])),
    st.builds(remove, SMALL),
)
BATCHES = st.lists(OPERATIONS, min_size=1, max_size=8) | st.lists(TIGHT, min_size=3, max_size=12)
REQUESTS = st.lists(st.builds(Request, BATCHES, st.booleans()), max_size=5)


@st.composite
def old_rows(draw):
    found = []
    for number in range(1, draw(st.integers(0, 6)) + 1):
        low, high = sorted(draw(st.lists(st.integers(0, 1440), min_size=2, max_size=2, unique=True)))
        found.append(SlotRow(Place(0, number), "7", number, draw(DATES), low, high))
    return found


@settings(max_examples=400, deadline=None)
@given(rows=old_rows(), requests=REQUESTS)
def test_both_sides_are_equal_but_for_the_named_differences(rows, requests):
    pair = both(*rows)
    for request in requests:
        found, _ = pair.run(request, line=1, now=NOW)
        assert [one for one in found if not one.names] == []
        for slots in pair.new.days.values():
            ordered = sorted((slot.low, slot.high) for slot in slots)
            assert all(low < high <= 1440 for low, high in ordered)
            assert all(first[1] <= second[0] for first, second in pairwise(ordered))


def is_plain(operation: Operation, pair: shadow.Pair) -> bool:
    """Whether no known difference can come of it, decided on the old side alone."""
    if operation.action == "add":
        return True
    slot = pair.old.slots.get(operation.slot_id or 0)
    if slot is None:
        return True
    start, end = operation.start or slot.start, operation.end or slot.end
    others = [other for other in pair.old.on(slot.date) if other.id != slot.id]
    overlaps = any(other.start < end and start < other.end for other in others)
    return slot.date >= TODAY and not (start.second or end.second) and end < time(23, 59) and not overlaps


@settings(max_examples=400, deadline=None)
@given(requests=REQUESTS)
def test_without_a_reason_to_differ_both_sides_are_equal_to_the_last_answer(requests):
    pair = both()
    for request in requests:
        for operation in request.operations:
            if is_plain(operation, pair):
                found, _ = pair.run(Request([operation], request.validate_only), line=1, now=NOW)
                assert found == []


@settings(max_examples=200, deadline=None)
@given(rows=old_rows(), operations=st.lists(OPERATIONS, max_size=10))
def test_validating_keeps_nothing(rows, operations):
    numbers = iter(range(-1, -100, -1))
    slots = {DAY: [Slot(1, 540, 600)], TODAY: [Slot(2, 900, 1000)]}
    state = Board({day: list(some) for day, some in slots.items()}, next_id=lambda: next(numbers))
    state.run(operations, now=NOW, validate_only=True)
    assert (state.days, state.touched) == (slots, set())
