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

    booking_fee_pct = _number(12, 0, 25, "Students pay this on top of the lesson, per cent.")
    commission_1_pct = _number(15, 0, 50, "Kept of a lesson's price at first, per cent.")
    commission_2_pct = _number(12, 0, 50, "Kept from the second step on, per cent.")
    commission_3_pct = _number(10, 0, 50, "Kept from the third step on, per cent.")
    commission_2_lessons = _number(5, 1, 100, "The second step begins with so many lessons in 30 days.")
    commission_3_lessons = _number(11, 1, 200, "The third step begins with so many lessons in 30 days.")
    commission_idle_days = _number(90, 30, 365, "Without a lesson for so long: back to the first step, days.")
    founding_pct = _number(8, 0, 50, "Kept of a founding instructor's lessons, per cent.")
    founding_places = _number(0, 0, 1000, "How many founding instructors there may be; 0 is off.")
    price_floor_units = _number(0, 0, 200, "An hour costs no less than this, whole units of money.")
    authorise_before_h = _number(24, 1, 72, "The card is authorised this long before a lesson, hours.")
    capture_after_h = _number(24, 0, 72, "The card is charged this long after a lesson's end, hours.")
    retry_1_h = _number(1, 1, 24, "A failed authorisation is tried again after hours.")
    retry_2_h = _number(4, 1, 48, "And again after hours.")
    retry_3_h = _number(8, 1, 48, "And again after hours, and then as often.")
    last_warning_h = _number(13, 1, 72, "Without an authorisation: last warning this long before, hours.")
    give_up_h = _number(12, 0, 72, "Without an authorisation: cancelled this long before, hours.")
    credit_months = _number(12, 1, 60, "Credit is good for so long, months.")
    package_months = _number(12, 3, 24, "Packages are good for so long, months.")
    grace_lessons = _number(4, 0, 100, "A late cancellation may be waived after so many lessons.")
    grace_a_year = _number(1, 0, 3, "How many late cancellations are waived a year.")
    answer_h = _number(24, 1, 168, "Who is said not to have come has so long to answer, hours.")

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name_plural = "rules"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Rules, version {self.pk}"
