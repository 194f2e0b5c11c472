"""What students have with us: credit, which staff grant on a student's page, and packages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from bookings.admin import money
from bookings.models import Credit, Package, Posting
from bookings.money_forms import AmountField
from bookings.services import credits
from instainstru.lib import presentation
from instainstru.lib.acting import Act, ActingAdmin, ReasonForm
from instainstru.lib.backoffice import Table, person
from instainstru.lib.money import exact
from students.models import Student


class GrantForm(ReasonForm):
    """How much, and why; ``seen`` is the student's newest credit, so that a second press grants nothing."""

    amount = AmountField(label="Amount")
    seen = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ["amount", "reason"]

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if not 0 < amount <= credits.LARGEST:
            raise forms.ValidationError("Credit is an amount above nothing, within reason.")
        return amount


class Grant(Act):
    """On a student's page (``students/admin.py``)."""

    name, label, button = "grant", "Grant credit", "Grant the credit"
    permission = "view"
    permission_beside = "bookings.add_credit"

    def told(self, student: Student) -> list[str]:
        now = exact(credits.available(student), settings.CURRENCY)
        return [
            f"{student.user.full_name or 'The student'} has {now} of credit now.",
            "The credit is paid by us. It covers lessons, not the booking fee, and ends when the rules say.",
        ]

    def form(self, student: Student, *, data: Any) -> GrantForm:
        help_ = "The student reads it."
        return GrantForm(data, initial={"seen": credits.latest(student)}, reason_help=help_)

    def run(self, student: Student, form: GrantForm, *, by: Any) -> str:
        data = form.cleaned_data
        made = credits.grant(student, amount=data["amount"], reason=data["reason"], by=by, seen=data["seen"])
        much, until = exact(made.amount, made.currency), money.moment(made.expires_at)
        return f"{much} of credit is granted, good until {until} UTC."


@admin.register(Credit)
class CreditAdmin(ActingAdmin):
    list_display = ("granted", "student_name", "amount_said", "left_said", "reason", "until")
    list_select_related = ("student__user",)
    search_fields = person("student__user")
    change_form_template = "admin/tables.html"
    fields = ("student_link", "amount_said", "left_said", "reason", "lesson", "granted", "until", "ended")

    def title_of(self, credit: Credit) -> str:
        return f"{self.amount_said(credit)}, {money.name(credit.student.user)}"

    def panels(self, request: HttpRequest, credit: Credit) -> dict[str, Any]:
        uses = credit.uses.select_related("payment").order_by("pk")
        rows = [[money.link("bookings_payment", use.payment_id, money.moment(use.payment.created_at)),
                 exact(use.amount, credit.currency), exact(use.given_back, credit.currency)]
                for use in uses]  # fmt: skip
        head = ["Payment of", "Spent", "Given back"]
        return {"tables": [Table("uses", "Spent on", head, rows, "Not spent yet.", figures=(1, 2))]}

    @admin.display(description="made (UTC)")
    def granted(self, credit: Credit) -> str:
        return money.moment(credit.created_at)

    @admin.display(description="student")
    def student_name(self, credit: Credit) -> str:
        return money.name(credit.student.user)

    @admin.display(description="student")
    def student_link(self, credit: Credit) -> SafeString:
        return money.person("students_student", credit.student_id, credit.student.user)

    @admin.display(description="amount")
    def amount_said(self, credit: Credit) -> str:
        return exact(credit.amount, credit.currency)

    @admin.display(description="left")
    def left_said(self, credit: Credit) -> str:
        return exact(credit.left, credit.currency)

    @admin.display(description="good until (UTC)")
    def until(self, credit: Credit) -> str:
        return money.moment(credit.expires_at)

    @admin.display(description="expired (UTC)")
    def ended(self, credit: Credit) -> str:
        return money.moment(credit.expired_at)

    @admin.display(description="because of the lesson")
    def lesson(self, credit: Credit) -> str | SafeString:
        key = credit.booking_id
        return money.link("bookings_booking", key, str(key)) if key else money.NOTHING


@admin.register(Package)
class PackageAdmin(ActingAdmin):
    list_display = ("bought", "student_name", "what", "lessons", "left", "until")
    list_select_related = ("student__user", "offering__subject", "offering__instructor__user", "payment")
    search_fields = person("student__user")
    change_form_template = "admin/tables.html"
    fields = (
        "student_link",
        "what",
        "lessons",
        "left",
        "price",
        "payment_link",
        "bought",
        "paid",
        "until",
        "ended",
    )

    def title_of(self, package: Package) -> str:
        return f"{self.what(package)}, {money.name(package.student.user)}"

    def panels(self, request: HttpRequest, package: Package) -> dict[str, Any]:
        uses = package.uses.select_related("payment").order_by("pk")
        rows = [[money.link("bookings_payment", use.payment_id, money.moment(use.payment.created_at)),
                 "given back" if use.given_back else "used"] for use in uses]  # fmt: skip
        postings = Posting.objects.filter(payment=package.payment).order_by("pk")
        return {
            "tables": [
                Table("uses", "Lessons taken out of it", ["Payment of", ""], rows, "None yet."),
                money.postings_table(postings.prefetch_related("entries__account")),
            ]
        }

    @admin.display(description="bought (UTC)")
    def bought(self, package: Package) -> str:
        return money.moment(package.created_at)

    @admin.display(description="student")
    def student_name(self, package: Package) -> str:
        return money.name(package.student.user)

    @admin.display(description="student")
    def student_link(self, package: Package) -> SafeString:
        return money.person("students_student", package.student_id, package.student.user)

    @admin.display(description="what")
    def what(self, package: Package) -> str:
        subject, teacher = package.offering.subject.name, money.name(package.offering.instructor.user)
        return f"{subject}, {presentation.minutes(package.duration_min)}, with {teacher}"

    @admin.display(description="price of one, and the fee")
    def price(self, package: Package) -> str:
        currency = package.payment.currency
        return f"{exact(package.price_each, currency)} and {exact(package.fee_each, currency)}"

    @admin.display(description="payment")
    def payment_link(self, package: Package) -> SafeString:
        payment = package.payment
        return money.link("bookings_payment", payment.pk, exact(payment.total, payment.currency))

    @admin.display(description="paid (UTC)")
    def paid(self, package: Package) -> str:
        return money.moment(package.paid_at)

    @admin.display(description="good until (UTC)")
    def until(self, package: Package) -> str:
        return money.moment(package.expires_at)

    @admin.display(description="closed (UTC)")
    def ended(self, package: Package) -> str:
        return money.moment(package.closed_at)
