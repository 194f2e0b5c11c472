"""The student, and what they keep about instructors."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from instainstru.accounts.models import Partner
from instainstru.lib import clock
from instructors.models import Instructor


class Student(models.Model):
    """Someone who books. ``partner`` is set where an organisation books on their behalf."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="student")
    partner = models.ForeignKey(
        Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="students"
    )
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return str(self.user)


class Favourite(models.Model):
    """An instructor the student wants to find again."""

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="favourites", db_index=False)
    instructor = models.ForeignKey(Instructor, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["student", "instructor"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.student_id} likes {self.instructor_id}"
