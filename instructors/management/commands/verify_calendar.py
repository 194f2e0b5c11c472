"""``manage.py verify_calendar``: is every open day what its sources say, and found by search?"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from instructors.services import horizon


class Command(BaseCommand):
    help = "Recompute every open day, print the differences as JSON lines, exit 1 on any."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for difference in horizon.differences():
            count += 1
            self.stdout.write(json.dumps(difference))
        self.stdout.write(json.dumps({"differences": count}))
        if count:
            sys.exit(1)
