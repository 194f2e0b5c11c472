"""The old editor's operations over the API: answered as ever, kept as weeks."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from email.utils import parsedate_to_datetime
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, booked, in_days, local_time, teaching
from instainstru.accounts.models import Scope
from instainstru.events.models import Event
from instructors.api.legacy import DEPRECATED_AT, SUNSET_AT
from instructors.legacy import bridge
from instructors.legacy.operations import MOST_OPERATIONS, Operation, Request
from instructors.models import DateHours, Instructor, OldSlot
from instructors.models.legacy import FIRST_NEW_ID
from instructors.services import calendar, horizon, replace, schedule, weeks

pytestmark = pytest.mark.django_db
PATH = "/instructors/me/availability/operations"
DAY = timedelta(days=1)
REVERSED = "The end must be after the start."


def a_week() -> date:
    """A Monday whose whole week is ahead."""
    return weeks.monday_of(in_days(14))


@pytest.fixture
def ana(cast: Cast) -> Instructor:
    """Closed but for one old slot: number 5, nine to ten, on that Monday."""
    instructor = cast.piano.instructor
    replace.replace(instructor, {}, {a_week(): [(540, 600)]}, by=None)
    OldSlot.objects.create(id=5, instructor=instructor, date=a_week(), from_min=540, to_min=600)
    return instructor


def add(day: date, start: str, end: str) -> dict[str, Any]:
    return {"action": "add", "date": day.isoformat(), "start_time": start, "end_time": end}


def send(user: Any, *operations: Any, **more: Any) -> Any:
    return Caller(user).call("patch", PATH, {"operations": list(operations), **more})


def windows(instructor: Instructor, day: date) -> list[tuple[int, int]]:
    return weeks.week_at(instructor, day).days[day.weekday()].windows


def changes() -> int:
    return Event.objects.filter(kind__in=["date_hours.changed", "hours.changed"]).count()


def test_operations_are_answered_as_ever_and_saved_as_weeks(cast, ana):
    monday = a_week()
    response = send(
        cast.ana,
        add(monday, "10:00", "11:00"),
        add(monday + DAY, "09:00:00", "10:00:00"),
        add(monday + 7 * DAY, "12:00", "11:00"),
        {"action": "update", "slot_id": 5, "end_time": "12:00"},
        {"action": "remove", "slot_id": 77},
    )
    body = response.json()
    new = body["results"][1]["slot_id"]
    assert response.status_code == 200
    assert [body[name] for name in ("successful", "failed", "skipped")] == [3, 2, 0]
    assert body["results"] == [
        {"operation_index": 0, "action": "add", "status": "success", "slot_id": 5},
        {"operation_index": 1, "action": "add", "status": "success", "slot_id": new},
        {"operation_index": 2, "action": "add", "status": "failed", "reason": REVERSED},
        {"operation_index": 3, "action": "update", "status": "success", "slot_id": 5},
        {"operation_index": 4, "action": "remove", "status": "failed", "reason": "There is no such slot."},
    ]  # fmt: skip
    assert new >= FIRST_NEW_ID
    assert (windows(ana, monday), windows(ana, monday + DAY)) == ([(540, 720)], [(540, 600)])
    [week] = body["weeks"]
    read = Caller(cast.ana).get(f"/instructors/me/week/{monday}")
    assert week["week"] == monday.isoformat()
    assert week["etag"] == read.headers["ETag"]
    assert week["address"] == f"/api/v1/instructors/me/week/{monday}"
    assert "/api/v1/instructors/me/week/{date}" in body["notice"]
    assert list(OldSlot.objects.order_by("pk").values_list("pk", "date", "from_min", "to_min")) == [
        (5, monday, 540, 720), (new, monday + DAY, 540, 600),
    ]  # fmt: skip
    assert list(horizon.differences()) == []


def test_every_answer_tells_of_the_end_and_of_what_comes_instead(cast, ana):
    refused = Caller(cast.ana, [Scope.HOURS_READ])
    for response in (
        send(cast.ana, {"action": "remove", "slot_id": 5}),
        send(cast.ana, {"action": "fly"}),
        refused.call("patch", PATH, {"operations": []}),
    ):
        assert response.headers["Deprecation"] == f"@{int(DEPRECATED_AT.timestamp())}"
        assert parsedate_to_datetime(response.headers["Sunset"]) == SUNSET_AT
        assert SUNSET_AT > DEPRECATED_AT
        links = response.headers["Link"]
        assert links.startswith(f'</api/v1/instructors/me/week/{in_days(0)}>; rel="successor-version"')
    assert "Deprecation" not in Caller(cast.ana).get("/instructors/me/hours").headers


def test_a_slot_that_grew_keeps_its_number_and_the_others_are_gone(cast, ana):
    monday = a_week()
    [later] = (one["slot_id"] for one in send(cast.ana, add(monday, "11:00", "12:00")).json()["results"])
    joined = send(cast.ana, add(monday, "10:00", "11:00"), {"action": "remove", "slot_id": later}).json()
    assert [one.get("slot_id") for one in joined["results"]] == [5, None]
    assert [one["status"] for one in joined["results"]] == ["success", "failed"]
    assert windows(ana, monday) == [(540, 720)]
    again = send(cast.ana, {"action": "remove", "slot_id": 5}, {"action": "remove", "slot_id": 5}).json()
    assert [one["status"] for one in again["results"]] == ["success", "failed"]
    assert windows(ana, monday) == []
    assert not OldSlot.objects.exists()


def test_numbers_outlive_an_edit_in_the_new_week(cast, ana):
    monday = a_week()
    schedule.set_date(ana, monday, [(480, 570), (840, 900)], by=cast.ana)
    body = send(cast.ana, {"action": "update", "slot_id": 5, "end_time": "10:00"}).json()
    assert body["results"] == [{"operation_index": 0, "action": "update", "status": "success", "slot_id": 5}]
    assert windows(ana, monday) == [(480, 600), (840, 900)]
    schedule.set_date(ana, monday, [(840, 900)], by=cast.ana)
    body = send(cast.ana, {"action": "remove", "slot_id": 5}).json()
    assert body["failed"] == 1
    assert windows(ana, monday) == [(840, 900)]


def test_what_was_open_by_the_pattern_joins_too(cast):
    """Ana is open nine to five every day, and no window of that has a number yet."""
    instructor, monday = cast.piano.instructor, a_week()
    body = send(cast.ana, add(monday, "17:00", "18:00"), add(monday, "07:00", "08:00")).json()
    first, second = (one["slot_id"] for one in body["results"])
    assert first != second
    assert windows(instructor, monday) == [(420, 480), (540, 1080)]
    assert windows(instructor, monday + DAY) == [(540, 1020)]
    body = send(cast.ana, {"action": "update", "slot_id": first, "end_time": "17:00"}).json()
    assert body["results"][0]["slot_id"] == first
    body = send(cast.ana, {"action": "remove", "slot_id": second}).json()
    assert (body["successful"], windows(instructor, monday)) == (1, [(540, 1020)])
    assert not DateHours.objects.filter(instructor=instructor, date=monday).exists()


def test_an_update_into_another_slot_joins_the_two_at_once(cast, ana):
    monday = a_week()
    [later] = (one["slot_id"] for one in send(cast.ana, add(monday, "11:00", "12:00")).json()["results"])
    body = send(cast.ana, {"action": "update", "slot_id": later, "start_time": "09:30"}).json()
    assert body["results"][0]["slot_id"] == 5
    assert windows(ana, monday) == [(540, 720)]
    assert list(OldSlot.objects.values_list("pk", flat=True)) == [5]


def test_validating_answers_and_keeps_nothing(cast, ana):
    monday = a_week()
    before = changes(), list(OldSlot.objects.values())
    body = send(
        cast.ana,
        {"action": "remove", "slot_id": 5},
        {"action": "remove", "slot_id": 5},
        add(monday, "10:00", "11:00"),
        add(monday, "13:00", "14:00"),
        validate_only=True,
    ).json()
    assert [(one["status"], one.get("slot_id")) for one in body["results"]] == [
        ("success", 5), ("success", 5), ("success", 5), ("success", None),
    ]  # fmt: skip
    assert body["weeks"] == []
    assert (changes(), list(OldSlot.objects.values())) == before
    assert windows(ana, monday) == [(540, 600)]


def test_lessons_stay_when_their_slot_is_removed(cast):
    monday = a_week()
    lesson = booked(cast.piano, local_time(monday, 12), cast.ben_student)
    [number] = (one["slot_id"] for one in send(cast.ana, add(monday, "17:00", "18:00")).json()["results"])
    assert send(cast.ana, {"action": "remove", "slot_id": number}).json()["successful"] == 1
    lesson.refresh_from_db()
    assert lesson.status == "confirmed"
    assert windows(cast.piano.instructor, monday) == []
    assert list(horizon.differences()) == []


def test_nothing_that_succeeded_changes_nothing(cast, ana):
    before = changes()
    body = send(cast.ana, {"action": "remove", "slot_id": 6}, {"action": "update"}, {"action": "add"}).json()
    assert (body["successful"], body["failed"], body["weeks"]) == (0, 3, [])
    assert send(cast.ana).json()["results"] == []
    assert changes() == before


def test_days_that_are_over_do_not_change(cast, ana):
    yesterday = in_days(-1)
    OldSlot.objects.create(id=6, instructor=ana, date=yesterday, from_min=540, to_min=600)
    DateHours.objects.create(instructor=ana, date=yesterday, from_min=540, to_min=600)
    before = changes()
    body = send(cast.ana, {"action": "remove", "slot_id": 6}, add(yesterday, "12:00", "13:00")).json()
    assert [one["status"] for one in body["results"]] == ["failed", "failed"]
    assert changes() == before
    assert DateHours.objects.filter(date=yesterday).exists()


def test_a_time_that_the_clocks_jump_over_fails_alone(cast):
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False):
        sunday = date(2026, 3, 8)
        schedule.set_week(cast.piano.instructor, {6: [(150, 300)]}, by=cast.ana)
        body = send(cast.ana, add(sunday, "02:00", "02:30"), add(sunday, "12:00", "13:00")).json()
        assert [one["status"] for one in body["results"]] == ["failed", "success"]
        assert "does not exist" in body["results"][0]["reason"]
        assert windows(cast.piano.instructor, sunday) == [(180, 300), (720, 780)]


@pytest.mark.parametrize(
    ("operations", "field"),
    [
        ("all", "operations"),
        (None, "operations"),
        ({"action": "add"}, "operations"),
        ([7], "operations.0"),
        ([{"action": "fly"}], "operations.0.action"),
        ([{}], "operations.0.action"),
        ([{"action": ["add"]}], "operations.0.action"),
        ([{"action": "add"}, {"action": "add", "date": "2026-02-30"}], "operations.1.date"),
        ([{"action": "add", "date": 7}], "operations.0.date"),
        ([{"action": "add", "start_time": "9"}], "operations.0.start_time"),
        ([{"action": "add", "start_time": "24:00"}], "operations.0.start_time"),
        ([{"action": "add", "end_time": 900}], "operations.0.end_time"),
        ([{"action": "remove", "slot_id": "5"}], "operations.0.slot_id"),
        ([{"action": "remove", "slot_id": True}], "operations.0.slot_id"),
        ([{"action": "remove", "slot_id": 5.0}], "operations.0.slot_id"),
        ([{"action": "remove", "slot_id": 2**70}], "operations.0.slot_id"),
        ([{"action": "remove", "slot_id": -5}], "operations.0.slot_id"),
        ([{"action": "remove", "slot": 5}], "operations.0.slot"),
        ([{"action": "remove", "slot_id": 5}] * (MOST_OPERATIONS + 1), "operations"),
    ],
)
def test_what_cannot_be_read_is_refused_whole(cast, ana, operations, field):
    before = changes()
    response = Caller(cast.ana).call("patch", PATH, {"operations": operations})
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    assert list(response.json()["errors"]) == [field]
    assert changes() == before
    assert OldSlot.objects.filter(pk=5).exists()


def test_bodies_that_are_none_or_too_large_are_refused(cast, ana):
    caller = Caller(cast.ana)
    for body, status in (
        (b'{"operations": [{"action": "remove", "slot_id": NaN}]}', 400),
        (b"[]", 400),
        (b"\xef\xbb\xbf", 400),
        (json.dumps({"operations": [{"action": "remove", "slot_id": 5}] * 1_000_000}).encode(), 413),
    ):
        assert caller.bare("patch", PATH, body).status_code == status
    assert caller.call("patch", PATH, {"operations": [], "validate_only": "yes"}).status_code == 422
    assert OldSlot.objects.filter(pk=5).exists()


def test_as_many_operations_as_allowed_in_as_many_weeks(cast, ana):
    monday = a_week()
    asked = [add(monday + 7 * n * DAY, "09:00", "10:00") for n in range(1, 12)]
    body = send(cast.ana, *asked, *asked * 44).json()
    assert (body["successful"], body["failed"]) == (11, 11 * 44)
    assert [week["week"] for week in body["weeks"]] == [one["date"] for one in asked]


def test_another_instructor_s_slot_is_an_unknown_one(cast, ana):
    other = teaching(instructor=InstructorFactory()).instructor
    before = changes()
    body = send(other.user, {"action": "remove", "slot_id": 5}, {"action": "remove", "slot_id": 6}).json()
    mine, unknown = ({**one, "operation_index": 0} for one in body["results"])
    assert mine == unknown
    assert changes() == before
    assert windows(ana, a_week()) == [(540, 600)]


def test_who_does_not_teach_has_no_availability(cast, ana):
    for user in (cast.ben, cast.cy, cast.staff):
        assert send(user, {"action": "remove", "slot_id": 5}).status_code == 404
    assert OldSlot.objects.filter(pk=5).exists()


def test_writing_needs_its_scope(cast, ana):
    reader = Caller(cast.ana, [Scope.HOURS_READ, Scope.BOOKINGS_WRITE])
    refused = reader.call("patch", PATH, {"operations": [{"action": "remove", "slot_id": 5}]})
    assert (refused.status_code, refused.json()["required_scope"]) == (403, "hours:write")
    assert Client().patch("/api/v1" + PATH, "{}", "application/json").status_code == 401
    assert OldSlot.objects.filter(pk=5).exists()


def test_a_signed_in_browser_may_and_needs_the_token(cast, ana):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana)
    body = json.dumps({"operations": [{"action": "remove", "slot_id": 5}]})
    assert client.patch("/api/v1" + PATH, body, "application/json").status_code == 403
    assert OldSlot.objects.filter(pk=5).exists()
    free = Client()
    free.force_login(cast.ana)
    assert free.patch("/api/v1" + PATH, body, "application/json").json()["successful"] == 1


def test_who_lives_by_another_clock_uses_the_week(cast, ana):
    Instructor.objects.filter(pk=ana.pk).update(time_zone="America/Chicago")
    response = send(cast.ana, {"action": "remove", "slot_id": 5})
    assert (response.status_code, response.json()["code"]) == (409, "other_zone")
    assert OldSlot.objects.filter(pk=5).exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [False, True])
def test_of_two_who_add_to_one_date_at_once_the_second_sees_the_first(cast, monkeypatch, is_locked):
    """Nine to ten and ten to eleven make one slot. Without the lock, as a control, they never meet."""
    instructor, monday = cast.piano.instructor, a_week()
    replace.replace(instructor, {}, {}, by=None)
    barrier = Barrier(2, timeout=20)
    if not is_locked:
        monkeypatch.setattr(calendar, "lock_instructor", lambda one: Instructor.objects.get(pk=one.pk))
        load = bridge._load

        def together(*args: Any, **options: Any) -> Any:
            found = load(*args, **options)
            barrier.wait()
            return found

        monkeypatch.setattr(bridge, "_load", together)

    def work(hour: int) -> None:
        try:
            if is_locked:
                barrier.wait()
            asked = Request([Operation("add", monday, time(hour), time(hour + 1))])
            bridge.apply(Instructor.objects.get(pk=instructor.pk), asked, by=None)
        finally:
            connection.close()

    threads = [Thread(target=work, args=(hour,)) for hour in (9, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if is_locked:
        assert windows(instructor, monday) == [(540, 660)]
        assert OldSlot.objects.count() == 1
    else:
        assert windows(instructor, monday) != [(540, 660)]
