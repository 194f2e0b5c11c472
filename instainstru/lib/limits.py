"""How often somebody may ask: counted by django-ratelimit in Valkey, right across all workers.

Pages write `@throttled("write")`; the API counts in `lib/drf.py`. Where Valkey does not answer nobody is
limited: a shop that is open without a doorman is better than a closed one.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.core.cache.backends.base import BaseCache
from django.http import HttpRequest, HttpResponseBase
from django_ratelimit.core import get_usage

from instainstru.lib import clock, valkey
from instainstru.lib.errors import DomainError
from instainstru.lib.http import client_address

logger = logging.getLogger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Requests per minute of one caller; each group is counted for itself.
RATES = {
    "read": 120, "write": 30, "money": 5, "sign_in": 5, "messages": 60, "partner": 120,
    # New guests of one address, and codes mailed to one.
    "guests": 10, "code_mail": 3,
}  # fmt: skip
# Nobody waits long to be counted; in seconds.
PATIENCE = {"to_connect": 0.5, "to_answer": 0.5}
# How long a server that did not answer is left alone, in seconds.
REST = 5.0


@dataclass(frozen=True)
class Usage:
    """What is left of a group's requests; ``reset`` in seconds."""

    group: str
    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """The counts under the names clients know, and under those of the IETF's draft."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": f'"{self.group}";q={self.limit};w=60',
            "RateLimit": f'"{self.group}";r={self.remaining};t={self.reset}',
        }


class RateLimited(DomainError):
    """Too many requests; ``headers`` say when to come back."""

    code = "rate_limited"
    status = 429

    def __init__(self, usage: Usage) -> None:
        super().__init__(
            f"That was quick: {usage.limit} requests a minute are allowed. "
            f"Please go on in {usage.reset} seconds.",
            data={"retry_after": usage.reset},
        )
        self.headers = {**usage.headers(), "Retry-After": str(usage.reset)}


def count(request: HttpRequest, *, group: str, caller: str) -> Usage | None:
    """Count one request of ``caller``; None where nobody counts. Raises ``RateLimited``."""
    found = get_usage(request, group=group, key=lambda *_: caller, rate=(RATES[group], 60), increment=True)
    if found is None:
        return None
    usage = Usage(
        group=group,
        limit=found["limit"],
        remaining=max(0, found["limit"] - found["count"]),
        reset=max(1, found["time_left"]),
    )
    if found["should_limit"]:
        raise RateLimited(usage)
    return usage


def throttled(group: str, *, safe: bool = False) -> Callable[..., Any]:
    """Decorate a page: its unsafe requests (with ``safe``, all) count for the account or address.

    Signing in is counted by address, since whoever guesses passwords has no account.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if safe or request.method not in SAFE:
                count(request, group=group, caller=_caller(request, group))
            return view(request, *args, **kwargs)

        return limited

    return decorate


def _caller(request: HttpRequest, group: str) -> str:
    if group == "sign_in" or not request.user.is_authenticated:
        return client_address(request)
    return f"user {request.user.pk}"


class CounterCache(BaseCache):
    """What django-ratelimit counts in. It asks ``add`` and then ``incr``; here that is one round trip.

    Django gives each thread its own instance, so the count can wait in it from one call to the next.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._counter = _counter(location)
        self._counted: int | None = None

    def add(self, key: str, value: int, timeout: Any = None, version: int | None = None) -> bool:
        """Count ``value`` more; whether these were the first."""
        name = self.make_key(key, version=version)
        try:
            self._counted = self._counter.count(name, by=value, seconds=timeout)
        except redis.RedisError as error:
            logger.warning("Requests are not being counted: %s", error)
            self._counted = None
        return self._counted == value

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int | None:  # type: ignore[override]
        """What ``add`` counted; None when it could not."""
        return self._counted

    def get(self, key: str, default: Any = None, version: int | None = None) -> int | None:
        """As ``incr``: for who only looks."""
        return self._counted

    def clear(self) -> None:
        self._counter.server.ask(("FLUSHDB",))


class _Counter:
    """Counts at a server, and leaves one that did not answer alone for a while."""

    def __init__(self, server: valkey.Server) -> None:
        self.server = server
        self._resting_until = 0.0

    def count(self, name: str, *, by: int, seconds: int) -> int | None:
        if clock.monotonic() < self._resting_until:
            return None
        try:
            number, _ = self.server.ask(("INCRBY", name, by), ("EXPIRE", name, seconds, "NX"))
        except redis.RedisError:
            self._resting_until = clock.monotonic() + REST
            raise
        return int(number)


@functools.cache
def _counter(url: str) -> _Counter:
    """One for each process."""
    return _Counter(valkey.server(url or settings.REDIS_URL, **PATIENCE))
