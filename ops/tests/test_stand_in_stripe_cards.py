"""Customers, their cards and setup intents, through the official client."""

import pytest
import stripe


def test_a_customer_is_kept_changed_and_deleted(client):
    made = client.v1.customers.create({"email": "ana@example.com", "metadata": {"user": "7", "old": "x"}})
    client.v1.customers.update(made.id, {"name": "Ana", "metadata": {"old": "", "new": "y"}})
    found = client.v1.customers.retrieve(made.id)
    assert (found.email, found.name, found.metadata.to_dict()) == (
        "ana@example.com",
        "Ana",
        {"user": "7", "new": "y"},
    )
    client.v1.customers.update(made.id, {"metadata": ""})
    assert client.v1.customers.retrieve(made.id).metadata.to_dict() == {}
    assert client.v1.customers.delete(made.id).deleted
    assert client.v1.customers.retrieve(made.id).deleted
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.update(made.id, {"name": "Ben"})
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert client.v1.customers.list({"email": "ana@example.com"}).data == []


def test_a_card_is_attached_listed_made_the_default_and_detached(client):
    customer = client.v1.customers.create()
    first = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    second = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    listed = client.v1.customers.payment_methods.list(customer.id)
    assert [each.id for each in listed.data] == [second.id, first.id]
    assert (first.card.brand, first.card.last4, second.card.brand) == ("visa", "4242", "mastercard")
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": first.id}})
    path = "invoice_settings.default_payment_method"
    found = client.v1.customers.retrieve(customer.id, {"expand": [path]})
    assert found.invoice_settings.default_payment_method.card.last4 == "4242"
    assert client.v1.payment_methods.detach(first.id).customer is None
    assert client.v1.customers.retrieve(customer.id).invoice_settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_methods.attach(first.id, {"customer": customer.id})
    assert [each.id for each in client.v1.payment_methods.list({"customer": customer.id}).data] == [second.id]


def test_a_card_of_another_customer_is_no_default(client):
    ana, ben = client.v1.customers.create(), client.v1.customers.create()
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": ana.id})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.update(ben.id, {"invoice_settings": {"default_payment_method": method.id}})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_methods.attach(method.id, {"customer": ben.id})
    assert client.v1.payment_methods.retrieve(method.id).customer == ana.id


@pytest.mark.parametrize(
    ("number", "code", "decline"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000000069", "expired_card", None),
        ("4000000000000127", "incorrect_cvc", None),
        ("4000000000000119", "processing_error", None),
    ],
)
def test_a_declining_card_can_neither_be_attached_nor_charged(
    client, stripe_stand_in, pay, number, code, decline
):
    customer = client.v1.customers.create()
    card = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = client.v1.payment_methods.create({"type": "card", "card": card})
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.attach(method.id, {"customer": customer.id})
    assert (refused.value.http_status, refused.value.code) == (402, code)
    assert refused.value.error.decline_code == decline
    assert client.v1.customers.payment_methods.list(customer.id).data == []
    with pytest.raises(stripe.CardError) as refused:
        pay(method.id)
    assert refused.value.code == code
    assert refused.value.error.payment_intent.status == "requires_payment_method"
    assert [line["what"] for line in stripe_stand_in.journal()] == ["declined"]


def test_a_card_may_attach_well_and_decline_when_charged(client, pay):
    customer = client.v1.customers.create()
    method = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    assert method.card.last4 == "0341"
    with pytest.raises(stripe.CardError) as refused:
        pay(method.id, customer=customer.id, off_session=True)
    assert refused.value.error.decline_code == "generic_decline"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2020}, "invalid_expiry_year"),
        ({"cvc": "1"}, "invalid_cvc"),
    ],
)
def test_what_no_card_has_is_refused(client, change, code):
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"} | change
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": card})
    assert refused.value.code == code


def test_a_setup_intent_saves_a_card_for_off_session_payments(client, pay):
    customer = client.v1.customers.create()
    made = client.v1.setup_intents.create({"customer": customer.id, "payment_method": "pm_card_visa"})
    back = {"return_url": "http://localhost:1/"}
    assert made.status == "requires_confirmation"
    done = client.v1.setup_intents.confirm(made.id, back)
    assert (done.status, done.usage, done.last_setup_error) == ("succeeded", "off_session", None)
    assert client.v1.payment_methods.retrieve(done.payment_method).customer == customer.id
    assert pay(done.payment_method, customer=customer.id, off_session=True).status == "succeeded"
    assert client.v1.setup_intents.list({"customer": customer.id}).data[0].id == made.id
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.setup_intents.cancel(made.id)
    assert refused.value.code == "setup_intent_unexpected_state"


def test_a_setup_intent_with_a_declining_card_says_why(client):
    customer = client.v1.customers.create()
    intent = client.v1.setup_intents.create({"customer": customer.id})
    with pytest.raises(stripe.CardError) as refused:
        client.v1.setup_intents.confirm(
            intent.id, {"payment_method": "pm_card_chargeDeclined", "return_url": "http://localhost:1/"}
        )
    assert refused.value.error.setup_intent.id == intent.id
    found = client.v1.setup_intents.retrieve(intent.id)
    assert (found.status, found.last_setup_error.code) == ("requires_payment_method", "card_declined")
    assert (
        client.v1.setup_intents.cancel(intent.id, {"cancellation_reason": "abandoned"}).status == "canceled"
    )
