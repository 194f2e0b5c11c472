"""Addresses at which calendar programs read somebody's lessons: making, finding and revoking them."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

from django.db import transaction

from instainstru.accounts.api_keys import digest_of
from instainstru.accounts.models import CalendarFeed, User
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instainstru.lib.compiled import Compiled
from instainstru.lib.errors import NotFound

# ``last_read_at`` is written at most this often, so that reading stays reading.
READING_NOTED_EVERY = timedelta(minutes=10)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@transaction.atomic
def issue(user: User, *, role: str, with_holds: bool = False, by: User) -> tuple[CalendarFeed, str]:
    """A new address and its secret, which is shown this once; the one before stops working.

    Raises ``NotFound`` for lessons given by somebody who gives none.
    """
    _require_role(user, role)
    token = secrets.token_urlsafe(32)
    feed, _ = CalendarFeed.objects.update_or_create(
        user=user,
        role=role,
        defaults={
            "digest": digest_of(token),
            "with_holds": with_holds and role == CalendarFeed.Role.INSTRUCTOR,
            "created_at": clock.now(),
            "last_read_at": None,
        },
    )
    record(Kind.CALENDAR_FEED_ISSUED, feed, by=by, data={"role": role, "with_holds": feed.with_holds})
    return feed, token


def _require_role(user: User, role: str) -> None:
    if role not in CalendarFeed.Role.values:
        raise NotFound
    if role == CalendarFeed.Role.INSTRUCTOR and not hasattr(user, "instructor"):
        raise NotFound


@transaction.atomic
def revoke(user: User, *, role: str, by: User) -> bool:
    """End the address at once; False where there was none."""
    feed = CalendarFeed.objects.select_for_update().filter(user=user, role=role).first()
    if feed is None:
        return False
    record(Kind.CALENDAR_FEED_REVOKED, feed, by=by, data={"role": feed.role})
    feed.delete()
    return True


def of(user: User) -> dict[str, CalendarFeed]:
    """The addresses that work, by role."""
    return {feed.role: feed for feed in CalendarFeed.objects.filter(user=user)}


def find(token: str) -> CalendarFeed:
    """The feed with this secret; raises ``NotFound`` for any other, and for accounts that are closed."""
    found = _by_digest(digest=digest_of(token)) if _TOKEN.fullmatch(token) else []
    if not found:
        raise NotFound
    [feed] = found
    now = clock.now()
    if feed.last_read_at is None or now - feed.last_read_at > READING_NOTED_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk).update(last_read_at=now)
    return feed


_by_digest = Compiled(
    lambda digest: CalendarFeed.objects.filter(digest=digest, user__is_active=True).order_by(), digest=str
)
