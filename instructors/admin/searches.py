"""What people search for, what found nobody, and words that nobody understood."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from instainstru.lib import clock
from instainstru.lib.backoffice import ReadOnlyAdmin
from instainstru.lib.errors import DomainError
from instructors.models import SavedSearch, SearchLog
from instructors.services import catalogue
from instructors.services.search import log, parse, vocabulary
from instructors.services.search.vocabulary import Vocabulary

SPANS = (1, 7, 30, 90)
USUAL_SPAN = 7
# So many subjects are offered for a word at a press; any other is a page away.
NEAREST = 2


@admin.register(SearchLog)
class SearchLogAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "text", "subjects", "unknown", "relaxed", "found", "source")
    list_filter = ("source",)
    change_list_template = "admin/instructors/searchlog/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        report = path("report/", self.admin_site.admin_view(self.report), name="instructors_searchlog_report")
        return [report, *super().get_urls()]

    def report(self, request: HttpRequest) -> HttpResponse:
        """The latest days in three lists; a word becomes an alias at a press."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._add_alias(request)
        days = next((span for span in SPANS if str(span) == request.GET.get("days")), USUAL_SPAN)
        found, words = log.report(now=clock.now(), days=days), vocabulary.current()
        may_add = request.user.has_perm("instructors.add_alias")
        context = {
            **self.admin_site.each_context(request),
            "title": "What people search for",
            "opts": self.opts,
            "days": days,
            "spans": SPANS,
            "report": found,
            "most": log.LOOKED_AT,
            "may_add": may_add,
            "search_url": reverse("instructors:search"),
            "unknown": [{"line": line, **_meanings(line.text, words)} for line in found.unknown],
        }
        return TemplateResponse(request, "admin/instructors/searchlog/report.html", context)

    def _add_alias(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("instructors.add_alias"):
            raise PermissionDenied
        word, slug = request.POST.get("word", ""), request.POST.get("subject", "")
        try:
            alias = catalogue.add_alias(word, subject=slug)
        except DomainError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, f"“{alias.text}” means {alias.subject} from now on.")
        return redirect("admin:instructors_searchlog_report")


def _meanings(word: str, words: Vocabulary) -> dict[str, Any]:
    """What the word may mean: the subjects spelt most like it, and the page for any other."""
    return {
        "is_known": word in words.subjects or word in words.categories,
        "nearest": [
            {"slug": slug, "name": words.subject_names[slug][0]}
            for slug in parse.suggestions([word], words, number=NEAREST)
        ],
        "add_url": f"{reverse('admin:instructors_alias_add')}?{urlencode({'text': word})}",
    }


@admin.register(SavedSearch)
class SavedSearchAdmin(ReadOnlyAdmin):
    """Who waits for what; how much there is of it tells what is missing."""

    list_display = ("id", "title", "email", "created_at", "confirmed_at", "told_at", "ended_at")
    search_fields = ("email",)
