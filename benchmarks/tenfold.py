"""A large database out of a small one: everybody who teaches, many times over.

Loading a million instructors one by one takes hours. Their searches read four tables, and those are copied
within the database: each copy of an instructor has another id, stands a few hundred metres off and is
ranked a little otherwise; hours, prices and words stay the same. Nobody's lessons or letters are copied.
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from tqdm import tqdm

from benchmarks import databases
from benchmarks.databases import Bench

# Referenced rows first. What is not named here is copied as it is; ``n`` counts the copies, and ``users``,
# ``instructors`` and ``offerings`` are further apart than any two ids of that kind.
_INSTRUCTOR = "instructor_id + %(n)s * %(instructors)s"
_NORTH, _EAST = "0.003 * sin({who})", "0.003 * cos({who} * 1.3)"
TABLES: dict[str, dict[str, str]] = {
    "accounts_user": {"id": "id + %(n)s * %(users)s", "email": "'copy' || %(n)s || '.' || email"},
    "instructors_instructor": {
        "id": "id + %(n)s * %(instructors)s",
        "user_id": "user_id + %(n)s * %(users)s",
        "slug": "slug || '-copy-' || %(n)s",
        "latitude": f"latitude + {_NORTH.format(who='(id + %(n)s * %(instructors)s)')}",
        "longitude": f"longitude + {_EAST.format(who='(id + %(n)s * %(instructors)s)')}",
    },
    "instructors_offering": {
        "id": "id + %(n)s * %(offerings)s",
        "instructor_id": _INSTRUCTOR,
        "rank": "rank + 0.03 * sin(id + %(n)s * %(offerings)s)",
        "latitude": f"latitude + {_NORTH.format(who=f'({_INSTRUCTOR})')}",
        "longitude": f"longitude + {_EAST.format(who=f'({_INSTRUCTOR})')}",
    },
    "instructors_openday": {"instructor_id": _INSTRUCTOR},
}
# Which rows are the first ones' and not copies.
_FIRST = {
    "accounts_user": "id IN (SELECT user_id FROM instructors_instructor WHERE id < %(instructors)s)",
    "instructors_instructor": "id < %(instructors)s",
    "instructors_offering": "id < %(offerings)s",
    "instructors_openday": "instructor_id < %(instructors)s",
}


def prepare(small: Bench, *, times: int, days: int, rebuild: bool = False) -> Bench:
    """The database with so many times the instructors: copied where it is not there yet."""
    name = f"bench_{small.instructors * times}_{days}_days"
    large = Bench(small.instructors * times, databases.address(small.url, name), small.people)
    with psycopg.connect(databases.address(small.url, "postgres"), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known and (rebuild or databases.is_stale(large.url, days)):
            _drop(connection, name)
            known = None
        if not known:
            print(f"Building {name} out of {_name(small.url)}, once.", file=sys.stderr)
            _build(connection, small, large, times=times)
    databases.manage(large.url, "migrate", "--verbosity", "0")
    databases.catch_up(large.url)
    return large


def _build(connection: psycopg.Connection, small: Bench, large: Bench, *, times: int) -> None:
    """Under another name until it is whole."""
    unfinished = f"{_name(large.url)}_unfinished"
    url = databases.address(large.url, unfinished)
    _drop(connection, unfinished)
    with psycopg.connect(small.url, autocommit=True) as source:
        # Ranking after loading left its indexes half empty; those of the copy are made anew.
        source.execute("REINDEX TABLE instructors_offering")
    connection.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            sql.Identifier(unfinished), sql.Identifier(_name(small.url))
        )
    )
    with psycopg.connect(url, autocommit=True) as copied:
        _multiply(copied, times)
        copied.execute("VACUUM (ANALYZE)")
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(unfinished), sql.Identifier(_name(large.url))
        )
    )


def _multiply(connection: psycopg.Connection, times: int) -> None:
    # References are right by construction, and looking each of them up would take as long as the rest.
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET maintenance_work_mem = '1GB'")
    apart = connection.execute(
        "SELECT (SELECT max(id) + 1 FROM accounts_user), (SELECT max(id) + 1 FROM instructors_instructor),"
        " (SELECT max(id) + 1 FROM instructors_offering)"
    ).fetchone()
    values = dict(zip(("users", "instructors", "offerings"), apart or (), strict=True))
    with tqdm(total=len(TABLES) * (times - 1) + len(TABLES), desc="copies") as bar:
        for table in TABLES:
            indexes = _plain_indexes(connection, table)
            for name, _ in indexes:
                connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
            statement = _statement(connection, table)
            for n in range(1, times):
                with psycopg.ClientCursor(connection) as cursor:
                    cursor.execute(statement, {**values, "n": n})
                bar.update()
            for _, definition in indexes:
                connection.execute(definition.encode())
            bar.update()


def _statement(connection: psycopg.Connection, table: str) -> sql.Composed:
    columns = [
        row[0]
        for row in connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
        )
    ]
    own = TABLES[table]
    return sql.SQL("INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE {first}").format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(
            sql.SQL(own[column]) if column in own else sql.Identifier(column) for column in columns
        ),
        first=sql.SQL(_FIRST[table]),
    )


def _plain_indexes(connection: psycopg.Connection, table: str) -> list[tuple[str, str]]:
    """Names and definitions of the indexes that are no constraint."""
    return connection.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass AND NOT indisunique",
        [table],
    ).fetchall()


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _name(url: str) -> str:
    return urlsplit(url).path.lstrip("/")
