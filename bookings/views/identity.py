"""A guest says who they are without leaving the confirm page: name and address, then six digits."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from bookings import visitors
from bookings.identity import CodeForm, IdentityForm
from bookings.services import guests
from bookings.views.checkout import confirm_page
from bookings.visitors import here, visitor_required
from instainstru.accounts import codes
from instainstru.events.notify import Recipient
from instainstru.lib import limits
from instainstru.lib.errors import DomainError
from instainstru.lib.limits import throttled


@require_POST
@visitor_required
@throttled("write")
def identify(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Name and address: send a code there, whether or not the address is known here."""
    form = IdentityForm(request.POST)
    if not here(request).is_guest:
        return redirect("bookings:confirm", booking_id)
    if not form.is_valid():
        return confirm_page(request, booking_id, guest_form=form)
    try:
        _send(request, form.cleaned_data)
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return confirm_page(request, booking_id, guest_form=form)
    return redirect("bookings:confirm", booking_id)


@require_POST
@visitor_required
@throttled("write")
def resend_code(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Another code to the same address; the one before is no longer good."""
    handle = request.session.get(visitors.CODE, "")
    waiting = codes.data_of(handle)
    if waiting is not None:
        try:
            _send(request, waiting)
            codes.forget(handle)
            messages.info(request, "Another code is on its way.")
        except DomainError as refusal:
            messages.error(request, refusal.message)
    return redirect("bookings:confirm", booking_id)


@require_safe
@visitor_required
def change_address(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Back to the first step, with what was typed still there."""
    codes.forget(request.session.pop(visitors.CODE, ""))
    return redirect("bookings:confirm", booking_id)


@require_POST
@visitor_required
@throttled("sign_in")
def verify_code(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The right six digits: the guest is somebody, signed in, and holds the time as before."""
    guest = here(request)
    if not guest.is_guest:
        return redirect("bookings:confirm", booking_id)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return confirm_page(request, booking_id, guest_form=form)
    try:
        proved = codes.check(request.session.get(visitors.CODE, ""), form.cleaned_data["code"])
        arrival = guests.arrive(guest, **proved)
    except codes.WrongCode as refusal:
        form.add_error("code", refusal.message)
        return confirm_page(request, booking_id, guest_form=form)
    except DomainError as refusal:
        messages.warning(request, refusal.message)
        return redirect("bookings:confirm", booking_id)
    visitors.forget(request)
    login(request, arrival.account)
    visitors.say(request, arrival.refusals)
    if arrival.refusals:
        return redirect("bookings:lessons")
    return redirect("bookings:confirm", booking_id)


def _send(request: HttpRequest, who: dict[str, str]) -> None:
    """Mail a code and remember its handle in the session; raises a refusal to show."""
    request.session[visitors.TYPED] = who
    limits.count(request, group="code_mail", caller=who["email"])
    handle, code = codes.issue(who)
    name = f"{who['first_name']} {who['last_name']}"
    try:
        codes.mail(code, to=Recipient(name, who["email"]), holds_time=True)
    except codes.MailFailed:
        codes.forget(handle)
        raise
    request.session[visitors.CODE] = handle
