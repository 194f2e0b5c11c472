"""Removing a demo. Only rows of demo people go; where a real row refers to one of them, nothing does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import CASCADE, CharField, ForeignObjectRel, Q, QuerySet
from django.db.models.functions import Cast

from bookings.demo.names import MAIL_DOMAIN
from bookings.models import (
    Account,
    Booking,
    Card,
    Credit,
    CreditUse,
    Customer,
    Dispute,
    Entry,
    Miss,
    MoveRequest,
    NoShowReport,
    Package,
    PackageUse,
    Payment,
    Posting,
    Step,
    StripeFee,
)
from instainstru.accounts.models import ApiKey, Partner, User
from instainstru.events.models import Delivery, Event
from instainstru.lib.errors import Conflict
from instructors.models import (
    CalendarBlock,
    DateHours,
    Instructor,
    Offering,
    OldAddress,
    OpenDay,
    OutsideCalendar,
    Payout,
    PayoutAccount,
    WeeklyHours,
)
from students.models import Favourite, Student

DEMO = f"@{MAIL_DOMAIN}"


def demo() -> None:
    """Delete the demo that is there, if any; raises ``Conflict`` where real rows depend on it."""
    if not User.objects.filter(email__endswith=DEMO).exists():
        return
    try:
        with transaction.atomic(), _open_books():
            for rows in _rows():
                # Straight to SQL: collecting millions of rows to look for cascades would take all memory.
                # The foreign keys refuse what is still referred to.
                rows._raw_delete(rows.db)
    except IntegrityError as error:
        detail = getattr(getattr(error.__cause__, "diag", None), "message_detail", "")
        raise Conflict(
            "People who are not part of the demo have lessons or notes with those who are, so it cannot be "
            f"replaced: {detail} Load another demo into an empty database."
        ) from error


@contextmanager
def _open_books() -> Iterator[None]:
    """The ledger lets rows go, for this transaction; to be asked of the tables' owner alone."""
    tables = [model._meta.db_table for model in (Entry, Posting, Account)]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ledger_append_only")
        yield
        # What was inserted in this transaction is checked before tables may be altered again.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ledger_append_only")


def _rows() -> list[QuerySet[Any]]:
    """What belongs to demo people, in the order in which it can go."""
    users = User.objects.filter(email__endswith=DEMO)
    students = Student.objects.filter(user__in=users)
    instructors = Instructor.objects.filter(user__in=users)
    bookings = Booking.objects.filter(student__in=students, instructor__in=instructors)
    payments = Payment.objects.filter(student__in=students, instructor__in=instructors)
    accounts = PayoutAccount.objects.filter(instructor__in=instructors)
    events = Event.objects.filter(
        Q(subject_type="booking", subject_id__in=_texts(bookings))
        | Q(subject_type="instructor", subject_id__in=_texts(instructors))
        | Q(subject_type="apikey", subject_id__in=_texts(ApiKey.objects.filter(user__in=users)))
        | Q(subject_type="payment", subject_id__in=_texts(payments))
        | Q(subject_type="credit", subject_id__in=_texts(Credit.objects.filter(student__in=students)))
        | Q(subject_type="card", subject_id__in=_texts(Card.objects.filter(student__in=students)))
        | Q(subject_type="package", subject_id__in=_texts(Package.objects.filter(student__in=students)))
        | Q(subject_type="payoutaccount", subject_id__in=_texts(accounts))
        # Revoked ones are gone, so by who did it.
        | Q(subject_type="calendarfeed", by__in=users)
    )
    return [
        *_of_money(students, instructors, payments),
        Delivery.objects.filter(event__in=events),
        events,
        CalendarBlock.objects.filter(instructor__in=instructors),
        *_paid(students, instructors, payments),
        MoveRequest.objects.filter(booking__in=bookings),
        Miss.objects.filter(booking__in=bookings),
        NoShowReport.objects.filter(booking__in=bookings),
        OutsideCalendar.objects.filter(instructor__in=instructors),
        bookings,
        OldAddress.objects.filter(instructor__in=instructors),
        OpenDay.objects.filter(instructor__in=instructors),
        WeeklyHours.objects.filter(instructor__in=instructors),
        DateHours.objects.filter(instructor__in=instructors),
        Offering.objects.filter(instructor__in=instructors),
        Favourite.objects.filter(student__in=students),
        instructors,
        students,
        Partner.objects.filter(user__in=users),
        *_of_accounts(users),
        users,
    ]


def _of_money(students: QuerySet[Any], instructors: QuerySet[Any], payments: QuerySet[Any]) -> list[Any]:
    """Whole postings, so that the books go on adding up; and everything that hangs on a payment.

    A person's own entries tell which postings are theirs.
    """
    theirs = Q(kind__in=("student", "credit", "package"), owner_id__in=students) | Q(
        kind="instructor", owner_id__in=instructors
    )
    postings = Posting.objects.filter(
        Q(payment__in=payments)
        | Q(pk__in=Entry.objects.filter(account__in=Account.objects.filter(theirs)).values("posting"))
    )
    # Entries go first, and would take the way to their postings with them.
    keys = list(postings.values_list("pk", flat=True))
    return [
        Entry.objects.filter(posting__in=keys),
        Posting.objects.filter(pk__in=keys),
        Account.objects.filter(theirs),
    ]


def _paid(students: QuerySet[Any], instructors: QuerySet[Any], payments: QuerySet[Any]) -> list[Any]:
    return [
        Step.objects.filter(payment__in=payments),
        StripeFee.objects.filter(payment__in=payments),
        Dispute.objects.filter(payment__in=payments),
        CreditUse.objects.filter(payment__in=payments),
        PackageUse.objects.filter(payment__in=payments),
        Package.objects.filter(payment__in=payments),
        payments,
        Credit.objects.filter(student__in=students),
        Card.objects.filter(student__in=students),
        Customer.objects.filter(student__in=students),
        Payout.objects.filter(account__instructor__in=instructors),
        PayoutAccount.objects.filter(instructor__in=instructors),
    ]


def _of_accounts(users: QuerySet[User]) -> list[QuerySet[Any]]:
    """What goes with an account: addresses, keys, second factors, whatever an app keeps for a user."""
    return [
        relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": users})
        for relation in User._meta.get_fields(include_hidden=True)
        if isinstance(relation, ForeignObjectRel) and relation.on_delete is CASCADE
    ]


def _texts(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The keys as events write them."""
    return rows.values_list(Cast("pk", CharField()), flat=True)
