"""Being a student."""

from __future__ import annotations

from instainstru.accounts.models import User
from students.models import Student


def student_of(user: User) -> Student:
    """The person as a student: whoever books first becomes one."""
    return Student.objects.get_or_create(user=user)[0]
