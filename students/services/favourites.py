"""Instructors a student wants to find again."""

from __future__ import annotations

from django.db import transaction

from instainstru.accounts.models import User
from instainstru.lib.errors import NotFound
from instructors.models import Instructor, Offering
from students.models import Favourite
from students.services.students import student_of

MOST = 200


@transaction.atomic
def set_favourite(user: User, slug: str, *, wanted: bool) -> Instructor:
    """Keep a listed instructor among the user's favourites, or no longer; twice is as once."""
    instructor = Instructor.objects.select_related("user").filter(slug=slug).first()
    if instructor is None or (wanted and not instructor.is_listed):
        raise NotFound
    mine = Favourite.objects.filter(student__user=user, instructor=instructor)
    if not wanted:
        mine.delete()
    elif not mine.exists():
        Favourite.objects.get_or_create(student=student_of(user), instructor=instructor)
    return instructor


def is_favourite(user: User, instructor: Instructor) -> bool:
    """Whether the user keeps the instructor."""
    return Favourite.objects.filter(student__user=user, instructor=instructor).exists()


def favourites_of(user: User) -> list[tuple[Instructor, list[Offering]]]:
    """The user's favourites who can be booked, the latest first, with what they teach: two queries."""
    kept = Favourite.objects.filter(student__user=user, instructor__status=Instructor.Status.LISTED)
    instructors = [
        one.instructor
        for one in kept.select_related("instructor__user", "instructor__place").order_by("-pk")[:MOST]
    ]
    taught: dict[int, list[Offering]] = {}
    found = Offering.objects.select_related("subject").filter(instructor__in=instructors, is_active=True)
    for offering in found.order_by("subject__position", "pk"):
        taught.setdefault(offering.instructor_id, []).append(offering)
    return [(instructor, taught.get(instructor.pk, [])) for instructor in instructors]
