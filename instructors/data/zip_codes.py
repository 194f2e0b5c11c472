"""Every US ZIP code with its centre, from the ``zipcodes`` package."""

from __future__ import annotations

from typing import Any

import zipcodes
from django.db import connection

# A ZIP code in a city reaches about this far; in the country it is more, and "near" is widened anyway.
REACH_KM = 2.0

_ADD = """
    INSERT INTO {table} (slug, name, kind, parent, latitude, longitude, radius_km)
    SELECT code, code, 'zip', town, latitude, longitude, %s FROM given_zip_codes ON CONFLICT DO NOTHING
"""


def load(place_model: Any) -> None:
    """Write the ZIP codes that have a centre; those there already stay. Forty thousand: by COPY."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE given_zip_codes (code text, town text, latitude float8, longitude float8)"
        )
        with cursor.copy("COPY given_zip_codes FROM STDIN") as copy:
            for entry in zipcodes.list_all():
                if entry["lat"] and entry["long"]:
                    town = f"{entry['city']}, {entry['state']}"[:60]
                    copy.write_row((entry["zip_code"], town, float(entry["lat"]), float(entry["long"])))
        cursor.execute(_ADD.format(table=connection.ops.quote_name(place_model._meta.db_table)), [REACH_KM])
        cursor.execute("DROP TABLE given_zip_codes")
