"""Lessons that an instructor let down."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from bookings.models.booking import Booking
from instructors.models import Instructor


class Miss(models.Model):
    """A lesson its instructor cancelled late or did not come to; counts until it is forgiven or a year old.

    ``number`` says which it was among those that counted then.
    """

    class Cause(models.TextChoices):
        LATE = "late_cancellation", "Cancelled late"
        ABSENT = "no_show", "Did not come"

    instructor = models.ForeignKey(Instructor, on_delete=models.PROTECT, related_name="misses")
    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="miss")
    cause = models.CharField(max_length=20, choices=Cause.choices)
    number = models.PositiveSmallIntegerField()
    happened_at = models.DateTimeField()
    forgiven_at = models.DateTimeField(null=True, blank=True)
    forgiven_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    forgiven_why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "missed lesson"
        verbose_name_plural = "missed lessons"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(forgiven_at__isnull=True, forgiven_why="")
                | (models.Q(forgiven_at__isnull=False) & ~models.Q(forgiven_why="")),
                name="miss_forgiven_with_a_reason",
                violation_error_message="A missed lesson is forgiven with a reason.",
            ),
        ]

    def __str__(self) -> str:
        return f"Missed lesson {self.pk}"
