"""Payment methods of the account, and another card for a lesson that is booked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bookings import paying, presentation, terms
from bookings.models import Booking, Party, Payment, PaymentStatus, Status
from bookings.paying import PayForm
from bookings.services import access, checkout
from bookings.services.payments import cards as saved
from bookings.services.payments import on_session, plan
from bookings.services.payments.outcomes import BEFORE_MONEY, may_change_card
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, money, when
from instainstru.lib.errors import DomainError, NotFound
from instainstru.lib.http import posted, visitor_zone
from instainstru.lib.limits import throttled
from instainstru.lib.presentation import unbroken
from students.models import Student
from students.services.students import student_of


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def cards(request: HttpRequest) -> HttpResponse:
    """The saved cards; with POST one more, entered here (Stripe.js) or on Stripe's page."""
    paying.require_payments()
    user = signed_in(request)
    student = student_of(user)
    here = reverse("bookings:cards")
    if (back := paying.welcome_back(request, student, by=user)) is not None:
        return back
    form = PayForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            paying.count(request, form)
            if not form.cleaned_data["setup_intent"]:
                return paying.to_stripe(request, student, here=here)
            card = saved.finish(student, form.cleaned_data["setup_intent"], by=user)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"{card} is saved.")
            return redirect(here)
    context = {
        "cards": _rows(student, zone=visitor_zone(request)),
        "pay_form": form,
        "stripe": paying.stripe(back=request.build_absolute_uri(here)),
        "settings_url": reverse("accounts:settings"),
    }
    status = 422 if form.is_bound else 200
    return paying.allow(render(request, "bookings/cards.html", context, status=status))


def _rows(student: Student, *, zone: str) -> list[dict[str, Any]]:
    """The cards, each with the lessons that keep it from being removed."""
    needed = saved.needed_for(student)
    return [
        {
            **paying.of_card(card),
            "pk": card.pk,
            "lessons": [
                {
                    "text": f"{booking.offering.subject.name}, {when.short(booking.starts_at, zone)}",
                    "url": reverse("bookings:lesson", args=[booking.pk]),
                }
                for booking in (payment.booking for payment in needed.get(card.pk, []))
                if booking is not None
            ],
        }
        for card in saved.of(student)
    ]


@login_required
@require_POST
@throttled("money")
def begin(request: HttpRequest) -> HttpResponse:
    """For ``payment.js``: begin to save a card."""
    paying.require_payments()
    try:
        _, secret = saved.begin(student_of(signed_in(request)))
    except DomainError as refusal:
        return JsonResponse({"message": refusal.message}, status=refusal.status)
    return JsonResponse({"client_secret": secret})


@login_required
@require_POST
@throttled("write")
def remove(request: HttpRequest, card_id: int) -> HttpResponse:
    """Forget a card; one that a lesson still needs stays."""
    paying.require_payments()
    card = saved.card_for(signed_in(request), card_id)
    try:
        saved.remove(card, by=signed_in(request))
    except DomainError as refusal:
        messages.error(request, f"{card}: {refusal.message}")
    else:
        messages.success(request, f"{card} is removed.")
    return redirect("bookings:cards")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def pay(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Another card for a lesson, or the first; what is due is taken at once."""
    user = signed_in(request)
    booking, payment = _own(request, booking_id)
    if (back := paying.welcome_back(request, booking.student, by=user)) is not None:
        return back
    if not may_change_card(payment):
        return _nothing_to_pay(request, booking, payment)
    form = PayForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            return _pay(request, booking, payment, form)
        except NotFound:
            raise
        except DomainError as refusal:
            form.add_error(None, " ".join(refusal.fields.values()) or refusal.message)
        payment.refresh_from_db()
    status = 422 if form.is_bound else 200
    context = _context(request, booking, payment, form)
    return paying.allow(render(request, "bookings/pay.html", context, status=status))


def _pay(request: HttpRequest, booking: Booking, payment: Payment, form: PayForm) -> HttpResponse:
    user = signed_in(request)
    paying.count(request, form)
    here = reverse("bookings:pay", args=[booking.pk])
    if request.POST.get("go") == "stripe" or paying.wants_new(form):
        return paying.to_stripe(request, booking.student, here=here)
    card = paying.card_of(form, booking.student, by=user)
    payment = plan.change_card(payment, card)
    if payment.authorise_at <= clock.now():
        payment = on_session.pay_now(
            payment, return_url=_bank_url(request, booking), in_page=form.cleaned_data["in_page"]
        )
    return _after(request, booking, payment, form)


def _after(
    request: HttpRequest, booking: Booking, payment: Payment, form: PayForm | None = None
) -> HttpResponse:
    """Where it goes on, or the refusal that the form shows."""
    lesson = redirect("bookings:lesson", booking.pk)
    if payment.status in (PaymentStatus.ACTION_REQUIRED, PaymentStatus.AUTHORISING):
        return redirect("bookings:pay_bank", booking.pk)
    if payment.status in BEFORE_MONEY and payment.error_code and payment.authorise_at <= clock.now():
        text = f"{paying.declined(payment)} Nothing was charged. Please choose another card."
        if form is not None:
            raise DomainError(text, code="card_declined")
        messages.error(request, text)
        return redirect("bookings:pay", booking.pk)
    if payment.status in BEFORE_MONEY:
        until = when.short(payment.authorise_at, visitor_zone(request))
        messages.success(request, f"{payment.card} pays for this lesson. It is asked on {until}.")
        return lesson
    amount = money.exact(payment.total, payment.currency)
    messages.success(request, f"{payment.card} holds {amount} for this lesson.")
    return lesson


@never_cache
@login_required
@require_GET
@throttled("read", safe=True)
def pay_bank(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The bank asks about a lesson that is booked, or has not answered us yet."""
    booking, payment = _own(request, booking_id)
    payment = checkout.see(payment, return_url=_bank_url(request, booking))
    if payment.status not in (PaymentStatus.ACTION_REQUIRED, PaymentStatus.AUTHORISING):
        return _after(request, booking, payment)
    context = {
        "lesson": presentation.facts(booking, party=Party.STUDENT, zone=visitor_zone(request)),
        **paying.asking(request, payment),
        "back": reverse("bookings:pay_bank", args=[booking.pk]) + "?back",
        "other_url": reverse("bookings:pay", args=[booking.pk]),
        "here": "lessons",
    }
    return paying.allow(render(request, "bookings/bank.html", context))


def _bank_url(request: HttpRequest, booking: Booking) -> str:
    return request.build_absolute_uri(reverse("bookings:pay_bank", args=[booking.pk])) + "?back"


def _own(request: HttpRequest, booking_id: UUID) -> tuple[Booking, Payment]:
    """A lesson of the student's own and its payment; for everybody else there is none."""
    paying.require_payments()
    found = access.booking_for(signed_in(request), booking_id)
    payment = plan.payment_of(found.booking)
    if not paying.is_asked(found.booking, signed_in(request)) or payment is None:
        raise NotFound
    if found.booking.confirmed_at is None:
        raise NotFound
    return found.booking, payment


def _nothing_to_pay(request: HttpRequest, booking: Booking, payment: Payment) -> HttpResponse:
    if payment.status == PaymentStatus.AUTHORISING:
        return redirect("bookings:pay_bank", booking.pk)
    messages.info(request, "There is nothing to pay for this lesson.")
    return redirect("bookings:lesson", booking.pk)


def _context(request: HttpRequest, booking: Booking, payment: Payment, form: PayForm) -> dict[str, Any]:
    zone, now = visitor_zone(request), clock.now()
    options = [paying.of_card(card) for card in saved.of(booking.student)]
    named = form.data.get("pay_with", "") if form.is_bound else request.GET.get("pay_with", "")
    paying.check(options, named)
    amount = money.exact(payment.total, payment.currency)
    is_due = payment.authorise_at <= now
    is_coming = booking.status == Status.CONFIRMED and booking.starts_at > now
    asked = f"Your card is asked on {when.short(payment.authorise_at, zone)}."
    return {
        "lesson": presentation.facts(booking, party=Party.STUDENT, zone=zone),
        "policy": terms.sentence(booking, zone=zone, now=now) if is_coming else None,
        "lines": presentation.bill(
            plan.bill_of(booking), booking.currency, lesson=presentation.lesson_line(booking)
        ),
        "total": amount,
        "trouble": paying.trouble(payment) if not form.is_bound else "",
        "pay": {
            "options": options,
            "is_new": not any(one["checked"] for one in options),
            "when": "Your card holds the amount now." if is_due else unbroken(asked),
            "stripe": paying.stripe(back=request.build_absolute_uri(request.path)),
        },
        "pay_form": form,
        "button": f"Pay {amount}" if is_due else "Use this card",
        "pay_url": reverse("bookings:pay", args=[booking.pk]),
        "back_url": reverse("bookings:lesson", args=[booking.pk]),
        "here": "lessons",
    }
