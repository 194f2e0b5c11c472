"""What the tests of the stand-in share."""

import httpx
import pytest
import stripe

from ops.stand_ins.testing import SECRET_KEY, StripeStandIn


@pytest.fixture
def client(stripe_stand_in: StripeStandIn) -> stripe.StripeClient:
    """The official client, as the site would use it."""
    return stripe_stand_in.client()


@pytest.fixture
def raw(stripe_stand_in):
    """Plain HTTP with a secret key."""
    with httpx.Client(
        base_url=stripe_stand_in.url, headers={"Authorization": f"Bearer {SECRET_KEY}"}
    ) as plain:
        yield plain


@pytest.fixture
def pay(client: stripe.StripeClient):
    """Makes and confirms a payment intent of 50 dollars with some test card."""

    def make(card: str = "pm_card_visa", **more):
        kinds = {"enabled": True, "allow_redirects": "never"}
        wanted = {
            "amount": 5000,
            "currency": "usd",
            "payment_method": card,
            "automatic_payment_methods": kinds,
        }
        wanted |= {"confirm": True, **more}
        return client.v1.payment_intents.create(wanted)

    return make


@pytest.fixture
def connected(client: stripe.StripeClient, stripe_stand_in: StripeStandIn) -> stripe.Account:
    """An Express account that may be paid."""
    account = client.v1.accounts.create(
        {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    )
    stripe_stand_in.onboard(account.id)
    return client.v1.accounts.retrieve(account.id)
