"""From a time that was pressed to a lesson: hold, confirm, booked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bookings import identity, paying, presentation, terms
from bookings.forms import ConfirmForm, HoldForm
from bookings.models import Booking, Party, PaymentStatus, Status
from bookings.paying import PayForm
from bookings.services import access, checkout, guests, lifecycle, recheck
from bookings.services.payments import plan, upfront
from bookings.services.wanted import HoldExpired, SlotTaken, StudentBusy
from bookings.views.taken import expired, taken, wanted_of
from bookings.visitors import here, remember, visitor, visitor_required
from instainstru.lib import clock, limits, when
from instainstru.lib.errors import DomainError, Invalid, NotFound
from instainstru.lib.http import client_address, posted, visitor_zone
from instainstru.lib.limits import throttled

STILL_HELD = "Nothing was booked or charged, and your time is still held: choose another card."


class Declined(DomainError):
    """The card was not taken; the page says why, and goes on holding the time."""

    code = "card_declined"


@require_POST
@throttled("write")
def hold(request: HttpRequest) -> HttpResponse:
    """A time was pressed: hold it and ask for a last look."""
    wanted = HoldForm(request.POST).wanted()
    user = visitor(request)
    if user is None:
        limits.count(request, group="guests", caller=client_address(request))
    try:
        booking = guests.hold(wanted, user=user, time_zone=visitor_zone(request))
    except (StudentBusy, Invalid):
        raise
    except SlotTaken as refusal:
        return taken(request, refusal.wanted, status=refusal.status)
    except DomainError as refusal:
        return taken(request, wanted, status=refusal.status, why=refusal)
    if user is None:
        remember(request, booking.student.user)
    return redirect("bookings:confirm", booking.pk)


@never_cache
@visitor_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def confirm(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """What, who, when, where, how much and until when it can be undone; then one button."""
    booking = _mine(request, booking_id)
    asks = paying.is_asked(booking, here(request))
    if asks and (back := paying.welcome_back(request, booking.student, by=here(request))):
        return back
    if not booking.is_held_at(clock.now()):
        return _instead(request, booking)
    if here(request).is_guest:
        return confirm_page(request, booking.pk)
    form = ConfirmForm(
        posted(request),
        instructor_name=booking.instructor.user.first_name,
        initial={"note": booking.note},
    )
    pay = PayForm(posted(request)) if asks else None
    if pay is not None and not form.is_bound and (elsewhere := _under_way(request, booking)):
        return elsewhere
    status = 422 if form.is_bound else 200
    chosen = (request.POST if form.is_bound else request.GET).get("pay_with", "")
    if form.is_bound and form.is_valid() and (pay is None or pay.is_valid()):
        try:
            return _book(request, booking, note=form.cleaned_data["note"], pay=pay)
        except HoldExpired:
            return expired(request, booking)
        except SlotTaken as refusal:
            return taken(request, refusal.wanted, status=refusal.status, why=refusal)
        except NotFound:
            raise
        except DomainError as refusal:
            if pay is None:
                raise
            pay.add_error(None, " ".join(refusal.fields.values()) or refusal.message)
            status = refusal.status
            chosen = paying.NEW if isinstance(refusal, Declined) else chosen
    if form.is_bound:
        booking = _mine(request, booking_id)
    return _page(request, booking, form, pay, status=status, chosen=chosen)


def _page(
    request: HttpRequest,
    booking: Booking,
    form: ConfirmForm,
    pay: PayForm | None,
    *,
    status: int,
    chosen: str,
) -> HttpResponse:
    context = _context(request, booking, form)
    if pay is not None:
        context["pay"] = paying.choices(request, booking, pay, chosen=chosen)
        context["pay_form"] = pay
        context |= {name: context["pay"]["bill"][name] for name in ("lines", "total", "button")}
    response = render(request, "bookings/confirm.html", context, status=status)
    return paying.allow(response) if pay is not None else response


def _book(request: HttpRequest, booking: Booking, *, note: str, pay: PayForm | None) -> HttpResponse:
    """Book it, paid as the form says; a card that is still to be entered is entered on Stripe's page."""
    user = here(request)
    if pay is None:
        recheck.before_confirming(booking)
        lifecycle.confirm(booking, by=user, note=note)
        return redirect("bookings:booked", booking.pk)
    paying.count(request, pay)
    if request.POST.get("go") == "stripe" or paying.wants_new(pay):
        lifecycle.keep(booking, by=user, note=note)
        confirm_url = reverse("bookings:confirm", args=[booking.pk])
        ticked = "on" if pay.cleaned_data["use_credit"] else ""
        return paying.to_stripe(request, booking.student, here=confirm_url, use_credit=ticked)
    chosen = paying.pay_of(pay, booking, by=user)
    recheck.before_confirming(booking)
    payment = checkout.book(
        booking,
        by=user,
        pay=chosen,
        note=note,
        return_url=_bank_url(request, booking),
        in_page=pay.cleaned_data["in_page"],
    )
    if payment is not None and payment.ending and payment.error_code:
        raise Declined(f"{paying.declined(payment)} {STILL_HELD}")
    is_booked = payment is None or payment.status == PaymentStatus.AUTHORISED
    return redirect("bookings:booked" if is_booked else "bookings:bank", booking.pk)


def _bank_url(request: HttpRequest, booking: Booking) -> str:
    """Where a bank sends the student back to."""
    return request.build_absolute_uri(reverse("bookings:bank", args=[booking.pk])) + "?back"


def _under_way(request: HttpRequest, booking: Booking) -> HttpResponse | None:
    """Where a look at the page leads while a card is being asked."""
    attempt = upfront.of(booking)
    if attempt is None or ("other" in request.GET and attempt.status not in upfront.UNDER_WAY):
        return None
    return redirect("bookings:bank", booking.pk)


@never_cache
@visitor_required
@require_GET
@throttled("read", safe=True)
def bank(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The bank asks the student, or has not answered us yet; afterwards the lesson is booked or not."""
    booking = _mine(request, booking_id)
    if not booking.is_held_at(clock.now()) or not paying.is_asked(booking, here(request)):
        return _instead(request, booking)
    payment = checkout.resume(booking, return_url=_bank_url(request, booking))
    booking = _mine(request, booking_id)
    if not booking.is_held_at(clock.now()):
        return _instead(request, booking)
    if payment is None or payment.ending:
        if payment is not None and payment.error_code:
            messages.error(request, f"{paying.declined(payment)} {STILL_HELD}")
        return redirect(f"{reverse('bookings:confirm', args=[booking.pk])}?pay_with={paying.NEW}")
    context = {
        **_context(request, booking, None),
        **paying.asking(request, payment),
        "back": reverse("bookings:bank", args=[booking.pk]) + "?back",
        "other_url": reverse("bookings:confirm", args=[booking.pk]) + "?other",
    }
    return paying.allow(render(request, "bookings/bank.html", context))


def confirm_page(request: HttpRequest, booking_id: UUID, guest_form: Form | None = None) -> HttpResponse:
    """The page for a guest, who says who they are before they can confirm."""
    booking = _mine(request, booking_id)
    if not booking.is_held_at(clock.now()):
        return _instead(request, booking)
    form = ConfirmForm(instructor_name=booking.instructor.user.first_name)
    context = {
        **_context(request, booking, form),
        **_bill(booking),
        "guest": identity.step(request, booking_id, guest_form),
        "sign_in_next": reverse("bookings:confirm", args=[booking_id]),
    }
    return render(request, "bookings/confirm.html", context, status=422 if guest_form else 200)


def _context(request: HttpRequest, booking: Booking, form: ConfirmForm | None) -> dict[str, Any]:
    zone, now = visitor_zone(request), clock.now()
    assert booking.expires_at is not None  # noqa: S101 (a constraint says so of every hold)
    return {
        "lesson": presentation.facts(booking, party=Party.STUDENT, zone=zone),
        "lines": presentation.lines(booking),
        "total": presentation.total(booking),
        "policy": terms.sentence(booking, zone=zone, now=now),
        "hold": {
            "seconds": max(0, int((booking.expires_at - now).total_seconds())),
            "until": when.hour(booking.expires_at, zone),
            "extend_url": "" if booking.was_extended else reverse("bookings:extend", args=[booking.pk]),
            "release_url": reverse("bookings:release", args=[booking.pk]),
        },
        "form": form,
        "confirm_url": reverse("bookings:confirm", args=[booking.pk]),
        "button": f"Book for {presentation.total(booking)}",
        "pay": None,
        "guest": None,
    }


def _bill(booking: Booking) -> dict[str, Any]:
    """What a guest will be asked to pay."""
    return paying.bill(booking, plan.bill_of(booking))


@require_POST
@visitor_required
@throttled("write")
def extend(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Five more minutes, once."""
    booking = _mine(request, booking_id)
    try:
        lifecycle.extend(booking, by=here(request))
    except HoldExpired:
        return expired(request, booking)
    return redirect("bookings:confirm", booking.pk)


@require_POST
@visitor_required
@throttled("write")
def release(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Give the time up and go back to the instructor's times."""
    booking = _mine(request, booking_id)
    lifecycle.release(booking, by=here(request))
    messages.success(request, "The time is free again. Nothing was booked.")
    return redirect(presentation.times_url(wanted_of(booking), zone=visitor_zone(request)))


@never_cache
@visitor_required
def booked(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The facts of what was just booked, and what one may want next."""
    booking = _mine(request, booking_id)
    if booking.status != Status.CONFIRMED:
        return _elsewhere(request, booking)
    user = here(request)
    zone = visitor_zone(request)
    return render(
        request,
        "bookings/booked.html",
        {
            "lesson": presentation.facts(booking, party=Party.STUDENT, zone=zone),
            "total": paying.bill(booking, plan.bill_of(booking))["total"],
            "policy": terms.sentence(booking, zone=zone, now=clock.now()),
            "email": user.email,
            "calendar_url": reverse("bookings:lesson_ics", args=[booking.pk]),
            "lesson_url": reverse("bookings:lesson", args=[booking.pk]),
            "lessons_url": reverse("bookings:lessons"),
            "message_url": "",
            "weekly": None,
        },
    )


def _mine(request: HttpRequest, booking_id: UUID) -> Booking:
    """The booking, for its student; its instructor has other pages and gets the answer of a stranger."""
    found = access.booking_for(here(request), booking_id)
    if found.party != Party.STUDENT:
        raise NotFound
    return found.booking


def _instead(request: HttpRequest, booking: Booking) -> HttpResponse:
    """What there is to see in place of a hold that is none any more."""
    if booking.status in (Status.HELD, Status.EXPIRED):
        return expired(request, booking)
    return _elsewhere(request, booking)


def _elsewhere(request: HttpRequest, booking: Booking) -> HttpResponse:
    """Where a page about a hold leads once it is none any more: a second press, a page left open."""
    if booking.status == Status.HELD:
        return redirect("bookings:confirm", booking.pk)
    if booking.status == Status.CONFIRMED:
        return redirect("bookings:booked", booking.pk)
    if booking.status in (Status.RELEASED, Status.EXPIRED):
        messages.info(request, "You gave that time up. These are the times that are free now.")
        return redirect(presentation.times_url(wanted_of(booking), zone=visitor_zone(request)))
    return redirect("bookings:lesson", booking.pk)
