"""Callers of the API, who hold every answer against the API's own description."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker

from instainstru.accounts import api_keys
from instainstru.accounts.models import Scope, User
from instainstru.lib import documents

ROOT = "/api/v1"


class Caller:
    """Somebody with a key. Paths are given without ``/api/v1``; ``last`` is the answer just got."""

    def __init__(self, user: User, scopes: Sequence[str] = Scope.values) -> None:
        self.user = user
        self.key, text = api_keys.issue(user, name="test", scopes=scopes, by=user)
        self._headers = {"Authorization": f"Bearer {text}"}
        self._client = Client(raise_request_exception=False)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("get", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("post", path, {} if body is None else body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("put", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.call("delete", path, **headers)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Header names are written with underscores: ``If_Match``."""
        response = self.bare(method, path, body, **headers)
        check(method, path.removeprefix("http://testserver").removeprefix(ROOT), response)
        return response

    def bare(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json", **headers: str
    ) -> HttpResponse:
        """The same without looking at the answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.generic(
            method.upper(),
            path if path.startswith("http") else ROOT + path,
            data=b"" if body is None else body if isinstance(body, bytes) else json.dumps(body),
            content_type=kind,
            headers={**self._headers, **named},
        )


def check(method: str, path: str, response: HttpResponse) -> None:
    """The answer is one that the description of the API foresees, to the last field."""
    operation = _operation(method, path.partition("?")[0])
    described = operation["responses"].get(str(response.status_code))
    assert described is not None, (
        f"{method} {path} answered {response.status_code}: {response.content[:300]!r}"
    )
    if "content" not in described:
        assert response.content == b""
        return
    kind = response["Content-Type"].partition(";")[0]
    assert kind in described["content"], f"{method} {path} answered {kind}"
    if kind != "text/calendar":
        _validator(json.dumps(described["content"][kind]["schema"])).validate(response.json())


@cache
def description() -> Any:
    """The API's description, made strict: an answer has no field that is not in it."""
    made = json.loads(documents.text(documents.JSON))
    for name, schema in made["components"]["schemas"].items():
        if schema["type"] == "object" and name != "Problem":
            schema["additionalProperties"] = False
    return made


def _operation(method: str, path: str) -> Any:
    for template, operations in description()["paths"].items():
        pattern = re.sub(r"\{[a-z_]+\}", "[^/]+", template.removeprefix(ROOT))
        # `{id}` would also match `{id}.ics`.
        ours = re.fullmatch(pattern, path) and path.endswith(".ics") == template.endswith(".ics")
        if ours and method in operations:
            return operations[method]
    raise AssertionError(f"{method} {path} is not described.")


@cache
def _validator(schema: str) -> Draft202012Validator:
    whole = {**json.loads(schema), "components": description()["components"]}
    return Draft202012Validator(whole, format_checker=FormatChecker())
