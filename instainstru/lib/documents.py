"""The API's own documents: its description (OpenAPI), and a page to read and try it."""

from __future__ import annotations

import threading
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

JSON = "application/vnd.oai.openapi+json"
YAML = "application/vnd.oai.openapi"

_one_at_a_time = threading.Lock()


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The description in JSON, or in YAML for who asks for it (`Accept`, or `?format=yaml`)."""
    wants_yaml = "yaml" in (request.GET.get("format") or request.headers.get("Accept", ""))
    response = HttpResponse(text(YAML if wants_yaml else JSON), content_type=YAML if wants_yaml else JSON)
    response["Vary"] = "Accept"
    response["Cache-Control"] = "public, max-age=300"
    return response


def text(kind: str) -> bytes:
    """The description as it is sent; made once, since a process keeps its code."""
    # Its maker loads classes on the way, and fails where two threads do so at the same moment.
    with _one_at_a_time:
        return _rendered(kind)


@cache
def _rendered(kind: str) -> bytes:
    made = SchemaGenerator().get_schema(request=None, public=True)
    renderer = OpenApiYamlRenderer() if kind == YAML else OpenApiJsonRenderer()
    return renderer.render(made, renderer_context={})


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI, from files of our own and without inline code: the site's policy holds here too."""
    return render(request, "api/docs.html")
