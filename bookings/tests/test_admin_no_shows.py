"""Staff decide no-shows that both sides tell differently."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from bookings.models import NoShowReport, Party, ReportStatus, Status
from bookings.services import history, lifecycle, no_shows
from bookings.services.payments import plan
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from bookings.tests.paying import payment_of
from bookings.tests.test_admin_money import text
from instainstru.events.kinds import Kind

pytestmark = pytest.mark.django_db
LIST = reverse("admin:bookings_noshowreport_changelist")


def reported(cast: Cast, *, hour: int = 12) -> NoShowReport:
    """Ana says that Ben did not come."""
    lesson = booked(cast.piano, local_time(in_days(3), hour), cast.ben_student)
    with time_machine.travel(lesson.starts_at + timedelta(minutes=30)):
        lifecycle.report_no_show(lesson, by=cast.ana, party=Party.INSTRUCTOR)
    return NoShowReport.objects.select_related("booking").get(booking=lesson)


def a_disputed_no_show(cast: Cast, *, hour: int = 12) -> NoShowReport:
    report = reported(cast, hour=hour)
    with time_machine.travel(report.booking.starts_at + timedelta(hours=1)):
        return no_shows.dispute(report, by=cast.ben, party=Party.STUDENT, text="I waited at the door")


def url(report: NoShowReport, act: str = "decide") -> str:
    return reverse(f"admin:bookings_noshowreport_{act}", args=[report.pk])


@pytest.mark.usefixtures("payments_on")
@pytest.mark.parametrize(
    ("ending", "said"), [("given", "the instructor is paid"), ("not_by_student", "everything goes back")]
)
def test_a_disputed_report_is_read_decided_and_done(office: Client, cast: Cast, ending: str, said: str):
    report = a_disputed_no_show(cast)
    page = text(office.get(url(report)))
    assert "“I waited at the door”" in page
    assert "$68.00 to the instructor" in page
    assert "$89.60 back to the student" in page
    done = office.post(url(report), {"ending": ending, "reason": "The studio's camera"}, follow=True)
    assert "It is decided." in text(done)
    assert said in text(done)
    report.refresh_from_db()
    assert (report.status, report.ending, report.closed_by) == (ReportStatus.DECIDED, ending, cast.staff)
    assert report.booking.status == Status.NO_SHOW
    payment = payment_of(report.booking)
    assert payment.frozen_at is None
    event = history.events_of(report.booking).get(kind=Kind.BOOKING_NO_SHOW_SETTLED)
    assert (event.by_id, event.data["reason"], event.data["ending"]) == (
        cast.staff.pk, "The studio's camera", ending,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"ending": "given", "reason": " "}, "reason"), ({"ending": "half", "reason": "x"}, "ending"),
        ({"reason": "x"}, "ending"), ({"ending": "given", "reason": "x" * 301}, "reason"),
    ],
)  # fmt: skip
def test_a_decision_needs_an_ending_and_a_reason(office: Client, cast: Cast, data: Any, field: str):
    report = a_disputed_no_show(cast)
    answer = office.post(url(report), data)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    report.refresh_from_db()
    assert report.status == ReportStatus.DISPUTED


def test_what_nobody_disputes_or_was_decided_has_no_button_and_is_refused(office: Client, cast: Cast):
    report = reported(cast)
    assert office.get(url(report, "change")).context["acts"] == []
    answer = office.post(url(report), {"ending": "given", "reason": "x"})
    assert answer.status_code == 422
    assert "There is nothing to decide. Waiting for an answer." in text(answer)
    report.refresh_from_db()
    assert report.status == ReportStatus.OPEN


def test_two_who_decide_at_once_decide_once(office: Client, cast: Cast):
    report = a_disputed_no_show(cast)
    office.post(url(report), {"ending": "given", "reason": "first"})
    assert office.post(url(report), {"ending": "not_by_student", "reason": "second"}).status_code == 422
    report.refresh_from_db()
    assert (report.ending, report.reason) == ("given", "first")


def test_the_queue_holds_what_waits_for_us_the_oldest_first(
    office: Client, cast: Cast, django_assert_num_queries: Any
):
    reported(cast, hour=9)
    first = a_disputed_no_show(cast, hour=11)
    with django_assert_num_queries(3):  # who, a bounded count, the rows
        assert list(office.get(LIST, {"queue": "decide"}).context["cl"].result_list) == [first]
    others = [a_disputed_no_show(cast, hour=hour) for hour in (13, 15)]
    with django_assert_num_queries(3):
        found = office.get(LIST, {"queue": "decide"}).context["cl"].result_list
        assert [one.pk for one in found] == sorted(one.pk for one in (first, *others))
    queues = {one["label"]: one["count"] for one in office.get(reverse("admin:index")).context["queues"]}
    assert queues["No-shows to decide"] == "3"


def test_who_may_only_look_has_no_button_and_gets_403(client: Client, cast: Cast):
    report = a_disputed_no_show(cast)
    cast.staff.is_superuser = False
    cast.staff.save()
    cast.staff.user_permissions.set([Permission.objects.get(codename="view_noshowreport")])
    client.force_login(cast.staff)
    assert client.get(url(report, "change")).context["acts"] == []
    assert client.post(url(report), {"ending": "given", "reason": "x"}).status_code == 403
    for user in (cast.ana, cast.ben, cast.cy):
        client.force_login(user)
        assert client.post(url(report), {"ending": "given", "reason": "x"}).status_code in (302, 403)
    report.refresh_from_db()
    assert report.status == ReportStatus.DISPUTED
    assert plan.payment_of(report.booking) is not None
