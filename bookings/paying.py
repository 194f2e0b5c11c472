"""How pages ask for a card: the choices, the bill for each, what was chosen, and Stripe's origins.

Card numbers are typed into frames of Stripe's, or on its own page where scripts do not run.
"""

from __future__ import annotations

from typing import Any

from csp.constants import SELF
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from bookings import presentation
from bookings.models import Booking, Card, Package, Payment, PaymentStatus
from bookings.services import packages
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import cards, moments, on_session, plan
from bookings.services.payments.outcomes import may_change_card
from bookings.services.payments.plan import Pay
from bookings.services.pricing import Quote
from instainstru.accounts.models import User
from instainstru.lib import clock, limits, money, when
from instainstru.lib.errors import DomainError, Invalid, NotFound
from instainstru.lib.http import visitor_zone
from instainstru.lib.presentation import unbroken
from students.models import Student

NEW = "new"
CHOOSE = "Choose how to pay."
TYPE_IT = "Enter the card first, or choose one that is saved."
# Stripe's own addresses, where no other is configured.
SCRIPT = "https://js.stripe.com/v3/"
SOURCES = {
    "script-src": [SELF, "https://js.stripe.com", "https://*.js.stripe.com"],
    "frame-src": ["https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"],
    "connect-src": [SELF, "https://api.stripe.com"],
    "form-action": ["https://checkout.stripe.com"],
}


class PayForm(forms.Form):
    """With what somebody pays. Prices are never taken from a form."""

    pay_with = forms.CharField(max_length=30, required=False)
    # A card that Stripe.js has just saved.
    setup_intent = forms.CharField(max_length=80, required=False)
    use_credit = forms.BooleanField(required=False)
    # Whether Stripe.js runs in the page and can ask what the bank wants to know.
    in_page = forms.BooleanField(required=False)


def is_asked(booking: Booking, user: User) -> bool:
    """Whether ``user`` pays for this booking here: the student does, and no organisation for them."""
    return gateway.is_configured() and booking.student.user_id == user.pk


def require_payments() -> None:
    """Where payments are off there is nothing to pay or buy."""
    if not gateway.is_configured():
        raise NotFound


def allow(response: HttpResponse) -> HttpResponse:
    """Let this page load what Stripe serves, and send its form on to Stripe's page; no other page does."""
    base = settings.STRIPE_API_BASE
    own = {"script-src": [SELF, base], "frame-src": [base], "form-action": [base]} if base else SOURCES
    response._csp_update = own  # type: ignore[attr-defined]
    return response


def stripe(*, back: str) -> dict[str, str]:
    """What ``payment.js`` needs; ``back`` is where Stripe sends a browser that it has to take away."""
    base = settings.STRIPE_API_BASE
    return {
        "script": f"{base}/js/stripe.js" if base else SCRIPT,
        "key": settings.STRIPE_PUBLISHABLE_KEY,
        "currency": settings.CURRENCY.lower(),
        "begin_url": reverse("bookings:begin_card"),
        "back": back,
    }


def choices(request: HttpRequest, booking: Booking, form: PayForm, *, chosen: str) -> dict[str, Any]:
    """The part of the confirm page that ``components/pay_with.html`` prints, with a bill for each choice."""
    student, zone = booking.student, visitor_zone(request)
    usable = list(packages.usable(student, booking.offering, duration_min=booking.duration_min))
    options = [_of_package(package, zone) for package in usable] + [
        of_card(card) for card in cards.of(student)
    ]
    ways = [Pay(), Pay(use_credit=True), *(Pay(package=package) for package in usable[:1])]
    by_card, by_credit, *by_package = plan.bills_of(booking, ways)
    bills = {"card": bill(booking, by_card)}
    credit = _credit(request, booking, form, by_credit)
    if credit is not None:
        bills["credit"] = bill(booking, by_credit)
    for quote in by_package:
        bills["package"] = bill(booking, quote)
    check(options, chosen)
    picked = next((one for one in options if one["checked"]), None)
    key = picked["bill"] if picked else "card"
    if key == "card" and credit is not None and credit["checked"]:
        key = "credit"
    for name, one in bills.items():
        one["shown"] = name == key
    return {
        "options": options,
        "is_new": picked is None,
        "credit": credit,
        "bills": bills,
        "bill": bills[key],
        "when": _when(booking, zone),
        "stripe": stripe(back=request.build_absolute_uri(request.path)),
    }


def check(options: list[dict[str, Any]], chosen: str) -> None:
    """Mark one: what was chosen, or the first; without any, a new card is all there is."""
    values = [one["value"] for one in options]
    picked = chosen if chosen in values or chosen == NEW else values[0] if values else NEW
    for one in options:
        one["checked"] = one["value"] == picked


def of_card(card: Card) -> dict[str, Any]:
    return {
        "value": f"card-{card.pk}",
        "title": str(card),
        "detail": f"Expires {card.exp_month:02d}/{card.exp_year % 100:02d}",
        "bill": "card",
    }


def _of_package(package: Package, zone: str) -> dict[str, Any]:
    left = f"{package.left} of {package.lessons} lessons left"
    return {
        "value": f"package-{package.pk}",
        "title": "Your package",
        "detail": f"{left}, good until {when.date(package.expires_at, zone)}",
        "bill": "package",
    }


def _credit(request: HttpRequest, booking: Booking, form: PayForm, quote: Quote) -> dict[str, Any] | None:
    """What credit would pay of the lesson, where there is any."""
    if not quote.credit:
        return None
    ticked = (form.data if form.is_bound else request.GET).get("use_credit")
    return {
        "amount": money.exact(quote.credit, booking.currency),
        "rest": money.exact(quote.total, booking.currency),
        "checked": bool(ticked),
    }


def bill(booking: Booking, quote: Quote) -> dict[str, Any]:
    """A bill in words, and the button that agrees to it."""
    total = money.exact(quote.total, booking.currency)
    return {
        "lines": presentation.bill(quote, booking.currency, lesson=presentation.lesson_line(booking)),
        "total": total,
        "button": f"Book for {total}" if quote.total else "Book with your package",
    }


def _when(booking: Booking, zone: str) -> str:
    """When the card is asked, and when it is charged."""
    rules = booking.rules
    asked = moments.authorisation(booking.starts_at, rules=rules)
    after = _hours(rules.capture_after_h)
    charged = f"It is charged {after} after the lesson." if rules.capture_after_h else ""
    if asked <= clock.now():
        return f"Your card holds the amount now. {charged}".strip()
    text = f"Your card holds the amount from {when.short(asked, zone)}. {charged}".strip()
    return unbroken(text)


def _hours(hours: int) -> str:
    return "a day" if hours == 24 else f"{hours} hours"


def count(request: HttpRequest, form: PayForm) -> None:
    """Count what asks Stripe for something; a card that was just entered was counted when that began."""
    if not form.cleaned_data["setup_intent"]:
        limits.count(request, group="money", caller=f"user {request.user.pk}")


def wants_new(form: PayForm) -> bool:
    """Whether the card has still to be entered, on Stripe's page."""
    data = form.cleaned_data
    return data["pay_with"] == NEW and not data["setup_intent"]


def pay_of(form: PayForm, booking: Booking, *, by: User) -> Pay:
    """How the student pays; a card that was just entered is saved. Not in a transaction.

    Raises ``NotFound`` for cards and packages of others, ``card_not_saved``, ``payments_away``.
    """
    chosen = form.cleaned_data["pay_with"]
    kind, _, number = chosen.partition("-")
    if kind == "package" and number.isdecimal() and len(number) < 19:
        return Pay(package=packages.package_for(by, int(number)))
    return Pay(card=card_of(form, booking.student, by=by), use_credit=form.cleaned_data["use_credit"])


def card_of(form: PayForm, student: Student, *, by: User) -> Card:
    """The card that was chosen or just entered; refuses like ``pay_of``."""
    chosen = form.cleaned_data["pay_with"]
    kind, _, number = chosen.partition("-")
    if chosen == NEW:
        if not form.cleaned_data["setup_intent"]:
            raise Invalid(TYPE_IT, field="pay_with", code="card_required")
        return cards.finish(student, form.cleaned_data["setup_intent"], by=by)
    if kind != "card":
        raise Invalid(CHOOSE, field="pay_with", code="card_required")
    return cards.card_for(by, number)


def to_stripe(request: HttpRequest, student: Student, *, here: str, **kept: str) -> HttpResponse:
    """Send the browser to Stripe's page for saving a card; it comes back to ``here`` with ``kept``."""
    address = request.build_absolute_uri(here)
    query = urlencode({name: value for name, value in kept.items() if value})
    back = f"{address}?{query}&" if query else f"{address}?"
    url = cards.checkout(
        student, success_url=f"{back}session={{CHECKOUT_SESSION_ID}}", cancel_url=back.rstrip("?&")
    )
    return redirect(url)


def welcome_back(request: HttpRequest, student: Student, *, by: User) -> HttpResponse | None:
    """Who comes back from Stripe has saved a card, or is told why not; None for everybody else."""
    session, setup_intent = request.GET.get("session", ""), request.GET.get("setup_intent", "")
    if not session and not setup_intent:
        return None
    query = {"use_credit": request.GET["use_credit"]} if request.GET.get("use_credit") else {}
    try:
        if session:
            card = cards.finish_checkout(student, session[:200], by=by)
        else:
            card = cards.finish(student, setup_intent[:200], by=by)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"{card} is saved.")
        query["pay_with"] = f"card-{card.pk}"
    return redirect(f"{request.path}?{urlencode(query)}" if query else request.path)


def asking(request: HttpRequest, payment: Payment) -> dict[str, Any]:
    """What ``bookings/bank.html`` shows of a payment that waits for somebody."""
    asks = payment.status == PaymentStatus.ACTION_REQUIRED
    with cards.for_people():
        secret = on_session.client_secret(payment) if asks else ""
        url = on_session.redirect_url(payment) if asks else ""
    return {
        "asks": asks,
        "amount": money.exact(payment.total, payment.currency),
        "card": str(payment.card) if payment.card else "",
        "secret": secret,
        "bank_url": url,
        # Who is back without an answer is not asked again unasked.
        "at_once": "back" not in request.GET,
        "stripe": stripe(back=""),
    }


SAID = {
    "insufficient_funds": "There is not enough money on this card.",
    "expired_card": "This card has expired.",
    "incorrect_cvc": "The card's security code is not right.",
    "payment_intent_authentication_failure": "Your bank did not hear from you that it is you.",
    "authentication_required": "Your bank wants to hear from you that it is you.",
}


def declined(payment: Payment) -> str:
    """Why a card was not taken, in words of ours; banks rarely say more."""
    return SAID.get(payment.error_code, "Your bank did not accept this card.")


def trouble(payment: Payment) -> str:
    """Why a lesson that is booked needs its student, if it does."""
    if not may_change_card(payment) or not payment.total:
        return ""
    if payment.card is None:
        return "This lesson has no card yet."
    if payment.status == PaymentStatus.ACTION_REQUIRED:
        return "Your bank wants to hear from you about this lesson."
    if payment.error_code:
        return f"{declined(payment)} Nothing was charged."
    return ""
