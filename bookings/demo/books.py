"""The rows of demo money on their way into the database: payments, their events, and the books.

What is charged here never was at Stripe: such a payment has an amount and no intent, and no steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db import connection, models

from bookings.demo import copy
from bookings.models import (
    Account,
    Credit,
    CreditUse,
    Entry,
    Package,
    PackageUse,
    Payment,
    Posting,
)
from bookings.services.ledger import PLATFORM, STRIPE, Whose
from bookings.services.payments import outcomes
from instainstru.events.kinds import Kind
from instainstru.events.models import Event

# Referenced rows first.
ORDER: tuple[type[models.Model], ...] = (
    Payment, Credit, CreditUse, Package, PackageUse, Event, Account, Posting,
)  # fmt: skip
# Rows are written when so many events have come together.
BATCH = 20_000
KEYS = 5_000


class Books:
    """Collects rows, and writes them with ``write``; between two writes memory is what a batch needs."""

    def __init__(self) -> None:
        self._rows: dict[type[models.Model], list[Any]] = {model: [] for model in ORDER}
        self._keys = {model: _keys(model) for model in ORDER if model is not Payment}
        # Half of all rows: a posting, an account and an amount each.
        self._entries: list[tuple[Posting, int, int]] = []
        self._accounts: dict[Whose, int] = {}
        for whose in (PLATFORM, STRIPE):
            account, _ = Account.objects.get_or_create(
                kind=whose.kind, owner_id=None, currency=settings.CURRENCY
            )
            self._accounts[whose] = account.pk

    def add(self, row: Any) -> Any:
        """Any row but events and postings; gets its key."""
        if row.pk is None:
            row.pk = next(self._keys[type(row)])
        self._rows[type(row)].append(row)
        return row

    def tell(
        self, kind: Kind, payment: Payment, at: datetime, *, amount: int, by: int | None = None, **more: Any
    ) -> Event:
        """As ``outcomes.note`` would have at that time; delivered long ago."""
        payment.version += 1
        data = outcomes.facts(payment, amount=amount, **more)
        return self.event(kind, payment, at, by=by, version=payment.version, data=data)

    def event(
        self, kind: Kind, subject: Any, at: datetime, *, by: int | None, version: int, data: dict[str, Any]
    ) -> Event:
        event = Event(
            kind=str(kind), subject_type=subject._meta.model_name, subject_id=str(subject.pk),
            version=version, by_id=by, data=data, created_at=at, dispatched_at=at,
        )  # fmt: skip
        return self.add(event)

    def post(self, entries: Mapping[Whose, int], event: Event, payment: Payment | None = None) -> None:
        """As ``ledger.post`` would have."""
        moving = {whose: amount for whose, amount in entries.items() if amount}
        if not moving:
            return
        posting = self.add(
            Posting(
                kind=event.kind, event_id=event.pk, created_at=event.created_at,
                payment_id=payment.pk if payment else None,
                booking_id=payment.booking_id if payment else None,
            )
        )  # fmt: skip
        for whose, amount in moving.items():
            self._entries.append((posting, self._account(whose), amount))

    def _account(self, whose: Whose) -> int:
        if whose not in self._accounts:
            row = Account(kind=whose.kind, owner_id=whose.owner_id, currency=settings.CURRENCY)
            self._accounts[whose] = self.add(row).pk
        return self._accounts[whose]

    def write(self, *, least: int = 1) -> None:
        """Everything collected so far, where that is at least so many events."""
        if len(self._rows[Event]) < least:
            return
        with connection.cursor() as cursor:
            # A posting is balanced once its entries are there, which are a statement of their own.
            cursor.execute("SET CONSTRAINTS ledger_balanced DEFERRED")
            self._number_by_time()
            for rows in self._rows.values():
                copy.rows(rows)
                rows.clear()
            lines = (f"{posting.pk}\t{account}\t{amount}\n" for posting, account, amount in self._entries)
            copy.text(Entry, ("posting_id", "account_id", "amount"), lines)
            self._entries.clear()
            cursor.execute("SET CONSTRAINTS ledger_balanced IMMEDIATE")

    def _number_by_time(self) -> None:
        """Books are read in the order of their numbers; these were told student by student."""
        postings = sorted(self._rows[Posting], key=attrgetter("created_at"))
        for posting, key in zip(postings, sorted(posting.pk for posting in postings), strict=True):
            posting.pk = key
        self._rows[Posting] = postings
        self._entries.sort(key=lambda entry: entry[0].pk)


def _keys(model: type[models.Model]) -> Iterator[int]:
    while True:
        yield from copy.ids(model, KEYS)
