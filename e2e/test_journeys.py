"""The journeys people come for, in a real browser, on the real site; each with scripts and without."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import Page, expect

from bookings.models import Booking, Status
from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, booked, in_days, local_time, teaching
from e2e.conftest import DESK, PHONE, Visit
from instructors.services import schedule

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

with_and_without_js = pytest.mark.parametrize("js", [True, False], ids=["js", "no-js"])
BOOK = re.compile(r"^Book for \$")


def time_buttons(page: Page) -> Any:
    return page.locator("main button.time")


def search(page: Page, text: str) -> None:
    """Type it and press Enter."""
    box = page.get_by_role("searchbox").or_(page.get_by_role("combobox", name="What would you like")).first
    box.fill(text)
    box.press("Enter")
    page.wait_for_url("**/search?**")


@with_and_without_js
def test_a_student_books_with_two_presses_after_the_query(visit: Visit, cast: Cast, js: bool):
    page = visit("/", user=cast.ben, js=js)
    search(page, f"piano on {in_days(3):%A} afternoon")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Piano")
    time_buttons(page).first.click()
    expect(page.get_by_role("heading", name="Confirm your lesson")).to_be_visible()
    expect(page.get_by_text("Free to cancel until")).to_be_visible()
    page.get_by_role("button", name=BOOK).click()
    expect(page.get_by_role("heading", name="Booked. See you there.")).to_be_visible()
    lesson = Booking.objects.get()
    assert (lesson.status, lesson.starts_at) == (Status.CONFIRMED, local_time(in_days(3), 12))
    page.get_by_role("link", name="My lessons", exact=True).last.click()
    expect(page.get_by_role("link", name="Piano with Ana Alvarez", exact=True)).to_be_visible()


@with_and_without_js
def test_a_guest_says_who_they_are_and_keeps_the_time(visit: Visit, cast: Cast, js: bool):
    page = visit("/@ana-a", js=js, width=DESK)
    page.locator("a[data-day]").last.click()
    time_buttons(page).first.click()
    expect(page.get_by_label("First name")).to_be_visible()
    held = Booking.objects.get()
    assert held.status == Status.HELD
    page.get_by_label("First name").fill("Dora")
    page.get_by_label("Last name").fill("Dean")
    page.get_by_label("Email").fill("dora@example.com")
    page.get_by_role("button", name="Send me the code").click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    code = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
    assert code
    page.get_by_label("Code").fill("000000" if code.group() != "000000" else "111111")
    page.get_by_role("button", name="Check the code").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code").fill(code.group())
    page.get_by_role("button", name="Check the code").click()
    page.get_by_role("button", name=BOOK).click()
    expect(page.get_by_role("heading", name="Booked. See you there.")).to_be_visible()
    held.refresh_from_db()
    assert (held.status, held.student.user.email) == (Status.CONFIRMED, "dora@example.com")
    assert Booking.objects.count() == 1


@with_and_without_js
def test_who_comes_too_late_is_two_presses_from_another_time(visit: Visit, cast: Cast, js: bool):
    other = teaching(OfferingFactory())
    page = visit(f"/@ana-a?day={in_days(3)}", user=cast.ben, js=js)
    booked(cast.piano, local_time(in_days(3), 12), cast.cy_student)
    page.get_by_role("button", name=re.compile(r"^12:00 pm,")).click()
    expect(page.get_by_role("heading", name="That time was just taken")).to_be_visible()
    expect(page.get_by_text("Others who are free then")).to_be_visible()
    page.locator("section", has_text="Others who are free then").get_by_role("button").first.click()
    page.get_by_role("button", name=BOOK).click()
    expect(page.get_by_role("heading", name="Booked. See you there.")).to_be_visible()
    assert Booking.objects.get(student=cast.ben_student).offering == other


@with_and_without_js
def test_a_hold_that_ran_out_is_taken_again(visit: Visit, cast: Cast, settings: Any, js: bool):
    page = visit(f"/@ana-a?day={in_days(3)}", user=cast.ben, js=js)
    time_buttons(page).first.click()
    expect(page.get_by_role("button", name=BOOK)).to_be_visible()
    settings.APP_CLOCK_OFFSET = 6 * 60
    page.get_by_role("button", name=BOOK).click()
    expect(page.get_by_role("heading", name="The time is no longer held")).to_be_visible()
    page.get_by_role("button", name="Hold it again").click()
    page.get_by_role("button", name=BOOK).click()
    expect(page.get_by_role("heading", name="Booked. See you there.")).to_be_visible()
    states = Booking.objects.order_by("pk").values_list("status", flat=True)
    assert list(states) == [Status.EXPIRED, Status.CONFIRMED]


def test_the_countdown_warns_and_is_prolonged_once(visit: Visit, cast: Cast):
    page = visit(f"/@ana-a?day={in_days(3)}", user=cast.ben)
    time_buttons(page).first.click()
    expect(page.locator("[data-countdown-clock]")).to_have_text(re.compile(r"^4:5\d$"))
    page.get_by_role("button", name="5 more minutes").click()
    expect(page.get_by_role("button", name="5 more minutes")).to_have_count(0)
    assert Booking.objects.get().was_extended


@with_and_without_js
def test_a_lesson_is_moved_and_cancelled_with_its_cost_shown_first(visit: Visit, cast: Cast, js: bool):
    start = local_time(in_days(3), 12)
    lesson = booked(cast.piano, start, cast.ben_student)
    page = visit(reverse("bookings:lessons"), user=cast.ben, js=js)
    page.get_by_role("link", name=re.compile("^Move:")).click()
    expect(page.get_by_text("Moving it is free")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^3:00 pm,")).click()
    expect(page.get_by_role("heading", name="Move it to this time?")).to_be_visible()
    page.get_by_role("button", name="Move the lesson").click()
    expect(page.get_by_text("The lesson is moved.")).to_be_visible()
    lesson.refresh_from_db()
    assert lesson.starts_at == start + timedelta(hours=3)
    page.get_by_role("link", name=re.compile("^Cancel")).click()
    expect(page.get_by_text("You get everything back")).to_be_visible()
    page.get_by_role("button", name="Cancel the lesson").click()
    expect(page.get_by_text("The lesson is cancelled.")).to_be_visible()
    lesson.refresh_from_db()
    assert lesson.status == Status.CANCELLED


def test_a_lesson_is_booked_by_keyboard_alone(visit: Visit, cast: Cast):
    page = visit("/", user=cast.ben, width=DESK)
    page.get_by_role("searchbox").or_(page.get_by_role("combobox", name="What would you like")).first.focus()
    page.keyboard.type("piano")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?**")
    press_until(page, "Tab", lambda label: label.startswith("All times"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/@ana-a?**")
    page.locator("[aria-selected=true] [data-day]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("[data-day-heading]")).to_be_focused()
    press_until(page, "Tab", lambda label: " pm, " in label or " am, " in label)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Confirm your lesson")).to_be_visible()
    press_until(page, "Tab", lambda label: bool(BOOK.match(label)))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Booked. See you there.")).to_be_visible()
    assert Booking.objects.get().status == Status.CONFIRMED


def press_until(page: Page, key: str, reached: Any, most: int = 80) -> None:
    """Press a key until the focus is on what is meant, by its name; nobody should need more."""
    name = "document.activeElement.ariaLabel || document.activeElement.innerText || ''"
    for _ in range(most):
        page.keyboard.press(key)
        if reached(page.evaluate(name).strip()):
            return
    raise AssertionError("The focus never came there.")


def test_filters_change_the_results_in_place_and_the_address_with_them(visit: Visit, cast: Cast):
    teaching(OfferingFactory(price_per_hour=20_000))
    page = visit("/search?q=piano", width=DESK)
    expect(page.locator(".result")).to_have_count(2)
    page.evaluate("window.here = 'still'")
    page.get_by_label("Price up to, dollars an hour").fill("100")
    page.get_by_label("Price up to, dollars an hour").press("Tab")
    expect(page.locator(".result")).to_have_count(1)
    assert page.evaluate("window.here") == "still"
    expect(page).to_have_url(re.compile("price_max=100"))
    expect(page.locator("#live")).to_have_text("1 instructor with times you can book")
    page.get_by_role("link", name="Remove Up to $100 an hour").click()
    expect(page.locator(".result")).to_have_count(2)


def test_filters_work_as_a_plain_form(visit: Visit, cast: Cast):
    teaching(OfferingFactory(price_per_hour=20_000))
    page = visit("/search?q=piano", js=False)
    page.get_by_role("link", name="Filters").click()
    page.get_by_label("Price up to, dollars an hour").fill("100")
    page.get_by_role("button", name="Show results").click()
    expect(page.locator(".result")).to_have_count(1)


def test_the_month_turns_in_place_and_back(visit: Visit, cast: Cast):
    page = visit("/@ana-a")
    page.evaluate("window.here = 'still'")
    month, day = page.locator("#month-label"), page.locator("[data-day-heading]")
    before = month.inner_text()
    page.locator("[data-month-next]").click()
    expect(month).not_to_have_text(before)
    assert page.evaluate("window.here") == "still"
    first = day.inner_text()
    page.locator("a[data-day]").nth(5).click()
    expect(day).not_to_have_text(first)
    expect(day).to_be_focused()
    expect(page).to_have_url(re.compile("day="))
    page.evaluate("history.back()")
    expect(day).to_have_text(first)
    page.evaluate("history.back()")
    expect(month).to_have_text(before)


@with_and_without_js
def test_an_instructor_opens_hours_and_a_student_sees_the_times(visit: Visit, cast: Cast, js: bool):
    instructor = cast.piano.instructor
    schedule.set_week(instructor, {}, by=cast.ana)
    page = visit(reverse("instructors:office_hours"), user=cast.ana, js=js, width=DESK)
    monday = page.get_by_role("group", name="Monday")
    if js:
        page.get_by_role("button", name="Exact times").click()
        monday.get_by_role("button", name="Add hours").click()
    monday.get_by_label("Monday, From").last.fill("09:00")
    monday.get_by_label("Monday, to").last.fill("12:00")
    page.get_by_role("button", name="Save the hours").click()
    expect(page.get_by_text("Monday: 9:00 am–12:00 pm.", exact=True)).to_be_visible()
    assert schedule.week_of(instructor)[0] == [(540, 720)]
    visitor = visit("/search?q=piano", js=js)
    expect(visitor.locator(".result")).to_have_count(1)
    expect(time_buttons(visitor).first).to_have_accessible_name(re.compile("^9:00 am, Monday"))


def test_leaving_changed_hours_asks_first(visit: Visit, cast: Cast):
    page = visit(reverse("instructors:office_hours"), user=cast.ana, width=PHONE)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Monday, From").first.fill("10:00")
    page.get_by_role("link", name="Time off").click()
    page.wait_for_url("**/office/time-off")
    assert asked == ["beforeunload"]
