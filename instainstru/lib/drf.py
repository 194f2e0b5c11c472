"""What every endpoint of the REST API stands on.

    class Holds(ApiView):
        required_scopes = {"POST": "bookings:write"}

        @idempotent
        def post(self, request: Request) -> HttpResponse:
            fields = read(HoldSerializer, request.data)
            booking = lifecycle.hold(…)
            return answer(show(booking), status=201)

Endpoints return ``answer(data)``: plain JSON without DRF's renderers, which is most of what a short call
costs. Data may hold aware datetimes and UUIDs; instants go out as ``2026-12-03T23:00:00Z``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from instainstru.lib import limits
from instainstru.lib.http import client_address

JSON = "application/json"
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_NON_STR_KEYS
_RENDERER = JSONRenderer()


def answer(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """``data`` as JSON; None with 204 for nothing to say."""
    content = b"" if status == 204 else orjson.dumps(data, default=str, option=_OPTIONS)
    return HttpResponse(content, content_type=JSON, status=status, headers=headers)


def read(serializer: type[BaseSerializer], data: Any) -> dict[str, Any]:
    """``data`` as the serializer understands it; raises a validation error naming each field."""
    if serializer not in _READERS:
        _READERS[serializer] = serializer()
    return dict(_READERS[serializer].run_validation(data))


# One of each for all requests: they keep nothing of what they read, and their fields take long to copy.
_READERS: dict[type[BaseSerializer], BaseSerializer] = {}


class ApiView(APIView):
    """An endpoint. ``required_scopes`` and ``limit_groups`` go by method.

    Reading counts as ``read`` and the rest as ``write`` unless ``limit_groups`` says otherwise; a
    partner's key has a count of its own for everything.
    """

    required_scopes: Mapping[str, str] = {}
    limit_groups: Mapping[str, str] = {}
    metadata_class = None
    usage: limits.Usage | None = None

    @property
    def default_response_headers(self) -> dict[str, str]:
        """None: DRF would list the allowed methods in every answer."""
        return {}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[JSONRenderer, str]:
        """There is one kind of answer."""
        return _RENDERER, JSON

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who, how often, whether: guessed keys are counted too."""
        request.accepted_renderer, request.accepted_media_type = _RENDERER, JSON
        request.version = request.versioning_scheme = None
        try:
            self.perform_authentication(request)
        finally:
            self.usage = self._count(request)
        self.check_permissions(request)
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise ParseError("An address cannot hold the character NUL.")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self.usage is not None:
            for name, value in self.usage.headers().items():
                response[name] = value
        return super().finalize_response(request, response, *args, **kwargs)

    def _count(self, request: Request) -> limits.Usage | None:
        key: Any = getattr(request, "_auth", None)
        user: Any = getattr(request, "_user", None)
        if key is not None and key.is_partner:
            return limits.count(request, group="partner", caller=f"key {key.pk}")
        usual = "read" if request.method in limits.SAFE else "write"
        group = self.limit_groups.get(request.method or "", usual)
        known = user is not None and user.is_authenticated
        return limits.count(
            request, group=group, caller=f"user {user.pk}" if known else client_address(request)
        )
