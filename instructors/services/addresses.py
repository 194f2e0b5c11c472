"""The addresses of instructors' pages: taking one, leaving one, and being found at an old one.

A link on a business card or a printed code must not end at a stranger: an address that was left leads to
its instructor's present one, and nobody else may take it for ``KEPT``. Later somebody may; from then on it
is theirs.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.text import slugify

from instainstru.accounts.models import User
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instructors.models import Instructor, OldAddress

KEPT = timedelta(days=365)
# So many are kept for one instructor: who could leave any number would hold them all.
MOST_KEPT = 5


def free_slug(user: User) -> str:
    """An unused address from the user's name, numbered where others have it or had it."""
    base = slugify(f"{user.first_name} {user.last_name[:1]}")[:40].strip("-") or "instructor"
    taken = set(Instructor.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    taken |= set(OldAddress.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 1
    slug = base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def exchange(instructor: Instructor, *, left: str) -> None:
    """Keep the address that the instructor left for the one they have just been saved with.

    Call it in that transaction, after saving: two who exchange addresses queue on the unique index, so only
    now is every old address visible that the new one could be. Raises where it is still kept for another.
    """
    now = clock.now()
    kept = OldAddress.objects.filter(slug=instructor.slug).first()
    if kept is not None and kept.instructor_id != instructor.pk and kept.left_at > now - KEPT:
        raise _refusal("Somebody had this address until a short time ago. It is kept for them.")
    if kept is not None:
        kept.delete()
    OldAddress.objects.update_or_create(slug=left, defaults={"instructor": instructor, "left_at": now})
    recent = OldAddress.objects.filter(instructor=instructor, left_at__gt=now - KEPT)
    if recent[: MOST_KEPT + 1].count() > MOST_KEPT:
        raise _refusal(f"You have changed it {MOST_KEPT} times in a year. Keep this one, or ask us.")


def _refusal(text: str) -> DomainError:
    return DomainError("Please correct the marked fields.", code="invalid", fields={"slug": text})


def moved_to(slug: str) -> Instructor | None:
    """Who had that address before; their present one is ``slug`` of the answer."""
    kept = OldAddress.objects.select_related("instructor").filter(slug=slug).first()
    return kept.instructor if kept else None
