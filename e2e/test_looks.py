"""Every page as the browser shows it: no barrier that axe finds, nothing wider than the screen."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from bookings.models import Booking, Party
from bookings.services import consent, credits, lifecycle
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, held, in_days, local_time
from bookings.tests.paying import paid_lesson
from bookings.tests.test_pages_prepaid import a_paid_package, saved
from e2e.barriers import check
from e2e.conftest import DESK, Visit
from instainstru.lib import clock
from instructors.models import Instructor, OutsideCalendar
from instructors.services import calendar, profile, schedule

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_pages_for_everybody(visit: Visit, cast: Cast):
    page = visit("/")
    addresses = (
        "/", "/search?q=piano", "/search?q=piano+under+$5", "/search?q=scuba", "/search?near=nowhere",
        f"/@ana-a?day={in_days(3)}", "/@ana-a?month=2020-01", "/nothing-here",
        reverse("account_login"), reverse("account_signup"),
    )  # fmt: skip
    assert [problem for address in addresses for problem in check(page, address)] == []


def test_pages_of_a_student(visit: Visit, cast: Cast):
    start = local_time(in_days(3), 12)
    lesson = booked(cast.piano, start, cast.ben_student)
    gone = booked(cast.piano, local_time(in_days(4), 12), cast.ben_student)
    lifecycle.cancel(gone, by=cast.ben, party=Party.STUDENT, reason="ill")
    hold = held(cast.piano, local_time(in_days(5), 12), cast.ben_student)
    page = visit("/", user=cast.ben, zone="Europe/Lisbon")

    def of(booking: Booking, name: str) -> str:
        return reverse(f"bookings:{name}", args=[booking.pk])

    addresses = (
        "/", reverse("bookings:lessons"), reverse("bookings:lessons") + "?tab=past", of(hold, "confirm"),
        of(lesson, "booked"), of(lesson, "lesson"), of(lesson, "cancel"), of(lesson, "reschedule"),
        of(lesson, "reschedule") + f"?starts_at={(start).strftime('%Y-%m-%dT20:00:00Z')}",
        of(gone, "lesson"), reverse("accounts:settings"), reverse("accounts:calendar"),
    )  # fmt: skip
    assert [problem for address in addresses for problem in check(page, address)] == []


@pytest.mark.usefixtures("payments_on")
def test_pages_of_a_students_money(visit: Visit, cast: Cast):
    package, card = a_paid_package(cast), saved(cast)
    credits.grant(cast.ben_student, amount=30_00, reason="For the muddle", by=cast.staff)
    lesson = paid_lesson(cast.piano, local_time(in_days(3), 12), cast.ben_student, use_credit=True)
    missed, given = (
        paid_lesson(cast.piano, local_time(in_days(4 + n), 12), cast.ben_student, card=card) for n in (0, 1)
    )
    with time_machine.travel(missed.ends_at):
        lifecycle.report_no_show(missed, by=cast.ana, party=Party.INSTRUCTOR)
    with time_machine.travel(given.ends_at):
        lifecycle.complete(given, by=cast.ana, party=Party.INSTRUCTOR)
    page = visit("/", user=cast.ben)
    addresses = (
        *(reverse(f"bookings:{name}") for name in ("payments", "credit", "packages")),
        reverse("bookings:receipt", args=[package.payment_id]),
        reverse("bookings:refund_package", args=[package.pk]),
        f"{reverse('bookings:buy_package')}?offering={cast.piano.pk}",
        reverse("bookings:tip", args=[given.pk]), reverse("bookings:pay", args=[lesson.pk]),
        *(reverse("bookings:lesson", args=[one.pk]) for one in (lesson, missed, given)),
        reverse("bookings:answer_no_show", args=[missed.pk]), reverse("bookings:cancel", args=[lesson.pk]),
    )  # fmt: skip
    assert [problem for address in addresses for problem in check(page, address)] == []


def _outside(instructor: Instructor, lesson: Booking) -> None:
    """A calendar that fails and clashes with the lesson: everything there is to show of one."""
    outside = OutsideCalendar.objects.create(
        instructor=instructor, name="Family", url=f"https://calendar.example/{'long' * 30}.ics",
        error="It did not answer in time.", failures=1, tried_at=clock.now(), checked_at=clock.now(),
        missed_at=clock.now(),
    )  # fmt: skip
    calendar.replace_outside(instructor, outside, [(lesson.starts_at, lesson.ends_at)])


def test_pages_of_an_instructor(visit: Visit, cast: Cast):
    instructor = cast.piano.instructor
    start = local_time(in_days(3), 12)
    lesson = booked(cast.piano, start, cast.ben_student)
    schedule.set_date(instructor, in_days(4), [(600, 660)], by=cast.ana)
    schedule.add_time_off(instructor, start, local_time(in_days(3), 14), by=cast.ana, label="sea")
    _outside(instructor, lesson)
    page = visit("/", user=cast.ana)
    addresses = (
        reverse("accounts:calendar"), reverse("bookings:today"),
        reverse("bookings:week") + f"?date={in_days(3)}",
        reverse("bookings:lesson", args=[lesson.pk]), reverse("bookings:cancel", args=[lesson.pk]),
        *(reverse(f"instructors:{name}") for name in (
            "your_page", "listing", "office_profile", "office_offerings", "office_offering_new",
            "office_hours", "office_week", "office_dates", "office_time_off", "office_calendars",
            "office_limits",
        )),
        reverse("instructors:office_week_of", args=[in_days(3)]),
        reverse("bookings:host"),
        f"{reverse('bookings:why')}?date={in_days(3)}&time=12:30&lesson={cast.piano.pk}:60&modality=",
    )  # fmt: skip
    assert [problem for address in addresses for problem in check(page, address)] == []


def test_pages_on_the_way_to_being_listed(visit: Visit, cast: Cast):
    cy = profile.become_instructor(cast.cy, by=cast.cy)
    ana = cast.piano.instructor
    ana.status, ana.sent_back_reason = ana.Status.DRAFT, "Please say where you studied."
    ana.save()
    page = visit("/", user=cast.cy)
    steps = ("listing", "listing_about", "listing_photo", "listing_lessons", "listing_places",
             "listing_hours")  # fmt: skip
    addresses = [*(reverse(f"instructors:{name}") for name in steps), f"/@{cy.slug}"]
    wrong = [problem for address in addresses for problem in check(page, address)]
    page = visit("/", user=cast.ana)
    addresses = [
        *(reverse(f"instructors:{name}") for name in (*steps, "office_profile", "your_page")),
        reverse("instructors:listing_lessons") + "?add", reverse("bookings:today"), "/@ana-a",
    ]  # fmt: skip
    assert wrong + [problem for address in addresses for problem in check(page, address)] == []


def test_pages_of_a_late_move(visit: Visit, cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(lesson.starts_at - timedelta(hours=5)):
        later = lesson.starts_at + timedelta(hours=3)
        asked = consent.ask(lesson, starts_at=later, by=cast.ben, party=Party.STUDENT, reason="train")
        here = reverse("bookings:lesson", args=[lesson.pk])
        page = visit("/", user=cast.ben)
        wrong = check(page, here)
        page = visit("/", user=cast.ana)
        addresses = (
            here, reverse("bookings:today"), reverse("bookings:reschedule", args=[lesson.pk]),
            reverse("bookings:answer_request", args=[lesson.pk, asked.pk]),
        )  # fmt: skip
        assert wrong + [problem for address in addresses for problem in check(page, address)] == []


def test_twice_the_size_still_fits(visit: Visit, cast: Cast):
    """Zoomed to 200 %, a page has half the width."""
    page = visit("/", width=DESK // 2)
    for address in ("/", "/search?q=piano", "/@ana-a", reverse("account_login")):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
