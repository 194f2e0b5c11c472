"""``record()``: the one way to say that something happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from instainstru.events import dispatch
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.lib import clock, prepared

# One statement finds the next version and inserts. The caller holds the subject's row lock (or has
# just made the subject), so two writers of one subject queue on that, not on the unique constraint.
_INSERT = """
    INSERT INTO events_event (kind, subject_type, subject_id, version, by_id, data, created_at)
    SELECT %(kind)s, subject.type, subject.key, COALESCE(%(version)s::int, (
        SELECT COALESCE(MAX(version), 0) + 1 FROM events_event
        WHERE subject_type = subject.type AND subject_id = subject.key
    )), %(by)s::bigint, %(data)s::jsonb, %(at)s::timestamptz
    FROM (SELECT %(type)s::varchar AS type, %(id)s::varchar AS key) AS subject
    RETURNING id, version
"""


def record(
    kind: Kind,
    subject: Any,
    *,
    by: Any = None,
    data: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> Event:
    """Append the event in the caller's transaction and wake the dispatcher after its commit.

    ``subject`` is a saved model instance; ``by`` the acting user or None for the system. ``data``
    must be JSON-ready. ``version`` is given by callers who count the subject's versions themselves;
    otherwise it is one more than the last. Raises ``RuntimeError`` outside a transaction, where a
    crash could keep the change and lose the event.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("record() belongs in the transaction of the change it describes.")
    event = Event(
        kind=str(kind),
        subject_type=subject._meta.model_name,
        subject_id=str(subject.pk),
        by_id=getattr(by, "pk", None),
        data=dict(data or {}),
        created_at=clock.now(),
    )
    data_field = Event._meta.get_field("data")
    with prepared.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "kind": event.kind,
                "type": event.subject_type,
                "id": event.subject_id,
                "by": event.by_id,
                "data": data_field.get_db_prep_value(event.data, connection),
                "at": event.created_at,
                "version": version,
            },
        )
        event.pk, event.version = cursor.fetchone()
    if not _wakes_already():
        transaction.on_commit(dispatch.wake, robust=True)
    return event


def _wakes_already() -> bool:
    """Whether an event of this transaction, that is kept if the next one is, wakes the dispatcher."""
    waiting: list[Any] = connection.run_on_commit
    kept_with = set(connection.savepoint_ids)
    return any(act is dispatch.wake and kept_with >= on for on, act, _ in waiting)


def history(subject: Any, *, latest: int | None = None) -> list[Event]:
    """The subject's events, first to last, with who caused them; with ``latest`` only the last so many."""
    newest_first = (
        Event.objects.filter(subject_type=subject._meta.model_name, subject_id=str(subject.pk))
        .select_related("by")
        .order_by("-version")
    )
    return list(newest_first[:latest])[::-1]
