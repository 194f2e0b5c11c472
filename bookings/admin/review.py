"""Payments that wait for a person: tried again, or set aside with a reason."""

from __future__ import annotations

from typing import Any

from bookings.models import Payment, PaymentStatus
from bookings.services.payments import review
from instainstru.lib.acting import Act, ReasonForm
from instainstru.lib.money import exact


def _why(payment: Payment) -> list[str]:
    return [str(reason.label) for reason in review.reasons(payment)] if payment.needs_staff else []


class TryAgain(Act):
    name, label, button = "try-again", "Try the card again", "Try it now"

    def is_possible(self, payment: Payment) -> bool:
        return payment.status == PaymentStatus.FAILED and payment.card_id is not None

    def told(self, payment: Payment) -> list[str]:
        if not self.is_possible(payment):
            return ["Only a failed payment that has a card can be tried again."]
        total = exact(payment.total, payment.currency)
        return [
            *_why(payment),
            f"{payment.card} is asked for {total} within seconds. The lesson is not given up if it fails.",
            "If it fails, it is tried as often as the rules say and then comes back here.",
        ]

    def form(self, payment: Payment, *, data: Any) -> ReasonForm:
        return ReasonForm(data, reason_help="Kept with the payment, for staff.")

    def run(self, payment: Payment, form: ReasonForm, *, by: Any) -> str:
        review.try_again(payment, reason=form.cleaned_data["reason"], by=by)
        return "The card is tried again now."


class Resolve(Act):
    name, label, button = "resolve", "Take off the queue", "It is dealt with"

    def is_possible(self, payment: Payment) -> bool:
        return payment.needs_staff

    def told(self, payment: Payment) -> list[str]:
        if not payment.needs_staff:
            return ["Nothing waits here: somebody has dealt with it already."]
        said = _why(payment)
        if payment.status == PaymentStatus.FAILED and not payment.intent_id:
            total = exact(payment.total, payment.currency)
            said.append(
                f"The {total} will not be charged any more. Credit and packages spent for it come back."
            )
        else:
            said.append("No money moves because of this. What should move, refund or grant first.")
        return said

    def form(self, payment: Payment, *, data: Any) -> ReasonForm:
        return ReasonForm(data, reason_help="What you found and did. Kept with the payment, for staff.")

    def run(self, payment: Payment, form: ReasonForm, *, by: Any) -> str:
        review.resolve(payment, reason=form.cleaned_data["reason"], by=by)
        return "It is off the queue."
