"""All hours of an instructor as JSON: kept before an import, compared and put back by its undoing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection

from instructors.legacy.board import Slot
from instructors.models import Instructor
from instructors.models.legacy import OldSlot
from instructors.services import schedule
from instructors.services.replace import dates_of
from instructors.services.schedule import Window

# A statement of its own: an import writes hundreds of these for each instructor.
_INSERT = """
    INSERT INTO instructors_oldslot (instructor_id, id, date, from_min, to_min)
    SELECT %s, * FROM unnest(%s::bigint[], %s::date[], %s::smallint[], %s::smallint[])
    ON CONFLICT DO NOTHING
"""


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


def changed(
    state: Mapping[str, Any],
    week: Mapping[int, Sequence[Window]],
    dates: Mapping[date, Sequence[Window] | None],
) -> dict[str, Any]:
    """The state as ``services.replace`` leaves it; as good as reading it again."""
    kept = dict(state["dates"])
    for day, windows in dates.items():
        kept.pop(day.isoformat(), None)
        if windows is not None:
            kept[day.isoformat()] = sorted(windows)
    return {**state, "week": [sorted(week.get(day, ())) for day in range(7)], "dates": kept}


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
    rows = [(slot.id, day, slot.low, slot.high) for day, slot in wanted if slot.id]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [instructor.pk, *map(list, zip(*rows, strict=True))])
