"""One offering as search sees it, and why it stands where it does."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from instainstru.lib import clock, money, presentation, when
from instainstru.lib.backoffice import ReadOnlyAdmin
from instructors import why
from instructors.models import Modality, Offering
from instructors.services.search import rank


@admin.register(Offering)
class OfferingAdmin(ReadOnlyAdmin):
    list_display = ("id", "subject", "instructor", "price", "is_listed")
    list_select_related = ("subject", "instructor__user")
    search_help_text = "A number finds the id."
    search_fields = ("instructor__slug",)
    fieldsets = (
        (None, {"fields": ("id", "instructor", "subject", "price", "lengths", "ways", "is_listed")}),
        ("In search", {"fields": ("kept_rank", "order", "next_free")}),
    )
    readonly_fields = ("id", "price", "lengths", "ways", "is_listed", "kept_rank", "order", "next_free")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offering]:
        return super().get_queryset(request).select_related("subject", "instructor__user")

    @admin.display(description="price")
    def price(self, offering: Offering) -> str:
        return f"{money.show(offering.price_per_hour)} an hour"

    @admin.display(description="lengths")
    def lengths(self, offering: Offering) -> str:
        return ", ".join(presentation.minutes(length) for length in offering.durations)

    @admin.display(description="where")
    def ways(self, offering: Offering) -> str:
        return ", ".join(Modality(value).label for value in offering.modalities)

    @admin.display(description="rank as kept")
    def kept_rank(self, offering: Offering) -> str:
        return f"{offering.rank:.3f}, without relevance and distance, which belong to a search"

    @admin.display(description="why this order")
    def order(self, offering: Offering) -> SafeString:
        """The signals as of now; what is kept follows once a day."""
        facts = rank.facts_of([offering.pk], now=clock.now())[offering.pk]
        lines = why.lines(rank.signals(facts))
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((line,) for line in lines)))

    @admin.display(description="not free before")
    def next_free(self, offering: Offering) -> str:
        at = offering.next_free_at
        return when.short(at, offering.instructor.time_zone) if at else "nothing free"
