"""An instructor at the week's page: asks why there is no time, and books it for a student all the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from bookings.models import Booking
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from e2e.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("js", [True, False], ids=["with scripts", "without"])
def test_from_the_question_to_the_lesson(visit: Visit, cast: Cast, js: bool):
    booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    page = visit("/teaching/week", user=cast.ana, js=js)
    page.get_by_label("Date, New York time").fill(in_days(3).isoformat())
    page.get_by_label("Time", exact=True).fill("20:00")
    page.get_by_role("button", name="Explain this time").click()
    expect(page.get_by_text("Outside the hours.")).to_be_visible()
    page.get_by_role("link", name="Book it for a student all the same").click()
    page.get_by_label("Student", exact=False).first.select_option("Ben Baker")
    page.get_by_label("Reason").fill("One more before the exam")
    page.get_by_role("button", name="Look at what it means").click()
    expect(page.get_by_role("heading", name="This passes over your own rules")).to_be_visible()
    assert Booking.objects.count() == 1
    page.get_by_role("button", name="Book the lesson").click()
    expect(page.get_by_text("Booked for Ben. You both get a letter.")).to_be_visible()
    assert Booking.objects.get(override_reason="One more before the exam").starts_at == local_time(
        in_days(3), 20
    )
