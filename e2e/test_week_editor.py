"""The week editor in a real browser: by mouse, finger and keys, cut off, on two devices, without scripts."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from e2e.conftest import DESK, PHONE, Visit
from instructors.models import Instructor
from instructors.services import schedule, weeks

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

with_and_without_js = pytest.mark.parametrize("js", [True, False], ids=["js", "no-js"])
DAY = timedelta(days=1)
USUAL = [(540, 1020)]
TABLET = 1024


@pytest.fixture
def ana(cast: Cast) -> Instructor:
    return cast.piano.instructor


@pytest.fixture
def monday(cast: Cast) -> date:
    """Of a week that is ahead."""
    return weeks.monday_of(in_days(14))


def of(monday: date) -> str:
    return reverse("instructors:office_week_of", args=[monday])


def cell(page: Page, day: int, hour: float) -> Locator:
    return page.locator(f'td[data-row="{int(hour * 2)}"][data-column="{day}"]')


def middle(found: Locator) -> tuple[float, float]:
    found.scroll_into_view_if_needed()
    box = found.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, start: Locator, end: Locator) -> None:
    page.mouse.move(*middle(start))
    page.mouse.down()
    page.mouse.move(*middle(end), steps=4)
    page.mouse.up()


def is_open(found: Locator) -> None:
    expect(found).to_have_accessible_name(re.compile(", open(, not saved)?$"))


def is_closed(found: Locator) -> None:
    expect(found).to_have_accessible_name(re.compile(", closed(, not saved)?$"))


def save(page: Page, name: str = "Save this week") -> None:
    page.get_by_role("button", name=name, exact=True).last.click()


def saved(page: Page) -> None:
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(page.get_by_text("Not saved yet", exact=True)).not_to_be_visible()


def windows(instructor: Instructor, monday: date) -> list[Any]:
    return [day.windows for day in weeks.week_at(instructor, monday).days]


def test_hours_are_painted_with_the_mouse_undone_and_saved(visit: Visit, cast: Cast, ana, monday: date):
    schedule.set_date(ana, monday + 6 * DAY, [(555, 1003)], by=cast.ana)
    page = visit(of(monday), user=cast.ana, width=DESK)
    drag(page, cell(page, 0, 7.5), cell(page, 1, 8.5))
    is_open(cell(page, 1, 8))
    drag(page, cell(page, 3, 9), cell(page, 3, 11.5))
    is_closed(cell(page, 3, 10))
    expect(cell(page, 6, 9)).to_have_accessible_name(re.compile("partly open: 9:15 am to 9:30 am$"))
    page.get_by_role("button", name="Undo").click()
    is_open(cell(page, 3, 10))
    page.get_by_role("button", name="Redo").click()
    is_closed(cell(page, 3, 10))
    save(page)
    saved(page)
    assert windows(ana, monday) == [
        [(450, 1020)], [(450, 1020)], USUAL, [(720, 1020)], USUAL, USUAL, [(555, 1003)],
    ]  # fmt: skip
    page.reload()
    is_closed(cell(page, 3, 10))


def test_hours_are_painted_with_a_finger(visit: Visit, cast: Cast, ana, monday: date):
    page = visit(of(monday), user=cast.ana, width=TABLET, touch=True)
    (x1, y1), (x2, y2) = middle(cell(page, 2, 17)), middle(cell(page, 2, 18.5))
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        there = [{"x": x, "y": y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": there})

    touch("touchStart", (x1, y1))
    touch("touchMove", (x1, (y1 + y2) / 2))
    touch("touchMove", (x2, y2))
    touch("touchEnd")
    is_open(cell(page, 2, 18.5))
    save(page)
    saved(page)
    assert windows(ana, monday)[2] == [(540, 1140)]


def test_hours_are_painted_with_keys(visit: Visit, cast: Cast, ana, monday: date):
    page = visit(of(monday), user=cast.ana, width=DESK)
    thursday = f"{monday + 3 * DAY:%A %-d %B}"
    cell(page, 0, 9).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("[aria-selected=true]")).to_have_count(3)
    expect(cell(page, 3, 10)).to_be_focused()
    page.keyboard.press("Space")
    expect(cell(page, 3, 9)).to_have_accessible_name(f"{thursday}, 9:00 am to 9:30 am, closed, not saved")
    expect(page.locator("#live")).to_have_text(f"{thursday}, 9:00 am to 10:30 am, closed")
    page.keyboard.press("Control+z")
    is_open(cell(page, 3, 9))
    page.keyboard.press("Control+Shift+Z")
    is_closed(cell(page, 3, 9))
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    expect(cell(page, 6, 10)).to_be_focused()
    page.keyboard.press("Home")
    expect(cell(page, 0, 10)).to_be_focused()
    save(page)
    saved(page)
    assert windows(ana, monday)[3] == [(630, 1020)]


def test_what_takes_time_is_not_painted_over(visit: Visit, cast: Cast, ana, monday: date):
    lesson = booked(cast.piano, local_time(monday, 10), cast.ben_student)
    page = visit(of(monday), user=cast.ana, width=DESK)
    expect(cell(page, 0, 10)).to_have_accessible_name(
        re.compile("lesson Ben Baker, piano 10:00 am to 11:00 am")
    )
    drag(page, cell(page, 0, 9), cell(page, 0, 16.5))
    save(page)
    saved(page)
    assert windows(ana, monday)[0] == [(600, 660)]
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Saving would change")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("10:00 am, Ben Baker, piano"))).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    cell(page, 0, 10).locator("a").click()
    page.wait_for_url(f"**{reverse('bookings:lesson', args=[lesson.pk])}")


def test_on_a_phone_hours_are_typed_and_times_are_exact(visit: Visit, cast: Cast, ana, monday: date):
    page = visit(of(monday), user=cast.ana, width=PHONE)
    expect(page.get_by_role("grid")).not_to_be_visible()
    tuesday = f"{monday + DAY:%A %-d %B}"
    page.get_by_label(f"{tuesday}, From").first.fill("09:15")
    box = page.get_by_role("group", name=tuesday).get_by_role("button", name="Add hours").bounding_box()
    assert box
    assert box["height"] >= 44
    save(page)
    saved(page)
    assert windows(ana, monday)[1] == [(555, 1020)]


def test_copying_presets_and_applying(visit: Visit, cast: Cast, ana, monday: date):
    schedule.set_date(ana, monday - 7 * DAY, [(555, 600)], by=cast.ana)
    page = visit(of(monday), user=cast.ana, width=DESK)
    page.get_by_role("button", name="Copy last week").click()
    expect(cell(page, 0, 9)).to_have_accessible_name(re.compile("partly open: 9:15 am to 9:30 am"))
    page.get_by_role("button", name="Weekday evenings").click()
    is_open(cell(page, 4, 20.5))
    page.get_by_label("Apply this week to the next").fill("2")
    page.get_by_role("button", name="See what would change").click()
    page.get_by_role("button", name="Save, and apply to 2 weeks").click()
    expect(page.get_by_text("Applied to 2 weeks: 15 days changed.", exact=True)).to_be_visible()
    expected = [[(555, 600), (1020, 1260)], *[[(540, 1260)]] * 4, USUAL, USUAL]
    assert [windows(ana, monday + 7 * n * DAY) for n in range(4)] == [expected] * 3 + [[USUAL] * 7]


def test_a_save_that_is_cut_off_goes_back_and_is_sent_again(visit: Visit, cast: Cast, ana, monday: date):
    page = visit(of(monday), user=cast.ana, width=DESK, cuts=True)
    drag(page, cell(page, 0, 9), cell(page, 0, 11.5))
    is_closed(cell(page, 0, 9))
    page.route("**/office/week/**", lambda route: route.abort())
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("Not saved: we could not be reached.")
    is_open(cell(page, 0, 9))
    page.get_by_role("button", name="Back to what I entered").click()
    is_closed(cell(page, 0, 9))
    save(page)
    expect(page.get_by_role("alert")).to_be_visible()
    is_open(cell(page, 0, 9))
    assert windows(ana, monday)[0] == USUAL
    page.unroute("**/office/week/**")
    page.get_by_role("button", name="Send it again").click()
    saved(page)
    is_closed(cell(page, 0, 9))
    expect(page.get_by_role("alert")).not_to_be_visible()
    assert windows(ana, monday)[0] == [(720, 1020)]


def test_a_save_whose_answer_is_lost_may_be_sent_again(visit: Visit, cast: Cast, ana, monday: date):
    page = visit(of(monday), user=cast.ana, width=DESK, cuts=True)
    drag(page, cell(page, 0, 9), cell(page, 0, 11.5))

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/office/week/**", lose, times=1)
    save(page)
    expect(page.get_by_role("alert")).to_be_visible()
    assert windows(ana, monday)[0] == [(720, 1020)]
    page.get_by_role("button", name="Send it again").click()
    saved(page)
    is_closed(cell(page, 0, 9))


def test_a_refused_time_is_said_at_its_day_and_all_else_stays(visit: Visit, cast: Cast, ana, monday: date):
    page = visit(of(monday), user=cast.ana, width=DESK)
    drag(page, cell(page, 3, 7.5), cell(page, 3, 8.5))
    page.get_by_role("button", name="Exact times").click()
    name = f"{monday:%A %-d %B}"
    page.get_by_label(f"{name}, From").first.fill("18:00")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("The end must be after the start.")
    expect(page.get_by_label(f"{name}, From").first).to_have_value("18:00")
    expect(page.get_by_label(f"{name}, From").first).to_have_attribute("aria-invalid", "true")
    assert windows(ana, monday) == [USUAL] * 7
    page.get_by_label(f"{name}, From").first.fill("08:00")
    save(page)
    saved(page)
    assert windows(ana, monday) == [[(480, 1020)], USUAL, USUAL, [(450, 1020)], USUAL, USUAL, USUAL]


@with_and_without_js
@pytest.mark.parametrize("every", [False, True], ids=["week", "pattern"])
def test_two_devices_are_merged_day_by_day(visit: Visit, cast: Cast, ana, monday, js: bool, every: bool):
    path = reverse("instructors:office_hours") if every else of(monday)
    names = ["Monday", "Tuesday"] if every else [f"{monday + n * DAY:%A %-d %B}" for n in range(2)]
    button = "Save the hours" if every else "Save this week"
    page = visit(path, user=cast.ana, width=PHONE, js=js)
    page.get_by_label(f"{names[0]}, to").first.fill("12:00")
    page.get_by_label(f"{names[1]}, From").first.fill("10:00")
    other = visit(path, user=cast.ana, width=PHONE, js=js)
    other.get_by_label(f"{names[0]}, From").first.fill("15:00")
    save(other, button)
    expect(other.get_by_text(f"{names[0]}: 3:00–5:00 pm.", exact=True)).to_be_visible()
    save(page, button)
    expect(page.get_by_role("heading", name="This was changed elsewhere in the meantime")).to_be_visible()
    days = page.locator(".merge-day")
    expect(days).to_have_count(2)
    expect(days.first.get_by_label("Combine both")).to_be_checked()
    expect(days.last.get_by_label("Keep mine: 10:00 am–5:00 pm")).to_be_checked()
    days.last.get_by_label("Take what is saved: 9:00 am–5:00 pm").check()
    page.get_by_role("button", name="Save it like this").click()
    expect(page.get_by_text(f"{names[0]}: 9:00 am–12:00 pm, 3:00–5:00 pm.", exact=True)).to_be_visible()
    found = list(schedule.week_of(ana).values()) if every else windows(ana, monday)
    assert found == [[(540, 720), (900, 1020)], *[USUAL] * 6]


def test_without_scripts_a_week_is_filled_looked_at_and_saved(visit: Visit, cast: Cast, ana, monday: date):
    page = visit(of(monday), user=cast.ana, width=DESK, js=False)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Weekday mornings").click()
    saturday = f"{monday + 5 * DAY:%A %-d %B}"
    page.get_by_label(f"{saturday}, From").fill("10:15")
    page.get_by_label(f"{saturday}, to").fill("00:00")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Saving would change")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(f"{saturday}.*10:15 am–midnight"))).to_be_visible()
    assert windows(ana, monday) == [USUAL] * 7
    save(page)
    expect(page.get_by_text(f"{saturday}: 10:15 am–midnight.", exact=True)).to_be_visible()
    assert windows(ana, monday) == [*[[(540, 720)]] * 5, [(615, 1440)], []]


@with_and_without_js
def test_switching_the_scope_takes_along_what_was_entered(visit: Visit, cast: Cast, ana, monday, js: bool):
    page = visit(of(monday), user=cast.ana, width=PHONE, js=js)
    page.get_by_label(f"{monday:%A %-d %B}, From").first.fill("07:15")
    page.get_by_role("button", name="Every week").click()
    expect(page.get_by_role("heading", name="Weekly hours")).to_be_visible()
    expect(page.get_by_label("Monday, From").first).to_have_value("07:15")
    expect(page.get_by_text("Not saved yet", exact=True)).to_be_visible()
    assert schedule.week_of(ana)[0] == USUAL
    save(page, "Save the hours")
    expect(page.get_by_text("Monday: 7:15 am–5:00 pm.", exact=True)).to_be_visible()
    assert schedule.week_of(ana)[0] == [(435, 1020)]
