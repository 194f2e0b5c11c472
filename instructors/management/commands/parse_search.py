"""``manage.py parse_search "TEXT" --today D [--tz Z]``: the reading of a query as JSON."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from instainstru.lib import clock
from instructors.services.search import vocabulary
from instructors.services.search.parse import parse


class Command(BaseCommand):
    help = "Print what a search text means, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text")
        parser.add_argument("--today", help="YYYY-MM-DD; today in --tz unless given.")
        parser.add_argument("--tz", default=settings.SITE_TIME_ZONE, help="An IANA time zone.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not clock.is_zone(options["tz"]):
            raise CommandError(f"“{options['tz']}” is not a time zone we know.")
        try:
            today = date.fromisoformat(options["today"]) if options["today"] else clock.today(options["tz"])
        except ValueError:
            raise CommandError("--today takes a date such as 2026-12-02.") from None
        parsed = parse(options["text"], today=today, vocabulary=vocabulary.current())
        self.stdout.write(json.dumps(parsed.reading.as_dict()))
