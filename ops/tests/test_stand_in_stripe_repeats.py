"""Idempotency keys, and everything that can go wrong around a call, as the official client meets it."""

import threading

import pytest
import stripe

PAYMENT = {
    "amount": 5000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "confirm": True,
    "return_url": "http://localhost:1/",
}


# Idempotency keys


def test_a_repeated_call_gets_the_stored_answer_byte_for_byte(raw, stripe_stand_in):
    sent = {name: str(value) for name, value in PAYMENT.items()}
    key = {"Idempotency-Key": "one"}
    first = raw.post("/v1/payment_intents", data=sent, headers=key)
    again = raw.post("/v1/payment_intents", data=sent, headers=key)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"] != again.headers["request-id"]
    assert [line["idempotency_key"] for line in stripe_stand_in.journal(what="captured")] == ["one"]


def test_a_decline_is_stored_too(client, stripe_stand_in):
    sent = {**PAYMENT, "payment_method": "pm_card_chargeDeclined"}
    errors = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            client.v1.payment_intents.create(sent, options={"idempotency_key": "k"})
        errors.append(refused.value)
    assert errors[0].http_body == errors[1].http_body
    assert errors[1].headers["idempotent-replayed"] == "true"
    assert len(stripe_stand_in.journal(what="declined")) == 1


def test_a_request_that_was_not_valid_may_be_corrected_under_its_key(client):
    key = {"idempotency_key": "k"}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({"amount": 0, "currency": "usd"}, options=key)
    assert client.v1.payment_intents.create({"amount": 500, "currency": "usd"}, options=key).amount == 500


def test_a_key_is_for_one_request(client, stripe_stand_in):
    key = {"idempotency_key": "k"}
    client.v1.payment_intents.create(PAYMENT, options=key)
    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.payment_intents.create({**PAYMENT, "amount": 6000}, options=key)
    assert refused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create(options=key)
    assert len(stripe_stand_in.journal(what="captured")) == 1


def test_a_key_lives_for_a_day(client, stripe_stand_in):
    key = {"idempotency_key": "k"}
    first = client.v1.customers.create(options=key)
    stripe_stand_in.advance(hours=23)
    assert client.v1.customers.create(options=key).id == first.id
    stripe_stand_in.advance(hours=1)
    assert client.v1.customers.create(options=key).id != first.id


def test_keys_of_different_accounts_do_not_meet(client, connected):
    first = client.v1.customers.create(options={"idempotency_key": "k"})
    second = client.v1.customers.create(options={"idempotency_key": "k", "stripe_account": connected.id})
    assert first.id != second.id


def test_a_key_in_use_is_a_conflict(client, stripe_stand_in):
    stripe_stand_in.fault("stall", seconds=0.5, calls=[1])
    key, results = {"idempotency_key": "k"}, []
    slow = threading.Thread(
        target=lambda: results.append(client.v1.payment_intents.create(PAYMENT, options=key))
    )
    slow.start()
    while not stripe_stand_in.faults()[0]["struck"]:
        pass
    with pytest.raises(stripe.APIError) as refused:
        client.v1.payment_intents.create(PAYMENT, options=key)
    slow.join()
    assert (refused.value.http_status, refused.value.error.code) == (409, "idempotency_key_in_use")
    assert results[0].status == "succeeded"
    assert client.v1.payment_intents.create(PAYMENT, options=key).id == results[0].id
    assert len(stripe_stand_in.journal(what="captured")) == 1


def test_a_bad_expansion_is_kept_under_its_key_because_the_work_was_done(client, stripe_stand_in):
    wanted = {**PAYMENT, "expand": ["nonsense"]}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.payment_intents.create(wanted, options={"idempotency_key": "k"})
    assert len(stripe_stand_in.journal(what="captured")) == 1


# Faults


def test_an_answer_may_be_lost_although_the_work_was_done(client, stripe_stand_in):
    stripe_stand_in.fault("drop_after_commit", times=1)
    key = {"idempotency_key": "k"}
    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.create(PAYMENT, options=key)
    assert len(stripe_stand_in.journal(what="captured")) == 1
    assert client.v1.payment_intents.create(PAYMENT, options=key).status == "succeeded"
    assert len(stripe_stand_in.journal(what="captured")) == 1


def test_the_client_repeats_by_itself_and_pays_once(stripe_stand_in):
    client = stripe_stand_in.client(max_network_retries=2)
    stripe_stand_in.fault("drop_after_commit", calls=[1])
    stripe_stand_in.fault("error_before", calls=[2])
    assert client.v1.payment_intents.create(PAYMENT).status == "succeeded"
    assert len(stripe_stand_in.journal(what="captured")) == 1


def test_nothing_happens_before_a_dropped_connection_or_an_early_error(client, stripe_stand_in):
    stripe_stand_in.fault("drop_before", calls=[1])
    stripe_stand_in.fault("error_before", calls=[1])
    key = {"idempotency_key": "k"}
    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.create(PAYMENT, options=key)
    stripe_stand_in.no_faults()
    stripe_stand_in.fault("error_before", calls=[1])
    with pytest.raises(stripe.APIError) as refused:
        client.v1.payment_intents.create(PAYMENT, options=key)
    assert (refused.value.http_status, stripe_stand_in.journal()) == (500, [])
    assert client.v1.payment_intents.create(PAYMENT, options=key).status == "succeeded"


@pytest.mark.parametrize("saved", [True, False])
def test_a_500_after_the_work_is_stored_or_came_from_a_gateway(client, stripe_stand_in, saved):
    stripe_stand_in.fault("error_after_commit", times=1, saved=saved)
    key = {"idempotency_key": "k"}
    with pytest.raises(stripe.APIError) as refused:
        client.v1.payment_intents.create(PAYMENT, options=key)
    assert refused.value.headers["stripe-should-retry"] == ("false" if saved else "true")
    if saved:
        with pytest.raises(stripe.APIError):
            client.v1.payment_intents.create(PAYMENT, options=key)
    else:
        assert client.v1.payment_intents.create(PAYMENT, options=key).status == "succeeded"
    assert len(stripe_stand_in.journal(what="captured")) == 1


def test_too_many_requests_and_locks_are_told_apart(client, stripe_stand_in):
    stripe_stand_in.fault("rate_limit", calls=[1], seconds=7)
    stripe_stand_in.fault("lock_timeout", calls=[2])
    with pytest.raises(stripe.RateLimitError) as refused:
        client.v1.customers.create()
    assert refused.value.headers["retry-after"] == "7"
    with pytest.raises(stripe.RateLimitError) as refused:
        client.v1.customers.create()
    assert refused.value.error.code == "lock_timeout"
    assert client.v1.customers.list().data == []


def test_the_next_card_is_declined_on_command(client, pay, stripe_stand_in):
    stripe_stand_in.decline_next("insufficient_funds")
    with pytest.raises(stripe.CardError) as refused:
        pay()
    assert refused.value.error.decline_code == "insufficient_funds"
    assert pay().status == "succeeded"


def test_a_plan_picks_calls_by_address_and_by_chance_that_repeats(client, stripe_stand_in):
    def struck():
        stripe_stand_in.no_faults()
        stripe_stand_in.fault("error_before", path="/v1/customers", probability=0.5, seed=3)
        outcomes = []
        for _ in range(12):
            try:
                client.v1.customers.create()
                outcomes.append(True)
            except stripe.APIError:
                outcomes.append(False)
        return outcomes

    first = struck()
    assert set(first) == {True, False}
    assert struck() == first
    assert client.v1.setup_intents.create().status == "requires_payment_method"


def test_a_fault_that_does_not_exist_is_refused(stripe_stand_in):
    with pytest.raises(RuntimeError, match="kind must be one of"):
        stripe_stand_in.fault("earthquake")
