"""Whatever is thrown at the API, it answers as its description says, and never with an error of ours."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.models import Booking
from bookings.tests.callers import ROOT, Caller, description
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, held, in_days, local_time

pytestmark = pytest.mark.django_db

# What people and programs get wrong, beside what nobody would think of.
TRICKY = st.sampled_from(
    [
        "", " ", "0", "-1", "1e309", "NaN", "Infinity", "true", "null", "\x00", "a\x00b", "\ud800", "\u202e",
        "９９", "٣", "9" * 30, str(2**31), str(2**63), "'; DROP TABLE users; --", "%00", "%s", "{}", "../..",
        "2026-12-03", "2026-12-03T18:00:00", "2026-12-03T18:00:00Z", "2026-12-03T18:00:00+99:99",
        "0000-00-00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-02-30T25:61:61Z",
        "2026-12-03T23:59:60Z", "2026-12-03t18:00z", "America/New_York", "Etc/../../passwd", "piano", "me",
        "online", "confirmed", "held,", ",,,", "a" * 5000, "bm90IGpzb24", "WzEsMl0", "W10", "WyJ4IixmYWxzZV0",
    ]
)  # fmt: skip
TEXT = TRICKY | st.text(max_size=30)
LEAF = (
    TEXT
    | st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)


def operations() -> list[tuple[str, str]]:
    return [(method, path) for path, made in description()["paths"].items() for method in made]


def body_fields(method: str, path: str) -> list[str]:
    """The names the description gives a body, with those of what is nested in it."""
    found = description()["paths"][path][method].get("requestBody")
    schemas = description()["components"]["schemas"]

    def names(schema: Any) -> list[str]:
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        inner = [names(one.get("items", one)) for one in schema.get("properties", {}).values()]
        return [*schema.get("properties", {}), *(name for group in inner for name in group)]

    return names(found["content"]["application/json"]["schema"]) if found else []


@pytest.fixture
def ground(cast: Cast, settings: Any) -> dict[str, str]:
    """Ids that exist, so that junk gets past the first door."""
    settings.RATELIMIT_ENABLE = False
    lesson = booked(cast.piano, local_time(in_days(5), 12), cast.ben_student)
    hold = held(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    return {
        "booking_id": str(lesson.pk),
        "hold_id": str(hold.pk),
        "instructor": "ana-a",
        "day": "2026-12-03",
        "student_id": str(cast.ben_student.pk),
    }


@pytest.fixture
def callers(cast: Cast) -> list[Caller]:
    return [Caller(user) for user in (cast.ben, cast.ana, cast.staff)]


@pytest.mark.parametrize(("method", "path"), operations())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_junk_is_refused_and_never_breaks_anything(callers, ground, method, path, data):
    caller = data.draw(st.sampled_from(callers))
    address = path.removeprefix(ROOT)
    for name, good in ground.items():
        if f"{{{name}}}" in address:
            value = good if data.draw(st.integers(0, 3)) else data.draw(TEXT | st.just(str(uuid4())))
            address = address.replace(f"{{{name}}}", quote(value.encode(errors="replace"), safe=""))
    known = [one["name"] for one in description()["paths"][path][method].get("parameters", [])]
    names = st.sampled_from(known) if known else TEXT
    pairs = data.draw(st.lists(st.tuples(names | TEXT, TEXT), max_size=4))
    query = "&".join(
        f"{quote(k.encode(errors='replace'))}={quote(v.encode(errors='replace'))}" for k, v in pairs
    )
    fields = body_fields(method, path)
    body = data.draw(st.dictionaries(st.sampled_from(fields) | TEXT, VALUE, max_size=5)) if fields else None
    response = caller.bare(
        method, f"{address}?{query}", body, If_Match=data.draw(st.sampled_from(["*", '"x"', ""]))
    )
    assert response.status_code < 500, (response.status_code, response.content[:500])
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json"
        assert {"type", "title", "status", "code", "detail"} <= set(response.json())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"starts_at": NaN}',
        b'{"offering": 1e400}',
        b'{"note": "a\\u0000b"}',
        b'{"note": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b'{"offering": 1, "offering": 2}',
    ],
)
@pytest.mark.parametrize("path", ["/holds", "/bookings", "/students"])
def test_bodies_that_are_no_object_are_refused(cast: Cast, path, body):
    response = Caller(cast.ben).bare("post", path, body)
    assert response.status_code in (400, 403, 422)
    assert response["Content-Type"] == "application/problem+json"
    assert not Booking.objects.exists()


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_bodies_of_another_kind_are_refused(cast: Cast, kind):
    response = Caller(cast.ben).bare("post", "/holds", json.dumps({"offering": 1}).encode(), kind=kind)
    assert response.status_code in (400, 415, 422)
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/nothing", "/bookings/", "/bookings/1", "/holds/x/extend", "//openings"])
def test_an_address_that_is_none_is_a_problem_document(cast: Cast, path):
    response = Caller(cast.ben).bare("get", path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(("method", "path"), operations())
def test_a_method_that_has_no_meaning_is_named(cast: Cast, ground, method, path):
    address = path.removeprefix(ROOT)
    for name, good in ground.items():
        address = address.replace(f"{{{name}}}", good)
    response = Caller(cast.ben).bare("trace", address, {})
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert method.upper() in response["Allow"]


@pytest.mark.parametrize(("method", "path"), operations())
def test_every_call_needs_a_key(cast: Cast, ground, method, path, client):
    address = path
    for name, good in ground.items():
        address = address.replace(f"{{{name}}}", good)
    before = Booking.objects.order_by("pk").values_list("pk", "version")
    response = client.generic(method.upper(), address, data="{}", content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"
    assert list(before) == list(Booking.objects.order_by("pk").values_list("pk", "version"))
