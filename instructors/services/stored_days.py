"""Open days as the database has them, and what search goes by with them; ``calendar.py`` says what they are.

On each offering two bounds are kept: ``next_free_at``, never too late, and ``week_bits``, never too few. The
latter are only added to while a part of the calendar is known, because others may free time meanwhile; an
offering that is new has them all until its calendar is derived whole.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from instainstru.lib import clock, prepared
from instainstru.lib.multirange import literal
from instructors.models import Instructor, OpenDay
from instructors.services import week_bits
from instructors.services.open_days import Day, Free

_WRITE = """
    INSERT INTO instructors_openday (instructor_id, date, free, free_travel)
    SELECT owner, day, free::tstzmultirange, travel::tstzmultirange
    FROM json_to_recordset(%(rows)s::json) AS derived (owner bigint, day date, free text, travel text)
    ON CONFLICT (instructor_id, date)
    DO UPDATE SET free = EXCLUDED.free, free_travel = EXCLUDED.free_travel
"""
_ADD_BITS = """
    UPDATE instructors_offering o SET week_bits = o.week_bits | fresh.bits
    FROM json_to_recordset(%(rows)s::json) AS fresh (owner bigint, bits bigint)
    WHERE o.instructor_id = fresh.owner AND o.week_bits | fresh.bits <> o.week_bits
"""


def write(days: dict[Day, Free]) -> None:
    """Store derived days, new or known, of any instructors."""
    if not days:
        return
    bits = [{"owner": owner, "bits": own} for owner, own in bits_of(days).items()]
    with prepared.cursor() as cursor:
        cursor.execute(_WRITE, {"rows": _rows(days)})
        cursor.execute(_ADD_BITS, {"rows": prepared.rows(bits)})


def bits_of(days: dict[Day, Free]) -> dict[int, int]:
    """By instructor, when in the week these days have time (``week_bits.py``)."""
    bits: dict[int, int] = {}
    for (owner, _), free in days.items():
        bits[owner] = bits.get(owner, 0) | week_bits.of(free.plain)
    return bits


def _rows(days: dict[Day, Free]) -> str:
    return prepared.rows(
        [
            {
                "owner": owner,
                "day": day,
                "free": literal(free.plain),
                "travel": None if free.travel == free.plain else literal(free.travel),
            }
            for (owner, day), free in sorted(days.items(), key=itemgetter(0))
        ]
    )


# The start of the first free range that is not over.
_FIRST = """
    SELECT date, lower(span) AS start FROM {days} day CROSS JOIN LATERAL unnest(day.free) AS gap (span)
    WHERE {of} day.date >= %(today)s AND upper(span) > %(now)s ORDER BY date, span LIMIT 1
"""
_FIRST_OF_OWN = _FIRST.format(days="instructors_openday", of="day.instructor_id = %(instructor)s AND {of}")
# Of the bits that are written down those of ``kept`` stay.
KEEP_ALL, KEEP_NONE = -1, 0
_BOUNDS = """
    UPDATE instructors_offering
    SET next_free_at = soonest.start, week_bits = week_bits & %(kept)s::bigint | %(bits)s::bigint
    FROM (SELECT (SELECT start FROM ({first}) first ORDER BY date LIMIT 1) AS start) AS soonest
    WHERE instructor_id = %(instructor)s AND (next_free_at IS DISTINCT FROM soonest.start
        OR week_bits <> (week_bits & %(kept)s::bigint | %(bits)s::bigint))
"""
_REFRESH = _BOUNDS.format(first=_FIRST_OF_OWN.format(of=""))
# The rest of a statement does not see what it has written: that is looked at beside the other days.
_OTHERS = _FIRST_OF_OWN.format(of="day.date NOT IN (SELECT date FROM written) AND")
_WRITTEN = _FIRST.format(days="written", of="")
_WRITE_OF_ONE = "WITH written AS ({write} RETURNING date, free) {update}".format(
    write=_WRITE, update=_BOUNDS.format(first=f"({_OTHERS}) UNION ALL ({_WRITTEN})")
)


def write_own(instructor: Instructor, days: dict[Day, Free], *, whole: dict[Day, Free] | None = None) -> None:
    """Store derived days of one instructor, if there are any, and the bounds with them; one statement.

    ``whole`` is the calendar with all days that do not differ, where it is known and locked: only then is
    it sure that bits may go.
    """
    kept, known = (KEEP_ALL, days) if whole is None else (KEEP_NONE, whole)
    values = {"kept": kept, "bits": bits_of(known).get(instructor.pk, 0), **_here_and_now(instructor)}
    with prepared.cursor() as cursor:
        if days:
            cursor.execute(_WRITE_OF_ONE, {"rows": _rows(days), **values})
        else:
            cursor.execute(_REFRESH, values)


def refresh_next_free(instructor: Instructor) -> None:
    """Write the start of the first free range that is not over down on the offerings: search's bound.

    ``search/bounds.py`` moves it on when the range is over and nobody changed the calendar.
    """
    with prepared.cursor() as cursor:
        cursor.execute(_REFRESH, {"kept": KEEP_ALL, "bits": 0, **_here_and_now(instructor)})


def store(day: OpenDay) -> None:
    """Store a (locked) day of which something was taken."""
    travel = None if day.free_travel is None else literal(day.free_travel)
    with prepared.cursor() as cursor:
        cursor.execute(
            "UPDATE instructors_openday SET free = %s::tstzmultirange, free_travel = %s::tstzmultirange"
            " WHERE instructor_id = %s AND date = %s",
            [literal(day.free), travel, day.instructor_id, day.date],
        )


def _here_and_now(instructor: Instructor) -> dict[str, Any]:
    return {"instructor": instructor.pk, "today": clock.today(instructor.time_zone), "now": clock.now()}
