"""What is counted of requests: the view, not the address, and no method that callers made up."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from prometheus_client import REGISTRY

pytestmark = pytest.mark.django_db
RESPONSES = "django_http_responses_total_by_status_view_method_total"
SECONDS = "django_http_requests_latency_seconds_by_view_method_count"


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def test_a_request_is_counted_and_timed_by_its_view(client: Client):
    labels = {"view": "instructors:suggest", "method": "GET"}
    before = value(RESPONSES, status="200", **labels), value(SECONDS, **labels)

    for typed in ("pia", "gui"):
        assert client.get(reverse("instructors:suggest"), {"q": typed}).status_code == 200

    after = value(RESPONSES, status="200", **labels), value(SECONDS, **labels)
    assert after == (before[0] + 2, before[1] + 2)


def test_what_has_no_view_and_no_known_method_is_counted_as_that(client: Client):
    labels = {"status": "404", "view": "unnamed", "method": "other"}
    before = value(RESPONSES, **labels)

    assert client.generic("BREW", "/no-such-page").status_code == 404

    assert value(RESPONSES, **labels) == before + 1
    assert value(RESPONSES, **{**labels, "method": "BREW"}) == 0


def test_an_exception_nobody_answers_is_counted(client: Client, monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("instructors.views.finding.suggesting.suggest", fails)
    client.raise_request_exception = False
    labels = {"type": "ZeroDivisionError"}
    before = value("django_http_exceptions_total_by_type_total", **labels)

    assert client.get(reverse("instructors:suggest"), {"q": "pia"}).status_code == 500

    assert value("django_http_exceptions_total_by_type_total", **labels) == before + 1
