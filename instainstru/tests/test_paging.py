"""Lists in pages that stay right while the list changes."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from instainstru.accounts.models import User
from instainstru.lib import paging
from instainstru.lib.errors import Invalid

pytestmark = pytest.mark.django_db
ORDERS = [("-date_joined", "-id"), ("date_joined", "id"), ("-id",), ("id",), ("last_name", "email")]


def make(*minutes: int) -> list[User]:
    start = datetime(2026, 12, 3, 12, tzinfo=UTC)
    return User.objects.bulk_create(
        User(email=f"p{i:02}@example.com", last_name=f"N{m}", date_joined=start + timedelta(minutes=m))
        for i, m in enumerate(minutes)
    )


def at(address: str, order: tuple[str, ...] = ("-date_joined", "-id")) -> paging.CursorPage:
    request = RequestFactory().get(address)
    return paging.page(User.objects.all(), request=request, order=order)


def walk(first: str, order: tuple[str, ...], way: str) -> list[list[User]]:
    pages, address = [], first
    while address:
        page = at(address, order)
        pages.append(page.results)
        address = getattr(page, way) or ""
    return pages


@pytest.mark.parametrize("order", ORDERS)
def test_pages_forward_and_back_are_the_whole_list(order: tuple[str, ...]):
    make(5, 1, 1, 1, 9, 3, 3, 2)
    whole = list(User.objects.order_by(*order))
    forward = walk("/list?limit=3&status=x", order, "next")
    assert forward == [whole[:3], whole[3:6], whole[6:]]
    last = at("/list?limit=3", order)
    while last.next:
        last = at(last.next, order)
    assert last.previous is not None
    back = walk(last.previous, order, "previous")
    assert back == [whole[3:6], whole[:3]]


@given(
    minutes=st.lists(st.integers(0, 3), max_size=12),
    limit=st.integers(1, 5),
    order=st.sampled_from(ORDERS),
)
@settings(max_examples=40, deadline=None)
def test_every_row_is_met_once_whatever_the_ties(minutes: list[int], limit: int, order: tuple[str, ...]):
    User.objects.all().delete()
    make(*minutes)
    met = [row for page in walk(f"/list?limit={limit}", order, "next") for row in page]
    assert met == list(User.objects.order_by(*order))


def test_a_row_that_comes_or_goes_shifts_nothing():
    rows = make(1, 2, 3, 4, 5, 6)
    first = at("/list?limit=2")
    assert first.results == [rows[5], rows[4]]
    rows[5].delete()
    User.objects.create_user("new@example.com", last_name="New")
    assert first.next is not None
    assert at(first.next).results == [rows[3], rows[2]]


def test_the_first_page_has_no_previous_and_the_last_no_next():
    make(1, 2)
    assert at("/list?limit=2") == paging.CursorPage(at("/list").results, None, None)
    assert at("/list?limit=1").previous is None


def test_an_empty_list_is_an_empty_page():
    assert at("/list") == paging.CursorPage([], None, None)
    assert at("/list").as_json(str) == {"results": [], "next": None, "previous": None}


def test_addresses_keep_what_else_was_asked():
    make(1, 2)
    following = at("/list?limit=1&q=a%20b&status=held").next
    assert following is not None
    parts = urlsplit(following)
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "testserver", "/list")
    assert (asked["q"], asked["limit"], asked["status"]) == (["a b"], ["1"], ["held"])


def test_a_page_costs_one_query_that_an_index_bounds():
    make(*range(10))
    following = at("/list?limit=3").next
    assert following is not None
    with CaptureQueriesContext(connection) as queries:
        at(following)
    assert len(queries) == 1
    assert '"date_joined" <= ' in queries[0]["sql"]
    assert "LIMIT 4" in queries[0]["sql"]


@pytest.mark.parametrize("text", ["0", "-1", "101", "ten", "1.5", "９", "9" * 400, "00000000199"])
def test_a_limit_that_is_none_names_its_field(text: str):
    with pytest.raises(Invalid) as refusal:
        at(f"/list?limit={text}")
    assert list(refusal.value.fields) == ["limit"]


PLACES: list[list[Any]] = [
    [], [1], ["x", 1, False], ["2026-12-03T12:00:00Z", "x", False], ["2026-12-03T12:00:00Z", 1, "no"],
    ["2026-12-03T12:00:00", 1, False], ["2026-12-03", 1, False], ["2026-12-03T12:00:00Z", 10**30, True],
    ["2026-12-03T12:00:00Z", None, True], [None, None, False], [{"a": 1}, [1], False],
    ["2026-12-03T12:00:00Z", 1, 1, False], ["99999-12-03T12:00:00Z", 1, False],
]  # fmt: skip


@pytest.mark.parametrize("cursor", ["x", "%00", "ÿ", "e30", "W10", "=" * 9])
def test_a_cursor_that_is_none_is_refused(cursor: str):
    with pytest.raises(Invalid) as refusal:
        at(f"/list?cursor={cursor}")
    assert list(refusal.value.fields) == ["cursor"]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_place_we_never_wrote_is_refused(place: list[Any]):
    with pytest.raises(Invalid):
        at(f"/list?cursor={base64.urlsafe_b64encode(json.dumps(place).encode()).decode()}")


def test_text_with_nul_is_no_place():
    with pytest.raises(Invalid):
        at(f"/list?cursor={paging.encode([chr(0), 'a@example.com', False])}", ("last_name", "email"))


@given(cursor=st.text(max_size=60))
@settings(max_examples=80, deadline=None)
def test_no_cursor_breaks_it(cursor: str):
    request = RequestFactory().get("/list", {"cursor": cursor})
    with suppress(Invalid):
        paging.page(User.objects.all(), request=request, order=("-id",))
