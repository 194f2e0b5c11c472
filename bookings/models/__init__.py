from bookings.models.booking import LIVE, TRANSITIONS, Booking, Party, Status
from bookings.models.idempotency import IdempotencyKey

__all__ = ["LIVE", "TRANSITIONS", "Booking", "IdempotencyKey", "Party", "Status"]
