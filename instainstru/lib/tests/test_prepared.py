"""Placeholders, and that a prepared statement counts like any other."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

import psycopg
import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, DataError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ["terminated", "cut off"])
def test_a_connection_that_ends_is_an_error_of_the_database_and_the_next_one_works(end: str):
    def ask() -> object:
        with prepared.cursor() as cursor:
            cursor.execute("SELECT %s::int AS asked_again", [1])
            return cursor.fetchone()

    ask()
    if end == "terminated":
        with psycopg.connect(**connection.get_connection_params()) as other:
            pid = connection.connection.info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    else:
        with socket.socket(fileno=os.dup(connection.connection.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)
    with pytest.raises(OperationalError):
        ask()
    connection.close_if_unusable_or_obsolete()
    assert ask() == (1,)


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


@pytest.mark.django_db(transaction=True)
def test_of_many_statements_the_least_recently_used_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prepared, "MOST", 2)

    def ask(number: int) -> None:
        with prepared.cursor() as cursor:
            cursor.execute(f"SELECT {number} AS given_up_{number}", [])

    connection.close()
    for number in (1, 2, 1, 3, 1):
        ask(number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%given_up%'")
        assert {statement.rsplit("_", 1)[1] for (statement,) in cursor.fetchall()} == {"1", "3"}


@pytest.mark.django_db
def test_rows_are_read_one_by_one_or_all_that_are_left():
    with prepared.cursor() as cursor:
        cursor.execute("SELECT generate_series(1, %s::int)", [3])
        assert cursor.rowcount == 3
        assert cursor.fetchone() == (1,)
        assert cursor.fetchall() == [(2,), (3,)]
        assert (cursor.fetchall(), cursor.fetchone()) == ([], None)


@pytest.mark.django_db
def test_a_value_of_another_type_is_another_statement():
    def kind(value: object) -> object:
        with prepared.cursor() as cursor:
            cursor.execute("SELECT pg_typeof(%s)::text", [value])
            return cursor.fetchone()

    assert [kind(value) for value in (1, True, 2)] == [("bigint",), ("boolean",), ("bigint",)]


@pytest.mark.django_db
def test_a_log_of_queries_tells_the_statement():
    with CaptureQueriesContext(connection) as captured, prepared.cursor() as cursor:
        cursor.execute("SELECT %s::int AS logged", [1])
    assert [query["sql"] for query in captured.captured_queries] == ["SELECT $1::int AS logged"]
