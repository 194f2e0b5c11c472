"""Where an instructor's earnings go."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from instructors.models.profile import Instructor


class PayoutAccount(models.Model):
    """An instructor's account at Stripe as Stripe last described it; staff may hold what goes there."""

    instructor = models.OneToOneField(Instructor, on_delete=models.PROTECT, related_name="payout_account")
    stripe_id = models.CharField(max_length=64, unique=True)
    # Transfers may go there; from there money goes to the bank.
    takes_transfers = models.BooleanField(default=False)
    pays_out = models.BooleanField(default=False)
    details_submitted = models.BooleanField(default=False)
    requirements = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    disabled_reason = models.CharField(max_length=100, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    held_why = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def is_ready(self) -> bool:
        """Whether earnings may be sent there now."""
        return self.takes_transfers and self.held_at is None
