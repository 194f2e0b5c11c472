"""The booking: one student, one instructor, one hour, and where it stands."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models

from instainstru.lib import clock
from instainstru.lib.ids import new_id
from instainstru.rules.models import Rules
from instructors.models import Instructor, Modality, Offering
from students.models import Student


class Status(models.TextChoices):
    """Where a booking stands. Only ``services/lifecycle.py`` and what it is made of write it."""

    HELD = "held", "Held"
    CONFIRMED = "confirmed", "Confirmed"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "No-show"
    RELEASED = "released", "Given up"
    EXPIRED = "expired", "Expired"


# What may follow what.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.HELD: frozenset({Status.CONFIRMED, Status.RELEASED, Status.EXPIRED}),
    Status.CONFIRMED: frozenset({Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW}),
    Status.COMPLETED: frozenset({Status.NO_SHOW}),
    Status.CANCELLED: frozenset(),
    Status.NO_SHOW: frozenset(),
    Status.RELEASED: frozenset(),
    Status.EXPIRED: frozenset(),
}
# These take time of both people.
LIVE = (Status.HELD, Status.CONFIRMED)


class Party(models.TextChoices):
    """In whose name something was done."""

    STUDENT = "student", "Student"
    INSTRUCTOR = "instructor", "Instructor"
    STAFF = "staff", "InstaInstru"
    SYSTEM = "system", "InstaInstru (automatic)"


class Booking(models.Model):
    """A hold or a lesson.

    ``price_per_hour``, ``time_zone`` and ``rules`` are kept as they were when the time was taken.
    ``version`` counts the booking's events.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="bookings", db_index=False)
    instructor = models.ForeignKey(
        Instructor, on_delete=models.PROTECT, related_name="bookings", db_index=False
    )
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="bookings")
    status = models.CharField(max_length=10, choices=Status.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    modality = models.CharField(max_length=15, choices=Modality.choices)
    # Minor units for the whole lesson, and the hourly price it came from.
    price = models.PositiveIntegerField()
    price_per_hour = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    rules = models.ForeignKey(Rules, on_delete=models.PROTECT, related_name="+", db_index=False)
    cancellation_preset = models.CharField(max_length=10, choices=Instructor.CancellationPreset.choices)
    note = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    was_extended = models.BooleanField(default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When the status became final.")
    cancelled_by = models.CharField(max_length=10, choices=Party.choices, blank=True)
    cancellation_tier = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    # Why the host booked it for the student, over rules that students keep; empty for all others.
    override_reason = models.CharField(max_length=300, blank=True, editable=False)
    absent = models.CharField(max_length=10, choices=Party.choices, blank=True)
    # The start that cancellation deadlines count from: moving a lesson late does not reset them.
    policy_starts_at = models.DateTimeField()
    late_moves = models.PositiveSmallIntegerField(default=0)
    # The id of the student's newest card, as ``steps.lock`` met it with the student's row; no column.
    newest_card: int | None = None

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")),
                name="booking_order",
                violation_error_message="A lesson ends after it starts.",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values),
                name="booking_status_known",
                violation_error_message="That is not a status of a booking.",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="held") | models.Q(expires_at__isnull=False),
                name="booking_hold_expires",
                violation_error_message="A hold needs an expiry.",
            ),
            ExclusionConstraint(
                name="student_in_one_place",
                expressions=[
                    ("student", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "starts_at",
                            "ends_at",
                            RangeBoundary(),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=models.Q(status__in=["held", "confirmed"]),
                violation_error_message="You already have a lesson at that time.",
            ),
            models.UniqueConstraint(
                fields=["student", "instructor"],
                condition=models.Q(status="held"),
                name="one_hold_per_student_and_instructor",
                violation_error_message="You already hold a time of this instructor.",
            ),
        ]
        indexes = [
            models.Index(fields=["student", "-starts_at"], name="booking_by_student"),
            models.Index(fields=["instructor", "-starts_at"], name="booking_by_instructor"),
            models.Index(
                fields=["expires_at"], name="booking_hold_expiry", condition=models.Q(status="held")
            ),
            models.Index(
                fields=["ends_at"], name="booking_to_complete", condition=models.Q(status="confirmed")
            ),
            models.Index(fields=["status", "-id"], name="booking_by_status"),
        ]

    def __str__(self) -> str:
        return f"Booking {self.pk}"

    def is_held_at(self, now: datetime) -> bool:
        """Whether it is a held time that has not run out."""
        return self.status == Status.HELD and self.expires_at is not None and self.expires_at > now

    @property
    def duration_min(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)
