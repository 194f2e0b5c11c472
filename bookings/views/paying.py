"""Paying for one lesson: another card, a bank that asks, a tip."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from bookings import bills, paying, presentation
from bookings.models import Booking, Party, Payment, PaymentStatus, Status
from bookings.money_forms import CardForm, TipForm
from bookings.services import access, receipts, tips
from bookings.services.payments import cards, outcomes, plan, work
from bookings.views.lesson import onto
from instainstru.accounts.models import User
from instainstru.accounts.services import signed_in
from instainstru.lib import clock
from instainstru.lib.errors import DomainError, NotFound
from instainstru.lib.http import posted, visitor_zone
from instainstru.lib.limits import throttled


def _own_lesson(user: User, booking_id: UUID) -> Booking:
    """A lesson that the user takes; cards are their own, so not even a partner's."""
    booking = access.booking_for(user, booking_id).booking
    if booking.student.user_id != user.pk:
        raise NotFound
    return booking


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("money")
def pay(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """What the lesson costs, and with which card it is paid; what is due is taken at once."""
    paying.require_payments()
    booking = _own_lesson(signed_in(request), booking_id)
    payment = plan.payment_of(booking)
    if payment is None or payment.status not in bills.OPEN or not payment.total:
        return redirect("bookings:lesson", booking.pk)
    form = CardForm(posted(request), cards=paying.cards_of(booking.student))
    is_due = payment.authorise_at <= clock.now()
    if request.method == "POST" and form.is_valid():
        try:
            payment = plan.change_card(payment, form.chosen())
        except DomainError as refusal:
            onto(form, refusal)
        else:
            if not is_due:
                messages.success(request, f"The lesson is paid with {bills.card_of(payment)}.")
                return redirect("bookings:lesson", booking.pk)
            payment = paying.take(request, payment)
            why = paying.declined(payment)
            if not why:
                return paying.onward(request, payment, done="Your card holds the amount. All is set.")
            form.add_error("card", why)
    context = _pay_page(request, booking, payment, form, is_due=is_due)
    return render(request, "bookings/pay.html", context, status=422 if form.is_bound else 200)


def _pay_page(
    request: HttpRequest, booking: Booking, payment: Payment, form: CardForm, *, is_due: bool
) -> dict[str, Any]:
    zone, total = visitor_zone(request), bills.amount(payment.total, payment.currency)
    return {
        "lesson": presentation.card(booking, party=Party.STUDENT, zone=zone, now=clock.now()),
        "state": bills.state(payment, booking, zone=zone),
        "lines": bills.lines(outcomes.quote_of(payment), currency=payment.currency),
        "total": total,
        "form": form,
        "button": f"Pay {total}" if is_due else "Use this card",
        "charged": presentation.moment(payment.capture_at, zone),
        **paying.card_context(request, list(form.cards.values())),
        "back_url": reverse("bookings:lesson", args=[booking.pk]),
        "here": "lessons",
    }


@never_cache
@login_required
@require_GET
@throttled("write", safe=True)
def bank(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """The bank wants to hear from the student: the way there, without a script."""
    paying.require_payments()
    payment = receipts.payment_for(signed_in(request), payment_id)
    if payment.status != PaymentStatus.ACTION_REQUIRED:
        return redirect(paying.paid_for_url(payment))
    with cards.for_people():
        url = work.redirect_url(payment)
    context = {
        "amount": bills.amount(payment.total, payment.currency),
        "card": bills.card_of(payment),
        "bank_url": url,
        "again_url": _again_url(payment),
        "here": "payments",
    }
    return render(request, "bookings/bank.html", context)


def _again_url(payment: Payment) -> str:
    """Where another card is tried."""
    if payment.purpose == Payment.Purpose.PACKAGE:
        package = payment.bought
        return (
            f"{reverse('bookings:buy_package')}?offering={package.offering_id}"
            f"&duration={package.duration_min}&lessons={package.lessons}"
        )
    name = "bookings:tip" if payment.purpose == Payment.Purpose.TIP else "bookings:pay"
    return reverse(name, args=[payment.booking_id])


@never_cache
@login_required
@require_GET
@throttled("write", safe=True)
def back(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Back from the bank: what it said."""
    paying.require_payments()
    payment = receipts.payment_for(signed_in(request), payment_id)
    with cards.for_people():
        payment = work.look(payment)
    if payment.status == PaymentStatus.AUTHORISED and payment.purpose != Payment.Purpose.LESSON:
        payment = paying.take(request, payment)
    why = paying.declined(payment)
    if why:
        messages.error(request, f"{why} Nothing was charged. You can try another card.")
        return redirect(_again_url(payment))
    if payment.status == PaymentStatus.ACTION_REQUIRED:
        messages.warning(request, "Your bank has not heard from you yet.")
    return paying.onward(request, payment, done="Paid. Your bank has agreed.")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("money")
def tip(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """A tip for a lesson that was given; the click on the button costs what it says."""
    paying.require_payments()
    user = signed_in(request)
    booking = _own_lesson(user, booking_id)
    if booking.status != Status.COMPLETED:
        raise NotFound
    if (given := tips.given(booking)) is not None:
        if given.status == PaymentStatus.ACTION_REQUIRED:
            return redirect("bookings:payment_bank", given.pk)
        messages.info(request, "You have given a tip for this lesson.")
        return redirect("bookings:lesson", booking.pk)
    form = TipForm(posted(request), cards=paying.cards_of(booking.student))
    sent = request.method == "POST" and form.is_valid()
    if sent and (answer := _tipped(request, booking, form, by=user)) is not None:
        return answer
    zone = visitor_zone(request)
    context = {
        "lesson": presentation.card(booking, party=Party.STUDENT, zone=zone, now=clock.now()),
        "name": booking.instructor.user.first_name,
        "form": form,
        **paying.card_context(request, list(form.cards.values())),
        "back_url": reverse("bookings:lesson", args=[booking.pk]),
        "here": "lessons",
    }
    return render(request, "bookings/tip.html", context, status=422 if form.is_bound else 200)


def _tipped(request: HttpRequest, booking: Booking, form: TipForm, *, by: User) -> HttpResponse | None:
    """Give it; None where it was refused, which the form then says."""
    amount = form.amount()
    try:
        payment = tips.give(booking, amount=amount, card=form.chosen(), by=by)
    except DomainError as refusal:
        onto(form, refusal)
        return None
    payment = paying.take(request, payment)
    if why := paying.declined(payment):
        form.add_error("card", why)
        return None
    name, shown = booking.instructor.user.first_name, bills.amount(amount, payment.currency)
    return paying.onward(request, payment, done=f"{shown} for {name}. Thank you!")
