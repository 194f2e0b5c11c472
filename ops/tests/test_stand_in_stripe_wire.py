"""The wire as the official client meets it: keys, errors, pages of lists, expansion, fields, parameters."""

import re
import typing
from pathlib import Path

import httpx
import pytest
import stripe
from stripe import params as official
from stripe.params import checkout as official_checkout

from ops.stand_ins.stripe import routes
from ops.stand_ins.testing import PUBLISHABLE_KEY, SECRET_KEY
from ops.tests.stripe_fields import FIELDS

# Keys


@pytest.mark.parametrize("key", ["", "sk_live_real", "nonsense"])
def test_only_test_keys_are_let_in(raw, key):
    answer = raw.get("/v1/customers", headers={"Authorization": f"Bearer {key}".strip()})
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")


def test_a_wrong_key_is_an_authentication_error(stripe_stand_in):
    client = stripe.StripeClient("sk_live_real", base_addresses={"api": stripe_stand_in.url})
    with pytest.raises(stripe.AuthenticationError):
        client.v1.customers.list()


def test_basic_authorisation_is_as_good_as_a_bearer_token(stripe_stand_in):
    assert httpx.get(f"{stripe_stand_in.url}/v1/customers", auth=(SECRET_KEY, "")).status_code == 200


def test_a_publishable_key_reads_one_intent_by_its_secret(client, raw, pay):
    intent, other = pay(), pay()
    browser = {"Authorization": f"Bearer {PUBLISHABLE_KEY}"}
    path = f"/v1/payment_intents/{intent.id}"
    assert raw.get(path, params={"client_secret": intent.client_secret}, headers=browser).status_code == 200
    assert raw.get(path, headers=browser).status_code == 403
    assert raw.get(path, params={"client_secret": other.client_secret}, headers=browser).status_code == 404
    assert raw.post("/v1/refunds", data={"payment_intent": intent.id}, headers=browser).status_code == 403


# Errors


def test_what_is_missing_unknown_or_malformed_is_named(client, raw):
    for sent, param, code in [
        ({"currency": "usd"}, "amount", "parameter_missing"),
        ({"amount": "ten", "currency": "usd"}, "amount", "parameter_invalid_integer"),
        ({"amount": "100", "currency": "usd", "colour": "red"}, "colour", "parameter_unknown"),
        (
            {"amount": "100", "currency": "usd", "transfer_data[x]": "1"},
            "transfer_data[x]",
            "parameter_unknown",
        ),
    ]:
        answer = raw.post("/v1/payment_intents", data=sent)
        error = answer.json()["error"]
        assert (answer.status_code, error["param"], error["code"]) == (400, param, code)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.retrieve("pi_nobody")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert refused.value.request_id.startswith("req_")
    assert raw.get("/v1/nothing").status_code == 404


def test_answers_name_the_request_and_the_version(raw):
    answer = raw.get("/v1/balance", headers={"Stripe-Version": "2024-06-20"})
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == "2024-06-20"


def test_the_stand_in_speaks_the_version_of_the_client(client, pay):
    pay()
    assert client.v1.events.list().data[0].api_version == stripe.api_version


# Lists and expansion


def test_lists_come_in_pages(client):
    made = [client.v1.customers.create({"email": f"{number}@example.com"}).id for number in range(7)]
    page = client.v1.customers.list({"limit": 3})
    assert ([each.id for each in page.data], page.has_more) == (made[:3:-1], True)
    page = client.v1.customers.list({"limit": 3, "starting_after": made[1]})
    assert ([each.id for each in page.data], page.has_more) == ([made[0]], False)
    page = client.v1.customers.list({"limit": 2, "ending_before": made[3]})
    assert ([each.id for each in page.data], page.has_more) == ([made[5], made[4]], True)
    walked = client.v1.customers.list({"limit": 2}).auto_paging_iter()
    assert [each.id for each in walked] == made[::-1]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.list({"limit": 101})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.list({"starting_after": "cus_nobody"})


def test_lists_are_cut_by_time(client, stripe_stand_in):
    old = client.v1.customers.create()
    stripe_stand_in.advance(hours=1)
    new = client.v1.customers.create()
    found = client.v1.customers.list({"created": {"gt": old.created}}).data
    assert [each.id for each in found] == [new.id]
    assert client.v1.customers.list({"created": {"gt": new.created}}).data == []


def test_names_are_expanded_in_objects_and_lists(client, pay):
    customer = client.v1.customers.create({"name": "Ana"})
    pay(customer=customer.id)
    found = client.v1.payment_intents.list(
        {"expand": ["data.customer", "data.latest_charge.balance_transaction"]}
    )
    assert found.data[0].customer.name == "Ana"
    assert found.data[0].latest_charge.balance_transaction.amount == 5000
    assert client.v1.payment_intents.list().data[0].customer == customer.id
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.list({"expand": ["data.nonsense"]})


# What the objects show, and what may be sent


def leaves(body, wanted):
    """The names of ``wanted`` that the body lacks; what is null or a list has nothing inside to lack."""
    for name in wanted:
        part, *rest = name.split(".")
        here = body
        while isinstance(here, dict) and part in here and rest:
            here, (part, *rest) = here[part], rest
        if isinstance(here, dict) and part not in here:
            yield name


def test_every_object_carries_the_published_fields(client, pay, connected, stripe_stand_in):
    customer = client.v1.customers.create()
    intent = pay("pm_card_createDispute", customer=customer.id)
    fee = pay(transfer_data={"destination": connected.id}, application_fee_amount=500)
    refund = client.v1.refunds.create(
        {"payment_intent": fee.id, "reverse_transfer": True, "refund_application_fee": True}
    )
    stripe_stand_in.fund(100_000)
    link = {
        "account": connected.id,
        "type": "account_onboarding",
        "return_url": "http://x",
        "refresh_url": "http://x",
    }
    line = {
        "quantity": 1,
        "price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Piano"}},
    }
    session = {"mode": "payment", "success_url": "http://localhost:1/", "line_items": [line]}
    hook = {"url": "http://localhost:1/", "enabled_events": ["*"]}
    objects = [
        client.v1.accounts.retrieve(connected.id),
        client.v1.account_links.create(link),
        client.v1.application_fees.list().data[0],
        client.v1.balance.retrieve(),
        client.v1.balance_transactions.list().data[0],
        client.v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]}),
        client.v1.checkout.sessions.create(session),
        customer,
        client.v1.disputes.list().data[0],
        client.v1.events.list().data[0],
        client.v1.application_fees.list().data[0].refunds.data[0],
        intent,
        client.v1.payment_methods.retrieve(intent.payment_method),
        client.v1.payouts.create({"amount": 100, "currency": "usd"}),
        refund,
        client.v1.setup_intents.create({"customer": customer.id}),
        client.v1.transfers.list().data[0],
        client.v1.transfers.list().data[0].reversals.data[0],
        client.v1.webhook_endpoints.create(hook),
    ]
    bodies = {each.object: each.to_dict() for each in objects}
    assert sorted(bodies) == sorted(FIELDS)
    lacking = {kind: list(leaves(bodies[kind], FIELDS[kind].split())) for kind in FIELDS}
    assert {kind: names for kind, names in lacking.items() if names} == {}


OFFICIAL = {
    "POST /v1/customers": official.CustomerCreateParams,
    "GET /v1/customers": official.CustomerListParams,
    "POST /v1/customers/{id}": official.CustomerUpdateParams,
    "POST /v1/payment_methods": official.PaymentMethodCreateParams,
    "POST /v1/payment_methods/{id}": official.PaymentMethodUpdateParams,
    "POST /v1/setup_intents": official.SetupIntentCreateParams,
    "POST /v1/setup_intents/{id}": official.SetupIntentUpdateParams,
    "POST /v1/setup_intents/{id}/confirm": official.SetupIntentConfirmParams,
    "POST /v1/payment_intents": official.PaymentIntentCreateParams,
    "POST /v1/payment_intents/{id}": official.PaymentIntentUpdateParams,
    "POST /v1/payment_intents/{id}/confirm": official.PaymentIntentConfirmParams,
    "POST /v1/payment_intents/{id}/capture": official.PaymentIntentCaptureParams,
    "POST /v1/payment_intents/{id}/cancel": official.PaymentIntentCancelParams,
    "GET /v1/payment_intents": official.PaymentIntentListParams,
    "GET /v1/charges": official.ChargeListParams,
    "POST /v1/charges/{id}": official.ChargeUpdateParams,
    "POST /v1/refunds": official.RefundCreateParams,
    "GET /v1/refunds": official.RefundListParams,
    "POST /v1/transfers": official.TransferCreateParams,
    "GET /v1/transfers": official.TransferListParams,
    "POST /v1/transfers/{id}/reversals": official.TransferCreateReversalParams,
    "POST /v1/payouts": official.PayoutCreateParams,
    "GET /v1/balance_transactions": official.BalanceTransactionListParams,
    "POST /v1/accounts": official.AccountCreateParams,
    "POST /v1/account_links": official.AccountLinkCreateParams,
    "POST /v1/disputes/{id}": official.DisputeUpdateParams,
    "POST /v1/checkout/sessions": official_checkout.SessionCreateParams,
    "POST /v1/webhook_endpoints": official.WebhookEndpointCreateParams,
}
# What browsers send, and the older name of `allowed_payment_method_types`.
BESIDES = {"client_secret", "payment_method_types"}


@pytest.mark.parametrize("address", OFFICIAL)
def test_no_parameter_is_taken_that_the_official_client_does_not_know(address):
    route = next(each for each in routes.ROUTES if f"{each.method} {each.path}" == address)
    assert set(route.schema) - BESIDES <= set(OFFICIAL[address].__annotations__)


def test_every_event_is_one_that_stripe_sends():
    known = set(typing.get_args(typing.get_type_hints(stripe.Event)["type"]))
    sources = Path(routes.__file__).parent.glob("*.py")
    sent = {name for path in sources for name in re.findall(r'emit\(\s*"([a-z_.]+)"', path.read_text())}
    assert len(sent) > 30
    assert sent - known == set()
