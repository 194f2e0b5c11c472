"""Payment intents through the official client: every status and every way between them."""

import httpx
import pytest
import stripe

DAY = 86_400
NO_REDIRECTS = {"enabled": True, "allow_redirects": "never"}


def answer_the_bank(intent, button):
    """Does what the cardholder does on the bank's page; returns the answer of the page."""
    action = intent.next_action
    url = (
        action.use_stripe_sdk["stripe_js"] if action.type == "use_stripe_sdk" else action.redirect_to_url.url
    )
    assert "approve" in httpx.get(url).text
    return httpx.post(url, data={"answer": button})


def test_a_payment_goes_from_its_creation_to_the_money(client, stripe_stand_in):
    intent = client.v1.payment_intents.create(
        {
            "amount": 5000,
            "currency": "usd",
            "metadata": {"booking": "b1"},
            "automatic_payment_methods": NO_REDIRECTS,
        }
    )
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    intent = client.v1.payment_intents.update(intent.id, {"payment_method": "pm_card_visa", "amount": 6000})
    assert (intent.status, intent.amount) == ("requires_confirmation", 6000)
    intent = client.v1.payment_intents.confirm(intent.id, {"expand": ["latest_charge.balance_transaction"]})
    charge = intent.latest_charge
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 6000, 0)
    assert (charge.paid, charge.captured, charge.amount_captured, charge.amount_refunded) == (
        True,
        True,
        6000,
        0,
    )
    assert charge.metadata.to_dict() == {"booking": "b1"}
    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (204, 5796)  # 2.9 % and 30
    assert [line["what"] for line in stripe_stand_in.journal()] == ["authorised", "captured"]
    assert stripe_stand_in.problems() == []


def test_who_confirms_on_a_server_says_where_the_customer_comes_back(client):
    for make, more in (
        (client.v1.payment_intents.create, {"amount": 5000, "currency": "usd"}),
        (client.v1.setup_intents.create, {}),
    ):
        terms = {"payment_method": "pm_card_visa", "confirm": True, **more}
        with pytest.raises(stripe.InvalidRequestError) as refused:
            make(terms)
        assert refused.value.param == "return_url"
        assert make({**terms, "return_url": "http://localhost:1/"}).status == "succeeded"
        assert make({**terms, "allowed_payment_method_types": ["card"]}).status == "succeeded"
    assert len(client.v1.payment_intents.list().data) == 2


@pytest.mark.parametrize("term", [{"off_session": True}, {"return_url": "http://localhost:1/"}])
def test_terms_of_a_confirmation_come_with_one(client, term):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create({"amount": 5000, "currency": "usd", **term})
    assert refused.value.param == next(iter(term))


def test_money_is_held_and_captured_later(client, pay, stripe_stand_in):
    intent = pay(capture_method="manual", expand=["latest_charge"])
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 5000)
    assert (intent.latest_charge.captured, intent.latest_charge.balance_transaction) == (False, None)
    before = intent.latest_charge.payment_method_details.card.capture_before
    assert before - intent.latest_charge.created == 7 * DAY
    assert stripe_stand_in.total("captured") == 0
    done = client.v1.payment_intents.capture(intent.id)
    assert (done.status, done.amount_received, done.amount_capturable) == ("succeeded", 5000, 0)
    assert (stripe_stand_in.total("captured"), stripe_stand_in.total("released")) == (5000, 0)


def test_what_is_not_captured_is_released(client, pay, stripe_stand_in):
    intent = pay(capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 5001})
    assert refused.value.code == "amount_too_large"
    done = client.v1.payment_intents.capture(
        intent.id, {"amount_to_capture": 3000, "expand": ["latest_charge"]}
    )
    assert (done.status, done.amount, done.amount_received) == ("succeeded", 5000, 3000)
    assert (done.latest_charge.amount_captured, done.latest_charge.amount_refunded) == (3000, 2000)
    assert not done.latest_charge.refunded
    assert (stripe_stand_in.total("captured"), stripe_stand_in.total("released")) == (3000, 2000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert refused.value.error.payment_intent.status == "succeeded"
    assert stripe_stand_in.problems() == []


def test_a_cancelled_intent_lets_go_of_the_money(client, pay, stripe_stand_in):
    intent = pay(capture_method="manual")
    done = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "requested_by_customer"})
    assert (done.status, done.cancellation_reason) == ("canceled", "requested_by_customer")
    assert (done.amount_capturable, done.amount_received) == (0, 0)
    assert (stripe_stand_in.total("released"), stripe_stand_in.total("captured")) == (5000, 0)
    for verb in (client.v1.payment_intents.capture, client.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            verb(intent.id)
        assert refused.value.code == "payment_intent_unexpected_state"
    assert stripe_stand_in.problems() == []


def test_an_authorisation_ends_after_seven_days(client, pay, stripe_stand_in):
    intent = pay(capture_method="manual")
    stripe_stand_in.advance(days=7, seconds=-60)
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"
    stripe_stand_in.advance(seconds=61)
    found = client.v1.payment_intents.retrieve(intent.id)
    assert (found.status, found.cancellation_reason, found.amount_capturable) == ("canceled", "automatic", 0)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.capture(intent.id)
    assert (stripe_stand_in.total("released"), stripe_stand_in.total("captured")) == (5000, 0)


def test_authorisations_end_on_command(client, pay, stripe_stand_in):
    one, other = pay(capture_method="manual"), pay(capture_method="manual")
    stripe_stand_in.expire_authorisations(one.id)
    assert client.v1.payment_intents.retrieve(one.id).status == "canceled"
    assert client.v1.payment_intents.retrieve(other.id).status == "requires_capture"


def test_a_declined_payment_leaves_its_reason_and_may_be_tried_again(client, pay):
    with pytest.raises(stripe.CardError) as refused:
        pay("pm_card_chargeDeclinedInsufficientFunds")
    error = refused.value.error
    intent = client.v1.payment_intents.retrieve(error.payment_intent.id, {"expand": ["latest_charge"]})
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert (intent.last_payment_error.type, intent.last_payment_error.decline_code) == (
        "card_error",
        "insufficient_funds",
    )
    assert intent.last_payment_error.payment_method.card.last4 == "9995"
    assert (intent.latest_charge.status, intent.latest_charge.paid) == ("failed", False)
    assert intent.latest_charge.outcome.network_status == "declined_by_network"
    done = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (done.status, done.last_payment_error) == ("succeeded", None)
    assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 2


def test_the_cardholder_is_asked_and_agrees(client, pay, stripe_stand_in):
    intent = pay("pm_card_authenticationRequired")
    assert (intent.status, intent.next_action.type) == ("requires_action", "use_stripe_sdk")
    assert stripe_stand_in.journal() == []
    assert answer_the_bank(intent, "complete").status_code == 200
    done = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (done.status, done.next_action) == ("succeeded", None)
    assert done.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert stripe_stand_in.total("captured") == 5000


def test_the_cardholder_is_asked_and_does_not_agree(client, pay, stripe_stand_in):
    intent = pay("pm_card_authenticationRequired", return_url="http://localhost:1/back?x=1")
    assert intent.next_action.type == "redirect_to_url"
    response = answer_the_bank(intent, "fail")
    assert response.status_code == 303
    assert response.headers["location"].startswith(f"http://localhost:1/back?x=1&payment_intent={intent.id}&")
    assert response.headers["location"].endswith("redirect_status=failed")
    found = client.v1.payment_intents.retrieve(intent.id)
    assert found.status == "requires_payment_method"
    assert found.last_payment_error.code == "payment_intent_authentication_failure"
    assert stripe_stand_in.journal() == []
    again = httpx.post(intent.next_action.redirect_to_url.url, data={"answer": "complete"})
    assert again.status_code == 410
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


@pytest.mark.parametrize("card", ["pm_card_authenticationRequired", "pm_card_authenticationRequiredOnSetup"])
def test_off_session_a_card_that_asks_declines(client, pay, card):
    customer = client.v1.customers.create()
    method = client.v1.payment_methods.attach(card, {"customer": customer.id})
    with pytest.raises(stripe.CardError) as refused:
        pay(method.id, customer=customer.id, off_session=True)
    assert (refused.value.code, refused.value.error.decline_code) == ("authentication_required",) * 2
    intent = client.v1.payment_intents.retrieve(refused.value.error.payment_intent.id)
    assert (intent.status, intent.last_payment_error.code) == (
        "requires_payment_method",
        "authentication_required",
    )
    # The customer comes back and pays in person.
    shown = client.v1.payment_intents.confirm(intent.id, {"payment_method": method.id})
    assert shown.status == "requires_action"


@pytest.mark.parametrize(
    ("card", "later"),
    [("pm_card_authenticationRequiredOnSetup", True), ("pm_card_authenticationRequired", False)],
)
def test_a_card_set_up_with_its_holder_is_charged_without_or_asks_again(client, pay, card, later):
    customer = client.v1.customers.create()
    setup = client.v1.setup_intents.create(
        {
            "customer": customer.id,
            "payment_method": card,
            "confirm": True,
            "automatic_payment_methods": NO_REDIRECTS,
        }
    )
    assert setup.status == "requires_action"
    answer_the_bank(setup, "complete")
    assert client.v1.setup_intents.retrieve(setup.id).status == "succeeded"
    if later:
        assert pay(setup.payment_method, customer=customer.id, off_session=True).status == "succeeded"
        assert pay(setup.payment_method, customer=customer.id).status == "requires_action"
    else:
        with pytest.raises(stripe.CardError, match="authentication"):
            pay(setup.payment_method, customer=customer.id, off_session=True)


def test_a_setup_that_the_cardholder_refuses_saves_nothing(client):
    customer = client.v1.customers.create()
    setup = client.v1.setup_intents.create(
        {
            "customer": customer.id,
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "confirm": True,
            "automatic_payment_methods": NO_REDIRECTS,
        }
    )
    answer_the_bank(setup, "fail")
    found = client.v1.setup_intents.retrieve(setup.id)
    assert (found.status, found.last_setup_error.code) == (
        "requires_payment_method",
        "setup_intent_authentication_failure",
    )
    assert client.v1.customers.payment_methods.list(customer.id).data == []


def test_a_card_that_was_approved_may_still_have_no_money(client, pay):
    intent = pay("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
    answer_the_bank(intent, "complete")
    found = client.v1.payment_intents.retrieve(intent.id)
    assert (found.status, found.last_payment_error.decline_code) == (
        "requires_payment_method",
        "insufficient_funds",
    )


def test_a_payment_saves_its_card_for_later(client, pay):
    customer = client.v1.customers.create()
    intent = pay("pm_card_visa", customer=customer.id, setup_future_usage="off_session")
    assert client.v1.payment_methods.retrieve(intent.payment_method).customer == customer.id
    assert pay(intent.payment_method, customer=customer.id, off_session=True).status == "succeeded"


def test_a_card_that_was_not_saved_is_used_once(client, pay):
    method = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    assert pay(method.id).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError):
        pay(method.id)


def test_a_saved_card_needs_its_customer(client, pay):
    customer = client.v1.customers.create()
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    with pytest.raises(stripe.InvalidRequestError):
        pay(method.id)
    with pytest.raises(stripe.InvalidRequestError):
        pay(method.id, customer=client.v1.customers.create().id)


@pytest.mark.parametrize(("succeeds", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_a_payment_may_take_its_time(client, pay, stripe_stand_in, succeeds, status):
    stripe_stand_in.fault("processing", times=1)
    intent = pay()
    assert (intent.status, stripe_stand_in.journal()) == ("processing", [])
    stripe_stand_in.settle(intent.id, succeeds=succeeds)
    assert client.v1.payment_intents.retrieve(intent.id).status == status
    assert stripe_stand_in.total("captured") == (5000 if succeeds else 0)


def test_what_was_paid_is_not_changed_any_more(client, pay):
    intent = pay()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.update(intent.id, {"amount": 1})
    assert refused.value.code == "payment_intent_unexpected_state"
    assert client.v1.payment_intents.update(intent.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.confirm(intent.id)


def test_terms_that_contradict_each_other_are_refused_in_a_change_too(client, connected):
    terms = {"application_fee_amount": 900, "transfer_data": {"destination": connected.id}}
    intent = client.v1.payment_intents.create({"amount": 5000, "currency": "usd", **terms})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.update(intent.id, {"amount": 800})
    assert refused.value.param == "application_fee_amount"
    assert client.v1.payment_intents.update(intent.id, {"amount": 900}).amount == 900


@pytest.mark.parametrize(
    ("amount", "code"),
    [(49, "amount_too_small"), (100_000_000, "amount_too_large"), (0, "parameter_invalid_integer")],
)
def test_amounts_have_bounds(client, amount, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create({"amount": amount, "currency": "usd"})
    assert (refused.value.code, refused.value.param) == (code, "amount")


def test_intents_are_listed_by_customer(client, pay):
    ana, ben = client.v1.customers.create(), client.v1.customers.create()
    one = pay(customer=ana.id)
    pay(customer=ben.id)
    assert [each.id for each in client.v1.payment_intents.list({"customer": ana.id}).data] == [one.id]
