"""Disputes: until when the bank listens, what we tell it, and what it took."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from bookings.admin import money
from bookings.models import Booking, Dispute, Posting
from bookings.services.payments import disputes
from instainstru.events.kinds import Kind
from instainstru.lib import clock, presentation
from instainstru.lib.acting import Act, ActingAdmin
from instainstru.lib.backoffice import person
from instainstru.lib.errors import Conflict
from instainstru.lib.money import exact

STATES = {
    "needs_response": "Waits for our evidence",
    "under_review": "The bank has our evidence",
    "won": "Won: the amount came back",
    "lost": "Lost: the amount is gone",
    "warning_needs_response": "An inquiry, before a dispute: waits for our evidence",
    "warning_under_review": "An inquiry: the bank has our evidence",
    "warning_closed": "An inquiry that ended without a dispute",
    "prevented": "Prevented",
}
MOVED = (Kind.DISPUTE_OPENED, Kind.DISPUTE_CLOSED, Kind.STRIPE_FEE)


class QueueFilter(admin.SimpleListFilter):
    """Those that the bank waits for our word on."""

    title = "waiting for us"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("answer", "To answer"), ("open", "Not decided")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        if self.value() == "answer":
            return disputes.to_answer(queryset)
        return queryset.filter(closed_at__isnull=True) if self.value() == "open" else queryset


class EvidenceForm(forms.Form):
    evidence = forms.CharField(
        max_length=disputes.LONGEST,
        widget=forms.Textarea(attrs={"rows": 14}),
        label="What the bank should know",
        help_text="Facts and dates, in the bank's language. It is sent once and cannot be changed.",
    )


class Answer(Act):
    name, label, button = "answer", "Send evidence", "Send it to the bank"

    def is_possible(self, dispute: Dispute) -> bool:
        try:
            disputes.refuse_late(dispute, now=clock.now())
        except Conflict:
            return False
        return True

    def told(self, dispute: Dispute) -> list[str]:
        try:
            disputes.refuse_late(dispute, now=clock.now())
        except Conflict as refusal:
            return [refusal.message]
        sum_ = exact(dispute.amount, dispute.payment.currency)
        return [
            f"The cardholder disputes {sum_} (“{dispute.reason.replace('_', ' ')}”).",
            f"The bank listens until {money.moment(dispute.answer_by)} UTC and reads one answer.",
            "Until it has decided, the payment stays frozen: nothing is sent on to the instructor.",
        ]

    def form(self, dispute: Dispute, *, data: Any) -> EvidenceForm:
        return EvidenceForm(data, initial={"evidence": dispute.evidence or _draft(dispute)})

    def run(self, dispute: Dispute, form: EvidenceForm, *, by: Any) -> str:
        disputes.answer(dispute, text=form.cleaned_data["evidence"], by=by)
        return "The bank has our evidence."


def _draft(dispute: Dispute) -> str:
    """What our books know of the lesson, to begin with."""
    booking = dispute.payment.booking
    if booking is None:
        return ""
    return "\n".join([
        f"A private lesson in {booking.offering.subject.name}, {booking.get_modality_display().lower()}.",
        f"Booked by the cardholder's account on {money.moment(booking.confirmed_at)} UTC, for "
        f"{money.moment(booking.starts_at)} UTC.",
        f"State of the lesson: {booking.get_status_display().lower()}.",
        "Price, fee and the terms of cancelling were shown before booking and sent by mail.",
    ])  # fmt: skip


@admin.register(Dispute)
class DisputeAdmin(ActingAdmin):
    list_display = ("opened", "sum", "state", "deadline", "reason_said", "student_name", "instructor_name")
    list_filter = (QueueFilter,)
    list_select_related = ("payment__student__user", "payment__instructor__user")
    search_fields = (*person("payment__student__user"), *person("payment__instructor__user"))
    search_help_text = "Stripe's id of it, or parts of the names or addresses of either side."
    change_form_template = "admin/tables.html"
    acts = (Answer(),)
    fieldsets = (
        (None, {"fields": ("state", "sum", "taken", "reason_said", "deadline", "frozen")}),
        ("What it is about", {"fields": ("payment_link", "lesson", "student_link", "instructor_link")}),
        ("Our evidence", {"fields": ("answered", "evidence")}),
        ("Record", {"fields": ("at_stripe", "opened", "closed")}),
    )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With everything its page shows."""
        whole = Dispute.objects.select_related(
            "payment__student__user", "payment__instructor__user", "payment__booking__offering__subject"
        )
        return whole.filter(pk=object_id).first() if object_id.isdecimal() else None

    def get_ordering(self, request: HttpRequest) -> Any:
        """The nearest deadline first, of those that have one."""
        is_queue = request.GET.get("queue") in ("answer", "open")
        return ("answer_by", "pk") if is_queue else super().get_ordering(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Dispute], search_term: str
    ) -> tuple[QuerySet[Dispute], bool]:
        word = search_term.replace("\x00", "").strip()
        if word.startswith(("du_", "dp_")):
            return queryset.filter(stripe_id=word), False
        return super().get_search_results(request, queryset, search_term)

    def title_of(self, dispute: Dispute) -> str:
        return f"{self.sum(dispute)}, {money.name(dispute.payment.student.user)}"

    def panels(self, request: HttpRequest, dispute: Dispute) -> dict[str, Any]:
        moved = Posting.objects.filter(payment=dispute.payment, kind__in=MOVED).order_by("pk")
        title = "What moved because of disputes, and Stripe's fees"
        return {"tables": [money.postings_table(moved.prefetch_related("entries__account"), title=title)]}

    @admin.display(description="opened (UTC)")
    def opened(self, dispute: Dispute) -> str:
        return money.moment(dispute.opened_at)

    @admin.display(description="decided (UTC)")
    def closed(self, dispute: Dispute) -> str:
        return money.moment(dispute.closed_at)

    @admin.display(description="amount")
    def sum(self, dispute: Dispute) -> str:
        return exact(dispute.amount, dispute.payment.currency)

    @admin.display(description="taken by the bank")
    def taken(self, dispute: Dispute) -> str:
        return exact(dispute.withdrawn, dispute.payment.currency)

    @admin.display(description="state")
    def state(self, dispute: Dispute) -> str:
        if dispute.evidence and dispute.answered_at is None and dispute.closed_at is None:
            return "Evidence is written, and Stripe has not said yet that it has it: send it again"
        return STATES.get(dispute.status, dispute.status.replace("_", " "))

    @admin.display(description="answer by (UTC)")
    def deadline(self, dispute: Dispute) -> str:
        if dispute.answer_by is None or dispute.closed_at is not None:
            return money.NOTHING
        left = dispute.answer_by - clock.now()
        if left.total_seconds() <= 0:
            return f"{money.moment(dispute.answer_by)}: over"
        there = presentation.count(left.days, "day") if left.days else f"{left.seconds // 3600} h"
        return f"{money.moment(dispute.answer_by)}: {there} left"

    @admin.display(description="reason given")
    def reason_said(self, dispute: Dispute) -> str:
        return dispute.reason.replace("_", " ").capitalize() or money.NOTHING

    @admin.display(description="student")
    def student_name(self, dispute: Dispute) -> str:
        return money.name(dispute.payment.student.user)

    @admin.display(description="instructor")
    def instructor_name(self, dispute: Dispute) -> str:
        return money.name(dispute.payment.instructor.user)

    @admin.display(description="student")
    def student_link(self, dispute: Dispute) -> SafeString:
        return money.person("students_student", dispute.payment.student_id, dispute.payment.student.user)

    @admin.display(description="instructor")
    def instructor_link(self, dispute: Dispute) -> SafeString:
        payment = dispute.payment
        return money.person("instructors_instructor", payment.instructor_id, payment.instructor.user)

    @admin.display(description="payment")
    def payment_link(self, dispute: Dispute) -> SafeString:
        payment = dispute.payment
        text = f"{payment.get_purpose_display()}, {exact(payment.captured, payment.currency)} charged"
        return money.link("bookings_payment", payment.pk, text)

    @admin.display(description="lesson")
    def lesson(self, dispute: Dispute) -> str | SafeString:
        booking: Booking | None = dispute.payment.booking
        if booking is None:
            return money.NOTHING
        at = money.moment(booking.starts_at, booking.time_zone)
        return money.link("bookings_booking", booking.pk, f"{booking.offering.subject.name}, {at}")

    @admin.display(description="frozen")
    def frozen(self, dispute: Dispute) -> str:
        payment = dispute.payment
        if payment.frozen_at is None:
            return "Nothing is frozen any more"
        unsent = exact(max(0, payment.to_instructor - payment.transferred), payment.currency)
        sent = exact(payment.transferred, payment.currency)
        since = money.moment(payment.frozen_at)
        return f"Since {since} UTC. {unsent} is not sent to the instructor; {sent} had been sent before"

    @admin.display(description="sent (UTC)")
    def answered(self, dispute: Dispute) -> str:
        return money.moment(dispute.answered_at)

    @admin.display(description="at Stripe")
    def at_stripe(self, dispute: Dispute) -> str | SafeString:
        return money.at_stripe(dispute.stripe_id)
