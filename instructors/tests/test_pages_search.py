"""The first page and the results: what was understood, what can be pressed, what happens to nonsense."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, SubjectFactory, booked, in_days, local_time, teaching
from instainstru.lib import clock, presentation

pytestmark = pytest.mark.django_db


def search(client: Client, **params: Any) -> Any:
    return client.get(reverse("instructors:search"), params)


def labels(page: Any) -> list[str]:
    return [chip["label"] for chip in page.context["chips"]]


def test_a_sentence_becomes_chips_and_times_that_can_be_pressed(client: Client, cast: Cast):
    day = in_days(3)
    page = search(client, q=f"piano on {day:%A} afternoon under $90".lower())
    assert page.status_code == 200
    assert labels(page)[0] == "Piano"
    assert "12:00–5:00 pm" in labels(page)
    assert "Up to $90 an hour" in labels(page)
    card = page.context["cards"][0]
    assert (card["name"], card["price"], card["duration_label"]) == ("Ana A.", "$80", "60 min")
    first = card["days"][0]["times"][0]
    assert (first["label"], first["value"]) == ("12:00 pm", clock.rfc3339(local_time(day, 12)))
    assert first["aria"].startswith(f"12:00 pm, {day:%A}")
    client.force_login(cast.ben)
    held = client.post(
        page.context["hold_url"],
        {
            "offering": card["offering"], "duration_min": card["duration"], "modality": card["modality"],
            "starts_at": first["value"],
        },
    )  # fmt: skip
    assert held.status_code == 302


def test_each_chip_leads_to_the_search_without_it(client: Client, cast: Cast):
    page = search(client, q="piano online under $90 for kids")
    assert labels(page) == ["Piano", "Up to $90 an hour", "Online", "Kids"]
    for chip in page.context["chips"]:
        rest = labels(client.get(chip["url"]))
        assert rest == [label for label in labels(page) if label != chip["label"]]


def test_the_address_holds_the_whole_state(client: Client, cast: Cast):
    day = in_days(3).isoformat()
    state = {"subject": "piano", "date": day, "part": "evening", "modality": "online", "sort": "price_asc"}
    page = search(client, **state)
    filters = page.context["filters"]
    assert filters["date"] == day
    assert [option["value"] for option in filters["part"] if option["checked"]] == ["evening"]
    assert [option["value"] for option in filters["sort"] if option["selected"]] == ["price_asc"]
    fragment = client.get(reverse("instructors:search"), state, headers={"HX-Request": "true"})
    pushed = parse_qs(urlsplit(fragment["HX-Push-Url"]).query)
    assert pushed == {
        "subject": ["piano"], "date": [day], "time_from": ["17:00"], "time_to": ["21:00"],
        "modality": ["online"], "sort": ["price_asc"],
    }  # fmt: skip


def test_a_filter_wins_over_what_went_along_hidden(client: Client, cast: Cast):
    first, last, other = in_days(3).isoformat(), in_days(4).isoformat(), in_days(5).isoformat()
    page = client.get(
        reverse("instructors:search"),
        {"subject": ["guitar,piano", "piano"], "date": [first, other], "date_to": last},
    )
    query = parse_qs(urlsplit(page.context["chips"][0]["url"]).query)
    assert labels(page)[0] == "Piano"
    assert query["date"] == [other]
    assert "date_to" not in query


def test_htmx_gets_the_results_alone(client: Client, cast: Cast):
    whole = search(client, q="piano")
    part = client.get(reverse("instructors:search"), {"q": "piano"}, headers={"HX-Request": "true"})
    assert b"<html" in whole.content
    assert b"<html" not in part.content
    assert b'id="results"' in part.content
    assert "HX-Request" in part["Vary"]


def test_an_unknown_subject_shows_nobody_and_suggests(client: Client, cast: Cast):
    page = search(client, q="scuba diving tomorrow")
    assert page.status_code == 200
    assert page.context["cards"] == []
    assert page.context["unknown"]["word"] == "scuba"
    assert page.context["unknown"]["categories"]


def test_nothing_free_offers_to_drop_what_stands_in_the_way(client: Client, cast: Cast):
    page = search(client, q="online piano for kids under $10 in the afternoon")
    assert page.context["cards"] == []
    empty = page.context["empty"]
    assert empty["drop"]["label"] == "Without “Up to $10 an hour”"
    assert client.get(empty["drop"]["url"]).context["cards"]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"near": "nowhere at all"}, "near"),
        ({"price_max": "cheap"}, "price_max"),
        ({"price_max": "-1"}, "price_max"),
        ({"date": "2020-01-01"}, "date"),
        ({"date": "someday"}, "date"),
        ({"duration": "7e9"}, "duration"),
        ({"subject": "scuba"}, "subject"),
        ({"sort": "random"}, "sort"),
        ({"sort": "distance"}, "near"),
        ({"cursor": "x.y"}, "cursor"),
        ({"price_min": "90", "price_max": "20"}, "price_max"),
    ],
)
def test_what_cannot_be_is_named_and_still_there(client: Client, cast: Cast, params, field):
    page = search(client, **params)
    assert page.status_code == 422
    assert field in page.context["filters"]["errors"]
    for name, value in params.items():
        if name in ("near", "price_max", "date"):
            assert page.context["filters"][name] == value


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE users; --",
        "<script>alert(1)</script>",
        "\x00",
        "🎹" * 300,
        "%s %d {0}",
        "a" * 5000,
        "~~~",
    ],
)
def test_any_text_at_all_has_an_answer(client: Client, cast: Cast, text: str):
    page = search(client, q=text)
    assert page.status_code == 200
    assert b"<script>alert" not in page.content


def test_near_me_asks_where(client: Client, cast: Cast):
    page = search(client, q="piano near me")
    assert page.context["errors"] == ["Near where? Name a neighbourhood or a ZIP code."]
    assert page.context["cards"]


def test_pages_lead_on_and_back(client: Client, cast: Cast):
    for _ in range(24):
        teaching(OfferingFactory())
    first = search(client, subject="piano")
    assert len(first.context["cards"]) == 20
    assert first.context["pager"]["previous_url"] == ""
    second = client.get(first.context["pager"]["next_url"])
    assert len(second.context["cards"]) == 5
    assert second.context["count_label"] == "Instructors 21–25"
    assert second.context["pager"]["next_url"] == ""
    back = client.get(second.context["pager"]["previous_url"])
    names = [card["times_url"] for card in first.context["cards"]]
    assert [card["times_url"] for card in back.context["cards"]] == names


@pytest.mark.parametrize("number", [1, 3])
def test_results_cost_the_same_for_one_and_for_three(client, cast, django_assert_num_queries, number):
    for _ in range(number - 1):
        teaching(OfferingFactory())
    search(client, q="piano")
    with django_assert_num_queries(2):  # the search, and the log once it is answered
        page = search(client, q="piano")
    assert len(page.context["cards"]) == number


def test_the_first_page_shows_times_of_today(client: Client, cast: Cast):
    for slug in ("violin", "guitar", "cello"):
        teaching(OfferingFactory(subject=SubjectFactory(slug=slug)))
    with time_machine.travel(local_time(in_days(1), 10), tick=False):
        page = client.get(reverse("instructors:home"))
    board = page.context["board"]
    assert board["title"] == "Free today"
    assert len(board["rows"]) == 4
    assert {row["time"] for row in board["rows"]} == {"11:00 am"}


def test_the_last_sentences_wait_on_the_first_page(client: Client, cast: Cast):
    for text in ("piano", "scuba", "piano online", "<b>piano</b>", "piano for kids", "piano online"):
        search(client, q=text)
    page = client.get(reverse("instructors:home"))
    assert [one["label"] for one in page.context["searches"]] == [
        "piano online", "piano for kids", "<b>piano</b>",
    ]  # fmt: skip
    assert b"<b>piano</b>" not in page.content
    client.cookies["searches"] = "%0A%00x%0A" * 900
    assert client.get(reverse("instructors:home")).status_code == 200


def test_an_empty_house_has_a_first_page(client: Client, db: None):
    page = client.get(reverse("instructors:home"))
    assert page.status_code == 200
    assert not page.context["board"]


def test_a_stranger_leaves_no_session(client: Client, cast: Cast):
    for url in (reverse("instructors:home"), reverse("instructors:search") + "?q=piano", "/@ana-a"):
        page = client.get(url)
        assert page.status_code == 200
        assert "sessionid" not in page.cookies
        assert "Cookie" in page["Vary"]


def times(page: Any) -> list[str]:
    day = page.context["picker"]["day"]
    return [time["label"] for part in day["parts"] for time in part["times"]]


def test_the_page_of_an_instructor_shows_the_chosen_day(client: Client, cast: Cast):
    day = in_days(3)
    booked(cast.piano, local_time(day, 12), cast.ben_student)
    page = client.get("/@ana-a", {"day": day.isoformat(), "duration": "90"})
    assert page.context["picker"]["day"]["label"] == f"{day:%A} {day.day} {day:%B}"
    assert times(page)[0] == "9:00 am"
    assert "10:15 am" in times(page)
    assert "10:30 am" not in times(page)
    assert times(page)[-1] == "3:30 pm"
    cells = [cell for week in page.context["picker"]["month"]["weeks"] for cell in week]
    chosen = next(cell for cell in cells if cell["selected"])
    assert chosen["aria"].endswith(f"{len(times(page))} times free")


def test_counts_of_the_month_are_the_times_of_its_days(client: Client, cast: Cast):
    client.cookies["tz"] = "Asia%2FTokyo"
    month = in_days(40).replace(day=1)
    page = client.get("/@ana-a", {"month": f"{month:%Y-%m}"})
    cells = [
        cell for week in page.context["picker"]["month"]["weeks"] for cell in week if cell and cell["url"]
    ]
    for cell in cells[:3] + cells[-2:]:
        of_day = times(client.get(cell["url"].partition("#")[0]))
        assert cell["aria"].endswith(f", {len(of_day)} times free")


def test_a_month_without_times_leads_to_the_next_free_day(client: Client, cast: Cast):
    page = client.get("/@ana-a", {"month": f"{in_days(200):%Y-%m}"})
    assert page.context["picker"]["next_free"] is None
    past = client.get("/@ana-a", {"month": f"{in_days(-60):%Y-%m}"})
    assert past.context["picker"]["next_free"]["url"].endswith("#times")


@pytest.mark.parametrize(
    "params",
    [
        {"day": "x"}, {"day": "0001-01-01"}, {"day": "9999-12-31"}, {"month": "2026-13"},
        {"month": "9999-12"}, {"month": "0001-01"}, {"offering": "999999999999999999999"},
        {"duration": "-1"}, {"modality": "x"},
    ],
)  # fmt: skip
def test_a_strange_address_of_the_picker_shows_the_picker(client: Client, cast: Cast, params):
    page = client.get("/@ana-a", params)
    assert page.status_code == 200
    assert page.context["picker"]["durations"][1]["current"] is True


def test_instructors_are_found_by_number_and_by_any_case(client: Client, cast: Cast):
    instructor = cast.piano.instructor
    assert client.get(f"/instructors/{instructor.pk}").url == "/@ana-a"
    assert client.get("/@Ana-A").url == "/@ana-a"
    assert client.get("/@nobody").status_code == client.get("/instructors/999999").status_code == 404


def test_who_is_suspended_is_seen_by_nobody_else(client: Client, cast: Cast):
    instructor = cast.piano.instructor
    instructor.status = "suspended"
    instructor.save(update_fields=["status"])
    assert client.get("/@ana-a").status_code == 404
    assert client.get(f"/instructors/{instructor.pk}").status_code == 404
    client.force_login(cast.ben)
    assert client.get("/@ana-a").status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_a_page_costs_the_same_for_one_subject_and_for_three(client, cast, django_assert_num_queries, number):
    for n in range(number - 1):
        OfferingFactory(instructor=cast.piano.instructor, subject=SubjectFactory(slug=f"subject-{n}"))
        teaching(OfferingFactory())
    client.get("/@ana-a")
    with django_assert_num_queries(4):
        page = client.get("/@ana-a", {"day": in_days(3).isoformat()})
    assert len(page.context["offerings"]) == number


def test_few_results_are_followed_by_more_in_a_section_of_their_own(client: Client, cast: Cast):
    teaching(OfferingFactory(price_per_hour=9000))
    day = in_days(3)
    page = search(client, subject="piano", price_max="80", date=day.isoformat())
    assert len(page.context["cards"]) == 1
    widened = page.context["widened"]
    label = presentation.day(day)
    assert widened["sentence"] == (
        f"Only 1 instructor for “{label}” and “Up to $80 an hour”; "
        "below also other days and up to $100 an hour."
    )
    assert page.context["count_label"] == widened["sentence"]
    assert [card["price"] for card in widened["cards"]] == ["$90"]
    assert page.context["pager"]["next_url"] == ""
    undone = client.get(widened["undo_url"])
    assert (len(undone.context["cards"]), undone.context["widened"]) == (1, None)
    # What was undone stays so while filters change.
    assert ("relax", "0") in undone.context["filters"]["hidden"]
    assert all("relax=0" in chip["url"] for chip in undone.context["chips"])


def test_other_times_that_day_are_said_so(client: Client, cast: Cast):
    day = in_days(3)
    page = search(client, subject="piano", date=day.isoformat(), part="evening")
    assert page.context["cards"] == []
    assert page.context["widened"]["title"] == "Also other times that day"
    assert page.context["widened"]["sentence"].startswith("Nobody is free for “5:00–9:00 pm”; below also")
    assert page.context["tell"] == {
        "hidden": [
            ("subject", "piano"), ("date", day.isoformat()), ("time_from", "17:00"), ("time_to", "21:00"),
        ],
        "email": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("params", "culprit"),
    [
        ({"duration": "45", "level": "beginner"}, "45 min"),
        ({"modality": "in_person", "duration": "60"}, "In person"),
        ({"near": "park slope", "price_max": "90"}, "Park Slope"),
        ({"price_max": "10", "part": "morning"}, "Up to $10 an hour"),
        ({"part": "evening", "relax": "0"}, "5:00–9:00 pm"),
        # Neither alone.
        ({"price_max": "10", "modality": "in_person"}, None),
    ],
)
def test_the_condition_that_alone_stands_in_the_way_is_named(client: Client, cast: Cast, params, culprit):
    page = search(client, subject="piano", **params)
    empty = page.context["empty"]
    if culprit is None:
        assert empty["drop"] is None
        assert empty["text"].startswith("No one of these alone stands in the way")
        return
    assert empty["drop"]["label"] == f"Without “{culprit}”"
    assert client.get(empty["drop"]["url"]).context["cards"]


def test_a_day_that_is_far_away_may_be_what_stands_in_the_way(client: Client, cast: Cast):
    page = search(client, subject="piano", date=in_days(200).isoformat())
    assert page.context["empty"]["drop"]["label"].startswith("Without “")
    assert client.get(page.context["empty"]["drop"]["url"]).context["cards"]


def test_nobody_found_costs_a_search_for_each_condition_and_no_more(
    client: Client, cast: Cast, django_assert_num_queries
):
    params = {"subject": "piano", "price_max": "10", "modality": "in_person", "level": "beginner"}
    search(client, **params)
    # The search; without level, and dearer; without in person, and without the price; the log.
    with django_assert_num_queries(6):
        assert search(client, **params).context["empty"]
