"""What every list of the back office shares, so that it opens as fast over 100,000 rows as over ten.

@admin.register(Booking)
class BookingAdmin(FastAdmin):
    list_display = ("id", "status", "student", "instructor")
    list_select_related = ("student__user", "instructor__user")
    search_fields = person("student__user") + person("instructor__user")
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import groupby
from operator import or_
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.db.models import ForeignKey, Model, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

# Nobody pages further than this; who looks for something older searches or filters.
COUNTED = 1000
# Up to so many keys found in another table are looked for one by one.
FEW = 5000


@dataclass(frozen=True, slots=True)
class Table:
    """What belongs to a row, under its page (``admin/tables.html``); ``figures`` are columns of amounts."""

    key: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    none: str
    note: str = ""
    figures: Sequence[int] = ()


def person(path: str = "") -> tuple[str, ...]:
    """The ``search_fields`` of a user reached by ``path``; a trigram index serves them."""
    prefix = f"{path}__" if path else ""
    return (f"{prefix}email", f"{prefix}first_name", f"{prefix}last_name")


class BoundedPaginator(Paginator):
    """Counts at most ``COUNTED`` rows: an exact count of a large table reads all of it."""

    @cached_property
    def _counted(self) -> int:
        if isinstance(self.object_list, QuerySet):
            return self.object_list.order_by()[: COUNTED + 1].count()
        return len(self.object_list)

    @property
    def is_bounded(self) -> bool:
        """Whether there are more rows than ``count`` says."""
        return self._counted > COUNTED

    @property
    def count(self) -> int:
        return min(self._counted, COUNTED)


class FastAdmin(admin.ModelAdmin):
    """Newest first, no count of the whole table, no menu of 100,000 options, searches that use indexes.

    A number or UUID typed into the search finds the row with that id. Other words look in
    ``search_fields`` (plain names, no prefixes), every word anywhere in one of them, words of one or
    two letters at the beginning. Fields of other tables are searched there first, one table at a time,
    because an OR across joins can use no index.
    Columns are sortable only where ``sortable_by`` names them: name those with an index.
    """

    list_per_page = 50
    list_max_show_all = 0
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    # "Select all" would promise a number that was not counted.
    actions_selection_counter = False

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        """A field with a magnifier instead of a menu, unless the admin says otherwise."""
        if db_field.name not in (*self.get_autocomplete_fields(request), *self.radio_fields):
            kwargs.setdefault("widget", ForeignKeyRawIdWidget(db_field.remote_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        words = search_term.replace("\x00", "").split()
        if not words:
            return queryset, False
        key = _key(self.model, words[0]) if len(words) == 1 else None
        if key is not None:
            return queryset.filter(pk=key), False
        fields = sorted(self.get_search_fields(request))
        paths = groupby(fields, key=lambda name: name.rpartition("__")[0])
        found = (_found(self.model, path, names, words) for path, names in paths)
        return queryset.filter(reduce(or_, found, Q())), False


class KeptAdmin(FastAdmin):
    """For what is ended or switched off, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(KeptAdmin):
    """For what only the rules write: staff look and use actions."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _found(model: type[Model], path: str, fields: Iterable[str], words: list[str]) -> Q:
    """The rows in whose ``fields``, all reached by ``path``, every one of ``words`` is.

    Few rows of the other table become a list of keys, which the index on the reference serves; where
    many match, the newest rows are walked across the joins, and a page is soon full.
    """
    names = list(fields)
    if not path:
        return all_in_one(names, words)
    reference, _, _ = path.partition("__")
    target: type[Model] = model._meta.get_field(reference).related_model  # type: ignore[assignment]
    there = [name.removeprefix(f"{reference}__") for name in names]
    rows = target._default_manager.filter(all_in_one(there, words)).order_by()
    keys = list(rows.values_list("pk", flat=True)[: FEW + 1])
    return Q(**{f"{reference}__in": keys}) if len(keys) <= FEW else all_in_one(names, words)


def all_in_one(fields: Iterable[str], words: Iterable[str]) -> Q:
    """Every word is somewhere in one of the fields; shorter than a trigram, at its beginning.

    An index of trigrams finds both.
    """
    names = list(fields)
    found = Q()
    for word in words:
        lookup = "icontains" if len(word) > 2 else "istartswith"
        found &= reduce(or_, (Q(**{f"{name}__{lookup}": word}) for name in names))
    return found


def _key(model: type[Model], text: str) -> int | uuid.UUID | None:
    """``text`` as a primary key of ``model`` if it can be one."""
    field = model._meta.pk
    if isinstance(field, models.UUIDField):
        try:
            return field.to_python(text)
        except ValidationError:
            return None
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    return None
