"""Why A is ranked above B: the part of the rank that does not depend on who asks.

Search weighs six things (``WEIGHTS``). Relevance and distance belong to a query: whoever is found for a
named subject is equally relevant, so only distance can still move a result, by up to its weight. The
other four are known beforehand; their weighted sum is kept in ``Offering.rank``, where an index walks it.

``score`` is the definition. ``refresh`` computes the same in the database for many offerings at once; a
test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from instructors.models import Instructor

WEIGHTS = {
    "relevance": 0.35,
    "quality": 0.25,
    "distance": 0.15,
    "price": 0.10,
    "freshness": 0.10,
    "completeness": 0.05,
}
OF_A_QUERY = ("relevance", "distance")
# An instructor without ratings counts as this many stars: a little under what most have.
UNRATED = 4.5
# Newcomers are lifted, a little less every day, so that they get the lessons ratings come from.
NEW_DAYS = 90
# Bios from this length on say something.
BIO_LENGTH = 200
# So many instructors are written at a time, so that no booking waits long for a row.
BATCH = 2000
# Founding instructors: what is their own in the rank counts so much more (rules.md).
FOUNDING_LIFT = 1.5
# Differences below this leave the row alone: an index entry costs more than it would tell.
STEP = 0.001


@dataclass(frozen=True, slots=True)
class Facts:
    """What the static rank is made of. ``complete`` counts how many of ``parts`` a profile has."""

    rating: float
    rating_count: int
    price_per_hour: int
    # The middle price of the subject's listed offerings, minor units.
    usual_price: float
    days_here: float
    complete: int
    parts: int
    is_founding: bool = False

    @property
    def lift(self) -> float:
        return FOUNDING_LIFT if self.is_founding else 1.0


def score(facts: Facts) -> float:
    """The static rank, from 0 to the sum of its weights (0.5); lifted, for founding instructors, to 0.75."""
    return facts.lift * (
        WEIGHTS["quality"] * quality(facts)
        + WEIGHTS["price"] * price(facts)
        + WEIGHTS["freshness"] * freshness(facts)
        + WEIGHTS["completeness"] * facts.complete / facts.parts
    )


def quality(facts: Facts) -> float:
    """One star is 0, five are 1. ``rating`` is a Bayesian mean already: few ratings weigh little."""
    stars = facts.rating if facts.rating_count else UNRATED
    return min(max((stars - 1) / 4, 0), 1)


def price(facts: Facts) -> float:
    """The subject's usual price is 0.5, nothing would be 1, twice the usual and more is 0."""
    return min(max(1 - facts.price_per_hour / (2 * facts.usual_price), 0), 1)


def freshness(facts: Facts) -> float:
    """1 on the first day, falling evenly to 0 over ``NEW_DAYS``."""
    return min(max(1 - facts.days_here / NEW_DAYS, 0), 1)


# The parts of a complete profile, each true or false; `o` is the offering, `i` its instructor.
COMPLETE = (
    "i.photo <> ''",
    "i.headline <> ''",
    f"length(i.bio) >= {BIO_LENGTH}",
    "i.place_id IS NOT NULL",
    "cardinality(i.languages) > 0",
    "o.description <> ''",
)

_REFRESH = f"""
WITH wanted AS (
    SELECT o.id, o.subject_id, o.price_per_hour, i.rating, i.rating_count, i.created_at,
        CASE WHEN i.founding_place IS NULL THEN 1 ELSE {FOUNDING_LIFT} END AS lift,
        ({" + ".join(f"({part})::int" for part in COMPLETE)}) / {len(COMPLETE)}.0 AS complete
    FROM instructors_offering o JOIN instructors_instructor i ON i.id = o.instructor_id
    WHERE %(instructors)s::bigint[] IS NULL OR o.instructor_id = ANY(%(instructors)s)
), usual AS (
    SELECT subject_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY price_per_hour) AS price
    FROM instructors_offering
    WHERE is_listed AND subject_id IN (SELECT subject_id FROM wanted)
    GROUP BY subject_id
), scored AS (
    SELECT wanted.id, lift * (
        {WEIGHTS["quality"]} * least(greatest(
            ((CASE WHEN rating_count > 0 THEN rating ELSE {UNRATED} END) - 1) / 4, 0), 1)
        + {WEIGHTS["price"]} * least(greatest(
            1 - price_per_hour / (2 * coalesce(usual.price, price_per_hour)), 0), 1)
        + {WEIGHTS["freshness"]} * least(greatest(
            1 - extract(epoch FROM %(now)s - created_at) / 86400 / {NEW_DAYS}, 0), 1)
        + {WEIGHTS["completeness"]} * complete) AS rank
    FROM wanted LEFT JOIN usual USING (subject_id)
)
UPDATE instructors_offering o SET rank = scored.rank
FROM scored WHERE scored.id = o.id AND abs(scored.rank - o.rank) > {STEP}
"""  # noqa: S608 - only constants of this module are put in


def refresh(instructors: Sequence[int] | None = None, *, now: datetime) -> int:
    """Write the rank of these instructors' offerings anew, by default of all; how many changed.

    To be called when what ``Facts`` holds has changed. All at once is for loading; ``refresh_all`` is
    kinder to those who book meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _REFRESH, {"instructors": None if instructors is None else list(instructors), "now": now}
        )
        return cursor.rowcount


def refresh_all(*, now: datetime) -> int:
    """Write every listed instructor's rank anew, some at a time; how many offerings changed.

    Once a day: newcomers grow older, and the usual price moves with everybody's.
    """
    listed = Instructor.objects.filter(status=Instructor.Status.LISTED).order_by("pk")
    ids = list(listed.values_list("pk", flat=True))
    return sum(refresh(ids[start : start + BATCH], now=now) for start in range(0, len(ids), BATCH))


@dataclass(frozen=True, slots=True)
class Signal:
    """One of the six: what it is worth here, from 0 to 1, and what that adds to the whole."""

    name: str
    value: float
    lift: float = 1.0

    @property
    def adds(self) -> float:
        return WEIGHTS[self.name] * self.value * self.lift


def signals(facts: Facts, *, closeness: float | None = None) -> list[Signal]:
    """All six by weight. ``closeness`` is 1 at the place that was named and 0 at the edge around it.

    * relevance: 1 for everybody a search shows. A named subject is taught or it is not, and a category
      means all of its subjects alike.
    * quality: the stars, as ``quality`` tells.
    * distance: ``closeness``; left out where no place was named, where it is online, and in a borough,
      from whose middle nobody measures.
    * price, freshness, completeness: as ``price`` and ``freshness`` tell, and the part of the profile
      that is there.

    What is kept in the rank is lifted for founding instructors; relevance and distance are not.
    """
    values: Mapping[str, float | None] = {
        "relevance": 1.0,
        "quality": quality(facts),
        "distance": closeness,
        "price": price(facts),
        "freshness": freshness(facts),
        "completeness": facts.complete / facts.parts,
    }
    return [
        Signal(name, value, 1.0 if name in OF_A_QUERY else facts.lift)
        for name, value in values.items()
        if value is not None
    ]


_FACTS = f"""
    SELECT o.id, i.rating, i.rating_count, o.price_per_hour,
        coalesce((SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY other.price_per_hour)
            FROM instructors_offering other
            WHERE other.is_listed AND other.subject_id = o.subject_id), o.price_per_hour),
        extract(epoch FROM %(now)s - i.created_at)::float8 / 86400,
        {" + ".join(f"({part})::int" for part in COMPLETE)}, {len(COMPLETE)}, i.founding_place IS NOT NULL
    FROM instructors_offering o JOIN instructors_instructor i ON i.id = o.instructor_id
    WHERE o.id = ANY(%(offerings)s)
"""  # noqa: S608 - only constants of this module are put in


def facts_of(offerings: Sequence[int], *, now: datetime) -> dict[int, Facts]:
    """What these offerings are ranked by, as of ``now``; one statement, for who wants to know why."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, {"now": now, "offerings": list(offerings)})
        return {pk: Facts(*facts) for pk, *facts in cursor.fetchall()}
