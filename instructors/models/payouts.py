"""Where an instructor's earnings go: their account at Stripe, and what Stripe sends on to their bank."""

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
    # Whether the reason is written for the instructor; it stays with staff otherwise.
    held_is_told = models.BooleanField(default=False)
    checked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def is_ready(self) -> bool:
        """Whether earnings may be sent there now."""
        return self.takes_transfers and self.held_at is None


class Payout(models.Model):
    """What Stripe sends from an instructor's account to their bank, as Stripe last described it."""

    class Status(models.TextChoices):
        """In the order in which they follow each other; the last two end it."""

        PENDING = "pending", "Being prepared"
        IN_TRANSIT = "in_transit", "On its way"
        PAID = "paid", "Arrived"
        FAILED = "failed", "Sent back by the bank"
        CANCELED = "canceled", "Called off"

    account = models.ForeignKey(
        PayoutAccount, on_delete=models.PROTECT, related_name="payouts", db_index=False
    )
    stripe_id = models.CharField(max_length=64, unique=True)
    # Below zero where Stripe takes back from the bank what the account owes.
    amount = models.IntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=Status.choices)
    arrives_at = models.DateTimeField(null=True, blank=True)
    # The bank's reason, in Stripe's words.
    failure = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["pending", "in_transit", "paid", "failed", "canceled"]),
                name="payout_status_known",
                violation_error_message="That is not a status of a payout.",
            ),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="payout_by_account")]

    def __str__(self) -> str:
        return self.stripe_id
