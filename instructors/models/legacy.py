"""Coming from the old system: which import did what, and the numbers by which it knew its slots.

Goes with ``instructors.legacy`` after the sunset.
"""

from __future__ import annotations

from django.db import models

from instainstru.lib import clock
from instructors.models.profile import Instructor

# The old system's numbers stay far below; what is numbered here begins here.
FIRST_NEW_ID = 1_000_000_000


class AvailabilityImport(models.Model):
    """A run of ``import_availability``. The same files with the same options are the same run."""

    class Status(models.TextChoices):
        RUNNING = "running", "Not finished"
        FINISHED = "finished", "Finished"
        UNDONE = "undone", "Undone"

    digest = models.CharField(max_length=64, help_text="Of the files and options.")
    files = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    counts = models.JSONField(default=dict)
    # The first of them; all about an instructor's lines are with their part.
    findings = models.JSONField(default=list)
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["digest"],
                condition=~models.Q(status="undone"),
                name="availability_import_once",
                violation_error_message="These files were imported already.",
            )
        ]

    def __str__(self) -> str:
        return f"import {self.pk} ({self.status})"


class ImportedInstructor(models.Model):
    """What an import did to one instructor; written in the transaction that did it."""

    class Outcome(models.TextChoices):
        IMPORTED = "imported", "Hours written"
        UNCHANGED = "unchanged", "The hours were so already"
        KEPT = "kept", "Had hours of their own"

    run = models.ForeignKey(
        AvailabilityImport, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    instructor = models.ForeignKey(Instructor, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    # All hours before, as ``legacy.states`` writes them; and what tells the state afterwards.
    before = models.JSONField()
    after = models.CharField(max_length=32)
    counts = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "instructor"], name="imported_instructor_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.instructor_id} {self.outcome}"


class OldSlot(models.Model):
    """The number by which callers of the old operations know a window of a date.

    A label only: hours are what the calendar says. Windows may change without it, and
    ``legacy.board.with_ids`` finds the one that the number now means.
    """

    id = models.BigAutoField(primary_key=True)
    instructor = models.ForeignKey(Instructor, on_delete=models.CASCADE, related_name="+", db_index=False)
    date = models.DateField()
    from_min = models.PositiveSmallIntegerField()
    to_min = models.PositiveSmallIntegerField()

    class Meta:
        # Its first column serves the foreign key as well.
        indexes = [models.Index(fields=["instructor", "date"], name="old_slot_by_date")]

    def __str__(self) -> str:
        return f"{self.pk}: {self.date} {self.from_min}–{self.to_min}"
