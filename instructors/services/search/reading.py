"""What a search text means, as the search specification words it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Reading:
    """What a text means; the keys of the search specification and nothing else."""

    subjects: list[str] = field(default_factory=list)
    exclude_subjects: list[str] = field(default_factory=list)
    category: str | None = None
    price_min: int | None = None
    price_max: int | None = None
    date_from: str | None = None
    date_to: str | None = None
    weekdays: list[str] = field(default_factory=list)
    time_from: str | None = None
    time_to: str | None = None
    location: str | None = None
    near_me: bool = False
    modality: str | None = None
    duration_min: int | None = None
    level: str | None = None
    audience: str | None = None
    age: int | None = None
    sort: str | None = None
    status: str = "ok"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Parsed:
    """A reading and the words that were not understood."""

    reading: Reading
    unknown: list[str]
