"""The catalogue: what can be searched for, and by which words. A change is understood at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from instainstru.lib.backoffice import FastAdmin, KeptAdmin
from instructors.models import Alias, Category, Place, PlaceAlias, Subject
from instructors.services.search import vocabulary


class WordField(forms.CharField):
    """A word as people type it, kept as search compares it: lower case, single spaces."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Tables of words have no labels of their own."""
        return {**super().widget_attrs(widget), "aria-label": self.label or "Word"}

    def to_python(self, value: Any) -> str:
        return " ".join((super().to_python(value) or "").lower().split())


class AliasForm(forms.ModelForm):
    text = WordField(max_length=60, help_text="Another word for it, as people type it.")


class VocabularyAdmin(FastAdmin):
    """Rows that search understands words by; a change empties this process's memory of them."""

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(vocabulary.forget)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(vocabulary.forget)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        transaction.on_commit(vocabulary.forget)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        transaction.on_commit(vocabulary.forget)


class AliasInline(admin.TabularInline):
    model = Alias
    form = AliasForm
    fields = ("text",)
    extra = 1
    verbose_name_plural = "other words for it"


@admin.register(Category)
class CategoryAdmin(VocabularyAdmin, KeptAdmin):
    list_display = ("name", "slug", "position")
    search_fields = ("name", "slug")
    ordering = ("position", "slug")
    prepopulated_fields = {"slug": ["name"]}
    inlines = (AliasInline,)


@admin.register(Subject)
class SubjectAdmin(VocabularyAdmin, KeptAdmin):
    list_display = ("name", "slug", "category", "position")
    list_filter = ("category",)
    list_select_related = ("category",)
    search_fields = ("name", "slug")
    ordering = ("category__position", "position", "slug")
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ("category",)
    inlines = (AliasInline,)


@admin.register(Alias)
class AliasAdmin(VocabularyAdmin):
    form = AliasForm
    list_display = ("text", "subject", "category")
    list_select_related = ("subject", "category")
    search_fields = ("text",)
    ordering = ("text",)
    autocomplete_fields = ("subject", "category")


class PlaceForm(forms.ModelForm):
    slug = WordField(max_length=60, help_text="As in addresses and queries: “park slope”, “11215”.")
    latitude = forms.FloatField(min_value=-90, max_value=90)
    longitude = forms.FloatField(min_value=-180, max_value=180)
    radius_km = forms.FloatField(
        label="Radius, km", min_value=0.05, max_value=500, help_text="How far it reaches from its centre."
    )


class PlaceAliasForm(forms.ModelForm):
    text = WordField(max_length=60, help_text="A short name, as people type it: “ues”.")


class PlaceAliasInline(admin.TabularInline):
    model = PlaceAlias
    form = PlaceAliasForm
    extra = 1
    verbose_name_plural = "short names"


@admin.register(Place)
class PlaceAdmin(VocabularyAdmin, KeptAdmin):
    """Instructors keep the point they have until they say again where they are."""

    form = PlaceForm
    list_display = ("name", "slug", "kind", "parent")
    list_filter = ("kind",)
    search_fields = ("name", "slug")
    search_help_text = "Parts of the name, or a ZIP code."
    inlines = (PlaceAliasInline,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Place], search_term: str
    ) -> tuple[QuerySet[Place], bool]:
        """A number is a ZIP code here, not the id of a row."""
        word = search_term.strip()
        if word.isdigit():
            return queryset.filter(slug=word), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(PlaceAlias)
class PlaceAliasAdmin(VocabularyAdmin):
    form = PlaceAliasForm
    list_display = ("text", "place")
    list_select_related = ("place",)
    search_fields = ("text",)
    ordering = ("text",)
    autocomplete_fields = ("place",)
