"""Plans that PostgreSQL may choose and seldom does."""

from django.db import connection

OTHER_WAYS = ("hashjoin", "hashagg", "mergejoin", "material", "memoize", "sort", "incremental_sort")


def run_subqueries_for_each_row(*tables: str) -> None:
    """For the rest of the transaction what stands in ``IN (…)`` is run anew for each row of a table.

    Rows that a statement has changed already are passed over by ``SKIP LOCKED`` within it, so that such a
    subquery finds others each time, whatever its ``LIMIT``.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")
        for way in OTHER_WAYS:
            cursor.execute(f"SET LOCAL enable_{way} = off")
