"""Buying lessons ahead, what the bank asks meanwhile, and giving back what was not used."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from bookings import at_once, bills, paying, purchases
from bookings.models import Package, Payment, PaymentStatus
from bookings.money_forms import BuyPackageForm, RefundForm
from bookings.services import packages, packages_held, receipts
from bookings.services.payments import cards, on_session
from bookings.views.lesson import onto
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, money, presentation, when
from instainstru.lib.errors import Conflict, DomainError, NotFound
from instainstru.lib.http import posted, visitor_zone
from instainstru.lib.ids import new_id
from instainstru.lib.limits import throttled
from instructors.models import Offering
from instructors.presentation import page_url, person
from instructors.services import catalogue
from students.services.students import student_of

# How many lessons a page offers beside the usual five.
OFFERED = (3, packages.USUAL, 10)
FEWER_OR_MORE = range(packages.FEWEST, packages.MOST + 1)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("money")
def buy(request: HttpRequest) -> HttpResponse:
    """What so many lessons cost and on which conditions; on POST the click that costs."""
    paying.require_payments()
    user = signed_in(request)
    offering = _offering(request.POST if request.method == "POST" else request.GET)
    if offering.instructor.user_id == user.pk:
        raise NotFound
    student = student_of(user)
    form = BuyPackageForm(posted(request), cards=list(cards.of(student)))
    duration, lessons = _choice(request, offering)
    if request.method == "POST" and form.is_valid():
        try:
            package = _buy(request, form, offering)
        except Conflict as refusal:
            onto(form, refusal)
        except DomainError as refusal:
            if refusal.status == 404:
                raise
            onto(form, refusal)
        else:
            payment = at_once.take(request, package.payment)
            why = at_once.declined(payment)
            if not why:
                done = f"{presentation.count(package.lessons, 'lesson')} bought. Book them when you like."
                return at_once.onward(request, payment, done=done)
            form.add_error("card", why)
    context = _quote_page(request, offering, form, duration=duration, lessons=lessons)
    return render(request, "bookings/buy_package.html", context, status=422 if form.is_bound else 200)


def _buy(request: HttpRequest, form: BuyPackageForm, offering: Offering) -> Package:
    user, data = signed_in(request), form.cleaned_data
    return packages.buy(
        student_of(user),
        offering,
        duration_min=data["duration_min"],
        lessons=data["lessons"],
        card=form.chosen(),
        by=user,
        seen=data["total"],
        once=data["once"],
    )


def _offering(data: Any) -> Offering:
    text = data.get("offering", "")
    if not catalogue.is_number(text):
        raise NotFound
    return catalogue.offered(int(text))


def _choice(request: HttpRequest, offering: Offering) -> tuple[int, int]:
    """Length and number that the page shows: those asked for, where there are such."""
    data, name = (request.POST, "duration_min") if request.method == "POST" else (request.GET, "duration")
    usual = 60 if 60 in offering.durations else offering.durations[0]
    duration = _one_of(data.get(name, ""), offering.durations, usual)
    return duration, _one_of(data.get("lessons", ""), FEWER_OR_MORE, packages.USUAL)


def _one_of(text: str, known: Collection[int], usual: int) -> int:
    return int(text) if catalogue.is_number(text) and int(text) in known else usual


def _quote_page(
    request: HttpRequest, offering: Offering, form: BuyPackageForm, *, duration: int, lessons: int
) -> dict[str, Any]:
    quote = packages.offer(offering, duration_min=duration, lessons=lessons)
    one = packages.offer(offering, duration_min=duration, lessons=packages.FEWEST)
    each = one.lesson // packages.FEWEST
    saved = list(form.cards.values())
    return {
        "person": person(offering.instructor),
        "subject": offering.subject.name,
        "name": offering.instructor.user.short_name,
        "first_name": offering.instructor.user.first_name,
        "back_url": page_url(offering.instructor.slug),
        "durations": _links(offering, "duration", duration, offering.durations, lessons=lessons),
        "numbers": _links(offering, "lessons", lessons, sorted({*OFFERED, lessons}), duration=duration),
        "lessons": presentation.count(lessons, "lesson"),
        "lines": [
            {
                "label": f"{presentation.count(lessons, 'lesson')} of {presentation.minutes(duration)}, "
                f"{money.exact(each)} each",
                "amount": money.exact(quote.lesson),
            },
            {"label": "Booking fee", "amount": money.exact(quote.fee)},
        ],
        "total": money.exact(quote.total),
        "until": when.date(packages_held.expiry(clock.now()), visitor_zone(request)),
        "form": form,
        # Fresh on each page: a second press is the same purchase, a second page another one.
        "fields": [
            ("offering", offering.pk), ("duration_min", duration), ("lessons", lessons),
            ("total", quote.total), ("once", new_id()),
        ],
        **at_once.card_context(request, saved),
        "here": "payments",
    }  # fmt: skip


def _links(offering: Offering, name: str, chosen: int, values: Any, **others: int) -> list[dict[str, Any]]:
    base = f"{reverse('bookings:buy_package')}?offering={offering.pk}"
    rest = "".join(f"&{key}={value}" for key, value in others.items())
    label = presentation.minutes if name == "duration" else str
    return [
        {"label": label(value), "url": f"{base}{rest}&{name}={value}", "current": value == chosen}
        for value in values
    ]


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("money")
def refund(request: HttpRequest, package_id: int) -> HttpResponse:
    """What comes back for the lessons that were not used; on POST it does."""
    user = signed_in(request)
    package = packages.package_for(user, package_id)
    rest = packages.rest_of(package)
    if package.closed_at is not None or not package.left or package.paid_at is None:
        messages.info(request, "Nothing of that package is left to give back.")
        return redirect("bookings:packages")
    form = RefundForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            done = packages.refund_rest(package, by=user, seen=form.cleaned_data["total"])
        except DomainError as refusal:
            onto(form, refusal)
        else:
            back = money.exact(done.total, package.payment.currency)
            messages.success(request, f"{back} is on its way back to {bills.card_of(package.payment)}.")
            return redirect("bookings:packages")
    context = {
        "rest": purchases.rest(package, rest),
        "seen": rest.total,
        "form": form,
        "back_url": reverse("bookings:packages"),
        "here": "payments",
    }
    return render(request, "bookings/refund_package.html", context, status=422 if form.is_bound else 200)


@never_cache
@login_required
@require_GET
@throttled("write", safe=True)
def bank(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """The bank wants to hear from the student: the way there, without a script."""
    paying.require_payments()
    payment = _at_once(request, payment_id)
    if payment.status != PaymentStatus.ACTION_REQUIRED:
        return redirect(at_once.paid_for_url(payment))
    with cards.for_people():
        url = on_session.redirect_url(payment)
    context = {
        "amount": money.exact(payment.total, payment.currency),
        "card": bills.card_of(payment),
        "bank_url": url,
        "again_url": _again_url(payment),
        "here": "payments",
    }
    return render(request, "bookings/payment_bank.html", context)


def _at_once(request: HttpRequest, payment_id: UUID) -> Payment:
    """A package's or a tip's payment; lessons have pages of their own (``cards.pay_bank``)."""
    payment = receipts.payment_for(signed_in(request), payment_id)
    if payment.purpose == Payment.Purpose.LESSON:
        raise NotFound
    return payment


def _again_url(payment: Payment) -> str:
    """Where another card is tried."""
    if payment.purpose == Payment.Purpose.PACKAGE:
        package = payment.bought
        return (
            f"{reverse('bookings:buy_package')}?offering={package.offering_id}"
            f"&duration={package.duration_min}&lessons={package.lessons}"
        )
    return reverse("bookings:tip", args=[payment.booking_id])


@never_cache
@login_required
@require_GET
@throttled("write", safe=True)
def back(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Back from the bank: what it said."""
    paying.require_payments()
    payment = _at_once(request, payment_id)
    with cards.for_people():
        payment = on_session.look(payment)
    if payment.status == PaymentStatus.AUTHORISED:
        payment = at_once.take(request, payment)
    why = at_once.declined(payment)
    if why:
        messages.error(request, f"{why} Nothing was charged. You can try another card.")
        return redirect(_again_url(payment))
    if payment.status == PaymentStatus.ACTION_REQUIRED:
        messages.warning(request, "Your bank has not heard from you yet.")
    return at_once.onward(request, payment, done="Paid. Your bank has agreed.")
