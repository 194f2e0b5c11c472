"""Databases full of demo data, built once and kept beside the development database."""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from benchmarks.people import People
from instainstru import embedded

ROOT = Path(__file__).resolve().parent.parent
DAYS = 60
KEYS = 600
# A database whose hours end sooner is built anew.
FRESH = timedelta(days=35)


@dataclass(frozen=True)
class Bench:
    """A database of ``instructors``, and the people in it who have API keys."""

    instructors: int
    url: str
    people: People


def prepare(instructors: int, *, days: int = DAYS, rebuild: bool = False) -> Bench:
    """The database of that size, with hours for so many days: made, migrated, filled where it is not yet."""
    server = os.environ.get("BENCH_DATABASE_URL") or embedded.database_url()
    name = f"bench_{instructors}" if days == DAYS else f"bench_{instructors}_{days}_days"
    url = address(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known and (rebuild or is_stale(url, days)):
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            known = None
        if not known:
            print(f"Building {name}: a few minutes for each 100,000, once.", file=sys.stderr)
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    manage(url, "migrate", "--verbosity", "0")
    output = manage(
        url, "seed_demo", "--seed", "1", "--instructors", str(instructors),
        "--students", str(max(2000, instructors // 5)), "--bookings", str(instructors),
        "--keys", str(KEYS), "--days", str(days), "--json",
    )  # fmt: skip
    if not known:
        with psycopg.connect(url, autocommit=True) as connection:
            # What autovacuum would do within minutes: index-only scans need the visibility map.
            connection.execute("VACUUM (ANALYZE)")
    catch_up(url)
    return Bench(instructors, url, People.of(output))


def address(url: str, name: str) -> str:
    """Of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def catch_up(url: str) -> None:
    """What beat does every five minutes: who was free next an hour ago is not what a search meets."""
    manage(
        url, "shell", "--no-imports", "--command",
        "from instainstru.lib import clock\n"
        "from instructors.services.search import bounds\n"
        "bounds.refresh(now=clock.now())",
    )  # fmt: skip
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM instructors_offering")


def is_stale(url: str, days: int) -> bool:
    """Whether the hours end too soon; also for a database that was never finished."""
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT max(open_until) FROM instructors_instructor").fetchone()
    except psycopg.Error:
        return True
    return not row or row[0] is None or row[0] < date.today() + FRESH * days / DAYS  # noqa: DTZ011 - a day more or less


@dataclass(frozen=True)
class FreeTime:
    """A time somebody could book now."""

    offering: int
    instructor: int
    slug: str
    starts_at: str
    duration_min: int


_FREE = """
    WITH chosen AS (
        -- Apart from the order: one random() of a statement is taken for the other, so that the days would
        -- be as small as what is sorted by.
        SELECT id, slug, %(first_day)s + floor(random() * %(days)s)::int AS days
        FROM (
            SELECT id, slug FROM instructors_instructor
            WHERE status = 'listed' ORDER BY random() LIMIT %(sample)s) found
    )
    SELECT DISTINCT ON (chosen.id) offering.id, chosen.id, chosen.slug, start, offering.durations[1]
    FROM chosen
    JOIN instructors_offering offering ON offering.instructor_id = chosen.id
    JOIN instructors_openday day ON day.instructor_id = chosen.id AND day.date = current_date + chosen.days
    CROSS JOIN LATERAL unnest(day.free) AS span
    -- Some whole hours into it, or all would ask for the first hour of a day and be in each other's way.
    CROSS JOIN LATERAL (
        SELECT extract(epoch FROM upper(span) - lower(span)) / 60 - offering.durations[1]) rest (min)
    CROSS JOIN LATERAL (
        SELECT lower(span) + floor(random() * (floor(rest.min / 60) + 1)) * interval '1 hour') at (start)
    WHERE offering.is_listed AND offering.modalities[1] <> 'at_student'
      AND rest.min >= 0
      AND start > now() + %(from_hour)s * interval '1 hour'
      AND start < now() + %(to_hour)s * interval '1 hour'
    LIMIT %(number)s
"""


# So that a lesson's card is due later, or at once: days to look at, and hours from now.
LATER = {"first_day": 2, "days": 30, "from_hour": 25, "to_hour": 34 * 24}
AT_ONCE = {"first_day": 0, "days": 2, "from_hour": 4, "to_hour": 23}


def free_times(url: str, number: int, *, when: dict[str, int] = LATER, sample: int = 4) -> list[FreeTime]:
    """So many free times, each of another instructor, others in every run."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(_FREE, {"number": number, "sample": number * sample, **when}).fetchall()
    return [
        FreeTime(offering, instructor, slug, f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", duration)
        for offering, instructor, slug, start, duration in rows
    ]


@dataclass(frozen=True)
class Listed:
    """An instructor and one of their offerings."""

    instructor: int
    slug: str
    offering: int


_LISTED = """
    SELECT id, slug, (SELECT min(id) FROM instructors_offering WHERE instructor_id = instructor.id)
    FROM instructors_instructor instructor WHERE status = 'listed' ORDER BY md5(slug) LIMIT %s
"""


def some_instructors(url: str, number: int) -> list[Listed]:
    """Listed instructors, the same in every run."""
    with psycopg.connect(url) as connection:
        return [Listed(*row) for row in connection.execute(_LISTED, [number]).fetchall()]


_TEACHERS = """
    SELECT DISTINCT ON (instructor_id) instructor_id, id FROM bookings_booking
    WHERE status = 'completed' ORDER BY instructor_id, id LIMIT %s
"""
# Copies of one lesson, 17 hours apart over the year that is over, each with another student.
_LESSONS = """
    INSERT INTO bookings_booking ({columns})
    SELECT {values} FROM bookings_booking old, generate_series(1, %(missing)s) AS number
    WHERE old.id = %(example)s
"""
_OWN = {
    "id": "gen_random_uuid()",
    "student_id": "(SELECT id FROM students_student ORDER BY id OFFSET number % 50 LIMIT 1)",
    "starts_at": "now() - number * interval '17 hours'",
    "ends_at": "now() - number * interval '17 hours' + interval '1 hour'",
    "ended_at": "now() - number * interval '17 hours' + interval '2 hours'",
}
_FEED = """
    INSERT INTO accounts_calendarfeed (user_id, role, digest, with_holds, created_at, last_read_at)
    SELECT user_id, 'instructor', %(digest)s, false, now(), now() + interval '1 day'
    FROM instructors_instructor WHERE id = %(instructor)s
    ON CONFLICT (user_id, role) DO UPDATE SET digest = EXCLUDED.digest, last_read_at = EXCLUDED.last_read_at
"""


def feeds(url: str, number: int, *, lessons: int) -> list[str]:
    """Addresses of so many instructors' calendars, each with that many lessons of a year."""
    addresses = []
    with psycopg.connect(url) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'bookings_booking'"
            )
        ]
        copy = sql.SQL(_LESSONS).format(
            columns=sql.SQL(", ").join(map(sql.Identifier, names)),
            values=sql.SQL(", ").join(
                sql.SQL(_OWN[name].replace("%", "%%")) if name in _OWN else sql.Identifier("old", name)
                for name in names
            ),
        )
        for instructor, example in connection.execute(_TEACHERS, [number]).fetchall():
            row = connection.execute(
                "SELECT count(*) FROM bookings_booking WHERE instructor_id = %s"
                " AND status IN ('confirmed', 'completed') AND starts_at > now() - interval '360 days'",
                [instructor],
            ).fetchone()
            missing = max(0, lessons - (row[0] if row else 0))
            connection.execute(copy, {"missing": missing, "example": example})
            token = secrets.token_urlsafe(32)
            digest = hashlib.sha256(token.encode()).hexdigest()
            connection.execute(_FEED, {"digest": digest, "instructor": instructor})
            addresses.append(f"/calendar/{token}.ics")
    return addresses


def manage(url: str, *command: str) -> str:
    """A Django command against that database in development mode; its progress goes to stderr."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "DATABASE_URL": url, "DEBUG": "on"},
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"manage.py {command[0]} failed.\n{done.stdout}")
    return done.stdout


def deadlocks(url: str) -> int:
    """How many deadlocks the database has seen."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    return int(row[0]) if row else 0
