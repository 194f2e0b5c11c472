"""Calendars that instructors keep elsewhere and that block their time here."""

from __future__ import annotations

from django.db import models

from instainstru.lib import clock
from instructors.models.profile import Instructor


class OutsideCalendar(models.Model):
    """A calendar file at an address, read again and again; its busy times are ``blocks``.

    The address is often a secret of its own: it is shown to nobody, logged nowhere and in no event. Of what
    is written in the calendar only the times are kept.
    """

    instructor = models.ForeignKey(
        Instructor, on_delete=models.CASCADE, related_name="outside_calendars", db_index=False
    )
    name = models.CharField(max_length=60)
    url = models.CharField(max_length=2000)
    created_at = models.DateTimeField(default=clock.now)

    # What the last good answer said of itself, to ask only for what is new.
    etag = models.CharField(max_length=300, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    # What else the blocks depend on: the day, the zone, how far ahead. Differs: everything is read again.
    read_for = models.CharField(max_length=120, blank=True)
    events = models.PositiveIntegerField(default=0)

    checked_at = models.DateTimeField(null=True, help_text="When it was last read well.")
    tried_at = models.DateTimeField(null=True, help_text="When it was last asked for.")
    next_check_at = models.DateTimeField(default=clock.now)
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    error = models.CharField(max_length=300, blank=True)
    # A lesson was booked without a look at this calendar, which did not answer.
    missed_at = models.DateTimeField(null=True)
    # The instructor was told that it cannot be read; once until it can.
    warned_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["instructor", "url"],
                name="outside_calendar_once",
                violation_error_message="You have added that calendar already.",
            ),
        ]
        indexes = [models.Index(fields=["next_check_at"], name="outside_calendar_due")]

    def __str__(self) -> str:
        return f"{self.name} of {self.instructor_id}"
