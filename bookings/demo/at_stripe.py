"""What demo people have at the stand-in for Stripe: cards for lessons to come, an account for earnings.

Their past is in our books alone. The stand-in is given what those say it holds, so that it can be sent on.
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from django.conf import settings
from django.db.models import Q

from bookings.demo.names import MAIL_DOMAIN
from bookings.models import Payment, PaymentStatus
from bookings.services import connect, ledger
from bookings.services.payments import cards, plan
from instructors.models import Instructor
from students.models import Student

DEMO = f"@{MAIL_DOMAIN}"
CARDS = ("visa", "mastercard", "amex")
# Students of a large demo beyond these enter a card themselves.
MOST = 500
SECONDS = 10


def give_cards() -> int:
    """Whom one can sign in as, and who has a lesson to be paid, gets a card; returns how many did."""
    named = Q(user__api_keys__isnull=False)
    waiting = Q(payments__in=_without_card())
    students = Student.objects.filter(named | waiting, user__email__endswith=DEMO, cards__isnull=True)
    found = list(students.select_related("user").distinct().order_by("pk")[:MOST])
    for position, student in enumerate(found):
        card = cards.attach(student, f"pm_card_{CARDS[position % len(CARDS)]}", by=student.user)
        for payment in _without_card().filter(student=student):
            plan.change_card(payment, card)
    return len(found)


def _without_card() -> Any:
    return Payment.objects.filter(card=None, status=PaymentStatus.PLANNED, total__gt=0)


def open_accounts() -> int:
    """Instructors one can sign in as get paid; returns how many accounts were opened."""
    instructors = Instructor.objects.filter(
        user__api_keys__isnull=False, user__email__endswith=DEMO, payout_account__isnull=True
    )
    found = list(instructors.select_related("user").distinct().order_by("pk"))
    if found:
        _command("fund", amount=-ledger.balance(ledger.STRIPE), currency=settings.CURRENCY.lower())
    for instructor in found:
        home = "http://localhost/"  # where the link leads back to; nobody follows it
        connect.onboarding_url(instructor, return_url=home, refresh_url=home)
        account = connect.account_of(instructor)
        _command("onboard", account=account.stripe_id if account else "")
        connect.refresh(instructor)
    return len(found)


def _command(name: str, **sent: Any) -> None:
    """A command to the stand-in itself."""
    request = urllib.request.Request(  # noqa: S310 - an address of our own settings
        f"{settings.STRIPE_API_BASE}/_control/{name}", json.dumps(sent).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
        pass
