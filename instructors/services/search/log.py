"""What people search for, for staff: written once the visitor has the answer, and never in its way.

One row a search, by one prepared statement that does not wait for the disk: a log may lose its last
moment. Whatever goes wrong with it is told to ours and nobody else.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db.models import Q

from instainstru.lib import prepared
from instructors.models import SearchLog

logger = logging.getLogger(__name__)

# Who asked is kept so long, and what was asked (rules.md).
KNOWN_FOR, KEPT = timedelta(days=30), timedelta(days=90)
BATCH = 5000
# Reports look at so many of the latest searches at the most.
LOOKED_AT = 20_000

# The setting ends with the statement, which is a transaction of its own.
_INSERT = """
    INSERT INTO instructors_searchlog
        (created_at, source, text, subjects, unknown, relaxed, found, user_id, address)
    SELECT %(created_at)s::timestamptz, %(source)s::varchar, %(text)s::varchar, %(subjects)s::varchar[],
        %(unknown)s::varchar[], %(relaxed)s::varchar[], %(found)s::smallint, %(user_id)s::bigint,
        %(address)s::varchar
    FROM (SELECT set_config('synchronous_commit', 'off', true)) unhurried
"""


def write(values: dict[str, Any]) -> None:
    """Write one row; a failure is logged and forgotten."""
    try:
        with prepared.cursor() as cursor:
            cursor.execute(_INSERT, values)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("A search was not written down: %s", error)


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


# -- Reports -----------------------------------------------------------------------------------------


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
