"""A student's money here: what was paid, credit, and lessons bought ahead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from bookings import bills, purchases
from bookings.services import credits, ledger, packages, receipts
from bookings.services import stripe_gateway as gateway
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, money
from instainstru.lib.http import visitor_zone
from instainstru.lib.paging import CursorPage, page
from students.services.students import student_of


def _frame(tab: str) -> dict[str, Any]:
    """What the pages of this section have in common."""
    url = reverse("bookings:cards") if gateway.is_configured() else ""
    return {"tab": tab, "cards_url": url, "here": "payments"}


def _pager(found: CursorPage) -> dict[str, str]:
    return {"previous_url": found.previous or "", "next_url": found.next or "", "label": ""}


@never_cache
@login_required
@require_GET
def payments(request: HttpRequest) -> HttpResponse:
    """What is and was paid, for what and when: first what is to be charged, then the latest."""
    student, zone = student_of(signed_in(request)), visitor_zone(request)
    found = page(receipts.of(student), request=request, order=["-capture_at", "-id"])
    moved = receipts.movements(found.results)
    context = {
        **_frame("payments"),
        "payments": [purchases.row(one, moved[one.pk], zone=zone) for one in found.results],
        "pager": _pager(found),
    }
    return render(request, "bookings/payments.html", context)


@never_cache
@login_required
@require_GET
def receipt(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """One payment as a page to print."""
    payment = receipts.payment_for(signed_in(request), payment_id)
    zone = visitor_zone(request)
    moved = receipts.movements([payment])[payment.pk]
    context = {
        "receipt": purchases.receipt(payment, moved, zone=zone),
        "business": purchases.business(),
        "lesson_url": reverse("bookings:lesson", args=[payment.booking_id]) if payment.booking_id else "",
        "state": bills.state(payment, payment.booking, zone=zone)
        if payment.booking is not None and payment.purpose == payment.Purpose.LESSON
        else None,
        "back_url": reverse("bookings:payments"),
        "here": "payments",
    }
    return render(request, "bookings/receipt.html", context)


@never_cache
@login_required
@require_GET
def credit(request: HttpRequest) -> HttpResponse:
    """What credit there is, which ends first, and where it came from and went."""
    student, zone = student_of(signed_in(request)), visitor_zone(request)
    whose = ledger.credit_of(student.pk)
    rows = ledger.statement(whose).select_related(
        "account", "posting__event", "posting__booking__offering__subject",
        "posting__booking__instructor__user",
    )  # fmt: skip
    found = page(rows, request=request, order=["-id"])
    context = {
        **_frame("credit"),
        "balance": money.exact(ledger.balance(whose)),
        "credits": [purchases.credit(one, zone=zone) for one in credits.of(student)],
        "entries": purchases.entries(found.results, zone=zone),
        "pager": _pager(found),
    }
    return render(request, "bookings/credit.html", context)


@never_cache
@login_required
@require_GET
def packages_page(request: HttpRequest) -> HttpResponse:
    """Lessons bought ahead: how many are left, and until when."""
    student, zone, now = student_of(signed_in(request)), visitor_zone(request), clock.now()
    found = page(packages.of(student), request=request, order=["-id"])
    context = {
        **_frame("packages"),
        "packages": [purchases.package(one, zone=zone, now=now) for one in found.results],
        "pager": _pager(found),
        "payments_on": gateway.is_configured(),
    }
    return render(request, "bookings/packages.html", context)
