"""One effect for one key: replays, conflicts, refusals, and requests at the same moment."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from rest_framework.request import Request

from bookings.idempotent import idempotent
from bookings.models import IdempotencyKey
from bookings.services.idempotency import Answer, once
from bookings.tests.cast import Cast
from bookings.tests.racing import PATIENCE, race
from instainstru.accounts import api_keys
from instainstru.accounts.models import Partner, Scope, User
from instainstru.lib import clock
from instainstru.lib.drf import ApiView, answer
from instainstru.lib.errors import Conflict, Invalid

pytestmark = pytest.mark.urls(__name__)


class Schools(ApiView):
    """Makes a partner: any effect that can be counted."""

    @idempotent
    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        name = request.data.get("name")
        if not name:
            raise Invalid("A school needs a name.", field="name")
        made = Partner.objects.create(name=name, user=User.objects.create_user(f"{name}@example.com"))
        if name == "taken":
            raise Conflict("There is one.", code="slot_taken")
        if name == "broken":
            raise RuntimeError
        if name == "odd":
            return answer({"late": "refusal"}, status=409)
        return answer(
            {"id": made.pk, "b": 1, "a": "é"}, status=201, headers={"Location": f"/schools/{made.pk}"}
        )


urlpatterns = [path("api/v1/schools", Schools.as_view()), path("api/v1/schools/<int:n>", Schools.as_view())]


@pytest.fixture(autouse=True)
def _unlimited(settings: Any) -> None:
    settings.RATELIMIT_ENABLE = False


@pytest.fixture
def ben(cast: Cast) -> Client:
    return api(cast.ben)


def api(user: User) -> Client:
    _, key = api_keys.issue(user, name="t", scopes=Scope.values, by=user)
    return Client(headers={"Authorization": f"Bearer {key}"})


def post(client: Client, body: Any, key: str | None = "k", to: str = "/api/v1/schools") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(to, body, content_type="application/json", headers=headers)


def schools() -> int:
    return Partner.objects.count()


def test_a_replay_is_the_first_answer_byte_for_byte(ben: Client):
    first, second = post(ben, {"name": "a"}), post(ben, {"name": "a"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second["Content-Type"] == first["Content-Type"] == "application/json"
    assert second["Location"] == first["Location"]
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert schools() == 1


def test_without_a_key_each_request_has_its_effect(ben: Client):
    post(ben, {"name": "a"}, None)
    post(ben, {"name": "b"}, None)
    assert schools() == 2
    assert not IdempotencyKey.objects.exists()


def test_a_key_belongs_to_its_caller(ben: Client, cast: Cast):
    first, second = post(ben, {"name": "a"}), post(api(cast.cy), {"name": "b"})
    assert (first.json()["id"], "Idempotency-Replayed" in second) != (second.json()["id"], True)
    assert schools() == 2


def test_another_key_of_the_same_person_finds_the_same_answer(ben: Client, cast: Cast):
    first, second = post(ben, {"name": "a"}), post(api(cast.ben), {"name": "a"})
    assert second.content == first.content
    assert schools() == 1


@pytest.mark.parametrize(
    ("body", "to"),
    [({"name": "b"}, "/api/v1/schools"), ({"name": "a"}, "/api/v1/schools/1"), ({}, "/api/v1/schools")],
)
def test_another_request_under_the_same_key_is_refused(ben: Client, body: Any, to: str):
    post(ben, {"name": "a"})
    response = post(ben, body, to=to)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert schools() == 1


def test_the_same_data_in_another_order_is_the_same_request(ben: Client):
    first = post(ben, '{"name": "a", "note": [1, 2]}')
    second = post(ben, '{ "note":[1,2], "name":"\\u0061" }')
    assert second.content == first.content
    assert post(ben, '{"name": "a", "note": [2, 1]}').status_code == 422


@pytest.mark.parametrize(("name", "status"), [("", 422), ("taken", 409), ("broken", 500), ("odd", 409)])
def test_what_failed_keeps_nothing(ben: Client, name: str, status: int):
    assert post(ben, {"name": name}).status_code == status
    assert not IdempotencyKey.objects.exists()
    if name != "odd":
        assert schools() == 0
    response = post(ben, {"name": "fine"})
    assert (response.status_code, "Idempotency-Replayed" in response) == (201, False)


def test_a_body_that_cannot_be_read_keeps_nothing(ben: Client):
    assert post(ben, "{").status_code == 400
    assert post(ben, {"name": "a"}).status_code == 201


def test_a_key_is_good_for_a_day(ben: Client):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        first = post(ben, {"name": "a"})
        traveller.shift(timedelta(hours=24, seconds=-1))
        assert post(ben, {"name": "a"}).content == first.content
        traveller.shift(timedelta(seconds=1))
        again = post(ben, {"name": "b"})
        assert (again.status_code, "Idempotency-Replayed" in again) == (201, False)
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.parametrize("key", ["x" * 255, "a b", "é", "~!@#"])
def test_a_key_may_be_any_short_text(ben: Client, key: str):
    assert post(ben, {"name": "a"}, key).status_code == 201
    assert "Idempotency-Replayed" in post(ben, {"name": "a"}, key)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(ben: Client, key: str):
    response = post(ben, {"name": "a"}, key)
    assert response.status_code == 422
    assert list(response.json()["errors"]) == ["Idempotency-Key"]
    assert schools() == 0


def test_the_key_is_written_with_its_effect_or_not_at_all(cast: Cast):
    def effect() -> Answer:
        Partner.objects.create(name="a", user=cast.cy)
        return Answer(201, {}, b"{}")

    with (
        pytest.raises(RuntimeError),
        connection.execute_wrapper(_refusing('INSERT INTO "bookings_idempotencykey"')),
    ):
        once(effect, user=cast.ben, key="k", request_digest="d")
    assert (schools(), IdempotencyKey.objects.count()) == (0, 0)


def _refusing(start: str) -> Any:
    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(start):
            raise RuntimeError
        return execute(sql, *rest)

    return wrapper


@pytest.fixture
def people(transactional_db: None, django_db_serialized_rollback: None) -> tuple[User, User]:
    ben = User.objects.create_user("ben@example.com", first_name="Ben", last_name="Baker")
    cy = User.objects.create_user("cy@example.com", first_name="Cy", last_name="Chen")
    return ben, cy


@pytest.mark.race
def test_while_the_first_runs_the_second_is_told_to_wait(people: tuple[User, User]):
    ben, _ = people
    inside, go_on = threading.Event(), threading.Event()

    def slow() -> Answer:
        inside.set()
        assert go_on.wait(PATIENCE)
        return Answer(201, {}, b"first")

    def first() -> Any:
        return once(slow, user=ben, key="k", request_digest="d")

    def second() -> Any:
        assert inside.wait(PATIENCE)
        try:
            return once(lambda: Answer(201, {}, b"second"), user=ben, key="k", request_digest="d")
        finally:
            go_on.set()

    done, refused = race(first, second)
    assert done == (Answer(201, {}, b"first"), False)
    assert isinstance(refused, Conflict)
    assert refused.code == "idempotency_in_progress"
    assert once(slow, user=ben, key="k", request_digest="d") == (Answer(201, {}, b"first"), True)


@pytest.mark.race
def test_other_callers_and_other_keys_need_not_wait(people: tuple[User, User]):
    ben, cy = people
    met = threading.Barrier(3)

    def effect() -> Answer:
        met.wait(PATIENCE)
        return Answer(201, {}, b"{}")

    def of(user: User, key: str) -> Any:
        return lambda: once(effect, user=user, key=key, request_digest="d")

    assert race(of(ben, "k"), of(cy, "k"), of(ben, "l")) == [(Answer(201, {}, b"{}"), False)] * 3


@pytest.mark.race
def test_many_at_once_have_one_effect(people: tuple[User, User]):
    ben, cy = people

    def effect() -> Answer:
        return Answer(201, {}, str(Partner.objects.create(name="a", user=cy).pk).encode())

    def attempt() -> Any:
        while True:
            try:
                return once(effect, user=ben, key="k", request_digest="d")[0].body
            except Conflict:
                continue

    bodies = race(*[attempt] * 8)
    assert bodies == [str(Partner.objects.get().pk).encode()] * 8
    assert IdempotencyKey.objects.count() == 1
