"""A tip after a lesson that was given."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings import at_once, paying, presentation
from bookings.models import Booking, Party, PaymentStatus, Status
from bookings.money_forms import TipForm
from bookings.services import access, tips
from bookings.services.payments import cards
from bookings.views.lesson import onto
from instainstru.accounts.models import User
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, money
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
    form = TipForm(posted(request), cards=list(cards.of(booking.student)))
    sent = request.method == "POST" and form.is_valid()
    if sent and (answer := _tipped(request, booking, form, by=user)) is not None:
        return answer
    zone = visitor_zone(request)
    context = {
        "lesson": presentation.card(booking, party=Party.STUDENT, zone=zone, now=clock.now()),
        "name": booking.instructor.user.first_name,
        "form": form,
        **at_once.card_context(request, list(form.cards.values())),
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
    payment = at_once.take(request, payment)
    if why := at_once.declined(payment):
        form.add_error("card", why)
        return None
    name, shown = booking.instructor.user.first_name, money.exact(amount, payment.currency)
    return at_once.onward(request, payment, done=f"{shown} for {name}. Thank you!")
