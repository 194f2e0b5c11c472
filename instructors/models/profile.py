"""The instructor: a public face, a standing with us, and limits of their own."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

from instainstru.lib import clock
from instructors.models.places import Place

SLUG = RegexValidator(
    r"^[a-z0-9]+(-[a-z0-9]+)*$", "Use small letters, digits and single hyphens between them."
)


def validate_zone(name: str) -> None:
    """Refuse names that are not IANA zones."""
    if not clock.is_zone(name):
        raise ValidationError("“%(name)s” is not a time zone we know.", params={"name": name})


class Instructor(models.Model):
    """Someone who teaches. Students see it only while ``status`` is listed."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Not listed yet"
        SUBMITTED = "submitted", "Waiting for us"
        LISTED = "listed", "Listed"
        SUSPENDED = "suspended", "Suspended"

    class CancellationPreset(models.TextChoices):
        FLEXIBLE = "flexible", "Flexible"
        STANDARD = "standard", "Standard"
        STRICT = "strict", "Strict"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="instructor")
    slug = models.CharField(
        max_length=60,
        unique=True,
        validators=[SLUG],
        error_messages={"unique": "Someone else has this address."},
    )
    headline = models.CharField(max_length=120, blank=True)
    bio = models.TextField(max_length=4000, blank=True)
    photo = models.ImageField(upload_to="portraits/", blank=True)
    languages = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    time_zone = models.CharField(max_length=64, default="America/New_York", validators=[validate_zone])
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    verified_at = models.DateTimeField(null=True, blank=True)
    suspended_reason = models.CharField(max_length=300, blank=True)
    # Suspended by rule, for lessons let down: until then, or until staff have looked where that is null.
    is_hidden = models.BooleanField(default=False, editable=False)
    hidden_until = models.DateTimeField(null=True, blank=True, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True, help_text="Since when it waits for staff.")
    # What staff asked for when they gave a profile back; it stands until the next submission.
    sent_back_reason = models.CharField(max_length=300, blank=True)
    cancellation_preset = models.CharField(
        max_length=10, choices=CancellationPreset.choices, default=CancellationPreset.STANDARD
    )

    # Where: a named place for all, the exact address for those who booked (privacy rule).
    place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=200, blank=True, help_text="Shown only after booking.")
    latitude = models.FloatField(null=True, blank=True, help_text="Public point, shifted 25–50 m.")
    longitude = models.FloatField(null=True, blank=True)

    # Stricter than the rules where set, never looser.
    # Written by services/limits.py, which knows the ranges; null: as the rules say.
    notice_online_min = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(20160)]
    )
    notice_at_instructor_min = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(20160)]
    )
    notice_at_student_min = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(20160)]
    )
    buffer_min = models.PositiveIntegerField(null=True, blank=True, validators=[MaxValueValidator(180)])
    travel_min = models.PositiveIntegerField(null=True, blank=True, validators=[MaxValueValidator(180)])
    horizon_days = models.PositiveIntegerField(null=True, blank=True, validators=[MaxValueValidator(365)])
    overnight_rule = models.BooleanField(default=True)
    lessons_per_day = models.PositiveSmallIntegerField(null=True, blank=True)
    lessons_per_week = models.PositiveSmallIntegerField(null=True, blank=True)
    grid_min = models.PositiveSmallIntegerField(null=True, blank=True)

    # Written by upper apps through services/profile.py: Bayesian mean, number of ratings, lessons given.
    rating = models.FloatField(default=0)
    rating_count = models.PositiveIntegerField(default=0)
    lesson_count = models.PositiveIntegerField(default=0)
    # Which of the rules' commissions is theirs (0, 1, 2); founding instructors have one of their own.
    commission_step = models.PositiveSmallIntegerField(default=0, editable=False)
    # The place among the founding instructors: theirs for life. Unique, so that no two share the last one.
    founding_place = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        unique=True,
        editable=False,
        error_messages={"unique": "Somebody else has this founding place."},
    )
    # OpenDay rows exist for dates before this one.
    open_until = models.DateField(null=True, editable=False)
    # The version of the rules that all of them were last derived under; null: the first.
    derived_under = models.BigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(slug__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
                name="instructor_slug_form",
                violation_error_message="Use small letters, digits and single hyphens between them.",
            ),
            models.CheckConstraint(
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="instructor_point_on_earth",
                violation_error_message="That point is not on Earth.",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "submitted", "listed", "suspended"]),
                name="instructor_status_known",
                violation_error_message="That is not a standing of an instructor.",
            ),
            models.CheckConstraint(
                condition=models.Q(status="submitted", submitted_at__isnull=False)
                | (~models.Q(status="submitted") & models.Q(submitted_at__isnull=True)),
                name="instructor_waits_since",
                violation_error_message="A submitted profile waits since some time, and no other does.",
            ),
            models.CheckConstraint(
                condition=models.Q(sent_back_reason="") | models.Q(status="draft"),
                name="instructor_sent_back_is_draft",
                violation_error_message="Only a draft can have been sent back.",
            ),
            models.CheckConstraint(
                condition=models.Q(suspended_reason="") | models.Q(status="suspended"),
                name="instructor_suspended_has_reason",
                violation_error_message="Only a suspended instructor has a reason for it.",
            ),
            models.CheckConstraint(
                condition=models.Q(is_hidden=False, hidden_until__isnull=True)
                | models.Q(is_hidden=True, status="suspended"),
                name="instructor_hidden_is_suspended",
                violation_error_message="Only a suspended instructor is hidden.",
            ),
            models.CheckConstraint(
                condition=models.Q(grid_min__isnull=True) | models.Q(grid_min__range=(5, 60)),
                name="instructor_grid_sane",
                violation_error_message="Lessons start every 5 to 60 minutes.",
            ),
        ]
        indexes = [
            models.Index(fields=["open_until", "id"], name="instructor_open_until"),
            models.Index(fields=["status", "-id"], name="instructor_by_status"),
            models.Index(
                fields=["submitted_at", "id"],
                name="instructor_waiting",
                condition=models.Q(status="submitted"),
            ),
            models.Index(
                fields=["hidden_until", "id"], name="instructor_hidden", condition=models.Q(is_hidden=True)
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_submitted(self) -> bool:
        return self.status == self.Status.SUBMITTED

    @property
    def is_listed(self) -> bool:
        return self.status == self.Status.LISTED

    @property
    def is_founding(self) -> bool:
        return self.founding_place is not None

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None


class OldAddress(models.Model):
    """An address an instructor's page once had: it leads to the present one, and is kept free for a while.

    An instructor who has the address now comes first; whether somebody may take it is a rule
    (``services/addresses.py``), because it depends on the date.
    """

    slug = models.CharField(
        max_length=60,
        unique=True,
        validators=[SLUG],
        error_messages={"unique": "Somebody had this address before."},
    )
    instructor = models.ForeignKey(Instructor, on_delete=models.CASCADE, related_name="old_addresses")
    left_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "old addresses"

    def __str__(self) -> str:
        return self.slug
