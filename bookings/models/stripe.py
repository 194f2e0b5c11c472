"""What Stripe told us: its events as they came in, disputes, and what it took for itself."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bookings.models.payment import Payment


class StripeEvent(models.Model):
    """A word from Stripe, once. Nothing is believed of it but which object to look at."""

    id = models.CharField(primary_key=True, max_length=80)
    kind = models.CharField(max_length=60)
    account = models.CharField(max_length=64, blank=True)
    object_id = models.CharField(max_length=80, blank=True)
    said_at = models.DateTimeField()
    received_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    # Null and not done: given up; staff see it and may replay it.
    next_try_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-received_at"]
        indexes = [
            models.Index(
                fields=["next_try_at"], name="stripe_event_due", condition=Q(next_try_at__isnull=False)
            ),
            models.Index(fields=["-received_at"], name="stripe_event_latest"),
            models.Index(
                fields=["received_at"],
                name="stripe_event_given_up",
                condition=Q(done_at__isnull=True, next_try_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Dispute(models.Model):
    """A cardholder contests a charge. While one is open the payment is frozen."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    stripe_id = models.CharField(max_length=64, unique=True)
    amount = models.PositiveIntegerField()
    reason = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=30)
    # What the bank has taken of ours because of it.
    withdrawn = models.PositiveIntegerField(default=0)
    answer_by = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    # What staff say to the bank: written before it is sent; ``answered_at`` once Stripe has it.
    evidence = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        indexes = [
            models.Index(fields=["answer_by"], name="dispute_open", condition=Q(closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.stripe_id


class StripeFee(models.Model):
    """What Stripe kept of one movement of our balance, whose id it has; below nothing where it gave back."""

    class What(models.TextChoices):
        CHARGE = "charge", "Charge"
        REFUND = "refund", "Refund"
        DISPUTE = "dispute", "Dispute"

    id = models.CharField(primary_key=True, max_length=64)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="stripe_fees")
    what = models.CharField(max_length=10, choices=What.choices)
    amount = models.IntegerField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id
