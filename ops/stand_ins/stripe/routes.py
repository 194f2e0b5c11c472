"""Every address of the API: what answers it and what it may be sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ops.stand_ins.stripe import (
    accounts,
    charges,
    checkout,
    customers,
    disputes,
    events,
    methods,
    params,
    payment_intents,
    refunds,
    setup_intents,
    transfers,
)
from ops.stand_ins.stripe.call import Call
from ops.stand_ins.stripe.params import Schema
from ops.stand_ins.stripe.wire import Body

NOTHING: Schema = {}


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Callable[[Call], Body]
    schema: Schema = field(default_factory=lambda: params.PAGE)
    required: tuple[str, ...] = ()
    browser: bool = False  # whether a publishable key will do

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{\w+\}", r"([^/]+)", self.path) + "$")


ROUTES = [
    Route("POST", "/v1/customers", customers.create, customers.CREATE),
    Route("GET", "/v1/customers", customers.index, customers.LIST),
    Route("GET", "/v1/customers/{id}", customers.retrieve, NOTHING),
    Route("POST", "/v1/customers/{id}", customers.update, customers.UPDATE),
    Route("DELETE", "/v1/customers/{id}", customers.delete, NOTHING),
    Route("GET", "/v1/customers/{id}/payment_methods", methods.of_customer, methods.LIST),
    Route("GET", "/v1/customers/{id}/payment_methods/{method}", methods.one_of_customer, NOTHING),
    Route("POST", "/v1/payment_methods", methods.create, methods.CREATE, browser=True),
    Route("GET", "/v1/payment_methods", methods.index, methods.LIST),
    Route("GET", "/v1/payment_methods/{id}", methods.retrieve, NOTHING),
    Route("POST", "/v1/payment_methods/{id}", methods.update, methods.UPDATE),
    Route("POST", "/v1/payment_methods/{id}/attach", methods.attach, methods.ATTACH, ("customer",)),
    Route("POST", "/v1/payment_methods/{id}/detach", methods.detach, NOTHING),
    Route("POST", "/v1/setup_intents", setup_intents.create, setup_intents.CREATE),
    Route("GET", "/v1/setup_intents", setup_intents.index, setup_intents.LIST),
    Route("GET", "/v1/setup_intents/{id}", setup_intents.retrieve, setup_intents.RETRIEVE, browser=True),
    Route("POST", "/v1/setup_intents/{id}", setup_intents.update, setup_intents.UPDATE),
    Route(
        "POST", "/v1/setup_intents/{id}/confirm", setup_intents.confirm, setup_intents.CONFIRM, browser=True
    ),
    Route("POST", "/v1/setup_intents/{id}/cancel", setup_intents.cancel, setup_intents.CANCEL),
    Route(
        "POST", "/v1/payment_intents", payment_intents.create, payment_intents.CREATE, ("amount", "currency")
    ),
    Route("GET", "/v1/payment_intents", payment_intents.index, payment_intents.LIST),
    Route(
        "GET", "/v1/payment_intents/{id}", payment_intents.retrieve, payment_intents.RETRIEVE, browser=True
    ),
    Route("POST", "/v1/payment_intents/{id}", payment_intents.update, payment_intents.UPDATE),
    Route(
        "POST",
        "/v1/payment_intents/{id}/confirm",
        payment_intents.confirm,
        payment_intents.CONFIRM,
        browser=True,
    ),
    Route("POST", "/v1/payment_intents/{id}/capture", payment_intents.capture, payment_intents.CAPTURE),
    Route("POST", "/v1/payment_intents/{id}/cancel", payment_intents.cancel, payment_intents.CANCEL),
    Route("GET", "/v1/charges", charges.index, charges.LIST),
    Route("GET", "/v1/charges/{id}", charges.retrieve, NOTHING),
    Route("POST", "/v1/charges/{id}", charges.update, charges.UPDATE),
    Route("POST", "/v1/refunds", refunds.create, refunds.CREATE),
    Route("GET", "/v1/refunds", refunds.index, refunds.LIST),
    Route("GET", "/v1/refunds/{id}", refunds.retrieve, NOTHING),
    Route("POST", "/v1/refunds/{id}", refunds.update, refunds.UPDATE),
    Route("GET", "/v1/application_fees", refunds.index_fees, refunds.FEE_LIST),
    Route("GET", "/v1/application_fees/{id}", refunds.retrieve_fee, NOTHING),
    Route("POST", "/v1/application_fees/{id}/refunds", refunds.create_fee_refund, refunds.FEE_REFUND),
    Route("GET", "/v1/balance", transfers.balance, NOTHING),
    Route("GET", "/v1/balance_transactions", transfers.transactions, transfers.TRANSACTIONS),
    Route("GET", "/v1/balance_transactions/{id}", transfers.retrieve_transaction, NOTHING),
    Route("POST", "/v1/transfers", transfers.create, transfers.CREATE, ("amount", "currency", "destination")),
    Route("GET", "/v1/transfers", transfers.index, transfers.LIST),
    Route("GET", "/v1/transfers/{id}", transfers.retrieve, NOTHING),
    Route("POST", "/v1/transfers/{id}", transfers.update, transfers.UPDATE),
    Route("POST", "/v1/transfers/{id}/reversals", transfers.reverse, transfers.REVERSE),
    Route("GET", "/v1/transfers/{id}/reversals", transfers.reversals),
    Route("GET", "/v1/transfers/{id}/reversals/{reversal}", transfers.retrieve_reversal, NOTHING),
    Route("POST", "/v1/payouts", transfers.create_payout, transfers.PAYOUT, ("amount", "currency")),
    Route("GET", "/v1/payouts", transfers.payouts, transfers.PAYOUTS),
    Route("GET", "/v1/payouts/{id}", transfers.retrieve_payout, NOTHING),
    Route("POST", "/v1/payouts/{id}/cancel", transfers.cancel_payout, NOTHING),
    Route("GET", "/v1/account", accounts.current, NOTHING),
    Route("POST", "/v1/accounts", accounts.create, accounts.CREATE),
    Route("GET", "/v1/accounts", accounts.index),
    Route("GET", "/v1/accounts/{id}", accounts.retrieve, NOTHING),
    Route("POST", "/v1/accounts/{id}", accounts.update, accounts.UPDATE),
    Route("DELETE", "/v1/accounts/{id}", accounts.delete, NOTHING),
    Route(
        "POST",
        "/v1/accounts/{id}/external_accounts",
        accounts.create_external,
        accounts.EXTERNAL,
        ("external_account",),
    ),
    Route("GET", "/v1/accounts/{id}/external_accounts", accounts.externals, accounts.EXTERNALS),
    Route("POST", "/v1/accounts/{id}/login_links", accounts.create_login_link, NOTHING),
    Route("POST", "/v1/account_links", accounts.create_link, accounts.LINK, ("account", "type")),
    Route("GET", "/v1/disputes", disputes.index, disputes.LIST),
    Route("GET", "/v1/disputes/{id}", disputes.retrieve, NOTHING),
    Route("POST", "/v1/disputes/{id}", disputes.update, disputes.UPDATE),
    Route("POST", "/v1/disputes/{id}/close", disputes.close, NOTHING),
    Route("POST", "/v1/checkout/sessions", checkout.create, checkout.CREATE, ("mode",)),
    Route("GET", "/v1/checkout/sessions", checkout.index, checkout.LIST),
    Route("GET", "/v1/checkout/sessions/{id}", checkout.retrieve, NOTHING),
    Route("POST", "/v1/checkout/sessions/{id}/expire", checkout.expire, NOTHING),
    Route("GET", "/v1/checkout/sessions/{id}/line_items", checkout.line_items),
    Route("GET", "/v1/events", events.index, events.LIST),
    Route("GET", "/v1/events/{id}", events.retrieve, NOTHING),
    Route(
        "POST", "/v1/webhook_endpoints", events.create_endpoint, events.ENDPOINT, ("url", "enabled_events")
    ),
    Route("GET", "/v1/webhook_endpoints", events.endpoints),
    Route("GET", "/v1/webhook_endpoints/{id}", events.retrieve_endpoint, NOTHING),
    Route("POST", "/v1/webhook_endpoints/{id}", events.update_endpoint, events.CHANGE),
    Route("DELETE", "/v1/webhook_endpoints/{id}", events.delete_endpoint, NOTHING),
]
_PATTERNS = [(route, route.pattern) for route in ROUTES]


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    for route, pattern in _PATTERNS:
        if route.method == method and (match := pattern.match(path)):
            return route, match.groups()
    return None
