"""An instructor's own limits: what may be set, what follows at once, and what stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings.services import lifecycle
from bookings.services.wanted import wish
from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import (
    InstructorFactory,
    OfferingFactory,
    StudentFactory,
    booked,
    in_days,
    local_time,
    teaching,
)
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instainstru.rules import services as rules_service
from instructors import meaning
from instructors.models import Instructor, Modality, OpenDay
from instructors.services import horizon, limits, openings
from instructors.services.search import find, vocabulary
from instructors.services.search.query import Query
from instructors.services.slots import limits_of

pytestmark = pytest.mark.django_db

URL = "/office/limits"
NOON = datetime(2026, 12, 2, 17, tzinfo=UTC)
OUT_OF_RANGE = [
    ("notice_online_min", 59), ("notice_online_min", 20161), ("notice_at_student_min", 179),
    ("horizon_days", 6), ("horizon_days", 91), ("buffer_min", 181), ("travel_min", 181),
    ("grid_min", 20), ("grid_min", 5), ("grid_min", 0), ("lessons_per_day", 0), ("lessons_per_day", 25),
    ("lessons_per_week", 169),
]  # fmt: skip


@pytest.fixture
def ana(cast: Cast) -> Instructor:
    return cast.piano.instructor


def save(instructor: Instructor, **facts: Any) -> Instructor:
    return limits.save(instructor, facts, by=instructor.user)


def starts(cast: Cast, day: date, modality: str = "online") -> list[str]:
    cast.piano.instructor.refresh_from_db()
    found = openings.starts(
        openings.Lesson(cast.piano, 60, modality),
        low=local_time(day, 0),
        high=local_time(day, 23),
        now=clock.now(),
        rules=rules_service.current(),
    )
    return [f"{clock.local(start, 'America/New_York'):%H:%M}" for start in found]


@pytest.mark.parametrize(("name", "value"), OUT_OF_RANGE)
def test_what_is_looser_than_the_rules_or_absurd_is_refused_by_name(ana: Instructor, name: str, value: int):
    with pytest.raises(DomainError) as refusal:
        save(ana, **{name: value, "buffer_min": 30} if name != "buffer_min" else {name: value})
    assert list(refusal.value.fields) == [name]
    ana.refresh_from_db()
    assert limits.set_by(ana) == {**dict.fromkeys(limits.NUMBERS), "overnight_rule": False}
    assert not Event.objects.filter(kind="instructor.changed").exists()


def test_a_limit_that_the_rules_have_overtaken_may_stay(cast: Cast, ana: Instructor):
    save(ana, notice_online_min=120)
    rules_service.change(by=cast.staff, notice_online_min=240)
    rules_service.forget()
    saved = save(ana, notice_online_min=120, buffer_min=30)
    assert (saved.notice_online_min, saved.buffer_min) == (120, 30)
    assert limits_of(saved, rules_service.current(fresh=True)).notice["online"] == 240
    rules_service.forget()


def test_an_edit_is_told_once_with_what_it_was(ana: Instructor):
    save(ana, notice_online_min=120, grid_min=30)
    save(ana, notice_online_min=120, grid_min=30)
    [event] = Event.objects.filter(kind="instructor.changed")
    assert event.data == {
        "changed": ["grid_min", "notice_online_min"],
        "limits": {"notice_online_min": [None, 120], "grid_min": [None, 30]},
    }


def test_what_was_changed_meanwhile_is_not_overwritten(ana: Instructor):
    seen = limits.version_of(ana)
    save(ana, buffer_min=30)
    with pytest.raises(limits.Stale):
        limits.save(ana, {"buffer_min": 60}, by=ana.user, seen=seen)
    ana.refresh_from_db()
    assert ana.buffer_min == 30


def test_the_grid_is_obeyed_by_times_search_and_booking(cast: Cast, ana: Instructor):
    day = in_days(3)
    save(ana, grid_min=60)
    assert starts(cast, day) == [f"{hour:02d}:00" for hour in range(9, 17)]
    window = Query(
        "America/New_York", subjects=("piano",), date_from=day, date_to=day, time_from=9 * 60 + 20,
        time_to=10 * 60 + 50,
    )  # fmt: skip
    [result] = find.find(window, now=clock.now(), vocabulary=vocabulary.read()).results
    assert result.starts == [local_time(day, 10)]
    too_short = Query(
        "America/New_York", subjects=("piano",), date_from=day, date_to=day, time_from=9 * 60 + 20,
        time_to=9 * 60 + 50,
    )  # fmt: skip
    assert find.find(too_short, now=clock.now(), vocabulary=vocabulary.read()).results == []
    with pytest.raises(DomainError) as refusal:
        booked(cast.piano, local_time(day, 9, 30))
    assert (refusal.value.code, refusal.value.data) == ("off_grid", {"grid_min": 60})
    assert list(horizon.differences()) == []


def test_each_way_to_meet_has_its_own_notice(cast: Cast, ana: Instructor):
    cast.piano.modalities = [Modality.ONLINE, Modality.AT_STUDENT]
    cast.piano.save()
    save(ana, notice_at_student_min=5 * 24 * 60)
    ana.refresh_from_db()
    start = local_time(in_days(3), 12)
    assert "12:00" in starts(cast, in_days(3))
    assert starts(cast, in_days(3), "at_student") == []
    wanted = wish(cast.piano, starts_at=start, duration_min=60, modality="at_student")
    with pytest.raises(DomainError) as refusal:
        lifecycle.book(wanted, student=cast.ben_student, by=cast.ben)
    assert refusal.value.code == "too_soon"
    assert booked(cast.piano, start, cast.ben_student).modality == "online"


def test_a_longer_horizon_is_open_at_once(cast: Cast, ana: Instructor):
    save(ana, horizon_days=10)
    assert starts(cast, in_days(11)) == []
    ana.refresh_from_db()
    Instructor.objects.filter(pk=ana.pk).update(open_until=in_days(11))
    OpenDay.objects.filter(instructor=ana, date__gte=in_days(11)).delete()
    save(ana, horizon_days=40)
    assert len(starts(cast, in_days(39))) == 29
    assert list(horizon.differences()) == []


def test_a_week_is_closed_by_lessons_of_its_earlier_days(cast: Cast, ana: Instructor):
    monday = in_days(8) - timedelta(days=in_days(8).weekday()) + timedelta(days=7)
    save(ana, lessons_per_week=2)
    ana.refresh_from_db()
    booked(cast.piano, local_time(monday, 12))
    booked(cast.piano, local_time(monday + timedelta(days=5), 12))
    assert starts(cast, monday + timedelta(days=6)) == []
    assert starts(cast, monday + timedelta(days=7)) != []
    with time_machine.travel(local_time(monday + timedelta(days=4), 12)):
        save(ana, buffer_min=30)
        assert starts(cast, monday + timedelta(days=6)) == []
        assert list(horizon.differences()) == []


def test_lessons_booked_before_stay_and_are_told(cast: Cast, ana: Instructor):
    day = in_days(20)
    near = [booked(cast.piano, local_time(day, hour, minute)) for hour, minute in ((9, 15), (10, 30))]
    saved = save(ana, buffer_min=60, horizon_days=10, grid_min=60, lessons_per_day=1, lessons_per_week=1)
    found = limits.overtaken(saved, now=clock.now())
    assert [(one.fact, one.lessons) for one in found] == [
        ("horizon_days", 2), ("grid_min", 2), ("buffer_min", 1), ("lessons_per_day", 1),
        ("lessons_per_week", 1),
    ]  # fmt: skip
    for lesson in near:
        lesson.refresh_from_db()
        assert lesson.status == "confirmed"
    assert list(horizon.differences()) == []


@time_machine.travel(NOON, tick=False)
def test_every_limit_is_explained_by_an_example(ana: Instructor):
    saved = save(ana, notice_online_min=1440, lessons_per_day=4, grid_min=30, overnight_rule=True)
    said = meaning.examples(saved, limits_of(saved, rules_service.current()), now=NOON)
    assert set(said) == set(limits.FACTS)
    assert said["notice_online_min"] == (
        "A lesson online for Fri 4 Dec, 9:00 am, can be booked until Thu 3 Dec, 9:00 am."
    )
    assert said["notice_at_instructor_min"] == (
        "A lesson at your place for tomorrow, 9:00 am, can be booked until 8:00 am."
    )
    assert said["buffer_min"] == "After a lesson that ends at 3:00 pm the next can start at 3:30 pm."
    assert said["lessons_per_day"] == "With 4 lessons the day is closed."
    assert said["grid_min"] == "Students can choose 3:00 pm, 3:30 pm and 4:00 pm, and so on."
    assert said["horizon_days"] == "Today students see your times up to Tuesday 2 March."
    assert said["overnight_rule"] == (
        "Who books between 8:00 pm and 8:00 am starts at 9:00 am at the earliest, "
        "at a student's place at 11:00 am."
    )


@time_machine.travel(datetime(2026, 10, 2, 12, tzinfo=UTC), tick=False)
def test_an_hourly_grid_is_right_on_the_day_of_a_half_hours_change_of_clocks():
    """On Lord Howe Island, Sunday 4 October 2026: two o'clock is half past two."""
    zone = "Australia/Lord_Howe"
    instructor = InstructorFactory(time_zone=zone, grid_min=60)
    offering = teaching(OfferingFactory(instructor=instructor), week={6: [(60, 6 * 60)]})
    sunday = date(2026, 10, 4)
    low, high = clock.day_bounds(sunday, zone)
    lesson = openings.Lesson(offering, 30, "online")
    now, rules = clock.now(), rules_service.current()
    found = list(openings.starts(lesson, low=low, high=high, now=now, rules=rules))
    assert [f"{clock.local(start, zone):%H:%M}" for start in found] == ["01:00", "03:00", "04:00", "05:00"]
    assert all(openings.is_open(lesson, start, now=now, rules=rules) for start in found)
    for start in found:
        query = Query(
            zone,
            subjects=("piano",),
            low=start - timedelta(minutes=20),
            high=start + timedelta(minutes=1),
            duration=30,
        )
        [result] = find.find(query, now=now, vocabulary=vocabulary.read()).results
        assert result.starts == [start]
    between = Query(
        zone, subjects=("piano",), low=found[0] + timedelta(minutes=1), high=found[1], duration=30
    )
    assert find.find(between, now=now, vocabulary=vocabulary.read()).results == []
    booking = lifecycle.book(
        wish(offering, starts_at=found[1], duration_min=30), student=StudentFactory(), by=instructor.user
    )
    assert booking.starts_at == found[1]


def typed(**facts: Any) -> dict[str, Any]:
    return {**dict.fromkeys(limits.NUMBERS, ""), **facts}


def test_limits_are_set_on_their_page(client: Client, cast: Cast, ana: Instructor):
    client.force_login(cast.ana)
    page = client.get(URL)
    assert b"60\xe2\x80\x9320,160 minutes (14 days); empty: the usual 60 minutes." in page.content
    data = typed(notice_online_min="120", grid_min="30", overnight_rule="on", version=page.context["version"])
    assert client.post(URL, data).url == URL
    ana.refresh_from_db()
    assert (ana.notice_online_min, ana.grid_min, ana.overnight_rule) == (120, 30, True)
    assert "09:15" not in starts(cast, in_days(3))


@pytest.mark.parametrize(
    ("name", "value"),
    [("notice_online_min", "10"), ("horizon_days", "x"), ("buffer_min", "9" * 40), ("grid_min", "20"),
     ("lessons_per_day", "-1"), ("travel_min", "NaN"), ("lessons_per_week", "1e9")],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field_and_the_rest_stays_typed(client, cast, ana, name, value):
    client.force_login(cast.ana)
    other = "buffer_min" if name != "buffer_min" else "travel_min"
    page = client.post(URL, typed(**{name: value, other: "77"}))
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [name]
    assert page.context["form"][other].value() == "77"
    ana.refresh_from_db()
    assert limits.set_by(ana)[other] is None


def test_a_stale_page_is_not_saved_and_may_be_once_more(client: Client, cast: Cast, ana: Instructor):
    client.force_login(cast.ana)
    version = client.get(URL).context["version"]
    save(ana, buffer_min=30)
    page = client.post(URL, typed(buffer_min="60", version=version))
    assert page.status_code == 409
    ana.refresh_from_db()
    assert ana.buffer_min == 30
    assert client.post(URL, typed(buffer_min="60", version=page.context["version"])).url == URL
    ana.refresh_from_db()
    assert ana.buffer_min == 60


def test_nobody_reaches_anybody_elses_limits(client: Client, cast: Cast):
    assert client.get(URL).url.startswith(reverse("account_login"))
    client.force_login(cast.ben)
    assert client.get(URL).url == "/office/start"
    assert client.post(URL, typed(buffer_min="60")).url == "/office/start"


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_lesson_and_for_three(
    client: Client, cast: Cast, ana: Instructor, number: int, django_assert_num_queries: Any
):
    for n in range(number):
        booked(cast.piano, local_time(in_days(3 + n), 12))
    client.force_login(cast.ana)
    client.get(URL)
    with django_assert_num_queries(4):
        client.get(URL)


def test_limits_are_read_and_replaced_by_their_tag(cast: Cast, ana: Instructor):
    caller = Caller(cast.ana)
    first = caller.get("/instructors/me/limits")
    body = first.json()
    assert body["allowed"]["grid_min"] == {"min": 15, "max": 60, "usual": 15, "choices": [15, 30, 60]}
    assert body["effective"]["notice_at_student_min"] == 180
    assert caller.put("/instructors/me/limits", body).status_code == 428
    body["notice_online_min"], body["grid_min"] = 240, 30
    saved = caller.put("/instructors/me/limits", body, If_Match=first["ETag"])
    assert saved.status_code == 200
    assert saved.json()["effective"]["grid_min"] == 30
    assert caller.get("/instructors/me/limits", If_None_Match=saved["ETag"]).status_code == 304
    body["buffer_min"] = 90
    stale = caller.put("/instructors/me/limits", body, If_Match=first["ETag"])
    assert stale.status_code == 412
    assert stale.json()["current"]["notice_online_min"] == 240
    assert stale.json()["yours"]["buffer_min"] == 90
    ana.refresh_from_db()
    assert (ana.notice_online_min, ana.buffer_min) == (240, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [*OUT_OF_RANGE, ("buffer_min", "x"), ("buffer_min", 10**30), ("horizon_days", [1]), ("travel_min", {}),
     ("overnight_rule", None), ("overnight_rule", "perhaps"), ("surprise", 1), ("grid_min", 1.5)],
)  # fmt: skip
def test_the_api_names_what_cannot_be(cast: Cast, ana: Instructor, name: str, value: Any):
    caller = Caller(cast.ana)
    got = caller.get("/instructors/me/limits")
    answer = caller.put("/instructors/me/limits", {**got.json(), name: value}, If_Match=got["ETag"])
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [name]
    ana.refresh_from_db()
    assert limits.set_by(ana) == {**dict.fromkeys(limits.NUMBERS), "overnight_rule": False}


def test_the_api_is_for_those_who_teach_with_a_key_for_hours(cast: Cast):
    assert Caller(cast.ben).get("/instructors/me/limits").status_code == 404
    refused = Caller(cast.ana, ["openings:read", "hours:read"]).put("/instructors/me/limits", {})
    assert refused.status_code == 403


def test_staff_see_and_set_them_through_the_same_rule(client: Client, cast: Cast, ana: Instructor):
    client.force_login(cast.staff)
    page = f"/admin/instructors/instructor/{ana.pk}"
    version = limits.version_of(ana)
    refused = client.post(f"{page}/limits/", typed(grid_min="30", horizon_days="400", version=version))
    assert refused.status_code == 422
    done = client.post(f"{page}/limits/", typed(grid_min="30", lessons_per_day="3", version=version))
    assert done.url == f"{page}/change/"
    ana.refresh_from_db()
    assert (ana.grid_min, ana.lessons_per_day) == (30, 3)
    shown = client.get(f"{page}/change/").content.decode()
    assert "every 30 min" in shown
    assert "3 a day" in shown
    assert Event.objects.get(kind="instructor.changed").by == cast.staff
