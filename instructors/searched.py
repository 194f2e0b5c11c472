"""Has searches written down once their answers are sent, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request as ApiRequest

from instainstru.lib import clock
from instainstru.lib.http import client_address
from instructors.services.search import log
from instructors.services.search.query import Request

MOST_WORDS, LONGEST_WORD, LONGEST_TEXT = 8, 40, 200


def note(
    response: HttpResponse, request: HttpRequest | ApiRequest, asked: Request, *, source: str, found: int,
    relaxed: Sequence[str] = (),
) -> None:  # fmt: skip
    """Write the search down when the server closes ``response``: it has been sent then."""
    unknown = [word[:LONGEST_WORD] for word in asked.parsed.unknown] if asked.parsed else []
    values: dict[str, Any] = {
        "created_at": clock.now(),
        "source": source,
        "text": asked.query.text.lower()[:LONGEST_TEXT],
        "subjects": list(asked.query.subjects),
        "unknown": unknown[:MOST_WORDS],
        "relaxed": list(relaxed),
        "found": found,
        "user_id": request.user.pk,
        "address": client_address(request),
    }
    closers: list[Callable[[], None]] = response._resource_closers  # type: ignore[attr-defined]
    closers.append(lambda: log.write(values))
