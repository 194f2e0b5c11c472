"""``manage.py rebuild_bookings --check``: do the events amount to the bookings?"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bookings.services import history


class Command(BaseCommand):
    help = "Rebuild every booking's state from its events, print differences as JSON lines, exit 1 on any."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", required=True, help="Compare; nothing is written."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for booking, found in history.all_differences():
            count += 1
            self.stdout.write(json.dumps({"booking": str(booking), "differences": found}))
        self.stdout.write(json.dumps({"differences": count}))
        if count:
            sys.exit(1)
