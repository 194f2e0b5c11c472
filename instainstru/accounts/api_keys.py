"""Issuing, checking and revoking API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from instainstru.accounts.models import ApiKey, Scope, User
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instainstru.lib.compiled import Compiled
from instainstru.lib.errors import Conflict, Invalid

# ``last_used_at`` is written at most this often, so that reading with a key stays reading.
USE_NOTED_EVERY = timedelta(minutes=10)
# Live keys of one person. Each partner's key may ask as often as the limits say, so there is an end.
MOST = 10


def digest_of(key: str) -> str:
    """What is stored in place of the key."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def issue(user: User, *, name: str, scopes: Sequence[str], by: User) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown this once and cannot be had again."""
    unknown = set(scopes) - set(Scope.values)
    if unknown or not scopes:
        raise Invalid("Choose what the key may do from the list.", field="scopes")
    if live(user).count() >= MOST:
        raise Conflict(f"You have {MOST} keys already. Revoke one that is not used.", code="too_many_keys")
    text = "ii_" + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        user=user, name=name, prefix=text[:10], digest=digest_of(text), scopes=sorted(set(scopes))
    )
    record(Kind.API_KEY_CREATED, key, by=by, data={"scopes": key.scopes, "prefix": key.prefix})
    return key, text


def live(user: User) -> QuerySet[ApiKey]:
    """The keys of ``user`` that work, newest first."""
    return ApiKey.objects.filter(user=user, revoked_at__isnull=True)


def reading(*related: str, leaving: Sequence[str] = ()) -> Compiled[ApiKey]:
    """Live keys by their ``digest``, with their active user, the user's partner and what is ``related`` to
    the user: one query. ``leaving`` are names of the user's fields and of theirs that are not read."""
    also, unread = ([f"user__{name}" for name in names] for names in (related, leaving))
    return Compiled(
        lambda digest: (
            ApiKey.objects.select_related("user__partner", *also)
            .filter(digest=digest, revoked_at__isnull=True, user__is_active=True)
            .defer("user__password", "user__last_login", *unread)
            .order_by()
        ),
        digest=str,
    )


LIVE = reading()


def find(text: str, *, among: Compiled[ApiKey] = LIVE) -> ApiKey | None:
    """The live key with this text, with what ``among`` reads along; None for any other text."""
    found = among(digest=digest_of(text))
    if not found:
        return None
    [key] = found
    if key.last_used_at is None or clock.now() - key.last_used_at > USE_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=clock.now())
    return key


@transaction.atomic
def revoke(key: ApiKey, *, by: User) -> None:
    """End the key at once; a second time does nothing."""
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=clock.now())
    if changed:
        record(Kind.API_KEY_REVOKED, key, by=by, data={"prefix": key.prefix})
