"""What is taught: categories, subjects and their aliases, and what an instructor offers."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from instructors.models.profile import Instructor


class Modality(models.TextChoices):
    """Where the two meet. The order is the order of preference where nobody chose."""

    ONLINE = "online", "Online"
    AT_INSTRUCTOR = "at_instructor", "At the instructor's place"
    AT_STUDENT = "at_student", "At the student's place"


IN_PERSON = (Modality.AT_INSTRUCTOR, Modality.AT_STUDENT)


class Level(models.TextChoices):
    BEGINNER = "beginner", "Beginner"
    INTERMEDIATE = "intermediate", "Intermediate"
    ADVANCED = "advanced", "Advanced"


class Audience(models.TextChoices):
    """Ages: kids under 13, teens 13–17 (search.md)."""

    KIDS = "kids", "Kids"
    TEENS = "teens", "Teens"
    ADULTS = "adults", "Adults"


class Category(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.name


class Subject(models.Model):
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="subjects")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["category__position", "position", "slug"]

    def __str__(self) -> str:
        return self.name


class Alias(models.Model):
    """Another word for a subject, or for a category: “keyboard”, “fitness”."""

    text = models.CharField(max_length=60, unique=True, help_text="Lower case.")
    subject = models.ForeignKey(
        Subject, null=True, blank=True, on_delete=models.CASCADE, related_name="aliases"
    )
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.CASCADE, related_name="aliases"
    )

    class Meta:
        verbose_name_plural = "aliases"
        ordering = ["text"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(subject__isnull=False, category__isnull=True)
                | models.Q(subject__isnull=True, category__isnull=False),
                name="alias_of_one_thing",
                violation_error_message="An alias stands for a subject or for a category, not both.",
            ),
        ]

    def __str__(self) -> str:
        return self.text


# What the indexes of search carry beside their key, so that candidates need no look at the table.
COVERED = ("subject", "instructor", "price_per_hour", "latitude", "longitude", "week_bits")


def default_durations() -> list[int]:
    return [60]


class Offering(models.Model):
    """One subject as one instructor teaches it.

    The columns below ``is_active`` repeat facts of the instructor so that search can walk one index
    and stop at twenty; ``services/catalogue.py`` alone writes them, with the facts.
    """

    instructor = models.ForeignKey(
        Instructor, on_delete=models.CASCADE, related_name="offerings", db_index=False
    )
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="offerings")
    price_per_hour = models.PositiveIntegerField(
        help_text="Minor units (cents).", validators=[MinValueValidator(100), MaxValueValidator(100_000_00)]
    )
    durations = ArrayField(
        models.PositiveSmallIntegerField(), default=default_durations, help_text="Minutes, ascending."
    )
    modalities = ArrayField(
        models.CharField(max_length=15, choices=Modality.choices), help_text="In the order of Modality."
    )
    levels = ArrayField(models.CharField(max_length=15, choices=Level.choices), default=list)
    audiences = ArrayField(models.CharField(max_length=10, choices=Audience.choices), default=list)
    description = models.CharField(max_length=300, blank=True)
    is_active = models.BooleanField(default=True)

    is_listed = models.BooleanField(default=False, editable=False)
    rank = models.FloatField(default=0, editable=False)
    rating = models.FloatField(default=0, editable=False)
    # The instructor's public point; what "near" measures from.
    latitude = models.FloatField(null=True, editable=False)
    longitude = models.FloatField(null=True, editable=False)
    # Minimum notice in minutes for the first of ``modalities``.
    notice_min = models.PositiveIntegerField(default=60, editable=False)
    # Not later than the first bookable start; "soonest first" walks it (may be too early, never late).
    next_free_at = models.DateTimeField(null=True, editable=False)
    # In which stretches of the week there may be time (``services/week_bits.py``); at first in all.
    week_bits = models.BigIntegerField(default=-1, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["instructor", "subject"],
                name="offering_once",
                violation_error_message="You already offer this subject. Change that offering instead.",
            ),
            models.CheckConstraint(
                condition=models.Q(durations__len__gte=1),
                name="offering_has_durations",
                violation_error_message="Choose at least one lesson length.",
            ),
            models.CheckConstraint(
                condition=models.Q(modalities__len__gte=1),
                name="offering_has_modalities",
                violation_error_message="Choose at least one way to meet.",
            ),
            models.CheckConstraint(
                condition=models.Q(price_per_hour__gte=100, price_per_hour__lte=100_000_00),
                name="offering_price_sane",
                violation_error_message="A price is between $1 and $100,000 an hour.",
            ),
        ]
        # Search walks one of these in its order, each holding all that its cheap conditions ask.
        indexes = [
            models.Index(
                fields=[*first, key, "id"],
                name=name,
                include=[column for column in also if column not in (*first, key.removeprefix("-"))],
                condition=models.Q(is_listed=True),
            )
            for first, key, name, also in (
                (("subject",), "-rank", "offering_by_subject_rank", COVERED),
                (("subject",), "price_per_hour", "offering_by_price", COVERED),
                (("subject",), "-rating", "offering_by_rating", COVERED),
                (("subject",), "next_free_at", "offering_by_next_free", COVERED),
                (("subject", "latitude"), "longitude", "offering_by_subject_point", (*COVERED, "rank")),
                ((), "-rank", "offering_by_rank", COVERED),
                ((), "price_per_hour", "offering_by_price_alone", COVERED),
                ((), "-rating", "offering_by_rating_alone", COVERED),
                ((), "next_free_at", "offering_by_next_free_alone", COVERED),
                (("latitude",), "longitude", "offering_by_point", COVERED),
            )
        ]

    def __str__(self) -> str:
        return f"Offering {self.pk}"
