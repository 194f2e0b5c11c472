"""A lesson between others, nearer to them than their gaps: only for who may book over the rules.

The two exclusion constraints of ``CalendarBlock`` compare a block with its gap *behind* it with those of
others, so between an earlier block E and a later one L only E's gap counts. A lesson that need not keep
gaps must therefore shorten what reaches over its own start, not only carry less itself:

* the new block reaches as far as usual, but no further than to the start of the next one. So what comes
  later keeps its ordinary distance from it, by the constraints as well as by the open days;
* of the blocks before it, ``buffered`` ends at the new start where it reached beyond, and ``reach`` as well
  where the lanes differ (of equal lanes the second constraint compares no reaches, and a longer reach
  still guards against a lesson with travel);
* no ``period`` is touched. As ``buffered`` never gets shorter than ``period``, the first constraint still
  refuses any overlap of two lessons or holds, whoever is inserted first: of two that overlap, each one's
  ``buffered`` contains its ``period``.

Both orders, for a lesson O that squeezes in and an ordinary one N:

* N first, O second: O's start cuts N's reach (N earlier), or N's start cuts O's (N later). Both rows then
  satisfy both constraints.
* O first, N second: N takes only what is free, and the open days keep the full gap on both sides of O's
  period (``open_days.hole``), so N never stands within a gap of O. Should N slip past the open days, the
  constraints refuse it behind O within what O reaches, and before O within N's own gap.

When O goes again the gap of its neighbour stays as short as it was cut: the open days still keep today's
gap around the neighbour, since they take the longer of the two.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from instainstru.lib.compiled import insert
from instainstru.rules.models import Rules
from instructors.models import CalendarBlock, Instructor
from instructors.services import calendar, open_days
from instructors.services.slots import limits_of


def taken(instructor: Instructor, start: datetime, end: datetime) -> QuerySet[CalendarBlock]:
    """The lessons and holds that overlap ``[start, end)`` themselves, without their gaps."""
    return CalendarBlock.objects.filter(
        instructor=instructor, kind__in=open_days.TAKING, period__overlap=open_days.range_of(start, end)
    )


def take(
    instructor: Instructor, *, booking_id: UUID, start: datetime, end: datetime, travels: bool, rules: Rules
) -> CalendarBlock:
    """Take the time for a lesson whatever the gaps around it are.

    The caller has locked the instructor and the days around, and has seen that nothing is ``taken``.
    """
    limits = limits_of(instructor, rules)
    kind = CalendarBlock.Kind.LESSON
    block = calendar.block_of(instructor, booking_id, kind, start, end, travels=travels, limits=limits)
    near = CalendarBlock.objects.filter(
        instructor=instructor,
        kind__in=open_days.TAKING,
        period__overlap=open_days.range_of(start - open_days.LONGEST_GAP, end + calendar.LONGEST_GAP),
    ).order_by("period")
    for other in near:
        if other.period.upper <= start:
            if _shorten(other, start, compared=other.lane != block.lane):
                other.save(update_fields=["buffered", "reach"])
        else:
            _shorten(block, other.period.lower, compared=other.lane != block.lane)
    insert(block)
    calendar.rebuild(instructor, *calendar.days_affected(instructor, start, end))
    return block


def _shorten(block: CalendarBlock, until: datetime, *, compared: bool) -> bool:
    """Let the block reach no further than ``until``, and at least to its own end; whether it did."""
    before = block.buffered, block.reach
    begin, until = block.period.lower, max(until, block.period.upper)
    block.buffered = open_days.range_of(begin, min(block.buffered.upper, until))
    if compared:
        block.reach = open_days.range_of(begin, min(block.reach.upper, until))
    return (block.buffered, block.reach) != before
