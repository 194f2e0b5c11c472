"""Names of the fields that Stripe's published examples show, by resource; dots lead into nested objects."""

FIELDS = {
    "account": """
        business_profile business_profile.annual_revenue business_profile.annual_revenue.amount
        business_profile.annual_revenue.currency business_profile.annual_revenue.fiscal_year_end
        business_profile.estimated_worker_count business_profile.mcc
        business_profile.minority_owned_business_designation business_profile.name
        business_profile.product_description business_profile.support_address
        business_profile.support_address.city business_profile.support_address.country
        business_profile.support_address.line1 business_profile.support_address.line2
        business_profile.support_address.postal_code business_profile.support_address.state
        business_profile.support_email business_profile.support_phone business_profile.support_url
        business_profile.url business_type capabilities charges_enabled controller controller.type
        country created default_currency details_submitted email external_accounts
        external_accounts.data external_accounts.has_more external_accounts.object
        external_accounts.url future_requirements future_requirements.alternatives
        future_requirements.current_deadline future_requirements.currently_due
        future_requirements.disabled_reason future_requirements.errors
        future_requirements.eventually_due future_requirements.past_due
        future_requirements.pending_verification id metadata object payouts_enabled requirements
        requirements.alternatives requirements.current_deadline requirements.currently_due
        requirements.disabled_reason requirements.errors requirements.eventually_due
        requirements.past_due requirements.pending_verification settings
        settings.bacs_debit_payments settings.bacs_debit_payments.display_name
        settings.bacs_debit_payments.service_user_number settings.branding settings.branding.icon
        settings.branding.logo settings.branding.primary_color settings.branding.secondary_color
        settings.card_issuing settings.card_issuing.tos_acceptance
        settings.card_issuing.tos_acceptance.date settings.card_issuing.tos_acceptance.ip
        settings.card_payments settings.card_payments.decline_on
        settings.card_payments.decline_on.avs_failure settings.card_payments.decline_on.cvc_failure
        settings.card_payments.statement_descriptor_prefix
        settings.card_payments.statement_descriptor_prefix_kana
        settings.card_payments.statement_descriptor_prefix_kanji settings.dashboard
        settings.dashboard.display_name settings.dashboard.timezone settings.invoices
        settings.invoices.default_account_tax_ids settings.invoices.hosted_payment_method_save
        settings.payments settings.payments.statement_descriptor
        settings.payments.statement_descriptor_kana settings.payments.statement_descriptor_kanji
        settings.payments.statement_descriptor_prefix_kana
        settings.payments.statement_descriptor_prefix_kanji settings.payouts
        settings.payouts.debit_negative_balances settings.payouts.schedule
        settings.payouts.schedule.delay_days settings.payouts.schedule.interval
        settings.payouts.statement_descriptor settings.sepa_debit_payments tos_acceptance
        tos_acceptance.date tos_acceptance.ip tos_acceptance.user_agent type
    """,
    "account_link": """
        created expires_at object url
    """,
    "application_fee": """
        account amount amount_refunded application balance_transaction charge created currency
        fee_source fee_source.charge fee_source.type id livemode object originating_transaction
        refunded refunds refunds.data refunds.has_more refunds.object refunds.url
    """,
    "balance": """
        available connect_reserved livemode object pending
    """,
    "balance_transaction": """
        amount available_on balance_type created currency description exchange_rate fee fee_details
        id net object reporting_category source status type
    """,
    "charge": """
        amount amount_captured amount_refunded application application_fee application_fee_amount
        balance_transaction billing_details billing_details.address billing_details.address.city
        billing_details.address.country billing_details.address.line1 billing_details.address.line2
        billing_details.address.postal_code billing_details.address.state billing_details.email
        billing_details.name billing_details.phone billing_details.tax_id
        calculated_statement_descriptor captured created currency customer description disputed
        failure_balance_transaction failure_code failure_message fraud_details id livemode metadata
        object on_behalf_of outcome outcome.advice_code outcome.network_advice_code
        outcome.network_decline_code outcome.network_status outcome.reason outcome.seller_message
        outcome.type paid payment_intent payment_method payment_method_details
        payment_method_details.card payment_method_details.card.amount_authorized
        payment_method_details.card.authorization_code payment_method_details.card.brand
        payment_method_details.card.checks payment_method_details.card.checks.address_line1_check
        payment_method_details.card.checks.address_postal_code_check
        payment_method_details.card.checks.cvc_check payment_method_details.card.country
        payment_method_details.card.exp_month payment_method_details.card.exp_year
        payment_method_details.card.extended_authorization
        payment_method_details.card.extended_authorization.status
        payment_method_details.card.fingerprint payment_method_details.card.funding
        payment_method_details.card.incremental_authorization
        payment_method_details.card.incremental_authorization.status
        payment_method_details.card.installments payment_method_details.card.installments.plan
        payment_method_details.card.installments.plan.count
        payment_method_details.card.installments.plan.interval
        payment_method_details.card.installments.plan.type payment_method_details.card.last4
        payment_method_details.card.mandate payment_method_details.card.multicapture
        payment_method_details.card.multicapture.status payment_method_details.card.network
        payment_method_details.card.network_token payment_method_details.card.network_token.used
        payment_method_details.card.network_transaction_id payment_method_details.card.overcapture
        payment_method_details.card.overcapture.maximum_amount_capturable
        payment_method_details.card.overcapture.status payment_method_details.card.regulated_status
        payment_method_details.card.three_d_secure
        payment_method_details.card.three_d_secure.authentication_flow
        payment_method_details.card.three_d_secure.electronic_commerce_indicator
        payment_method_details.card.three_d_secure.exemption_indicator
        payment_method_details.card.three_d_secure.result
        payment_method_details.card.three_d_secure.result_reason
        payment_method_details.card.three_d_secure.transaction_id
        payment_method_details.card.three_d_secure.version
        payment_method_details.card.transaction_link_id payment_method_details.card.wallet
        payment_method_details.card.wallet.dynamic_last4 payment_method_details.card.wallet.type
        payment_method_details.type receipt_email receipt_number receipt_url refunded refunds
        refunds.data refunds.has_more refunds.object refunds.url review shipping source
        source_transfer statement_descriptor statement_descriptor_suffix status transfer_data
        transfer_data.amount transfer_data.destination transfer_data.destination.id
        transfer_data.destination.object transfer_group
    """,
    "checkout.session": """
        adaptive_pricing adaptive_pricing.enabled after_expiration after_expiration.recovery
        after_expiration.recovery.allow_promotion_codes after_expiration.recovery.enabled
        after_expiration.recovery.expires_at after_expiration.recovery.url allow_promotion_codes
        amount_subtotal amount_total automatic_tax automatic_tax.enabled automatic_tax.liability
        automatic_tax.liability.type automatic_tax.provider automatic_tax.status
        billing_address_collection cancel_url client_reference_id client_secret
        collected_information collected_information.business_name
        collected_information.individual_name collected_information.shipping_details
        collected_information.shipping_details.address
        collected_information.shipping_details.address.city
        collected_information.shipping_details.address.country
        collected_information.shipping_details.address.line1
        collected_information.shipping_details.address.line2
        collected_information.shipping_details.address.postal_code
        collected_information.shipping_details.address.state
        collected_information.shipping_details.name consent consent.promotions
        consent.terms_of_service consent_collection
        consent_collection.payment_method_reuse_agreement
        consent_collection.payment_method_reuse_agreement.position consent_collection.promotions
        consent_collection.terms_of_service created currency currency_conversion
        currency_conversion.amount_subtotal currency_conversion.amount_total
        currency_conversion.fx_rate currency_conversion.source_currency custom_fields custom_text
        custom_text.after_submit custom_text.after_submit.message custom_text.shipping_address
        custom_text.shipping_address.message custom_text.submit custom_text.submit.message
        custom_text.terms_of_service_acceptance custom_text.terms_of_service_acceptance.message
        customer customer_account customer_creation customer_details customer_details.address
        customer_details.address.city customer_details.address.country
        customer_details.address.line1 customer_details.address.line2
        customer_details.address.postal_code customer_details.address.state
        customer_details.business_name customer_details.email customer_details.individual_name
        customer_details.name customer_details.phone customer_details.tax_exempt
        customer_details.tax_ids customer_email discounts expires_at id integration_identifier
        invoice invoice_creation invoice_creation.enabled invoice_creation.invoice_data
        invoice_creation.invoice_data.account_tax_ids invoice_creation.invoice_data.custom_fields
        invoice_creation.invoice_data.description invoice_creation.invoice_data.footer
        invoice_creation.invoice_data.issuer invoice_creation.invoice_data.issuer.type
        invoice_creation.invoice_data.metadata invoice_creation.invoice_data.rendering_options
        invoice_creation.invoice_data.rendering_options.amount_tax_display
        invoice_creation.invoice_data.rendering_options.template livemode locale managed_payments
        managed_payments.enabled metadata mode object origin_context payment_intent payment_link
        payment_method_collection payment_method_configuration_details
        payment_method_configuration_details.id payment_method_configuration_details.parent
        payment_method_options payment_method_types payment_status permissions
        permissions.update_shipping_details phone_number_collection phone_number_collection.enabled
        recovered_from saved_payment_method_options
        saved_payment_method_options.allow_redisplay_filters
        saved_payment_method_options.payment_method_remove
        saved_payment_method_options.payment_method_save setup_intent shipping_address_collection
        shipping_address_collection.allowed_countries shipping_cost shipping_cost.amount_subtotal
        shipping_cost.amount_tax shipping_cost.amount_total shipping_cost.shipping_rate
        shipping_options status submit_type subscription success_url total_details
        total_details.amount_discount total_details.amount_shipping total_details.amount_tax ui_mode
        url wallet_options
    """,
    "customer": """
        address address.city address.country address.line1 address.line2 address.postal_code
        address.state balance created currency default_source delinquent description discount
        discount.checkout_session discount.customer discount.customer_account discount.end
        discount.id discount.invoice discount.invoice_item discount.object discount.promotion_code
        discount.source discount.source.coupon discount.source.type discount.start
        discount.subscription discount.subscription_item email id invoice_prefix invoice_settings
        invoice_settings.custom_fields invoice_settings.default_payment_method
        invoice_settings.footer invoice_settings.rendering_options
        invoice_settings.rendering_options.amount_tax_display
        invoice_settings.rendering_options.template livemode metadata name next_invoice_sequence
        object phone preferred_locales shipping tax_exempt test_clock
    """,
    "dispute": """
        amount balance_transactions charge created currency enhanced_eligibility_types evidence
        evidence.access_activity_log evidence.billing_address evidence.cancellation_policy
        evidence.cancellation_policy_disclosure evidence.cancellation_rebuttal
        evidence.customer_communication evidence.customer_email_address evidence.customer_name
        evidence.customer_purchase_ip evidence.customer_signature
        evidence.duplicate_charge_documentation evidence.duplicate_charge_explanation
        evidence.duplicate_charge_id evidence.enhanced_evidence evidence.product_description
        evidence.receipt evidence.refund_policy evidence.refund_policy_disclosure
        evidence.refund_refusal_explanation evidence.service_date evidence.service_documentation
        evidence.shipping_address evidence.shipping_carrier evidence.shipping_date
        evidence.shipping_documentation evidence.shipping_tracking_number
        evidence.uncategorized_file evidence.uncategorized_text evidence_details
        evidence_details.due_by evidence_details.enhanced_eligibility evidence_details.has_evidence
        evidence_details.past_due evidence_details.submission_count id is_charge_refundable livemode
        metadata object payment_intent payment_method_details payment_method_details.card
        payment_method_details.card.brand payment_method_details.card.case_type
        payment_method_details.card.network payment_method_details.card.network_reason_code
        payment_method_details.type reason status
    """,
    "event": """
        api_version created data data.object id livemode object pending_webhooks request request.id
        request.idempotency_key type
    """,
    "fee_refund": """
        amount balance_transaction created currency fee id metadata object
    """,
    "payment_intent": """
        amount amount_capturable amount_details amount_details.tip amount_received application
        application_fee_amount automatic_payment_methods automatic_payment_methods.enabled
        canceled_at cancellation_reason capture_method client_secret confirmation_method created
        currency customer customer_account description excluded_payment_method_types id
        last_payment_error last_payment_error.type latest_charge livemode managed_payments
        managed_payments.enabled metadata next_action next_action.type object on_behalf_of
        payment_method payment_method_configuration_details payment_method_configuration_details.id
        payment_method_configuration_details.parent payment_method_options payment_method_types
        processing processing.type receipt_email review setup_future_usage shipping source
        statement_descriptor statement_descriptor_suffix status transfer_data
        transfer_data.destination transfer_data.destination.id transfer_data.destination.object
        transfer_group
    """,
    "payment_method": """
        allow_redisplay billing_details billing_details.address billing_details.address.city
        billing_details.address.country billing_details.address.line1 billing_details.address.line2
        billing_details.address.postal_code billing_details.address.state billing_details.email
        billing_details.name billing_details.phone billing_details.tax_id card card.brand
        card.checks card.checks.address_line1_check card.checks.address_postal_code_check
        card.checks.cvc_check card.country card.display_brand card.exp_month card.exp_year
        card.fingerprint card.funding card.generated_from card.generated_from.charge
        card.generated_from.payment_method_details card.generated_from.payment_method_details.type
        card.generated_from.setup_attempt card.last4 card.networks card.networks.available
        card.networks.preferred card.regulated_status card.three_d_secure_usage
        card.three_d_secure_usage.supported card.wallet card.wallet.dynamic_last4 card.wallet.type
        created customer customer_account id livemode metadata object type
    """,
    "payout": """
        amount application_fee application_fee_amount arrival_date automatic balance_transaction
        created currency description destination failure_balance_transaction failure_code
        failure_message id livemode metadata method object original_payout payout_method
        reconciliation_status reversed_by source_type statement_descriptor status trace_id
        trace_id.status trace_id.value type
    """,
    "refund": """
        amount balance_transaction charge created currency customer customer_account
        destination_details destination_details.card destination_details.card.type
        destination_details.type id metadata object payment_intent payment_method reason
        receipt_number source_transfer_reversal status transfer_reversal
    """,
    "setup_intent": """
        application automatic_payment_methods automatic_payment_methods.enabled cancellation_reason
        client_secret created customer description excluded_payment_method_types flow_directions id
        last_setup_error last_setup_error.type latest_attempt livemode mandate metadata next_action
        next_action.type object on_behalf_of payment_method payment_method_configuration_details
        payment_method_configuration_details.id payment_method_configuration_details.parent
        payment_method_options payment_method_types single_use_mandate status usage
    """,
    "transfer": """
        amount amount_reversed balance_transaction created currency description destination
        destination_payment id livemode metadata object reversals reversals.data reversals.has_more
        reversals.object reversals.url reversed source_transaction source_type transfer_group
    """,
    "transfer_reversal": """
        amount balance_transaction created currency destination_payment_refund id metadata object
        source_refund transfer
    """,
    "webhook_endpoint": """
        api_version application created description enabled_events id livemode metadata object
        status url
    """,
}
