"""What a student has with us: credit, and lessons bought ahead."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bookings.models.booking import Booking
from bookings.models.payment import Payment
from instructors.models import Offering
from students.models import Student


class Credit(models.Model):
    """An amount that pays for lessons until it expires; ``left`` is what is not spent."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="credits")
    amount = models.PositiveIntegerField()
    left = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=300)
    expires_at = models.DateTimeField()
    booking = models.ForeignKey(Booking, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["expires_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(left__lte=F("amount")),
                name="credit_left_within_amount",
                violation_error_message="No more is left of a credit than there was.",
            ),
        ]
        indexes = [
            models.Index(fields=["student", "expires_at"], name="credit_to_spend", condition=Q(left__gt=0)),
            models.Index(fields=["expires_at"], name="credit_to_expire", condition=Q(left__gt=0)),
        ]

    def __str__(self) -> str:
        return f"Credit {self.pk}"


class CreditUse(models.Model):
    """How much of a credit one payment took; ``given_back`` of it is the credit's again."""

    credit = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="uses", db_index=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="credit_uses")
    amount = models.PositiveIntegerField()
    given_back = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["credit", "payment"], name="credit_use_once"),
            models.CheckConstraint(
                condition=Q(given_back__lte=F("amount")), name="credit_use_given_back_within"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.credit_id}"


class Package(models.Model):
    """Lessons of one offering and length, paid ahead. ``left`` may be booked once it is paid."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="packages", db_index=False)
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="+")
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="bought")
    duration_min = models.PositiveSmallIntegerField()
    lessons = models.PositiveSmallIntegerField()
    left = models.PositiveSmallIntegerField()
    # Of one lesson, and of the fee for it.
    price_each = models.PositiveIntegerField()
    fee_each = models.PositiveIntegerField()
    paid_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["expires_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(left__lte=F("lessons")),
                name="package_left_within",
                violation_error_message="No more lessons are left of a package than there were.",
            ),
        ]
        indexes = [models.Index(fields=["student", "expires_at"], name="package_by_student")]

    def __str__(self) -> str:
        return f"Package {self.pk}"


class PackageUse(models.Model):
    """A lesson that was taken out of a package."""

    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="uses")
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="package_use")
    given_back = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"Lesson of {self.package_id}"
