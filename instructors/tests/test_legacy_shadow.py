"""Recorded operations replayed through both sides: what is printed, and when the command fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bookings.tests.cast import Cast
from instainstru.events.models import Event
from instructors.legacy import board
from instructors.models import DateHours, OldSlot, WeeklyHours

AT = "2026-12-02T15:00:00Z"
ROWS = [
    {"id": 1, "instructor_id": 7, "specific_date": "2026-12-07", "start_time": "09:00", "end_time": "10:00"},
    {"id": 2, "instructor_id": 7, "specific_date": "2026-12-07", "start_time": "11:00", "end_time": "12:00"},
]


def request(*operations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"instructor_id": 7, "at": AT, "operations": list(operations), **more}


def add(start: str, end: str) -> dict[str, Any]:
    return {"action": "add", "date": "2026-12-07", "start_time": start, "end_time": end}


@pytest.fixture
def shadow(tmp_path, capsys):
    """Runs the command over these lines; its lines, its summary and its exit status."""

    def run(*lines: Any) -> tuple[list[Any], Any, int]:
        path = tmp_path / "operations.jsonl"
        path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines))
        status = 0
        try:
            call_command("shadow_availability", str(path), json=True)
        except SystemExit as ended:
            status = int(ended.code or 0)
        *found, summary = map(json.loads, capsys.readouterr().out.splitlines())
        return found, summary, status

    return run


def test_without_differences_it_succeeds(shadow):
    found, summary, status = shadow(*ROWS, request(add("10:00", "11:00"), {"action": "remove", "slot_id": 1}))
    assert (found, status) == ([], 0)
    assert summary == {
        "requests": 1, "operations": 2, "differences": 0, "not_known": 0, "known": {}, "unreadable": [],
    }  # fmt: skip


def test_known_differences_are_printed_with_their_name_and_do_no_harm(shadow):
    found, summary, status = shadow(
        *ROWS,
        request({"action": "update", "slot_id": 2, "start_time": "09:30"}),
        request({"action": "remove", "slot_id": 2}),
    )
    assert status == 0
    assert found[0] == {
        "line": 3, "operation": 0, "instructor": "7", "date": "2026-12-07", "what": "answer",
        "old": "success 2", "new": "success 1", "names": ["overlap_merged"],
    }  # fmt: skip
    assert [(one["line"], one["what"]) for one in found] == [(3, "answer"), (4, "answer"), (4, "hours")]
    assert (summary["known"], summary["not_known"]) == ({"overlap_merged": 3}, 0)


def test_a_difference_that_nobody_expected_fails(shadow, monkeypatch, capsys, tmp_path):
    """The new side forgets to join what touches."""
    monkeypatch.setattr(board, "TOUCHING", -1)
    lines = *ROWS, request(add("10:00", "10:30"))
    found, summary, status = shadow(*lines)
    assert status == 1
    assert [(one["what"], one["names"]) for one in found] == [("answer", []), ("hours", [])]
    assert summary["not_known"] == 2
    with pytest.raises(SystemExit):
        call_command("shadow_availability", str(tmp_path / "operations.jsonl"))
    out = capsys.readouterr().out
    assert "     3.0         7  2026-12-07  answer  NOT KNOWN" in out
    assert "2 differences that nobody expected" in out


def test_numbers_that_recorded_answers_gave_are_followed(shadow):
    """The old system called the new slot 901; later operations say so."""
    found, summary, status = shadow(
        *ROWS,
        request(add("14:00", "15:00"), results=[{"operation_index": 0, "status": "success", "slot_id": 901}]),
        request(
            {"action": "update", "slot_id": 901, "end_time": "16:00"}, {"action": "remove", "slot_id": 901}
        ),
        request({"action": "remove", "slot_id": 901}),
    )
    assert (found, summary["operations"], status) == ([], 4, 0)


def test_lines_that_cannot_be_read_are_named_and_fail(shadow):
    _, summary, status = shadow(
        *ROWS,
        "nonsense",
        {"instructor_id": 7, "specific_date": "soon", "start_time": "09:00", "end_time": "10:00"},
        request({"action": "fly"}),
        {"instructor_id": "7", "operations": []},
        {"instructor_id": 7, "at": "yesterday", "operations": []},
        request(*[{"action": "remove", "slot_id": 1}] * 501),
    )
    assert status == 1
    assert [one["line"] for one in summary["unreadable"]] == [3, 4, 5, 6, 7, 8]
    assert summary["unreadable"][2]["detail"] == "operations.0.action: Choose one of: add, remove, update."


def test_nothing_live_is_touched(shadow, cast: Cast):
    before = WeeklyHours.objects.count(), Event.objects.count()
    shadow(*ROWS, request(add("10:00", "11:00"), {"action": "remove", "slot_id": 1}))
    assert (WeeklyHours.objects.count(), Event.objects.count()) == before
    assert not DateHours.objects.exists()
    assert not OldSlot.objects.exists()


def test_other_kinds_of_files_are_refused(tmp_path):
    (tmp_path / "operations.csv").write_text("a,b\n")
    with pytest.raises(CommandError, match="one object a line"):
        call_command("shadow_availability", str(tmp_path / "operations.csv"))
    with pytest.raises(CommandError, match="No such file"):
        call_command("shadow_availability", str(tmp_path / "none.jsonl"))
