"""Objects of balances and connected accounts, with every field that an integration reads."""

from __future__ import annotations

from ops.stand_ins.stripe.shapes import listing, nothing
from ops.stand_ins.stripe.wire import Body

DUE_AT_FIRST = [
    "business_profile.url",
    "external_account",
    "individual.dob.day",
    "individual.first_name",
    "individual.last_name",
    "tos_acceptance.date",
]
DUE_AFTER_A_BREAK = ["individual.verification.document"]


def requirements(due: list[str], disabled: str | None) -> Body:
    return {
        "alternatives": [], "current_deadline": None, "currently_due": list(due), "disabled_reason": disabled,
        "errors": [], "eventually_due": list(due), "past_due": list(due), "pending_verification": [],
    }  # fmt: skip


def account() -> Body:
    return {
        "id": "", "object": "account", "business_type": None, "capabilities": {}, "charges_enabled": False,
        "controller": controller(), "country": "US", "created": 0, "default_currency": "usd",
        "details_submitted": False, "email": None, "metadata": {}, "payouts_enabled": False,
        "type": "express",
        "business_profile": {
            "annual_revenue": None, "support_address": None,
            **nothing("""estimated_worker_count mcc minority_owned_business_designation name
                product_description
                support_email support_phone support_url url"""),
        },
        "external_accounts": listing(""),
        "requirements": requirements(DUE_AT_FIRST, "requirements.past_due"),
        "future_requirements": requirements([], None),
        "settings": settings(),
        "tos_acceptance": nothing("date ip user_agent"),
    }  # fmt: skip


def controller() -> Body:
    return {
        "type": "application", "is_controller": True, "fees": {"payer": "application_express"},
        "losses": {"payments": "application"}, "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "express"},
    }  # fmt: skip


def settings() -> Body:
    return {
        "bacs_debit_payments": nothing("display_name service_user_number"),
        "branding": nothing("icon logo primary_color secondary_color"),
        "card_issuing": {"tos_acceptance": nothing("date ip")},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            **nothing("""statement_descriptor_prefix statement_descriptor_prefix_kana
                statement_descriptor_prefix_kanji"""),
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "invoices": nothing("default_account_tax_ids hosted_payment_method_save"),
        "payments": nothing("""statement_descriptor statement_descriptor_kana statement_descriptor_kanji
            statement_descriptor_prefix_kana statement_descriptor_prefix_kanji"""),
        "payouts": {
            "debit_negative_balances": True, "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }  # fmt: skip


def bank_account() -> Body:
    return {
        "id": "", "object": "bank_account", "account": "", "account_holder_name": None,
        "account_holder_type": None,
        "account_type": None, "available_payout_methods": ["standard"], "bank_name": "STAND-IN BANK",
        "country": "US",
        "currency": "usd", "default_for_currency": True, "fingerprint": "", "last4": "6789", "metadata": {},
        "routing_number": "110000000", "status": "new",
    }  # fmt: skip


def account_link() -> Body:
    return {"object": "account_link", "created": 0, "expires_at": 0, "url": ""}


def balance_transaction() -> Body:
    return {
        "id": "", "object": "balance_transaction", "amount": 0, "available_on": 0, "balance_type": "payments",
        "created": 0, "currency": "usd", "description": None, "exchange_rate": None, "fee": 0,
        "fee_details": [],
        "net": 0, "reporting_category": "charge", "source": None, "status": "pending", "type": "charge",
    }  # fmt: skip


def balance(available: dict[str, int], pending: dict[str, int]) -> Body:
    def sums(amounts: dict[str, int]) -> list[Body]:
        return [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in (amounts or {"usd": 0}).items()
        ]

    return {
        "object": "balance", "available": sums(available), "pending": sums(pending), "livemode": False,
        "connect_reserved": [{"amount": 0, "currency": each} for each in available or {"usd": 0}],
    }  # fmt: skip


def transfer() -> Body:
    return {
        "id": "", "object": "transfer", "amount": 0, "amount_reversed": 0, "created": 0, "currency": "usd",
        "livemode": False, "metadata": {}, "reversals": listing(""), "reversed": False, "source_type": "card",
        **nothing("""balance_transaction description destination destination_payment source_transaction
            transfer_group"""),
    }  # fmt: skip


def transfer_reversal() -> Body:
    return {
        "id": "", "object": "transfer_reversal", "amount": 0, "created": 0, "currency": "usd", "metadata": {},
        "transfer": "", **nothing("balance_transaction destination_payment_refund source_refund"),
    }  # fmt: skip


def payout() -> Body:
    return {
        "id": "", "object": "payout", "amount": 0, "arrival_date": 0, "automatic": False, "created": 0,
        "currency": "usd", "livemode": False, "metadata": {}, "method": "standard", "source_type": "card",
        "status": "pending", "type": "bank_account", "reconciliation_status": "not_applicable",
        "trace_id": {"status": "pending", "value": None},
        **nothing("""application_fee application_fee_amount balance_transaction description destination
            failure_balance_transaction failure_code failure_message original_payout payout_method reversed_by
            statement_descriptor"""),
    }  # fmt: skip


def application_fee() -> Body:
    return {
        "id": "", "object": "application_fee", "account": "", "amount": 0, "amount_refunded": 0, "created": 0,
        "currency": "usd", "livemode": False, "refunded": False, "refunds": listing(""),
        "fee_source": {"charge": None, "type": "charge"},
        **nothing("application balance_transaction charge originating_transaction"),
    }  # fmt: skip


def fee_refund() -> Body:
    return {
        "id": "", "object": "fee_refund", "amount": 0, "balance_transaction": None, "created": 0,
        "currency": "usd", "fee": "", "metadata": {},
    }  # fmt: skip
