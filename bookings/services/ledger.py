"""The books. ``post`` is their only writer; balances are sums over entries, kept nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import QuerySet, Sum

from bookings.models import Account, AccountKind, Booking, Entry, Payment, Posting
from instainstru.events.models import Event


class Whose(NamedTuple):
    """An account by what it is: ``Whose(AccountKind.CREDIT, student.pk)``."""

    kind: AccountKind
    owner_id: int | None = None


PLATFORM = Whose(AccountKind.PLATFORM)
STRIPE = Whose(AccountKind.STRIPE)


def of_student(student_id: int) -> Whose:
    """Where money waits that a student paid for lessons to come."""
    return Whose(AccountKind.STUDENT, student_id)


def credit_of(student_id: int) -> Whose:
    return Whose(AccountKind.CREDIT, student_id)


def packages_of(student_id: int) -> Whose:
    return Whose(AccountKind.PACKAGE, student_id)


def of_instructor(instructor_id: int) -> Whose:
    return Whose(AccountKind.INSTRUCTOR, instructor_id)


def post(
    entries: Mapping[Whose, int],
    *,
    event: Event,
    currency: str,
    payment: Payment | None = None,
    booking: Booking | None = None,
) -> Posting | None:
    """Write one movement of money in the transaction of ``event``; None where nothing moves.

    ``entries`` says what each account gains (above zero) or gives. Raises ``ValueError`` where they do not
    add up to nothing; the database would refuse that too, at the commit.
    """
    moving = {whose: amount for whose, amount in entries.items() if amount}
    if sum(moving.values()) or len(moving) == 1:
        raise ValueError(f"Entries of a posting add up to nothing: {moving}")
    if not moving:
        return None
    posting = Posting.objects.create(
        kind=event.kind,
        event=event,
        payment=payment,
        booking_id=booking.pk if booking else payment.booking_id if payment else None,
        created_at=event.created_at,
    )
    accounts = _accounts(list(moving), currency)
    Entry.objects.bulk_create(
        Entry(posting=posting, account_id=accounts[whose], amount=amount) for whose, amount in moving.items()
    )
    return posting


def _accounts(wanted: list[Whose], currency: str) -> dict[Whose, int]:
    """Keys of the accounts, opened where they are missing; never locked, never changed."""
    found = _known(wanted, currency)
    missing = [Account(kind=who.kind, owner_id=who.owner_id, currency=currency)
               for who in sorted(set(wanted) - set(found), key=str)]  # fmt: skip
    if missing:
        Account.objects.bulk_create(missing, ignore_conflicts=True)
        found = _known(wanted, currency)
    return found


def _known(wanted: list[Whose], currency: str) -> dict[Whose, int]:
    kinds, owners = {who.kind for who in wanted}, {who.owner_id for who in wanted}
    rows = Account.objects.filter(kind__in=kinds, currency=currency)
    of_owners = rows.filter(owner_id__in=owners - {None}) | rows.filter(owner_id__isnull=True)
    known = {Whose(AccountKind(row.kind), row.owner_id): row.pk for row in of_owners}
    return {who: known[who] for who in wanted if who in known}


def entries_of(whose: Whose, *, currency: str | None = None) -> QuerySet[Entry]:
    """Every entry of an account, latest first."""
    found = Entry.objects.filter(
        account__kind=whose.kind,
        account__owner_id=whose.owner_id,
        account__currency=currency or settings.CURRENCY,
    )
    return found.order_by("-id")


def balance(whose: Whose, *, currency: str | None = None) -> int:
    """What the account holds."""
    total = entries_of(whose, currency=currency).order_by().aggregate(total=Sum("amount"))["total"]
    return int(total or 0)


def statement(whose: Whose, *, low: datetime | None = None, high: datetime | None = None) -> QuerySet[Entry]:
    """The account's entries in ``[low, high)`` with their postings, bookings and events, latest first."""
    found = entries_of(whose).select_related("posting__event", "posting__booking", "posting__payment")
    if low is not None:
        found = found.filter(posting__created_at__gte=low)
    return found if high is None else found.filter(posting__created_at__lt=high)


def balances(accounts: Iterable[int]) -> dict[int, int]:
    """What each of these accounts (their keys) holds: one query."""
    found = Entry.objects.filter(account__in=list(accounts)).order_by().values_list("account")
    return {key: int(total) for key, total in found.annotate(total=Sum("amount"))}


def by_kind() -> dict[tuple[str, str], int]:
    """The sum over each kind of account, by kind and currency; together nothing."""
    found = Entry.objects.order_by().values_list("account__kind", "account__currency")
    return {(kind, currency): int(total) for kind, currency, total in found.annotate(total=Sum("amount"))}


def trial() -> int:
    """The sum of everything: 0, always."""
    return int(Entry.objects.aggregate(total=Sum("amount"))["total"] or 0)


def overdrawn() -> QuerySet[Account]:
    """Accounts below zero that never may be: credit, packages, money held for lessons."""
    watched = (AccountKind.CREDIT, AccountKind.PACKAGE, AccountKind.STUDENT)
    return Account.objects.filter(kind__in=watched).annotate(held=Sum("entries__amount")).filter(held__lt=0)
