"""Placeholders, and that a prepared statement counts like any other."""

from __future__ import annotations

import pytest
from django.db import connection

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
