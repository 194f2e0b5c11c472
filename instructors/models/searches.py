"""Searches that are kept: those somebody waits for, and a log of what was searched at all."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from instainstru.lib import clock


class SavedSearch(models.Model):
    """“Tell me when there is one”: a search that found nobody, and who is to hear when it does.

    An account's, or somebody's who has proved to read ``email``. ``params`` is the search as an address
    has it, its dates no longer relative.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    email = models.EmailField()
    time_zone = models.CharField(max_length=64)
    title = models.CharField(max_length=200, help_text="The search in words.")
    params = models.JSONField()
    # The subjects it is about, for who looks which searches a change concerns; none means any.
    subjects = ArrayField(models.SlugField(), default=list, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # When it was last run; null: not yet.
    checked_at = models.DateTimeField(null=True, blank=True)
    # Since when somebody it may be about has other times than when it was last run; null: nobody has.
    changed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    # The offerings of the last letter, which are no news any more.
    told = ArrayField(models.BigIntegerField(), default=list, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "saved searches"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["email", "params"],
                name="saved_search_once",
                condition=Q(ended_at__isnull=True),
                violation_error_message="You are waiting for that already.",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="saved_search_email_lower",
                violation_error_message="Addresses are kept in lower case.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["checked_at", "id"],
                name="saved_search_waiting",
                condition=Q(ended_at__isnull=True, confirmed_at__isnull=False),
            ),
            models.Index(fields=["email"], name="saved_search_of"),
        ]

    def __str__(self) -> str:
        return self.title


class SearchLog(models.Model):
    """One search: what was asked, how it was understood, how many were found.

    Who asked is forgotten after ``services/search/log.py``'s ``KNOWN_FOR``, the rest after ``KEPT``. No
    index but the key and a tiny one on time: a row is written for every search.
    """

    class Source(models.TextChoices):
        PAGE = "page", "Page"
        API = "api", "API"

    created_at = models.DateTimeField(default=clock.now)
    source = models.CharField(max_length=4, choices=Source.choices)
    # Lower case, single spaces; empty where only filters were set.
    text = models.CharField(max_length=200, blank=True)
    subjects = ArrayField(models.SlugField(), default=list, blank=True)
    unknown = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    relaxed = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    # On the first page, exactly as asked.
    found = models.PositiveSmallIntegerField()
    # No foreign key: it would be checked with every search.
    user_id = models.BigIntegerField(null=True, blank=True)
    address = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001 - null: forgotten

    class Meta:
        ordering = ["-id"]
        indexes = [BrinIndex(fields=["created_at"], name="search_log_by_time", autosummarize=True)]

    def __str__(self) -> str:
        return self.text or "filters alone"
