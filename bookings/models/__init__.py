from bookings.models.booking import LIVE, TRANSITIONS, Booking, Party, Status
from bookings.models.idempotency import IdempotencyKey
from bookings.models.move_request import MoveRequest, RequestStatus

__all__ = [
    "LIVE", "TRANSITIONS", "Booking", "IdempotencyKey", "MoveRequest", "Party", "RequestStatus", "Status",
]  # fmt: skip
