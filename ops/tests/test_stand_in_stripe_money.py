"""Refunds, balances, connected accounts, transfers, payouts and disputes, through the official client."""

import httpx
import pytest
import stripe


@pytest.fixture(autouse=True)
def _books_are_right(stripe_stand_in):
    yield
    assert stripe_stand_in.problems() == []


def balance_of(client, account=None):
    found = client.v1.balance.retrieve(options={"stripe_account": account} if account else {})
    return found.available[0].amount, found.pending[0].amount


# Refunds


def test_a_refund_gives_back_a_part_and_then_the_rest_and_no_more(client, pay, stripe_stand_in):
    intent = pay()
    first = client.v1.refunds.create(
        {"payment_intent": intent.id, "amount": 2000, "metadata": {"why": "late"}}
    )
    assert (first.status, first.amount, first.charge) == ("succeeded", 2000, intent.latest_charge)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 3001})
    assert refused.value.param == "amount"
    second = client.v1.refunds.create({"charge": intent.latest_charge})
    assert second.amount == 3000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    charge = client.v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (5000, True)
    assert [each.id for each in charge.refunds.data] == [second.id, first.id]
    assert [each.id for each in client.v1.refunds.list({"charge": charge.id}).data] == [second.id, first.id]
    assert stripe_stand_in.total("refunded") == 5000


def test_after_a_partial_capture_only_that_part_can_be_refunded(client, pay, stripe_stand_in):
    intent = pay(capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent.id})
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 3000})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 3001})
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 3000
    assert (stripe_stand_in.total("refunded"), stripe_stand_in.total("released")) == (3000, 2000)


@pytest.mark.parametrize("term", ["reverse_transfer", "refund_application_fee"])
def test_a_refund_that_asks_back_what_was_never_sent_does_nothing(client, pay, stripe_stand_in, term):
    intent = pay()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, term: True})
    assert (refused.value.param, stripe_stand_in.total("refunded")) == (term, 0)


def test_a_refund_may_fail_later_and_then_the_money_is_back(client, pay, stripe_stand_in):
    intent = pay("pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "pending"
    before = sum(balance_of(client))
    stripe_stand_in.settle(refund.id, succeeds=False)
    assert client.v1.refunds.retrieve(refund.id).status == "failed"
    assert sum(balance_of(client)) == before + 5000
    assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 0


# Balances


def test_the_balance_ripens(client, pay, stripe_stand_in):
    pay()
    assert balance_of(client) == (0, 4825)  # 5000 less 1.45 and 0.30
    transaction = client.v1.balance_transactions.list().data[0]
    assert (transaction.type, transaction.status, transaction.fee) == ("charge", "pending", 175)
    stripe_stand_in.advance(days=2)
    assert balance_of(client) == (4825, 0)
    assert client.v1.balance_transactions.retrieve(transaction.id).status == "available"
    pay("pm_card_bypassPending")
    assert balance_of(client) == (9650, 0)


# Connected accounts


def test_an_account_is_onboarded_on_a_page(client):
    account = client.v1.accounts.create(
        {"type": "express", "email": "ana@example.com", "capabilities": {"transfers": {"requested": True}}}
    )
    assert (account.charges_enabled, account.payouts_enabled, account.details_submitted) == (
        False,
        False,
        False,
    )
    assert "external_account" in account.requirements.currently_due
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.accounts.login_links.create(account.id)
    link = link_of(client, account)
    assert "ana@example.com" in httpx.get(link.url).text
    assert httpx.post(link.url, data={"answer": "leave"}).headers["location"] == "http://localhost:1/done"
    found = client.v1.accounts.retrieve(account.id)
    assert (found.details_submitted, found.payouts_enabled) == (True, False)
    assert found.requirements.currently_due == ["individual.verification.document"]
    again = link_of(client, account)
    httpx.get(again.url)
    httpx.post(again.url, data={"answer": "complete"})
    found = client.v1.accounts.retrieve(account.id)
    assert (found.charges_enabled, found.payouts_enabled, found.requirements.currently_due) == (
        True,
        True,
        [],
    )
    assert found.capabilities.transfers == "active"
    assert found.external_accounts.data[0].last4 == "6789"
    assert httpx.get(client.v1.accounts.login_links.create(account.id).url).status_code == 200


def link_of(client, account):
    return client.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": "http://localhost:1/done",
            "refresh_url": "http://localhost:1/again",
        }
    )


def test_a_link_to_the_onboarding_opens_once_and_not_for_long(client, stripe_stand_in):
    account = client.v1.accounts.create({"type": "express"})
    used, late = link_of(client, account), link_of(client, account)
    httpx.get(used.url)
    assert httpx.get(used.url).headers["location"] == "http://localhost:1/again"
    stripe_stand_in.advance(seconds=301)
    assert httpx.get(late.url).headers["location"] == "http://localhost:1/again"


def test_an_account_may_be_restricted_later(client, connected, stripe_stand_in):
    stripe_stand_in.onboard(connected.id, due=["individual.id_number"])
    found = client.v1.accounts.retrieve(connected.id)
    assert (found.payouts_enabled, found.requirements.past_due) == (False, ["individual.id_number"])
    stripe_stand_in.fund(1000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 100, "currency": "usd", "destination": connected.id})
    assert refused.value.code == "insufficient_capabilities_for_transfer"


def test_accounts_are_kept_apart(client, connected, pay):
    own = {"stripe_account": connected.id}
    customer = client.v1.customers.create(options=own)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.retrieve(customer.id)
    assert client.v1.customers.retrieve(customer.id, options=own).id == customer.id
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.retrieve(pay().id, options=own)
    with pytest.raises(stripe.PermissionError):
        client.v1.customers.list(options={"stripe_account": "acct_nobody"})


# Destination charges: the platform charges, the instructor is paid, the platform keeps its fee.


def test_a_destination_charge_pays_the_account_less_the_fee(client, pay, connected, stripe_stand_in):
    intent = pay(
        capture_method="manual",
        application_fee_amount=700,
        transfer_data={"destination": connected.id},
        transfer_group="booking-1",
    )
    assert stripe_stand_in.total("transferred") == 0
    client.v1.payment_intents.capture(intent.id)
    charge = client.v1.charges.retrieve(intent.latest_charge, {"expand": ["transfer", "application_fee"]})
    assert (charge.transfer.amount, charge.transfer.destination) == (5000, connected.id)
    assert (charge.transfer.source_transaction, charge.transfer.transfer_group) == (charge.id, "booking-1")
    assert (charge.application_fee.amount, charge.application_fee.account) == (700, connected.id)
    assert sum(balance_of(client, connected.id)) == 4300
    assert sum(balance_of(client)) == 5000 - 175 - 5000 + 700
    assert (stripe_stand_in.total("transferred"), stripe_stand_in.total("fee_earned")) == (5000, 700)


def test_a_refund_takes_its_part_of_transfer_and_fee_back(client, pay, connected, stripe_stand_in):
    intent = pay(application_fee_amount=700, transfer_data={"destination": connected.id})
    refund = client.v1.refunds.create(
        {
            "payment_intent": intent.id,
            "amount": 2500,
            "reverse_transfer": True,
            "refund_application_fee": True,
            "expand": ["transfer_reversal"],
        }
    )
    assert (refund.transfer_reversal.amount, refund.transfer_reversal.source_refund) == (2500, refund.id)
    assert sum(balance_of(client, connected.id)) == 4300 - 2500 + 350
    assert (stripe_stand_in.total("reversed"), stripe_stand_in.total("fee_returned")) == (2500, 350)
    fee = client.v1.application_fees.list().data[0]
    assert (fee.amount_refunded, fee.refunded) == (350, False)
    client.v1.application_fees.refunds.create(fee.id, {"amount": 350})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.application_fees.refunds.create(fee.id, {"amount": 1})


def test_a_direct_charge_is_made_on_the_account(client, connected, stripe_stand_in):
    own = {"stripe_account": connected.id}
    intent = client.v1.payment_intents.create(
        {
            "amount": 5000,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "return_url": "http://localhost:1/",
            "application_fee_amount": 600,
        },
        options=own,
    )
    assert intent.status == "succeeded"
    assert sum(balance_of(client, connected.id)) == 5000 - 175 - 600
    assert sum(balance_of(client)) == 600


def test_a_saved_card_is_lent_to_an_account_for_a_direct_charge(client, connected):
    customer = client.v1.customers.create()
    saved = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    own = {"stripe_account": connected.id}
    lent = client.v1.payment_methods.create(
        {"customer": customer.id, "payment_method": saved.id}, options=own
    )
    terms = {"amount": 900, "currency": "usd", "confirm": True, "return_url": "http://localhost:1/"}
    paid = client.v1.payment_intents.create({**terms, "payment_method": lent.id}, options=own)
    assert (paid.status, lent.id != saved.id, lent.customer) == ("succeeded", True, None)


@pytest.mark.parametrize(
    "terms",
    [
        {"application_fee_amount": 100},
        {"application_fee_amount": 5001, "transfer_data": {"destination": "acct"}},
        {"application_fee_amount": 100, "transfer_data": {"destination": "acct", "amount": 100}},
        {"transfer_data": {"destination": "acct_nobody"}},
    ],
)
def test_terms_that_contradict_each_other_are_refused(pay, connected, stripe_stand_in, terms):
    if terms.get("transfer_data", {}).get("destination") == "acct":
        terms = {**terms, "transfer_data": {**terms["transfer_data"], "destination": connected.id}}
    with pytest.raises(stripe.InvalidRequestError):
        pay(**terms)
    assert stripe_stand_in.journal() == []


# Separate charges and transfers


def test_a_transfer_out_of_a_charge_waits_for_no_balance(client, pay, connected, stripe_stand_in):
    intent = pay(transfer_group="b1")
    transfer = client.v1.transfers.create(
        {
            "amount": 4000,
            "currency": "usd",
            "destination": connected.id,
            "source_transaction": intent.latest_charge,
            "metadata": {"booking": "b1"},
        }
    )
    assert (transfer.amount, transfer.transfer_group, transfer.reversed) == (4000, "b1", False)
    assert balance_of(client, connected.id) == (0, 4000)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create(
            {
                "amount": 1001,
                "currency": "usd",
                "destination": connected.id,
                "source_transaction": intent.latest_charge,
            }
        )
    stripe_stand_in.advance(days=2)
    assert balance_of(client, connected.id) == (4000, 0)
    assert [each.id for each in client.v1.transfers.list({"transfer_group": "b1"}).data] == [transfer.id]
    payment = client.v1.charges.retrieve(
        transfer.destination_payment, options={"stripe_account": connected.id}
    )
    assert (payment.amount, payment.source_transfer) == (4000, transfer.id)


def test_a_transfer_needs_an_available_balance(client, pay, connected, stripe_stand_in):
    pay()
    wanted = {"amount": 4000, "currency": "usd", "destination": connected.id}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create(wanted)
    assert refused.value.code == "balance_insufficient"
    assert stripe_stand_in.total("transferred") == 0
    stripe_stand_in.advance(days=2)
    assert client.v1.transfers.create(wanted).amount == 4000


def test_a_transfer_is_reversed_in_parts_and_never_beyond(client, connected, stripe_stand_in):
    stripe_stand_in.fund(5000)
    transfer = client.v1.transfers.create({"amount": 4000, "currency": "usd", "destination": connected.id})
    first = client.v1.transfers.reversals.create(transfer.id, {"amount": 1500, "metadata": {"a": "b"}})
    assert (first.amount, first.transfer) == (1500, transfer.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.reversals.create(transfer.id, {"amount": 2501})
    client.v1.transfers.reversals.create(transfer.id)
    found = client.v1.transfers.retrieve(transfer.id)
    assert (found.amount_reversed, found.reversed) == (4000, True)
    assert len(client.v1.transfers.reversals.list(transfer.id).data) == 2
    assert client.v1.transfers.reversals.retrieve(transfer.id, first.id).amount == 1500
    assert (balance_of(client, connected.id), balance_of(client)) == ((0, 0), (5000, 0))


# Payouts


def test_a_payout_arrives_after_two_days(client, connected, stripe_stand_in):
    own = {"stripe_account": connected.id}
    stripe_stand_in.fund(5000, account=connected.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payouts.create({"amount": 5001, "currency": "usd"}, options=own)
    assert refused.value.code == "balance_insufficient"
    payout = client.v1.payouts.create({"amount": 3000, "currency": "usd"}, options=own)
    assert (payout.status, payout.arrival_date - payout.created) == ("pending", 2 * 86_400)
    assert balance_of(client, connected.id) == (2000, 0)
    other = client.v1.payouts.create({"amount": 500, "currency": "usd"}, options=own)
    assert client.v1.payouts.cancel(other.id, options=own).status == "canceled"
    stripe_stand_in.advance(days=2)
    assert client.v1.payouts.retrieve(payout.id, options=own).status == "paid"
    automatic = stripe_stand_in.pay_out(connected.id)
    assert [(each["amount"], each["automatic"]) for each in automatic] == [(2000, True)]
    assert [each.amount for each in client.v1.payouts.list(options=own).data] == [2000, 500, 3000]


def test_a_payout_to_a_closed_bank_account_comes_back(client, connected, stripe_stand_in):
    own = {"stripe_account": connected.id}
    bank = {"object": "bank_account", "country": "US", "currency": "usd", "account_number": "000111111116"}
    made = client.v1.accounts.external_accounts.create(connected.id, {"external_account": bank})
    assert made.last4 == "1116"
    stripe_stand_in.fund(5000, account=connected.id)
    payout = client.v1.payouts.create(
        {"amount": 5000, "currency": "usd", "destination": made.id}, options=own
    )
    stripe_stand_in.advance(days=2)
    found = client.v1.payouts.retrieve(payout.id, options=own)
    assert (found.status, found.failure_code) == ("failed", "account_closed")
    assert balance_of(client, connected.id) == (5000, 0)


# Disputes


def test_a_card_may_dispute_and_evidence_decide(client, pay, stripe_stand_in):
    intent = pay("pm_card_createDispute")
    dispute = client.v1.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 5000)
    assert client.v1.charges.retrieve(intent.latest_charge).disputed
    assert sum(balance_of(client)) == 5000 - 175 - 5000 - 1500
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    draft = {"evidence": {"customer_name": "Ben"}, "submit": False}
    assert client.v1.disputes.update(dispute.id, draft).status == "needs_response"
    won = client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert (won.status, won.evidence.customer_name) == ("won", "Ben")
    assert sum(balance_of(client)) == 5000 - 175 - 1500
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.close(dispute.id)


def test_a_dispute_on_command_is_lost_or_given_up(client, pay, stripe_stand_in):
    one, other = pay(), pay()
    lost = stripe_stand_in.dispute(one.latest_charge, reason="product_not_received", amount=2000)
    stripe_stand_in.decide(lost["id"], won=False)
    found = client.v1.disputes.retrieve(lost["id"])
    assert (found.status, found.amount, found.reason) == ("lost", 2000, "product_not_received")
    given_up = stripe_stand_in.dispute(other.latest_charge)
    assert client.v1.disputes.close(given_up["id"]).status == "lost"
    assert stripe_stand_in.total("dispute_reinstated") == 0


def test_an_inquiry_takes_no_money(client, pay, stripe_stand_in):
    intent = pay("pm_card_createDisputeInquiry")
    dispute = client.v1.disputes.list({"charge": intent.latest_charge}).data[0]
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert sum(balance_of(client)) == 4825
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 5000
    stripe_stand_in.decide(dispute.id, won=True)
    assert client.v1.disputes.retrieve(dispute.id).status == "warning_closed"
