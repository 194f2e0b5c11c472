"""The append-only log of what happened, and how far its readers have got."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Event(models.Model):
    """One fact: audit entry, a booking's history, and outbox in one row. Never changed, never deleted.

    ``version`` counts the events of one subject from 1 without gaps, so that a reader who meets
    version 3 knows there were two before.
    """

    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=30)
    subject_id = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    # Set once the dispatcher has written a delivery for each reaction.
    dispatched_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "version"],
                name="event_version_once",
                violation_error_message="Something else happened to it at the same moment. Please try again.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="event_undispatched", condition=models.Q(dispatched_at__isnull=True)
            ),
            models.Index(fields=["kind", "-id"], name="event_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type} {self.subject_id} v{self.version}"


# Deliveries that were given up and wait for staff.
PARKED = models.Q(done_at__isnull=True, next_try_at__isnull=True)


class Delivery(models.Model):
    """One event on its way to one reaction, tried until done or parked for staff to replay."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    reaction = models.CharField(max_length=60)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    # Steps of this delivery that must not be repeated on a retry, such as one of two letters.
    steps_done = ArrayField(models.CharField(max_length=60), default=list, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "reaction"], name="delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], name="delivery_due", condition=models.Q(done_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reaction} of event {self.event_id}"
