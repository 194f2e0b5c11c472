"""What a word for a place means: a point and how far around it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from instructors.models import Place
from instructors.services import places

# Nobody means "within 500 metres": small places are widened to this.
LEAST_RADIUS_KM = 3.0
KM_A_DEGREE = 111.32


@dataclass(frozen=True, slots=True)
class Around:
    """A circle on the map; for a borough, what lies in it and belongs to the borough."""

    name: str
    latitude: float
    longitude: float
    radius_km: float
    borough: str | None = None

    @property
    def km_a_degree_east(self) -> float:
        return KM_A_DEGREE * math.cos(math.radians(self.latitude))

    def box(self) -> tuple[float, float, float, float]:
        """(south, north, west, east) around the circle."""
        north, east = self.radius_km / KM_A_DEGREE, self.radius_km / max(self.km_a_degree_east, 1)
        return (
            self.latitude - north,
            self.latitude + north,
            self.longitude - east,
            self.longitude + east,
        )

    def km_to(self, latitude: float, longitude: float) -> float:
        """Flat-earth distance, right to a few metres within a city."""
        return math.hypot(
            (latitude - self.latitude) * KM_A_DEGREE, (longitude - self.longitude) * self.km_a_degree_east
        )


def resolve(text: str, *, radius_km: float | None = None) -> Around | None:
    """The circle meant by a place's name, short name, ZIP code, or "latitude,longitude"; None if unknown."""
    point = re.fullmatch(r"(-?\d{1,2}(?:\.\d{1,8})?)\s*,\s*(-?\d{1,3}(?:\.\d{1,8})?)", text.strip())
    if point:
        latitude, longitude = float(point.group(1)), float(point.group(2))
        if abs(latitude) > 85 or abs(longitude) > 180:
            return None
        return Around("Near you", latitude, longitude, radius_km or LEAST_RADIUS_KM)
    place = _named(" ".join(text.lower().split()))
    if place is None:
        return None
    reach = radius_km or max(place.radius_km, LEAST_RADIUS_KM)
    borough = place.slug if place.kind == Place.Kind.BOROUGH and radius_km is None else None
    return Around(place.name, place.latitude, place.longitude, reach, borough)


@lru_cache(maxsize=2048)
def _named(text: str) -> Place | None:
    """Places come from a file and do not move, so remembering them for the process is safe.

    Places that are not known are remembered too; a new one is found after a restart.
    """
    return places.named(text)
