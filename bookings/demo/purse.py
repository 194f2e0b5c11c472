"""What a demo student has with us as time goes: credit, and lessons out of packages."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from bookings.demo.books import Books
from bookings.models import Credit, CreditUse, Package, PackageUse, Payment
from bookings.services import credits, ledger
from instainstru.events.kinds import Kind
from instainstru.rules.models import Rules


class Purse:
    """As ``credits`` and ``packages_held`` would keep it."""

    def __init__(self, books: Books, rules: Rules, student_id: int) -> None:
        self._books, self._student = books, student_id
        self._lives = timedelta(days=round(rules.credit_months * credits.DAYS_A_MONTH))
        self._credits: dict[int, Credit] = {}
        self._spent: dict[UUID, list[CreditUse]] = defaultdict(list)
        self._taken: dict[UUID, tuple[Package, PackageUse]] = {}
        self._told: dict[int, int] = defaultdict(int)

    def usable(self, at: datetime) -> list[Credit]:
        """In the order in which it is spent."""
        found = [credit for credit in self._credits.values() if credit.left and credit.expires_at > at]
        return sorted(found, key=lambda credit: (credit.expires_at, credit.pk))

    def make(self, amount: int, at: datetime, *, reason: str, booking_id: UUID | None = None) -> Credit:
        credit: Credit = self._books.add(
            Credit(
                student_id=self._student, amount=amount, left=amount, currency=settings.CURRENCY,
                reason=reason, booking_id=booking_id, expires_at=at + self._lives, created_at=at,
            )
        )  # fmt: skip
        self._credits[credit.pk] = credit
        return credit

    def grant(self, amount: int, at: datetime, *, reason: str, by: int) -> None:
        credit = self.make(amount, at, reason=reason)
        data = self._facts(amount, reason=reason)
        event = self._books.event(Kind.CREDIT_GRANTED, credit, at, by=by, version=1, data=data)
        self._books.post({ledger.PLATFORM: -amount, ledger.credit_of(self._student): amount}, event)

    def spend(self, payment: Payment, usable: list[Credit], at: datetime, *, by: int | None) -> None:
        wanted = payment.credit
        for credit in usable:
            part = min(credit.left, wanted)
            if not part:
                break
            credit.left -= part
            wanted -= part
            use = CreditUse(credit_id=credit.pk, payment_id=payment.pk, amount=part)
            self._spent[payment.pk].append(self._books.add(use))
        payment.version += 1
        event = self._books.event(
            Kind.CREDIT_SPENT, payment, at, by=by, version=payment.version,
            data=self._facts(payment.credit, booking_id=payment.booking_id),
        )  # fmt: skip
        entries = {
            ledger.credit_of(self._student): -payment.credit, ledger.of_student(self._student): payment.credit,
        }  # fmt: skip
        self._books.post(entries, event, payment)

    def give_back(self, payment: Payment, amount: int) -> None:
        """The last to expire first."""
        uses = [(self._credits[use.credit_id], use) for use in self._spent[payment.pk]]
        for credit, use in sorted(uses, key=lambda found: (found[0].expires_at, found[0].pk), reverse=True):
            part = min(use.amount - use.given_back, amount)
            use.given_back += part
            credit.left += part
            amount -= part

    def _facts(self, amount: int, *, reason: str = "", booking_id: UUID | None = None) -> dict[str, Any]:
        return {
            "amount": amount,
            "currency": settings.CURRENCY,
            "student": self._student,
            "booking": str(booking_id) if booking_id else None,
            "reason": reason,
        }

    def take(self, package: Package, payment: Payment, at: datetime, *, by: int | None) -> None:
        """One lesson out of the package, held for the payment's."""
        package.left -= 1
        use = self._books.add(PackageUse(package_id=package.pk, payment_id=payment.pk))
        self._taken[payment.pk] = (package, use)
        self._told[package.pk] += 1
        data = {
            "amount": payment.package, "currency": payment.currency, "booking": str(payment.booking_id),
        }  # fmt: skip
        event = self._books.event(
            Kind.PACKAGE_USED, package, at, by=by, version=self._told[package.pk], data=data
        )
        held, lessons = ledger.of_student(self._student), ledger.packages_of(self._student)
        self._books.post({lessons: -payment.package, held: payment.package}, event, payment)

    def put_back(self, payment: Payment) -> None:
        package, use = self._taken[payment.pk]
        use.given_back = True
        package.left += 1
