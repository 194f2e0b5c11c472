"""Searches that somebody waits for, in words: on their page and in their letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from instainstru.events.notify import Recipient, send_letter
from instainstru.lib import clock, money, when
from instainstru.lib.ids import new_id
from instructors.models import Offering, SavedSearch
from instructors.services.search import saved as saving


def path(saved: SavedSearch) -> str:
    """Where the search itself is."""
    return f"{reverse('instructors:search')}?{urlencode(saved.params)}"


def stop_path(saved: SavedSearch) -> str:
    """Where it ends, for whoever got the letter."""
    return reverse("instructors:saved_search_stop", args=[saving.token(saved, saving.STOP)])


def line(saved: SavedSearch) -> dict[str, Any]:
    """One line of the person's list."""
    told = "Nothing found yet"
    if saved.told_at:
        told = f"Last letter {when.date(saved.told_at, saved.time_zone)}"
    return {
        "title": saved.title,
        "url": path(saved),
        "since": f"Since {when.date(saved.created_at, saved.time_zone)}",
        "told": told,
        "remove_url": reverse("instructors:saved_search_remove", args=[saved.pk]),
    }


def ask_to_confirm(saved: SavedSearch) -> None:
    """The letter with which somebody proves that the address is theirs. Not for transactions."""
    link = reverse("instructors:saved_search_confirm", args=[saving.token(saved, saving.CONFIRM)])
    send_letter(
        "search_confirm",
        to=Recipient("", saved.email),
        context={"title": saved.title, "url": settings.SITE_URL + link},
        message_id=f"search-{saved.pk}-{new_id().hex}",
    )


def matched(saved: SavedSearch, times: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What the letter of a match says."""
    starts = {int(one["offering"]): datetime.fromisoformat(one["starts_at"]) for one in times}
    offerings = Offering.objects.filter(pk__in=starts, is_listed=True).select_related(
        "subject", "instructor__user"
    )
    rows = sorted(offerings, key=lambda one: starts[one.pk])
    return {
        "title": saved.title,
        "url": settings.SITE_URL + path(saved),
        "rows": [
            f"{when.short(starts[one.pk], saved.time_zone)}: {one.subject.name} with "
            f"{one.instructor.user.short_name}, {money.show(one.price_per_hour)} an hour"
            for one in rows
        ],
        "zone": saved.time_zone,
        "asked": clock.local(saved.created_at, saved.time_zone).date(),
    }
