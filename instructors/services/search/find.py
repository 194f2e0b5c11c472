"""From a query to bookable times: one walk along an index, stopping as soon as a page is full.

The walk (``walk.py``, ``sql.py``) reads ``Offering`` in the order asked for, drops what cheap conditions
exclude, looks up the open days of the rest by their key and ends at the limit. Starts are cut here by the
same rules as everywhere (``slots.py``); rows left without any are dropped and the walk goes on.

Two statements make a page as a rule: who has time, and what is shown of them. ``order.py`` tells what is
done for sorts whose key no index holds. ``recommended`` with a place weighs distance among the best ranked
nearby.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from instainstru.lib import paging
from instainstru.lib.errors import Invalid
from instainstru.lib.intervals import Range
from instructors.services.search import asked as asking
from instructors.services.search import order, zones
from instructors.services.search.places import Around
from instructors.services.search.query import Query
from instructors.services.search.vocabulary import Named, Vocabulary
from instructors.services.search.walk import Place, Row
from instructors.services.slots import Seconds, spans

# A page is given up after this many rounds in which nearly every row had no time left.
MOST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Result:
    """One offering with its next bookable starts (epoch seconds), for the length and modality shown."""

    row: Row
    subject: Named
    seconds: list[int]
    distance_km: float | None

    @property
    def duration_min(self) -> int:
        return self.row.duration_min

    @property
    def modality(self) -> str:
        return self.row.modality

    @property
    def starts(self) -> list[datetime]:
        return [datetime.fromtimestamp(start, UTC) for start in self.seconds]

    @property
    def openings(self) -> list[Range]:
        """The starts with their ends."""
        length = timedelta(minutes=self.duration_min)
        return [(start, start + length) for start in self.starts]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results; ``next_cursor`` leads to the next one, if there may be one."""

    results: list[Result]
    next_cursor: str | None
    around: Around | None


def find(
    query: Query,
    *,
    now: datetime,
    vocabulary: Vocabulary,
    limit: int = 20,
    starts: int = 3,
    cursor: str | None = None,
    exclude_instructor: int | None = None,
) -> Found:
    """The best offerings that can be booked as asked, with up to ``starts`` next starts each.

    Raises ``Invalid`` on ``near`` for an unknown place, on ``sort`` for the nearest of nowhere, and on
    ``cursor`` for a text that is none of ours.
    """
    asked = asking.understood(query, now=now)
    place = _place(cursor)
    walk = asking.walk_of(asked, vocabulary, exclude_instructor=exclude_instructor, days=starts)
    if walk is None:
        return Found([], None, asked.around)
    cutter = _Cutter(asked.windows, number=starts)
    results: list[Result] = []
    for number, rows in enumerate(order.batches(walk, asked, after=place, size=limit + 1)):
        if number == MOST_ROUNDS:
            return Found(results, _cursor(place), asked.around)
        for row in rows:
            if len(results) == limit:
                return Found(results, _cursor(place), asked.around)
            if row.time_zone not in asked.zones:
                # Somebody's zone is new: the walk did not know of its nights.
                zones.learn(row.time_zone)
                return find(
                    query, now=now, vocabulary=vocabulary, limit=limit, starts=starts, cursor=cursor,
                    exclude_instructor=exclude_instructor,
                )  # fmt: skip
            place = row.place
            if seconds := cutter.starts(row):
                subject = vocabulary.subject(row.subject_id)
                results.append(Result(row, subject, seconds, _distance(row, asked.around)))
    return Found(results, None, asked.around)


def _cursor(place: Place | None) -> str | None:
    return paging.encode(list(place)) if place else None


def _place(cursor: str | None) -> Place | None:
    if not cursor:
        return None
    try:
        key, tie, pk = paging.decode(cursor)
        place = float(key), float(tie), int(pk)
    except (ValueError, TypeError, OverflowError):
        place = (math.nan, 0.0, 0)
    if not (math.isfinite(place[0]) and math.isfinite(place[1]) and 0 <= place[2] < 2**63):
        raise Invalid("This is no cursor of ours. Start without one.", field="cursor")
    return place


class _Cutter:
    """Cuts the starts of rows: the windows, from when on each can be booked."""

    def __init__(self, windows: Sequence[Range], *, number: int) -> None:
        self._windows = windows
        self._number = number
        # Few limits differ between instructors.
        self._known: dict[float, list[Range]] = {}

    def starts(self, row: Row) -> list[int]:
        """The first starts of the row in the windows."""
        free, found = _pairs(row.free), list[int]()
        for low, high in self._from(row.earliest):
            for span in spans(
                free, duration=row.duration_min, low=low, high=high, grid=row.grid, zone=row.time_zone
            ):
                found += span[: self._number - len(found)]
                if len(found) == self._number:
                    return found
        return found

    def _from(self, earliest: float) -> list[Range]:
        if earliest not in self._known:
            first = datetime.fromtimestamp(earliest, UTC)
            narrowed = ((max(low, first), high) for low, high in self._windows)
            self._known[earliest] = [(low, high) for low, high in narrowed if low < high]
        return self._known[earliest]


def _pairs(edges: str | None) -> list[Seconds]:
    """``1,2,5,7`` as two ranges."""
    if not edges:
        return []
    numbers = [*map(int, edges.split(","))]
    if len(numbers) == 2:
        return [(numbers[0], numbers[1])]
    return sorted(zip(numbers[::2], numbers[1::2], strict=True))


def _distance(row: Row, around: Around | None) -> float | None:
    # Nobody asks how far it is to the middle of a borough.
    if around is None or around.borough or row.latitude is None or row.longitude is None:
        return None
    return around.km_to(row.latitude, row.longitude)
