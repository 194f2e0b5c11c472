"""What became of the report that somebody did not come."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from bookings.models.booking import Booking, Party
from instainstru.lib import clock
from instainstru.lib.ids import new_id


class ReportStatus(models.TextChoices):
    """Where a report stands. Only ``services/no_shows.py`` writes it."""

    OPEN = "open", "Waiting for an answer"
    AGREED = "agreed", "Agreed"
    UNANSWERED = "unanswered", "Upheld: nobody answered"
    DISPUTED = "disputed", "Disputed: we decide"
    DECIDED = "decided", "Decided by us"


class NoShowReport(models.Model):
    """One side's word that the other did not come, and the other's answer.

    Who did not come is ``booking.absent``, and they answer. ``ending`` is what became of the lesson's money,
    as a payment says it: ``given``, or the tier of a cancellation.
    """

    WAITING = (ReportStatus.OPEN, ReportStatus.DISPUTED)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="no_show_report")
    status = models.CharField(max_length=10, choices=ReportStatus.choices, default=ReportStatus.OPEN)
    reported_by = models.CharField(max_length=10, choices=Party.choices)
    answer_by = models.DateTimeField(help_text="Unanswered until then, it is upheld.")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=1000, blank=True, help_text="Why it is not so.")
    ending = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was decided so.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ReportStatus.values),
                name="no_show_status_known",
                violation_error_message="That is not a status of a report.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "disputed"], closed_at__isnull=True, ending="")
                | (Q(closed_at__isnull=False) & ~Q(status__in=["open", "disputed"]) & ~Q(ending="")),
                name="no_show_closed_with_an_ending",
                violation_error_message="A report that is closed says what becomes of the money.",
            ),
            models.CheckConstraint(
                condition=~Q(status="disputed") | ~Q(answer=""),
                name="no_show_disputed_in_words",
                violation_error_message="Say what happened.",
            ),
        ]
        indexes = [
            models.Index(fields=["answer_by"], name="no_show_to_uphold", condition=Q(status="open")),
            models.Index(fields=["id"], name="no_show_to_decide", condition=Q(status="disputed")),
        ]

    def __str__(self) -> str:
        return f"No-show report of {self.booking_id}"
