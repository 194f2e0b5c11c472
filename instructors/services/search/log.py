"""What people search for, for staff: written once the visitor has the answer, and never in its way.

Rows of one second are written together, by a thread of the process on a connection of its own, in one
prepared statement that does not wait for the disk: a log may lose its last moment. Whatever goes wrong
with it is told to ours and nobody else.
"""

from __future__ import annotations

import atexit
import logging
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db.models import Q

from instainstru.lib import prepared
from instructors.models import SearchLog

logger = logging.getLogger(__name__)

# Who asked is kept so long, and what was asked (rules.md).
KNOWN_FOR, KEPT = timedelta(days=30), timedelta(days=90)
BATCH = 5000
# Reports look at so many of the latest searches at the most.
LOOKED_AT = 20_000
# So many rows wait for a database that is away; what comes after them is not written down.
MOST_WAITING = 10_000
# Seconds a process that ends gives to its last rows.
LAST_WORDS = 2

# The setting ends with the statement, which is a transaction of its own.
_INSERT = """
    INSERT INTO instructors_searchlog
        (created_at, source, text, subjects, unknown, relaxed, found, user_id, address)
    SELECT row.created_at, row.source, row.text, row.subjects, row.unknown, row.relaxed, row.found,
        row.user_id, row.address
    FROM (SELECT set_config('synchronous_commit', 'off', true)) unhurried,
        json_to_recordset(%(rows)s::json) AS row (
            created_at timestamptz, source varchar, text varchar, subjects varchar[], unknown varchar[],
            relaxed varchar[], found smallint, user_id bigint, address varchar)
"""


def write(values: dict[str, Any]) -> None:
    """Have one row written within ``SEARCH_LOG_DELAY`` seconds, or at once where that is nothing."""
    if settings.SEARCH_LOG_DELAY:
        _writer.add(values)
    else:
        insert([values])


def insert(rows: Sequence[dict[str, Any]]) -> None:
    """Write rows; a failure is logged and forgotten."""
    try:
        with prepared.cursor() as cursor:
            cursor.execute(_INSERT, {"rows": prepared.rows(rows)})
    except (DatabaseError, InterfaceError) as error:
        logger.warning("%s searches were not written down: %s", len(rows), error)


class _Writer:
    """The thread and what waits for it. It starts with the first row, in whichever process that is."""

    def __init__(self) -> None:
        self._rows: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._leaving = Event()
        self._starting = Lock()
        self._process = 0

    def add(self, values: dict[str, Any]) -> None:
        if self._rows.qsize() < MOST_WAITING:
            self._rows.put(values)
        if self._process != os.getpid():
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._process == os.getpid():
                return
            self._process = os.getpid()
            thread = Thread(target=self._run, name="search log", daemon=True)
            thread.start()
            atexit.register(self._leave, thread)

    def _run(self) -> None:
        while not self._leaving.is_set():
            rows = [self._rows.get()]
            self._leaving.wait(settings.SEARCH_LOG_DELAY)
            while len(rows) < BATCH:
                try:
                    rows.append(self._rows.get_nowait())
                except Empty:
                    break
            if rows := [row for row in rows if row]:
                close_old_connections()
                insert(rows)

    def _leave(self, thread: Thread) -> None:
        self._leaving.set()
        self._rows.put({})  # for a thread that waits for a row
        thread.join(LAST_WORDS)


_writer = _Writer()


def forget_people(*, now: datetime) -> int:
    """Take who asked off the rows of a month ago and before; how many."""
    known = Q(user_id__isnull=False) | Q(address__isnull=False)
    old = SearchLog.objects.filter(known, created_at__lt=now - KNOWN_FOR).order_by()
    ids = list(old.values_list("pk", flat=True)[:BATCH])
    return SearchLog.objects.filter(pk__in=ids).update(user_id=None, address=None)


def forget(*, now: datetime) -> int:
    """Delete rows of three months ago and before; how many."""
    old = SearchLog.objects.filter(created_at__lt=now - KEPT).order_by("pk")
    ids = list(old.values_list("pk", flat=True)[:BATCH])
    return SearchLog.objects.filter(pk__in=ids).delete()[0]


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence or a word, how often it was searched, and how often that found nobody."""

    text: str
    times: int
    in_vain: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What the latest ``searches`` say, of the days asked for."""

    searches: int
    in_vain: int
    is_partial: bool
    top: list[Line]
    nothing: list[Line]
    unknown: list[Line]


def report(*, now: datetime, days: int, number: int = 30) -> Report:
    """The most frequent sentences, those that found nobody, and the words nobody understood.

    One statement over the latest ``LOOKED_AT`` searches; older ones of the same days are left out then.
    """
    rows = SearchLog.objects.filter(created_at__gte=now - timedelta(days=days)).order_by("-pk")
    latest = list(rows.values_list("text", "found", "unknown")[:LOOKED_AT])
    texts = Counter(text for text, _, _ in latest if text)
    in_vain = Counter(text for text, found, _ in latest if text and not found)
    unknown = Counter(word for _, _, words in latest for word in set(words))
    lost = Counter(word for _, found, words in latest if not found for word in set(words))
    return Report(
        searches=len(latest),
        in_vain=sum(not found for _, found, _ in latest),
        is_partial=len(latest) == LOOKED_AT,
        top=_lines(texts.most_common(number), in_vain),
        nothing=_lines(in_vain.most_common(number), in_vain),
        unknown=_lines(unknown.most_common(number), lost),
    )


def _lines(counted: Iterable[tuple[str, int]], in_vain: Counter[str]) -> list[Line]:
    return [Line(text, times, in_vain[text]) for text, times in counted]
