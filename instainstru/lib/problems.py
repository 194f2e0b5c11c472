"""Every error of the API as a problem document (RFC 9457), whatever raised it.

``code`` is stable and says what to do; ``detail`` is for people; ``errors`` names each field at fault.
Anything else beside them helps the caller go on (``alternatives``, ``retry_after``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from django.core import exceptions as django
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as drf

from instainstru.lib.errors import DomainError

logger = logging.getLogger(__name__)

TYPE = "application/problem+json"
API = "/api/"
# What the framework's own refusals are called, and what to say where it says nothing useful.
CODES: dict[int, tuple[str, str]] = {
    400: ("malformed", "The request could not be read."),
    401: ("not_authenticated", "Say who you are: Authorization: Bearer KEY."),
    403: ("forbidden", "You may not do that."),
    404: ("not_found", "There is nothing here under that address."),
    405: ("method_not_allowed", "That method has no meaning here."),
    406: ("not_acceptable", "Answers are JSON only."),
    413: ("too_large", "The request is too large."),
    415: ("unsupported_media_type", "Send JSON, with Content-Type: application/json."),
    422: ("invalid", "Some of what was sent cannot be right."),
    429: ("rate_limited", "Too many requests."),
    500: ("internal", "Something went wrong on our side. It has been noted."),
    503: ("unavailable", "We cannot answer just now. Please try again in a moment."),
}


def document(
    status: int,
    *,
    code: str = "",
    detail: str = "",
    errors: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The response; what is not given is what the status usually means."""
    usual_code, usual_detail = CODES.get(status) or ("error", _phrase(status))
    code = code or usual_code
    # The type is a name, not an address: it stays the same wherever the site runs.
    body: dict[str, Any] = {
        **(data or {}),
        "type": f"urn:instainstru:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail or usual_detail,
    }
    if errors:
        body["errors"] = errors
    content = orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS)
    return HttpResponse(content, content_type=TYPE, status=status, headers=headers)


def problem(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """DRF's exception handler: no exception leaves the API in any other form."""
    if isinstance(error, DomainError):
        errors = {name: [message] for name, message in error.fields.items()}
        return document(
            error.status,
            code=error.code,
            detail=error.message,
            errors=errors,
            data=error.data,
            headers=error.headers,
        )
    if isinstance(error, drf.APIException):
        return _of_framework(error, context)
    if isinstance(error, django.ValidationError):
        return invalid(_django_errors(error))
    if isinstance(error, Http404):
        return document(404)
    if isinstance(error, django.PermissionDenied):
        return document(403, detail=str(error))
    if isinstance(error, django.RequestDataTooBig):
        return document(413)
    if isinstance(error, django.SuspiciousOperation | UnreadablePostError | RawPostDataException):
        return document(400)
    return _of_failure(error, context)


def invalid(errors: Mapping[str, list[str]]) -> HttpResponse:
    """Fields at fault, each with what is wrong with it."""
    names = ", ".join(name for name in errors if name != "non_field_errors")
    return document(422, detail=f"Please check: {names}." if names else "", errors=errors)


def _of_framework(error: drf.APIException, context: Mapping[str, Any]) -> HttpResponse:
    if isinstance(error, drf.ValidationError):
        return invalid(dict(_flat(error.detail)))
    usual, sentence = CODES.get(error.status_code, ("", ""))
    code = error.get_codes()
    own = isinstance(code, str) and code != error.default_code
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, drf.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    detail = str(error.detail) if own or not sentence or isinstance(error, drf.ParseError) else sentence
    return document(error.status_code, code=str(code) if own else usual, detail=detail, headers=headers)


def _of_failure(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """What nobody foresaw: told in the log, not to the caller."""
    request = context.get("request")
    where = f"{getattr(request, 'method', '')} {getattr(request, 'path', '')}"
    if isinstance(error, DataError):
        logger.warning("The database refused a value: %s: %s", where, error)
        return document(422)
    logger.error("Unhandled %s: %s", type(error).__name__, where, exc_info=error)
    down = isinstance(error, OperationalError | InterfaceError)
    response = document(503, headers={"Retry-After": "5"}) if down else document(500)
    # Django would write a second line that knows less.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Nested errors as ``("learner.name", ["…"])``."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = path if name == "non_field_errors" and path else f"{path}.{name}" if path else str(name)
            yield from _flat(inner, own)
    elif isinstance(detail, list) and any(isinstance(item, list | Mapping) for item in detail):
        for index, item in enumerate(detail):
            if item:
                yield from _flat(item, f"{path}.{index}" if path else str(index))
    else:
        messages = detail if isinstance(detail, list) else [detail]
        yield path or "non_field_errors", [str(message) for message in messages]


def _django_errors(error: django.ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return {
            ("non_field_errors" if name == django.NON_FIELD_ERRORS else name): messages
            for name, messages in error.message_dict.items()
        }
    return {"non_field_errors": error.messages}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "The request failed."


@csrf_exempt
def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """The last of the API's addresses, so that a wrong one needs no error page first."""
    return document(404)


class ProblemMiddleware:
    """Under ``/api/`` no error page either: what failed outside a view is a problem document too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path_info.startswith(API):
            return response
        if response.headers.get("Content-Type", "") == TYPE:
            return response
        kept = {name: response.headers[name] for name in ("Allow", "Retry-After") if name in response.headers}
        return document(response.status_code, headers=kept)
