"""An instructor's time: what they wish, what takes it, and what is left.

``WeeklyHours`` and ``DateHours`` are wishes in wall time. ``CalendarBlock`` is what takes time, as
instants. ``OpenDay`` is derived from both and written in the same transaction.
"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models.functions import Coalesce

from instainstru.lib import clock
from instainstru.lib.multirange import DateTimeMultiRangeField
from instructors.models.profile import Instructor

WEEKDAYS = [
    (0, "Monday"), (1, "Tuesday"), (2, "Wednesday"), (3, "Thursday"),
    (4, "Friday"), (5, "Saturday"), (6, "Sunday"),
]  # fmt: skip
DAY_MINUTES = 24 * 60


def _minutes_sane(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(from_min__gte=0, from_min__lt=models.F("to_min"), to_min__lte=DAY_MINUTES),
        name=name,
        violation_error_message="The end must be after the start, on the same day.",
    )


class WeeklyHours(models.Model):
    """A window of the weekly pattern, in minutes of the instructor's local day (1440 = midnight)."""

    instructor = models.ForeignKey(Instructor, on_delete=models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS)
    from_min = models.PositiveSmallIntegerField()
    to_min = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name_plural = "weekly hours"
        ordering = ["weekday", "from_min"]
        constraints = [
            _minutes_sane("weekly_hours_order"),
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6),
                name="weekly_hours_weekday",
                violation_error_message="A weekday is 0 (Monday) to 6 (Sunday).",
            ),
            ExclusionConstraint(
                name="weekly_hours_disjoint",
                expressions=[
                    ("instructor", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (
                        models.Func("from_min", "to_min", function="int4range"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="Two windows of one day overlap.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.from_min}–{self.to_min}"


def _minutes_of_date() -> models.Func:
    """A window of a date, or the whole date where it is closed, in minutes since the beginning of 2000."""
    midnight = models.Func(
        "date",
        template="((%(expressions)s - DATE '2000-01-01') * 1440)",
        output_field=models.IntegerField(),
    )
    return models.Func(
        midnight + Coalesce("from_min", 0), midnight + Coalesce("to_min", DAY_MINUTES), function="int4range"
    )


class DateHours(models.Model):
    """One window of one date that differs from the pattern, or the date's closing."""

    instructor = models.ForeignKey(Instructor, on_delete=models.CASCADE, related_name="date_hours")
    date = models.DateField()
    # A closed date is one row with no window; open ones have one row a window.
    is_closed = models.BooleanField(default=False)
    from_min = models.PositiveSmallIntegerField(null=True, blank=True)
    to_min = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "date hours"
        ordering = ["date", "from_min"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_closed=True, from_min__isnull=True, to_min__isnull=True)
                | models.Q(
                    is_closed=False,
                    from_min__gte=0,
                    from_min__lt=models.F("to_min"),
                    to_min__lte=DAY_MINUTES,
                ),
                name="date_hours_order",
                violation_error_message="The end must be after the start, on the same day.",
            ),
            ExclusionConstraint(
                name="date_hours_disjoint",
                expressions=[
                    ("instructor", RangeOperators.EQUAL),
                    # One range in place of date and range: the index is written in two thirds of the time.
                    (_minutes_of_date(), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Two windows of one date overlap, or the date is also closed.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {'closed' if self.is_closed else f'{self.from_min}–{self.to_min}'}"


# Lessons and holds (``block_kind_has_booking``). Not by their kind: a hold that becomes a lesson would be
# written into every index anew.
_OF_BOOKING = models.Q(booking_id__isnull=False)


class CalendarBlock(models.Model):
    """A stretch in which the instructor is taken.

    ``period`` is the thing itself. ``buffered`` adds the plain buffer behind it, ``reach`` the longer
    of buffer and travel time; ``lane`` is 0 for lessons without travel and unique for those with it.
    The two exclusion constraints together demand between any two lessons the *longer* of their two
    gaps, once: a plain pair meets only in ``buffered`` (their lanes are equal), any other in
    ``reach`` too.
    """

    class Kind(models.TextChoices):
        LESSON = "lesson", "Lesson"
        HOLD = "hold", "Hold"
        TIME_OFF = "time_off", "Time off"
        EXTERNAL = "external", "Outside event"

    # ``block_by_period`` begins with it.
    instructor = models.ForeignKey(
        Instructor, on_delete=models.CASCADE, related_name="blocks", db_index=False
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    period = DateTimeRangeField()
    buffered = DateTimeRangeField()
    reach = DateTimeRangeField()
    lane = models.BigIntegerField(default=0)
    # The booking this block belongs to; bookings are above this app, so no foreign key.
    booking_id = models.UUIDField(null=True, blank=True, unique=True)
    # The calendar an outside event is in; it goes with it.
    outside = models.ForeignKey(
        "instructors.OutsideCalendar", null=True, blank=True, on_delete=models.CASCADE, related_name="blocks"
    )
    label = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(period__isempty=False, period__lower_inf=False, period__upper_inf=False),
                name="block_period_finite",
                violation_error_message="The end must be after the start.",
            ),
            # What the two below compare would otherwise say nothing of the time itself.
            models.CheckConstraint(
                condition=models.Q(buffered__contains=models.F("period"), reach__contains=models.F("period")),
                name="block_guards_its_time",
                violation_error_message="The time to keep free begins with the time that is taken.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["lesson", "hold"], booking_id__isnull=False)
                | models.Q(kind__in=["time_off", "external"], booking_id__isnull=True),
                name="block_kind_has_booking",
                violation_error_message="Lessons and holds belong to a booking, other blocks do not.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="external", outside__isnull=False)
                | (~models.Q(kind="external") & models.Q(outside__isnull=True)),
                name="block_external_has_calendar",
                violation_error_message="Outside events belong to a calendar, other blocks do not.",
            ),
            ExclusionConstraint(
                name="no_double_booking",
                expressions=[
                    ("instructor", RangeOperators.EQUAL),
                    ("buffered", RangeOperators.OVERLAPS),
                ],
                condition=_OF_BOOKING,
                violation_error_message="That time was just taken.",
            ),
            ExclusionConstraint(
                name="no_double_booking_with_travel",
                expressions=[
                    ("instructor", RangeOperators.EQUAL),
                    ("reach", RangeOperators.OVERLAPS),
                    ("lane", RangeOperators.NOT_EQUAL),
                ],
                condition=_OF_BOOKING,
                violation_error_message="There is not enough time to travel to or from another lesson.",
            ),
        ]
        indexes = [
            GistIndex(fields=["instructor", "period"], name="block_by_period"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period}"


class OpenDay(models.Model):
    """What is left of one instructor's local day, for the days within the horizon.

    ``free`` is hours minus blocks, each range beginning on the start grid; ``free_travel`` the same
    with room to travel on both sides of every lesson, or null where it equals ``free``.
    """

    pk = models.CompositePrimaryKey("instructor_id", "date")
    instructor = models.ForeignKey(
        Instructor, on_delete=models.CASCADE, related_name="open_days", db_index=False
    )
    date = models.DateField()
    free = DateTimeMultiRangeField()
    free_travel = DateTimeMultiRangeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["date"], name="open_day_by_date")]

    def __str__(self) -> str:
        return f"{self.instructor_id} {self.date}"
