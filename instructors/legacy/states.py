"""All hours of an instructor as JSON: kept before an import, compared and put back by its undoing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from instructors.legacy.board import Slot
from instructors.models import Instructor
from instructors.models.legacy import OldSlot
from instructors.services import schedule
from instructors.services.replace import dates_of
from instructors.services.schedule import Window

Dates = Mapping[date, Sequence[Window]]


def read(instructor: Instructor) -> dict[str, Any]:
    """The pattern, the dates with hours of their own, the old ids, and whether open days exist at all."""
    return {
        "week": list(schedule.week_of(instructor).values()),
        "dates": {day.isoformat(): windows for day, windows in dates_of(instructor).items()},
        "slots": [
            [slot.pk, slot.date.isoformat(), slot.from_min, slot.to_min]
            for slot in OldSlot.objects.filter(instructor=instructor).order_by("pk")
        ],
        "is_open": instructor.open_until is not None,
    }


def version(state: Mapping[str, Any]) -> str:
    """What tells one state of the hours from another; ids do not count."""
    text = json.dumps([state["week"], sorted(state["dates"].items())])
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def week(state: Mapping[str, Any]) -> dict[int, list[Window]]:
    return {day: [(low, high) for low, high in windows] for day, windows in enumerate(state["week"])}


def dates(state: Mapping[str, Any]) -> dict[date, list[Window]]:
    return {
        date.fromisoformat(day): [(low, high) for low, high in windows]
        for day, windows in state["dates"].items()
    }


def slots(state: Mapping[str, Any]) -> Iterable[tuple[date, Slot]]:
    for number, day, low, high in state["slots"]:
        yield date.fromisoformat(day), Slot(number, low, high)


def write_slots(instructor: Instructor, wanted: Iterable[tuple[date, Slot]]) -> None:
    """Make these the instructor's old ids. One that somebody else has already is left with them."""
    OldSlot.objects.filter(instructor=instructor).delete()
    OldSlot.objects.bulk_create(
        (
            OldSlot(id=slot.id, instructor=instructor, date=day, from_min=slot.low, to_min=slot.high)
            for day, slot in wanted
            if slot.id
        ),
        ignore_conflicts=True,
        batch_size=2000,
    )
