"""Refunding: what it takes from whom is shown first, and the same press again does nothing more."""

from __future__ import annotations

from typing import Any

from django import forms

from bookings.models import Payment, PaymentStatus
from bookings.money_forms import AmountField
from bookings.services.payments import refunds
from bookings.services.payments.refunds import RefundPlan
from instainstru.lib.acting import Act, ReasonForm
from instainstru.lib.errors import DomainError
from instainstru.lib.money import exact

INSTRUCTOR, PLATFORM = "instructor", "platform"


class RefundForm(ReasonForm):
    """An amount, who bears it, and why. ``plan`` is what it would take, ``agreed`` one that was shown."""

    amount = AmountField(label="Amount")
    bears = forms.ChoiceField(
        label="Who bears it?",
        widget=forms.RadioSelect,
        initial=INSTRUCTOR,
        choices=[
            (INSTRUCTOR, "Each their part: the instructor gives back their share of it"),
            (PLATFORM, "All of it is ours: the instructor keeps what they earned"),
        ],
    )
    field_order = ["amount", "bears", "reason"]

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payment = payment
        self.plan: RefundPlan | None = None
        left = exact(refunds.refundable(payment), payment.currency)
        self.fields["amount"].help_text = f"In {payment.currency}, at most {left}."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not {"amount", "bears"} & set(self.errors):
            try:
                self.plan = refunds.preview(
                    self.payment, amount=data["amount"], instructor_bears=data["bears"] == INSTRUCTOR
                )
            except DomainError as refusal:
                self.add_error("amount" if "amount" in refusal.fields else None, refusal.message)
        return data

    @property
    def signature(self) -> str:
        """The plan and the state of the payment that it was made on."""
        plan = self.plan
        return f"{plan.amount}:{plan.from_instructor}:{self.payment.version}" if plan else ""

    @property
    def is_agreed(self) -> bool:
        return bool(self.plan) and self.data.get("agreed") == self.signature

    @property
    def is_stale(self) -> bool:
        """Whether another plan was agreed to than the one there is now."""
        agreed = self.data.get("agreed", "") if self.is_bound else ""
        return bool(agreed) and agreed.rpartition(":")[2] != str(self.payment.version)

    def shares(self) -> list[tuple[str, str]]:
        """The plan in words."""
        plan, currency = self.plan, self.payment.currency
        if plan is None:
            return []
        lines = {
            f"Back to the student's {self.payment.card or 'card'}": plan.amount,
            "From the instructor": plan.from_instructor,
            "of which they were sent already, and give back": plan.taken_back,
            "From us": plan.from_platform,
            "Could still be refunded afterwards": plan.left,
        }
        return [(text, exact(of, currency)) for text, of in lines.items()]

    def button(self) -> str:
        return f"Refund {exact(self.plan.amount, self.payment.currency)}" if self.plan else ""


class Refund(Act):
    name, label, button = "refund", "Refund", "See what it takes"
    permission = "refund"
    is_grave = True
    template = "admin/bookings/payment/refund.html"

    def is_possible(self, payment: Payment) -> bool:
        is_for_staff = payment.purpose != Payment.Purpose.PACKAGE
        return is_for_staff and payment.status == PaymentStatus.CAPTURED and refunds.refundable(payment) > 0

    def told(self, payment: Payment) -> list[str]:
        if payment.purpose == Payment.Purpose.PACKAGE:
            return ["The rest of a package is given back by the student, lesson by lesson that is left."]
        if not self.is_possible(payment):
            return [f"The payment is {payment.get_status_display().lower()}: there is nothing to refund."]
        charged, left, sent = (
            exact(of, payment.currency)
            for of in (payment.captured, refunds.refundable(payment), payment.transferred)
        )
        return [
            f"{charged} were charged, {left} of it can go back to {payment.card or 'the card'}.",
            f"The instructor was sent {sent}; what they must give back comes out of their account at Stripe.",
            "Stripe keeps its fee for the charge.",
            f"A letter goes to {payment.student.user.email} once it is sent.",
        ]

    def form(self, payment: Payment, *, data: Any) -> RefundForm:
        return RefundForm(data, payment=payment, reason_help="Kept with the refund, for staff.")

    def is_agreed(self, form: RefundForm) -> bool:
        return form.is_agreed

    def run(self, payment: Payment, form: RefundForm, *, by: Any) -> str:
        data = form.cleaned_data
        refunds.execute(
            payment, amount=data["amount"], reason=data["reason"], by=by, seen=payment.version,
            instructor_bears=data["bears"] == INSTRUCTOR,
        )  # fmt: skip
        return f"{exact(data['amount'], payment.currency)} is on its way back; the worker sends it now."
