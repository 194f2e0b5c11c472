"""Copying a week and applying one to those that follow, over the API: one request each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from instainstru.accounts.models import Scope
from instainstru.events.models import Event
from instructors.models import DateHours
from instructors.services import horizon, schedule, weeks

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def path(monday, what=""):
    return f"/instructors/me/week/{monday}{what}"


def written() -> int:
    return Event.objects.filter(kind="date_hours.changed").count()


@pytest.fixture
def monday(cast: Cast):
    """A week ahead whose Monday is open in the morning only."""
    found = weeks.monday_of(in_days(14))
    schedule.set_date(cast.piano.instructor, found, [(540, 720)], by=cast.ana)
    return found


def test_a_week_is_copied_in_one_request_and_only_once(cast: Cast, monday):
    ana, target = Caller(cast.ana), monday + 7 * DAY
    etag = ana.get(path(target)).headers["ETag"]
    look = ana.get(path(target, f"/copy?from={monday}"))
    assert look.json() == {
        "days": [
            {
                "date": f"{target}",
                "before": [{"from": "09:00", "to": "17:00"}],
                "after": [{"from": "09:00", "to": "12:00"}],
            }
        ],
        "lessons_outside": [],
    }
    assert written() == 1
    headers = {"If_Match": etag, "Idempotency_Key": "copy"}
    response = ana.post(path(target, "/copy"), {"from": f"{monday}"}, **headers)
    assert response.status_code == 200
    assert response.json() == ana.get(path(target)).json()
    assert response.headers["ETag"] == ana.get(path(target)).headers["ETag"]
    assert response.json()["days"][0]["windows"] == [{"from": "09:00", "to": "12:00"}]
    again = ana.post(path(target, "/copy"), {"from": f"{monday}"}, **headers)
    assert (again.content, again.headers["Idempotency-Replayed"]) == (response.content, "true")
    assert written() == 2


def test_a_week_is_applied_in_one_request(cast: Cast, monday):
    ana = Caller(cast.ana)
    lesson = booked(cast.piano, local_time(monday + 14 * DAY, 15), cast.ben_student)
    look = ana.get(path(monday, "/apply?weeks=3"))
    assert [day["date"] for day in look.json()["days"]] == [f"{monday + k * 7 * DAY}" for k in (1, 2, 3)]
    assert [one["id"] for one in look.json()["lessons_outside"]] == [str(lesson.pk)]
    assert written() == 1
    etag = ana.get(path(monday)).headers["ETag"]
    response = ana.post(path(monday, "/apply"), {"weeks": 3}, If_Match=etag)
    assert (response.status_code, response.json()) == (200, look.json())
    assert DateHours.objects.count() == 4
    assert written() == 2
    lesson.refresh_from_db()
    assert lesson.status == "confirmed"
    assert list(horizon.differences()) == []


@pytest.mark.parametrize(("what", "body"), [("/copy", {"from": "2026-12-03"}), ("/apply", {"weeks": 2})])
def test_a_stale_or_unseen_week_is_not_written(cast: Cast, monday, what, body):
    ana = Caller(cast.ana)
    if "from" in body:
        body = {"from": f"{monday + 7 * DAY}"}
    assert ana.post(path(monday, what), body).status_code == 428
    etag = ana.get(path(monday)).headers["ETag"]
    schedule.set_date(cast.piano.instructor, monday + DAY, [], by=cast.ana)
    response = ana.post(path(monday, what), body, If_Match=etag, Idempotency_Key="stale")
    problem = response.json()
    assert (response.status_code, problem["code"], problem["yours"]) == (412, "stale", body)
    assert problem["current"] == ana.get(path(monday)).json()
    assert written() == 2
    # A refused request keeps nothing: the key may be used again.
    fresh = ana.post(path(monday, what), body, If_Match=problem["etag"], Idempotency_Key="stale")
    assert fresh.status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("/copy", "from"),
        ("/copy?from=2026-02-30", "from"),
        ("/copy?from=1999-01-01", "from"),
        ("/copy?from=2020-01-06", "from"),
        ("/copy?form=2026-12-03", "form"),
        ("/apply", "weeks"),
        ("/apply?weeks=0", "weeks"),
        ("/apply?weeks=53", "weeks"),
        ("/apply?weeks=many", "weeks"),
    ],
)
def test_parameters_at_fault_are_named(cast: Cast, monday, query, field):
    response = Caller(cast.ana).get(path(monday, query))
    assert (response.status_code, list(response.json()["errors"])) == (422, [field])


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("/copy", {}, "from"),
        ("/copy", {"from": "soon"}, "from"),
        ("/apply", {"weeks": 53}, "weeks"),
        ("/apply", {"weeks": "x"}, "weeks"),
        ("/apply", {"weeks": 2, "until": "2027-01-01"}, "until"),
    ],
)
def test_bodies_at_fault_are_named_and_nothing_is_written(cast: Cast, monday, what, body, field):
    response = Caller(cast.ana).post(path(monday, what), body, If_Match="*")
    assert (response.status_code, list(response.json()["errors"])) == (422, [field])
    assert written() == 1


def test_a_week_that_is_over_is_named(cast: Cast, monday):
    response = Caller(cast.ana).post(path("2020-01-06", "/copy"), {"from": "2020-01-13"}, If_Match="*")
    assert (response.status_code, response.json()["errors"]) == (422, {"date": ["That week is over."]})


def test_a_million_windows_are_refused_before_they_are_read(cast: Cast, monday):
    ana = Caller(cast.ana)
    week = ana.get(path(monday)).json()
    week["days"][3]["windows"] = [7] * 1_000_000
    response = ana.put(path(monday), week, If_Match="*")
    assert response.status_code == 422
    assert response.json()["errors"] == {"days.3.windows": ["A day has room for 24 windows."]}
    body = {"days": [{}] * 1_000_000}
    for place in (path(monday), "/instructors/me/hours"):
        response = ana.put(place, body, If_Match="*")
        assert (response.status_code, list(response.json()["errors"])) == (422, ["days"])
    assert written() == 1


@pytest.mark.parametrize("what", ["/copy", "/apply"])
def test_only_who_teaches_and_whose_key_says_so(cast: Cast, monday, what):
    body = {"from": f"{monday}"} if what == "/copy" else {"weeks": 1}
    for user in (cast.ben, cast.staff):
        assert Caller(user).post(path(monday, what), body, If_Match="*").status_code == 404
    reader = Caller(cast.ana, [Scope.HOURS_READ])
    refused = reader.post(path(monday, what), body, If_Match="*")
    assert (refused.status_code, refused.json()["required_scope"]) == (403, "hours:write")
    writer = Caller(cast.ana, [Scope.HOURS_WRITE])
    assert writer.get(path(monday, f"{what}?weeks=1")).status_code == 403
    assert written() == 1
