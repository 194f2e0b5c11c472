"""One effect for one key, however often the request arrives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bookings.models import IdempotencyKey
from instainstru.accounts.models import User
from instainstru.lib import clock, prepared
from instainstru.lib.compiled import Compiled, insert
from instainstru.lib.errors import Conflict, DomainError
from instainstru.lib.transactions import whole

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """What went over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return self.status < 400


@whole()
def once(effect: Callable[[], Answer], *, user: User, key: str, request_digest: str) -> tuple[Answer, bool]:
    """What ``effect`` answers, or what it answered the first time; and whether it is a replay.

    The key is written in the transaction of the effect, so neither can survive without the other: what
    the effect raises takes the key back with it, and a refusal or mistake may be tried again. Raises
    ``idempotency_in_progress`` while the first still runs and ``idempotency_key_reused`` for another
    request under the same key.
    """
    _claim(user, key)
    kept = next(iter(_kept(user_id=user.pk, key=key)), None)
    if kept is not None and kept.created_at > clock.now() - KEPT:
        if kept.request_digest != request_digest:
            raise DomainError(
                "This Idempotency-Key was used for another request. Take a new one.",
                code="idempotency_key_reused",
            )
        return Answer(kept.status, kept.headers, bytes(kept.body)), True
    if kept is not None:
        kept.delete()
    answer = effect()
    if answer.is_success:
        insert(
            IdempotencyKey(
                user=user,
                key=key,
                request_digest=request_digest,
                status=answer.status,
                headers=answer.headers,
                body=answer.body,
                created_at=clock.now(),
            )
        )
    return answer, False


_kept = Compiled(
    lambda user_id, key: IdempotencyKey.objects.filter(user_id=user_id, key=key), user_id=int, key=str
)


def _claim(user: User, key: str) -> None:
    """Until the end of the transaction nobody else works under this key.

    A statement of its own before the key is looked up: one that did both would look with a snapshot from
    before the lock, and miss what its last owner committed.
    """
    digest = hashlib.blake2b(f"{user.pk} {key}".encode(), digest_size=8, person=b"idempotency").digest()
    with prepared.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest, "big", signed=True)])
        if not cursor.fetchone()[0]:
            raise Conflict(
                "The first request with this Idempotency-Key is still running. Ask again in a moment.",
                code="idempotency_in_progress",
            )
