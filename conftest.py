"""The ground all tests stand on; each app's own things are in its `tests/`."""

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connections
from playwright.sync_api import Playwright

from instainstru.lib import clock
from instainstru.rules import services as rules
from instructors.services.search import vocabulary, zones
from ops import browser
from ops.testing import pristine

pytest_plugins = ["bookings.tests.cast", "instructors.tests.hosts", "ops.stand_ins.testing"]


def pytest_configure() -> None:
    pristine.instead_of_flush()
    # Where files were collected each test's client would look at all of them, a tenth of a second.
    django_settings.STATIC_ROOT = django_settings.BASE_DIR / ".data" / "none"
    # Argon2 is slow on purpose; tests sign in by the hundred.
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # pytest keeps what is logged and shows it where a test fails; a second copy would be read by nobody.
    logging.getLogger().handlers.clear()
    # A thread that writes searches later would not see what a test has not committed.
    django_settings.SEARCH_LOG_DELAY = 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What one process runs from end to end comes first, the longest of it before all, so that it is not what
    everybody waits for at the end."""
    items.sort(
        key=lambda item: [item.get_closest_marker(name) is None for name in ("browser", "xdist_group")]
    )


def pytest_collection_finish() -> None:
    """Django, the site and its tests stay; looking for garbage among them again and again is a tenth of the
    suite's time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The test database, as migrations leave it; every test that commits finds it so."""
    with django_db_blocker.unblock():
        pristine.remember()


@pytest.fixture(autouse=True)
def _as_of(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where a test names a date, it is that date already when what it is given is made: the cast's calendars
    reach some weeks from the day they are made on."""
    mark = request.node.get_closest_marker("as_of")
    with time_machine.travel(mark.args[0], tick=False) if mark else nullcontext():
        yield


# What each process reads from the database and remembers for some seconds.
MEMORIES = (rules, vocabulary, zones)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """No test sees what another remembered: sessions, counted requests, rules and words since rolled back."""
    cache.clear()
    for memory in MEMORIES:
        memory.forget()


@pytest.fixture
def nothing_to_read_again(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Reads what a process remembers for some seconds, which then stays that young: whether a statement more
    is needed must not hang on which tests came before, or how long ago."""
    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now)

    def read() -> None:
        for memory in MEMORIES:
            memory.forget()
        rules.current()
        vocabulary.current()
        zones.in_use()

    return read


@pytest.fixture
def django_assert_num_queries(
    nothing_to_read_again: Callable[[], None], django_assert_num_queries: Callable[..., Any]
) -> Callable[..., Any]:
    return _after(nothing_to_read_again, django_assert_num_queries)


@pytest.fixture
def django_assert_max_num_queries(
    nothing_to_read_again: Callable[[], None], django_assert_max_num_queries: Callable[..., Any]
) -> Callable[..., Any]:
    return _after(nothing_to_read_again, django_assert_max_num_queries)


def _after(first: Callable[[], None], counting: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any, **options: Any) -> Any:
        first()
        return counting(*args, **options)

    return counted


@pytest.fixture
def still_clock() -> Iterator[time_machine.Traveller]:
    """Time stands still, so that a test of what may happen in a minute has that minute."""
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="session")
def playwright(playwright: Playwright) -> Iterator[Playwright]:
    """Closes what only its event loop sees: while that runs, Django keeps the connections of a thread apart
    from those the thread had before, and one that is left open keeps the database from being dropped."""
    yield playwright
    connections.close_all()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium where there is one; otherwise Playwright finds its own."""
    return {**browser_type_launch_args, "executable_path": browser.system_chromium(), "args": browser.FLAGS}
