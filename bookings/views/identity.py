"""A guest says who they are without leaving the confirm page: name and address, then six digits."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from bookings import visitors
from bookings.forms import CodeForm, IdentityForm
from bookings.services import guests
from bookings.views import checkout
from bookings.visitors import here, visitor_required
from instainstru.accounts import codes
from instainstru.events.notify import Recipient, send_letter
from instainstru.lib import limits
from instainstru.lib.errors import DomainError
from instainstru.lib.ids import new_id
from instainstru.lib.limits import throttled

logger = logging.getLogger(__name__)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def step(request: HttpRequest, booking_id: UUID, form: Any = None) -> dict[str, Any]:
    """What the confirm page shows a guest: the form of the step they are at."""
    waiting = codes.data_of(request.session.get(visitors.CODE, ""))
    if waiting is None or isinstance(form, IdentityForm):
        return {
            "step": "email",
            "form": form or IdentityForm(initial=waiting or request.session.get(visitors.TYPED)),
            "url": reverse("bookings:identify", args=[booking_id]),
        }
    return {
        "step": "code",
        "form": form or CodeForm(),
        "url": reverse("bookings:verify_code", args=[booking_id]),
        "email": waiting["email"],
        "resend_url": reverse("bookings:resend_code", args=[booking_id]),
        "back_url": reverse("bookings:change_address", args=[booking_id]),
    }


@require_POST
@visitor_required
@throttled("write")
def identify(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Name and address: send a code there, whether or not the address is known here."""
    form = IdentityForm(request.POST)
    if not here(request).is_guest:
        return redirect("bookings:confirm", booking_id)
    if not form.is_valid() or not _send(request, form.cleaned_data, form):
        return checkout.confirm_page(request, booking_id, guest_form=form)
    return redirect("bookings:confirm", booking_id)


@require_POST
@visitor_required
@throttled("write")
def resend_code(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Another code to the same address; the one before is no longer good."""
    handle = request.session.get(visitors.CODE, "")
    waiting = codes.data_of(handle) or request.session.get(visitors.TYPED)
    if waiting:
        form = CodeForm({})
        form.errors.clear()
        if not _send(request, waiting, form):
            return checkout.confirm_page(request, booking_id, guest_form=form)
        codes.forget(handle)
        messages.info(request, "Another code is on its way.")
    return redirect("bookings:confirm", booking_id)


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
        return checkout.confirm_page(request, booking_id, guest_form=form)
    try:
        proved = codes.check(request.session.get(visitors.CODE, ""), form.cleaned_data["code"])
        arrival = guests.arrive(guest, **proved)
    except DomainError as refusal:
        form.add_error("code", refusal.message)
        if isinstance(refusal, codes.CodeExpired):
            form = IdentityForm(initial=request.session.get(visitors.TYPED))
            messages.warning(request, refusal.message)
        return checkout.confirm_page(request, booking_id, guest_form=form)
    visitors.forget(request)
    login(request, arrival.account, backend=BACKEND)
    visitors.say(request, arrival.refusals)
    return redirect("bookings:lessons" if arrival.refusals else "bookings:confirm", *([] if arrival.refusals else [booking_id]))


def _send(request: HttpRequest, who: dict[str, str], form: Any) -> bool:
    """Send a code and remember its handle; False with an error in ``form`` where that failed."""
    limits.count(request, group="code_mail", caller=who["email"])
    handle, code = codes.issue(who)
    request.session[visitors.TYPED] = who
    name = f"{who['first_name']} {who['last_name']}"
    try:
        send_letter(
            "sign_in_code",
            to=Recipient(name, who["email"]),
            context={"code": code, "minutes": codes.GOOD_FOR_MIN},
            message_id=f"code-{new_id().hex}",
        )
    except (SMTPException, OSError) as error:
        logger.warning("A code could not be sent: %s", error)
        codes.forget(handle)
        form.add_error(None, "The mail could not be sent just now. Please try again in a moment.")
        return False
    request.session[visitors.CODE] = handle
    return True
