"""An instructor's own hours over the API, and two people who edit them at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, held, in_days, local_time
from instainstru.accounts.models import Scope
from instainstru.events.models import Event
from instainstru.lib import clock
from instructors.models import DateHours, OpenDay, WeeklyHours
from instructors.services import horizon, schedule, weeks

pytestmark = pytest.mark.django_db

NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NINE_TO_FIVE = [{"from": "09:00", "to": "17:00"}]


def a_week() -> date:
    """A Monday whose whole week is ahead."""
    return weeks.monday_of(in_days(14))


def hours_changed() -> int:
    return Event.objects.filter(kind="hours.changed").count()


def dates_changed() -> list[str]:
    changes = Event.objects.filter(kind="date_hours.changed").order_by("pk")
    return [day for event in changes for day in event.data["dates"]]


def test_the_pattern_is_read_with_a_tag_that_spares_reading_it_again(cast: Cast):
    ana = Caller(cast.ana)
    response = ana.get("/instructors/me/hours")
    assert response.json() == {
        "time_zone": "America/New_York",
        "days": [{"weekday": name, "windows": NINE_TO_FIVE} for name in NAMES],
    }
    etag = response.headers["ETag"]
    assert ana.get("/instructors/me/hours", If_None_Match=etag).status_code == 304
    week = ana.get("/instructors/me/week/2026-12-03")
    again = ana.get("/instructors/me/week/2026-12-03", If_None_Match=week.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert ana.get("/instructors/me/hours", If_None_Match='"else"').status_code == 200


def test_the_pattern_is_replaced_by_who_has_seen_it(cast: Cast):
    ana = Caller(cast.ana)
    read = ana.get("/instructors/me/hours")
    changed = read.json()
    changed["days"][0]["windows"] = [{"from": "14:00", "to": "24:00"}, {"from": "08:30", "to": "12:00"}]
    changed["days"][6]["windows"] = []
    response = ana.put("/instructors/me/hours", changed, If_Match=read.headers["ETag"])
    assert response.status_code == 200
    assert response.json()["days"][0]["windows"] == [
        {"from": "08:30", "to": "12:00"},
        {"from": "14:00", "to": "24:00"},
    ]
    assert response.json()["days"][6]["windows"] == []
    assert response.headers["ETag"] != read.headers["ETag"]
    assert ana.get("/instructors/me/hours").headers["ETag"] == response.headers["ETag"]
    assert hours_changed() == 2  # the cast's own, and this
    assert list(horizon.differences()) == []


def test_who_has_not_looked_may_not_save(cast: Cast):
    ana = Caller(cast.ana)
    body = ana.get("/instructors/me/hours").json()
    response = ana.put("/instructors/me/hours", body)
    assert (response.status_code, response.json()["code"]) == (428, "precondition_required")
    assert hours_changed() == 1


def test_a_stale_save_shows_both_versions_and_changes_nothing(cast: Cast):
    ana = Caller(cast.ana)
    read = ana.get("/instructors/me/hours")
    schedule.set_week(cast.piano.instructor, {1: [(600, 720)]}, by=cast.ana)
    mine = read.json()
    mine["days"][0]["windows"] = []
    response = ana.put("/instructors/me/hours", mine, If_Match=read.headers["ETag"])
    assert response.status_code == 412
    problem = response.json()
    assert problem["code"] == "stale"
    assert problem["current"] == ana.get("/instructors/me/hours").json()
    assert problem["yours"] == mine
    assert problem["etag"] == response.headers["ETag"]
    assert WeeklyHours.objects.count() == 1
    assert hours_changed() == 2
    assert ana.put("/instructors/me/hours", mine, If_Match=response.headers["ETag"]).status_code == 200


@pytest.mark.parametrize(
    ("windows", "field"),
    [
        ([{"from": "09:00", "to": "08:00"}], "days.0.windows"),
        ([{"from": "09:00", "to": "12:00"}, {"from": "11:00", "to": "13:00"}], "days.0.windows"),
        ([{"from": "9", "to": "12:00"}], "days.0.windows.0.from"),
        ([{"from": "09:00", "to": "24:30"}], "days.0.windows.0.to"),
        ([{"from": "09:00"}], "days.0.windows.0.to"),
        ([{"from": 9, "to": 12}], "days.0.windows.0.from"),
        ("always", "days.0.windows"),
        ([[540, 720]], "days.0.windows.0"),
    ],
)
def test_windows_at_fault_are_named_and_nothing_is_saved(cast: Cast, windows, field):
    ana = Caller(cast.ana)
    read = ana.get("/instructors/me/hours")
    body = read.json()
    body["days"][0]["windows"] = windows
    response = ana.put("/instructors/me/hours", body, If_Match=read.headers["ETag"])
    assert response.status_code == 422
    assert field in response.json()["errors"]
    assert hours_changed() == 1


def test_every_weekday_is_sent_once(cast: Cast):
    ana = Caller(cast.ana)
    days = [{"weekday": name, "windows": []} for name in NAMES]
    for wrong in (days[:6], [*days, days[0]], [days[0], *days[:6]]):
        response = ana.put("/instructors/me/hours", {"days": wrong}, If_Match="*")
        assert response.json()["errors"] == {"days": ["Send every weekday, monday to sunday, once."]}
    assert hours_changed() == 1


def test_a_week_tells_what_is_open_and_what_stands_in_it(cast: Cast):
    monday = a_week()
    instructor = cast.piano.instructor
    schedule.set_date(instructor, monday + timedelta(days=1), [], by=cast.ana)
    lesson = booked(cast.piano, local_time(monday, 12), cast.ben_student)
    hold = held(cast.piano, local_time(monday, 15), cast.cy_student)
    off = schedule.add_time_off(
        instructor,
        local_time(monday + timedelta(days=2), 20),
        local_time(monday + timedelta(days=3), 10),
        by=cast.ana,
        label="Dentist",
    )
    response = Caller(cast.ana).get(f"/instructors/me/week/{monday + timedelta(days=4)}")
    week = response.json()
    assert (week["week"], week["time_zone"]) == (monday.isoformat(), "America/New_York")
    assert [day["date"] for day in week["days"]] == [
        (monday + timedelta(days=n)).isoformat() for n in range(7)
    ]
    assert [day["closed"] for day in week["days"]] == [False, True, *[False] * 5]
    assert [day["source"] for day in week["days"]] == ["pattern", "date", *["pattern"] * 5]
    assert week["days"][0]["windows"] == NINE_TO_FIVE
    assert [(one["id"], one["status"]) for one in week["days"][0]["lessons"]] == [
        (str(lesson.pk), "confirmed"),
        (str(hold.pk), "held"),
    ]
    away = {
        "kind": "time_off",
        "starts_at": clock.rfc3339(off.period.lower),
        "ends_at": clock.rfc3339(off.period.upper),
        "label": "Dentist",
    }
    assert [day["time_off"] for day in week["days"]] == [[], [], [away], [away], [], [], []]


def test_a_week_is_saved_as_one_and_days_like_the_pattern_follow_it(cast: Cast):
    monday = a_week()
    instructor = cast.piano.instructor
    schedule.set_date(instructor, monday + timedelta(days=1), [], by=cast.ana)
    ana = Caller(cast.ana)
    read = ana.get(f"/instructors/me/week/{monday}")
    week = read.json()
    week["days"][0] |= {"windows": [{"from": "10:00", "to": "11:00"}]}
    week["days"][1] |= {"windows": NINE_TO_FIVE, "closed": False}
    week["days"][2] |= {"windows": [], "closed": True}
    response = ana.put(f"/instructors/me/week/{monday}", week, If_Match=read.headers["ETag"])
    assert response.status_code == 200
    assert [day["source"] for day in response.json()["days"]] == [
        "date", "pattern", "date", "pattern", "pattern", "pattern", "pattern",
    ]  # fmt: skip
    rows = DateHours.objects.order_by("date").values_list("date", "is_closed", "from_min", "to_min")
    assert list(rows) == [(monday, False, 600, 660), (monday + timedelta(days=2), True, None, None)]
    # The cast's own day off, and the three that changed.
    changed = [monday + timedelta(days=n) for n in (1, 0, 1, 2)]
    assert dates_changed() == [day.isoformat() for day in changed]
    assert ana.get(f"/instructors/me/week/{monday}").headers["ETag"] == response.headers["ETag"]
    assert list(horizon.differences()) == []


def test_what_was_read_may_be_sent_back_and_changes_nothing(cast: Cast):
    monday = a_week()
    booked(cast.piano, local_time(monday, 12), cast.ben_student)
    ana = Caller(cast.ana)
    read = ana.get(f"/instructors/me/week/{monday}")
    response = ana.put(f"/instructors/me/week/{monday}", read.json(), If_Match=read.headers["ETag"])
    assert response.status_code == 200
    assert response.content == read.content
    assert response.headers["ETag"] == read.headers["ETag"]
    assert dates_changed() == []


@pytest.mark.parametrize("where", ["the date", "the pattern"])
def test_a_stale_week_shows_both_versions_and_changes_nothing(cast: Cast, where):
    monday = a_week()
    ana, instructor = Caller(cast.ana), cast.piano.instructor
    read = ana.get(f"/instructors/me/week/{monday}")
    if where == "the date":
        schedule.set_date(instructor, monday + timedelta(days=3), [(600, 660)], by=cast.ana)
    else:
        schedule.set_week(instructor, {n: [(600, 660)] for n in range(7)}, by=cast.ana)
    before = dates_changed()
    mine = read.json()
    mine["days"][0] |= {"windows": [], "closed": True}
    response = ana.put(f"/instructors/me/week/{monday}", mine, If_Match=read.headers["ETag"])
    assert response.status_code == 412
    problem = response.json()
    assert problem["current"] == ana.get(f"/instructors/me/week/{monday}").json()
    assert problem["current"]["days"][3]["windows"] == [{"from": "10:00", "to": "11:00"}]
    assert problem["yours"]["days"][0] == {"date": monday.isoformat(), "closed": True, "windows": []}
    assert dates_changed() == before


def test_lessons_booked_meanwhile_do_not_make_a_week_stale(cast: Cast):
    monday = a_week()
    ana = Caller(cast.ana)
    read = ana.get(f"/instructors/me/week/{monday}")
    booked(cast.piano, local_time(monday, 12), cast.ben_student)
    response = ana.put(f"/instructors/me/week/{monday}", read.json(), If_Match=read.headers["ETag"])
    assert response.status_code == 200


def test_a_refused_day_names_itself_and_saves_none(cast: Cast):
    """8 March 2026 has no half past two in New York."""
    ana = Caller(cast.ana)
    with time_machine.travel("2026-02-20T12:00:00Z", tick=False):
        cast.piano.instructor.open_until = None
        read = ana.get("/instructors/me/week/2026-03-08")
        week = read.json()
        week["days"][0] |= {"windows": [], "closed": True}
        week["days"][6] |= {"windows": [{"from": "02:30", "to": "04:00"}]}
        response = ana.put("/instructors/me/week/2026-03-08", week, If_Match=read.headers["ETag"])
    assert (response.status_code, response.json()["code"]) == (422, "skipped_time")
    assert list(response.json()["errors"]) == ["days.6"]
    assert not DateHours.objects.exists()


def test_days_that_are_over_stay_as_they_were(cast: Cast):
    day = in_days(0)
    while day.weekday() != 6:
        day += timedelta(days=1)
    ana = Caller(cast.ana)
    with time_machine.travel(local_time(day, 12), tick=False):
        read = ana.get(f"/instructors/me/week/{day}")
        week = read.json()
        week["days"][6] |= {"windows": [{"from": "18:00", "to": "20:00"}]}
        assert ana.put(f"/instructors/me/week/{day}", week, If_Match="*").status_code == 200
        week["days"][0] |= {"windows": [], "closed": True}
        response = ana.put(f"/instructors/me/week/{day}", week, If_Match="*")
    assert response.status_code == 422
    assert response.json()["errors"] == {"days.0": ["That date is over."]}
    assert DateHours.objects.count() == 1


def test_a_week_s_dates_are_all_sent_once(cast: Cast):
    monday = a_week()
    ana = Caller(cast.ana)
    week = ana.get(f"/instructors/me/week/{monday}").json()
    days = week["days"]
    other = {**days[0], "date": (monday - timedelta(days=1)).isoformat()}
    for wrong in (days[:6], [*days, days[0]], [other, *days[1:]], []):
        response = ana.put(f"/instructors/me/week/{monday}", {"days": wrong}, If_Match="*")
        assert response.status_code == 422
        assert list(response.json()["errors"]) == ["days"]
    assert dates_changed() == []


def test_closed_must_not_contradict_the_windows(cast: Cast):
    monday = a_week()
    ana = Caller(cast.ana)
    week = ana.get(f"/instructors/me/week/{monday}").json()
    week["days"][0]["closed"] = True
    response = ana.put(f"/instructors/me/week/{monday}", week, If_Match="*")
    assert list(response.json()["errors"]) == ["days.0.closed"]


@pytest.mark.parametrize("day", ["soon", "2026-02-30", "0001-01-01", "9999-12-31", "20261203", "2026-W49-4"])
def test_a_date_that_is_none_is_refused(cast: Cast, day):
    response = Caller(cast.ana).get(f"/instructors/me/week/{day}")
    assert response.status_code == 422
    assert list(response.json()["errors"]) == ["date"]


@pytest.mark.parametrize("path", ["/instructors/me/hours", "/instructors/me/week/2026-12-03"])
def test_who_does_not_teach_has_no_hours(cast: Cast, path):
    for user in (cast.ben, cast.staff):
        assert Caller(user).get(path).status_code == 404
        assert Caller(user).put(path, {"days": []}, If_Match="*").status_code == 404
    assert hours_changed() == 1


@pytest.mark.parametrize("path", ["/instructors/me/hours", "/instructors/me/week/2026-12-03"])
def test_reading_and_writing_hours_need_their_scopes(cast: Cast, path):
    reader, writer = Caller(cast.ana, [Scope.HOURS_READ]), Caller(cast.ana, [Scope.HOURS_WRITE])
    refused = reader.put(path, {"days": []}, If_Match="*")
    assert (refused.status_code, refused.json()["required_scope"]) == (403, "hours:write")
    refused = writer.get(path)
    assert (refused.status_code, refused.json()["required_scope"]) == (403, "hours:read")
    assert hours_changed() == 1


def test_closing_a_day_takes_its_times_out_of_the_openings(cast: Cast):
    monday = a_week()
    ana = Caller(cast.ana)
    read = ana.get(f"/instructors/me/week/{monday}")
    week = read.json()
    for day in week["days"]:
        day |= {"windows": [], "closed": True}
    ana.put(f"/instructors/me/week/{monday}", week, If_Match=read.headers["ETag"])
    sunday = monday + timedelta(days=6)
    answered = ana.get(f"/instructors/ana-a/openings?from={monday}&to={sunday}").json()
    assert answered["openings"] == []
    assert all(not day.free for day in OpenDay.objects.filter(date__range=(monday, sunday)))
