"""How often somebody may ask, and what they are told about it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from redis.connection import AbstractConnection
from rest_framework.request import Request

from instainstru.accounts import api_keys
from instainstru.accounts.models import Partner, Scope, User
from instainstru.lib import limits
from instainstru.lib.drf import ApiView, answer
from instainstru.lib.http import client_address
from instainstru.lib.limits import RateLimited, count, throttled
from instainstru.lib.valkey import Server
from instainstru.urls import urlpatterns as site

pytestmark = [pytest.mark.urls(__name__), pytest.mark.usefixtures("still_clock")]


class Thing(ApiView):
    limit_groups = {"PUT": "money"}

    def get(self, request: Request) -> HttpResponse:
        return answer({})

    post = put = get


@throttled("sign_in")
def door(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


urlpatterns = [path("api/v1/thing", Thing.as_view()), path("door", door), *site]


@pytest.fixture
def ben(db: None) -> User:
    return User.objects.create_user("ben@example.com", first_name="Ben", last_name="Baker")


def api(user: User) -> Client:
    _, key = api_keys.issue(user, name="t", scopes=Scope.values, by=user)
    return Client(headers={"Authorization": f"Bearer {key}"})


def send(client: Client, method: str = "get") -> Any:
    return getattr(client, method)("/api/v1/thing", content_type="application/json")


def test_every_answer_tells_what_is_left(ben: User):
    client = api(ben)
    first, second = send(client), send(client)
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("120", "119")
    assert second["RateLimit-Remaining"] == "118"
    reset = int(second["RateLimit-Reset"])
    assert 1 <= reset <= 60
    assert second["RateLimit-Policy"] == '"read";q=120;w=60'
    assert second["RateLimit"] == f'"read";r=118;t={reset}'


def test_errors_tell_what_is_left_too(ben: User):
    response = send(api(ben), "delete")
    assert (response.status_code, response["RateLimit-Remaining"]) == (405, "29")
    response = Client().get("/api/v1/thing", headers={"Authorization": "Bearer wrong"})
    assert (response.status_code, response["RateLimit-Remaining"]) == (401, "119")


@pytest.mark.parametrize(("method", "allowed"), [("post", 30), ("put", 5)])
def test_one_too_many_is_told_when_to_come_back(ben: User, method: str, allowed: int):
    client = api(ben)
    for _ in range(allowed):
        assert send(client, method).status_code == 200
    response = send(client, method)
    body = response.json()
    assert (response.status_code, body["code"]) == (429, "rate_limited")
    assert response["Content-Type"] == "application/problem+json"
    assert response["Retry-After"] == response["RateLimit-Reset"] == str(body["retry_after"])
    assert (response["RateLimit-Limit"], response["RateLimit-Remaining"]) == (str(allowed), "0")
    assert send(client).status_code == 200


def test_all_keys_and_browsers_of_a_person_are_counted_together(ben: User):
    browser = Client()
    browser.force_login(ben)
    send(api(ben))
    send(api(ben))
    assert send(browser)["RateLimit-Remaining"] == "117"


def test_a_partners_key_has_one_count_for_everything(ben: User):
    Partner.objects.create(name="School", user=ben)
    first, second = api(ben), api(ben)
    send(first)
    response = send(first, "put")
    assert (response["RateLimit-Limit"], response["RateLimit-Remaining"]) == ("120", "118")
    assert response["RateLimit-Policy"] == '"partner";q=120;w=60'
    assert send(second)["RateLimit-Remaining"] == "119"


def test_guessing_keys_is_counted_by_address(db: None):
    guess = {"Authorization": "Bearer ii_guess"}
    client = Client()
    codes = {client.get("/api/v1/thing", headers=guess).status_code for _ in range(120)}
    assert codes == {401}
    assert client.get("/api/v1/thing", headers=guess).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.1").get("/api/v1/thing", headers=guess).status_code == 401


def test_a_page_says_so_in_words(db: None):
    for _ in range(5):
        assert Client().post("/door").content == b"open"
    response = Client().post("/door")
    assert (response.status_code, response["RateLimit-Remaining"]) == (429, "0")
    assert 1 <= int(response["Retry-After"]) <= 60
    assert "5 requests a minute" in response.content.decode()
    assert Client().get("/door").content == b"open"


def test_limits_can_be_switched_off(ben: User, settings: Any):
    settings.RATELIMIT_ENABLE = False
    client = api(ben)
    for _ in range(6):
        response = send(client, "put")
    assert response.status_code == 200
    assert "RateLimit-Limit" not in response


def some_request() -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    return request


def test_threads_that_count_at_once_lose_nothing():
    barrier = threading.Barrier(8)
    counted: list[int] = []

    def work() -> None:
        barrier.wait()
        for _ in range(5):
            usage = count(some_request(), group="messages", caller="same")
            counted.append(usage.remaining if usage else -1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counted) == list(range(20, 60))


def test_another_process_counts_on():
    # Its clock moves, so the caller is one whose minute has just begun.
    names = (f"caller {number}" for number in range(1000))
    usages = ((name, count(some_request(), group="money", caller=name)) for name in names)
    caller = next(name for name, usage in usages if usage is not None and usage.reset > 50)
    for _ in range(2):
        count(some_request(), group="money", caller=caller)
    code = f"""
import django; django.setup()
from django.test import RequestFactory
from instainstru.lib.limits import count, RateLimited
for _ in range(9):
    try: print(count(RequestFactory().get("/"), group="money", caller="{caller}").remaining)
    except RateLimited: print("no")
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "instainstru.settings"}
    done = subprocess.run([sys.executable, "-c", code], stdout=-1, text=True, check=True, env=environment)
    assert done.stdout.split() == ["1", "0", *["no"] * 7]


def test_counting_is_one_round_trip(monkeypatch: pytest.MonkeyPatch):
    count(some_request(), group="read", caller="x")
    trips: list[Any] = []
    send_packed = AbstractConnection.send_packed_command

    def counted(self: Any, *args: Any, **kwargs: Any) -> None:
        trips.append(args)
        send_packed(self, *args, **kwargs)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", counted)
    count(some_request(), group="read", caller="x")
    assert len(trips) == 1


@pytest.fixture
def dead_valkey(monkeypatch: pytest.MonkeyPatch) -> limits._Counter:
    """A server that is not there, in place of the one that counts."""
    dead = limits._Counter(Server("redis://127.0.0.1:1/0", **limits.PATIENCE))
    monkeypatch.setattr(caches["limits"], "_counter", dead)
    return dead


def test_without_valkey_nobody_is_limited_and_the_log_says_so_once(
    ben: User, dead_valkey: limits._Counter, caplog: pytest.LogCaptureFixture
):
    client = api(ben)
    for _ in range(6):
        response = send(client, "put")
        assert response.status_code == 200
        assert "RateLimit-Limit" not in response
    lines = [record for record in caplog.records if record.name == "instainstru.lib.limits"]
    assert len(lines) == 1
    assert "not being counted" in lines[0].getMessage()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "", "192.0.2.9"),
        (0, "198.51.100.1", "192.0.2.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.5, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.5, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (1, "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (1, "garbage", "unknown"),
    ],
)
def test_the_address_is_the_one_our_own_proxies_saw(
    settings: Any, rf: RequestFactory, proxies: int, forwarded: str, expected: str
):
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_address(rf.get("/", headers=headers, REMOTE_ADDR="192.0.2.9")) == expected


def test_what_is_refused_is_a_domain_error_with_its_headers():
    for _ in range(5):
        count(some_request(), group="money", caller="y")
    with pytest.raises(RateLimited) as refusal:
        count(some_request(), group="money", caller="y")
    assert refusal.value.headers["Retry-After"] == str(refusal.value.data["retry_after"])
