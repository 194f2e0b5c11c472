"""Being a student."""

from __future__ import annotations

from instainstru.accounts.models import User
from instainstru.lib.compiled import Compiled
from students.models import Student


def student_of(user: User) -> Student:
    """The person as a student: whoever books first becomes one."""
    found = _by_user(user_id=user.pk)
    student = found[0] if found else Student.objects.get_or_create(user=user)[0]
    student.user = user
    return student


_by_user = Compiled(lambda user_id: Student.objects.filter(user_id=user_id), user_id=int)
