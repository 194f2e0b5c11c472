"""Saying what an endpoint reads and answers, for the API's documents (drf-spectacular, OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
    inline_serializer,
)
from rest_framework import serializers

from instainstru.lib.paging import MOST

# Codes that any call may answer with; what else it may is said by the call.
ALWAYS = {
    401: "No key, or one that is unknown or was revoked.",
    403: "The key lacks the scope.",
    429: "Too many requests; `Retry-After` says how long to wait.",
}
PROBLEM = "application/problem+json"


class Operation(AutoSchema):
    """One call in the documents; what it takes to be allowed is read from the view."""

    def get_description(self) -> str:  # type: ignore[override]
        scope = getattr(self.view, "required_scopes", {}).get(self.method)
        return f"Needs the scope `{scope}`." if scope else ""


@extend_schema_serializer(component_name="Problem")
class ProblemAnswer(serializers.Serializer[Any]):
    """Every refusal (RFC 9457). ``code`` is stable; members beside these help to go on."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="What to decide by, such as `slot_taken`.")
    detail = serializers.CharField(help_text="For people.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Field names with what is wrong with each.",
    )


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """``Authorization: Bearer KEY``."""

    target_class = "instainstru.accounts.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key."}


class BrowserScheme(OpenApiAuthenticationExtension):
    """The site's own pages."""

    target_class = "instainstru.accounts.authentication.BrowserAuthentication"
    name = "Session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A signed-in browser."}


def parameter(
    name: str, description: str, kind: Any = str, *, choices: Sequence[str] = (), required: bool = False
) -> OpenApiParameter:
    """A parameter of the address."""
    return OpenApiParameter(
        name, type=kind, description=description, enum=list(choices) or None, required=required
    )


PAGING = (
    parameter("cursor", "From `next` or `previous` of another page."),
    parameter("limit", f"How many results, 1–{MOST}.", int),
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    type=str,
    location=OpenApiParameter.HEADER,
    description="Up to 255 characters. The same key and body again within 24 hours has no second effect and "
    "the same answer; another body is refused.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    type=str,
    location=OpenApiParameter.HEADER,
    required=True,
    description="The `ETag` of what was read.",
)


@cache
def page_of(answer: type[serializers.Serializer[Any]], name: str) -> Any:
    """A cursor page of ``answer``; ``name`` is the component's."""
    return inline_serializer(
        name,
        {
            "results": answer(many=True),
            "next": serializers.CharField(allow_null=True, help_text="Address of the next page."),
            "previous": serializers.CharField(allow_null=True, help_text="Address of the page before."),
        },
    )


def call(
    summary: str,
    *,
    tag: str,
    name: str,
    answers: Any,
    status: int = 200,
    body: Any = None,
    says: str = "",
    kind: str = "application/json",
    also: Mapping[int, Any] | None = None,
    refusals: Mapping[int, str] | None = None,
    parameters: Sequence[OpenApiParameter] = (),
    deprecated: bool = False,
) -> Callable[[Any], Any]:
    """Decorate a view's method. ``answers`` is a serializer or a type; None where nothing is sent.

    ``also`` are other good outcomes, by status: a serializer each, whose docstring says what it is.
    """
    done: Any = OpenApiResponse(description=says) if answers is None else answers
    responses: dict[Any, Any] = {(status, kind) if answers is not None else status: done}
    for code, other in (also or {}).items():
        responses[code, kind] = OpenApiResponse(other, description=(other.__doc__ or "").strip())
    for code, why in {**ALWAYS, **(refusals or {})}.items():
        if code < 400:
            responses[code] = OpenApiResponse(description=why)
        else:
            responses[code, PROBLEM] = OpenApiResponse(ProblemAnswer, description=why)
    return extend_schema(
        summary=summary,
        operation_id=name,
        tags=[tag],
        request=body,
        responses=dict(sorted(responses.items(), key=lambda item: str(item[0]))),
        parameters=list(parameters),
        deprecated=deprecated or None,
    )
