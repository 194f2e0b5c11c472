"""The books: double entry, append-only. Only ``services/ledger.py`` writes, triggers refuse the rest."""

from __future__ import annotations

from django.db import models

from instainstru.events.models import Event


class AccountKind(models.TextChoices):
    """Whose money an account is. A balance above zero is money of theirs that is with us.

    ``stripe`` is the world outside: its balance is minus what Stripe holds for everybody together.
    """

    STUDENT = "student", "Student (held for a lesson)"
    CREDIT = "credit", "Student's credit"
    PACKAGE = "package", "Student's packages"
    INSTRUCTOR = "instructor", "Instructor"
    PLATFORM = "platform", "InstaInstru"
    STRIPE = "stripe", "Stripe"


class Account(models.Model):
    """``owner_id`` is a student's or an instructor's key; there is one platform and one Stripe."""

    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    owner_id = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "owner_id", "currency"], nulls_distinct=False, name="account_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.owner_id or ''}".strip()


class Posting(models.Model):
    """One movement of money and the event that caused it; its entries add up to nothing."""

    kind = models.CharField(max_length=30)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey(
        "bookings.Payment", null=True, blank=True, on_delete=models.PROTECT, related_name="postings"
    )
    booking = models.ForeignKey(
        "bookings.Booking", null=True, blank=True, on_delete=models.PROTECT, related_name="postings"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Entry(models.Model):
    """What one account gains (above zero) or gives (below), in minor units."""

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries", db_index=False)
    amount = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(amount=0),
                name="entry_moves_something",
                violation_error_message="An entry moves an amount.",
            ),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="entry_by_account")]

    def __str__(self) -> str:
        return f"{self.amount} {self.account_id}"
