"""Searching in a real browser: completions, near me, times that go meanwhile, counts; and without scripts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bookings.models import Booking
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from e2e.conftest import DESK, PHONE, Visit
from instainstru.lib import clock

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def field(page: Page) -> Any:
    return page.locator("main").get_by_role("combobox").first


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_sentence_is_completed_by_keyboard(visit: Visit, cast: Cast, width: int):
    page = visit("/", width=width)
    box = field(page)
    box.press_sequentially("pian")
    listbox = page.locator("main").get_by_role("listbox")
    expect(listbox.get_by_role("option")).to_have_count(1)
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#live")).to_have_text("1 suggestions; use the arrow keys")
    # Nothing is chosen for anybody.
    assert box.get_attribute("aria-activedescendant") is None
    box.press("ArrowDown")
    option = listbox.get_by_role("option", name="Piano")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    assert option.bounding_box()["height"] >= 44
    box.press("Escape")
    expect(listbox).to_be_hidden()
    expect(box).to_have_value("pian")
    box.press("ArrowDown")
    expect(listbox).to_be_visible()
    box.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=piano$"))
    expect(page.locator(".result")).to_have_count(1)


def test_an_instructor_is_found_by_name_with_a_press(visit: Visit, cast: Cast):
    page = visit("/")
    field(page).press_sequentially("ana")
    page.get_by_role("option", name="Ana A.").click()
    expect(page).to_have_url(re.compile("/@ana-a$"))


def test_without_the_network_the_field_is_a_field(visit: Visit, cast: Cast):
    page = visit("/")
    page.route("**/search/suggest**", lambda route: route.fulfill(status=429, body=""))
    box = field(page)
    with page.expect_response("**/search/suggest**"):
        box.press_sequentially("piano")
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press("Enter")
    expect(page.locator(".result")).to_have_count(1)


def test_near_me_asks_on_a_press_and_sends_no_more_than_a_hundred_metres(visit: Visit, cast: Cast):
    page = visit("/search?q=piano", width=DESK)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 40.671234, "longitude": -73.981432})
    page.get_by_role("button", name="Search near where I am").click()
    expect(page).to_have_url(re.compile(r"near=40\.671%2C-73\.981"))
    expect(page.locator(".chip", has_text="Near you")).to_be_visible()


def test_who_refuses_is_told_what_else_to_do(visit: Visit, cast: Cast):
    page = visit("/")
    page.evaluate(
        "() => { navigator.geolocation.getCurrentPosition = (_, no) => no({code: 1, PERMISSION_DENIED: 1}) }"
    )
    page.get_by_role("button", name="Search near where I am").click()
    expect(page.locator("[data-locate-said]")).to_contain_text("Add your ZIP code instead")
    expect(field(page)).to_be_focused()


def test_a_time_that_is_taken_meanwhile_says_so_and_keeps_the_focus(visit: Visit, cast: Cast):
    day = in_days(3)
    page = visit("/", width=DESK)
    page.clock.install()
    page.goto(f"/search?subject=piano&date={day}")
    first = page.locator(f'button.time[value="{clock.rfc3339(local_time(day, 9))}"]')
    first.focus()
    booked(cast.piano, local_time(day, 9), cast.cy_student)
    with page.expect_response("**/search/gone**"):
        page.clock.run_for(41_000)
    expect(first).to_have_attribute("aria-disabled", "true")
    expect(first).to_be_focused()
    expect(first).to_have_attribute("aria-label", re.compile("just taken$"))
    expect(page.locator("#live")).to_have_text(re.compile("times shown were just taken"))
    first.press("Enter")
    expect(page).to_have_url(re.compile("/search"))
    assert Booking.objects.count() == 1


def test_counts_arrive_behind_the_filters_and_follow_them(visit: Visit, cast: Cast):
    page = visit("/search?subject=piano", width=DESK)
    online = page.locator('label[for="f-modality-online"]')
    expect(online).to_have_text("Online1")
    expect(page.locator("#f-level option", has_text="Beginner")).to_have_text("Beginner (1)")
    with page.expect_response("**/search/counts**"):
        online.click()
    expect(online).to_have_text("Online")


def test_few_results_are_widened_and_that_is_undone_without_scripts(visit: Visit, cast: Cast):
    page = visit("/search?subject=piano&price_max=70", js=False)
    expect(page.get_by_role("heading", name="Also up to $87.50 an hour")).to_be_visible()
    expect(page.locator(".widened .result")).to_have_count(1)
    page.get_by_role("link", name="Only exact results").click()
    expect(page).to_have_url(re.compile("relax=0"))
    expect(page.get_by_text("Nothing is free like that")).to_be_visible()
    page.get_by_role("link", name="Without “Up to $70 an hour”").click()
    expect(page.locator(".result")).to_have_count(1)


def test_the_field_is_plain_without_scripts(visit: Visit, cast: Cast):
    page = visit("/", js=False)
    expect(page.get_by_text("Near you? Add your ZIP code")).to_be_visible()
    expect(page.get_by_role("button", name="Search near where I am")).to_be_hidden()
    page.locator("main input[name=q]").fill("piano")
    page.locator("main .search .button").click()
    expect(page.locator(".result")).to_have_count(1)
