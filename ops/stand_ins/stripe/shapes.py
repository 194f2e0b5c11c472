"""Objects of payments with every field that an integration reads, empty until somebody fills them."""

from __future__ import annotations

from ops.stand_ins.stripe.wire import Body

NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def listing(url: str, data: list[Body] | None = None, *, more: bool = False) -> Body:
    return {"object": "list", "data": data or [], "has_more": more, "url": url}


def nothing(names: str) -> Body:
    """Fields that are there and say nothing."""
    return dict.fromkeys(names.split())


def billing_details() -> Body:
    return {"address": dict(NO_ADDRESS), **nothing("email name phone tax_id")}


def customer() -> Body:
    return {
        "id": "", "object": "customer", "balance": 0, "created": 0, "delinquent": False, "livemode": False,
        "metadata": {}, "next_invoice_sequence": 1, "preferred_locales": [], "tax_exempt": "none",
        "invoice_settings": nothing("custom_fields default_payment_method footer rendering_options"),
        **nothing("address currency default_source description discount email invoice_prefix name phone"),
        **nothing("shipping test_clock"),
    }  # fmt: skip


def payment_method() -> Body:
    return {
        "id": "", "object": "payment_method", "allow_redisplay": "unspecified", "created": 0,
        "livemode": False,
        "billing_details": billing_details(), "card": {}, "metadata": {}, "type": "card",
        **nothing("customer customer_account"),
    }  # fmt: skip


def card_of_method(number: str, brand: str, month: int, year: int, fingerprint: str, *, cvc: bool) -> Body:
    return {
        "brand": brand, "display_brand": brand, "country": "US", "exp_month": month, "exp_year": year,
        "fingerprint": fingerprint, "funding": "credit", "last4": number[-4:],
        "checks": {
            "address_line1_check": None, "address_postal_code_check": None,
            "cvc_check": "unchecked" if cvc else None,
        },
        "networks": {"available": [brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        **nothing("generated_from regulated_status wallet"),
    }  # fmt: skip


def setup_intent() -> Body:
    return {
        "id": "", "object": "setup_intent", "client_secret": "", "created": 0, "livemode": False,
        "metadata": {},
        "automatic_payment_methods": None, "payment_method_options": None, "payment_method_types": ["card"],
        "status": "requires_payment_method", "usage": "off_session",
        **nothing("""allowed_payment_method_types application cancellation_reason customer customer_account
            description
            excluded_payment_method_types flow_directions last_setup_error latest_attempt mandate next_action
            on_behalf_of payment_method payment_method_configuration_details single_use_mandate"""),
    }  # fmt: skip


def payment_intent() -> Body:
    return {
        "id": "", "object": "payment_intent", "amount": 0, "amount_capturable": 0, "amount_received": 0,
        "amount_details": {"tip": {}}, "capture_method": "automatic", "client_secret": "",
        "confirmation_method": "automatic", "created": 0, "currency": "usd", "livemode": False,
        "metadata": {},
        "payment_method_options": {}, "payment_method_types": ["card"], "status": "requires_payment_method",
        **nothing("""allowed_payment_method_types application application_fee_amount automatic_payment_methods
            canceled_at
            cancellation_reason
            customer customer_account description excluded_payment_method_types last_payment_error
            latest_charge
            managed_payments next_action on_behalf_of payment_method payment_method_configuration_details
            processing
            receipt_email review setup_future_usage shipping source statement_descriptor
            statement_descriptor_suffix
            transfer_data transfer_group"""),
    }  # fmt: skip


def charge() -> Body:
    return {
        "id": "", "object": "charge", "amount": 0, "amount_captured": 0, "amount_refunded": 0,
        "captured": False,
        "billing_details": billing_details(), "created": 0, "currency": "usd", "disputed": False,
        "fraud_details": {}, "livemode": False, "metadata": {}, "paid": False, "refunded": False,
        "status": "failed",
        "outcome": None, "payment_method_details": None,
        **nothing("""application application_fee application_fee_amount balance_transaction
            calculated_statement_descriptor customer description failure_balance_transaction failure_code
            failure_message on_behalf_of payment_intent payment_method receipt_email receipt_number
            receipt_url review
            shipping source source_transfer statement_descriptor statement_descriptor_suffix transfer
            transfer_data
            transfer_group"""),
    }  # fmt: skip


def outcome(kind: str, status: str, message: str, *, reason: str | None = None) -> Body:
    return {
        "type": kind, "network_status": status, "seller_message": message, "reason": reason,
        "risk_level": "normal", "risk_score": 20,
        **nothing("advice_code network_advice_code network_decline_code"),
    }  # fmt: skip


def card_of_charge(card: Body, amount: int) -> Body:
    """What a charge remembers of the card it was made on."""
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    return {
        **{name: card[name] for name in kept},
        "amount_authorized": amount, "authorization_code": None, "network": card["brand"],
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "multicapture": {"status": "unavailable"}, "network_token": {"used": False},
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        **nothing("""capture_before installments mandate network_transaction_id regulated_status
            three_d_secure
            transaction_link_id wallet"""),
    }  # fmt: skip


def three_d_secure(result: str) -> Body:
    return {
        "authentication_flow": "challenge", "result": result, "version": "2.2.0",
        **nothing("electronic_commerce_indicator exemption_indicator result_reason transaction_id"),
    }  # fmt: skip


def refund() -> Body:
    return {
        "id": "", "object": "refund", "amount": 0, "created": 0, "currency": "usd", "metadata": {},
        "destination_details": {"card": {"type": "refund"}, "type": "card"}, "status": "succeeded",
        **nothing("""balance_transaction charge customer customer_account payment_intent payment_method reason
            receipt_number source_transfer_reversal transfer_reversal"""),
    }  # fmt: skip


def dispute() -> Body:
    return {
        "id": "", "object": "dispute", "amount": 0, "balance_transactions": [], "charge": "", "created": 0,
        "currency": "usd", "enhanced_eligibility_types": [], "is_charge_refundable": False, "livemode": False,
        "metadata": {}, "payment_intent": None, "reason": "general", "status": "needs_response",
        "evidence": {"enhanced_evidence": {}, **nothing(EVIDENCE)},
        "evidence_details": {
            "due_by": 0, "enhanced_eligibility": {}, "has_evidence": False, "past_due": False,
            "submission_count": 0,
        },
        "payment_method_details": {
            "card": {
                "brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4",
            },
            "type": "card",
        },
    }  # fmt: skip


EVIDENCE = """access_activity_log billing_address cancellation_policy cancellation_policy_disclosure
    cancellation_rebuttal customer_communication customer_email_address customer_name customer_purchase_ip
    customer_signature duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id
    product_description receipt refund_policy refund_policy_disclosure refund_refusal_explanation service_date
    service_documentation shipping_address shipping_carrier shipping_date shipping_documentation
    shipping_tracking_number uncategorized_file uncategorized_text"""


def checkout_session() -> Body:
    return {
        "id": "", "object": "checkout.session", "created": 0, "expires_at": 0, "livemode": False,
        "metadata": {}, "mode": "payment", "payment_status": "unpaid", "status": "open", "url": None,
        "ui_mode": "hosted_page",
        "adaptive_pricing": {"enabled": False}, "custom_fields": [], "payment_method_options": {},
        "payment_method_types": ["card"], "permissions": None, "shipping_options": [], "wallet_options": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "custom_text": nothing("after_submit shipping_address submit terms_of_service_acceptance"),
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                "metadata": {},
                **nothing("account_tax_ids custom_fields description footer issuer rendering_options"),
            },
        },
        "phone_number_collection": {"enabled": False},
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        **nothing("""after_expiration allow_promotion_codes amount_subtotal amount_total
            billing_address_collection
            cancel_url client_reference_id client_secret collected_information consent consent_collection
            currency
            currency_conversion customer customer_account customer_creation customer_details customer_email
            discounts
            integration_identifier invoice locale managed_payments origin_context payment_intent payment_link
            payment_method_collection payment_method_configuration_details recovered_from
            saved_payment_method_options setup_intent shipping_address_collection shipping_cost submit_type
            subscription success_url"""),
    }  # fmt: skip


def event() -> Body:
    return {
        "id": "", "object": "event", "api_version": None, "created": 0, "data": {"object": {}},
        "livemode": False,
        "pending_webhooks": 0, "request": {"id": None, "idempotency_key": None}, "type": "",
    }  # fmt: skip


def webhook_endpoint() -> Body:
    return {
        "id": "", "object": "webhook_endpoint", "created": 0, "enabled_events": ["*"], "livemode": False,
        "metadata": {}, "status": "enabled", "url": "", **nothing("api_version application description"),
    }  # fmt: skip
