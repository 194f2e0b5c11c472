"""Hands committed events to their reactions: at least once, in order for each subject.

``wake`` says "look now" · ``fan_out`` writes a ``Delivery`` for each reaction to each new event ·
``claim_due`` picks those whose turn it is · ``deliver`` runs one, and marks it done, due again later, or
parked. Whatever is lost between two of these steps (a message, a worker, the broker) leaves rows that the
next look finds, so nothing depends on a message arriving.

Which reactions there are is the caller's to say (``bookings.reactions``): they belong to apps above this.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F, Func, Value

from instainstru.events.models import Delivery, Event
from instainstru.lib import clock, valkey

logger = logging.getLogger(__name__)

# The name of the task that ``bookings.tasks`` provides; by name, because it lives above.
DISPATCH = "events.dispatch"
WAKE_FLAG = "events:wake"
# A flag whose dispatcher never came is forgotten after this; the schedule has looked by then.
WAKE_SECONDS = 10
# How long nobody in this process tries to wake it after that failed, in seconds: each try costs a
# visitor up to the timeout of a connection.
REST = 5.0
# In seconds; the cache's own.
PATIENCE = {"to_connect": 2.0, "to_answer": 5.0}
_resting_until = 0.0

BATCH = 200
# After the first attempt come five more, then staff decide.
RETRY_AFTER = tuple(timedelta(seconds=s) for s in (30, 2 * 60, 10 * 60, 30 * 60, 2 * 60 * 60))
# How long a claimed delivery may wait for a worker, and then run, before someone else may have it.
# Longer than the task's own limit (``bookings.tasks``), so that no two ever run it together.
LEASE = timedelta(seconds=120)


class Steps:
    """The parts of one delivery that a retry must not repeat, such as one of two letters."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def once(self, name: str, act: Callable[[], object]) -> None:
        """Call ``act`` unless an earlier attempt at this delivery already finished it."""
        if name in self._delivery.steps_done:
            return
        act()
        added = Func(F("steps_done"), Value(name), function="array_append")
        Delivery.objects.filter(pk=self._delivery.pk).update(steps_done=added)
        self._delivery.steps_done.append(name)


class Reaction(Protocol):
    """A function of an event, called outside any transaction; it must bear being called again."""

    __name__: str

    def __call__(self, event: Event, steps: Steps) -> None: ...


# By kind. Not every kind has any, and a kind that is no longer ours must not stop the others.
Reactions = Mapping[str, tuple[Reaction, ...]]


class Outcome(Enum):
    DONE = "done"
    RETRY = "retry"
    PARKED = "parked"
    # Someone else has it, or had it.
    NOT_OURS = "not ours"


def wake() -> None:
    """Ask the dispatcher to look now. Cheap, and never an error to whoever just committed.

    Only the first to ask since the dispatcher last began sends a message. Where cache or broker do not
    answer they are left alone for a moment, and the schedule finds the events some seconds later.
    """
    global _resting_until
    if clock.monotonic() < _resting_until:
        return
    try:
        set_it = ("SET", cache.make_key(WAKE_FLAG), 1, "NX", "EX", WAKE_SECONDS)
        if valkey.server(settings.REDIS_URL, **PATIENCE).ask(set_it) != [None]:
            current_app.send_task(DISPATCH, retry=False, expires=WAKE_SECONDS)
    except Exception as error:
        _resting_until = clock.monotonic() + REST
        logger.warning("The dispatcher could not be woken: %s", error)


def awake() -> None:
    """The dispatcher begins to look: who records something from now on must wake it again.

    Before it reads, not after: an event committed in between would otherwise wait for the schedule.
    """
    try:
        cache.delete(WAKE_FLAG)
    except Exception as error:
        logger.warning("The wake flag could not be taken down: %s", error)


@transaction.atomic
def fan_out(reactions: Reactions, *, now: datetime, limit: int = BATCH) -> int:
    """Write the deliveries of up to ``limit`` new events; how many events there were.

    Events are claimed by their state. An id tells nothing: a transaction may commit after one with a
    higher id. Dispatchers at work at the same time pass over each other's rows.
    """
    events = list(
        Event.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(dispatched_at__isnull=True)
        .order_by("id")[:limit]
    )
    Delivery.objects.bulk_create(
        Delivery(event=event, reaction=reaction.__name__, next_try_at=now)
        for event in events
        for reaction in reactions.get(event.kind, ())
    )
    Event.objects.filter(pk__in=[event.pk for event in events]).update(dispatched_at=now)
    return len(events)


# A delivery waits while an earlier event of its subject is still to be delivered to the same reaction,
# or not dispatched yet (another dispatcher may hold it). A parked one lets the later ones pass.
# Chosen once, beforehand: a subquery may be run anew for each row, and would pass over those just taken.
_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT delivery.id
        FROM events_delivery delivery JOIN events_event event ON event.id = delivery.event_id
        WHERE delivery.done_at IS NULL AND delivery.next_try_at <= %(now)s AND NOT EXISTS (
            SELECT FROM events_event earlier
            LEFT JOIN events_delivery its
                ON its.event_id = earlier.id AND its.reaction = delivery.reaction
            WHERE earlier.subject_type = event.subject_type AND earlier.subject_id = event.subject_id
                AND earlier.version < event.version
                AND (earlier.dispatched_at IS NULL
                    OR (its.done_at IS NULL AND its.next_try_at IS NOT NULL)))
        ORDER BY delivery.next_try_at, delivery.id
        LIMIT %(limit)s
        FOR UPDATE OF delivery SKIP LOCKED)
    UPDATE events_delivery mine SET next_try_at = %(until)s FROM due WHERE mine.id = due.id
    RETURNING mine.id, mine.attempts
"""


def claim_due(*, now: datetime, limit: int = BATCH) -> list[tuple[int, int]]:
    """Up to ``limit`` deliveries whose turn it is, as (id, attempts so far), ours until the lease ends."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "until": now + LEASE, "limit": limit})
        return sorted(cursor.fetchall())


def deliver(delivery_id: int, *, attempts: int, reactions: Reactions, now: datetime) -> Outcome:
    """Run a claimed delivery. ``attempts`` is what ``claim_due`` saw, and lets only one claim through.

    Retries count from the start of the attempt. A lease that ran out (the worker was killed) shows as one
    more attempt without an outcome, so an event that kills its worker is parked in the end like any other.
    """
    claimed = Delivery.objects.filter(
        pk=delivery_id, attempts=attempts, done_at__isnull=True, next_try_at__isnull=False
    )
    if attempts > len(RETRY_AFTER):
        return Outcome.PARKED if claimed.update(next_try_at=None) else Outcome.NOT_OURS
    started = {"attempts": attempts + 1, "next_try_at": now + LEASE}
    if not claimed.update(**started, last_error=f"Attempt {attempts + 1} did not come to an end."):
        return Outcome.NOT_OURS
    delivery = Delivery.objects.select_related("event").get(pk=delivery_id)
    try:
        _reaction(delivery, reactions)(delivery.event, Steps(delivery))
    except Exception as error:
        return _failed(delivery, error, now=now)
    _settle(delivery, done_at=now, next_try_at=None, last_error="")
    if _has_successor(delivery):
        wake()
    return Outcome.DONE


def _reaction(delivery: Delivery, reactions: Reactions) -> Reaction:
    for reaction in reactions.get(delivery.event.kind, ()):
        if reaction.__name__ == delivery.reaction:
            return reaction
    raise LookupError(f"Nothing called {delivery.reaction} reacts to {delivery.event.kind} any more.")


def _failed(delivery: Delivery, error: Exception, *, now: datetime) -> Outcome:
    parked = delivery.attempts > len(RETRY_AFTER)
    wait = None if parked else RETRY_AFTER[delivery.attempts - 1]
    logger.warning(
        "%s failed, attempt %s, %s: %r",
        delivery, delivery.attempts, "parked" if parked else f"again in {wait}", error,
        exc_info=parked,
    )  # fmt: skip
    _settle(
        delivery,
        next_try_at=None if wait is None else now + wait,
        last_error=f"{type(error).__name__}: {error}"[:2000],
    )
    if parked and _has_successor(delivery):
        wake()
    return Outcome.PARKED if parked else Outcome.RETRY


def _settle(delivery: Delivery, **outcome: object) -> None:
    """Write the outcome, unless the lease ran out and a later attempt speaks for the delivery now."""
    Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(**outcome)


def _has_successor(delivery: Delivery) -> bool:
    """Whether a later event of the subject waits for this delivery."""
    event = delivery.event
    return Delivery.objects.filter(
        reaction=delivery.reaction,
        done_at__isnull=True,
        next_try_at__isnull=False,
        event__subject_type=event.subject_type,
        event__subject_id=event.subject_id,
        event__version__gt=event.version,
    ).exists()


def replay(deliveries: Iterable[Delivery]) -> int:
    """Give parked deliveries all their attempts again, from now on; how many there were.

    Steps that were done stay done.
    """
    parked = Delivery.objects.filter(
        pk__in=[delivery.pk for delivery in deliveries], done_at__isnull=True, next_try_at__isnull=True
    )
    replayed = parked.update(attempts=0, next_try_at=clock.now())
    wake()
    return replayed
