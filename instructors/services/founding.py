"""Founding instructors: a limited number of places, each a number that one instructor has for life.

The places are the numbers from 1 to what the rules say. Taking one writes the smallest number that nobody
has; two who take the same one at once meet in the unique index, and the second looks again. So there are
never more of them than places, and nobody counts. Fewer places in the rules take none away.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.rules import services as rules_service
from instructors.models import Instructor
from instructors.services import calendar
from instructors.services.search import rank

# Each attempt that is lost was won by somebody else.
ATTEMPTS = 20

_TAKE = """
UPDATE instructors_instructor SET founding_place = (
    SELECT min(place) FROM generate_series(1, %(places)s) AS place
    WHERE NOT EXISTS (SELECT 1 FROM instructors_instructor other WHERE other.founding_place = place)
)
WHERE id = %(instructor)s AND founding_place IS NULL
RETURNING founding_place
"""


def admit(locked: Instructor) -> bool:
    """Give a listed instructor a founding place if there is one; True where they got it now.

    To be called in the transaction that lists them, with their row locked.
    """
    places = rules_service.current(fresh=True).founding_places
    if not places or not locked.is_listed or locked.is_founding:
        return False
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_TAKE, {"places": places, "instructor": locked.pk})
                [taken] = cursor.fetchone()
        except IntegrityError:
            continue
        locked.founding_place = taken
        if taken is not None:
            record(Kind.INSTRUCTOR_FOUNDING, locked, data={"place": taken})
        return taken is not None
    return False


def fill(*, now: datetime, limit: int = 200) -> int:
    """Give the places that are left to those listed already, first verified first; how many got one."""
    places = rules_service.current(fresh=True).founding_places
    free = places - Instructor.objects.filter(founding_place__lte=places).count()
    if free <= 0:
        return 0
    waiting = Instructor.objects.filter(status=Instructor.Status.LISTED, founding_place__isnull=True)
    first = waiting.order_by("verified_at", "pk").values_list("pk", flat=True)[: min(free, limit)]
    return sum(_admit_later(pk, now=now) for pk in list(first))


@transaction.atomic
def _admit_later(instructor_id: int, *, now: datetime) -> bool:
    admitted = admit(calendar.lock_instructor(Instructor(pk=instructor_id)))
    if admitted:
        rank.refresh([instructor_id], now=now)
    return admitted
