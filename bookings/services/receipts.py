"""What a student paid, for what, and what became of it: payments' rows and what the books say of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from bookings.models import AccountKind, Entry, Payment, PaymentStatus
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.lib.errors import NotFound
from students.models import Student

CHARGES = (Kind.PAYMENT_CAPTURED, Kind.TIP_PAID, Kind.PACKAGE_BOUGHT)
REFUNDS = (Kind.PAYMENT_REFUNDED, Kind.PACKAGE_REFUNDED, Kind.PAYMENT_REFUND_FAILED)
# What else moves something of a student's; instructors' transfers and disputes are not their affair.
OTHERS = (Kind.PAYMENT_CANCELLED, Kind.CREDIT_SPENT, Kind.PACKAGE_USED)
OURS = (AccountKind.STRIPE, AccountKind.CREDIT, AccountKind.PACKAGE)
WITH_FACTS = (
    "booking__offering__subject", "instructor__user", "card", "bought__offering__subject",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Movement:
    """One posting as its student meets it. ``card`` was charged (above zero) or given back (below);
    ``credit`` and ``package`` are what they have more or less of."""

    kind: str
    at: datetime
    card: int = 0
    credit: int = 0
    package: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """What the card was charged for a payment, and what of it has gone back."""

    charged: int
    back: int

    @property
    def kept(self) -> int:
        return self.charged - self.back


def of(student: Student) -> QuerySet[Payment]:
    """The student's payments, but for those that came to nothing."""
    nothing = Q(status=PaymentStatus.CANCELLED, captured=0)
    nothing |= Q(status=PaymentStatus.FAILED) & ~Q(purpose=Payment.Purpose.LESSON)
    return Payment.objects.filter(student=student).exclude(nothing).select_related(*WITH_FACTS)


def payment_for(user: User, payment_id: UUID) -> Payment:
    """A payment of the user's own; raises ``NotFound`` for any other."""
    found = Payment.objects.filter(pk=payment_id, student__user=user)
    payment = found.select_related("student__user", "booking__rules", *WITH_FACTS).first()
    if payment is None:
        raise NotFound("There is no such payment.")
    return payment


def movements(payments: Iterable[Payment]) -> dict[UUID, list[Movement]]:
    """What moved for each of the payments, first to last: one query."""
    rows = Entry.objects.filter(
        posting__payment__in=[one.pk for one in payments],
        posting__kind__in=(*CHARGES, *REFUNDS, *OTHERS),
        account__kind__in=OURS,
    ).select_related("posting", "account")
    by_posting: dict[int, list[Entry]] = defaultdict(list)
    for entry in rows.order_by("posting_id", "id"):
        by_posting[entry.posting_id].append(entry)
    found: dict[UUID, list[Movement]] = defaultdict(list)
    for entries in by_posting.values():
        posting = entries[0].posting
        moved = {entry.account.kind: entry.amount for entry in entries}
        assert posting.payment_id is not None  # noqa: S101 (the query asked for payments' own)
        found[posting.payment_id].append(
            Movement(
                posting.kind,
                posting.created_at,
                card=-moved.get(AccountKind.STRIPE, 0),
                credit=moved.get(AccountKind.CREDIT, 0),
                package=moved.get(AccountKind.PACKAGE, 0),
            )
        )
    return found


def sums(moved: Iterable[Movement]) -> Sums:
    """The card's part of them; a refund that the bank sent back is none."""
    charged = back = 0
    for one in moved:
        if one.kind in CHARGES:
            charged += one.card
        elif one.kind in REFUNDS:
            back -= one.card
    return Sums(charged, back)
