"""The hosted checkout page, as a browser without scripts uses it."""

import httpx
import pytest
import stripe

GOOD = {
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
    "name": "Ben",
    "email": "b@example.com",
}
SESSION = {
    "mode": "payment",
    "success_url": "http://localhost:1/thanks?s={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://localhost:1/basket",
    "client_reference_id": "booking-1",
    "line_items": [
        {
            "quantity": 2,
            "price_data": {"currency": "usd", "unit_amount": 2500, "product_data": {"name": "Piano & more"}},
        }
    ],
}


@pytest.fixture
def session(client):
    def make(**more):
        return client.v1.checkout.sessions.create({**SESSION, **more})

    return make


def send(session, **change):
    return httpx.post(session.url, data={"action": "pay", **GOOD, **change})


def test_a_session_is_paid_on_its_page(client, session, stripe_stand_in):
    made = session(
        metadata={"a": "b"}, payment_intent_data={"metadata": {"booking": "1"}, "transfer_group": "g"}
    )
    assert (made.status, made.payment_status, made.amount_total, made.payment_intent) == (
        "open",
        "unpaid",
        5000,
        None,
    )
    page = httpx.get(made.url)
    assert page.status_code == 200
    assert "Piano &amp; more × 2" in page.text
    assert "50.00 USD" in page.text
    assert "<script" not in page.text
    answer = send(made)
    assert (answer.status_code, answer.headers["location"]) == (303, f"http://localhost:1/thanks?s={made.id}")
    done = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (done.status, done.payment_status, done.payment_intent.status) == ("complete", "paid", "succeeded")
    assert (done.payment_intent.transfer_group, done.payment_intent.metadata["booking"]) == ("g", "1")
    assert (done.client_reference_id, done.customer_details.email) == ("booking-1", "b@example.com")
    assert client.v1.checkout.sessions.line_items.list(made.id).data[0].amount_total == 5000
    assert send(made).headers["location"] == f"http://localhost:1/thanks?s={made.id}"
    assert stripe_stand_in.total("captured") == 5000
    completed = client.v1.events.list({"type": "checkout.session.completed"}).data
    assert [each.data.object.id for each in completed] == [made.id]


def test_a_declined_card_may_be_replaced_on_the_page(client, session, stripe_stand_in):
    made = session()
    answer = send(made, number="4000000000009995")
    assert answer.status_code == 402
    assert "insufficient funds" in answer.text
    assert 'value="b@example.com"' in answer.text
    assert 'name="cvc" value=""' in answer.text
    assert send(made, number="1234").status_code == 402
    assert send(made).status_code == 303
    assert (stripe_stand_in.total("captured"), len(client.v1.payment_intents.list().data)) == (5000, 1)


def test_the_bank_may_ask_in_between(client, session):
    made = session()
    challenge = send(made, number="4000002760003184").headers["location"]
    assert "/challenge/" in challenge
    back = httpx.post(challenge, data={"answer": "fail"}).headers["location"]
    assert "could not be authenticated" in httpx.get(back).text
    challenge = send(made, number="4000002760003184").headers["location"]
    back = httpx.post(challenge, data={"answer": "complete"}).headers["location"]
    assert httpx.get(back).headers["location"] == f"http://localhost:1/thanks?s={made.id}"
    assert client.v1.checkout.sessions.retrieve(made.id).payment_status == "paid"


def test_going_back_leaves_the_session_open(client, session, stripe_stand_in):
    made = session()
    assert httpx.post(made.url, data={"action": "cancel"}).headers["location"] == "http://localhost:1/basket"
    assert client.v1.checkout.sessions.retrieve(made.id).status == "open"
    assert stripe_stand_in.journal() == []


def test_a_session_may_only_hold_the_money_or_only_save_the_card(client, session):
    held = session(payment_intent_data={"capture_method": "manual"})
    send(held)
    done = client.v1.checkout.sessions.retrieve(held.id, {"expand": ["payment_intent"]})
    assert (done.payment_status, done.payment_intent.status) == ("unpaid", "requires_capture")
    customer = client.v1.customers.create()
    saved = client.v1.checkout.sessions.create(
        {"mode": "setup", "customer": customer.id, "success_url": "http://localhost:1/", "currency": "usd"}
    )
    send(saved)
    done = client.v1.checkout.sessions.retrieve(saved.id, {"expand": ["setup_intent"]})
    assert (done.payment_status, done.setup_intent.status) == ("no_payment_required", "succeeded")
    assert len(client.v1.customers.payment_methods.list(customer.id).data) == 1


def test_a_session_ends_after_a_day_or_on_demand(client, session, stripe_stand_in):
    one, other = session(), session()
    assert client.v1.checkout.sessions.expire(one.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(one.id)
    stripe_stand_in.advance(days=1)
    assert client.v1.checkout.sessions.retrieve(other.id).status == "expired"
    assert send(other).status_code == 410
    assert stripe_stand_in.journal() == []
