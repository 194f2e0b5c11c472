"""Earnings as a table for spreadsheets: every line of a period, amounts exact, texts that stay texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from django.conf import settings

from bookings import earned, presentation
from bookings.models import Entry, Party
from bookings.services import earnings
from instainstru.events.kinds import Kind
from instainstru.lib import clock

HEADER = (
    "Date", "Time", "What", "Why", "Lesson", "Subject", "Student", "Before commission", "Commission",
    "Amount", "Currency", "Lesson number", "Entry",
)  # fmt: skip
# Spreadsheets take cells that begin so for formulas, and some do so behind spaces.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# By this spreadsheets know UTF-8.
MARK = "\ufeff"


def written(entries: Iterable[Entry]) -> str:
    """The whole file; dates and times on the clocks that months of money go by."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(HEADER)
    rows.writerows(_row(entry) for entry in entries)
    return MARK + out.getvalue()


def _row(entry: Entry) -> list[str]:
    posting = entry.posting
    then = clock.local(posting.created_at, settings.SITE_TIME_ZONE)
    booking, gross = posting.booking, earnings.before_commission(entry)
    is_lesson = posting.kind == Kind.PAYMENT_CAPTURED
    lesson = clock.local(booking.starts_at, booking.time_zone) if booking else None
    return [
        f"{then:%Y-%m-%d}",
        f"{then:%H:%M}",
        plain(earned.title(entry)),
        plain(earned.why(entry)),
        f"{lesson:%Y-%m-%d %H:%M}" if lesson else "",
        plain(booking.offering.subject.name) if booking else "",
        plain(presentation.other_name(booking, party=Party.INSTRUCTOR)) if booking else "",
        exact(gross) if is_lesson else "",
        exact(gross - entry.amount) if is_lesson else "",
        exact(entry.amount),
        settings.CURRENCY,
        str(booking.pk) if booking else "",
        str(entry.pk),
    ]


def exact(minor: int) -> str:
    """``-34.05``: digits, a point, two digits, as every spreadsheet adds up."""
    units, cents = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{units}.{cents:02d}"


def plain(text: str) -> str:
    """The text as a cell that no spreadsheet computes."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA) else text
