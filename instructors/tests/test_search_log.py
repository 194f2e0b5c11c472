"""What is written down of searches, who reads it, and when it is forgotten."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, connection
from django.test import Client, override_settings
from django.urls import reverse

from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from instainstru.lib import clock
from instructors.models import Alias, SearchLog, Subject
from instructors.services.search import log, vocabulary

pytestmark = pytest.mark.django_db
REPORT = reverse("admin:instructors_searchlog_report")


def search(client: Client, **params: Any) -> Any:
    return client.get(reverse("instructors:search"), params)


def row(**facts: Any) -> SearchLog:
    return SearchLog.objects.create(**{"source": "page", "found": 1, "address": "127.0.0.1", **facts})


def test_a_search_is_written_down_with_what_was_understood(client: Client, cast: Cast):
    client.force_login(cast.ben)
    search(client, q="Zithern  Piano under $70")
    [one] = SearchLog.objects.all()
    assert (one.source, one.text, one.subjects, one.unknown) == (
        "page", "zithern piano under $70", ["piano"], ["zithern"],
    )  # fmt: skip
    assert (one.found, one.relaxed, one.user_id, one.address) == (0, ["price"], cast.ben.pk, "127.0.0.1")


def test_the_api_s_too_and_only_first_pages(client: Client, cast: Cast):
    Caller(cast.ben).get("/openings?subject=piano")
    assert [(one.source, one.text, one.found) for one in SearchLog.objects.all()] == [("api", "", 1)]
    search(client)
    search(client, q="piano", cursor="WzEsMCwxXQ")
    assert SearchLog.objects.count() == 1


def test_a_log_that_fails_costs_nobody_their_answer(client: Client, cast: Cast, monkeypatch, caplog):
    def fails() -> Any:
        raise DatabaseError("disk on fire")

    page = None
    with monkeypatch.context() as patched:
        patched.setattr(log.prepared, "cursor", fails)
        log.write({})
    assert "1 searches were not written down: disk on fire" in caplog.text
    page = search(client, q="piano")
    assert page.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_searches_of_a_moment_are_written_together_by_a_thread(settings: Any, monkeypatch: Any):
    settings.SEARCH_LOG_DELAY = 0.05
    statements, written = list[int](), Event()

    def insert(rows: list[dict[str, Any]]) -> None:
        real(rows)
        connection.close()
        statements.append(len(rows))
        if sum(statements) == 3:
            written.set()

    real, writer = log.insert, log._Writer()
    monkeypatch.setattr(log, "insert", insert)
    monkeypatch.setattr(log, "_writer", writer)
    values = {
        "created_at": clock.now(), "source": "page", "subjects": ["piano"], "unknown": ["zi", "th"],
        "relaxed": [], "found": 2, "user_id": None, "address": "127.0.0.1",
    }  # fmt: skip
    for text in ("one", "two", "three"):
        log.write({**values, "text": text})
    assert written.wait(10)
    assert len(statements) < 3
    rows = SearchLog.objects.order_by("pk").values_list("text", "unknown", "created_at")
    assert list(rows) == [(text, ["zi", "th"], values["created_at"]) for text in ("one", "two", "three")]


def test_a_process_that_ends_writes_its_last_searches_first():
    written = list[str]()
    writer = log._Writer()
    with (
        mock.patch.object(log, "insert", lambda rows: written.extend(row["text"] for row in rows)),
        override_settings(SEARCH_LOG_DELAY=60),
        mock.patch.object(log.atexit, "register") as at_the_end,
    ):
        writer.add({"text": "the last"})
        leave, thread = at_the_end.call_args.args
        leave(thread)
    assert (written, thread.is_alive()) == (["the last"], False)


def test_who_asked_is_forgotten_after_a_month_and_the_rest_after_three(cast: Cast):
    now = clock.now()
    new, month, old = (
        row(created_at=now - timedelta(days=days, seconds=1), user_id=1) for days in (29, 30, 90)
    )
    assert log.forget_people(now=now) == 2
    assert log.forget_people(now=now) == 0
    assert log.forget(now=now) == 1
    assert not SearchLog.objects.filter(pk=old.pk).exists()
    month.refresh_from_db()
    new.refresh_from_db()
    assert (month.user_id, month.address) == (None, None)
    assert (new.user_id, new.address) == (1, "127.0.0.1")


def test_the_report_counts_sentences_and_words(cast: Cast, client: Client, django_assert_max_num_queries):
    for text, found, unknown in (
        ("piano", 4, []), ("piano", 2, []), ("scuba", 0, ["scuba"]), ("scuba diving", 0, ["scuba", "diving"]),
        ("", 0, []), ("ivories", 0, ["ivories"]),
    ):  # fmt: skip
        row(text=text, found=found, unknown=unknown)
    row(text="long ago", found=0, created_at=clock.now() - timedelta(days=8))
    client.force_login(cast.staff)
    client.get(REPORT)
    with django_assert_max_num_queries(4):
        page = client.get(REPORT)
    report = page.context["report"]
    assert (report.searches, report.in_vain, report.is_partial) == (6, 4, False)
    assert report.top[0] == log.Line("piano", 2, 0)
    assert {line.text for line in report.nothing} == {"scuba", "scuba diving", "ivories"}
    assert report.unknown[0] == log.Line("scuba", 2, 2)
    assert "long ago" not in page.content.decode()


def test_a_word_becomes_an_alias_at_a_press_and_is_understood_at_once(
    cast: Cast, client: Client, django_capture_on_commit_callbacks
):
    assert "klavier" not in vocabulary.current().subjects
    client.force_login(cast.staff)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(REPORT, {"word": " Klavier ", "subject": "piano"})
    assert Alias.objects.get(text="klavier").subject == Subject.objects.get(slug="piano")
    assert vocabulary.current().subjects["klavier"] == "piano"
    for sent in ({"word": "klavier", "subject": "piano"}, {"word": "x", "subject": "no"}, {}):
        assert client.post(REPORT, sent).status_code == 302
    assert Alias.objects.filter(text__in=["x", "", "klavier"]).count() == 1


@pytest.mark.parametrize("who", ["ana", "ben", "cy"])
def test_only_staff_read_it(cast: Cast, client: Client, who: str):
    client.force_login(getattr(cast, who))
    assert client.get(REPORT).status_code in (302, 403)
    assert client.post(REPORT, {"word": "klavier", "subject": "piano"}).status_code in (302, 403)
    assert not Alias.objects.filter(text="klavier").exists()


@pytest.mark.parametrize("name", ["searchlog", "savedsearch", "offering"])
def test_lists_open_with_few_queries(cast: Cast, client: Client, name, django_assert_max_num_queries):
    row(text="piano")
    client.force_login(cast.staff)
    with django_assert_max_num_queries(4):
        assert client.get(f"/admin/instructors/{name}/").status_code == 200


def test_staff_see_why_a_result_stands_where_it_does(cast: Cast, client: Client):
    client.force_login(cast.staff)
    page = search(client, q="piano", why="1")
    lines = page.context["cards"][0]["why"]
    assert lines[1:3] == ["relevance 0.35 × 1.00 = 0.350", "quality 0.25 × 0.88 = 0.219"]
    assert lines[0].endswith(" in all")
    assert lines[1] in page.content.decode()
    assert search(client, q="piano").context["cards"][0]["why"] == []


@pytest.mark.parametrize("who", ["ben", None])
def test_nobody_else_does(cast: Cast, client: Client, who: str | None):
    if who:
        client.force_login(getattr(cast, who))
    page = search(client, q="piano", why="1")
    assert page.context["cards"][0]["why"] == []
    assert "relevance" not in page.content.decode()


def test_an_offering_s_page_in_the_back_office_says_it_too(cast: Cast, client: Client):
    client.force_login(cast.staff)
    page = client.get(f"/admin/instructors/offering/{cast.piano.pk}/change/")
    assert "relevance 0.35 × 1.00 = 0.350" in page.content.decode()
