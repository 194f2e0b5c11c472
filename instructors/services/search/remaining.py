"""Whether times that somebody is looking at can still be booked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from instainstru.rules import services as rules_service
from instructors.models import Modality, Offering, OpenDay
from instructors.services import openings
from instructors.services.openings import Lesson
from instructors.services.slots import Seconds

# A page has 25 cards at the most, with three times each.
MOST_CARDS, MOST_TIMES = 50, 8
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """One card: an offering as it is shown, and its starts in epoch seconds."""

    offering: int
    duration_min: int
    modality: str
    starts: tuple[int, ...]

    def names(self, starts: Iterable[int]) -> list[str]:
        """``12.60.online.1764720000``, as a page knows its times."""
        return [f"{self.offering}.{self.duration_min}.{self.modality}.{start}" for start in starts]


def read(text: str) -> list[Shown]:
    """The cards named in ``text``; what is not understood is left out."""
    found = []
    for card in text.split(",")[:MOST_CARDS]:
        offering, _, rest = card.partition(".")
        duration, _, rest = rest.partition(".")
        modality, _, rest = rest.partition(".")
        numbers = [offering, duration, *rest.split(".")[:MOST_TIMES]]
        if modality not in Modality.values or not all(_is_number(one) for one in numbers):
            continue
        pk, minutes, *starts = map(int, numbers)
        found.append(Shown(pk, minutes, modality, tuple(starts)))
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 12


def gone(cards: Sequence[Shown], *, now: datetime) -> list[str]:
    """The names of the times that cannot be booked any more; two statements for all of them."""
    if not cards:
        return []
    rows = Offering.objects.filter(pk__in={card.offering for card in cards}, is_listed=True)
    offerings = {row.pk: row for row in rows.select_related("instructor").order_by()}
    rules, free = rules_service.current(), _free(cards, offerings)
    taken: list[str] = []
    for card in cards:
        offering = offerings.get(card.offering)
        if offering is None or card.modality not in offering.modalities:
            taken += card.names(card.starts)
            continue
        ranges = free.get((offering.instructor_id, card.modality == Modality.AT_STUDENT), [])
        lesson = Lesson(offering, card.duration_min, card.modality, free=ranges)
        starts = ((start, datetime.fromtimestamp(start, UTC)) for start in card.starts)
        taken += card.names(
            start for start, at in starts if not openings.is_open(lesson, at, now=now, rules=rules)
        )
    return taken


def _free(cards: Sequence[Shown], offerings: dict[int, Offering]) -> dict[tuple[int, bool], list[Seconds]]:
    """What is free around the starts, by instructor and whether they travel; one statement."""
    wanted = Q()
    for card in cards:
        if (offering := offerings.get(card.offering)) and card.starts:
            first, last = (
                datetime.fromtimestamp(edge, UTC).date() for edge in (min(card.starts), max(card.starts))
            )
            wanted |= Q(instructor=offering.instructor_id, date__range=(first - DAY, last + DAY))
    found: dict[tuple[int, bool], list[Seconds]] = {}
    if not wanted:
        return found
    days = OpenDay.objects.filter(wanted).annotate(travelling=Coalesce(F("free_travel"), F("free")))
    for day in days.order_by("date"):
        for travels, ranges in ((False, day.free), (True, day.travelling)):
            found.setdefault((day.instructor_id, travels), []).extend(
                (int(low.timestamp()), int(high.timestamp())) for low, high in ranges
            )
    return found
