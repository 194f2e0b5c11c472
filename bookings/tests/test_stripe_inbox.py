"""Stripe's words: who may speak, what is kept, and that no order of them changes where everything ends."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stripe
from django.test import Client

from bookings.models import Dispute, Payment, Posting, StripeEvent
from bookings.services import ledger
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import inbox, on_session, reconcile, refunds, work
from bookings.tests.cast import Cast
from bookings.tests.paying import a_card, due_payment, payout_account, stripe_here, stripes_fees
from instainstru.lib import clock
from instructors.models import PayoutAccount
from ops.stand_ins.stripe.money import DISPUTE_FEE, fee_on
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True)]
__all__ = ["stripe_here"]
SECRETS = ["whsec_one", "whsec_two"]
AN_EVENT = {
    "id": "evt_1", "type": "payment_intent.succeeded", "created": 1_790_000_000,
    "data": {"object": {"id": "pi_nobody"}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _secrets(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = SECRETS


def signed(body: bytes, secret: str = SECRETS[0], *, age: int = 0) -> dict[str, str]:
    moment = int(time.time()) - age
    signature = stripe.WebhookSignature._compute_signature(f"{moment}.{body.decode()}", secret)
    return {"Stripe-Signature": f"t={moment},v1={signature}"}


def say(event: Any, headers: dict[str, str] | None = None, *, secret: str = SECRETS[0]) -> int:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    told = signed(body, secret) if headers is None else headers
    # No cookie, no token, and an answer whatever cross-site checks think of it.
    client = Client(enforce_csrf_checks=True)
    response = client.post("/stripe/webhook", body, content_type="application/json", headers=told)
    return int(response.status_code)


@pytest.mark.parametrize("secret", SECRETS)
def test_any_of_our_secrets_will_do_and_an_event_is_kept_once(secret: str) -> None:
    assert [say(AN_EVENT, secret=secret) for _ in range(3)] == [200, 200, 200]
    event = StripeEvent.objects.get()
    assert (event.pk, event.object_id, event.done_at) == ("evt_1", "pi_nobody", None)


def forged() -> list[tuple[bytes, dict[str, str]]]:
    body = json.dumps(AN_EVENT).encode()
    return [
        (body, {}),
        (body, {"Stripe-Signature": "t=1,v1=abc"}),
        (body, {"Stripe-Signature": "garbage"}),
        (body, signed(body, "whsec_wrong")),
        (body.replace(b"evt_1", b"evt_2"), signed(body)),
        (body, signed(body, age=301)),
        (b"not json", signed(b"not json")),
        (b"[]", signed(b"[]")),
        (b"{}", signed(b"{}")),
        (b"\xff\xfe", {"Stripe-Signature": "t=1,v1=abc"}),
    ]


@pytest.mark.parametrize("number", range(10))
def test_what_is_forged_old_or_no_event_is_refused_and_not_kept(number: int) -> None:
    body, headers = forged()[number]
    assert say(body, headers) == 400
    assert not StripeEvent.objects.exists()


def test_what_is_too_large_is_refused_unread() -> None:
    body = json.dumps({**AN_EVENT, "padding": "x" * inbox.LARGEST}).encode()
    assert say(body, signed(body)) == 413
    assert not StripeEvent.objects.exists()


def test_only_posting_is_understood(client: Client) -> None:
    assert client.get("/stripe/webhook").status_code == 405


def test_an_event_nobody_needs_is_kept_as_done() -> None:
    assert say({**AN_EVENT, "type": "customer.created"}) == 200
    assert StripeEvent.objects.get().done_at is not None


def test_an_object_that_is_not_there_ends_the_matter(stripe_here: StripeStandIn) -> None:
    say(AN_EVENT)
    assert inbox.run(now=clock.now()) == 1
    event = StripeEvent.objects.get()
    assert (event.done_at is not None, event.next_try_at) == (True, None)
    assert "pi_nobody" in event.last_error


def test_while_stripe_is_away_events_wait_and_are_given_up_after_a_day(
    stripe_here: StripeStandIn, settings: Any
) -> None:
    settings.STRIPE_API_BASE = "http://localhost:9"
    say(AN_EVENT)
    now, waits = clock.now(), []
    while (due := StripeEvent.objects.get().next_try_at) is not None:
        waits.append((due - now).total_seconds())
        now = max(now, due)
        inbox.run(now=now)
    assert [round(wait) for wait in waits[1:6]] == [30, 120, 600, 1800, 7200]
    assert len(waits) == 16
    event = StripeEvent.objects.get()
    assert (event.done_at, "Could not" in event.last_error or event.last_error != "") == (None, True)
    inbox.replay(event)
    settings.STRIPE_API_BASE = stripe_here.url
    assert inbox.run(now=clock.now() + timedelta(seconds=1)) == 1
    assert StripeEvent.objects.get().done_at is not None


def answer_the_bank(intent_id: str) -> None:
    httpx.post(gateway.intent(intent_id).redirect_url, data={"answer": "complete"})


def a_story(cast: Cast, stand_in: StripeStandIn) -> dict[str, Payment]:
    """Things that happen at Stripe's and that we only hear of."""
    ben, piano = cast.ben_student, cast.piano
    asked = due_payment(piano, ben, a_card(ben, "authenticationRequired"))
    on_session.pay_now(asked, return_url="http://localhost/back")
    disputed = due_payment(piano, ben, a_card(ben, "createDispute"))
    bounced = due_payment(piano, ben, a_card(ben, "refundFail"))
    ran_out = due_payment(piano, ben, a_card(ben), ending="", capture_at=clock.now() + timedelta(days=90))
    work.run(now=clock.now())
    refunds.execute(bounced, amount=20_00, reason="sorry", by=cast.staff)
    work.run(now=clock.now())
    step = bounced.steps.get(name="refund")
    stand_in.settle(step.stripe_id, succeeds=False)
    asked.refresh_from_db()
    answer_the_bank(asked.intent_id)
    ran_out.refresh_from_db()
    stand_in.expire_authorisations(ran_out.intent_id)
    [found] = stand_in.client().v1.disputes.list().data
    stand_in.decide(found.id, won=True)
    account = payout_account(piano, stand_in)
    PayoutAccount.objects.filter(pk=account.pk).update(takes_transfers=False, pays_out=False)
    Payment.objects.update(transfer_at=None)
    return {"asked": asked, "disputed": disputed, "bounced": bounced, "ran_out": ran_out}


@pytest.mark.parametrize("order", ["as said", "backwards", "shuffled"])
def test_in_any_order_and_however_often_everything_ends_the_same(
    cast: Cast, stripe_here: StripeStandIn, order: str
) -> None:
    story = a_story(cast, stripe_here)
    events = [
        each.to_dict() for each in stripe_here.client().v1.events.list({"limit": 100}).auto_paging_iter()
    ]
    account = PayoutAccount.objects.get().stripe_id
    # What happens to connected accounts is listed with them.
    changed = {"type": "account.updated", "account": account, "data": {"object": {"id": account}}}
    events.insert(3, {**AN_EVENT, "id": "evt_account", **changed})
    told = events + [event for number, event in enumerate(events) if number % 3 == 0] * 2
    told = {
        "as said": told[::-1],
        "backwards": told,
        "shuffled": random.Random(7).sample(told, len(told)),
    }[order]
    for number, event in enumerate(told):
        assert say(event) == 200
        if number % 9 == 0:
            assert say({**event, "id": "evt_forged"}, {"Stripe-Signature": "t=1,v1=no"}) == 400
        if number % 20 == 0:
            inbox.run(now=clock.now())
    inbox.run(now=clock.now())
    work.run(now=clock.now())
    work.run(now=clock.now())

    for payment in story.values():
        payment.refresh_from_db()
    assert {name: payment.status for name, payment in story.items()} == {
        "asked": "captured", "disputed": "captured", "bounced": "captured", "ran_out": "authorised",
    }  # fmt: skip
    assert (story["bounced"].refunded, story["disputed"].frozen_at) == (0, None)
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.withdrawn, dispute.closed_at is not None) == ("won", 0, True)
    assert PayoutAccount.objects.get().is_ready
    assert {payment.transferred for name, payment in story.items() if name != "ran_out"} == {68_00}
    kinds = Counter(Posting.objects.values_list("kind", flat=True))
    assert (kinds["payment.captured"], kinds["payment.refunded"], kinds["payment.refund_failed"]) == (3, 1, 1)
    assert kinds["transfer.made"] == 3
    assert stripes_fees() == 3 * fee_on(89_60) + DISPUTE_FEE
    assert ledger.balance(ledger.STRIPE) == -3 * (89_60 - 68_00) + stripes_fees()
    assert ledger.balance(ledger.PLATFORM) == 3 * 21_60 - stripes_fees()
    assert not StripeEvent.objects.filter(done_at__isnull=True).exists()
    assert not StripeEvent.objects.filter(pk="evt_forged").exists()
    assert list(reconcile.differences(now=clock.now())) == []
