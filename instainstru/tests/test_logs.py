"""Logs: one id for all that a request does, and no secrets."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog
from django.conf import settings as django_settings

from instainstru.lib import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What production would write, line by line."""
    configuration = logs.configure(level="INFO", form="json")
    written = io.StringIO()
    configuration["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(configuration)
    yield written
    logging.config.dictConfig(django_settings.LOGGING)


def records(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_an_answer_names_the_id_that_its_lines_carry(client, lines):
    answer = client.get("/no-such-page")
    written = records(lines)
    assert {record["request_id"] for record in written} == {answer["X-Request-ID"]}
    (request,) = (record for record in written if record["event"] == "request")
    assert (request["method"], request["path"], request["status"]) == ("GET", "/no-such-page", 404)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("0af7651916cd43dd8448eb211c80319c", True), ("x", False), ("a" * 65, False), ("<b>bold</b>", False)],
)
def test_a_callers_id_is_kept_only_if_it_looks_like_one(client, sent, kept):
    answer = client.get("/no-such-page", headers={"X-Request-ID": sent})
    assert (answer["X-Request-ID"] == sent) is kept


def test_secrets_are_hidden_by_name_at_any_depth(lines):
    structlog.get_logger("test").info(
        "told", password="one", data={"api_key": "two", "deep": [{"Authorization": "three"}]}, subject="piano"
    )
    logging.getLogger("test").warning("called with token=four and %s", "password=five")
    text = lines.getvalue()
    assert not any(word in text for word in ("one", "two", "three", "four", "five"))
    assert records(lines)[0]["subject"] == "piano"
    assert records(lines)[0]["data"] == {"api_key": "[hidden]", "deep": [{"Authorization": "[hidden]"}]}


def test_an_exception_is_one_line_that_machines_can_read(lines):
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("test").exception("it failed")
    (record,) = records(lines)
    assert record["event"] == "it failed"
    assert record["exception"][0]["exc_value"] == "broken"


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_local_variables(form, lines):
    configuration = logs.configure(level="INFO", form=form)
    configuration["handlers"]["stderr"]["stream"] = lines
    logging.config.dictConfig(configuration)
    password = "hunter" + "2"
    try:
        raise ValueError(len(password))
    except ValueError:
        logging.getLogger("test").exception("refused")
    assert "ValueError" in lines.getvalue()
    assert "hunter2" not in lines.getvalue()
