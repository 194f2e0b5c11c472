"""What staff do with Stripe's help: refunds that arrive, disputes answered, and what Stripe keeps."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bookings.models import Dispute, Payment, Step, StripeEvent, StripeFee
from bookings.services import ledger
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import disputes, fees, reconcile, refunds, work
from bookings.tests.cast import Cast
from bookings.tests.paying import (
    a_card,
    due_payment,
    fee_postings,
    payout_account,
    postings,
    stripe_here,
    stripes_fees,
)
from bookings.tests.racing import race
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.lib import clock
from instainstru.lib.errors import Conflict
from ops.stand_ins.stripe.money import DISPUTE_FEE, fee_on
from ops.stand_ins.testing import StripeStandIn

pytestmark = [pytest.mark.django_db(transaction=True)]
__all__ = ["stripe_here"]
FEE = fee_on(89_60)
DIFFERENCES = reconcile.differences


def charged(cast: Cast, card: str = "visa") -> Payment:
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student, card))
    work.run(now=clock.now())
    payment.refresh_from_db()
    return payment


def url(row: Any, act: str = "change") -> str:
    options = row._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{act}", args=[row.pk])


def text(response: Any) -> str:
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


def test_what_stripe_keeps_of_a_charge_is_ours_to_pay_once(cast: Cast, stripe_here: StripeStandIn) -> None:
    payment = charged(cast)
    assert FEE == 2_90
    assert fee_postings(payment) == [{"platform": -FEE, "stripe": FEE}]
    assert StripeFee.objects.get().amount == FEE
    event = next(each for each in history(payment) if each.kind == Kind.STRIPE_FEE)
    assert (event.data["amount"], event.data["what"]) == (FEE, "charge")
    intent = gateway.intent(payment.intent_id)
    for _ in range(3):
        assert work.observe(payment.pk, intent, now=clock.now()) is False
        assert fees.observe(payment.pk, intent.fee, what=fees.What.CHARGE) is False
    assert fee_postings(payment) == [{"platform": -FEE, "stripe": FEE}]


def test_fees_come_with_what_is_asked_anyway(
    cast: Cast, stripe_here: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = due_payment(cast.piano, cast.ben_student, a_card(cast.ben_student))
    ask, asked = gateway._ask, []
    monkeypatch.setattr(gateway, "_ask", lambda call: asked.append(call) or ask(call))
    work.run(now=clock.now())
    assert len(asked) == 2  # authorised, charged
    assert len(fee_postings(payment)) == 1


def test_what_was_never_charged_has_no_fee(cast: Cast, stripe_here: StripeStandIn) -> None:
    payment = due_payment(
        cast.piano, cast.ben_student, a_card(cast.ben_student), ending="",
        capture_at=clock.now() + timedelta(days=3),
    )  # fmt: skip
    work.run(now=clock.now())
    Payment.objects.update(ending="free", due_at=clock.now())
    work.run(now=clock.now())
    payment.refresh_from_db()
    assert (payment.status, stripes_fees()) == ("cancelled", 0)


@pytest.mark.parametrize("kind", ["error_after_commit", "drop_after_commit"])
def test_a_lost_answer_loses_no_fee(cast: Cast, stripe_here: StripeStandIn, kind: str) -> None:
    stripe_here.fault(kind, path="/v1/payment_intents/*/capture", calls=[1])
    payment = charged(cast)
    for turn in range(1, 4):
        work.run(now=clock.now() + turn * timedelta(seconds=61))
    payment.refresh_from_db()
    assert (payment.status, fee_postings(payment)) == ("captured", [{"platform": -FEE, "stripe": FEE}])


def test_reconciling_finds_a_fee_that_is_missing_and_one_that_differs(
    cast: Cast, stripe_here: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as deaf:
        deaf.setattr(fees, "take", lambda *args, **kwargs: False)
        payment = charged(cast)
    assert stripes_fees() == 0
    (found,) = DIFFERENCES(now=clock.now())
    assert (found.what, found.repaired) == (f"Stripe kept {FEE} of a charge, the books say 0", True)
    assert fee_postings(payment) == [{"platform": -FEE, "stripe": FEE}]
    assert list(DIFFERENCES(now=clock.now())) == []
    StripeFee.objects.update(amount=FEE + 1)
    assert [(each.where, each.repaired) for each in DIFFERENCES(now=clock.now())] == [
        ("fees", False), (f"payment {payment.pk}", False),
    ]  # fmt: skip


def test_a_refund_ordered_in_the_office_arrives_and_is_taken_from_both(
    cast: Cast, stripe_here: StripeStandIn, office: Client
) -> None:
    payout_account(cast.piano, stripe_here)
    payment = charged(cast)
    sent = {"amount": "44.80", "bears": "instructor", "reason": "Half of it was silence"}
    shown = office.post(url(payment, "refund"), sent)
    assert dict(shown.context["form"].shares())["of which they were sent already, and give back"] == "$34.00"
    agreed = {**sent, "agreed": shown.context["form"].signature}
    assert office.post(url(payment, "refund"), agreed).status_code == 302
    for _ in range(2):
        work.run(now=clock.now())
    assert (stripe_here.total("refunded"), stripe_here.total("reversed")) == (44_80, 34_00)
    assert postings(payment)[-2:] == [
        {"stripe": 44_80, "instructor": -34_00, "platform": -10_80},
        {"instructor": 34_00, "stripe": -34_00},
    ]
    told = [(each.kind, each.by, each.data["reason"]) for each in history(payment) if "reason" in each.data]
    assert told == [
        (Kind.PAYMENT_REFUND_BEGUN, cast.staff, "Half of it was silence"),
        (Kind.PAYMENT_REFUNDED, cast.staff, "Half of it was silence"),
    ]


def test_control_without_what_was_seen_a_partial_refund_pressed_twice_is_two(
    cast: Cast, stripe_here: StripeStandIn
) -> None:
    payment = charged(cast)

    def refund() -> Any:
        return refunds.execute(payment, amount=20_00, reason="pressed twice", by=cast.staff)

    race(*[refund] * 4)
    payment.refresh_from_db()
    assert payment.refunded == 80_00


def test_a_refund_pressed_by_many_at_once_is_one(cast: Cast, stripe_here: StripeStandIn) -> None:
    payment = charged(cast)

    def refund() -> Any:
        return refunds.execute(
            payment, amount=20_00, reason="pressed twice", by=cast.staff, seen=payment.version
        )

    outcomes = race(*[refund] * 8)
    refused = [each for each in outcomes if isinstance(each, Conflict)]
    assert (len(refused), {each.code for each in refused}) == (7, {"stale"})
    work.run(now=clock.now())
    payment.refresh_from_db()
    assert (payment.refunded, stripe_here.total("refunded")) == (20_00, 20_00)


def disputed(cast: Cast) -> Dispute:
    """A charge that its cardholder disputes, as we hear of it."""
    payment = charged(cast, "createDispute")
    found = gateway._client().disputes.list().data[0].id
    disputes.observe(gateway.dispute(found), now=clock.now())
    payment.refresh_from_db()
    return Dispute.objects.get()


def hear(dispute: Dispute) -> Dispute:
    """What a webhook about it makes us do."""
    disputes.observe(gateway.dispute(dispute.stripe_id), now=clock.now())
    dispute.refresh_from_db()
    return dispute


def test_a_dispute_freezes_takes_and_waits_for_staff(
    cast: Cast, stripe_here: StripeStandIn, office: Client
) -> None:
    dispute = disputed(cast)
    payment = dispute.payment
    assert (payment.frozen_why, payment.needs_staff, dispute.withdrawn) == ("dispute", True, 89_60)
    assert postings(payment)[-1] == {"platform": -89_60, "stripe": 89_60}
    assert fee_postings(payment) == [
        {"platform": -FEE, "stripe": FEE}, {"platform": -DISPUTE_FEE, "stripe": DISPUTE_FEE},
    ]  # fmt: skip
    hear(dispute)
    assert stripes_fees() == FEE + DISPUTE_FEE
    listed = office.get("/admin/bookings/dispute/", {"queue": "answer"})
    assert list(listed.context["cl"].result_list) == [dispute]
    page = text(office.get(url(dispute)))
    for said in ("Waits for our evidence", "days left", "$68.00 is not sent to the instructor", "−$15.00"):
        assert said in page, said
    refused = office.post(url(payment, "refund"), {"amount": "5", "bears": "platform", "reason": "x"})
    assert "The bank has taken this amount in a dispute already." in text(refused)
    assert not Step.objects.filter(name="refund").exists()


@pytest.mark.parametrize(("won", "words"), [(True, "winning_evidence"), (False, "losing_evidence")])
def test_evidence_is_sent_once_and_the_bank_decides(
    cast: Cast, stripe_here: StripeStandIn, office: Client, won: bool, words: str
) -> None:
    payout_account(cast.piano, stripe_here)
    dispute = disputed(cast)
    assert office.post(url(dispute, "answer"), {"evidence": "  "}).status_code == 422
    long = office.post(url(dispute, "answer"), {"evidence": "x" * (disputes.LONGEST + 1)})
    assert long.status_code == 422
    assert office.post(url(dispute, "answer"), {"evidence": words}).status_code == 302
    dispute.refresh_from_db()
    assert (dispute.status, dispute.evidence) == ("won" if won else "lost", words)
    assert dispute.answered_at is not None
    told = [each for each in history(dispute.payment) if each.kind == Kind.DISPUTE_ANSWERED]
    assert [each.by for each in told] == [cast.staff]
    payment = dispute.payment
    payment.refresh_from_db()
    assert payment.frozen_at is None
    lost = 0 if won else 89_60
    assert ledger.balance(ledger.PLATFORM) == 21_60 - FEE - DISPUTE_FEE - lost
    work.run(now=clock.now())
    assert stripe_here.total("transferred") == 68_00
    again = office.post(url(dispute, "answer"), {"evidence": "and this"})
    assert again.status_code == 422
    assert "This dispute is decided." in text(again)


def test_evidence_while_stripe_is_away_is_kept_and_sent_again(
    cast: Cast, stripe_here: StripeStandIn, office: Client
) -> None:
    dispute = disputed(cast)
    stripe_here.fault("drop_before", path="/v1/disputes/*", calls=[1])
    away = office.post(url(dispute, "answer"), {"evidence": "It was given."})
    assert away.status_code == 422
    assert "It was given." in text(away)
    dispute.refresh_from_db()
    assert (dispute.evidence, dispute.answered_at) == ("It was given.", None)
    assert "send it again" in text(office.get(url(dispute)))
    assert office.post(url(dispute, "answer"), {"evidence": "It was given."}).status_code == 302
    dispute.refresh_from_db()
    assert (dispute.status, dispute.answered_at is not None) == ("under_review", True)
    sent = [each for each in history(dispute.payment) if each.kind == Kind.DISPUTE_ANSWERED]
    assert len(sent) == 1
    assert office.post(url(dispute, "answer"), {"evidence": "more"}).status_code == 422


def test_evidence_whose_answer_was_lost_is_known_from_the_webhook(
    cast: Cast, stripe_here: StripeStandIn, office: Client
) -> None:
    dispute = disputed(cast)
    stripe_here.fault("drop_after_commit", path="/v1/disputes/*", calls=[1])
    assert office.post(url(dispute, "answer"), {"evidence": "It was given."}).status_code == 422
    assert hear(dispute).answered_at is not None


def test_after_the_deadline_nothing_is_sent(cast: Cast, stripe_here: StripeStandIn, office: Client) -> None:
    dispute = disputed(cast)
    Dispute.objects.update(answer_by=clock.now() - timedelta(seconds=1))
    response = office.post(url(dispute, "answer"), {"evidence": "Too late"})
    assert response.status_code == 422
    assert "The bank's deadline is over." in text(response)
    assert hear(dispute).status == "needs_response"


def test_two_who_send_evidence_at_once_send_one(cast: Cast, stripe_here: StripeStandIn) -> None:
    dispute = disputed(cast)
    barrier = threading.Barrier(2, timeout=20)

    def send() -> Any:
        barrier.wait()
        return disputes.answer(dispute, text="The same words", by=cast.staff)

    race(send, send)
    dispute.refresh_from_db()
    facts = gateway._client().disputes.retrieve(dispute.stripe_id)
    assert facts.evidence_details.submission_count == 1
    assert dispute.answered_at is not None


def test_a_word_from_stripe_that_was_given_up_is_looked_at_again(cast: Cast, office: Client) -> None:
    event = StripeEvent.objects.create(
        id="evt_1", kind="payment_intent.succeeded", object_id="pi_1", said_at=clock.now(),
        received_at=clock.now(), attempts=15, last_error="Stripe did not answer.",
    )  # fmt: skip
    address = reverse("admin:bookings_stripeevent_changelist")
    listed = office.get(address, {"state": "given_up"})
    assert list(listed.context["cl"].result_list) == [event]
    office.post(address, {"action": "replay", "_selected_action": [event.pk]})
    event.refresh_from_db()
    assert (event.attempts, event.next_try_at is not None) == (0, True)
