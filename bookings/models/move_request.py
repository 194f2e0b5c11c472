"""A request to move a lesson that has come too near to be moved by one side alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from bookings.models.booking import Booking, Party
from instainstru.lib import clock
from instainstru.lib.ids import new_id


class RequestStatus(models.TextChoices):
    """What became of a request. Only ``services/consent.py`` writes it."""

    OPEN = "open", "Waiting for an answer"
    ACCEPTED = "accepted", "Agreed"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Lapsed"


class MoveRequest(models.Model):
    """One side asks the other whether the lesson may start at ``starts_at`` instead.

    The time asked for is not held. ``lesson_starts_at`` is the start the lesson had when it was asked: a
    lesson that was moved otherwise meanwhile is another question.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="move_requests")
    status = models.CharField(max_length=10, choices=RequestStatus.choices, default=RequestStatus.OPEN)
    asked_by = models.CharField(max_length=10, choices=Party.choices)
    starts_at = models.DateTimeField(help_text="The start asked for.")
    lesson_starts_at = models.DateTimeField(help_text="The start the lesson had then.")
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField(help_text="Unanswered until then, it lapses.")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["booking"],
                condition=models.Q(status="open"),
                name="one_open_move_request",
                violation_error_message="A request to move this lesson is waiting for an answer already.",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=RequestStatus.values),
                name="move_request_status_known",
                violation_error_message="That is not a status of a request.",
            ),
            models.CheckConstraint(
                condition=models.Q(asked_by__in=["student", "instructor"]),
                name="move_request_by_one_of_two",
                violation_error_message="Only the student or the instructor asks.",
            ),
            models.CheckConstraint(
                condition=models.Q(status="open", closed_at__isnull=True)
                | (~models.Q(status="open") & models.Q(closed_at__isnull=False)),
                name="move_request_closed_once",
                violation_error_message="A request is open, or was closed at some time.",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__lte=models.F("starts_at"))
                & models.Q(expires_at__lte=models.F("lesson_starts_at")),
                name="move_request_lapses_in_time",
                violation_error_message="A request lapses before either time comes.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], name="move_request_expiry", condition=models.Q(status="open")
            ),
        ]

    def __str__(self) -> str:
        return f"Request to move {self.booking_id}"
