"""What an API caller meets when something is wrong: always a problem document, never a 500 for bad input."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError, connection
from django.http import Http404, HttpResponse
from django.test import Client
from django.urls import path
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.request import Request

from instainstru.accounts import api_keys
from instainstru.accounts.models import Scope, User
from instainstru.lib.drf import ApiView, answer, read
from instainstru.lib.errors import Conflict, Invalid
from instainstru.lib.problems import ProblemMiddleware
from instainstru.urls import urlpatterns as site

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
KEYS = {"type", "title", "status", "code", "detail"}


class Learner(serializers.Serializer):
    name = serializers.CharField(max_length=20)


class Wish(serializers.Serializer):
    offering = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    starts_at = serializers.DateTimeField()
    learner = Learner(required=False)
    notes = serializers.ListField(child=serializers.CharField(), required=False)


class Echo(ApiView):
    def get(self, request: Request) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::text", [request.GET.get("q", "")])
            return answer({"q": cursor.fetchone()[0]})

    def post(self, request: Request) -> HttpResponse:
        return answer(read(Wish, request.data), status=201)


FAILURES: dict[str, Exception] = {
    "conflict": Conflict("That time was just taken.", code="slot_taken", data={"alternatives": ["a"]}),
    "invalid": Invalid("Choose a lesson of 60 minutes.", field="duration_min", code="wrong_duration"),
    "absent": Http404("secret table"),
    "forbidden": PermissionDenied("Not yours."),
    "validation": ValidationError({"slug": ["Taken."]}),
    "database": OperationalError("server at 10.0.0.7 went away"),
    "bug": KeyError("password"),
}


class Fail(ApiView):
    def get(self, request: Request, how: str) -> HttpResponse:
        raise FAILURES[how]


urlpatterns = [path("api/v1/echo", Echo.as_view()), path("api/v1/fail/<how>", Fail.as_view()), *site]


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben@example.com", first_name="Ben", last_name="Okafor")


@pytest.fixture
def api(ben: User) -> Client:
    _, key = api_keys.issue(ben, name="tests", scopes=Scope.values, by=ben)
    return Client(headers={"Authorization": f"Bearer {key}"})


def problem_of(response: Any) -> dict[str, Any]:
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert set(body) >= KEYS
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:instainstru:problem:{body['code']}"
    return body


def test_a_refusal_tells_its_code_and_what_helps(api: Client) -> None:
    response = api.get("/api/v1/fail/conflict")
    assert problem_of(response) == {
        "alternatives": ["a"],
        "type": "urn:instainstru:problem:slot_taken",
        "title": "Slot taken",
        "status": 409,
        "code": "slot_taken",
        "detail": "That time was just taken.",
    }


def test_a_refusal_of_one_field_names_it(api: Client) -> None:
    body = problem_of(api.get("/api/v1/fail/invalid"))
    assert (body["status"], body["code"]) == (422, "wrong_duration")
    assert body["errors"] == {"duration_min": ["Choose a lesson of 60 minutes."]}


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [("absent", 404, "not_found"), ("forbidden", 403, "forbidden"), ("validation", 422, "invalid")],
)
def test_djangos_exceptions_are_problems_too(api: Client, how: str, status: int, code: str) -> None:
    response = api.get(f"/api/v1/fail/{how}")
    body = problem_of(response)
    assert (response.status_code, body["code"]) == (status, code)
    assert b"secret" not in response.content


@pytest.mark.parametrize(
    ("how", "status", "code"), [("bug", 500, "internal"), ("database", 503, "unavailable")]
)
def test_what_nobody_foresaw_is_logged_and_not_told(
    api: Client, caplog: pytest.LogCaptureFixture, how: str, status: int, code: str
) -> None:
    response = api.get(f"/api/v1/fail/{how}")
    assert (response.status_code, problem_of(response)["code"]) == (status, code)
    assert b"password" not in response.content
    assert b"10.0.0.7" not in response.content
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info
    assert record.exc_info[1] is FAILURES[how]


def test_every_wrong_field_is_named_with_its_path(api: Client) -> None:
    sent = {"offering": 0, "learner": {"name": "x" * 21}, "notes": ["fine", None]}
    response = api.post("/api/v1/echo", sent, content_type="application/json")
    body = problem_of(response)
    assert response.status_code == 422
    assert set(body["errors"]) == {"offering", "starts_at", "learner.name", "notes.1"}
    assert body["detail"] == "Please check: offering, starts_at, learner.name, notes.1."


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not JSON"),
        (b"[1]", "JSON object"),
        (b'"text"', "JSON object"),
        (b"\xff\xfe", "not JSON"),
        (b'{"offering": NaN}', "not JSON"),
        (b'{"offering": 1e999}', "not JSON"),
        (b'{"offering": "\\ud800"}', "not JSON"),
        (b'{"note": "a\\u0000b"}', "NUL"),
        (b'{"notes": [{"\\u0000": 1}]}', "NUL"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "not JSON"),
    ],
)
def test_a_body_that_cannot_be_read_is_malformed(api: Client, body: bytes, says: str) -> None:
    response = api.post("/api/v1/echo", body, content_type="application/json")
    found = problem_of(response)
    assert (response.status_code, found["code"]) == (400, "malformed")
    assert says in found["detail"]


def test_a_number_no_column_can_hold_names_its_field(api: Client) -> None:
    body = b'{"offering": ' + b"9" * 200 + b', "starts_at": "2026-12-03T23:00:00Z"}'
    response = api.post("/api/v1/echo", body, content_type="application/json")
    assert response.status_code == 422
    assert set(problem_of(response)["errors"]) == {"offering"}


def test_text_that_only_looks_like_nul_is_fine(api: Client) -> None:
    body = b'{"offering": 1, "starts_at": "2026-12-03T18:00:00-05:00", "notes": ["\\\\u0000"]}'
    response = api.post("/api/v1/echo", body, content_type="application/json")
    assert (response.status_code, response["Content-Type"]) == (201, "application/json")
    assert response.json() == {
        "offering": 1,
        "starts_at": "2026-12-03T23:00:00Z",
        "notes": ["\\u0000"],
    }


@given(body=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode()))
@settings(max_examples=60, deadline=None)
def test_no_body_at_all_breaks_it(body: bytes) -> None:
    """Without a key: reading must not fail before the caller is known, nor the answer change its form."""
    response = Client().post("/api/v1/echo", body, content_type="application/json")
    assert problem_of(response)["code"] in ("not_authenticated", "rate_limited")


def test_other_media_types_are_refused(api: Client) -> None:
    response = api.post("/api/v1/echo", {"offering": 1})
    assert (response.status_code, problem_of(response)["code"]) == (415, "unsupported_media_type")


def test_a_body_beyond_the_limit_is_too_large(api: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    body = b'{"note": "' + b"x" * 200 + b'"}'
    response = api.post("/api/v1/echo", body, content_type="application/json")
    assert (response.status_code, problem_of(response)["code"]) == (413, "too_large")


def test_a_method_without_meaning_says_which_have_one(api: Client) -> None:
    response = api.delete("/api/v1/echo")
    assert (response.status_code, problem_of(response)["code"]) == (405, "method_not_allowed")
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_the_accept_header_does_not_matter(api: Client) -> None:
    assert api.get("/api/v1/echo?q=x", headers={"Accept": "text/html"}).json() == {"q": "x"}
    assert api.get("/api/v1/echo?q=x&format=xml").json() == {"q": "x"}


def test_nul_in_an_address_is_malformed(api: Client) -> None:
    response = api.get("/api/v1/echo?q=%00")
    assert (response.status_code, problem_of(response)["code"]) == (400, "malformed")


def test_broken_utf8_in_an_address_is_text_like_any_other(api: Client) -> None:
    assert api.get("/api/v1/echo?q=%ff").json() == {"q": "\ufffd"}


@pytest.mark.parametrize("debug", [True, False])
def test_an_unknown_address_under_api_is_a_problem(settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    for address in ("/api/v1/nothing", "/api/", "/api/v1/%ff%00"):
        response = Client().get(address)
        assert (response.status_code, problem_of(response)["code"]) == (404, "not_found")


def test_an_unknown_host_is_a_problem(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["example.com"]
    response = Client().get("/api/v1/echo", headers={"Host": "evil.example"})
    assert (response.status_code, problem_of(response)["code"]) == (400, "malformed")


def test_an_error_outside_views_is_a_problem_and_keeps_its_headers(rf: Any) -> None:
    page = HttpResponse("<h1>Oops", status=503, headers={"Retry-After": "7", "X-Secret": "1"})
    response = ProblemMiddleware(lambda request: page)(rf.get("/api/v1/echo"))
    assert (response.status_code, response["Retry-After"]) == (503, "7")
    assert "X-Secret" not in response
    assert b"Oops" not in response.content


def test_pages_keep_their_own_errors(rf: Any) -> None:
    page = HttpResponse("<h1>Oops", status=500)
    assert ProblemMiddleware(lambda request: page)(rf.get("/lessons")) is page
