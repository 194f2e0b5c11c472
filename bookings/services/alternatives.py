"""What to offer instead of a time that is gone: the instructor's nearest others, and who else is free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Any

from django.db import connection

from bookings.services.wanted import Wanted
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import Offering
from instructors.services import openings
from instructors.services.slots import limits_of, why_refused

MOST = 3
# How far from the wanted start an instructor's other times may lie.
REACH = timedelta(days=14)
# The best ranked offerings of the subject that are looked at for somebody free; more would be waiting.
CANDIDATES = 400

# The walk follows the index on (subject, rank); who is free is looked up by the key of the open days.
# A local date differs from the UTC date by at most one.
_FREE_THEN = """
    SELECT best.id FROM (
        SELECT id, instructor_id, rank FROM instructors_offering
        WHERE is_listed AND subject_id = %(subject)s AND instructor_id <> %(instructor)s
            AND %(duration)s = ANY(durations) AND %(modality)s = ANY(modalities)
        ORDER BY rank DESC, id LIMIT %(candidates)s) best
    WHERE EXISTS (
        SELECT FROM instructors_openday day
        WHERE day.instructor_id = best.instructor_id
            AND day.date BETWEEN %(first)s AND %(last)s
            AND CASE WHEN %(travels)s THEN COALESCE(day.free_travel, day.free) ELSE day.free END
                @> tstzrange(%(start)s, %(end)s))
    ORDER BY best.rank DESC, best.id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """``same_instructor``: starts, nearest first; ``others``: offerings free then, best first."""

    same_instructor: list[datetime]
    others: list[Offering]


def near(wanted: Wanted, *, now: datetime) -> Alternatives:
    """Up to three of each. Reads only, and outside the transaction that was refused: it holds no locks."""
    rules = rules_service.current()
    return Alternatives(_same_instructor(wanted, now=now, rules=rules), _others(wanted, now=now, rules=rules))


def _same_instructor(wanted: Wanted, *, now: datetime, rules: Rules) -> list[datetime]:
    starts = openings.starts(
        openings.Lesson(wanted.offering, wanted.duration_min, wanted.modality),
        low=wanted.starts_at - REACH,
        high=wanted.starts_at + REACH,
        now=now,
        rules=rules,
    )
    others = (start for start in starts if start != wanted.starts_at)
    return nsmallest(MOST, others, key=lambda start: abs(start - wanted.starts_at))


def _others(wanted: Wanted, *, now: datetime, rules: Rules) -> list[Offering]:
    day = wanted.starts_at.date()
    values: dict[str, Any] = {
        "subject": wanted.offering.subject_id,
        "instructor": wanted.offering.instructor_id,
        "duration": wanted.duration_min,
        "modality": str(wanted.modality),
        "travels": wanted.travels,
        "candidates": CANDIDATES,
        "first": day - timedelta(days=1),
        "last": day + timedelta(days=1),
        "start": wanted.starts_at,
        "end": wanted.ends_at,
        # Some may ask for a longer notice than others.
        "most": MOST * 4,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FREE_THEN, values)
        ids = [row[0] for row in cursor.fetchall()]
    found = (
        Offering.objects.select_related("subject", "instructor__user", "instructor__place").in_bulk(ids)
        if ids
        else {}
    )
    free = (found[pk] for pk in ids if pk in found)
    return [offering for offering in free if _may_start(offering, wanted, now=now, rules=rules)][:MOST]


def _may_start(offering: Offering, wanted: Wanted, *, now: datetime, rules: Rules) -> bool:
    limits = limits_of(offering.instructor, rules)
    return why_refused(limits, modality=wanted.modality, start=wanted.starts_at, now=now) is None
