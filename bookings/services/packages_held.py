"""Lessons bought ahead, as payments use them; buying and refunding are in ``packages.py``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from bookings.models import Package, PackageUse, Payment
from bookings.services import ledger
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib.errors import Conflict
from instainstru.rules import services as rules_service

DAYS_A_MONTH = 365 / 12


def take(package: Package, payment: Payment, *, now: datetime, by: Any) -> None:
    """One lesson out of the package, held for the payment's. Raises ``package_used_up``."""
    taken = Package.objects.filter(
        pk=package.pk, student_id=payment.student_id, left__gt=0, paid_at__isnull=False,
        closed_at__isnull=True, expires_at__gt=now,
    ).update(left=F("left") - 1)  # fmt: skip
    if not taken:
        raise Conflict("No lesson of that package is left.", code="package_used_up")
    PackageUse.objects.create(package=package, payment=payment)
    data = {"amount": payment.package, "currency": payment.currency, "booking": str(payment.booking_id)}
    event = record(Kind.PACKAGE_USED, package, by=by, data=data)
    student = payment.student_id
    entries = {ledger.packages_of(student): -payment.package, ledger.of_student(student): payment.package}
    ledger.post(entries, event=event, currency=payment.currency, payment=payment)


def give_back(payment: Payment) -> None:
    """The lesson is the package's again; whoever calls posts it.

    A package whose rest was refunded meanwhile is open again, so that this one can be used or refunded too.
    """
    used = PackageUse.objects.filter(payment=payment, given_back=False)
    for use in used.select_for_update():
        use.given_back = True
        use.save(update_fields=["given_back"])
        Package.objects.filter(pk=use.package_id).update(left=F("left") + 1, closed_at=None)


def paid(payment: Payment, *, now: datetime) -> None:
    """The package's payment went through: its lessons may be booked, for as long as the rules say."""
    Package.objects.filter(payment=payment).update(paid_at=now, expires_at=expiry(now))


def expiry(now: datetime) -> datetime:
    """Until when a package bought now is good."""
    return now + timedelta(days=round(rules_service.current().package_months * DAYS_A_MONTH))
