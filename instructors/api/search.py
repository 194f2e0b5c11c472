"""Bookable times of many instructors."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse, QueryDict
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib import clock
from instainstru.lib.drf import ApiView, answer
from instainstru.lib.fields import Parameters
from instainstru.lib.openapi import PAGING, call, parameter
from instainstru.lib.paging import limit_of, link
from instructors import searched
from instructors.models import Audience, Level, Modality, SearchLog
from instructors.serializers import OpeningsAnswer, show_openings
from instructors.services.search import find, params, query, vocabulary
from instructors.services.search import relax as relaxing
from instructors.services.search.find import Result
from instructors.services.search.phrases import WEEKDAYS

# Next times of each offering; more are at the instructor's own openings.
STARTS = 8
# Beside the conditions, which pages read too: the zone words are meant in, and paging. There is nobody to
# ask where "me" is.
KNOWN = params.NAMES - {"near_me"} | {"tz", "cursor", "limit"}
SEVERAL = "Slugs, with commas between them."
WISHES = (
    parameter("q", "In words: `piano tomorrow 6 pm in Brooklyn under $80`. What is given beside it wins."),
    parameter("subject", SEVERAL),
    parameter("not", f"None of these subjects. {SEVERAL}"),
    parameter("category", "All subjects of it (slug)."),
    parameter("price_min", "Minor units an hour.", int),
    parameter("price_max", "Minor units an hour.", int),
    parameter("from", "Starts at or after this instant, or on or after this date of `tz`."),
    parameter("to", "Starts before this instant, or on or before this date of `tz`."),
    parameter("date", "Starts on this date of `tz`.", OpenApiTypes.DATE),
    parameter("date_to", "With `date`: up to and with this date.", OpenApiTypes.DATE),
    parameter("weekdays", "Of: " + ", ".join(WEEKDAYS) + "."),
    parameter("time_from", "Starts at or after this time of day (`18:00`)."),
    parameter("time_to", "Starts before this time of day."),
    parameter("part", "Part of the day.", choices=params.PART_NAMES),
    parameter("near", "A neighbourhood, borough or ZIP code."),
    parameter("radius_km", "How far from it.", float),
    parameter("duration", "Minutes.", int),
    parameter("modality", "How to meet.", choices=["in_person", *Modality.values]),
    parameter("level", "Of the student.", choices=Level.values),
    parameter("audience", "Of the student.", choices=Audience.values),
    parameter("relax", "`0`: nothing but exact results, however few.", choices=["0", "1"]),
    parameter("sort", "By default `recommended`.", choices=list(params.SORTS)),
    parameter("tz", "The zone dates and times of day are meant in; by default the caller's own."),
    *PAGING,
)


class Openings(ApiView):
    required_scopes = {"GET": Scope.OPENINGS_READ}

    @call(
        "Bookable times of many instructors",
        tag="Openings",
        name="list_openings",
        answers=OpeningsAnswer,
        refusals={422: "A parameter at fault, or one we do not know; `unknown_place`."},
        parameters=WISHES,
    )
    def get(self, request: Request) -> HttpResponse:
        now, words = clock.now(), vocabulary.current()
        given = request.query_params
        wishes = Parameters(given, known=KNOWN)
        zone = wishes.zone("tz") or signed_in(request).time_zone
        read = query.read(
            _in_instants(given, wishes, zone), zone=zone, now=now, vocabulary=words, major=False
        )
        wishes.wrong.update(read.errors)
        wishes.check()
        answered: dict[str, Any] = {"results": [], "next": None, "previous": None, "relaxed": []}
        if not read.unknown:
            limit, cursor = limit_of(request), given.get("cursor")
            found = find.find(
                read.query, now=now, vocabulary=words, limit=limit, starts=STARTS, cursor=cursor
            )  # fmt: skip
            currency = settings.CURRENCY
            answered["results"] = [show_result(result, currency) for result in found.results]
            if found.next_cursor:
                answered["next"] = link(request, cursor=found.next_cursor)
            if not cursor:
                more = relaxing.relax(
                    read.query, found, now=now, vocabulary=words, limit=limit, starts=STARTS
                )  # fmt: skip
                answered["results"] += [show_result(one, currency, exact=False) for one in more.results]
                answered["relaxed"] = list(more.names)
        answered["understood"] = read.parsed.reading.as_dict() if read.parsed else None
        response = answer(answered)
        if not given.get("cursor"):
            exact = sum(one["exact"] for one in answered["results"])
            searched.note(
                response, request, read, source=SearchLog.Source.API, found=exact,
                relaxed=answered["relaxed"],
            )  # fmt: skip
        return response


def _in_instants(given: QueryDict, wishes: Parameters, zone: str) -> dict[str, str]:
    """The parameters with `from` and `to` as instants: a date means the whole of that day in ``zone``."""
    values = {name: str(value) for name, value in given.items()}
    for edge, name in enumerate(("from", "to")):
        if 0 < len(values.get(name, "")) <= len("2026-12-03") and (day := wishes.moment(name)):
            values[name] = clock.rfc3339(clock.day_bounds(day, zone)[edge])
    return values


def show_result(result: Result, currency: str, *, exact: bool = True) -> dict[str, Any]:
    """One offering with its next times; ``exact`` unless less was asked of it."""
    row = result.row
    return {
        "offering": {
            "id": row.id,
            "subject": result.subject.slug,
            "price_per_hour": row.price_per_hour,
            "currency": currency,
            "durations": row.durations,
            "modalities": row.modalities,
            "instructor": {
                "id": row.instructor_id,
                "slug": row.slug,
                "name": f"{row.first_name} {row.last_name[:1]}." if row.last_name else row.first_name,
                "time_zone": row.time_zone,
                "rating": round(row.rating, 2) if row.rating_count else None,
            },
        },
        "duration_min": result.duration_min,
        "modality": result.modality,
        "exact": exact,
        "distance_km": None if result.distance_km is None else round(result.distance_km, 2),
        "openings": show_openings([result.seconds], duration_min=result.duration_min),
    }
