from bookings.admin import booking, disputes, ledger, misses, payments, payouts, prepaid, stripe_events

__all__ = ["booking", "disputes", "ledger", "misses", "payments", "payouts", "prepaid", "stripe_events"]
