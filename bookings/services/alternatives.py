"""What to offer instead of a time that is gone: the nearest others, and who else is free then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest

from bookings.services.wanted import Wanted
from instainstru.rules import services as rules_service
from instructors.models import Offering
from instructors.services import openings
from instructors.services.search import find, vocabulary
from instructors.services.search.query import Query

MOST = 3
# How far from the wanted start an instructor's other times may lie.
REACH = timedelta(days=14)
# A window this wide has one start in it.
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Alternatives:
    """``same_instructor``: starts, nearest first; ``others``: offerings free at that time, best first."""

    same_instructor: list[datetime]
    others: list[Offering]


def near(wanted: Wanted, *, now: datetime) -> Alternatives:
    """Up to three of each. Reads only, and outside the transaction that was refused: it holds no locks."""
    return Alternatives(same_instructor(wanted, now=now), _others(wanted, now=now))


def same_instructor(wanted: Wanted, *, now: datetime) -> list[datetime]:
    """The instructor's starts nearest to the wanted one."""
    starts = openings.starts(
        openings.Lesson(wanted.offering, wanted.duration_min, wanted.modality),
        low=wanted.starts_at - REACH,
        high=wanted.starts_at + REACH,
        now=now,
        rules=rules_service.current(),
    )
    others = (start for start in starts if start != wanted.starts_at)
    return nsmallest(MOST, others, key=lambda start: abs(start - wanted.starts_at))


def _others(wanted: Wanted, *, now: datetime) -> list[Offering]:
    """A search for the same thing at the same time, with anybody else."""
    same = Query(
        wanted.instructor.time_zone,
        subjects=(wanted.offering.subject.slug,),
        low=wanted.starts_at,
        high=wanted.starts_at + INSTANT,
        duration=wanted.duration_min,
        modality=wanted.modality,
    )
    found = find.find(
        same,
        now=now,
        vocabulary=vocabulary.current(),
        limit=MOST,
        starts=1,
        exclude_instructor=wanted.instructor.pk,
    )
    ids = [result.row.id for result in found.results]
    offerings = Offering.objects.select_related("subject", "instructor__user", "instructor__place")
    by_id = offerings.in_bulk(ids) if ids else {}
    return [by_id[pk] for pk in ids if pk in by_id]
