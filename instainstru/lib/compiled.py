"""Queries, inserts and updates whose SQL is written once per process, and planned once per connection.

The ORM takes longer to write a query of two joins than PostgreSQL to answer it. On the few paths where
that counts, a ``Compiled`` query keeps the ORM's own SQL and its way of making instances:

    _by_id = Compiled(lambda pk: Offering.objects.select_related("subject").filter(pk=pk), pk=int)
    _by_id(pk=12)   # [<Offering>]

Where the queryset ends in ``values_list`` the rows are tuples. Only values vary: the SQL may not depend on
them, so no lists, no None and no slices among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, models
from django.db.models import AutoField, Field, Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators

from instainstru.lib import prepared

# A model, or a tuple.
M = TypeVar("M")

# Values nobody uses, to be found again among the parameters of the compiled statement.
_MARKS: dict[type, Callable[[int], Any]] = {
    int: lambda n: 1_999_999_000 + n,
    str: lambda n: f"\x01{n}",
    date: lambda n: date(1901, 1, 1 + n),
    datetime: lambda n: datetime(1901, 1, 1 + n, tzinfo=UTC),
    UUID: lambda n: UUID(int=n + 1),
}


class Compiled(Generic[M]):
    """``make`` builds the queryset from keyword arguments, whose types are given as ``kinds``."""

    def __init__(self, make: Callable[..., QuerySet[Any, M]], **kinds: type) -> None:
        self._make = make
        self._kinds = kinds

    def __call__(self, **values: Any) -> list[M]:
        """The instances, with what ``select_related`` brings along, or the tuples; one statement."""
        plan = self._plan
        with prepared.cursor() as cursor:
            cursor.execute(plan.sql, [values.get(name, value) for name, value in plan.parameters])
            return plan.read(cursor.fetchall())

    @cached_property
    def _plan(self) -> _Plan:
        marks = {name: _MARKS[kind](n) for n, (name, kind) in enumerate(self._kinds.items())}
        queryset = self._make(**marks)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, found = compiler.as_sql()
        # By their text: the ORM hands some values to the driver in wrappers of its own.
        names = {str(mark): name for name, mark in marks.items()}
        parameters = [(names.get(str(value), ""), value) for value in found]
        if missing := set(marks) - {name for name, _ in parameters}:
            raise TypeError(f"The statement does not use {sorted(missing)}.")
        return _Plan(compiler, sql, parameters, of_instances=queryset._iterable_class is ModelIterable)


class _Plan:
    """A compiled statement and how its rows become instances, as ``ModelIterable`` would make them."""

    def __init__(
        self, compiler: Any, sql: str, parameters: list[tuple[str, Any]], *, of_instances: bool
    ) -> None:
        self.sql = sql
        # The name of the value that goes there, or "" and the fixed value.
        self.parameters = parameters
        self._compiler = compiler
        info, select = compiler.klass_info, compiler.select
        self._converters = compiler.get_converters([column[0] for column in select])
        self._of_instances = of_instances
        if not of_instances:
            return
        first, last = info["select_fields"][0], info["select_fields"][-1] + 1
        self._model, self._own = info["model"], slice(first, last)
        self._names = [column[0].target.attname for column in select[first:last]]
        self._populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
        self._annotations = list(compiler.annotation_col_map.items())

    def read(self, rows: Iterable[Any]) -> list[Any]:
        if self._converters:
            rows = self._compiler.apply_converters(rows, self._converters)
        return self._instances(rows) if self._of_instances else list(rows)

    def _instances(self, rows: Iterable[Any]) -> list[Any]:
        found = []
        for row in rows:
            instance = self._model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._own])
            for populator in self._populators:
                populator.populate(row, instance)
            for name, position in self._annotations:
                setattr(instance, name, row[position])
            found.append(instance)
        return found


def carry_over(names: Iterable[str], known: Model, fresh: Model) -> None:
    """Give ``fresh`` the related instances that ``known`` has read and that are still the same, for those it
    has not read itself: a row that is read again to be locked need not bring along whom it is about."""
    read = known._state.fields_cache
    for name in names:
        key = f"{name}_id"
        if (
            name in read
            and name not in fresh._state.fields_cache
            and getattr(known, key) == getattr(fresh, key)
        ):
            setattr(fresh, name, read[name])


def insert(instance: Model) -> None:
    """``instance.save(force_insert=True)``, with SQL that is written once."""
    plan = _insertion(type(instance))
    values = _values(instance, plan.fields, add=True)
    with prepared.cursor() as cursor:
        cursor.execute(plan.sql, values)
        if plan.numbered:
            instance.pk = cursor.fetchone()[0]
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS


@dataclass(frozen=True, slots=True)
class _Insertion:
    sql: str
    fields: list[Field[Any, Any]]
    numbered: bool


@cache
def _insertion(model: type[Model]) -> _Insertion:
    key = model._meta.pk
    numbered = isinstance(key, AutoField)
    fields = [field for field in model._meta.concrete_fields if not (numbered and field is key)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    values = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({values})"  # noqa: S608 (our names)
    return _Insertion(f"{sql} RETURNING {quote(str(key.column))}" if numbered else sql, fields, numbered)


# Whose values the driver takes as they are; asking the field to prepare them takes longer than sending them.
# Instants are not among them: of one without a zone the field complains.
_PLAIN = (models.BooleanField, models.CharField, models.IntegerField, models.TextField, models.UUIDField)


@cache
def _is_plain(field: Field[Any, Any]) -> bool:
    kind = getattr(field, "target_field", field)
    return isinstance(kind, _PLAIN) and type(kind).get_db_prep_save is Field.get_db_prep_save


def _values(instance: Model, fields: Iterable[Field[Any, Any]], *, add: bool) -> list[Any]:
    return [
        value if _is_plain(field) else field.get_db_prep_save(value, connection)
        for field in fields
        for value in (field.pre_save(instance, add),)
    ]


def update(instance: Model, *names: str) -> None:
    """``instance.save(update_fields=names)``, or of all fields where none is named, with SQL that is written
    once. Raises ``DatabaseError`` where the row is gone."""
    plan = _change(type(instance), names)
    values = _values(instance, plan.fields, add=False)
    with prepared.cursor() as cursor:
        cursor.execute(plan.sql, [*values, instance.pk])
        if not cursor.rowcount:
            raise DatabaseError(f"{instance!r} is not there any more.")


@dataclass(frozen=True, slots=True)
class _Change:
    sql: str
    fields: list[Field[Any, Any]]


@cache
def _change(model: type[Model], names: tuple[str, ...]) -> _Change:
    key = model._meta.pk
    named: list[Any] = [model._meta.get_field(name) for name in names]
    fields = named or [field for field in model._meta.concrete_fields if field is not key]
    quote = connection.ops.quote_name
    columns = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    table, pk = quote(model._meta.db_table), quote(str(key.column))
    return _Change(f"UPDATE {table} SET {columns} WHERE {pk} = %s", fields)  # noqa: S608 (our names)
