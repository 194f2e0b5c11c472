"""Issuing, checking and revoking API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import QuerySet

from instainstru.accounts.models import ApiKey, Partner, Scope, User
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
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


@cache
def _statement() -> str:
    """The lookup as the ORM writes it: compiling it for every call would cost more than running it."""
    rows = ApiKey.objects.select_related("user__partner").order_by()
    rows = rows.filter(digest="", revoked_at__isnull=True, user__is_active=True)
    return rows.query.sql_with_params()[0]


def find(text: str) -> ApiKey | None:
    """The live key with this text, with its active user and their partner; None for any other text."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(), [digest_of(text)])
        row = cursor.fetchone()
    if row is None:
        return None
    values = iter(row)
    key, user, partner = (_made(model, values) for model in (ApiKey, User, Partner))
    key.user = user
    user._state.fields_cache["partner"] = partner if partner.pk else None
    if key.last_used_at is None or clock.now() - key.last_used_at > USE_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=clock.now())
    return key


def _made(model: type[Any], values: Iterator[Any]) -> Any:
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(DEFAULT_DB_ALIAS, names, list(islice(values, len(names))))


@transaction.atomic
def revoke(key: ApiKey, *, by: User) -> None:
    """End the key at once; a second time does nothing."""
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=clock.now())
    if changed:
        record(Kind.API_KEY_REVOKED, key, by=by, data={"prefix": key.prefix})
