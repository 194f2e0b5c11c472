"""A browser in front of the whole site: visitors as wide as they like, with scripts or without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from playwright.sync_api import Browser, ConsoleMessage, Page

from instainstru.accounts.models import User

PHONE, SMALLEST, DESK = 390, 320, 1280
HEIGHT = 900
Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, live_server: Any) -> Iterator[Visit]:
    """Opens a page for a visitor; complaints of the browser, such as blocked scripts, fail the test."""
    contexts, complaints, cut = [], [], []

    def complain(message: ConsoleMessage) -> None:
        # A refusal that a person is meant to read is a page with a status of its own.
        if (
            message.type in ("error", "warning")
            and "the server responded with a status of 4" not in message.text
            and not (cut and "net::ERR_" in message.text)
        ):
            complaints.append(message.text)

    def open_page(
        path: str = "/", *, user: User | None = None, js: bool = True, width: int = PHONE,
        scheme: str = "light", zone: str = "America/New_York", touch: bool = False, cuts: bool = False,
    ) -> Page:  # fmt: skip
        """``touch`` is a screen for fingers; with ``cuts`` the test will cut the network."""
        if cuts:
            cut.append(path)
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": HEIGHT},
            java_script_enabled=js,
            color_scheme=scheme,
            timezone_id=zone,
            reduced_motion="reduce",
            has_touch=touch,
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        if user is not None:
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": live_server.url}]
            )
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def session_of(user: User) -> str:
    """The key of a new session in which ``user`` is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key
    return session.session_key
