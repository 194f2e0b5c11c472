"""Payments: found, looked at step by step, refunded and reviewed; no field of one is ever edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from bookings.admin import money
from bookings.admin.refunds import Refund
from bookings.admin.review import Resolve, TryAgain
from bookings.models import Payment, Posting
from bookings.services.payments.steps import OPEN
from instainstru.events.notify import Recipient
from instainstru.events.trail import Readers, trail
from instainstru.lib import clock, presentation
from instainstru.lib.acting import ActingAdmin
from instainstru.lib.backoffice import Table, person
from instainstru.lib.money import exact

WRITES_TO = {"mail_payer": ("student",)}
LISTED = (
    "purpose", "status", "ending", "late_ending", "total", "captured", "refunded", "to_instructor",
    "transferred", "credit", "package", "currency", "created_at", "due_at", "transfer_at", "failing_since",
    "frozen_at", "frozen_why", "needs_staff", "error", "error_code", "booking_id", "instructor__time_zone",
    *(f"{side}__user__{name}" for side in ("student", "instructor")
      for name in ("first_name", "last_name", "email", "is_guest")),
)  # fmt: skip
QUEUES = {
    "waiting": {"needs_staff": True},
    "frozen": {"frozen_at__isnull": False},
    "unsent": {"transfer_at__isnull": False},
}


class QueueFilter(admin.SimpleListFilter):
    """What waits, for us or for a decision."""

    title = "waiting"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "For us"), ("frozen", "Frozen"), ("unsent", "To be sent to the instructor")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        return queryset.filter(**QUEUES.get(self.value() or "", {}))


@admin.register(Payment)
class PaymentAdmin(ActingAdmin):
    list_display = ("made", "purpose", "status", "amount", "student_name", "instructor_name", "next_or_wait")
    list_filter = (QueueFilter, "status", "purpose")
    search_fields = (*person("student__user"), *person("instructor__user"))
    search_help_text = (
        "A payment's or a booking's whole id, an id of Stripe's (pi_…), or parts of the names or addresses."
    )
    change_form_template = "admin/tables.html"
    acts = (Refund(), TryAgain(), Resolve())
    fieldsets = (
        (None, {"fields": ("standing", "next", "waits", "times")}),
        ("Amounts", {"fields": ("bill", "charged", "shares", "stripes_fees")}),
        ("People", {"fields": ("student_link", "instructor_link", "booking_link", "card")}),
        ("Record", {"fields": ("id", "at_stripe", "created", "version")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        found = super().get_queryset(request).select_related("student__user", "instructor__user")
        return found.only(*LISTED).prefetch_related("disputes", "steps")

    def get_ordering(self, request: HttpRequest) -> Any:
        """What waits for us is served in the order in which it came."""
        return ("pk",) if request.GET.get("queue") == "waiting" else super().get_ordering(request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With everything its page shows."""
        whole = Payment.objects.select_related(
            "student__user", "instructor__user", "booking__offering__subject", "card"
        ).prefetch_related("disputes", "steps", "stripe_fees")
        key = self.model._meta.pk.to_python(object_id) if money.is_uuid(object_id) else None
        return whole.filter(pk=key).first() if key else None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payment], search_term: str
    ) -> tuple[QuerySet[Payment], bool]:
        """Ids find payments by what they belong to: a booking, an intent, a step."""
        word = search_term.replace("\x00", "").strip()
        if word.startswith("pi_"):
            return queryset.filter(intent_id=word), False
        if word.partition("_")[0] in ("ch", "re", "pyr", "tr", "trr"):
            return queryset.filter(steps__stripe_id=word), True
        if money.is_uuid(word) and (of_booking := queryset.filter(booking_id=word)).exists():
            return of_booking, False
        return super().get_search_results(request, queryset, search_term)

    def title_of(self, payment: Payment) -> str:
        sides = f"{money.name(payment.student.user)} to {money.name(payment.instructor.user)}"
        return f"{payment.get_purpose_display()}, {self.amount(payment)}, {sides}"

    def panels(self, request: HttpRequest, payment: Payment) -> dict[str, Any]:
        zone = payment.instructor.time_zone
        student = payment.student.user
        readers = Readers({"student": Recipient(student.full_name, student.email)}, WRITES_TO)
        postings = Posting.objects.filter(payment=payment).order_by("pk")
        tables = [steps_table(payment), money.postings_table(
            postings.prefetch_related("entries__account"), zone=zone)]  # fmt: skip
        if disputes := list(payment.disputes.all()):
            rows = [[money.link("bookings_dispute", each.pk, each.stripe_id), each.status.replace("_", " "),
                     exact(each.amount, payment.currency)] for each in disputes]  # fmt: skip
            tables.insert(0, Table("disputes", "Disputes", ["At Stripe", "State", "Amount"], rows, ""))
        return {
            "tables": tables,
            "trail": trail(payment, zone=zone, readers=readers, details=money.details),
            "trail_zone": presentation.zone(zone),
        }

    @admin.display(description="made")
    def made(self, payment: Payment) -> str:
        there = clock.local(payment.created_at, payment.instructor.time_zone)
        return f"{there:%-d\u00a0%b\u00a0%Y}"

    @admin.display(description="amount")
    def amount(self, payment: Payment) -> str:
        text = exact(payment.total, payment.currency)
        return f"{text}, {self.given_back(payment)} of it refunded" if payment.refunded else text

    def given_back(self, payment: Payment) -> str:
        return exact(payment.refunded, payment.currency)

    @admin.display(description="student")
    def student_name(self, payment: Payment) -> str:
        return money.name(payment.student.user)

    @admin.display(description="instructor")
    def instructor_name(self, payment: Payment) -> str:
        return money.name(payment.instructor.user)

    @admin.display(description="next (instructor's time)")
    def next(self, payment: Payment) -> str:
        return money.next_step(payment)

    @admin.display(description="waits for us because")
    def waits(self, payment: Payment) -> str:
        return money.waits_because(payment)

    @admin.display(description="next, or why it waits")
    def next_or_wait(self, payment: Payment) -> str:
        return self.waits(payment) if payment.needs_staff else self.next(payment)

    @admin.display(description="status")
    def standing(self, payment: Payment) -> str:
        text = payment.get_status_display()
        if payment.frozen_at is not None:
            text += f"; frozen since {money.moment(payment.frozen_at, payment.instructor.time_zone)}"
        return f"{text}: “{payment.error}”" if payment.error else text

    @admin.display(description="timeline")
    def times(self, payment: Payment) -> str:
        zone = payment.instructor.time_zone
        known = {
            "Authorised from": payment.authorise_at,
            "charged from": payment.capture_at,
            "last warning": payment.warn_at,
            "given up": payment.give_up_at,
        }
        return ", ".join(f"{what} {money.moment(at, zone)}" for what, at in known.items() if at is not None)

    @admin.display(description="bill")
    def bill(self, payment: Payment) -> str:
        lines = {
            "lesson": payment.lesson, "fee": payment.fee, "tip": payment.tip, "less credit": payment.credit,
            "less package": payment.package,
        }  # fmt: skip
        said = [f"{what} {exact(of, payment.currency)}" for what, of in lines.items() if of]
        total = exact(payment.total, payment.currency)
        return f"{', '.join(said)}: {total} on the card".capitalize()

    @admin.display(description="charged")
    def charged(self, payment: Payment) -> str:
        if payment.captured_at is None:
            return "Nothing yet"
        at = money.moment(payment.captured_at, payment.instructor.time_zone)
        text = f"{exact(payment.captured, payment.currency)}, {at}"
        return f"{text}; {self.given_back(payment)} of it refunded" if payment.refunded else text

    @admin.display(description="instructor's share")
    def shares(self, payment: Payment) -> str:
        theirs, sent = (exact(of, payment.currency) for of in (payment.to_instructor, payment.transferred))
        commission = exact(payment.commission, payment.currency)
        return f"{theirs}, of which {sent} were sent; commission if the lesson is given: {commission}"

    @admin.display(description="Stripe's fees")
    def stripes_fees(self, payment: Payment) -> str:
        said = [f"{exact(fee.amount, payment.currency)} for the {fee.what}"
                for fee in payment.stripe_fees.all()]  # fmt: skip
        return ", ".join(said) or money.NOTHING

    @admin.display(description="student")
    def student_link(self, payment: Payment) -> SafeString:
        return money.person("students_student", payment.student_id, payment.student.user)

    @admin.display(description="instructor")
    def instructor_link(self, payment: Payment) -> SafeString:
        return money.person("instructors_instructor", payment.instructor_id, payment.instructor.user)

    @admin.display(description="lesson")
    def booking_link(self, payment: Payment) -> str | SafeString:
        booking = payment.booking
        if booking is None:
            return money.NOTHING
        at = money.moment(booking.starts_at, booking.time_zone)
        text = f"{booking.offering.subject.name}, {at} ({booking.get_status_display().lower()})"
        return money.link("bookings_booking", booking.pk, text)

    @admin.display(description="at Stripe")
    def at_stripe(self, payment: Payment) -> str | SafeString:
        return money.at_stripe(payment.intent_id)

    @admin.display(description="made")
    def created(self, payment: Payment) -> str:
        return money.moment(payment.created_at, payment.instructor.time_zone)


def steps_table(payment: Payment) -> Table:
    """Every call to Stripe that was made for a payment, and how it went."""
    zone = payment.instructor.time_zone
    rows = []
    for step in payment.steps.all():
        state = step.get_state_display()
        if step.state in OPEN and step.calls:
            state = f"{state}, after {presentation.count(step.calls, 'call')}"
        error = f"{step.error_code}: {step.error}".strip(": ") if step.error_code else ""
        rows.append([
            money.moment(step.started_at, zone), f"{step.get_name_display()} {step.number}",
            exact(step.amount, payment.currency), f"{state}. {error}".strip(),
            money.moment(step.settled_at, zone), money.at_stripe(step.stripe_id),
        ])  # fmt: skip
    head = ["Begun", "Step", "Amount", "State", "Settled", "At Stripe"]
    return Table("steps", "Steps at Stripe", head, rows, "Stripe was not asked for anything.", figures=(2,))
