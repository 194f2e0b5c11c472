"""Packages and tips are paid at once: what their pages do before and after they ask for the money."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from bookings import paying
from bookings.models import Card, Payment, PaymentStatus
from bookings.services.payments import on_session

TAKEN = (PaymentStatus.AUTHORISED, PaymentStatus.CAPTURING, PaymentStatus.CAPTURED)


def card_context(request: HttpRequest, saved: list[Card]) -> dict[str, Any]:
    """What ``components/card_choice.html`` needs beside the form."""
    return {"has_card": bool(saved), "add_card_url": reverse("bookings:cards")}


def take(request: HttpRequest, payment: Payment) -> Payment:
    """Take what is due of the payment now; the bank's page leads back to ``bookings:payment_back``."""
    back = request.build_absolute_uri(reverse("bookings:payment_back", args=[payment.pk]))
    return on_session.pay_now(payment, return_url=back)


def declined(payment: Payment) -> str:
    """Why it was not taken, in a sentence; empty where it was, or is not known yet."""
    failing = payment.status == PaymentStatus.PLANNED and payment.failing_since is not None
    if payment.status != PaymentStatus.FAILED and not failing:
        return ""
    return paying.declined(payment)


def onward(request: HttpRequest, payment: Payment, *, done: str) -> HttpResponse:
    """Where a payment that was not declined leads: to the bank that asks, or to what was paid."""
    if payment.status == PaymentStatus.ACTION_REQUIRED:
        return redirect("bookings:payment_bank", payment.pk)
    if payment.status in TAKEN:
        messages.success(request, done)
    else:
        messages.info(request, "Your bank is being asked. This page shows what it says in a minute.")
    return redirect(paid_for_url(payment))


def paid_for_url(payment: Payment) -> str:
    """The page of what a payment is for."""
    if payment.purpose == Payment.Purpose.PACKAGE:
        return reverse("bookings:packages")
    if payment.booking_id is None:
        return reverse("bookings:payments")
    return reverse("bookings:lesson", args=[payment.booking_id])
