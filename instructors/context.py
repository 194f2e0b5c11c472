"""What the frame around every page wants to know about who is looking."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from instructors import listing
from instructors.models import Instructor


def role(request: HttpRequest) -> dict[str, object]:
    """``role``: "instructor" for those who teach, else "student". Looked up only where it is printed."""

    def find() -> str:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return ""
        return "instructor" if Instructor.objects.filter(user=user).exists() else "student"

    return {"role": SimpleLazyObject(find)}


def office(request: HttpRequest) -> dict[str, object]:
    """``my_standing``: on the office's pages, where an instructor stands who is not listed yet; else None."""
    instructor = getattr(request, "office", None)
    if instructor is None or instructor.is_listed:
        return {}
    return {"my_standing": SimpleLazyObject(lambda: listing.standing_of(instructor))}
