"""The week editor through its form, as without scripts, and through what scripts ask of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings.tests.cast import Cast
from bookings.tests.factories import UserFactory, booked, held, in_days, local_time
from instainstru.events.models import Event
from instructors.models import DateHours, Instructor
from instructors.services import horizon, schedule, weeks

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
USUAL = [(540, 1020)]
EVERY = "/office/hours"
JSON = {"Accept": "application/json"}


@pytest.fixture
def ana(client: Client, cast: Cast) -> Instructor:
    """Ana at her desk."""
    client.force_login(cast.ana)
    return cast.piano.instructor


@pytest.fixture
def monday(cast: Cast) -> date:
    return weeks.monday_of(in_days(14))


def of(monday: date) -> str:
    return reverse("instructors:office_week_of", args=[monday])


def fields(client: Client, url: str, **changes: list[tuple[str, str]]) -> dict[str, Any]:
    """What the page's form holds, with the rows of some days (``d0`` … ``d6``) replaced."""
    context = client.get(url).context
    data: dict[str, Any] = {"version": context["version"]}
    for day in context["days"]:
        n = day["number"]
        rows = changes.get(f"d{n}", [(row.starts, row.ends) for row in day["typed"].rows])
        data |= {
            f"was-{n}": day["was"],
            f"from-{n}": [low for low, _ in rows] + [""],
            f"to-{n}": [high for _, high in rows] + [""],
        }
    return data


def rows(page: Any, number: int) -> list[tuple[str, str]]:
    return [(row.starts, row.ends) for row in page.context["days"][number]["typed"].rows]


def changes_recorded() -> int:
    return Event.objects.filter(kind__in=["hours.changed", "date_hours.changed"]).count()


def test_the_addresses_lead_to_both_scopes(client: Client, ana: Instructor):
    assert client.get(EVERY).context["scope"] == "every"
    this = client.get(reverse("instructors:office_week"))
    assert (this.context["scope"], this.context["nav"]["this_url"]) == ("week", "")
    assert client.get(of(in_days(3))).context["nav"]["label"]
    for wrong in ("2026-02-30", "soon", "9999-12-31", "0001-01-01"):
        assert client.get(f"/office/week/{wrong}").status_code == 404


def test_what_takes_time_is_drawn_with_its_page(client, cast: Cast, ana: Instructor, monday: date):
    lesson = booked(cast.piano, local_time(monday, 12), cast.ben_student)
    held(cast.piano, local_time(monday, 15), cast.cy_student)
    schedule.add_time_off(ana, local_time(monday + DAY, 20), local_time(monday + 2 * DAY, 10), by=cast.ana)
    days = client.get(of(monday)).context["days"]
    assert [[(b["kind"], b["time"]) for b in day["blocks"]] for day in days[:4]] == [
        [("lesson", "12:00–1:00 pm"), ("hold", "3:00–4:00 pm")],
        [("time_off", "8:00 pm–midnight")],
        [("time_off", "12:00–10:00 am")],
        [],
    ]
    assert days[0]["blocks"][0]["text"] == "Ben Baker, piano"
    assert days[0]["blocks"][0]["url"] == reverse("bookings:lesson", args=[lesson.pk])


@pytest.mark.parametrize("number", [1, 3])
def test_a_week_costs_the_same_with_one_lesson_and_with_three(
    client, cast: Cast, ana: Instructor, monday, django_assert_num_queries, number: int
):
    for n in range(number):
        booked(cast.piano, local_time(monday + n * DAY, 12), cast.ben_student)
        schedule.set_date(ana, monday + n * DAY, [(540, 600)], by=cast.ana)
    client.get(of(monday))
    with django_assert_num_queries(6):
        assert len(client.get(of(monday)).context["outside"]) == number
    schedule.set_week(ana, {}, by=cast.ana)
    with django_assert_num_queries(6):
        client.get(EVERY)


def test_the_pattern_is_saved_and_said_back(client: Client, ana: Instructor):
    data = fields(client, EVERY, d0=[("13:30", "00:00"), ("09:00", "12:00")], d5=[("10:00", "11:00")], d6=[])
    page = client.post(EVERY, data, follow=True)
    saved = schedule.week_of(ana)
    assert (saved[0], saved[5], saved[6]) == ([(540, 720), (810, 1440)], [(600, 660)], [])
    assert saved[1] == USUAL
    assert "Monday: 9:00 am–12:00 pm, 1:30 pm–midnight." in page.content.decode()
    assert list(horizon.differences()) == []


def test_a_week_is_saved_as_one_and_exact_times_are_kept(client, cast: Cast, ana: Instructor, monday: date):
    schedule.set_date(ana, monday + DAY, [(555, 1003)], by=cast.ana)
    before = changes_recorded()
    data = fields(client, of(monday), d0=[("09:00", "10:00")], d2=[])
    assert client.post(of(monday), data).url == of(monday)
    assert [day.windows for day in weeks.week_at(ana, monday).days] == [
        [(540, 600)], [(555, 1003)], [], USUAL, USUAL, USUAL, USUAL,
    ]  # fmt: skip
    assert changes_recorded() == before + 1


@pytest.mark.parametrize(
    ("rows_typed", "says"),
    [
        ([("12:00", "09:00")], "The end must be after the start."),
        ([("09:00", "")], "Say from when until when, or empty both."),
        ([("25:00", "26:00")], "“25:00” is no time of day. Write it like 09:30."),
        ([("09:00", "12:00"), ("11:00", "13:00")], "Two windows overlap around 11:00."),
        ([(f"{n // 2:02d}:{n % 2 * 30:02d}", f"{n // 2:02d}:{n % 2 * 30 + 15:02d}") for n in range(25)],
         "A day has room for 24 windows."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("every", [True, False])
def test_what_cannot_be_is_said_at_its_day_and_the_rest_stays(
    client, ana: Instructor, monday, every, rows_typed, says
):
    url = EVERY if every else of(monday)
    before = changes_recorded()
    page = client.post(url, fields(client, url, d1=rows_typed, d4=[("07:15", "08:00")]))
    assert page.status_code == 422
    day = page.context["days"][1]["typed"]
    assert says in [*day.errors, *(row.error for row in day.rows)]
    assert rows(page, 1) == rows_typed[:24]
    assert rows(page, 4) == [("07:15", "08:00")]
    assert f'href="#day-1">{page.context["days"][1]["name"]}' in page.content.decode()
    assert changes_recorded() == before


def test_a_date_that_is_over_is_refused_on_its_day(client, cast: Cast, ana: Instructor, monday: date):
    with time_machine.travel(local_time(monday + 2 * DAY, 12), tick=False):
        client.force_login(cast.ana)
        page = client.get(of(monday))
        assert [day["locked"] for day in page.context["days"]] == [True, True, *[False] * 5]
        page = client.post(of(monday), fields(client, of(monday), d0=[], d3=[("10:00", "11:00")]))
    assert page.context["days"][0]["typed"].errors == ["That date is over."]
    assert rows(page, 3) == [("10:00", "11:00")]
    assert not DateHours.objects.exists()


@time_machine.travel("2027-03-01T12:00:00Z", tick=False)
def test_a_skipped_hour_is_named_on_its_day(client: Client, ana: Instructor):
    url = "/office/week/2027-03-14"
    page = client.post(url, fields(client, url, d6=[("02:30", "05:00")]))
    assert page.status_code == 422
    assert "02:30 does not exist on Sunday 14 March 2027" in page.context["days"][6]["typed"].errors[0]
    assert not DateHours.objects.exists()


def test_a_form_that_is_not_whole_is_refused(client: Client, ana: Instructor, monday: date):
    for url in (EVERY, of(monday)):
        for data in ({}, {"act": "save", "was-0": ""}, fields(client, url) | {"act": "explode"}):
            page = client.post(url, data)
            assert (page.status_code, bool(page.context["error"])) == (422, True)
    assert changes_recorded() == 1


def test_nobody_edits_another_instructor_s_week(client, cast: Cast, ana: Instructor, monday: date):
    data = fields(client, of(monday), d0=[])
    other = Instructor.objects.create(user=UserFactory(), slug="other")
    client.force_login(other.user)
    assert client.post(of(monday), data).status_code == 412
    client.force_login(cast.ben)
    assert client.post(of(monday), data).url == reverse("instructors:office_start")
    assert weeks.week_at(ana, monday).days[0].windows == USUAL
    assert changes_recorded() == 1


def test_copy_presets_and_clear_fill_the_fields_and_save_nothing(client, cast, ana, monday: date):
    schedule.set_date(ana, monday - 7 * DAY, [(555, 600)], by=cast.ana)
    before = changes_recorded()
    url = of(monday)
    page = client.post(url, fields(client, url, d1=[]) | {"act": "copy"})
    assert (rows(page, 0), rows(page, 1)) == ([("09:15", "10:00")], [("09:00", "17:00")])
    assert page.context["dirty"] is True
    page = client.post(url, fields(client, url) | {"act": "clear"})
    assert [rows(page, n) for n in range(7)] == [[]] * 7
    page = client.post(url, fields(client, url, d0=[], d1=[("11:00", "13:15")]) | {"act": "preset-mornings"})
    assert (rows(page, 0), rows(page, 1)) == ([("09:00", "12:00")], [("09:00", "13:15")])
    assert rows(page, 6) == [("09:00", "17:00")]
    assert changes_recorded() == before


def test_switching_the_scope_takes_along_what_was_typed(client, cast: Cast, ana: Instructor, monday: date):
    schedule.set_date(ana, monday + 2 * DAY, [], by=cast.ana)
    before = changes_recorded()
    data = fields(client, of(monday), d0=[("07:00", "08:00")], d1=[("08:00", "")]) | {"act": "switch"}
    page = client.post(EVERY, data)
    assert page.context["scope"] == "every"
    assert [rows(page, n) for n in range(3)] == [
        [("07:00", "08:00")], [("08:00", "")], [("09:00", "17:00")],
    ]  # fmt: skip
    assert page.context["dirty"] is True
    unchanged = client.post(EVERY, fields(client, of(monday)) | {"act": "switch"})
    assert unchanged.url == EVERY
    assert changes_recorded() == before


def test_a_preview_says_what_would_change_and_whom_it_leaves_outside(client, cast, ana, monday: date):
    lesson = booked(cast.piano, local_time(monday, 12), cast.ben_student)
    for url in (of(monday), EVERY):
        page = client.post(url, fields(client, url, d0=[("09:00", "12:00")]) | {"act": "preview"})
        panel = page.context["panel"]
        assert [(c.before, c.after) for c in panel["changes"]] == [("9:00 am–5:00 pm", "9:00 am–12:00 pm")]
        [outside] = panel["outside"]
        assert outside["url"] == reverse("bookings:lesson", args=[lesson.pk])
        assert re.search(r"12:00 pm, Ben Baker, piano", outside["label"])
        assert rows(page, 0) == [("09:00", "12:00")]
    assert changes_recorded() == 1
    client.post(of(monday), fields(client, of(monday), d0=[]))
    page = client.get(of(monday))
    assert [one["url"] for one in page.context["outside"]] == [outside["url"]]
    lesson.refresh_from_db()
    assert lesson.status == "confirmed"


def test_applying_shows_first_and_then_does_it_in_one_go(client, cast: Cast, ana: Instructor, monday: date):
    data = fields(client, of(monday), d0=[("09:15", "10:00")]) | {"weeks": "2"}
    page = client.post(of(monday), data | {"act": "apply"})
    assert [c.after for c in page.context["panel"]["changes"]] == ["9:15–10:00 am"] * 3
    assert changes_recorded() == 1
    page = client.post(of(monday), data | {"act": "apply-now"}, follow=True)
    assert b"Applied to 2 weeks: 3 days changed." in page.content
    assert changes_recorded() == 2
    assert [d for d, *_ in DateHours.objects.order_by("date").values_list("date")] == [
        monday + n * 7 * DAY for n in range(3)
    ]
    for wrong in ("0", "53", "x", "", "²"):
        page = client.post(of(monday), data | {"act": "apply", "weeks": wrong})
        assert (page.status_code, page.context["error"]) == (422, "Apply it to 1 to 52 weeks.")


def test_a_stale_week_is_merged_day_by_day(client, cast: Cast, ana: Instructor, monday: date):
    mine = fields(client, of(monday), d0=[("08:00", "10:00")], d1=[("09:00", "12:00")], d2=[])
    theirs = {
        monday: [(660, 720)], monday + DAY: [(780, 840)], monday + 3 * DAY: [(600, 660)],
    }  # fmt: skip
    weeks.save(ana, monday, theirs, by=cast.ana)
    before = changes_recorded()
    page = client.post(of(monday), mine)
    assert page.status_code == 412
    panel = page.context["panel"]
    assert [(day["number"], day["mine"], day["theirs"], day["choice"]) for day in panel["days"]] == [
        (0, "8:00–10:00 am", "11:00 am–12:00 pm", "both"),
        (1, "9:00 am–12:00 pm", "1:00–2:00 pm", "both"),
        (2, "Closed", "9:00 am–5:00 pm", "mine"),
        (3, "9:00 am–5:00 pm", "10:00–11:00 am", "theirs"),
    ]
    assert (rows(page, 0), rows(page, 2)) == ([("08:00", "10:00")], [])
    assert changes_recorded() == before
    choices = {"act": "merge", "merge-version": panel["version"], "merge-0": "both", "merge-1": "mine",
               "merge-2": "mine", "merge-3": "theirs"}  # fmt: skip
    assert client.post(of(monday), mine | choices).status_code == 302
    assert [day.windows for day in weeks.week_at(ana, monday).days] == [
        [(480, 600), (660, 720)], [(540, 720)], [], [(600, 660)], USUAL, USUAL, USUAL,
    ]  # fmt: skip
    weeks.save(ana, monday, {monday + 6 * DAY: []}, by=cast.ana)
    assert client.post(of(monday), mine | choices).status_code == 412


def test_a_stale_pattern_is_merged_too(client, cast: Cast, ana: Instructor):
    mine = fields(client, EVERY, d0=[("08:00", "10:00")])
    schedule.set_week(ana, {0: [(660, 720)]}, by=cast.ana)
    page = client.post(EVERY, mine)
    assert page.status_code == 412
    panel = page.context["panel"]
    assert [day["choice"] for day in panel["days"]] == ["both", *["theirs"] * 6]
    choices = {f"merge-{day['number']}": day["choice"] for day in panel["days"]}
    client.post(EVERY, mine | choices | {"act": "merge", "merge-version": panel["version"]})
    assert schedule.week_of(ana) == {0: [(480, 600), (660, 720)], **{n: [] for n in range(1, 7)}}


def test_a_save_whose_answer_was_lost_may_be_sent_again(client, cast: Cast, ana: Instructor, monday: date):
    data = fields(client, of(monday), d0=[])
    first = client.post(of(monday), data, headers=JSON)
    before = changes_recorded()
    again = client.post(of(monday), data, headers=JSON)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["version"] == first.json()["version"]
    assert changes_recorded() == before


def test_scripts_get_the_same_as_parts(client, cast: Cast, ana: Instructor, monday: date):
    stale = fields(client, of(monday), d1=[])
    saved = client.post(of(monday), fields(client, of(monday), d0=[("09:15", "10:00")]), headers=JSON)
    answer = saved.json()
    assert (saved.status_code, answer["days"][0]) == (200, [[555, 600]])
    assert answer["version"] == weeks.week_at(ana, monday).version
    assert "9:15–10:00 am." in answer["panel"]
    conflict = client.post(of(monday), stale, headers=JSON)
    assert conflict.status_code == 412
    assert 'name="merge-version"' in conflict.json()["panel"]
    wrong = client.post(of(monday), fields(client, of(monday), d2=[("9", "10:00")]), headers=JSON)
    assert (wrong.status_code, list(wrong.json()["wrong"])) == (422, ["2"])
    assert changes_recorded() == 2


def test_a_save_without_the_token_is_refused(cast: Cast, ana: Instructor, monday: date):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.ana)
    data = fields(strict, of(monday), d0=[])
    assert strict.post(of(monday), data, headers=JSON).status_code == 403
    assert changes_recorded() == 1
