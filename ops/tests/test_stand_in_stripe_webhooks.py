"""Webhooks: signed, repeated, held, mixed, doubled and lost."""

import json
import time

import pytest
import stripe

from ops.stand_ins.testing import Listener


def types(listener):
    return [event.type for event in listener.events()]


def test_events_are_signed_and_name_the_request(client, pay, stripe_stand_in, stripe_listener):
    intent = pay()
    assert stripe_stand_in.quiet()
    assert sorted(types(stripe_listener)) == [
        "charge.succeeded",
        "payment_intent.created",
        "payment_intent.succeeded",
    ]
    paid = next(event for event in stripe_listener.events() if event.type == "payment_intent.succeeded")
    assert (paid.data.object.id, paid.data.object.status) == (intent.id, "succeeded")
    assert paid.request.idempotency_key == stripe_stand_in.journal(what="captured")[0]["idempotency_key"]
    assert client.v1.events.retrieve(paid.id).data.object.id == intent.id
    assert [each.id for each in client.v1.events.list({"type": "payment_intent.succeeded"}).data] == [paid.id]


def test_a_signature_is_of_one_body_and_one_secret(pay, stripe_stand_in, stripe_listener):
    pay()
    stripe_stand_in.quiet()
    body, signature = stripe_listener.heard[0]
    for forged_body, secret in [(body + b" ", stripe_listener.secret), (body, "whsec_other")]:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(forged_body, signature, secret)


def test_while_secrets_change_both_are_good(pay, stripe_stand_in, stripe_listener):
    stripe_stand_in.deliver_to(stripe_listener.url, "whsec_old", "whsec_new")
    pay()
    stripe_stand_in.quiet()
    body, signature = stripe_listener.heard[0]
    for secret in ("whsec_old", "whsec_new"):
        assert stripe.Webhook.construct_event(body, signature, secret).object == "event"


def test_signatures_carry_the_real_time_when_the_clock_was_moved(pay, stripe_stand_in, stripe_listener):
    stripe_stand_in.advance(days=-30)
    pay()
    stripe_stand_in.quiet()
    assert "payment_intent.succeeded" in types(stripe_listener)
    assert stripe_listener.events()[0].created < time.time() - 29 * 86_400


def test_what_is_not_taken_is_sent_again(pay, stripe_stand_in, stripe_listener):
    stripe_stand_in.webhooks(drop_types=["charge.succeeded", "payment_intent.created"], first_wait=0.01)
    stripe_listener.answers = [500, 404]
    pay()
    assert stripe_stand_in.quiet()
    assert types(stripe_listener) == ["payment_intent.succeeded"] * 3
    assert len({event.id for event in stripe_listener.events()}) == 1
    outcomes = [each["outcome"] for each in stripe_stand_in.deliveries() if each["outcome"] != "dropped"]
    assert outcomes == [500, 404, 200]


def test_deliveries_are_held_and_mixed(client, stripe_stand_in, stripe_listener):
    stripe_stand_in.webhooks(hold=True)
    made = [client.v1.customers.create().id for _ in range(8)]
    assert stripe_listener.heard == []
    stripe_stand_in.release(shuffle_seed=2)
    assert stripe_stand_in.quiet()
    heard = [event.data.object.id for event in stripe_listener.events()]
    assert sorted(heard) == sorted(made)
    assert heard != made


def test_deliveries_are_doubled_lost_and_repeated(client, stripe_stand_in, stripe_listener):
    stripe_stand_in.webhooks(duplicate=1)
    client.v1.customers.create()
    stripe_stand_in.quiet()
    doubled = stripe_listener.events()
    assert len(doubled) == 2
    assert doubled[0].id == doubled[1].id
    stripe_stand_in.webhooks(drop=1)
    lost = client.v1.customers.create()
    stripe_stand_in.quiet()
    assert len(stripe_listener.heard) == 2
    event = client.v1.events.list({"type": "customer.created", "limit": 1}).data[0]
    assert event.data.object.id == lost.id
    stripe_stand_in.replay(event.id)
    stripe_stand_in.quiet()
    assert stripe_listener.events()[2].id == event.id


def test_events_of_connected_accounts_name_them(client, connected, stripe_stand_in, stripe_listener):
    client.v1.customers.create(options={"stripe_account": connected.id})
    stripe_stand_in.quiet()
    event = next(each for each in stripe_listener.events() if each.type == "customer.created")
    assert event.account == connected.id
    assert client.v1.events.list({"type": "customer.created"}).data == []


def test_endpoints_are_made_through_the_api_too(client, stripe_stand_in):
    listener = Listener()
    made = client.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["customer.*"]})
    listener.secret = made.secret
    client.v1.customers.create()
    client.v1.setup_intents.create()
    stripe_stand_in.quiet()
    assert types(listener) == ["customer.created"]
    assert "secret" not in client.v1.webhook_endpoints.retrieve(made.id)
    client.v1.webhook_endpoints.update(made.id, {"disabled": True})
    client.v1.customers.create()
    client.v1.webhook_endpoints.delete(made.id)
    client.v1.customers.create()
    stripe_stand_in.quiet()
    assert len(listener.heard) == 1
    listener.close()


def test_nothing_is_delivered_beyond_this_machine(client):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.webhook_endpoints.create({"url": "https://example.com/hook", "enabled_events": ["*"]})


def test_an_event_shows_what_was_before(client, stripe_stand_in, stripe_listener):
    customer = client.v1.customers.create({"name": "Ana"})
    client.v1.customers.update(customer.id, {"name": "Bea"})
    stripe_stand_in.quiet()
    body = json.loads(next(body for body, _ in stripe_listener.heard if b"customer.updated" in body))
    assert body["data"]["previous_attributes"] == {"name": "Ana"}
    assert body["data"]["object"]["name"] == "Bea"
