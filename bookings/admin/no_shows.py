"""Reported no-shows, and deciding those that both sides tell differently."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from bookings.admin import money, words
from bookings.models import NoShowReport, Party, Payment, ReportStatus
from bookings.services import no_shows
from bookings.services.policies import Tier
from instainstru.events.kinds import Kind
from instainstru.lib.acting import Act, ActingAdmin, ReasonForm
from instainstru.lib.backoffice import person

ENDINGS = {
    Payment.GIVEN: "The lesson counts as given: the instructor is paid",
    Tier.NOT_BY_STUDENT.value: "It does not: everything goes back to the student",
}


class DecisionForm(ReasonForm):
    """What becomes of the lesson's money, and why."""

    ending = forms.ChoiceField(choices=list(ENDINGS.items()), widget=forms.RadioSelect, label="Decision")
    field_order = ["ending", "reason"]


class Decide(Act):
    name, label, button = "decide", "Decide it", "Decide it so"
    is_grave = True

    def is_possible(self, report: NoShowReport) -> bool:
        return report.status == ReportStatus.DISPUTED

    def told(self, report: NoShowReport) -> list[str]:
        if not self.is_possible(report):
            return [f"There is nothing to decide. {report.get_status_display()}."]
        booking = report.booking
        return [
            f"{_said_absent(report)} says: “{report.answer}”",
            f"As given: {words.shares(booking, None)}.",
            f"Not given: {words.shares(booking, Tier.NOT_BY_STUDENT)}.",
            "The money goes its way at once.",
            words.told_to(Kind.BOOKING_NO_SHOW_SETTLED, booking),
        ]

    def form(self, report: NoShowReport, *, data: Any) -> DecisionForm:
        return DecisionForm(data, reason_help="Both sides read it.")

    def run(self, report: NoShowReport, form: ReasonForm, *, by: Any) -> str:
        data = form.cleaned_data
        no_shows.decide(report, ending=data["ending"], reason=data["reason"], by=by)
        return "It is decided."


class QueueFilter(admin.SimpleListFilter):
    """What waits, for us or for an answer."""

    title = "waiting"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("decide", "For us to decide"), ("open", "For an answer")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[NoShowReport]) -> QuerySet[NoShowReport]:
        if self.value() == "decide":
            return no_shows.to_decide(queryset)
        return queryset.filter(status=ReportStatus.OPEN) if self.value() == "open" else queryset


@admin.register(NoShowReport)
class NoShowReportAdmin(ActingAdmin):
    list_display = ("reported", "absent", "status", "student_name", "instructor_name", "deadline")
    list_filter = (QueueFilter, "status")
    list_select_related = ("booking__student__user", "booking__instructor__user")
    search_fields = (*person("booking__student__user"), *person("booking__instructor__user"))
    change_form_template = "admin/tables.html"
    acts = (Decide(),)
    fieldsets = (
        (None, {"fields": ("status", "absent", "answer", "decision")}),
        ("What it is about", {"fields": ("lesson", "student_link", "instructor_link")}),
        ("Record", {"fields": ("reported", "deadline", "answered", "closed")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoShowReport]:
        found = super().get_queryset(request)
        return found.select_related(*no_shows.WITH_BOOKING, "booking__rules", "closed_by")

    def get_ordering(self, request: HttpRequest) -> Any:
        """The queue is served in the order of arrival."""
        return ("pk",) if request.GET.get("queue") else super().get_ordering(request)

    def title_of(self, report: NoShowReport) -> str:
        student, instructor = report.booking.student.user, report.booking.instructor.user
        return f"{money.name(student)} with {money.name(instructor)}"

    @admin.display(description="reported (UTC)")
    def reported(self, report: NoShowReport) -> str:
        return money.moment(report.created_at)

    @admin.display(description="said not to have come")
    def absent(self, report: NoShowReport) -> str:
        return _said_absent(report)

    @admin.display(description="answer by (UTC)")
    def deadline(self, report: NoShowReport) -> str:
        return money.moment(report.answer_by)

    @admin.display(description="answered (UTC)")
    def answered(self, report: NoShowReport) -> str:
        return money.moment(report.answered_at)

    @admin.display(description="closed (UTC)")
    def closed(self, report: NoShowReport) -> str:
        by = f" by {money.name(report.closed_by)}" if report.closed_by else ""
        return f"{money.moment(report.closed_at)}{by}"

    @admin.display(description="what became of it")
    def decision(self, report: NoShowReport) -> str:
        if not report.ending:
            return money.NOTHING
        return f"{ENDINGS[report.ending]}. {report.reason}".strip()

    @admin.display(description="lesson")
    def lesson(self, report: NoShowReport) -> SafeString:
        booking = report.booking
        at = money.moment(booking.starts_at, booking.time_zone)
        return money.link("bookings_booking", booking.pk, f"{booking.offering.subject.name}, {at}")

    @admin.display(description="student")
    def student_name(self, report: NoShowReport) -> str:
        return money.name(report.booking.student.user)

    @admin.display(description="instructor")
    def instructor_name(self, report: NoShowReport) -> str:
        return money.name(report.booking.instructor.user)

    @admin.display(description="student")
    def student_link(self, report: NoShowReport) -> SafeString:
        student = report.booking.student
        return money.person("students_student", student.pk, student.user)

    @admin.display(description="instructor")
    def instructor_link(self, report: NoShowReport) -> SafeString:
        instructor = report.booking.instructor
        return money.person("instructors_instructor", instructor.pk, instructor.user)


def _said_absent(report: NoShowReport) -> str:
    booking = report.booking
    who = booking.student.user if booking.absent == Party.STUDENT else booking.instructor.user
    return f"{money.name(who)} ({Party(booking.absent).label.lower()})"
