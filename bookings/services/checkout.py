"""A held time is booked and paid in one go, as its student says how.

Everything here speaks to Stripe where the card is due at once, and must not be in a transaction. What the
process cannot finish is found and finished by the worker (``payments/upfront.py``).
"""

from __future__ import annotations

from typing import Any

from bookings.models import Booking, Payment, PaymentStatus
from bookings.services import lifecycle
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import on_session, plan, upfront
from bookings.services.payments.cards import for_people
from bookings.services.payments.plan import Pay
from bookings.services.payments.work import There
from bookings.services.wanted import PAYMENT_UNDER_WAY
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid
from instainstru.lib.transactions import whole


def book(
    booking: Booking, *, by: Any, pay: Pay, return_url: str, in_page: bool = False, note: str | None = None
) -> Payment | None:
    """Book a held time; the payment tells what came of it where the card was asked first.

    ``captured`` and the like never come back from here: either the lesson is booked, or the payment is
    ``action_required`` (the bank asks: see ``on_session.pay_now``), ``authorising`` (no answer yet; it goes
    on by itself), or it has ended with ``error``: the time is still held, and another card may be tried.
    Raises ``card_required``, the refusals of ``lifecycle.confirm``, ``payment_under_way``.
    """
    there = There(return_url, in_page)
    bill = plan.bill_if_paid(booking, pay)
    if gateway.is_configured() and bill.total and pay.card is None:
        raise Invalid("Choose a card to pay with.", field="pay_with", code="card_required")
    at_once = upfront.is_needed(booking, bill, now=clock.now())
    try:
        return _book(booking, by=by, pay=pay, note=note, at_once=at_once, there=there)
    except Conflict as refusal:
        if refusal.code != PAYMENT_UNDER_WAY:
            raise
    going_on = upfront.of(booking)
    if going_on is not None and going_on.status in upfront.UNDER_WAY:
        return resume(booking, return_url=return_url, in_page=in_page)
    if going_on is not None:
        upfront.stop(booking)
        on_session.pay_now(going_on, return_url=return_url)
    return _book(booking, by=by, pay=pay, note=note, at_once=at_once, there=there)


def _book(
    booking: Booking, *, by: Any, pay: Pay, note: str | None, at_once: bool, there: There
) -> Payment | None:
    """Raises ``payment_under_way`` where something was begun before, as a constraint says."""
    if not at_once:
        lifecycle.confirm(booking, by=by, note=note, pay=pay)
        return None
    with whole():
        attempt = lifecycle.pay_first(booking, by=by, pay=pay, note=note)
        job = on_session.begin(attempt, there)
    return on_session.go_on(job, there)


def resume(booking: Booking, *, return_url: str, in_page: bool = False) -> Payment | None:
    """Go on with what was begun: the student is back from their bank, or looks what came of it.

    Raises ``payments_away``.
    """
    attempt = upfront.of(booking)
    if attempt is None:
        return plan.payment_of(booking)
    return see(attempt, return_url=return_url, in_page=in_page)


def see(payment: Payment, *, return_url: str, in_page: bool = False) -> Payment:
    """What Stripe says of a payment now, and what follows from it at once."""
    if payment.status == PaymentStatus.ACTION_REQUIRED:
        with for_people():
            payment = on_session.look(payment)
    return on_session.pay_now(payment, return_url=return_url, in_page=in_page)
