"""The business rules staff edit. Each edit is a new row; a booking keeps the row it was made under."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


def _number(default: int, low: int, high: int, help_text: str) -> models.PositiveIntegerField:
    return models.PositiveIntegerField(
        default=default,
        validators=[MinValueValidator(low), MaxValueValidator(high)],
        help_text=f"{help_text} {low}–{high}.",
    )


class Rules(models.Model):
    """One version of all rules. Units stand in the names: ``_min`` minutes, ``_h`` hours."""

    notice_online_min = _number(60, 0, 20160, "Minimum notice for lessons online, minutes.")
    notice_at_instructor_min = _number(60, 0, 20160, "Minimum notice at the instructor's place, minutes.")
    notice_at_student_min = _number(180, 0, 20160, "Minimum notice at the student's place, minutes.")
    horizon_days = _number(90, 7, 365, "How far ahead lessons can be booked, days.")
    buffer_min = _number(15, 0, 180, "Free time between two lessons, minutes.")
    travel_min = _number(45, 0, 180, "Free time around lessons at the student's place, minutes.")
    overnight_from_hour = _number(20, 12, 24, "The overnight rule starts at this hour, instructor's time.")
    overnight_until_hour = _number(8, 0, 12, "The overnight rule ends at this hour, instructor's time.")
    overnight_earliest_hour = _number(9, 0, 23, "Booked overnight: not before this hour.")
    overnight_earliest_travel_hour = _number(11, 0, 23, "Booked overnight, at the student's: not before.")
    grid_min = _number(15, 5, 60, "Lessons start on this grid, minutes.")
    hold_min = _number(5, 1, 15, "How long a hold lasts, minutes.")
    free_cancel_h = _number(24, 0, 168, "Cancelled this long before: full refund, hours.")
    late_cancel_h = _number(12, 0, 168, "Cancelled this long before: credit; later: half. Hours.")
    flexible_free_cancel_h = _number(12, 0, 168, "Preset “flexible”: free until this long before, hours.")
    strict_free_cancel_h = _number(48, 0, 336, "Preset “strict”: free until this long before, hours.")
    cooling_off_min = _number(15, 0, 120, "Free to cancel for this long after booking, minutes.")
    cooling_off_min_lead_h = _number(2, 0, 48, "Cooling-off needs a start more than this ahead, hours.")
    no_show_wait_min = _number(15, 0, 60, "A no-show can be reported this long after the start, minutes.")
    no_show_report_h = _number(24, 1, 168, "A no-show can be reported until this long after the end, hours.")

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name_plural = "rules"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Rules, version {self.pk}"
