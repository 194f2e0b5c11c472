"""What every list of the back office shares, so that it opens as fast over 100,000 rows as over ten.

@admin.register(Booking)
class BookingAdmin(FastAdmin):
    list_display = ("id", "status", "student", "instructor")
    list_select_related = ("student__user", "instructor__user")
    search_fields = person("student__user") + person("instructor__user")
"""

from __future__ import annotations

import uuid
from functools import cached_property, reduce
from itertools import groupby
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
    ``search_fields`` (plain names, no prefixes), every word anywhere in one of them; fields of
    different tables are searched one table at a time, because an OR across joins can use no index.
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
        tables = [list(group) for _, group in groupby(fields, key=lambda name: name.rpartition("__")[0])]
        found = [queryset.filter(*(_any(fields, word) for word in words)) for fields in tables]
        if len(found) < 2:
            return (found[0] if found else queryset.none()), False
        keys = (rows.order_by().values("pk") for rows in found)
        return queryset.filter(pk__in=reduce(lambda some, more: some.union(more), keys)), False


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


def _any(fields: list[str], word: str) -> Q:
    return reduce(lambda some, name: some | Q(**{f"{name}__icontains": word}), fields, Q())


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
