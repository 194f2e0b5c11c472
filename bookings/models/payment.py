"""What is paid for a lesson, a tip or a package, with which card, and each step towards it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bookings.models.booking import Booking
from instainstru.lib import clock
from instainstru.lib.ids import new_id
from instructors.models import Instructor
from students.models import Student


class Customer(models.Model):
    """A student at Stripe."""

    student = models.OneToOneField(Student, on_delete=models.PROTECT, related_name="customer")
    stripe_id = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return self.stripe_id


class Card(models.Model):
    """A card a student saved; the number is Stripe's secret. One that was removed stays for its payments."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="cards")
    method_id = models.CharField(max_length=64, unique=True)
    brand = models.CharField(max_length=20)
    last4 = models.CharField(max_length=4)
    exp_month = models.PositiveSmallIntegerField()
    exp_year = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.brand.capitalize()} ending in {self.last4}"


class PaymentStatus(models.TextChoices):
    """Where a payment stands. Only ``services/payments`` writes it."""

    PLANNED = "planned", "Planned"
    AUTHORISING = "authorising", "Being authorised"
    ACTION_REQUIRED = "action_required", "The bank asks the student"
    AUTHORISED = "authorised", "Authorised"
    CAPTURING = "capturing", "Being charged"
    CAPTURED = "captured", "Charged"
    CANCELLING = "cancelling", "Being released"
    CANCELLED = "cancelled", "Not charged"
    FAILED = "failed", "Failed"


class Payment(models.Model):
    """One payment and everything the worker must know of it.

    ``ending`` is what became of the lesson: empty while it is on, ``given``, or the tier it was cancelled
    on. One that was begun for a time that was then not booked ends as if the lesson were cancelled for
    free; so a booking may have several, of which the newest counts. ``due_at`` is when the worker looks
    again; while a step is under way it is the step's lease. ``to_instructor`` is theirs of what was
    captured, less refunds; ``transferred`` what they were sent. ``version`` counts the payment's events.
    """

    class Purpose(models.TextChoices):
        LESSON = "lesson", "Lesson"
        TIP = "tip", "Tip"
        PACKAGE = "package", "Package"

    GIVEN = "given"

    # Written by the transaction at hand, and nothing was asked about it before.
    is_new = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    booking = models.ForeignKey(
        Booking, null=True, blank=True, on_delete=models.PROTECT, related_name="payments"
    )
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="payments")
    instructor = models.ForeignKey(Instructor, on_delete=models.PROTECT, related_name="payments")
    card = models.ForeignKey(Card, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # The quote, in minor units; ``total`` is what the card is charged.
    lesson = models.PositiveIntegerField(default=0)
    fee = models.PositiveIntegerField(default=0)
    credit = models.PositiveIntegerField(default=0)
    package = models.PositiveIntegerField(default=0)
    tip = models.PositiveIntegerField(default=0)
    commission = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)

    status = models.CharField(max_length=16, choices=PaymentStatus.choices, default=PaymentStatus.PLANNED)
    ending = models.CharField(max_length=20, blank=True)
    # An ending that came when the charge for another was under way or done: what was charged goes back.
    late_ending = models.CharField(max_length=20, blank=True)
    intent_id = models.CharField(max_length=64, blank=True)
    authorise_at = models.DateTimeField()
    capture_at = models.DateTimeField()
    # When students are warned for the last time, and when the lesson is given up; null: never.
    warn_at = models.DateTimeField(null=True, blank=True)
    give_up_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.CharField(max_length=300, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_why = models.CharField(max_length=20, blank=True)
    needs_staff = models.BooleanField(default=False)

    captured = models.PositiveIntegerField(default=0)
    captured_at = models.DateTimeField(null=True, blank=True)
    refunded = models.PositiveIntegerField(default=0)
    to_instructor = models.PositiveIntegerField(default=0)
    transferred = models.PositiveIntegerField(default=0)
    transfer_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        permissions = [("refund_payment", "Can refund payments")]
        constraints = [
            models.UniqueConstraint(
                fields=["booking"],
                condition=Q(purpose="lesson", ending=""),
                name="payment_once_per_lesson",
                violation_error_message="This lesson has a payment already.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=PaymentStatus.values),
                name="payment_status_known",
                violation_error_message="That is not a status of a payment.",
            ),
            models.CheckConstraint(
                condition=Q(total=models.F("lesson") + models.F("fee") + models.F("tip")
                            - models.F("credit") - models.F("package")),
                name="payment_adds_up",
                violation_error_message="The lines of a payment add up to its total.",
            ),
            models.CheckConstraint(
                condition=Q(refunded__lte=models.F("captured")) & Q(captured__lte=models.F("total")),
                name="payment_refunds_within_capture",
                violation_error_message="No more is given back than was charged.",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["due_at"], name="payment_due", condition=Q(due_at__isnull=False)),
            models.Index(
                fields=["transfer_at"], name="payment_to_transfer", condition=Q(transfer_at__isnull=False)
            ),
            models.Index(fields=["intent_id"], name="payment_by_intent", condition=~Q(intent_id="")),
            models.Index(fields=["id"], name="payment_for_staff", condition=Q(needs_staff=True)),
            models.Index(fields=["-id"], name="payment_frozen", condition=Q(frozen_at__isnull=False)),
            models.Index(fields=["status", "-id"], name="payment_by_status"),
        ]

    def __str__(self) -> str:
        return f"Payment {self.pk}"


class Step(models.Model):
    """One call to Stripe: written before it, settled after it, repeated under the same key where neither.

    ``sent`` are the parameters, kept so that a repetition says the same; ``is_over`` tells an unknown
    outcome that is final at Stripe's from one that may still be under way.
    """

    class Name(models.TextChoices):
        AUTHORISE = "authorise", "Authorise"
        CAPTURE = "capture", "Charge"
        RELEASE = "release", "Release"
        REFUND = "refund", "Refund"
        TRANSFER = "transfer", "Send to the instructor"
        REVERSE = "reverse", "Take back from the instructor"

    class State(models.TextChoices):
        ATTEMPTING = "attempting", "Under way"
        UNKNOWN = "unknown", "Not known"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="steps", db_index=False)
    name = models.CharField(max_length=10, choices=Name.choices)
    number = models.PositiveSmallIntegerField()
    idempotency_key = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ATTEMPTING)
    is_over = models.BooleanField(default=False)
    calls = models.PositiveSmallIntegerField(default=0)
    amount = models.PositiveIntegerField(default=0)
    sent = models.JSONField(default=dict)
    stripe_id = models.CharField(max_length=64, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "name", "number"], name="step_once"),
            models.UniqueConstraint(fields=["idempotency_key"], name="step_key_once"),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(state__in=["attempting", "unknown"])
                & Q(name__in=["authorise", "capture", "release"]),
                name="one_step_of_a_payment_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="step_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["stripe_id"], name="step_by_stripe_id", condition=~Q(stripe_id="")),
        ]

    def __str__(self) -> str:
        return self.idempotency_key
