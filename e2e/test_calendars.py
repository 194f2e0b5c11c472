"""Instructors' own calendars and the address of one's lessons, in a browser, with scripts and without."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from e2e.conftest import DESK, Visit
from instructors.models import CalendarBlock, OutsideCalendar
from instructors.tests.hosts import Host, calendar, event

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

with_and_without_js = pytest.mark.parametrize("js", [True, False], ids=["js", "no-js"])


@with_and_without_js
def test_a_calendar_is_added_fails_and_is_removed(visit: Visit, cast: Cast, host: Host, js: bool):
    noon = local_time(in_days(3), 12)
    booked(cast.piano, noon, cast.ben_student)
    host.body = calendar(event(noon))
    page = visit(reverse("instructors:office_time_off"), user=cast.ana, js=js, width=DESK)
    page.get_by_role("link", name="Your calendars").first.click()
    expect(page.get_by_text("No calendar yet")).to_be_visible()

    page.get_by_label("What you call it").fill("Family")
    page.get_by_label("Its address").fill("http://10.0.0.1/calendar.ics")
    page.get_by_role("button", name="Add the calendar").click()
    expect(page.get_by_role("alert")).to_contain_text("inside a private network")
    expect(page.get_by_label("What you call it")).to_have_value("Family")
    assert not OutsideCalendar.objects.exists()

    page.get_by_label("Its address").fill(host.url)
    page.get_by_role("button", name="Add the calendar").click()
    expect(page.get_by_text("“Family” is added: 1 busy time ahead.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"1 busy time ahead, checked \d+ s ago"))).to_be_visible()
    expect(page.get_by_text("These lessons are booked at times your calendar says are taken")).to_be_visible()
    assert CalendarBlock.objects.filter(kind="external").count() == 1

    host.reply = lambda path, headers: (404, {}, [])
    page.get_by_role("button", name="Check now, Family").click()
    expect(page.get_by_text("There is no calendar at that address any more.")).to_be_visible()
    assert CalendarBlock.objects.filter(kind="external").count() == 1

    page.get_by_role("button", name="Remove, Family").click()
    expect(page.get_by_text("“Family” is removed.")).to_be_visible()
    expect(page.get_by_text("No calendar yet")).to_be_visible()
    assert not CalendarBlock.objects.filter(kind="external").exists()


@with_and_without_js
def test_the_address_of_ones_lessons_is_made_renewed_and_stopped(visit: Visit, cast: Cast, js: bool):
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    page = visit(reverse("accounts:settings"), user=cast.ben, js=js)
    page.get_by_role("link", name="Set up lessons in your calendar").click()
    page.get_by_role("button", name="Make the address").click()
    address = page.locator("#new-address")
    expect(address).to_contain_text(".ics")
    first = address.inner_text()
    assert f"UID:{lesson.pk}@" in page.request.get(first).text()
    page.get_by_role("button", name="Make a new address").click()
    expect(address).not_to_have_text(first)
    assert page.request.get(first).status == 404
    second = address.inner_text()
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_text("That address no longer works.")).to_be_visible()
    expect(page.get_by_text("No address yet.")).to_be_visible()
    assert page.request.get(second).status == 404
