"""The API's description: valid, complete, kept; and the page that shows it."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import cache

import pytest
import yaml
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator

from instainstru import api
from instainstru.accounts.models import Scope
from instainstru.lib import documents
from ops import contract


@pytest.fixture(scope="module")
def described() -> dict:
    return json.loads(documents.text(documents.JSON))


def test_the_description_is_valid_openapi_3_1(described):
    assert described["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(described).iter_errors()) == []


def test_the_description_is_what_was_promised_and_made_without_a_warning(described):
    made = contract.described()
    assert made == contract.PROMISED.read_text()
    assert yaml.safe_load(made) == described


def test_every_address_is_described(described):
    served = {f"/api/v1/{pattern.pattern}" for pattern in api.urlpatterns}
    served -= {"/api/v1/schema", "/api/v1/docs"}
    assert {path.count("{") for path in described["paths"]} == {0, 1, 2}
    assert len(described["paths"]) == len(served)


def test_every_call_names_its_scope_and_what_may_go_wrong(described):
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert any(f"`{scope}`" in operation["description"] for scope in Scope.values), where
            assert {"401", "403", "429"} <= set(operation["responses"]), where
            assert operation["security"] == [{"ApiKey": []}, {"Session": []}], where
            for code, response in operation["responses"].items():
                kinds = set(response.get("content", {}))
                assert kinds <= (
                    {"application/problem+json"} if code >= "4" else {"application/json", "text/calendar"}
                )


def test_every_post_takes_an_idempotency_key(described):
    for path, operations in described["paths"].items():
        if "post" in operations:
            names = [one["name"] for one in operations["post"]["parameters"]]
            assert "Idempotency-Key" in names, path


def test_names_of_calls_are_unique(described):
    names = [call["operationId"] for made in described["paths"].values() for call in made.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", "*/*", documents.JSON),
        ("", "application/json", documents.JSON),
        ("", "application/yaml", documents.YAML),
        ("?format=yaml", "*/*", documents.YAML),
        ("?format=json", "application/yaml", documents.JSON),
    ],
)
def test_the_description_is_for_everybody_in_json_or_yaml(client: Client, query, accept, kind):
    response = client.get(f"/api/v1/schema{query}", headers={"Accept": accept})
    assert response.status_code == 200
    assert response["Content-Type"] == kind
    assert yaml.safe_load(response.content)["openapi"] == "3.1.0"


@pytest.mark.parametrize(("guard", "made"), [(nullcontext(), 4), (threading.Lock(), 1)])
def test_of_many_who_ask_first_one_makes_it(guard, made, monkeypatch: pytest.MonkeyPatch):
    at_it, count = threading.Barrier(4), []

    class Maker:
        def get_schema(self, **_: object) -> dict:
            count.append(1)
            with suppress(threading.BrokenBarrierError):
                at_it.wait(timeout=0.2)  # for the others, if they can come here meanwhile
            return {}

    monkeypatch.setattr(documents, "_one_at_a_time", guard)
    monkeypatch.setattr(documents, "_rendered", cache(documents._rendered.__wrapped__))
    monkeypatch.setattr(documents, "SchemaGenerator", Maker)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(documents.text, [documents.JSON] * 4)) == {b"{}"}
    assert len(count) == made


@pytest.mark.django_db
def test_the_page_runs_nothing_inline(client: Client):
    response = client.get("/api/v1/docs")
    text = response.content.decode()
    assert response.status_code == 200
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert 'data-schema="/api/v1/schema"' in text
    assert "<style" not in text
    assert " style=" not in text
    assert all("src=" in tag for tag in text.split("<script")[1:])
