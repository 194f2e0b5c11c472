"""An instructor with money waiting sets up getting paid at Stripe, and sees it sent."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from bookings.models import Payment
from bookings.services.payments import work
from bookings.tests.cast import Cast
from bookings.tests.factories import in_days, local_time
from bookings.tests.paying import a_card, paid_lesson, payment_of, stripe_here
from e2e.conftest import PHONE, Visit
from e2e.test_looks import check
from instainstru.lib import clock
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
__all__ = ["stripe_here"]
PAGES = (
    "/office/earnings",
    "/office/earnings?show=all",
    "/office/getting-paid",
    "/office/earnings/statements",
)


def test_from_money_that_waits_to_money_that_is_sent(
    visit: Visit, cast: Cast, stripe_here: StripeStandIn
) -> None:
    card = a_card(cast.ben_student)
    lesson = paid_lesson(cast.piano, local_time(in_days(3), 12), cast.ben_student, card=card)
    Payment.objects.filter(booking=lesson).update(ending=Payment.GIVEN, due_at=clock.now())
    work.run(now=clock.now())
    page = visit("/teaching/", user=cast.ana, js=False, width=PHONE)
    expect(page.get_by_text("$68.00 is yours and waits")).to_be_visible()
    page.get_by_role("link", name="Set up getting paid").click()
    page.get_by_role("button", name="Set up getting paid").click()
    expect(page.get_by_role("heading", name="Get paid")).to_be_visible()
    page.get_by_role("button", name="Leave a document out").click()
    expect(page.get_by_text("A photo of an identity document")).to_be_visible()
    page.get_by_role("button", name="Give it to Stripe").click()
    complete = page.get_by_role("button", name="Complete everything")
    expect(complete).to_be_visible()
    # Stripe's links are good once: who comes back to an old one gets a new one.
    page.reload()
    complete.click()
    expect(page.get_by_text("That was all: what you earn is sent to you from now on.")).to_be_visible()
    expect(page.get_by_text("$68.00 is on its way to you.")).to_be_visible()
    work.run(now=clock.now())
    page.goto("/office/earnings")
    expect(page.get_by_text("+$68.00")).to_be_visible()
    expect(page.get_by_text("sent", exact=True)).to_be_visible()
    assert (payment_of(lesson).transferred, stripe_here.total("transferred")) == (68_00, 68_00)
    look = visit("/", user=cast.ana)
    assert [wrong for address in PAGES for wrong in check(look, address)] == []
