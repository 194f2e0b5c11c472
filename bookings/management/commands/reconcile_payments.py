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

    help = "Compare every open payment with Stripe and the books with themselves; repair or report, as JSON."

    def handle(self, *args: Any, **options: Any) -> None:
        found = [difference.as_json() for difference in reconcile.differences(now=clock.now())]
        self.stdout.write(json.dumps({"differences": found}))
        if found:
            sys.exit(1)
