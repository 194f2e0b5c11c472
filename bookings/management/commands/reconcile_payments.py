"""``manage.py reconcile_payments``"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from bookings.services.payments import reconcile
from instainstru.lib import clock


class Command(BaseCommand):
    """Exit status 1 where anything differed, repaired or not: a second run tells which."""

    help = (
        "Compare open payments with Stripe, and the books with themselves; repair or report, as JSON lines."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for found in reconcile.differences(now=clock.now()):
            count += 1
            self.stdout.write(json.dumps(found.as_json()))
        elsewhere = reconcile.not_through_stripe().count()
        self.stdout.write(json.dumps({"differences": count, "not_paid_through_stripe": elsewhere}))
        if count:
            sys.exit(1)
