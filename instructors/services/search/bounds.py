"""Keeping ``Offering.next_free_at`` near the truth as time goes by.

Whoever changes a calendar writes the bound down (``calendar.refresh_next_free``). When nobody does, it
falls behind: the free hour it names is over, or will be before anybody's notice is. It is still never too
late, so “soonest first” stays right, but would have to look at more and more offerings whose hour is gone.

The notice is that of the rules, which instructors may only lengthen. Where staff shorten it, the days are
derived again, and the bounds with them (``calendar.rebuild``).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from instainstru.rules import services as rules_service

# No zone is further behind UTC.
FURTHEST_ZONE = timedelta(hours=14)
# So many instructors at a time, so that no booking waits long for a row.
BATCH = 1000

# Only a bound that is still the one we read is replaced: a booking or a cancellation knows better.
_REFRESH = """
WITH late AS (
    SELECT DISTINCT ON (o.instructor_id) o.instructor_id
    FROM instructors_offering o
    WHERE o.is_listed AND (o.next_free_at < %(now)s OR o.next_free_at IS NULL)
        AND o.instructor_id > %(after)s
    ORDER BY o.instructor_id LIMIT %(batch)s
), fresh AS (
    SELECT late.instructor_id, (
        SELECT lower(gap.span) FROM instructors_openday day CROSS JOIN LATERAL unnest(day.free) AS gap (span)
        WHERE day.instructor_id = late.instructor_id AND day.date >= %(first_day)s
            AND upper(gap.span) > %(bookable)s
        ORDER BY day.date, lower(gap.span) LIMIT 1) AS start
    FROM late
), before AS (
    SELECT o.id, o.next_free_at, fresh.start
    FROM fresh JOIN instructors_offering o USING (instructor_id)
    WHERE o.next_free_at IS DISTINCT FROM fresh.start
), written AS (
    UPDATE instructors_offering o SET next_free_at = before.start
    FROM before WHERE o.id = before.id AND o.next_free_at IS NOT DISTINCT FROM before.next_free_at
    RETURNING o.id
)
SELECT (SELECT max(instructor_id) FROM late), (SELECT count(*) FROM written)
"""


def refresh(*, now: datetime) -> int:
    """Bring the bounds that lie in the past, or are missing, up to date; how many offerings changed."""
    after, changed = 0, 0
    rules = rules_service.current(fresh=True)
    notice = min(rules.notice_online_min, rules.notice_at_instructor_min, rules.notice_at_student_min)
    values = {
        "now": now,
        "bookable": now + timedelta(minutes=notice),
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
