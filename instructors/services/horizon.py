"""Keeping the open days there: as far ahead as the horizon, as far back as retention, and true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateField, Q
from django.db.models.expressions import RawSQL

from instainstru.lib import clock
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules
from instructors.models import Instructor, Offering, OpenDay
from instructors.services import calendar, catalogue, open_days, stored_days
from instructors.services.slots import limits_of

DAY = timedelta(days=1)
# Open days are kept this long back (rules.md, retention).
KEEP_DAYS = 180
# The rules that open days and the facts search reads are derived from.
DERIVED_FROM = (
    "buffer_min", "travel_min", "grid_min",
    "notice_online_min", "notice_at_instructor_min", "notice_at_student_min",
)  # fmt: skip


def extend(*, now: datetime, limit: int = 1000) -> int:
    """Make the missing open days of up to ``limit`` instructors; returns how many were extended.

    One day more than the horizon is kept, so that the last bookable day is there in every zone.
    """
    # Each against their own goal, or those with a short horizon would fill every batch for nothing.
    own_goal = RawSQL(
        "(%s AT TIME ZONE time_zone)::date + LEAST(NULLIF(horizon_days, 0), %s) + 1",
        [now, rules_service.current(fresh=True).horizon_days],
        output_field=DateField(),
    )
    behind = list(
        Instructor.objects.filter(open_until__lt=own_goal)
        .order_by("open_until", "pk")
        .values_list("pk", flat=True)[:limit]
    )
    extended = 0
    for start in range(0, len(behind), 200):
        extended += _extend_some(behind[start : start + 200], now=now)
    return extended


@transaction.atomic
def _extend_some(ids: Sequence[int], *, now: datetime) -> int:
    rules = rules_service.current(fresh=True)
    instructors = list(
        Instructor.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=ids).order_by("pk")
    )
    groups: dict[tuple[date, date], list[Instructor]] = {}
    for instructor in instructors:
        today = clock.local(now, instructor.time_zone).date()
        goal = today + (limits_of(instructor, rules).horizon_days + 1) * DAY
        first = max(instructor.open_until or today, today - DAY)
        if first < goal:
            groups.setdefault((first, goal), []).append(instructor)
    for (first, goal), members in groups.items():
        stored_days.write(open_days.compute(members, first, goal - DAY, rules))
        Instructor.objects.filter(pk__in=[member.pk for member in members]).update(open_until=goal)
    return sum(len(members) for members in groups.values())


def rederive(*, limit: int = 1000) -> int:
    """Derive everything again for up to ``limit`` instructors whose days follow earlier rules; how many.

    An edit of the rules cannot do it at once: it concerns every open day there is. Until it is done a
    day may still be offered by the gaps of before; what is booked meanwhile is held to the new ones.
    """
    since = rules_service.in_force_since(*DERIVED_FROM)
    if since is None:
        return 0
    stale = Instructor.objects.filter(Q(derived_under__lt=since) | Q(derived_under=None))
    ids = list(stale.order_by("pk").values_list("pk", flat=True)[:limit])
    rules_service.forget()
    for pk in ids:
        _rederive_one(pk, rules_service.current(fresh=True))
    return len(ids)


@transaction.atomic
def _rederive_one(pk: int, rules: Rules) -> None:
    instructor = Instructor.objects.select_for_update(no_key=True).get(pk=pk)
    if instructor.open_until is not None:
        calendar.rebuild(instructor)
    catalogue.refresh_listing(instructor)
    instructor.derived_under = rules.pk
    instructor.save(update_fields=["derived_under"])


def prune(*, now: datetime, limit: int = 50_000) -> int:
    """Delete open days older than retention allows; returns how many."""
    old = OpenDay.objects.filter(date__lt=now.date() - KEEP_DAYS * DAY)
    keys = list(old.values_list("instructor_id", "date")[:limit])
    if not keys:
        return 0
    last = max(day for _, day in keys)
    ids = {instructor_id for instructor_id, _ in keys}
    return OpenDay.objects.filter(instructor_id__in=ids, date__lte=last).delete()[0]


def differences(*, batch: int = 200) -> Iterator[dict[str, Any]]:
    """Every open day, from each instructor's today on, that is not what its sources say; and every offering
    that search would pass over, because its bits of the week leave out when there is time.

    A booking made between reading the sources and the days looks like a difference, so whoever shows
    one is looked at again with their days locked.
    """
    rules = rules_service.current(fresh=True)
    ids = list(Instructor.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), batch):
        some = list(Instructor.objects.filter(pk__in=ids[start : start + batch]))
        suspects = {found["instructor"] for found in _differences_of(some, rules)}
        for instructor in (one for one in some if one.pk in suspects):
            with transaction.atomic():
                fresh = calendar.lock_instructor(instructor)
                calendar.lock_days(instructor.pk, date.min, date.max)
                yield from _differences_of([fresh], rules)


def _differences_of(instructors: list[Instructor], rules: Any) -> list[dict[str, Any]]:
    listed = [instructor for instructor in instructors if instructor.open_until is not None]
    if not listed:
        return []
    first = min(clock.today(instructor.time_zone) for instructor in listed)
    last = max(instructor.open_until for instructor in listed if instructor.open_until) - DAY
    told = {
        (row.instructor_id, row.date): open_days.Free(
            row.free, row.free if row.free_travel is None else row.free_travel
        )
        for row in OpenDay.objects.filter(instructor__in=listed, date__gte=first)
    }
    true = open_days.compute(listed, first, last, rules)
    found = _bits_missing(listed, told)
    for instructor in listed:
        today = clock.today(instructor.time_zone)
        until = max(
            [instructor.open_until or today] + [day + DAY for owner, day in told if owner == instructor.pk]
        )
        day = today
        while day < until:
            key = (instructor.pk, day)
            expected = true.get(key) if instructor.open_until and day < instructor.open_until else None
            if told.get(key) != expected:
                found.append(_difference(key, told.get(key), expected))
            day += DAY
    return found


def _bits_missing(
    instructors: list[Instructor], told: dict[open_days.Day, open_days.Free]
) -> list[dict[str, Any]]:
    bits = stored_days.bits_of(told)
    offered = Offering.objects.filter(instructor__in=instructors)
    return [
        {"instructor": owner, "offering": pk, "stored": stored, "computed": bits[owner]}
        for pk, owner, stored in offered.values_list("pk", "instructor_id", "week_bits")
        if bits.get(owner, 0) & ~stored
    ]


def _difference(
    key: tuple[int, date], told: open_days.Free | None, true: open_days.Free | None
) -> dict[str, Any]:
    return {
        "instructor": key[0],
        "date": key[1].isoformat(),
        "stored": _shown(told),
        "computed": _shown(true),
    }


def _shown(free: open_days.Free | None) -> Any:
    if free is None:
        return None
    return {
        name: [[clock.rfc3339(start), clock.rfc3339(end)] for start, end in ranges]
        for name, ranges in (("free", free.plain), ("free_travel", free.travel))
    }
