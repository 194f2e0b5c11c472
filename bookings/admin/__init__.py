from bookings.admin import (
    booking,
    disputes,
    ledger,
    misses,
    no_shows,
    payments,
    payouts,
    prepaid,
    stripe_events,
)

__all__ = [
    "booking", "disputes", "ledger", "misses", "no_shows", "payments", "payouts", "prepaid", "stripe_events",
]  # fmt: skip
