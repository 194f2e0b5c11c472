"""One command takes an import back: what instructors had before is there again, to the last row."""

from __future__ import annotations

import json
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, booked, local_time, teaching
from instructors.legacy import undo
from instructors.models import (
    AvailabilityImport,
    CalendarBlock,
    DateHours,
    ImportedInstructor,
    Instructor,
    Offering,
    OldSlot,
    OpenDay,
    WeeklyHours,
)
from instructors.services import horizon, schedule
from instructors.tests.test_legacy_import import DAY, MONDAY, NOW, csv_file, people_file, slot

TABLES = (
    (WeeklyHours, ("instructor", "weekday", "from_min", "to_min")),
    (DateHours, ("instructor", "date", "is_closed", "from_min", "to_min")),
    (OldSlot, ("id", "instructor", "date", "from_min", "to_min")),
    (OpenDay, ("instructor", "date", "free", "free_travel")),
    (CalendarBlock, ("id", "instructor", "period", "buffered", "reach")),
    (Instructor, ("id", "open_until", "status")),
    (Offering, ("id", "next_free_at", "is_listed")),
)


def tables() -> dict[str, list[Any]]:
    """All that an import may change, but for the numbers of rows of hours: nobody knows those."""
    return {
        model.__name__: sorted(map(repr, model.objects.values_list(*columns))) for model, columns in TABLES
    }


@pytest.fixture(autouse=True)
def _winter():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def members(cast: Cast) -> list[Instructor]:
    """One with dates of her own and a lesson, one plain, one who never opened a calendar."""
    ana = cast.piano.instructor
    schedule.set_date(ana, MONDAY, [(600, 660), (720, 780)], by=cast.ana)
    schedule.set_date(ana, MONDAY + DAY, [], by=cast.ana)
    schedule.set_date(ana, MONDAY + 60 * DAY, [(0, 1440)], by=cast.ana)
    booked(cast.piano, local_time(MONDAY + 2 * DAY, 12), cast.ben_student)
    plain = teaching(instructor=InstructorFactory(user__email="i1@example.com")).instructor
    draft = InstructorFactory(user__email="i2@example.com", status=Instructor.Status.DRAFT)
    return [ana, plain, draft]


@pytest.fixture
def run(members, tmp_path) -> tuple[AvailabilityImport, dict[str, list[Any]]]:
    """An import of two weeks for all three, and the tables before it."""
    before = tables()
    people = people_file(tmp_path, *((n, member.user.email) for n, member in enumerate(members)))
    days = [MONDAY + n * DAY for n in range(14)]
    lines = [
        slot(100 * who + n + 1, day, "09:00", f"{12 + n % 3}:00", who=who)
        for who in range(3)
        for n, day in enumerate(days)
    ]
    call_command("import_availability", str(csv_file(tmp_path, *lines)), str(people))
    found = AvailabilityImport.objects.get()
    assert found.counts["imported"] == 3
    return found, before


def undone(
    capsys: Any, run: AvailabilityImport, **options: Any
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    capsys.readouterr()
    call_command("undo_availability_import", run.pk, json=True, **options)
    *lines, summary = map(json.loads, capsys.readouterr().out.splitlines())
    return lines, summary


def test_an_import_and_its_undoing_leave_every_table_as_it_was(run, capsys):
    run, before = run
    during = tables()
    assert all(during[name] != before[name] for name in ("WeeklyHours", "DateHours", "OldSlot", "OpenDay"))
    lines, summary = undone(capsys, run)
    assert [line["what"] for line in lines] == ["restored"] * 3
    assert summary == {"run": run.pk, "status": "undone", "counts": {"restored": 3}}
    assert tables() == before
    assert list(horizon.differences()) == []
    with pytest.raises(CommandError, match="was undone"):
        call_command("undo_availability_import", run.pk)


def test_what_was_undone_may_be_imported_again(run, tmp_path, capsys):
    run, _ = run
    during = tables()
    undone(capsys, run)
    call_command("import_availability", str(tmp_path / "slots.csv"), str(tmp_path / "people.csv"))
    assert tables() == during
    assert AvailabilityImport.objects.count() == 2


def test_who_has_edited_since_is_named_and_left(run, members, capsys):
    run, before = run
    ana, *_ = members
    schedule.set_date(ana, MONDAY + 3 * DAY, [(600, 660)], by=ana.user)
    own = schedule.week_of(ana), schedule.coming_dates(ana)
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        call_command("undo_availability_import", run.pk)
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert "ana@example.com" in out
    assert "edited since" in out
    assert "1 edited since, 2 restored." in out
    assert (schedule.week_of(ana), schedule.coming_dates(ana)) == own
    run.refresh_from_db()
    assert run.status == "finished"
    assert list(run.parts.filter(undone_at=None).values_list("instructor", flat=True)) == [ana.pk]
    lines, _ = undone(capsys, run, force=True)
    assert [(line["email"], line["what"]) for line in lines] == [("ana@example.com", "restored")]
    assert tables() == before


def test_an_edit_that_was_taken_back_is_none(run, members, capsys):
    run, before = run
    [ana, *_] = members
    windows = schedule.coming_dates(ana).get(MONDAY + 60 * DAY)
    schedule.set_date(ana, MONDAY + 60 * DAY, [], by=ana.user)
    schedule.set_date(ana, MONDAY + 60 * DAY, windows, by=ana.user)
    undone(capsys, run)
    assert tables() == before


def test_an_undoing_stopped_in_the_middle_is_gone_on_with(run, capsys):
    run, before = run
    work = undo.undo(run)
    assert next(work).what == "restored"
    work.close()
    assert ImportedInstructor.objects.filter(undone_at=None).count() == 2
    lines, summary = undone(capsys, run)
    assert (len(lines), summary["status"]) == (2, "undone")
    assert tables() == before


def test_an_unknown_run_is_none(db):
    with pytest.raises(CommandError, match="There is no import 4711"):
        call_command("undo_availability_import", 4711)


def test_the_later_of_two_imports_is_undone_first(run, tmp_path, capsys):
    first, before = run
    during = tables()
    later = csv_file(tmp_path, slot(900, MONDAY, "06:00", "07:00", who=0), name="later.csv")
    call_command("import_availability", str(later), str(tmp_path / "people.csv"))
    second = AvailabilityImport.objects.latest("pk")
    work = undo.undo(first)
    assert next(work).what == "edited_since"
    work.close()
    undone(capsys, second)
    assert tables() == during
    undone(capsys, first)
    assert tables() == before
