"""Buying lessons ahead in a browser: the bank asks, and a tip of another amount."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import expect

from bookings.models import Package, Party, Payment
from bookings.services import lifecycle
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from bookings.tests.paying import a_card, stripe_here
from e2e.conftest import SMALLEST, Visit
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
__all__ = ["stripe_here"]


@pytest.mark.parametrize("js", [True, False], ids=["js", "no-js"])
def test_five_lessons_are_bought_though_the_bank_asks(
    visit: Visit, cast: Cast, stripe_here: StripeStandIn, js: bool
):
    a_card(cast.ben_student, "authenticationRequired")
    page = visit("/@ana-a", user=cast.ben, js=js, width=SMALLEST)
    page.get_by_role("link", name="Buy 5 lessons at once").click()
    expect(page.get_by_text("Charged now")).to_be_visible()
    page.get_by_role("button", name="Buy for $448.00").click()
    expect(page.get_by_role("heading", name="Your bank wants to hear from you")).to_be_visible()
    assert Package.objects.get().paid_at is None
    page.get_by_role("link", name="Go on to your bank").click()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_text("Your bank has agreed.")).to_be_visible()
    expect(page.get_by_text("5 lessons left")).to_be_visible()
    assert stripe_here.total("captured") == 448_00


def test_a_tip_of_another_amount_has_a_field_of_its_own(visit: Visit, cast: Cast, stripe_here: StripeStandIn):
    a_card(cast.ben_student)
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(lesson.ends_at + timedelta(hours=1)):
        lifecycle.complete(lesson, by=cast.ana, party=Party.INSTRUCTOR)
    page = visit(f"/lessons/{lesson.pk}/tip", user=cast.ben)
    other = page.get_by_label(re.compile("^Another amount \\("))
    expect(other).not_to_be_visible()
    page.get_by_text("Another amount", exact=True).click()
    expect(other).to_be_visible()
    other.fill("7.505")
    page.get_by_role("button", name="Give the tip").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing smaller than a cent")
    page.get_by_label(re.compile("^Another amount \\(")).fill("7.50")
    page.get_by_role("button", name="Give the tip").click()
    expect(page.get_by_text("$7.50 for Ana. Thank you!")).to_be_visible()
    assert [tip.captured for tip in Payment.objects.filter(purpose="tip")] == [7_50]
