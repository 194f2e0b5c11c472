"""Finding time, not people: the first page and the results."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from bookings import welcome
from instainstru.accounts.services import signed_in
from instainstru.lib import clock, money, presentation
from instainstru.lib.errors import Invalid
from instainstru.lib.http import visitor_zone
from instructors import cards, nothing, results, searched, why
from instructors.cards import Clocks
from instructors.models import SearchLog
from instructors.services.search import query as queries
from instructors.services.search import vocabulary as words
from instructors.services.search.facets import PRICES
from instructors.services.search.find import Found, find
from instructors.services.search.query import Query, Request
from instructors.services.search.relax import NOTHING, Relaxed, relax
from instructors.services.search.vocabulary import Vocabulary

PAGE = 20
STARTS = 3
# Between the cursors of the pages up to this one, so that there is a way back.
PAGES = "~"
MOST_PAGES = 25
# What a visitor searched for last stays in a cookie of theirs.
SEARCHES, SENTENCES, SENTENCE, REMEMBERED = "searches", 3, 80, 90 * 24 * 3600
NEAR_WHERE = "Near where? Name a neighbourhood or a ZIP code."


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Bookable times of many instructors; with htmx the results alone."""
    zone, now, vocabulary = visitor_zone(request), clock.now(), words.current()
    given = _given(request)
    asked = queries.read(given, zone=zone, now=now, vocabulary=vocabulary)
    errors = dict(asked.errors)
    if asked.query.near_me:
        errors["near"] = NEAR_WHERE
    trail = [cursor for cursor in given.get("cursor", "").split(PAGES) if cursor][:MOST_PAGES]
    found, more = None, NOTHING
    if not asked.unknown:
        try:
            found = find(
                asked.query, now=now, vocabulary=vocabulary, limit=PAGE, starts=STARTS,
                cursor=trail[-1] if trail else None,
            )  # fmt: skip
            if not trail:
                more = relax(
                    asked.query, found, now=now, vocabulary=vocabulary, limit=PAGE, starts=STARTS
                )  # fmt: skip
        except Invalid as refusal:
            errors |= refusal.fields
    context = _page(asked, found, more, errors, given, trail, now=now, vocabulary=vocabulary)
    plain = results.address(reverse("instructors:search"), results.plain(asked.query))
    if not context["cards"] and not asked.unknown and not errors and not trail:
        context["tell"] = _tell(request, asked.query)
    if given.get("why") == "1" and found and request.user.is_authenticated and signed_in(request).is_staff:
        why.explain(context["cards"], found.results, found, asked.query, now=now)
    context["canonical"] = request.build_absolute_uri(plain)
    partial = bool(request.headers.get("HX-Request"))
    template = "instructors/search.html#results" if partial else "instructors/search.html"
    # htmx shows nothing of an answer that is an error.
    response = render(request, template, context, status=422 if errors and not partial else 200)
    patch_vary_headers(response, ["HX-Request"])
    if asked.query.text and (context["cards"] or context["widened"]):
        _remember(request, response, asked.query.text)
    if not trail and (given or asked.query.text):
        searched.note(
            response, request, asked, source=SearchLog.Source.PAGE, relaxed=more.names,
            found=len(context["cards"]),
        )  # fmt: skip
    if partial:
        response["HX-Push-Url"] = results.address(reverse("instructors:search"), asked.query)
    return response


def _tell(request: HttpRequest, query: Query) -> dict[str, Any]:
    """The way to hear when there is one."""
    email = signed_in(request).email if request.user.is_authenticated else ""
    hidden = [(name, value) for name, value in query.to_params().items() if name != "q"]
    return {"hidden": hidden, "email": email}


def _remember(request: HttpRequest, response: HttpResponse, text: str) -> None:
    """Keep the sentence with the visitor, for the first page; nobody else learns of it."""
    last = dict.fromkeys([text[:SENTENCE], *_remembered(request)])
    response.set_cookie(
        SEARCHES,
        quote("\n".join(list(last)[:SENTENCES])),
        max_age=REMEMBERED,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def _remembered(request: HttpRequest) -> list[str]:
    """The visitor's last sentences, the latest first."""
    kept = unquote(request.COOKIES.get(SEARCHES, ""))[: SENTENCES * (SENTENCE + 1)]
    return [" ".join(line.split())[:SENTENCE] for line in kept.split("\n") if line.strip()][:SENTENCES]


def _given(request: HttpRequest) -> dict[str, str]:
    """The parameters; of one given twice the last that says something.

    The filter form sends hidden what it has no field for, and its fields after that: a new date ends a
    range of dates.
    """
    given = {name: _last(request.GET.getlist(name)) for name in request.GET}
    if len([day for day in request.GET.getlist("date") if day]) > 1:
        given.pop("date_to", None)
    return given


def _last(values: list[str]) -> str:
    return next((value for value in reversed(values) if value), "")


def _page(
    asked: Request, found: Found | None, more: Relaxed, errors: dict[str, str], given: dict[str, str],
    trail: list[str],
    *, now: datetime, vocabulary: Vocabulary,
) -> dict[str, Any]:  # fmt: skip
    query, base = asked.query, reverse("instructors:search")
    today = clock.local(now, query.zone).date()
    place = found.around.name if found and found.around else ""
    said = results.facts(query, vocabulary, place=place)
    clocks = Clocks(query.zone, today)
    shown = cards.cards(found.results, clocks=clocks) if found else []
    widened = nothing.widened(query, more, said, base, exact=len(shown), clocks=clocks)
    return {
        "query": query.text,
        "heading": query.text if asked.unknown else results.heading(said),
        "chips": results.chips(said, base),
        "count_label": _count_label(found, trail, widened),
        "errors": list(errors.values()),
        "widened": widened,
        "cards": shown,
        "hold_url": reverse("bookings:hold"),
        "filters": results.filters(
            query, vocabulary, said=len(said), errors=errors, given=given, today=today
        ),
        "prices": [
            {
                "value": str(price),
                "label": f"Up to {money.show(price)}",
                "url": results.address(base, replace(query.without(), price_max=price)),
            }
            for price in PRICES
            if query.price_max is None and price > (query.price_min or 0)
        ],
        "pager": _pager(query, base, found, trail),
        "empty": None
        if shown or asked.unknown or widened
        else nothing.empty(said, query, errors, trail, base, now=now, vocabulary=vocabulary),
        "unknown": _unknown(asked, vocabulary, base) if asked.unknown else None,
        "zone_note": f"Times are {presentation.zone(query.zone)}.",
    }


def _count_label(found: Found | None, trail: list[str], widened: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    if widened:
        return str(widened["sentence"])
    return _count(len(found.results), trail, more=bool(found.next_cursor))


def _count(number: int, trail: list[str], *, more: bool) -> str:
    if trail:
        first = len(trail) * PAGE + 1
        return f"Instructors {first}–{first + number - 1}" if number else "That was all"
    if not number:
        return "Nobody found"
    people = presentation.count(number, "instructor")
    return f"The first {people} with times you can book" if more else f"{people} with times you can book"


def _pager(query: Query, base: str, found: Found | None, trail: list[str]) -> dict[str, str]:
    following = found.next_cursor if found and len(trail) < MOST_PAGES else None
    return {
        "previous_url": results.address(base, query, cursor=PAGES.join(trail[:-1])) if trail else "",
        "next_url": results.address(base, query, cursor=PAGES.join([*trail, following])) if following else "",
        "label": f"Page {len(trail) + 1}",
    }


def _unknown(asked: Request, vocabulary: Vocabulary, base: str) -> dict[str, Any]:
    word = asked.parsed.unknown[0] if asked.parsed and asked.parsed.unknown else asked.query.text
    return {
        "word": word,
        "suggestions": [
            {"label": vocabulary.subject_names[slug][0], "url": f"{base}?subject={slug}"}
            for slug in asked.suggestions
        ],
        "categories": [
            {"label": name, "url": f"{base}?category={slug}"}
            for slug, name in vocabulary.category_names.items()
        ],
    }


POPULAR = (
    "piano", "guitar", "spanish", "math", "yoga", "voice", "violin", "tennis", "coding", "photography",
    "french", "chess",
)  # fmt: skip
EXAMPLES = ("piano tomorrow evening in Brooklyn", "spanish online under $60", "tennis on weekends")
BOARD = 6
# Everybody in a zone is shown the same times; whoever presses one that is gone is offered others.
BOARD_SECONDS = 15


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """One field, what is free today, and how it works."""
    zone, now, vocabulary = visitor_zone(request), clock.now(), words.current()
    base = reverse("instructors:search")
    mine = {}
    if request.user.is_authenticated:
        user = signed_in(request)
        mine = {
            "next_lesson": welcome.next_lesson(user, zone=zone, now=now),
            "again": welcome.again(user, zone=zone, now=now),
        }
    return render(
        request,
        "instructors/home.html",
        {
            **mine,
            "searches": [
                {"label": text, "url": results.address(base, Query(zone, text))}
                for text in _remembered(request)
            ],
            "examples": [
                {"label": text, "url": results.address(base, Query(zone, text))} for text in EXAMPLES
            ],
            "subjects": [
                {"label": vocabulary.subject_names[slug][0], "url": f"{base}?subject={slug}"}
                for slug in POPULAR
                if slug in vocabulary.subject_names
            ],
            "board": cache.get_or_set(
                f"board {zone}", lambda: _board(zone, now=now, vocabulary=vocabulary) or {}, BOARD_SECONDS
            ),
            "hold_url": reverse("bookings:hold"),
        },
    )


def _board(zone: str, *, now: datetime, vocabulary: Vocabulary) -> dict[str, Any] | None:
    """The soonest times of today, or of tomorrow when the day is nearly over."""
    today = clock.local(now, zone).date()
    for day, title in ((today, "Free today"), (today + timedelta(days=1), "Free tomorrow")):
        query = Query(zone, date_from=day, date_to=day, sort="soonest")
        found = find(query, now=now, vocabulary=vocabulary, limit=BOARD, starts=1).results
        if len(found) >= BOARD // 2:
            return _drawn(query, found, title, today=day)
    return None


def _drawn(query: Query, found: list[Any], title: str, *, today: date) -> dict[str, Any]:
    clocks = Clocks(query.zone, today)
    return {
        "title": title,
        "rows": [cards.time_row(one, clocks=clocks) for one in found],
        "all_label": f"Everything {title.lower()}",
        "all_url": results.address(reverse("instructors:search"), query),
        "zone_note": presentation.zone(query.zone),
    }
