"""Small pieces every page and call needs: the translation of refusals, and the visitor's zone."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import unquote

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render

from instainstru.lib import clock
from instainstru.lib.errors import DomainError

Handler = Callable[[HttpRequest], HttpResponse]


class ContentPolicyMiddleware(CSPMiddleware):
    """The content security policy, on everything a browser may show; JSON and calendars are only read.

    Writing the policy takes as long as a query, and calls of the API are counted in those.
    """

    _ONLY_READ = ("application/json", "application/problem+json", "text/calendar; charset=utf-8")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.headers.get("Content-Type") in self._ONLY_READ:
            return response
        return super().process_response(request, response)


class DomainErrorMiddleware:
    """Renders a ``DomainError`` that a page let pass; the API translates its own (``lib/drf.py``)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        template = "404.html" if exception.status == 404 else "refused.html"
        response = render(request, template, {"error": exception}, status=exception.status)
        for name, value in exception.headers.items():
            response[name] = value
        return response


def client_address(request: HttpRequest) -> str:
    """The address a request came from: a whole IPv6 network, since one household has 2⁶⁴ of them.

    Behind proxies of ours (``TRUSTED_PROXIES``, their number) the last of them that wrote into
    ``X-Forwarded-For`` met the client; what stands further left anybody could have sent.
    """
    proxies: int = settings.TRUSTED_PROXIES
    seen = [*request.headers.get("X-Forwarded-For", "").split(","), request.META.get("REMOTE_ADDR", "")]
    try:
        address = ipaddress.ip_address(seen[-1 - min(proxies, len(seen) - 1)].strip())
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def visitor_zone(request: HttpRequest) -> str:
    """The zone the visitor reads times in: their cookie (set by the page), account, or the site's."""
    named = unquote(request.COOKIES.get("tz", ""))
    if named and clock.is_zone(named):
        return named
    if request.user.is_authenticated:
        return request.user.time_zone
    return settings.SITE_TIME_ZONE


def posted(request: HttpRequest) -> QueryDict | None:
    """What was posted, for a form; None before that. An empty POST is a POST, unlike ``POST or None``."""
    return request.POST if request.method == "POST" else None
