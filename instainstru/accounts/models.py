"""Who people are and what their keys may do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower, Upper

from instainstru.lib import clock


class UserManager(BaseUserManager["User"]):
    """Makes users; the names ``create_user`` and ``create_superuser`` are Django's contract."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email=(email or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by email. Being a student or an instructor is a row in those apps."""

    email = models.EmailField(unique=True, error_messages={"unique": "This address already has an account."})
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    time_zone = models.CharField(max_length=64, default="America/New_York")
    is_staff = models.BooleanField("staff", default=False, help_text="May use the back office.")
    is_guest = models.BooleanField(
        "guest", default=False, help_text="Has held a time but not said who they are; the address is made up."
    )
    is_active = models.BooleanField("active", default=True, help_text="Unset instead of deleting.")
    date_joined = models.DateTimeField(default=clock.now)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="user_email_lower",
                violation_error_message="Addresses are kept in lower case.",
            ),
        ]
        indexes = [
            # What Django's ``icontains`` asks for: the back office finds people by any part of these.
            GinIndex(
                *(OpClass(Upper(name), name="gin_trgm_ops") for name in ("email", "first_name", "last_name")),
                name="user_search",
            ),
            models.Index(fields=["date_joined"], name="user_guest_age", condition=models.Q(is_guest=True)),
            # First names by their beginning, whatever the collation.
            models.Index(
                OpClass(Lower("first_name"), name="text_pattern_ops"),
                name="user_by_first_name",
                condition=models.Q(is_guest=False, is_active=True),
            ),
            # Of twenty instructors that a search shows nothing but the name is read.
            models.Index(fields=["id"], include=["first_name", "last_name"], name="user_names"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def full_name(self) -> str:
        """First and last name, for those who already have to do with each other."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def short_name(self) -> str:
        """“First L.”: how strangers are shown until they have booked (privacy rule)."""
        return f"{self.first_name} {self.last_name[:1]}.".strip() if self.last_name else self.first_name

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.first_name


class Partner(models.Model):
    """An organisation that books for its own students over the API, through ``user``."""

    name = models.CharField(max_length=120, unique=True)
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="partner")
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    """What an API key may do."""

    OPENINGS_READ = "openings:read", "Search times, instructors and subjects"
    BOOKINGS_READ = "bookings:read", "See lessons and their history"
    BOOKINGS_WRITE = "bookings:write", "Hold, book, move and cancel lessons"
    HOURS_READ = "hours:read", "See an instructor's own hours"
    HOURS_WRITE = "hours:write", "Change an instructor's own hours"


class ApiKey(models.Model):
    """A key that acts for ``user`` within ``scopes``; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80, help_text="What the key is for.")
    # The first characters, to tell keys apart in lists.
    prefix = models.CharField(max_length=12)
    # SHA-256 in hex. A key has 256 random bits, so a slow password hash would protect nothing.
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=30, choices=Scope.choices))
    created_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    @property
    def is_partner(self) -> bool:
        """Whether it acts for an organisation; costs nothing on what ``api_keys.find`` returned."""
        return hasattr(self.user, "partner")


class CalendarFeed(models.Model):
    """The address at which a calendar program reads somebody's lessons; only its hash is kept."""

    class Role(models.TextChoices):
        STUDENT = "student", "Lessons you take"
        INSTRUCTOR = "instructor", "Lessons you give"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="calendar_feeds", db_index=False)
    role = models.CharField(max_length=10, choices=Role.choices)
    # SHA-256 in hex, as with API keys.
    digest = models.CharField(max_length=64, unique=True)
    with_holds = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)
    last_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"],
                name="calendar_feed_once",
                violation_error_message="There is an address for these lessons already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} feed of {self.user_id}"
