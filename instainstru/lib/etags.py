"""Entity tags: reading what did not change costs nothing, and writing over what did is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from rest_framework.request import Request

from instainstru.lib.errors import DomainError


class PreconditionRequired(DomainError):
    """The caller must say which state they saw."""

    code = "precondition_required"
    status = 428


class Stale(DomainError):
    """Somebody changed it since the caller looked; ``data`` shows what it is now."""

    code = "stale"
    status = 412


def tag(*parts: Any) -> str:
    """A strong tag of whatever the representation depends on, in quotes as the header wants it."""
    text = "\x1f".join(str(part) for part in parts)
    return f'"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'


def tagged(request: HttpRequest | Request, response: HttpResponse, *, etag: str) -> HttpResponse:
    """The response with its tag, or 304 without a body where ``If-None-Match`` names that tag."""
    response["ETag"] = etag
    plain = request if isinstance(request, HttpRequest) else request._request
    return get_conditional_response(plain, etag=etag, response=response) or response


def unchanged(request: HttpRequest, *, etag: str) -> HttpResponse | None:
    """The 304 for who names that tag, before anything is made that they would not be sent."""
    found = get_conditional_response(request, etag=etag, response=None)
    return found if isinstance(found, HttpResponse) else None


def matching(request: HttpRequest | Request) -> Callable[[str], bool]:
    """Whether ``If-Match`` names a tag (or ``*``), for those who know the present one under a lock only."""
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionRequired("Send If-Match with the ETag you were given, so that nothing is lost.")
    named = parse_etags(given)
    return lambda etag: "*" in named or etag in named


def require_match(request: HttpRequest | Request, *, etag: str) -> None:
    """Refuse unless ``If-Match`` names the present tag (or ``*``).

    Callers who can show both versions catch ``Stale`` and raise it again with ``data``. To be safe from
    two writers, call it under the lock of what is written.
    """
    if not matching(request)(etag):
        raise Stale("It was changed meanwhile. Look at it again before you save.", data={"etag": etag})
