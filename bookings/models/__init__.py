from bookings.models.booking import LIVE, TRANSITIONS, Booking, Party, Status
from bookings.models.idempotency import IdempotencyKey
from bookings.models.ledger import Account, AccountKind, Entry, Posting
from bookings.models.miss import Miss
from bookings.models.move_request import MoveRequest, RequestStatus
from bookings.models.no_show import NoShowReport, ReportStatus
from bookings.models.payment import Card, Customer, Payment, PaymentStatus, Step
from bookings.models.prepaid import Credit, CreditUse, Package, PackageUse
from bookings.models.stripe import Dispute, StripeEvent, StripeFee

__all__ = [
    "LIVE", "TRANSITIONS", "Account", "AccountKind", "Booking", "Card", "Credit", "CreditUse", "Customer",
    "Dispute", "Entry", "IdempotencyKey", "Miss", "MoveRequest", "NoShowReport", "Package", "PackageUse",
    "Party", "Payment", "PaymentStatus", "Posting", "ReportStatus", "RequestStatus", "Status", "Step",
    "StripeEvent", "StripeFee",
]  # fmt: skip
