"""The part of who is there: what is due of one payment is taken while its student waits for the answer.

As the worker does it (``work.py``), and in fewer transactions: what is asked of Stripe is written down
together with the attempt to pay, and what Stripe answers together with the lesson that it pays for.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction

from bookings.models import Payment, Step
from bookings.services import lifecycle
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import outcomes, steps, work
from bookings.services.payments.outcomes import BEFORE_MONEY, lock_payment
from bookings.services.payments.steps import Result
from bookings.services.payments.work import Job
from instainstru.lib import clock


def pay_now(payment: Payment, *, return_url: str, in_page: bool = False) -> Payment:
    """Take what is due of one payment while the student is there, and say where it stands.

    Of a time that is only held (``upfront``) everything happens: it is booked, or what was tried is undone.
    ``action_required``: the bank asks; the page goes to ``redirect_url`` or has Stripe.js handle the
    ``client_secret`` (``stripe_gateway.intent`` of ``payment.intent_id``), then ``look``.
    """
    there = work.There(return_url, in_page)
    for turn in range(4):
        with transaction.atomic():
            payment = lock_payment(payment.pk)
            job = _now(payment, now=clock.now(), there=there, is_first=not turn)
        payment, goes_on = _carry_on(payment, job)
        if not goes_on:
            return payment
    payment.refresh_from_db()
    return payment


def begin(payment: Payment, there: work.There) -> Job:
    """What is to be done first about an attempt that the caller's transaction has written down (``upfront``);
    ``go_on`` does it after that transaction."""
    return work.decide_upfront(payment, now=clock.now(), there=there)


def go_on(job: Job, there: work.There) -> Payment:
    """As ``pay_now``, from what was begun."""
    payment, goes_on = _carry_on(job.payment, job)
    return pay_now(payment, return_url=there.return_url, in_page=there.in_page) if goes_on else payment


def _now(payment: Payment, *, now: datetime, there: work.There, is_first: bool) -> Job | None:
    is_due = payment.due_at is not None and payment.due_at <= now
    # One that waits for its next try need not.
    is_due |= is_first and payment.status in BEFORE_MONEY and payment.authorise_at <= now
    return work.decide(payment, now=now, there=there) if is_due else None


def _carry_on(payment: Payment, job: Job | None) -> tuple[Payment, bool]:
    """The payment after what there was to do, and whether there may be more to do with its present row."""
    if job is None or job.give_up:
        return payment, False
    if job.book:
        booked = work.book(payment)
        return booked or payment, booked is None
    if job.step is None:
        return payment, True
    now, upfront_so_far = clock.now(), outcomes.is_upfront(payment)
    outcome = steps.carry_out(job.step, now=now)
    settle = partial(work.settle, job.step, outcome, now=now)
    if job.step.name == Step.Name.AUTHORISE and upfront_so_far and payment.booking is not None:
        if outcome.result != Result.DONE:
            lifecycle.linger(payment.booking, by=payment.student.user)
        elif booked := work.book(payment, settle):
            return booked, False
    payment = settle()
    is_lesson = payment.purpose == Payment.Purpose.LESSON and not upfront_so_far
    return payment, not (job.step.name == Step.Name.AUTHORISE and is_lesson)


def look(payment: Payment) -> Payment:
    """What Stripe says of the payment now, taken over."""
    if payment.intent_id:
        work.observe(payment.pk, gateway.intent(payment.intent_id), now=clock.now())
        payment.refresh_from_db()
    return payment


def client_secret(payment: Payment) -> str:
    """What a browser needs to answer the bank about this payment."""
    return gateway.intent(payment.intent_id).client_secret


def redirect_url(payment: Payment) -> str:
    """The bank's own page, for browsers without JavaScript; empty where there is none."""
    return gateway.intent(payment.intent_id).redirect_url
