"""What holds for all of our tables."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

# Pairs of whole, plain B-trees of one table, of which the first is how the second begins.
_REPEATED = """
    SELECT one.indexrelid::regclass::text, other.indexrelid::regclass::text
    FROM pg_index one
    JOIN pg_class shorter ON shorter.oid = one.indexrelid
    JOIN pg_index other ON other.indrelid = one.indrelid AND other.indexrelid <> one.indexrelid
    JOIN pg_class longer ON longer.oid = other.indexrelid AND longer.relam = shorter.relam
    JOIN pg_am method ON method.oid = shorter.relam AND method.amname = 'btree'
    WHERE one.indrelid = ANY(%s::regclass[]) AND NOT one.indisunique
      AND one.indpred IS NULL AND other.indpred IS NULL
      AND one.indexprs IS NULL AND other.indexprs IS NULL
      AND one.indclass[0] = other.indclass[0]
      AND other.indkey::text LIKE one.indkey::text || ' %%'
"""
OURS = ("accounts", "bookings", "events", "instructors", "rules", "students")


def _models() -> list[Any]:
    every = (apps.get_app_config(label).get_models() for label in OURS)
    return [model for models in every for model in models if model._meta.managed]


@pytest.mark.django_db
def test_what_models_promise_is_in_the_database():
    """A change of one index can take another one of the same column along, and nothing says so."""
    missing = []
    with connection.cursor() as cursor:
        for model in _models():
            found = connection.introspection.get_constraints(cursor, model._meta.db_table)
            promised = [one.name for one in (*model._meta.constraints, *model._meta.indexes)]
            missing += [name for name in promised if name not in found]
    assert missing == []


@pytest.mark.django_db
def test_no_index_repeats_how_another_begins():
    tables = [model._meta.db_table for model in _models()]
    with connection.cursor() as cursor:
        cursor.execute(_REPEATED, [tables])
        assert cursor.fetchall() == []
        cursor.execute("CREATE INDEX twice ON instructors_openday (instructor_id)")
        cursor.execute(_REPEATED, [tables])
        assert cursor.fetchall() == [("twice", "instructors_openday_pkey")]


@pytest.mark.django_db
def test_no_index_of_blocks_looks_at_their_kind():
    """A hold that becomes a lesson would be written into it anew, at the busiest moment there is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'instructors_calendarblock'")
        found = [definition for (definition,) in cursor.fetchall()]
    assert len(found) >= 5
    assert [definition for definition in found if "kind" in definition] == []
