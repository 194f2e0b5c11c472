"""Keeping ``Offering.next_free_at`` near the truth as time goes by.

Whoever changes a calendar writes the bound down (``stored_days.refresh_next_free``). When nobody does, it
falls behind: the free hour it names is over, or has no room any more for the shortest lesson after the
shortest notice. It is still never too late, so “soonest first” stays right, but would have to look at more
and more offerings whose hour is gone.

Whoever shortens notice or lessons writes the bound anew without either (``catalogue.refresh_listing``).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from instainstru.rules import services as rules_service

# No zone is further behind UTC.
FURTHEST_ZONE = timedelta(hours=14)
# So many instructors at a time, so that no booking waits long for a row.
BATCH = 1000

_NOTICES = ("notice_online_min", "notice_at_instructor_min", "notice_at_student_min")
# Only a bound that is still the one we read is replaced: a booking or a cancellation knows better. So does
# who edits notice (and has the instructor's row) or lengths (and has changed the offering's).
_REFRESH = f"""
WITH late AS (
    SELECT o.instructor_id, min((SELECT min(length) FROM unnest(o.durations) AS length)) AS shortest
    FROM instructors_offering o
    WHERE o.instructor_id IN (
        SELECT one.instructor_id FROM instructors_offering one
        WHERE one.is_listed AND (one.next_free_at < %(now)s OR one.next_free_at IS NULL)
            AND one.instructor_id > %(after)s
        GROUP BY one.instructor_id ORDER BY one.instructor_id LIMIT %(batch)s)
    GROUP BY o.instructor_id
), fresh AS (
    SELECT i.id AS instructor_id, {", ".join(f"i.{name}" for name in _NOTICES)}, (
        SELECT lower(gap.span) FROM instructors_openday day CROSS JOIN LATERAL unnest(day.free) AS gap (span)
        WHERE day.instructor_id = i.id AND day.date >= %(first_day)s
            AND upper(gap.span) >= %(now)s::timestamptz + interval '1 minute' * (late.shortest
                + least({", ".join(f"greatest(%({name})s::int, i.{name})" for name in _NOTICES)}))
        ORDER BY day.date, lower(gap.span) LIMIT 1) AS start
    FROM late JOIN instructors_instructor i ON i.id = late.instructor_id
), before AS (
    SELECT o.id, o.next_free_at, o.durations, fresh.start
    FROM fresh JOIN instructors_offering o USING (instructor_id)
    JOIN instructors_instructor i ON i.id = fresh.instructor_id
    WHERE o.next_free_at IS DISTINCT FROM fresh.start
        AND {" AND ".join(f"i.{name} IS NOT DISTINCT FROM fresh.{name}" for name in _NOTICES)}
    FOR SHARE OF i SKIP LOCKED
), written AS (
    UPDATE instructors_offering o SET next_free_at = before.start
    FROM before WHERE o.id = before.id AND o.next_free_at IS NOT DISTINCT FROM before.next_free_at
        AND o.durations = before.durations
    RETURNING o.id
)
SELECT (SELECT max(instructor_id) FROM late), (SELECT count(*) FROM written)
"""  # noqa: S608 - only constants of this module are put in


def refresh(*, now: datetime) -> int:
    """Bring the bounds that lie in the past, or are missing, up to date; how many offerings changed."""
    after, changed = 0, 0
    rules = rules_service.current(fresh=True)
    values = {
        "now": now,
        **{name: getattr(rules, name) for name in _NOTICES},
        "first_day": (now - FURTHEST_ZONE).date(),
        "batch": BATCH,
    }
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_REFRESH, {**values, "after": after})
            last, number = cursor.fetchone()
        changed += number
        if last is None:
            return changed
        after = last
