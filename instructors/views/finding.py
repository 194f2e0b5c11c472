"""What the results page asks for once it is shown: suggestions, counts, and which times are gone."""

from __future__ import annotations

from hashlib import blake2b

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from instainstru.lib import clock
from instainstru.lib.errors import Invalid
from instainstru.lib.http import visitor_zone
from instructors.presentation import page_url
from instructors.services.search import facets, remaining
from instructors.services.search import query as queries
from instructors.services.search import suggest as suggesting
from instructors.services.search import vocabulary as words

# Suggestions are the same for everybody, and for as long as the vocabulary is.
SUGGESTED_FOR = 30


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Completions of what was typed: options of a list, or JSON for who accepts nothing else."""
    found = [
        {
            "kind": one.kind, "label": one.label, "note": one.note, "value": one.value, "slug": one.slug,
            "url": page_url(one.slug) if one.slug else "",
        }
        for one in suggesting.suggest(request.GET.get("q", ""), vocabulary=words.current())
    ]  # fmt: skip
    response: HttpResponse
    if request.headers.get("Accept", "").startswith("application/json"):
        response = HttpResponse(orjson.dumps({"suggestions": found}), content_type="application/json")
    else:
        response = render(request, "instructors/suggestions.html", {"suggestions": found})
    patch_vary_headers(response, ["Accept"])
    response["Cache-Control"] = f"max-age={SUGGESTED_FOR}"
    return response


@require_safe
def counts(request: HttpRequest) -> JsonResponse:
    """How many there would be behind each filter of the search, where that is known exactly."""
    zone, now, vocabulary = visitor_zone(request), clock.now(), words.current()
    asked = queries.read(request.GET.dict(), zone=zone, now=now, vocabulary=vocabulary)
    found: facets.Counts = {}
    if not asked.unknown:
        try:
            found = facets.count(asked.query, now=now, vocabulary=vocabulary)
        except Invalid:
            found = {}
    return JsonResponse({"counts": found})


@require_safe
def gone(request: HttpRequest) -> HttpResponse:
    """Which of the times on a page cannot be booked any more: one answer for all of its cards.

    ``times`` are ``offering.minutes.modality.start.start…`` with commas between; an answer that is as
    the one before has no body.
    """
    shown = remaining.read(request.GET.get("times", ""))
    taken = remaining.gone(shown, now=clock.now())
    tag = f'"{blake2b(repr(taken).encode(), digest_size=9).hexdigest()}"'
    if request.headers.get("If-None-Match") == tag:
        answer: HttpResponse = HttpResponseNotModified()
    else:
        answer = JsonResponse({"gone": taken})
    answer["ETag"], answer["Cache-Control"] = tag, "no-cache"
    return answer
