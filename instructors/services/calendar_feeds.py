"""Calendars that instructors keep elsewhere: added, read again and again, removed.

Reading is in two halves. ``_look`` asks the host and works out the busy times; it is slow, may fail in
every way and never runs inside a transaction. ``_keep`` writes what it found in one transaction with the
open days. Of what is written in a calendar only the times are kept: no titles, places or guests.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from instainstru.events import notify
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock, outbound
from instainstru.lib.errors import Conflict, DomainError, Invalid, NotFound
from instainstru.rules import services as rules_service
from instructors.models import CalendarBlock, Instructor, OutsideCalendar
from instructors.services import calendar
from instructors.services.busy import Busy, Question, Unreadable, busy_apart
from instructors.services.slots import limits_of

logger = logging.getLogger(__name__)

MOST = 5
MOST_BYTES = 5_000_000
EVERY = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(hours=6)
# Whoever claims a calendar has so long to look at it.
LEASE = timedelta(minutes=3)
# Seconds for asking and for working out, each.
PATIENCE = 20.0
# Somebody who adds a calendar or presses "check now" waits for it.
PATIENCE_OF_PEOPLE = 8.0
# A student waits while they book: all calendars of an instructor together have this long.
PATIENCE_OF_STUDENTS = 2.0
# What was looked at within this is good enough to book by.
FRESH = timedelta(minutes=1)
# One failure may be a hiccup; after so many in a row the instructor is told.
WARN_AFTER = 3
# Blocks reach further than the horizon, so that days which come within it are right from the start.
AHEAD = timedelta(days=8)
DAY = timedelta(days=1)

# What a host's refusals mean to who copied its address.
STATUSES = {
    401: "It asks for a password. Copy the calendar's secret or public address instead of that of its page.",
    403: "It does not let us in. Copy the calendar's secret or public address again.",
    404: "There is no calendar at that address any more. Copy its address again.",
    410: "There is no calendar at that address any more. Copy its address again.",
    429: "Its host asks us to come less often. We try again by ourselves.",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """When a calendar is looked at, for which time, and what tells that from another (``read_for``)."""

    at: datetime
    question: Question
    read_for: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a calendar found; ``busy`` is None where nothing is new."""

    at: datetime
    read_for: str
    busy: Busy | None = None
    etag: str = ""
    last_modified: str = ""
    digest: str = ""


def of(instructor: Instructor) -> list[OutsideCalendar]:
    """The instructor's calendars, the first added first."""
    return list(OutsideCalendar.objects.filter(instructor=instructor).order_by("pk"))


def coming(instructor: Instructor, *, most: int) -> list[CalendarBlock]:
    """The times they block that are not over, soonest first, each with its calendar."""
    blocks = CalendarBlock.objects.select_related("outside").filter(
        instructor=instructor, kind=CalendarBlock.Kind.EXTERNAL, period__endswith__gt=clock.now()
    )
    return list(blocks.order_by("period")[:most])


def one_of(instructor: Instructor, calendar_id: int) -> OutsideCalendar:
    """One of them; raises ``NotFound`` for anybody else's."""
    found = OutsideCalendar.objects.filter(instructor=instructor, pk=calendar_id).first()
    if found is None:
        raise NotFound("There is no such calendar.")
    return found


def add(instructor: Instructor, *, name: str, url: str, by: Any) -> OutsideCalendar:
    """Read the calendar and let it block the instructor's time from now on.

    What is wrong with the address or with what stands there is refused on ``url``; nothing is kept then.
    """
    _refuse_too_many(instructor)
    outside = OutsideCalendar(instructor=instructor, name=name, url=address_of(url))
    try:
        look = _look(outside, _plan(instructor, clock.now()), seconds=PATIENCE_OF_PEOPLE)
    except DomainError as refusal:
        raise Invalid(refusal.message, field="url", code=refusal.code) from refusal
    try:
        with transaction.atomic():
            locked = calendar.lock_instructor(instructor)
            _refuse_too_many(locked)
            outside.save(force_insert=True)
            record(Kind.OUTSIDE_CALENDAR_ADDED, locked, by=by, data={"calendar": outside.pk, "name": name})
            _write(locked, outside, look)
    except IntegrityError as error:
        raise Invalid("You have added that calendar already.", field="url") from error
    return outside


def address_of(typed: str) -> str:
    """The address to ask: ``webcal://`` is what calendars call ``https://``."""
    text = typed.strip()
    scheme, separator, rest = text.partition("://")
    if separator and scheme.lower() in ("webcal", "webcals"):
        text = f"https://{rest}"
    try:
        return str(outbound.parse(text))
    except outbound.Refused as refusal:
        raise Invalid(refusal.message, field="url", code=refusal.code) from refusal


def _refuse_too_many(instructor: Instructor) -> None:
    if OutsideCalendar.objects.filter(instructor=instructor).count() >= MOST:
        raise Conflict(f"You have {MOST} calendars here. Remove one first.", code="too_many_calendars")


@transaction.atomic
def remove(instructor: Instructor, calendar_id: int, *, by: Any) -> OutsideCalendar:
    """Forget the calendar and free the time it blocked; raises ``NotFound`` for anybody else's."""
    locked = calendar.lock_instructor(instructor)
    outside = one_of(locked, calendar_id)
    calendar.replace_outside(locked, outside, [])
    record(Kind.OUTSIDE_CALENDAR_REMOVED, locked, by=by, data={"calendar": outside.pk, "name": outside.name})
    outside.delete()
    return outside


@transaction.atomic
def claim_due(*, now: datetime, limit: int = 200) -> list[int]:
    """The calendars whose turn it is, for the caller to check within ``LEASE``; nobody else gets them."""
    due = OutsideCalendar.objects.filter(next_check_at__lte=now, instructor__user__is_active=True)
    ids = list(
        due.select_for_update(of=("self",), skip_locked=True)
        .order_by("next_check_at")
        .values_list("pk", flat=True)[:limit]
    )
    OutsideCalendar.objects.filter(pk__in=ids).update(next_check_at=now + LEASE)
    return ids


def check(calendar_id: int, *, now: datetime | None = None, seconds: float = PATIENCE) -> bool:
    """Look at one calendar and keep what is found or what went wrong; whether it could be read.

    Scheduled work says in ``now`` when it is done.
    """
    outside = OutsideCalendar.objects.select_related("instructor").filter(pk=calendar_id).first()
    if outside is None:
        return False
    at = now or clock.now()
    try:
        look = _look(outside, _plan(outside.instructor, at), seconds=seconds)
    except DomainError as refusal:
        _fail(outside, refusal, at=at)
        return False
    _keep(outside, look)
    return True


def check_due(*, now: datetime) -> int:
    """Check, one after another, all that is due; how many."""
    ids = claim_due(now=now)
    for calendar_id in ids:
        check(calendar_id, now=now)
    return len(ids)


def refresh(calendars: Sequence[OutsideCalendar]) -> None:
    """Look at those of an instructor's calendars that nobody looked at for a minute, all at once.

    Takes ``PATIENCE_OF_STUDENTS`` at most. A calendar that fails or is slower stops nobody: the time stays
    as it was last known, and the instructor is told. It does not count as a failure of its own, for on its
    next turn it has more time. One that has not answered for long is not waited for.
    """
    now = clock.now()
    stale = [one for one in calendars if one.tried_at is None or now - one.tried_at > FRESH]
    looks: dict[Future[Look], OutsideCalendar] = {
        _lookers.submit(_look, one, _plan(one.instructor, now), seconds=PATIENCE_OF_STUDENTS): one
        for one in stale
        if one.failures < WARN_AFTER
    }
    wait(looks, timeout=PATIENCE_OF_STUDENTS)
    found: dict[int, Look] = {}
    for future, outside in looks.items():
        # What is still waiting for its turn must not begin any more.
        if future.cancel() or not future.done():
            continue
        error = future.exception()
        if error is None:
            found[outside.pk] = future.result()
        elif not isinstance(error, DomainError):
            logger.error("Calendar %s could not be looked at.", outside.pk, exc_info=error)
    for outside in stale:
        if outside.pk in found:
            _keep(outside, found[outside.pk])
        else:
            _miss(outside, at=now)


_lookers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="calendars")


@transaction.atomic
def _miss(outside: OutsideCalendar, *, at: datetime) -> None:
    """A booking goes on without a look at this calendar."""
    locked = calendar.lock_instructor(outside.instructor)
    OutsideCalendar.objects.filter(pk=outside.pk).update(tried_at=at, missed_at=at)
    _warn(locked, outside, at=at)


def _look(outside: OutsideCalendar, plan: Plan, *, seconds: float) -> Look:
    """Ask for the calendar and work out its busy times; raises what went wrong.

    Threads run it, so it asks the database for nothing.
    """
    at, read_for = plan.at, plan.read_for
    known = outside.read_for == read_for
    headers = {"Accept": "text/calendar, text/plain;q=0.5, */*;q=0.1"}
    if known and outside.etag:
        headers["If-None-Match"] = outside.etag
    if known and outside.last_modified:
        headers["If-Modified-Since"] = outside.last_modified
    answer = outbound.get(
        outside.url,
        seconds=seconds,
        most_bytes=MOST_BYTES,
        headers=headers,
        allow_loopback=settings.CALENDAR_ALLOW_LOOPBACK,
    )
    if answer.status == 304 and known:
        return Look(at, read_for, None, outside.etag, outside.last_modified, outside.digest)
    if answer.status != 200:
        raise Unreadable(STATUSES.get(answer.status, _strange(answer.status)), code="bad_answer")
    digest = hashlib.sha256(answer.body).hexdigest()
    tags = {
        "etag": _short(answer.headers.get("etag", ""), 300),
        "last_modified": _short(answer.headers.get("last-modified", ""), 100),
        "digest": digest,
    }
    if known and digest == outside.digest:
        return Look(at, read_for, None, **tags)
    return Look(at, read_for, busy_apart(answer.body, plan.question, seconds=seconds), **tags)


def _plan(instructor: Instructor, now: datetime) -> Plan:
    """From yesterday to beyond the horizon on the instructor's clocks."""
    zone = instructor.time_zone
    today = clock.local(now, zone).date()
    last = today + limits_of(instructor, rules_service.current()).horizon_days * DAY + AHEAD
    low, high = clock.day_bounds(today - DAY, zone)[0], clock.day_bounds(last, zone)[1]
    return Plan(now, Question(zone, low, high, notify.host()), f"{zone} {today}–{last}")


def _strange(status: int) -> str:
    if status >= 500:
        return "Its host has a problem of its own. We try again by ourselves."
    return f"Its host answers with {status} instead of a calendar. Copy the calendar's address again."


def _short(value: str, most: int) -> str:
    """A tag that does not fit is none: then everything is sent again, which is only slower."""
    return value if len(value) <= most and value.isprintable() else ""


@transaction.atomic
def _keep(outside: OutsideCalendar, look: Look) -> None:
    """Write what a look found, unless the calendar is gone or somebody looked later."""
    instructor = calendar.lock_instructor(outside.instructor)
    fresh = OutsideCalendar.objects.filter(pk=outside.pk).first()
    if fresh is None or (fresh.checked_at and fresh.checked_at > look.at):
        return
    _write(instructor, fresh, look)


def _write(instructor: Instructor, outside: OutsideCalendar, look: Look) -> None:
    """The busy times and the facts about the calendar; the instructor's row is locked."""
    if look.busy is not None:
        added, removed = calendar.replace_outside(instructor, outside, look.busy.ranges)
        if added or removed:
            told = {"calendar": outside.pk, "name": outside.name, "added": added, "removed": removed}
            record(Kind.OUTSIDE_CALENDAR_CHANGED, instructor, data=told)
        outside.events = look.busy.events
    outside.etag, outside.last_modified = look.etag, look.last_modified
    outside.digest, outside.read_for = look.digest, look.read_for
    outside.checked_at = outside.tried_at = look.at
    outside.next_check_at = look.at + _spread(EVERY)
    outside.failures, outside.error = 0, ""
    outside.missed_at = outside.warned_at = None
    outside.save(
        update_fields=[
            "events", "etag", "last_modified", "digest", "read_for", "checked_at", "tried_at",
            "next_check_at", "failures", "error", "missed_at", "warned_at",
        ]
    )  # fmt: skip


@transaction.atomic
def _fail(outside: OutsideCalendar, refusal: DomainError, *, at: datetime) -> None:
    """Note what went wrong and come back later, ever later; what was known stays as it is."""
    instructor = calendar.lock_instructor(outside.instructor)
    pause = min(EVERY * 2 ** min(outside.failures, 10), LONGEST_PAUSE)
    OutsideCalendar.objects.filter(pk=outside.pk).update(
        tried_at=at,
        failures=F("failures") + 1,
        error=refusal.message[:300],
        next_check_at=at + _spread(pause),
    )
    if outside.failures + 1 >= WARN_AFTER:
        _warn(instructor, outside, at=at)


def _warn(instructor: Instructor, outside: OutsideCalendar, *, at: datetime) -> None:
    """Tell the instructor, once until it can be read again; the event brings a letter."""
    if OutsideCalendar.objects.filter(pk=outside.pk, warned_at=None).update(warned_at=at):
        data = {"calendar": outside.pk, "name": outside.name}
        record(Kind.OUTSIDE_CALENDAR_FAILING, instructor, data=data)


def _spread(pause: timedelta) -> timedelta:
    """Nine to eleven tenths of it, so that calendars do not all come at once."""
    return pause * random.uniform(0.9, 1.1)  # noqa: S311 (no secret)
