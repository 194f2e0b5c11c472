"""`manage.py demo_payments`: cards and accounts for demo people, where a stand-in answers for Stripe."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bookings.demo import at_stripe


class Command(BaseCommand):
    help = (
        "Gives demo students saved test cards and demo instructors payout accounts, at the stand-in for "
        "Stripe. For development; a second time changes nothing."
    )

    def handle(self, **options: Any) -> None:
        if not settings.DEBUG or not settings.STRIPE_API_BASE:
            raise CommandError("This speaks to a stand-in for Stripe, in development (STRIPE_API_BASE).")
        students, instructors = at_stripe.give_cards(), at_stripe.open_accounts()
        self.stdout.write(f"{students} students have a card, {instructors} instructors a payout account.")
