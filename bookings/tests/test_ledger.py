"""The books: what they take, what they refuse, and that they always add up."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.models import Account, AccountKind, Entry, Posting
from bookings.services import ledger
from bookings.services.ledger import PLATFORM, STRIPE, Whose
from bookings.tests.cast import Cast
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.events.models import Event

pytestmark = pytest.mark.django_db


def an_event(cast: Cast) -> Event:
    with transaction.atomic():
        return record(Kind.CREDIT_GRANTED, cast.ben_student)


def post(cast: Cast, entries: dict[Whose, int]) -> Posting | None:
    with transaction.atomic():
        return ledger.post(entries, event=an_event(cast), currency="USD")


def settle_constraints() -> None:
    """What a commit would check."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_a_posting_moves_money_between_accounts(cast: Cast):
    ana, ben = ledger.of_instructor(7), ledger.credit_of(7)
    post(cast, {STRIPE: -89_60, ana: 68_00, PLATFORM: 21_60})
    post(cast, {PLATFORM: -5_00, ben: 5_00})
    assert [ledger.balance(who) for who in (STRIPE, ana, PLATFORM, ben)] == [-89_60, 68_00, 16_60, 5_00]
    assert [entry.amount for entry in ledger.statement(PLATFORM)] == [-5_00, 21_60]
    assert ledger.balance(ledger.of_instructor(8)) == 0
    assert ledger.trial() == 0
    settle_constraints()


def test_what_moves_nothing_is_not_written(cast: Cast):
    assert post(cast, {STRIPE: 0, PLATFORM: 0}) is None
    assert not Posting.objects.exists()


@pytest.mark.parametrize("entries", [{STRIPE: -5, PLATFORM: 4}, {PLATFORM: 5}, {STRIPE: 1, PLATFORM: 0}])
def test_entries_that_do_not_add_up_are_refused_at_once(cast: Cast, entries):
    with pytest.raises(ValueError, match="add up"):
        post(cast, entries)
    assert not Posting.objects.exists()


def _by_hand(cast: Cast, *amounts: int) -> None:
    """Past the service, straight into the tables."""
    event = an_event(cast)
    with transaction.atomic():
        posting = Posting.objects.create(kind="x", event=event, created_at=event.created_at)
        for number, amount in enumerate(amounts):
            account, _ = Account.objects.get_or_create(kind="student", owner_id=number, currency="USD")
            Entry.objects.create(posting=posting, account=account, amount=amount)
        settle_constraints()


@pytest.mark.parametrize("amounts", [(), (5,), (5, -4), (1, 2, -4)])
def test_the_database_refuses_one_sided_and_unbalanced_postings(cast: Cast, amounts):
    with pytest.raises(IntegrityError, match="add up to"):
        _by_hand(cast, *amounts)
    assert not Posting.objects.exists()


def test_the_database_refuses_an_entry_of_nothing(cast: Cast):
    with pytest.raises(IntegrityError, match="entry_moves_something"):
        _by_hand(cast, 5, -5, 0)


def test_an_entry_cannot_join_an_old_posting(cast: Cast):
    posting = post(cast, {STRIPE: -5, PLATFORM: 5})
    settle_constraints()
    account = Account.objects.get(kind=AccountKind.PLATFORM)
    Entry.objects.create(posting=posting, account=account, amount=1)
    with pytest.raises(IntegrityError, match="3 entries that add up to 1"):
        settle_constraints()


@pytest.mark.parametrize("model", [Posting, Entry, Account])
def test_nothing_in_the_books_changes_or_goes(cast: Cast, model: Any):
    post(cast, {STRIPE: -5, PLATFORM: 5})
    row = model.objects.first()
    table = model._meta.db_table
    for statement in (
        f"UPDATE {table} SET id = id WHERE id = {row.pk}",
        f"DELETE FROM {table} WHERE id = {row.pk}",
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            connection.cursor().execute(statement)
    assert model.objects.filter(pk=row.pk).exists()


KINDS = ("student", "credit", "instructor")
owners = st.sampled_from([STRIPE, PLATFORM, *(Whose(kind, owner) for kind in KINDS for owner in (1, 2))])
moves = st.lists(st.tuples(owners, owners, st.integers(1, 10**12)), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_balances_are_what_was_moved_whatever_was_moved(cast: Cast, moved):
    """Each move is a posting of its own; together they are one more, of many entries."""
    with transaction.atomic():
        before = {who: ledger.balance(who) for one, other, _ in moved for who in (one, other)}
        together: dict[Whose, int] = {}
        for one, other, amount in moved:
            if one != other:
                post(cast, {one: -amount, other: amount})
            together[one] = together.get(one, 0) - amount
            together[other] = together.get(other, 0) + amount
        if any(together.values()):
            post(cast, together)
        settle_constraints()
        for who, was in before.items():
            assert ledger.balance(who) == was + 2 * together[who]
        assert ledger.trial() == 0
