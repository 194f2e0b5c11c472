"""Fifty at once: of many captures one wins, refunds never add up to more than was paid."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from ops.stand_ins.stripe.call import Call
from ops.stand_ins.stripe.faults import Faults
from ops.stand_ins.stripe.payment_intents import capture, create
from ops.stand_ins.stripe.world import PLATFORM, World

MANY = 50

pytestmark = pytest.mark.race


def at_once(work):
    """The outcomes of the same work, done by many threads."""

    def outcome(number):
        try:
            return work(number)
        except stripe.StripeError as error:
            return error

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(outcome, range(MANY)))


def split(outcomes):
    failed = [each for each in outcomes if isinstance(each, Exception)]
    return [each for each in outcomes if not isinstance(each, Exception)], failed


@pytest.fixture
def quick_switches():
    """Threads take turns so often that what is not guarded breaks."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_without_the_lock_a_capture_is_done_twice(quick_switches):
    """The control: the same rules, called by threads that do not queue."""

    def call(sent, ids=()):
        return Call(world, Faults(), PLATFORM, "", ids=ids, params=sent)

    def attempt(number):
        try:
            return capture(call({}, (intent["id"],)))
        except Exception as error:  # whatever breaks
            return error

    for _ in range(200):
        world = World()
        held = {
            "payment_method": "pm_card_visa",
            "capture_method": "manual",
            "confirm": True,
            "use_stripe_sdk": True,
        }
        intent = create(call({"amount": 5000, "currency": "usd", **held}))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(attempt, range(8)))
        if sum(line["amount"] for line in world.journal if line["what"] == "captured") > 5000:
            return
    pytest.fail("The race was never lost: the tests below prove nothing.")


def test_of_fifty_captures_one_wins(client, pay, stripe_stand_in):
    intent = pay(capture_method="manual")
    won, lost = split(at_once(lambda number: client.v1.payment_intents.capture(intent.id)))
    assert len(won) == 1
    assert {error.code for error in lost} == {"payment_intent_unexpected_state"}
    assert stripe_stand_in.total("captured") == 5000
    assert stripe_stand_in.problems() == []


def test_a_capture_and_a_cancellation_exclude_each_other(client, pay, stripe_stand_in):
    intent = pay(capture_method="manual")
    verbs = [client.v1.payment_intents.capture, client.v1.payment_intents.cancel]
    won, _ = split(at_once(lambda number: verbs[number % 2](intent.id)))
    assert len(won) == 1
    assert stripe_stand_in.total("captured") + stripe_stand_in.total("released") == 5000
    assert stripe_stand_in.problems() == []


def test_of_fifty_refunds_as_many_win_as_there_is_money(client, pay, stripe_stand_in):
    intent = pay()
    refund = {"payment_intent": intent.id, "amount": 700}
    won, lost = split(at_once(lambda number: client.v1.refunds.create(refund)))
    assert (len(won), len(lost)) == (7, 43)
    assert stripe_stand_in.total("refunded") == 4900
    assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 4900
    assert stripe_stand_in.problems() == []


def test_fifty_calls_under_one_key_pay_once(client, stripe_stand_in):
    sent = {"amount": 5000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    sent["return_url"] = "http://localhost:1/"
    key = {"idempotency_key": "one"}
    won, lost = split(at_once(lambda number: client.v1.payment_intents.create(sent, options=key)))
    assert len({each.id for each in won}) == 1
    assert {(error.http_status, error.error.code) for error in lost} <= {(409, "idempotency_key_in_use")}
    assert stripe_stand_in.total("captured") == 5000


def test_transfers_of_one_charge_stay_below_it(client, pay, connected, stripe_stand_in):
    intent = pay()
    wanted = {
        "amount": 900,
        "currency": "usd",
        "destination": connected.id,
        "source_transaction": intent.latest_charge,
    }
    won, _ = split(at_once(lambda number: client.v1.transfers.create(wanted)))
    assert len(won) == 5
    assert stripe_stand_in.total("transferred") == 4500
    assert stripe_stand_in.problems() == []
