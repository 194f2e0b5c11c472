"""Long lists in pages that stay right while the list changes: keyset cursors.

A cursor says after (or before) which row to go on, so page 1,000 costs what page 1 does, and a new row
at the top shifts nothing. It is only a place, never a permission: the query filters as always.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.encoding import iri_to_uri
from rest_framework.request import Request

from instainstru.lib.errors import Invalid

USUAL = 20
MOST = 100


@dataclass(frozen=True)
class CursorPage:
    """One page; ``next`` and ``previous`` are addresses or None."""

    results: list[Any]
    next: str | None
    previous: str | None

    def as_json(self, show: Callable[[Any], Any]) -> dict[str, Any]:
        """The page as the API answers it, each result through ``show``."""
        shown = [show(item) for item in self.results]
        return {"results": shown, "next": self.next, "previous": self.previous}


def page(
    rows: QuerySet[Any], *, request: HttpRequest | Request, order: Sequence[str], usual: int = USUAL
) -> CursorPage:
    """The page that ``?cursor=`` and ``?limit=`` ask for.

    ``order`` are fields of the rows that are never null, all ascending or all with ``-``, the last of
    them unique. Raises ``Invalid`` for cursors we did not write.
    """
    limit = limit_of(request, usual=usual)
    place, backwards = _place(request, rows.model, order)
    down = order[0].startswith("-")
    if place:
        rows = rows.filter(_beyond(order, place, less=down != backwards))
    names = [name.removeprefix("-") for name in order]
    rows = rows.order_by(*(f"-{name}" if down != backwards else name for name in names))
    found = list(rows[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()

    def to(row: Model, *, back: bool) -> str:
        return link(request, cursor=encode([*(getattr(row, name) for name in names), back]))

    has_next, has_previous = (bool(place), more) if backwards else (more, bool(place))
    return CursorPage(
        results=found,
        next=to(found[-1], back=False) if found and has_next else None,
        previous=to(found[0], back=True) if found and has_previous else None,
    )


def limit_of(request: HttpRequest | Request, *, usual: int = USUAL) -> int:
    """``?limit=``, from 1 to ``MOST``."""
    text = request.GET.get("limit", "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST):
        raise Invalid(f"Ask for 1 to {MOST} results.", field="limit")
    return int(text)


def link(request: HttpRequest | Request, *, cursor: str) -> str:
    """The same address with another cursor."""
    pairs = request.META.get("QUERY_STRING", "").split("&")
    # Of a name that is there twice the last one counts, however the first was written.
    kept = [pair for pair in pairs if pair and not pair.startswith("cursor=")]
    query = "&".join([*kept, f"cursor={cursor}"])
    return f"{request.scheme}://{request.get_host()}{request.path}?{iri_to_uri(query)}"


def encode(place: list[Any]) -> str:
    """A place in a list, as text for addresses."""
    return base64.urlsafe_b64encode(orjson.dumps(place, default=str)).rstrip(b"=").decode()


def decode(cursor: str) -> list[Any]:
    """What ``encode`` was given, instants and ids as text; raises ``Invalid`` for anything else."""
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        place = None
    if not isinstance(place, list):
        raise _unknown()
    return place


def _unknown() -> Invalid:
    return Invalid("This is no cursor of ours. Start without one.", field="cursor")


def _place(
    request: HttpRequest | Request, model: type[Model], order: Sequence[str]
) -> tuple[list[Any], bool]:
    """The values to go on from, and whether towards the start."""
    cursor = request.GET.get("cursor", "")
    if not cursor:
        return [], False
    place = decode(cursor)
    if len(place) != len(order) + 1 or not isinstance(place[-1], bool):
        raise _unknown()
    *texts, back = place
    fields: list[Any] = [model._meta.get_field(name.removeprefix("-")) for name in order]
    try:
        values = [field.to_python(text) for field, text in zip(fields, texts, strict=True)]
        for field, value in zip(fields, values, strict=True):
            field.run_validators(value)
    except (ValidationError, TypeError, ValueError, OverflowError):
        raise _unknown() from None
    if not all(map(_is_plain, values)):
        raise _unknown()
    return values, back


def _is_plain(value: Any) -> bool:
    """Whether the database can compare with it."""
    if isinstance(value, datetime):
        return value.tzinfo is not None
    return value is not None and not (isinstance(value, str) and "\x00" in value)


def _beyond(order: Sequence[str], place: Sequence[Any], *, less: bool) -> Q:
    """Rows after ``place``. The first condition alone bounds the index scan; the others are exact."""
    operator = "lt" if less else "gt"
    names = [name.removeprefix("-") for name in order]
    exact, equal = Q(), Q()
    for name, value in zip(names, place, strict=True):
        exact |= equal & Q(**{f"{name}__{operator}": value})
        equal &= Q(**{name: value})
    return Q(**{f"{names[0]}__{operator}e": place[0]}) & exact
