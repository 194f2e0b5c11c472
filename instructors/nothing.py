"""What the results page says where little or nothing was found, and what it offers instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from instainstru.lib import money, presentation
from instainstru.lib.errors import Invalid
from instructors import cards, results
from instructors.cards import Clocks
from instructors.presentation import MILE_KM
from instructors.results import Fact
from instructors.services.search.find import find
from instructors.services.search.query import Query
from instructors.services.search.relax import Relaxed
from instructors.services.search.vocabulary import Vocabulary

# In which order conditions are left out, the least missed first; a subject never is.
GIVEN_UP = ("sort", "duration", "modality", "time", "date", "level", "audience", "place", "price")
# What ``relax`` gives up wholly, not only in part: where that found nobody, leaving out one of these finds
# nobody either.
GIVEN_UP_WHOLLY = frozenset({"time", "level", "audience"})


def widened(
    asked: Query, more: Relaxed, said: Iterable[Fact], base: str, *, exact: int, clocks: Clocks
) -> dict[str, Any] | None:
    """The section under the exact results, and how to be rid of it; None where nothing was given up."""
    if not more.names or more.query is None:
        return None
    missed = presentation.words([f"“{one.label}”" for one in said if one.name in more.names])
    also = presentation.words([_wider(name, asked, more) for name in more.names])
    if exact:
        who = f"Only {presentation.count(exact, 'instructor')} for {missed}"
    else:
        who = f"Nobody is free for {missed}"
    return {
        "title": f"Also {also}",
        "sentence": f"{who}; below also {also}.",
        "cards": cards.cards(more.results, clocks=clocks),
        "undo_url": results.address(base, replace(asked, relax=False)),
    }


def _wider(name: str, asked: Query, more: Relaxed) -> str:
    """What was given up, as what is shown instead."""
    wider = more.query or asked
    one_day = asked.date_from is not None and asked.date_from == asked.date_to
    words = {
        "time": "other times that day" if one_day and more.names == ("time",) else "other times of day",
        "date": "other days",
        "level": "any level",
        "audience": "any age",
        "place": f"up to {(wider.radius_km or 0) / MILE_KM:.0f} miles away",
        "price": f"up to {money.show(wider.price_max or 0)} an hour",
    }
    return words[name]


def empty(
    said: list[Fact], query: Query, errors: Mapping[str, str], trail: list[str], base: str,
    *, now: datetime, vocabulary: Vocabulary,
) -> dict[str, Any]:  # fmt: skip
    """What to leave out when nothing is free: the condition that alone stands in the way, if there is one.

    ``query`` was relaxed in vain unless it says otherwise.
    """
    found = None if trail or errors else _in_the_way(said, query, now=now, vocabulary=vocabulary)
    # A condition that could not be read stands in the way of nobody, but may be dropped like any other.
    offered = [one for one in said if one.name in GIVEN_UP]
    best = found or (offered[0] if errors and offered else None)
    others = [one for one in said if one is not best]
    text = "Leave out one condition and look again."
    if found:
        text = f"“{found.label}” is what stands in the way: without it there are free times."
    elif others and not trail:
        text = "No one of these alone stands in the way. Leave out some and look again."
    return {
        "title": "That was all" if trail else "Nothing is free like that",
        "text": next(iter(errors.values()), text),
        "drop": best and {"label": f"Without “{best.label}”", "url": results.address(base, best.rest)},
        "others": [
            {"label": f"Without “{one.label}”", "url": results.address(base, one.rest)} for one in others
        ],
    }


def _in_the_way(said: list[Fact], query: Query, *, now: datetime, vocabulary: Vocabulary) -> Fact | None:
    """The first condition without which somebody is found; a search for each that may be it."""
    known = GIVEN_UP_WHOLLY if query.relax else frozenset()
    if query.low or query.high:
        # Two instants were widened to their days, no more.
        known -= {"time"}
    may_be = (one for one in said if one.name in GIVEN_UP and one.name not in known)
    for one in sorted(may_be, key=lambda one: GIVEN_UP.index(one.name)):
        try:
            if find(one.rest, now=now, vocabulary=vocabulary, limit=1, starts=1).results:
                return one
        except Invalid:
            continue
    return None
