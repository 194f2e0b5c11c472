"""Parts of a transaction that is undone as a whole have no savepoints, and are undone with it."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from instainstru.lib.transactions import part, whole
from instructors.models import Category

pytestmark = pytest.mark.django_db(transaction=True)


class Refused(Exception):
    """What a service raises."""


def add(slug: str) -> None:
    Category.objects.create(slug=slug, name=slug, position=99)


def refused_after(slug: str) -> None:
    add(slug)
    raise Refused


@part()
def a_part_that_is_refused() -> None:
    refused_after("test-two")


@whole()
def a_whole_with_a_part_that_is_refused() -> None:
    add("test-one")
    a_part_that_is_refused()


def known() -> set[str]:
    return set(Category.objects.filter(slug__startswith="test-").values_list("slug", flat=True))


def test_a_part_of_a_whole_has_no_statements_of_its_own():
    with CaptureQueriesContext(connection) as alone, transaction.atomic(), part():
        add("test-one")
    with CaptureQueriesContext(connection) as together, whole(), part():
        add("test-two")
    assert sum("SAVEPOINT" in query["sql"] for query in alone) == 2
    assert sum("SAVEPOINT" in query["sql"] for query in together) == 0
    assert known() == {"test-one", "test-two"}


def test_what_is_refused_in_a_part_undoes_the_whole():
    with pytest.raises(Refused):
        a_whole_with_a_part_that_is_refused()
    assert known() == set()


def test_what_waits_for_the_whole_to_be_committed_is_no_part_of_it():
    seen: list[bool] = []

    def later() -> None:
        with part():
            seen.append(connection.in_atomic_block)

    with whole():
        transaction.on_commit(later)
    assert seen == [True]


def test_elsewhere_a_part_is_undone_alone():
    with transaction.atomic():
        add("test-one")
        with pytest.raises(Refused):
            a_part_that_is_refused()
    assert known() == {"test-one"}
    with pytest.raises(Refused):
        a_part_that_is_refused()
    assert known() == {"test-one"}


def test_a_whole_that_is_over_says_nothing_of_what_comes_after():
    with pytest.raises(Refused):
        a_whole_with_a_part_that_is_refused()
    with transaction.atomic():
        add("test-one")
        with pytest.raises(Refused):
            a_part_that_is_refused()
    assert known() == {"test-one"}
