"""Every US ZIP code with its centre, from the ``zipcodes`` package."""

from __future__ import annotations

from typing import Any

import zipcodes

# A ZIP code in a city reaches about this far; in the country it is more, and "near" is widened anyway.
REACH_KM = 2.0


def load(place_model: Any) -> None:
    """Write the ZIP codes that have a centre; those there already stay."""
    rows = (
        place_model(
            slug=entry["zip_code"],
            name=entry["zip_code"],
            kind="zip",
            parent=f"{entry['city']}, {entry['state']}"[:60],
            latitude=float(entry["lat"]),
            longitude=float(entry["long"]),
            radius_km=REACH_KM,
        )
        for entry in zipcodes.list_all()
        if entry["lat"] and entry["long"]
    )
    place_model.objects.bulk_create(rows, batch_size=5000, ignore_conflicts=True)
