"""``Idempotency-Key`` for the endpoints of this app."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.request import Request

from bookings.services.idempotency import Answer, once
from instainstru.accounts.services import signed_in
from instainstru.lib.errors import Invalid

LONGEST_KEY = 255


def idempotent(handler: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a view's ``post``: a request with a key has one effect and one answer.

    The whole handler runs in one transaction. Bodies are compared as data, so a client may write the
    same JSON in another order.
    """

    @functools.wraps(handler)
    def post(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return handler(view, request, *args, **kwargs)

        made: list[HttpResponse] = []

        def effect() -> Answer:
            made.append(handler(view, request, *args, **kwargs))
            return Answer(made[0].status_code, dict(made[0].items()), made[0].content)

        answer, replayed = once(
            effect, user=signed_in(request), key=_checked(key), request_digest=_digest(request)
        )
        if not replayed:
            return made[0]
        response = HttpResponse(answer.body, status=answer.status, headers=answer.headers)
        response["Idempotency-Replayed"] = "true"
        return response

    return post


def _checked(key: str) -> str:
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid(f"Send 1 to {LONGEST_KEY} printable characters.", field="Idempotency-Key")
    return key


def _digest(request: Request) -> str:
    what = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(what + orjson.dumps(dict(request.data), option=orjson.OPT_SORT_KEYS)).hexdigest()
