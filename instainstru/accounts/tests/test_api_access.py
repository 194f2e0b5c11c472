"""Who may call the API: keys with scopes, and signed-in browsers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from rest_framework.request import Request

from instainstru.accounts import api_keys
from instainstru.accounts.models import ApiKey, Partner, Scope, User
from instainstru.lib import clock
from instainstru.lib.drf import ApiView, answer

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Who(ApiView):
    required_scopes = {"GET": Scope.OPENINGS_READ, "POST": Scope.BOOKINGS_WRITE}

    def get(self, request: Request) -> HttpResponse:
        return answer({"email": request.user.email})

    post = get


urlpatterns = [path("api/v1/who", Who.as_view())]


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben@example.com", "pw", first_name="Ben", last_name="Okafor")


def key_of(user: User, *scopes: str) -> str:
    return api_keys.issue(user, name="tests", scopes=scopes or Scope.values, by=user)[1]


def call(method: str = "get", *, key: str = "", scheme: str = "Bearer", client: Client | None = None) -> Any:
    headers = {"Authorization": f"{scheme} {key}"} if key else {}
    return getattr(client or Client(), method)("/api/v1/who", headers=headers)


def test_a_key_speaks_for_its_owner(ben: User) -> None:
    response = call(key=key_of(ben))
    assert (response.status_code, response.json()) == (200, {"email": "ben@example.com"})


def test_the_scheme_is_read_in_any_case(ben: User) -> None:
    assert call(key=key_of(ben), scheme="bearer").status_code == 200


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_without_a_key_the_answer_says_how_to_bring_one(ben: User, scheme: str) -> None:
    response = call(key=key_of(ben), scheme=scheme)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("key", ["nonsense", "ii_" + "x" * 43, "\u00ff\u00fe", "a b c", "x" * 5000])
def test_an_unknown_key_is_told_so(ben: User, key: str) -> None:
    key_of(ben)
    response = call(key=key)
    assert (response.status_code, response.json()["code"]) == (401, "invalid_key")


def test_a_revoked_key_ends_at_once(ben: User) -> None:
    key = key_of(ben)
    assert call(key=key).status_code == 200
    api_keys.revoke(ApiKey.objects.get(), by=ben)
    response = call(key=key)
    assert (response.status_code, response.json()["code"]) == (401, "invalid_key")


def test_a_key_ends_with_its_owners_account(ben: User) -> None:
    key = key_of(ben)
    User.objects.update(is_active=False)
    assert call(key=key).status_code == 401


def test_a_key_does_only_what_its_scopes_say(ben: User) -> None:
    key = key_of(ben, Scope.OPENINGS_READ)
    assert call(key=key).status_code == 200
    response = call("post", key=key)
    assert response.status_code == 403
    assert (response.json()["code"], response.json()["required_scope"]) == ("scope_missing", "bookings:write")


def test_looking_at_a_heading_needs_the_scope_of_reading(ben: User) -> None:
    assert call("head", key=key_of(ben, Scope.BOOKINGS_WRITE)).status_code == 403
    assert call("head", key=key_of(ben, Scope.OPENINGS_READ)).status_code == 200


def test_a_signed_in_browser_may_do_everything_with_its_token(ben: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ben)
    assert call(client=browser).status_code == 200
    response = call("post", client=browser)
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    browser.cookies["csrftoken"] = token = "a" * 32
    response = browser.post("/api/v1/who", {}, "application/json", headers={"X-CSRFToken": token})
    assert response.status_code == 200


def test_a_key_needs_no_token(ben: User) -> None:
    assert call("post", key=key_of(ben), client=Client(enforce_csrf_checks=True)).status_code == 200


def test_a_wrong_key_is_not_saved_by_a_session(ben: User) -> None:
    browser = Client()
    browser.force_login(ben)
    assert call(key="wrong", client=browser).status_code == 401


def test_finding_a_key_costs_one_query_and_brings_the_partner(ben: User) -> None:
    key = key_of(ben)
    Partner.objects.create(name="School", user=ben)
    api_keys.find(key)
    with CaptureQueriesContext(connection) as queries:
        found = api_keys.find(key)
        assert found is not None
        assert (found.user, found.user.partner.name, found.is_partner) == (ben, "School", True)
    assert len(queries) == 1


def test_a_person_is_no_partner_and_finding_that_out_costs_nothing(ben: User) -> None:
    key = key_of(ben)
    api_keys.find(key)
    with CaptureQueriesContext(connection) as queries:
        found = api_keys.find(key)
        assert found is not None
        assert found.is_partner is False
        assert found.scopes == sorted(Scope.values)
    assert len(queries) == 1


def test_use_is_noted_at_most_every_ten_minutes(ben: User) -> None:
    key = key_of(ben)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        api_keys.find(key)
        first = ApiKey.objects.get().last_used_at
        assert first == clock.now()
        traveller.shift(timedelta(minutes=10))
        api_keys.find(key)
        assert ApiKey.objects.get().last_used_at == first
        traveller.shift(timedelta(seconds=1))
        api_keys.find(key)
        assert ApiKey.objects.get().last_used_at == clock.now()
