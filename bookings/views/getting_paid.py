"""Getting paid: to Stripe and back. Each way there is a button, since Stripe's links are good for minutes."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bookings import earned, getting_paid
from bookings.services import connect, earnings
from bookings.services import stripe_gateway as gateway
from bookings.services.connect import Standing
from bookings.views.earnings import office
from instainstru.lib import money
from instainstru.lib.errors import Conflict, DomainError, NotFound
from instainstru.lib.limits import throttled
from instructors.models import Instructor

PAYOUTS = 10
# Browsers let a form lead to Stripe's pages only where the page with the form says so.
STRIPE_PAGES = "https://connect.stripe.com"


@office
@require_GET
def index(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Where one stands, what Stripe still wants, what is held, what went to the bank."""
    account = connect.account_of(instructor)
    sums = earnings.of(instructor)
    context = {
        "section": "getting_paid",
        "here": "getting_paid",
        "is_on": gateway.is_configured(),
        "standing": getting_paid.standing_of(account),
        "owed": money.exact(sums.owed) if sums.owed else "",
        "payouts": [earned.payout(one) for one in connect.payouts_of(account)[:PAYOUTS]] if account else [],
        "start_url": reverse("bookings:getting_paid_start"),
        "dashboard_url": reverse("bookings:getting_paid_dashboard"),
        "earnings_url": reverse("bookings:earnings"),
    }
    response = render(request, "bookings/getting_paid.html", context)
    leads_to = settings.STRIPE_API_BASE or STRIPE_PAGES
    response._csp_update = {"form-action": [leads_to]}  # type: ignore[attr-defined]
    return response


@office
@require_POST
@throttled("write")
def start(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """To Stripe's page, where the instructor says who they are."""
    return _to_stripe(request, instructor)


@office
@require_GET
@throttled("write", safe=True)
def again(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Stripe sends people here whose link was too old or used: to a new one at once."""
    if connect.account_of(instructor) is None:
        return redirect("bookings:getting_paid")
    return _to_stripe(request, instructor)


def _to_stripe(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    if not gateway.is_configured():
        raise Conflict("Payments are not switched on here.", code="payments_off")
    try:
        url = connect.onboarding_url(
            instructor,
            return_url=request.build_absolute_uri(reverse("bookings:getting_paid_back")),
            refresh_url=request.build_absolute_uri(reverse("bookings:getting_paid_again")),
        )
    except DomainError as refusal:
        return _stay(request, refusal)
    return redirect(url)


@office
@require_GET
@throttled("write", safe=True)
def back(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Stripe sends people here when they are done, or have had enough: which of the two, Stripe is asked."""
    if gateway.is_configured():
        try:
            account = connect.refresh(instructor)
        except DomainError:
            messages.warning(request, "Stripe does not answer just now. This page shows what we knew before.")
        else:
            if connect.standing(account) == Standing.READY:
                messages.success(request, "That was all: what you earn is sent to you from now on.")
    return redirect("bookings:getting_paid")


@office
@require_POST
@throttled("write")
def dashboard(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """To the instructor's own pages at Stripe: payouts, bank, documents."""
    account = connect.account_of(instructor)
    if account is None or not gateway.is_configured():
        raise NotFound
    try:
        url = connect.dashboard_url(account)
    except DomainError as refusal:
        return _stay(request, refusal)
    return redirect(url)


def _stay(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    messages.error(request, f"{refusal.message} Nothing is lost; please try again in a moment.")
    return redirect("bookings:getting_paid")
