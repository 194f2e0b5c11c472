"""Placeholders, and that a prepared statement counts like any other."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, DataError, OperationalError, connection, transaction

from instainstru.lib import prepared


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", ("SELECT 1", ())),
        ("SELECT %s, %s", ("SELECT $1, $2", ())),
        ("SELECT %(a)s, %(b)s, %(a)s", ("SELECT $1, $2, $1", ("a", "b"))),
        ("SELECT 7 %% %(a)s", ("SELECT 7 % $1", ("a",))),
    ],
)
def test_placeholders_become_postgresqls_own(text, expected):
    assert prepared.native(text) == expected


@pytest.mark.django_db
def test_a_statement_is_prepared_once_and_counted_each_time(django_assert_num_queries):
    with django_assert_num_queries(3):
        for number in range(3):
            with prepared.cursor() as cursor:
                cursor.execute("SELECT %(n)s::int + %(n)s::int AS marked_once", {"n": number})
                assert cursor.fetchone() == (2 * number,)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%marked_once%'"
        )
        assert cursor.fetchall() == [(3,)]


@pytest.mark.django_db(transaction=True)
def test_what_was_prepared_outlives_a_refusal():
    def prepared_statements() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%marked_to_stay%'"
            )
            return cursor.fetchone()[0]

    def ask() -> None:
        with prepared.cursor() as cursor:
            cursor.execute("SELECT %s::int AS marked_to_stay", [1])

    ask()
    for refused in (transaction.atomic(), transaction.atomic()):
        with suppress(Refused), refused, transaction.atomic():
            ask()
            raise Refused
    assert prepared_statements() == 1
    for _ in range(3):
        with suppress(DatabaseError), transaction.atomic(), prepared.cursor() as cursor:
            cursor.execute("SELECT 1 / %s::int AS marked_to_stay", [0])
    ask()
    assert prepared_statements() == 2


@pytest.mark.django_db
def test_a_server_that_does_not_answer_is_an_error_of_the_database(monkeypatch: pytest.MonkeyPatch):
    def refuse(*args: object) -> None:
        raise psycopg.OperationalError

    alone = connection.copy()
    monkeypatch.setattr(alone, "get_new_connection", refuse)
    monkeypatch.setattr(prepared, "connections", {DEFAULT_DB_ALIAS: alone})
    with pytest.raises(OperationalError):
        prepared.cursor()


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["SELECT 1 / %s::int", "SELECT 'infinity'::timestamptz WHERE %s = 0"])
def test_what_goes_wrong_in_running_or_reading_is_an_error_of_the_database(query: str):
    def run() -> None:
        with transaction.atomic(), prepared.cursor() as cursor:
            cursor.execute(query, [0])
            cursor.fetchall()

    with pytest.raises(DataError):
        run()


class Refused(Exception):
    """What a service raises within a transaction."""


@pytest.mark.django_db(transaction=True)
def test_a_table_that_was_made_anew_is_found():
    def count() -> int:
        with prepared.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM made_anew")
            return cursor.fetchone()[0]

    for number in range(3):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE made_anew AS SELECT generate_series(1, %s)", [number])
        assert count() == number
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE made_anew")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "bigint"), (-1, "bigint"), (70_000, "bigint"), (2**63 - 1, "bigint"), (2**63, "numeric"),
        ([1, 70_000], "bigint[]"), ([2**63], "numeric[]"), (True, "boolean"),
    ],
)  # fmt: skip
def test_a_whole_number_is_of_the_type_that_keys_are(value: object, kind: str):
    with prepared.cursor() as cursor:
        cursor.execute("SELECT pg_typeof(%s)::text", [value])
        assert cursor.fetchone() == (kind,)
