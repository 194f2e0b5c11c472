"""The back office in a browser: nothing blocked, nothing too wide for a phone, a lesson moved by hand."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from bookings.services import credits
from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, booked, in_days, local_time
from bookings.tests.paying import payment_of
from bookings.tests.test_admin_no_shows import a_disputed_no_show
from e2e.barriers import STANDARDS, check
from e2e.conftest import Visit
from instainstru.lib import clock
from instainstru.rules import services as rules_service

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_pages_fit_and_have_no_barriers(visit: Visit, cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    payment = payment_of(lesson)
    credits.grant(cast.ben_student, amount=12_50, reason="We were late", by=cast.staff)
    report = a_disputed_no_show(cast, hour=15)
    instructor = cast.piano.instructor
    waiting = InstructorFactory(status="submitted", submitted_at=clock.now(), verified_at=None)
    rules = rules_service.current(fresh=True)
    booking = reverse("admin:bookings_booking_change", args=[lesson.pk])
    addresses = (
        reverse("admin:index"), reverse("admin:look_up") + "?q=example",
        reverse("admin:bookings_booking_changelist") + "?q=ben", booking,
        reverse("admin:bookings_booking_move", args=[lesson.pk]),
        reverse("admin:bookings_booking_cancel", args=[lesson.pk]),
        reverse("admin:instructors_instructor_changelist"),
        reverse("admin:instructors_instructor_change", args=[instructor.pk]),
        reverse("admin:instructors_instructor_changelist") + "?queue=waiting",
        reverse("admin:instructors_instructor_change", args=[waiting.pk]),
        reverse("admin:instructors_instructor_send-back", args=[waiting.pk]),
        reverse("admin:bookings_payment_changelist") + "?queue=waiting",
        reverse("admin:bookings_payment_change", args=[payment.pk]),
        reverse("admin:bookings_payment_refund", args=[payment.pk]),
        reverse("admin:bookings_account_changelist"), reverse("admin:bookings_account_trial"),
        reverse("admin:bookings_account_student", args=[cast.ben_student.pk]),
        reverse("admin:students_student_grant", args=[cast.ben_student.pk]),
        reverse("admin:bookings_noshowreport_changelist"),
        reverse("admin:bookings_noshowreport_change", args=[report.pk]),
        reverse("admin:bookings_noshowreport_decide", args=[report.pk]),
        reverse("admin:rules_rules_changelist"), reverse("admin:rules_rules_edit", args=[rules.pk]),
    )  # fmt: skip
    page = visit(addresses[0], user=cast.staff)
    # Best practices are left out: the frame of these pages is Django's.
    assert [problem for one in addresses for problem in check(page, one, standards=STANDARDS)] == []


def test_staff_find_a_lesson_and_move_it_on_a_phone(visit: Visit, cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    page = visit(reverse("admin:index"), user=cast.staff)
    page.get_by_role("searchbox", name="Look up").fill(str(lesson.pk))
    page.get_by_role("searchbox", name="Look up").press("Enter")
    page.get_by_role("link", name="Move this lesson").click()
    page.get_by_label("Reason").fill("The studio flooded")
    day = in_days(4)
    page.get_by_role("button", name=re.compile(f"{day:%a} {day.day} {day:%b}")).click()
    expect(page.get_by_label("Reason")).to_have_value("The studio flooded")
    page.get_by_label("3:00 pm", exact=True).check()
    page.get_by_role("button", name="Move the lesson").click()
    expect(page.get_by_text("The lesson is moved to")).to_be_visible()
    lesson.refresh_from_db()
    assert lesson.starts_at == local_time(day, 15)
