"""Stripe, and nothing else imports its client.

Every call that moves money takes the idempotency key of a step (``models.payment.Step``) and comes back
with a plain fact or one of five refusals. None may be made inside a transaction: a lock would be held for
as long as the network likes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import get_ident
from typing import Any, TypeVar

import requests
import stripe
from django.conf import settings
from django.db import connection
from requests.utils import get_environ_proxies

from bookings.services.stripe_facts import (
    AccountFacts,
    ActionNeeded,
    Busy,
    Declined,
    DisputeFacts,
    Fee,
    GatewayError,
    Intent,
    Message,
    Method,
    PayoutFacts,
    RefundFacts,
    Refused,
    Setup,
    Unknown,
)

TIMEOUT = 10  # seconds
SIGNATURE_AGE = 300  # seconds; an older signature may be somebody's recording
CARD = ["card"]
# With an intent comes what Stripe kept of its charge: no call of its own.
WITH_FEE = ["latest_charge.balance_transaction"]
T = TypeVar("T")


def is_configured() -> bool:
    """Whether there is a Stripe to speak to."""
    return bool(settings.STRIPE_SECRET_KEY)


@lru_cache(maxsize=64)
def _client_for(key: str, base: str, thread: int) -> stripe.StripeClient:
    """A thread's own. Its session is told the environment's proxies once: it would look for them, and for
    other people's passwords in ``.netrc``, with every call."""
    addresses: Any = {"api": base} if base else {}
    session = requests.Session()
    session.trust_env = False
    proxies: Any = get_environ_proxies(base or stripe.DEFAULT_API_BASE)
    return stripe.StripeClient(
        key,
        base_addresses=addresses,
        # Our own keys and our own sweep repeat what must be repeated.
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=TIMEOUT, session=session, proxy=proxies or None),
    )


def _client() -> Any:
    if connection.in_atomic_block:
        raise RuntimeError("Stripe is not called inside a transaction.")
    return _client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, get_ident()).v1


@contextmanager
def _translated() -> Iterator[None]:
    """Stripe's errors as ours."""
    try:
        yield
    except stripe.CardError as error:
        raise _card_error(error) from error
    except stripe.RateLimitError as error:
        raise Busy(_said(error), code=error.code or "rate_limit") from error
    except stripe.APIConnectionError as error:
        raise Unknown(_said(error), is_over=False) from error
    except (stripe.AuthenticationError, stripe.PermissionError, stripe.InvalidRequestError) as error:
        if error.http_status in (409, 429):
            raise Busy(_said(error), code=error.code or "busy") from error
        raise Refused(_said(error), code=error.code or "invalid_request") from error
    except stripe.IdempotencyError as error:
        if error.http_status == 409:
            raise Busy(_said(error), code=error.code or "idempotency_key_in_use") from error
        raise Refused(_said(error), code="idempotency_error") from error
    except stripe.StripeError as error:
        if error.http_status in (409, 429):
            raise Busy(_said(error), code=error.code or "busy") from error
        raise Unknown(_said(error), is_over=bool(error.http_status)) from error


def _said(error: stripe.StripeError) -> str:
    return (error.user_message or str(error) or "Stripe did not answer.")[:300]


def _card_error(error: stripe.CardError) -> GatewayError:
    body = getattr(error.error, "payment_intent", None) if error.error else None
    intent = _intent(body) if body is not None else None
    decline = getattr(error.error, "decline_code", None) or error.code or "card_declined"
    kind = ActionNeeded if error.code == "authentication_required" else Declined
    return kind(_said(error), code=decline, intent=intent)


def _intent(found: Any) -> Intent:
    failure = found.last_payment_error
    action = found.next_action
    redirect = getattr(action, "redirect_to_url", None) if action else None
    return Intent(
        id=found.id,
        status=found.status,
        amount=found.amount,
        received=found.amount_received or 0,
        client_secret=found.client_secret or "",
        redirect_url=redirect.url if redirect else "",
        charge=_id_of(found.latest_charge),
        error_code=(getattr(failure, "decline_code", None) or failure.code or "") if failure else "",
        error=(failure.message or "")[:300] if failure else "",
        metadata=found.metadata.to_dict() if found.metadata else {},
        fee=_fee(getattr(found.latest_charge, "balance_transaction", None)),
    )


def _fee(movement: Any) -> Fee | None:
    """Of a movement of our balance; None where only its id is there, or nothing yet."""
    return None if movement is None or isinstance(movement, str) else Fee(str(movement.id), movement.fee)


def _id_of(value: Any) -> str:
    """The id, whether the object itself or only its id is there."""
    return "" if value is None else value if isinstance(value, str) else str(value.id)


def _ask(call: Callable[[Any], T]) -> T:
    with _translated():
        return call(_client())


def create_customer(*, email: str, name: str, student: int, key: str) -> str:
    sent = {"email": email, "name": name, "metadata": {"student": str(student)}}
    return str(_ask(lambda to: to.customers.create(sent, options={"idempotency_key": key})).id)


def begin_setup(customer: str) -> Setup:
    """Begin saving a card for payments while the student is away."""
    sent = {"customer": customer, "usage": "off_session", "allowed_payment_method_types": CARD}
    return _setup(_ask(lambda to: to.setup_intents.create(sent)))


def setup(setup_intent: str) -> Setup:
    return _setup(_ask(lambda to: to.setup_intents.retrieve(setup_intent)))


def _setup(found: Any) -> Setup:
    return Setup(
        found.id,
        found.status,
        found.client_secret or "",
        _id_of(found.payment_method),
        _id_of(found.customer),
    )


def begin_checkout(customer: str, *, success_url: str, cancel_url: str) -> str:
    """The address of Stripe's own page for saving a card, which works without JavaScript."""
    sent = {
        "mode": "setup",
        "customer": customer,
        "currency": settings.CURRENCY.lower(),
        "allowed_payment_method_types": CARD,
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    return str(_ask(lambda to: to.checkout.sessions.create(sent)).url)


def checkout_setup(session: str) -> str:
    """The setup intent of a Checkout session, or nothing while it has none."""
    return _id_of(_ask(lambda to: to.checkout.sessions.retrieve(session)).setup_intent)


def method(method_id: str) -> Method:
    return _method(_ask(lambda to: to.payment_methods.retrieve(method_id)))


def attach(method_id: str, *, customer: str) -> Method:
    return _method(_ask(lambda to: to.payment_methods.attach(method_id, {"customer": customer})))


def detach(method_id: str) -> None:
    _ask(lambda to: to.payment_methods.detach(method_id))


def _method(found: Any) -> Method:
    card = found.card
    return Method(found.id, card.brand, card.last4, card.exp_month, card.exp_year, _id_of(found.customer))


def authorise(sent: dict[str, Any], *, key: str) -> Intent:
    """Hold an amount on a card, with a new intent or, where ``sent`` names one, with that.

    ``sent``: customer, method, amount, currency, metadata; intent; return_url where the student is there,
    and in_page where their browser runs Stripe.js, which then shows the bank's question over our page.
    Raises ``Declined``, ``ActionNeeded`` (only off session; otherwise the intent says it).
    """
    there = bool(sent.get("return_url"))
    terms: dict[str, Any] = {"payment_method": sent["method"]}
    terms |= {"return_url": sent["return_url"]} if there else {"off_session": True}
    if there and sent.get("in_page"):
        terms["use_stripe_sdk"] = True
    options = {"idempotency_key": key}
    if sent.get("intent"):
        return _intent(_ask(lambda to: to.payment_intents.confirm(sent["intent"], terms, options=options)))
    terms |= {
        "amount": sent["amount"],
        "currency": sent["currency"].lower(),
        "customer": sent["customer"],
        "capture_method": "manual",
        "confirm": True,
        "allowed_payment_method_types": CARD,
        "metadata": sent["metadata"],
        "transfer_group": sent["metadata"]["payment"],
    }
    return _intent(_ask(lambda to: to.payment_intents.create(terms, options=options)))


def capture(intent: str, *, amount: int, key: str) -> Intent:
    sent, options = {"amount_to_capture": amount, "expand": WITH_FEE}, {"idempotency_key": key}
    return _intent(_ask(lambda to: to.payment_intents.capture(intent, sent, options=options)))


def release(intent: str, *, key: str) -> Intent:
    """Cancel an intent: what it held is the cardholder's again."""
    options = {"idempotency_key": key}
    return _intent(_ask(lambda to: to.payment_intents.cancel(intent, {}, options=options)))


def intent(intent_id: str) -> Intent:
    return _intent(_ask(lambda to: to.payment_intents.retrieve(intent_id, {"expand": WITH_FEE})))


def find_intent(*, customer: str, payment: str) -> Intent | None:
    """The newest living intent made for a payment of ours, when we never heard its id."""

    def look(to: Any) -> Any:
        for found in to.payment_intents.list({"customer": customer, "limit": 100}).auto_paging_iter():
            named = found.metadata.to_dict() if found.metadata else {}
            if named.get("payment") == payment and found.status != "canceled":
                return found
        return None

    found = _ask(look)
    return _intent(found) if found is not None else None


def refund(sent: dict[str, Any], *, key: str) -> RefundFacts:
    """``sent``: intent, amount."""
    terms = {
        "payment_intent": sent["intent"],
        "amount": sent["amount"],
        "metadata": {"step": key},
        "expand": ["balance_transaction"],
    }
    return _refund(_ask(lambda to: to.refunds.create(terms, options={"idempotency_key": key})))


def refund_facts(refund_id: str) -> RefundFacts:
    return _refund(_ask(lambda to: to.refunds.retrieve(refund_id)))


def refunds_of(intent_id: str) -> list[RefundFacts]:
    sent = {"payment_intent": intent_id, "expand": ["data.balance_transaction"]}
    listed = _ask(lambda to: list(to.refunds.list(sent).auto_paging_iter()))
    return [_refund(found) for found in listed]


def _refund(found: Any) -> RefundFacts:
    step = (found.metadata.to_dict() if found.metadata else {}).get("step", "")
    fee = _fee(found.balance_transaction)
    return RefundFacts(found.id, _id_of(found.payment_intent), found.amount, found.status, step, fee)


def transfer(sent: dict[str, Any], *, key: str) -> str:
    """Send earnings to an instructor's account. ``sent``: amount, currency, destination, group, charge."""
    terms = {
        "amount": sent["amount"],
        "currency": sent["currency"].lower(),
        "destination": sent["destination"],
        "transfer_group": sent["group"],
        "metadata": {"step": key},
    }
    if sent.get("charge"):
        terms["source_transaction"] = sent["charge"]
    return str(_ask(lambda to: to.transfers.create(terms, options={"idempotency_key": key})).id)


def reverse(sent: dict[str, Any], *, key: str) -> str:
    """Take back part of a transfer. ``sent``: transfer, amount."""
    terms, options = {"amount": sent["amount"], "metadata": {"step": key}}, {"idempotency_key": key}
    return str(_ask(lambda to: to.transfers.reversals.create(sent["transfer"], terms, options=options)).id)


def find_transfer(*, group: str, step: str) -> str:
    """The transfer a step of ours made, or nothing."""
    listed = _ask(lambda to: list(to.transfers.list({"transfer_group": group}).auto_paging_iter()))
    return _made_by(listed, step)


def find_reversal(*, transfer: str, step: str) -> str:
    listed = _ask(lambda to: list(to.transfers.reversals.list(transfer).auto_paging_iter()))
    return _made_by(listed, step)


def _made_by(listed: list[Any], step: str) -> str:
    for found in listed:
        if found.metadata and found.metadata.to_dict().get("step") == step:
            return str(found.id)
    return ""


def create_account(*, email: str, instructor: int, key: str) -> AccountFacts:
    sent = {
        "type": "express",
        "email": email,
        "capabilities": {"transfers": {"requested": True}},
        "metadata": {"instructor": str(instructor)},
    }
    return _account(_ask(lambda to: to.accounts.create(sent, options={"idempotency_key": key})))


def account(account_id: str) -> AccountFacts:
    return _account(_ask(lambda to: to.accounts.retrieve(account_id)))


def account_link(account_id: str, *, return_url: str, refresh_url: str) -> str:
    """Stripe's page on which an instructor says who they are; good for minutes, once."""
    sent = {"account": account_id, "return_url": return_url, "refresh_url": refresh_url,
            "type": "account_onboarding"}  # fmt: skip
    return str(_ask(lambda to: to.account_links.create(sent)).url)


def dashboard_link(account_id: str) -> str:
    return str(_ask(lambda to: to.accounts.login_links.create(account_id)).url)


def _account(found: Any) -> AccountFacts:
    wanted = found.requirements
    return AccountFacts(
        id=found.id,
        takes_transfers=(getattr(found.capabilities, "transfers", "") == "active"),
        pays_out=bool(found.payouts_enabled),
        details_submitted=bool(found.details_submitted),
        requirements=[str(name) for name in (wanted.currently_due or [])] if wanted else [],
        disabled_reason=str(wanted.disabled_reason or "") if wanted else "",
    )


def payout(payout_id: str, *, account_id: str) -> PayoutFacts:
    found = _ask(lambda to: to.payouts.retrieve(payout_id, options={"stripe_account": account_id}))
    return PayoutFacts(found.id, found.amount, found.status, found.arrival_date, found.failure_message or "")


def dispute(dispute_id: str) -> DisputeFacts:
    return _dispute(_ask(lambda to: to.disputes.retrieve(dispute_id)))


def answer_dispute(dispute_id: str, *, text: str, key: str) -> DisputeFacts:
    """Send the bank our side of it, for good: evidence is taken once."""
    sent, options = {"evidence": {"uncategorized_text": text}, "submit": True}, {"idempotency_key": key}
    return _dispute(_ask(lambda to: to.disputes.update(dispute_id, sent, options=options)))


def _dispute(found: Any) -> DisputeFacts:
    lines, details = found.balance_transactions or [], found.evidence_details
    return DisputeFacts(
        found.id,
        _id_of(found.payment_intent),
        found.amount,
        found.reason,
        found.status,
        withdrawn=sum(-line.amount for line in lines),
        answer_by=details.due_by if details else None,
        is_answered=bool(details and details.submission_count),
        fees=[Fee(str(line.id), line.fee) for line in lines],
    )


def read_message(body: bytes, signature: str) -> Message | None:
    """The event in a webhook's body, if any of our secrets signed it within ``SIGNATURE_AGE``."""
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signature, secret, SIGNATURE_AGE)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        try:
            said = json.loads(body)
            return Message(
                id=str(said["id"]),
                kind=str(said["type"]),
                created=int(said["created"]),
                account=str(said.get("account") or ""),
                object_id=str(said["data"]["object"].get("id") or ""),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
    return None
