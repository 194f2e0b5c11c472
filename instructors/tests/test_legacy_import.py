"""Rows of the old system become hours that are exactly theirs, and every line at fault is named."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, teaching
from instainstru.events.models import Event
from instructors.legacy import files, imports, pattern, plan, walls
from instructors.legacy.imports import Options
from instructors.legacy.rows import Blackout, Place, SlotRow
from instructors.models import (
    AvailabilityImport,
    DateHours,
    ImportedInstructor,
    Instructor,
    OldSlot,
    WeeklyHours,
)
from instructors.services import horizon, replace, schedule

NOW = "2026-12-02T15:00:00Z"
TODAY = date(2026, 12, 2)
MONDAY = date(2026, 12, 7)
DAY = timedelta(days=1)
HEADER = "id,instructor_id,specific_date,start_time,end_time,created_at,updated_at"


@pytest.fixture(autouse=True)
def _winter():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ana(cast: Cast) -> Instructor:
    """Old number 7; open every day, nine to five, with a first Monday of her own."""
    instructor = cast.piano.instructor
    schedule.set_date(instructor, MONDAY, [(600, 660)], by=cast.ana)
    return instructor


def csv_file(folder: Path, *lines: str, header: str = HEADER, name: str = "slots.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def people_file(folder: Path, *people: tuple[int, str]) -> Path:
    return csv_file(
        folder, *(f"{n},{email}" for n, email in people), header="instructor_id,email", name="people.csv"
    )


def slot(number: int, day: date, start: str, end: str, *, who: int = 7) -> str:
    return f"{number},{who},{day},{start},{end},,"


def imported(capsys: Any, *paths: Path, **options: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The findings and the summary that the command prints."""
    capsys.readouterr()
    call_command("import_availability", *map(str, paths), "--json", **options)
    *findings, summary = map(json.loads, capsys.readouterr().out.splitlines())
    return findings, summary


def told(findings: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    return [(one["line"], one["what"], one["done"]) for one in findings]


def hours_of(instructor: Instructor, day: date) -> list[tuple[int, int]]:
    own = replace.dates_of(instructor)
    return own.get(day, schedule.week_of(instructor)[day.weekday()])


def test_weeks_become_a_pattern_and_the_dates_that_differ(ana, tmp_path, capsys):
    days = [MONDAY + 7 * n * DAY for n in range(4)]
    lines = [slot(n + 1, day, "09:00:00", "12:00:00") for n, day in enumerate(days)]
    lines[2] = slot(3, days[2], "10:00:00", "11:30:00")
    lines.append(slot(9, days[3] + DAY, "18:00:00", "20:00:00"))
    paths = csv_file(tmp_path, *lines), people_file(tmp_path, (7, "ana@example.com"))
    findings, summary = imported(capsys, *paths)
    assert findings == []
    assert (summary["counts"], summary["resumed"]) == ({"imported": 1, "records": 6}, False)
    assert schedule.week_of(ana) == {0: [(540, 720)], **{n: [] for n in range(1, 7)}}
    assert replace.dates_of(ana) == {days[2]: [(600, 690)], days[3] + DAY: [(1080, 1200)]}
    assert list(horizon.differences()) == []
    event = Event.objects.filter(kind="hours.changed").latest("pk")
    assert event.data["dates"] == {
        MONDAY.isoformat(): None,
        days[2].isoformat(): [[600, 690]],
        (days[3] + DAY).isoformat(): [[1080, 1200]],
    }
    run = AvailabilityImport.objects.get(pk=summary["run"])
    assert (run.status, run.files) == ("finished", ["slots.csv", "people.csv"])
    assert run.parts.get().counts == {
        "from": "2026-12-02", "until": "2026-12-29", "pattern": 1, "dates": 2, "closed": 0,
    }  # fmt: skip


def test_old_numbers_live_on_with_their_windows(ana, tmp_path, capsys):
    rows = [
        slot(11, MONDAY, "09:00", "10:00"),
        slot(12, MONDAY, "10:00", "11:00"),
        slot(13, MONDAY, "14:00", "15:00"),
    ]
    imported(capsys, csv_file(tmp_path, *rows), people_file(tmp_path, (7, "ana@example.com")))
    columns = ("pk", "instructor", "date", "from_min", "to_min")
    assert list(OldSlot.objects.order_by("pk").values_list(*columns)) == [
        (11, ana.pk, MONDAY, 540, 660), (13, ana.pk, MONDAY, 840, 900),
    ]  # fmt: skip


def test_blackouts_close_their_dates_also_past_the_last_row(ana, tmp_path, capsys):
    slots = csv_file(tmp_path, *(slot(n + 1, MONDAY + n * DAY, "09:00", "12:00") for n in range(5)))
    blackouts = csv_file(
        tmp_path,
        f"7,{MONDAY},Ill",
        f"7,{MONDAY + 22 * DAY},",
        header="instructor_id,date,reason",
        name="b.csv",
    )
    findings, _ = imported(capsys, slots, blackouts, people_file(tmp_path, (7, "ana@example.com")))
    assert told(findings) == [(2, "blackout", "left out")]
    assert [hours_of(ana, MONDAY + n * DAY) for n in (0, 1, 22, 26)] == [[], [(540, 720)], [], []]
    assert replace.dates_of(ana)[MONDAY + 22 * DAY] == []
    assert MONDAY + 26 * DAY not in replace.dates_of(ana)
    assert not OldSlot.objects.filter(date=MONDAY).exists()
    assert list(horizon.differences()) == []


@pytest.mark.parametrize(
    ("options", "on_the_last", "a_week_later", "in_between"),
    [
        ({}, [(540, 720)], [(540, 720)], [(540, 720)]),
        ({"beyond": "closed"}, [(540, 720)], [], []),
        ({"until": "2026-12-14"}, [(540, 720)], [], []),
    ],
)
def test_after_the_last_date_the_pattern_goes_on_unless_told_otherwise(
    ana, tmp_path, capsys, options, on_the_last, a_week_later, in_between
):
    """A tie between open and closed (``--until`` one more Monday) goes to closed."""
    path = csv_file(tmp_path, slot(1, MONDAY, "09:00", "12:00"))
    args = [f"--{name}={value}" for name, value in options.items()]
    call_command("import_availability", str(path), str(people_file(tmp_path, (7, "ana@example.com"))), *args)
    assert hours_of(ana, MONDAY) == on_the_last
    assert hours_of(ana, MONDAY + 7 * DAY) == in_between
    assert hours_of(ana, MONDAY + 70 * DAY) == a_week_later


def test_json_lines_tell_the_same_with_people_in_the_rows(ana, tmp_path, capsys):
    path = tmp_path / "slots.json"
    path.write_text(
        "[\n"
        '{"id": 1, "instructor_id": 7, "specific_date": "2026-12-07", "start_time": "09:00:00", '
        '"end_time": "12:00:00", "created_at": "2025-07-01T00:00:00Z"},\n'
        '{"id": 7, "email": "ANA@example.com"},\n'
        '{"instructor_id": 7, "date": "2026-12-08", "reason": "Away"},\n'
        "]\n"
    )
    findings, summary = imported(capsys, path)
    assert (findings, summary["counts"]["imported"]) == ([], 1)
    assert [hours_of(ana, MONDAY + n * DAY) for n in (0, 1)] == [[(540, 720)], []]


def test_instructors_without_a_number_are_known_by_their_address(ana, tmp_path, capsys):
    header = "email,specific_date,start_time,end_time"
    _, summary = imported(capsys, csv_file(tmp_path, "Ana@example.com,2026-12-07,09:00,12:00", header=header))
    assert summary["counts"]["imported"] == 1
    assert hours_of(ana, MONDAY) == [(540, 720)]
    assert not OldSlot.objects.exists()


def test_every_line_at_fault_is_named_with_what_was_done(ana, tmp_path, capsys):
    other = teaching(
        instructor=InstructorFactory(time_zone="America/Chicago", user__email="west@example.com")
    )
    lines = [
        slot(1, MONDAY, "09:00", "12:00"),
        slot(2, MONDAY, "11:00", "13:00"),
        slot(3, MONDAY, "09:00", "12:00"),
        slot(4, MONDAY, "20:00", "00:00"),
        slot(5, MONDAY + DAY, "20:00", "23:59"),
        slot(6, MONDAY + DAY, "12:00", "11:00"),
        slot(7, MONDAY + DAY, "00:00", "00:00"),
        slot(8, MONDAY + DAY, "25:00", "26:00"),
        slot(9, MONDAY + DAY, "nine", "ten"),
        "10,7,2026-02-30,09:00,10:00,,",
        "11,7,soon,09:00,10:00,,",
        slot(12, TODAY - DAY, "09:00", "10:00"),
        slot(13, TODAY + 800 * DAY, "09:00", "10:00"),
        slot(14, MONDAY, "09:00", "10:00", who=99),
        slot(15, MONDAY, "09:00", "10:00", who=8),
        slot(16, MONDAY, "09:00", "10:00", who=9),
        slot(17, date(2027, 3, 14), "02:30", "05:00"),
        slot(18, date(2027, 3, 14), "02:00", "02:45"),
        "19,7,2026-12-09,09:00,10:00",
        "20,seven,2026-12-09,09:00,10:00,,",
        "x,7,2026-12-09,09:00,10:00,,",
        f"{2**31},7,2026-12-09,09:00,10:00,,",
        slot(1, MONDAY + 2 * DAY, "09:00", "10:00"),
        slot(24, MONDAY + 2 * DAY, "14:00:30", "15:00:10"),
        "25,7,2026-12-09,09:00,,,",
        "26,,2026-12-09,09:00,10:00,,",
        slot(27, MONDAY + 2 * DAY, "10:00", "11:00"),
    ]
    people = people_file(
        tmp_path,
        (7, "ana@example.com"),
        (8, "west@example.com"),
        (9, "nobody@example.com"),
        (7, "b@example.com"),
    )
    before = schedule.week_of(other.instructor)
    findings, summary = imported(capsys, csv_file(tmp_path, *lines), people)
    assert [one for one in told(findings) if one not in told(findings[-1:])] == [
        (3, "overlap", "joined with line 2"),
        (4, "duplicate", "left out"),
        (5, "midnight_end", "read as 24:00"),
        (6, "midnight_end", "read as 24:00"),
        (7, "reversed", "left out"),
        (8, "reversed", "left out"),
        (9, "bad_time", "left out"),
        (10, "bad_time", "left out"),
        (11, "bad_date", "left out"),
        (12, "bad_date", "left out"),
        (13, "past", "left out"),
        (14, "too_far", "left out"),
        (15, "unknown_instructor", "left out"),
        (16, "other_zone", "left out"),
        (17, "unknown_instructor", "left out"),
        (18, "skipped_time", "taken as 03:00–05:00"),
        (19, "skipped_time", "left out"),
        (20, "unreadable", "left out"),
        (21, "bad_instructor", "left out"),
        (22, "bad_id", "left out"),
        (23, "bad_id", "left out"),
        (24, "duplicate_id", "taken without its id"),
        (25, "seconds", "shortened to minutes"),
        (26, "missing", "left out"),
        (27, "missing", "left out"),
        (28, "touching", "joined with line 24"),
    ]
    assert told(findings[-1:]) == [(5, "contradiction", "the first is taken")]
    assert findings[-1]["file"] == "people.csv"
    assert summary["counts"] == {
        "imported": 1, "instructors_left_out": 3, "records": 31, "rows_left_out": 3,
    }  # fmt: skip
    assert hours_of(ana, MONDAY) == [(540, 780), (1200, 1440)]
    assert hours_of(ana, MONDAY + DAY) == [(1200, 1440)]
    assert hours_of(ana, MONDAY + 2 * DAY) == [(540, 660), (841, 900)]
    assert replace.dates_of(ana)[date(2027, 3, 14)] == [(180, 300)]
    assert set(OldSlot.objects.values_list("pk", flat=True)) == {1, 4, 5, 17, 24, 27}
    assert schedule.week_of(other.instructor) == before
    assert list(horizon.differences()) == []


def test_a_pattern_slides_over_the_missing_hour_and_needs_no_date_of_its_own(ana, tmp_path, capsys):
    sundays = [date(2027, 3, 7) + 7 * n * DAY for n in range(3)]
    lines = [slot(n + 1, day, "02:30", "05:00") for n, day in enumerate(sundays)]
    people = people_file(tmp_path, (7, "ana@example.com"))
    with time_machine.travel("2027-03-05T15:00:00Z", tick=False):
        findings, _ = imported(capsys, csv_file(tmp_path, *lines), people)
    assert told(findings) == [(3, "skipped_time", "taken as 03:00–05:00")]
    assert schedule.week_of(ana)[6] == [(150, 300)]
    assert all(day not in replace.dates_of(ana) for day in sundays)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a,b,c\n1,2,3\n", "the first line names none of the columns"),
        (b"id;instructor_id;specific_date\n", "the first line names none of the columns"),
        (b"instructor_id,instructor_id\n", "the column instructor_id is there twice"),
        ("instructor_id,email\n7,änä@example.com\n".encode("latin-1"), "line 2 is not UTF-8"),
        ("instructor_id,email\n".encode("utf-16"), "is UTF-16. Save it as UTF-8"),
        (b"instructor_id,email\n7,a\x00b@example.com\n", "line 2 holds the character NUL"),
        (b'instructor_id,email\n7,"ana@example.com\n', "line 2: unexpected end of data"),
        (b"instructor_id,email\n7," + b"a" * 1_000_001, "line 2 has more than 1,000,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(db, tmp_path, content, message):
    path = tmp_path / "slots.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=message):
        call_command("import_availability", str(path))
    assert not AvailabilityImport.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.json", b'{\n  "id": 1\n}\n', "line 1: write each object on one line"),
        ("rows.xlsx", b"PK", "name it .csv or .json"),
    ],
)
def test_other_kinds_of_files_are_refused(db, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CommandError, match=message):
        call_command("import_availability", str(tmp_path / name))


def test_a_file_that_is_not_there_or_too_large_is_refused(db, tmp_path, monkeypatch):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_availability", str(tmp_path / "none.csv"))
    monkeypatch.setattr(files, "MOST_BYTES", 20)
    with pytest.raises(CommandError, match="Split it by instructor"):
        call_command("import_availability", str(csv_file(tmp_path)))


def test_json_lines_at_fault_are_named(ana, tmp_path, capsys):
    path = tmp_path / "rows.jsonl"
    good = '{"id":1,"instructor_id":7,"email":"ana@example.com","specific_date":"2026-12-07",'
    path.write_text(
        "\ufeff" + good + '"start_time":"09:00","end_time":"12:00"}\n'
        + good + '"start_time":NaN,"end_time":"12:00"}\n'
        + good + '"start_time":9.5,"end_time":"12:00"}\n'
        + good + '"start_time":true,"end_time":["12:00"]}\n'
        + "7\n"
        + good + '"start_time":"13:00","end_time":"14:00","colour":"red"}\n'
    )  # fmt: skip
    findings, _ = imported(capsys, path)
    assert told(findings) == [
        (2, "unreadable", "left out"),
        (3, "wrong_type", "left out"),
        (4, "wrong_type", "left out"),
        (5, "unreadable", "left out"),
        (6, "unknown_field", "left out"),
    ]
    assert hours_of(ana, MONDAY) == [(540, 720)]


def test_the_table_shows_lines_and_how_to_go_back(ana, tmp_path, capsys):
    path = csv_file(tmp_path, slot(1, MONDAY, "09:00", "12:00"), slot(2, MONDAY, "12:00", "11:00"))
    call_command("import_availability", str(path), str(people_file(tmp_path, (7, "ana@example.com"))))
    out = capsys.readouterr().out
    assert "slots.csv:3  reversed            left out" in out
    assert "        1 reversed: left out" in out
    assert f"manage.py undo_availability_import {AvailabilityImport.objects.get().pk}" in out


@pytest.fixture
def three(ana, tmp_path) -> tuple[list[Instructor], list[Path]]:
    """Three instructors with a Monday each."""
    members = [ana, *(InstructorFactory(user__email=f"i{n}@example.com") for n in range(2))]
    people = [(7 + n, member.user.email) for n, member in enumerate(members)]
    lines = [slot(n, MONDAY, "09:00", "12:00", who=7 + n) for n in range(1, 3)]
    paths = [csv_file(tmp_path, slot(9, MONDAY, "09:00", "12:00"), *lines), people_file(tmp_path, *people)]
    return members, paths


def state() -> list[Any]:
    return [
        list(model.objects.order_by("instructor", *order).values_list("instructor", *order))
        for model, order in (
            (WeeklyHours, ("weekday", "from_min", "to_min")),
            (DateHours, ("date", "from_min", "to_min", "is_closed")),
            (OldSlot, ("pk", "date", "from_min")),
        )
    ]


def test_a_dry_run_says_the_same_and_writes_nothing(three, capsys):
    _, paths = three
    before, events = state(), Event.objects.count()
    _, summary = imported(capsys, *paths, dry_run=True)
    assert (summary["dry_run"], summary["run"], summary["counts"]["imported"]) == (True, None, 3)
    assert (state(), Event.objects.count()) == (before, events)
    assert not AvailabilityImport.objects.exists()


def test_who_is_stopped_in_the_middle_goes_on_and_does_nothing_twice(three, capsys):
    members, paths = three
    job = imports.prepare(paths, Options())
    work = job.work()
    next(work)
    work.close()
    job.spool.close()
    assert ImportedInstructor.objects.count() == 1
    changed = Event.objects.filter(kind="hours.changed").count()
    _, summary = imported(capsys, *paths)
    assert (summary["resumed"], summary["run"]) == (True, job.run.pk)
    assert summary["counts"] == {"imported": 3, "records": 6}
    assert Event.objects.filter(kind="hours.changed").count() == changed + 2
    assert ImportedInstructor.objects.count() == 3
    assert [hours_of(member, MONDAY) for member in members] == [[(540, 720)]] * 3
    with pytest.raises(CommandError, match="were imported with these options"):
        call_command("import_availability", *map(str, paths))
    assert ImportedInstructor.objects.count() == 3


def test_hours_that_are_so_already_are_left_and_told_to_nobody(three, capsys):
    _, paths = three
    imported(capsys, *paths)
    changed = Event.objects.filter(kind="hours.changed").count()
    _, summary = imported(capsys, *paths, keep_existing=False, until=date(2026, 12, 7))
    assert summary["counts"]["unchanged"] == 3
    assert Event.objects.filter(kind="hours.changed").count() == changed


def test_who_has_hours_here_can_be_left_alone(three, capsys):
    [ana, *others], paths = three
    before = schedule.week_of(ana), replace.dates_of(ana)
    _, summary = imported(capsys, *paths, keep_existing=True)
    assert summary["counts"] == {"imported": 2, "kept": 1, "records": 6}
    assert (schedule.week_of(ana), replace.dates_of(ana)) == before
    assert [hours_of(other, MONDAY) for other in others] == [[(540, 720)]] * 2


HOURS = st.sampled_from([(), ((540, 720),), ((540, 1020),), ((540, 720), (780, 1020)), ((0, 1440),)])


@given(st.lists(HOURS, max_size=40))
def test_no_other_pattern_has_fewer_dates_that_differ(hours):
    days = {TODAY + n * DAY: one for n, one in enumerate(hours)}
    found = pattern.weekly(days)
    for weekday in range(7):
        own = [one for day, one in days.items() if day.weekday() == weekday]
        differing = sum(one != tuple(found[weekday]) for one in own)
        assert all(differing <= sum(one != other for one in own) for other in own)


@given(st.lists(HOURS, max_size=40))
def test_the_pattern_does_not_hang_on_the_order_of_the_dates(hours):
    days = {TODAY + n * DAY: one for n, one in enumerate(hours)}
    assert pattern.weekly(days) == pattern.weekly(dict(reversed(days.items())))


@st.composite
def old_rows(draw):
    found = []
    for number in range(1, draw(st.integers(0, 25)) + 1):
        low, high = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=2, unique=True)))
        day = date(2027, 3, 1) + draw(st.integers(0, 34)) * DAY
        found.append(SlotRow(Place(0, number), "7", number, day, low * 15, high * 15))
    return found


@settings(deadline=None)
@given(
    rows=old_rows(),
    closed=st.lists(st.integers(0, 40), max_size=4),
    until=st.none() | st.integers(0, 60),
    goes_on=st.booleans(),
)
def test_on_every_covered_date_the_hours_are_what_the_rows_said(rows, closed, until, goes_on):
    """Minute by minute, over the night on which the clocks jump."""
    first = date(2027, 3, 1)
    blackouts = [Blackout(Place(1, n), "7", first + days * DAY) for n, days in enumerate(closed)]
    end = None if until is None else first + until * DAY
    made = plan.make(rows, blackouts, today=first, until=end, goes_on=goes_on)
    shut = {row.date for row in blackouts}
    last = max((row.date for row in rows), default=end)
    span = [] if last is None else [first + n * DAY for n in range((max(last, end or last) - first).days + 1)]
    for day in {*span, *shut}:
        said = {
            walls.moved(day, minute)
            for row in rows
            if row.date == day and day not in shut
            for minute in range(row.low, row.high)
            if not walls.is_skipped(day, minute)
        }
        windows = made.dates.get(day)
        if windows is None:
            windows = walls.real(day, made.week[day.weekday()])
        assert {minute for low, high in windows for minute in range(low, high)} - {
            minute for minute in range(120, 180) if walls.is_skipped(day, minute)
        } == said
