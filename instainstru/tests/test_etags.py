"""Entity tags: what did not change is not sent, what changed is not overwritten."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.request import Request

from instainstru.lib import etags

TAG = etags.tag("week", 7)


def test_tags_are_strong_quoted_and_tell_parts_apart():
    assert TAG.startswith('"')
    assert TAG.endswith('"')
    assert etags.tag("week", 7) == TAG
    assert len({etags.tag("a", "bc"), etags.tag("ab", "c"), etags.tag("abc"), etags.tag("a", "b", "c")}) == 4


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (None, 200),
        (TAG, 304),
        (f"W/{TAG}", 304),
        (f'"x", {TAG}', 304),
        ("*", 304),
        ('"x"', 200),
        ("junk", 200),
    ],
)
def test_what_did_not_change_is_not_sent_again(rf: RequestFactory, sent: str | None, status: int):
    headers = {} if sent is None else {"If-None-Match": sent}
    request = Request(rf.get("/", headers=headers))
    response = etags.tagged(request, HttpResponse(b"body"), etag=TAG)
    assert (response.status_code, response["ETag"]) == (status, TAG)
    assert response.content == (b"body" if status == 200 else b"")


@pytest.mark.parametrize("sent", [TAG, f'"x", {TAG}', "*"])
def test_who_saw_the_present_state_may_write(rf: RequestFactory, sent: str):
    etags.require_match(rf.put("/", headers={"If-Match": sent}), etag=TAG)


@pytest.mark.parametrize("sent", ['"x"', f"W/{TAG}", TAG.strip('"'), "junk"])
def test_who_saw_another_state_may_not(rf: RequestFactory, sent: str):
    with pytest.raises(etags.Stale) as refusal:
        etags.require_match(rf.put("/", headers={"If-Match": sent}), etag=TAG)
    assert (refusal.value.status, refusal.value.code) == (412, "stale")


def test_who_says_nothing_is_asked_to(rf: RequestFactory):
    with pytest.raises(etags.PreconditionRequired) as refusal:
        etags.require_match(rf.put("/"), etag=TAG)
    assert refusal.value.status == 428
