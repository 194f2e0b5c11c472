"""A person's lessons: the list, one of them, and what may be done with it."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bookings import bills, presentation, purchases, terms, timeline, welcome
from bookings.actions import actions_of
from bookings.forms import CancelForm
from bookings.models import Booking, Party, Status
from bookings.services import access, consent, ics, lifecycle, no_shows, tips
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import outcomes, plan
from instainstru.accounts.models import User
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, money, when
from instainstru.lib.errors import DomainError
from instainstru.lib.http import posted, visitor_zone
from instainstru.lib.limits import throttled

PAGE = 20


@never_cache
@login_required
@require_GET
def lessons(request: HttpRequest) -> HttpResponse:
    """Coming lessons, or with ``?tab=past`` those that are over, a page at a time."""
    user, now, zone = signed_in(request), clock.now(), visitor_zone(request)
    past = request.GET.get("tab") == "past"
    number = _page_number(request)
    found = access.lessons_of_student(user, coming=not past, now=now)
    rows = list(found[(number - 1) * PAGE : number * PAGE + 1])
    context = {
        "tab": "past" if past else "coming",
        "coming_url": reverse("bookings:lessons"),
        "past_url": f"{reverse('bookings:lessons')}?tab=past",
        "asked": [] if past else _asked(user, zone=zone, now=now),
        "held": [] if past else [_held(one, zone) for one in access.held_by(user, now=now)],
        "groups": _groups(rows[:PAGE], zone=zone, now=now),
        "again": [] if past or rows else welcome.again(user, zone=zone, now=now),
        "hold_url": reverse("bookings:hold"),
        "pager": _pager(past=past, number=number, more=len(rows) > PAGE),
        "here": "lessons",
    }
    return render(request, "bookings/lessons.html", context)


def _asked(user: User, *, zone: str, now: datetime) -> list[dict[str, Any]]:
    """What instructors ask the student, to be answered."""
    reports = no_shows.asked_of_student(user, now=now)
    found = consent.asked_of_student(user, now=now)
    return [
        *(presentation.reported(one, party=Party.STUDENT, zone=zone, now=now) for one in reports),
        *(presentation.asked(one, party=Party.STUDENT, zone=zone) for one in found),
    ]


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:6]) < 100_000 else 1


def _pager(*, past: bool, number: int, more: bool) -> dict[str, str]:
    base = f"{reverse('bookings:lessons')}?{'tab=past&' if past else ''}page="
    return {
        "previous_url": f"{base}{number - 1}" if number > 1 else "",
        "next_url": f"{base}{number + 1}" if more else "",
        "label": f"Page {number}",
    }


def _held(booking: Booking, zone: str) -> dict[str, str]:
    assert booking.expires_at is not None  # noqa: S101 (a constraint says so of every hold)
    return {
        "when": when.short(booking.starts_at, zone),
        "title": presentation.title(booking, party=Party.STUDENT),
        "until": when.hour(booking.expires_at, zone),
        "url": reverse("bookings:confirm", args=[booking.pk]),
    }


def _groups(rows: list[Booking], *, zone: str, now: datetime) -> list[dict[str, Any]]:
    """Lessons under "This week", "Next week" or their month."""
    return [
        {"label": label, "lessons": [_card(one, zone=zone, now=now) for one in some]}
        for label, some in groupby(rows, lambda one: presentation.stretch(one.starts_at, zone=zone, now=now))
    ]


def _card(booking: Booking, *, zone: str, now: datetime) -> dict[str, Any]:
    actions = actions_of(booking, party=Party.STUDENT, now=now, zone=zone, brief=True)
    return presentation.card(booking, party=Party.STUDENT, zone=zone, now=now, actions=actions)


@never_cache
@login_required
@require_GET
def lesson(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """One lesson: the facts, what may be done, what happened."""
    found = access.booking_for(signed_in(request), booking_id)
    booking, party = found.booking, found.party
    if booking.status == Status.HELD and party == Party.STUDENT:
        return redirect("bookings:confirm", booking.pk)
    zone, now = visitor_zone(request), clock.now()
    money = _money(booking, party=party, zone=zone)
    status, kind = presentation.badge(booking, now=now)
    as_student = party != Party.INSTRUCTOR
    coming = booking.status == Status.CONFIRMED and booking.starts_at > now
    asked = consent.open_of(booking, now=now) if coming else None
    return render(
        request,
        "bookings/lesson.html",
        {
            "lesson": presentation.facts(booking, party=party, zone=zone),
            "policy": terms.sentence(booking, zone=zone, now=now, of_package=_of_package(money))
            if as_student and coming
            else None,
            "status": status,
            "status_kind": kind,
            "note": booking.note,
            "asked": presentation.asked(asked, party=party, zone=zone) if asked else None,
            "report": _report(booking, party=party, zone=zone, now=now),
            **money,
            **_offers(booking, party=party, user=signed_in(request), now=now),
            "actions": actions_of(booking, party=party, now=now, zone=zone),
            "history": timeline.told(booking, to=party, zone=zone),
            "back_url": reverse("bookings:lessons" if as_student else "bookings:today"),
            "back_label": "My lessons" if as_student else "Today",
            "here": "lessons" if as_student else "today",
        },
    )


def _report(booking: Booking, *, party: Party, zone: str, now: datetime) -> dict[str, Any] | None:
    """A reported no-show as the page tells of it."""
    report = no_shows.report_of(booking)
    return None if report is None else presentation.reported(report, party=party, zone=zone, now=now)


def _money(booking: Booking, *, party: Party, zone: str) -> dict[str, Any]:
    """What the lesson costs its student and how it is paid; to the instructor, what they earn with it."""
    payment = plan.payment_of(booking) if gateway.is_configured() else None
    if payment is None:
        return {"total": presentation.total(booking)}
    if party == Party.INSTRUCTOR:
        return {"total": presentation.total(booking), "payment": bills.to_instructor(payment)}
    quote = outcomes.quote_of(payment)
    return {
        "total": "",
        "of_package": payment.package > 0,
        "lines": presentation.bill(quote, payment.currency),
        "sum": money.exact(quote.total, payment.currency),
        "payment": bills.state(payment, booking, zone=zone),
    }


def _of_package(money: dict[str, Any]) -> bool:
    return bool(money.get("of_package"))


def _offers(booking: Booking, *, party: Party, user: User, now: datetime) -> dict[str, str]:
    """More lessons at once, and a tip: for the student in person, where payments are on."""
    if party != Party.STUDENT or booking.student.user_id != user.pk or not gateway.is_configured():
        return {}
    found = {}
    if booking.offering.is_listed and booking.duration_min in booking.offering.durations:
        found["package_url"] = purchases.buy_url(booking.offering, booking.duration_min)
        found["package_label"] = purchases.offer_label()
    if tips.is_open(booking, now=now) and tips.given(booking) is None:
        found["tip_url"] = reverse("bookings:tip", args=[booking.pk])
    return found


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def cancel(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """What cancelling costs; then, on POST, cancelling."""
    user = signed_in(request)
    found = access.booking_for(user, booking_id)
    booking, party = found.booking, found.party
    if booking.status != Status.CONFIRMED:
        return redirect("bookings:lesson", booking.pk)
    form = CancelForm(posted(request), other_name=presentation.other_name(booking, party=party))
    if request.method == "POST" and form.is_valid():
        try:
            lifecycle.cancel(booking, by=user, party=party, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            onto(form, refusal)
        else:
            messages.success(request, "The lesson is cancelled.")
            return redirect("bookings:lesson", booking.pk)
    zone, now = visitor_zone(request), clock.now()
    context = {
        "lesson": presentation.card(booking, party=party, zone=zone, now=now),
        **terms.cancelling(booking, party=party, zone=zone, now=now),
        "form": form,
        "cancel_url": reverse("bookings:cancel", args=[booking.pk]),
        "back_url": reverse("bookings:lesson", args=[booking.pk]),
        "by": party,
    }
    return render(request, "bookings/cancel.html", context, status=422 if form.is_bound else 200)


def onto(form: Any, refusal: DomainError) -> None:
    """The refusal at its field, or over the form."""
    fields = {name: text for name, text in refusal.fields.items() if name in form.fields}
    for name, text in fields.items():
        form.add_error(name, text)
    if not fields:
        form.add_error(None, refusal.message)


@require_POST
@login_required
@throttled("write")
def complete(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The lesson was given: the instructor says so, or staff."""
    found = access.booking_for(signed_in(request), booking_id)
    lifecycle.complete(found.booking, by=signed_in(request), party=found.party)
    messages.success(request, "Marked as given.")
    return redirect("bookings:lesson", booking_id)


@never_cache
@login_required
@require_GET
def calendar_file(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The lesson as a file for the person's own calendar."""
    found = access.booking_for(signed_in(request), booking_id)
    url = request.build_absolute_uri(reverse("bookings:lesson", args=[booking_id]))
    text = ics.calendar_file(
        found.booking, party=found.party, method=ics.Method.PUBLISH, url=url, now=clock.now()
    )
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8; method=PUBLISH")
    response["Content-Disposition"] = 'attachment; filename="lesson.ics"'
    return response
