"""Whatever Stripe, the network or our own processes do in between: every effect once, every state right."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from bookings.models import Payment, PaymentStatus, Step
from bookings.services import ledger
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import reconcile, refunds, steps, work
from bookings.tests.cast import Cast
from bookings.tests.paying import a_card, due_payment, payout_account, postings, stripe_here
from instainstru.lib import clock
from ops.stand_ins.stripe.money import fee_on
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True)]
__all__ = ["stripe_here"]
S = PaymentStatus
SWEEP = timedelta(seconds=61)
AROUND = [
    "error_before",
    "error_after_commit",
    "drop_before",
    "drop_after_commit",
    "rate_limit",
    "lock_timeout",
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stall is over in tests after a third of a second."""
    gateway._client_for.cache_clear()
    monkeypatch.setattr(gateway, "TIMEOUT", 0.3)
    yield
    gateway._client_for.cache_clear()


def sweeps(number: int, *, start: Any = None) -> None:
    begin = start or clock.now()
    for turn in range(number):
        work.run(now=begin + turn * SWEEP)


STEPS = [
    ("authorised", "/v1/payment_intents"),
    ("captured", "/v1/payment_intents/*/capture"),
    ("transferred", "/v1/transfers"),
]


@pytest.mark.parametrize("kind", AROUND)
@pytest.mark.parametrize(("effect", "path"), STEPS)
def test_a_fault_at_any_step_has_no_double_effect_and_is_over_in_two_sweeps(
    cast: Cast, stripe_here: StripeStandIn, kind: str, effect: str, path: str
) -> None:
    payout_account(cast.piano, stripe_here)
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    stripe_here.fault(kind, path=path, calls=[1])
    sweeps(3)
    _went_through_once(payment, stripe_here)
    assert effect in {line["what"] for line in stripe_here.journal()}


@pytest.mark.parametrize(("effect", "path"), STEPS)
def test_an_answer_that_takes_too_long_is_not_waited_for_and_not_asked_for_twice(
    cast: Cast, stripe_here: StripeStandIn, effect: str, path: str
) -> None:
    payout_account(cast.piano, stripe_here)
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    stripe_here.fault("stall", path=path, calls=[1], seconds=0.8)
    begin = clock.now()
    # The first repetition may come while the call is still under way.
    sweeps(2, start=begin)
    deadline = clock.monotonic() + 10
    while not stripe_here.journal(what=effect) and clock.monotonic() < deadline:
        pass
    sweeps(3, start=begin + 10 * SWEEP)
    _went_through_once(payment, stripe_here)


def _went_through_once(payment: Payment, stripe_here: StripeStandIn) -> None:
    payment.refresh_from_db()
    assert (payment.status, payment.captured, payment.transferred) == (S.CAPTURED, 89_60, 68_00)
    effects = Counter(line["what"] for line in stripe_here.journal())
    assert (effects["authorised"], effects["captured"], effects["transferred"]) == (1, 1, 1)
    assert len(postings(payment)) == 2
    assert not Step.objects.filter(state__in=("attempting", "unknown")).exists()


@pytest.mark.parametrize("kind", AROUND)
def test_a_fault_while_releasing_or_refunding_gives_back_once(
    cast: Cast, stripe_here: StripeStandIn, kind: str
) -> None:
    card = a_card(cast.ben_student)
    let_go = due_payment(cast.piano, cast.ben_student, card, ending="", capture_at=clock.now() + SWEEP * 99)
    charged = due_payment(cast.piano, cast.ben_student, card)
    work.run(now=clock.now())
    Payment.objects.filter(pk=let_go.pk).update(ending="free", due_at=clock.now())
    refunds.execute(charged, amount=30_00, reason="late", by=cast.staff)
    stripe_here.fault(kind, path="/v1/payment_intents/*/cancel", calls=[1])
    stripe_here.fault(kind, path="/v1/refunds", calls=[1])
    sweeps(3)
    let_go.refresh_from_db()
    charged.refresh_from_db()
    assert (let_go.status, charged.refunded) == (S.CANCELLED, 30_00)
    assert (stripe_here.total("released"), stripe_here.total("refunded")) == (89_60, 30_00)
    assert ledger.balance(ledger.STRIPE) == -(89_60 - 30_00) + fee_on(89_60)


def test_a_crash_between_the_call_and_its_answer_is_found_and_finished(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    job = work._claim(clock.now())
    assert job is not None
    assert job.step is not None
    assert steps.carry_out(job.step, now=clock.now()).result == "done"
    # The process is gone: nobody settles.
    assert work.run(now=clock.now()) == 0
    sweeps(1, start=clock.now() + SWEEP)
    payment.refresh_from_db()
    assert (payment.status, stripe_here.total("authorised")) == (S.CAPTURED, 89_60)
    assert Step.objects.filter(payment=payment, name="authorise").count() == 1


def test_sixty_payments_a_third_of_them_faulty_all_end_right(cast: Cast, stripe_here: StripeStandIn) -> None:
    payout_account(cast.piano, stripe_here)
    good, bad = a_card(cast.ben_student), a_card(cast.ben_student, "chargeCustomerFail")
    far = clock.now() + timedelta(days=30)
    given = [due_payment(cast.piano, cast.ben_student, good) for _ in range(40)]
    dropped = [due_payment(cast.piano, cast.ben_student, good, ending="", capture_at=far) for _ in range(10)]
    declined = [due_payment(cast.piano, cast.ben_student, bad) for _ in range(10)]
    for number, kind in enumerate(AROUND):
        stripe_here.fault(kind, path="/v1/*", probability=0.05, seed=number)
    begin = clock.now()
    sweeps(2, start=begin)
    Payment.objects.filter(pk__in=[each.pk for each in dropped]).update(ending="free", due_at=begin)
    sweeps(2, start=begin + 2 * SWEEP)
    struck = sum(plan["struck"] for plan in stripe_here.faults())
    assert struck >= 18
    # What is unknown now is known two quiet sweeps later.
    stripe_here.no_faults()
    sweeps(2, start=begin + 10 * SWEEP)

    def standing(payments: list[Payment]) -> Counter[str]:
        found = Payment.objects.filter(pk__in=[each.pk for each in payments])
        return Counter(found.values_list("status", flat=True))

    assert standing(given) == {S.CAPTURED: 40}
    assert standing(dropped) == {S.CANCELLED: 10}
    assert standing(declined) == {S.PLANNED: 10}
    assert stripe_here.total("captured") == 40 * 89_60
    assert stripe_here.total("transferred") == 40 * 68_00
    keys = Counter(
        (line["what"], line.get("payment_intent")) for line in stripe_here.journal(what="captured")
    )
    assert set(keys.values()) == {1}
    assert ledger.balance(ledger.STRIPE) == -40 * (89_60 - 68_00 - fee_on(89_60))
    assert ledger.balance(ledger.of_instructor(cast.piano.instructor_id)) == 0
    assert not Step.objects.filter(state__in=("attempting", "unknown")).exists()
    assert [found for found in reconcile.differences(now=clock.now()) if not found.repaired] == []


def test_while_stripe_cannot_be_reached_waits_grow_and_nothing_is_lost(
    cast: Cast, stripe_here: StripeStandIn, settings: Any
) -> None:
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    settings.STRIPE_API_BASE = "http://localhost:9"
    now, waits = clock.now(), []
    for _ in range(4):
        work.run(now=now)
        payment.refresh_from_db()
        assert payment.due_at is not None
        waits.append((payment.due_at - now).seconds)
        now = payment.due_at
    assert waits == [30, 60, 120, 240]
    assert payment.status == S.AUTHORISING
    settings.STRIPE_API_BASE = stripe_here.url
    work.run(now=now)
    payment.refresh_from_db()
    assert (payment.status, stripe_here.total("captured")) == (S.CAPTURED, 89_60)
