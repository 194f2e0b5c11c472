"""Becoming an instructor, and the public face; standing with us is in ``standing``."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Greatest

from instainstru.accounts import services as accounts
from instainstru.accounts.api_keys import reading
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib.compiled import Compiled
from instainstru.lib.errors import DomainError, NotFound
from instructors.models import Instructor, Offering
from instructors.services import addresses, calendar, catalogue

# Facts an instructor changes about themselves; limits are set in ``services/limits.py``.
OWN_FACTS = (
    "slug", "headline", "bio", "photo", "languages", "time_zone", "place", "address",
    "cancellation_preset",
)  # fmt: skip


def instructor_of(user: User) -> Instructor:
    """The user's instructor; ``NotFound`` where they are none."""
    return _theirs(next(iter(_of_user(user_id=user.pk)), None), user)


def schedule_owner(user: User) -> Instructor:
    """As ``instructor_of``, with nothing but what hours and weeks are about: a third of the columns.

    No query where the user was read with it (``OWNERS_KEYS``).
    """
    if _INSTRUCTOR.is_cached(user):
        return _theirs(_INSTRUCTOR.get_cached_value(user), user)
    return _theirs(next(iter(_scheduled(user_id=user.pk)), None), user)


def _theirs(instructor: Instructor | None, user: User) -> Instructor:
    if instructor is None:
        raise NotFound("You do not teach here yet.")
    instructor.user = user
    return instructor


_INSTRUCTOR: Any = User._meta.get_field("instructor")
_OF_SCHEDULE = ("id", "user", "slug", *calendar.SCHEDULE)
_scheduled = Compiled(
    lambda user_id: Instructor.objects.only(*_OF_SCHEDULE).filter(user_id=user_id).order_by(), user_id=int
)
# API keys with the same of their owners.
OWNERS_KEYS = reading(
    "instructor",
    leaving=[
        f"instructor__{field.name}"
        for field in Instructor._meta.concrete_fields
        if field.name not in _OF_SCHEDULE
    ],
)
_of_user = Compiled(
    lambda user_id: Instructor.objects.select_related("place").filter(user_id=user_id).order_by(),
    user_id=int,
)


def named(text: str) -> Q:
    """The condition for an instructor by number or slug."""
    return Q(pk=int(text)) if catalogue.is_number(text) else Q(slug=text)


def listed() -> QuerySet[Instructor]:
    """The listed instructors with their public facts and what they teach: two queries."""
    offerings = Offering.objects.select_related("subject").filter(is_listed=True).order_by("pk")
    return (
        Instructor.objects.filter(status=Instructor.Status.LISTED)
        .select_related("user", "place")
        .prefetch_related(Prefetch("offerings", offerings))
    )


def visible(slug: str, *, to: User | AnonymousUser) -> Instructor:
    """The listed instructor of that address; others only for themselves and for staff who verify them."""
    found = _by_slug(slug=slug)
    if not found or not _may_see(found[0], to):
        raise NotFound
    return found[0]


def _may_see(instructor: Instructor, user: User | AnonymousUser) -> bool:
    if instructor.is_listed or instructor.user_id == user.pk:
        return True
    return user.is_active and user.is_staff and user.has_perm("instructors.view_instructor")


def moved_from(slug: str, *, to: User | AnonymousUser) -> Instructor:
    """The instructor who had that address before, if ``to`` may see them."""
    instructor = addresses.moved_to(slug)
    if instructor is None or not _may_see(instructor, to):
        raise NotFound
    return instructor


_by_slug = Compiled(
    lambda slug: Instructor.objects.select_related("user", "place").filter(slug=slug), slug=str
)


@transaction.atomic
def become_instructor(user: User, *, by: Any) -> Instructor:
    """Start a draft profile for the user; a second call returns the first one's."""
    existing = Instructor.objects.filter(user=user).first()
    if existing:
        return existing
    instructor = Instructor.objects.create(
        user=user, slug=addresses.free_slug(user), time_zone=user.time_zone
    )
    record(Kind.INSTRUCTOR_CREATED, instructor, by=by)
    return instructor


@transaction.atomic
def change(instructor: Instructor, *, by: Any, **facts: Any) -> Instructor:
    """Change some of ``OWN_FACTS``; refusals name their fields.

    A new time zone keeps the wall times of the hours and so moves the open days.
    """
    unknown = set(facts) - set(OWN_FACTS)
    if unknown:
        raise TypeError(f"not facts of a profile: {sorted(unknown)}")
    locked = calendar.lock_instructor(instructor)
    before = {name: getattr(locked, name) for name in facts}
    for name, value in facts.items():
        setattr(locked, name, value)
    if "place" in facts:
        locked.latitude, locked.longitude = public_point(locked)
    try:
        locked.full_clean()
    except ValidationError as error:
        fields = {name: " ".join(messages) for name, messages in error.message_dict.items()}
        raise DomainError("Please correct the marked fields.", code="invalid", fields=fields) from error
    locked.save()
    if locked.slug != before.get("slug", locked.slug):
        addresses.exchange(locked, left=before["slug"])
    changed = sorted(name for name in facts if before[name] != getattr(locked, name))
    if "time_zone" in changed:
        calendar.rebuild(locked)
    catalogue.refresh_listing(locked)
    if "photo" in changed and before["photo"]:
        old = before["photo"]
        transaction.on_commit(lambda: old.storage.delete(old.name))
    if changed:
        record(Kind.INSTRUCTOR_CHANGED, locked, by=by, data={"changed": changed})
    return locked


@transaction.atomic
def introduce(
    instructor: Instructor, *, first_name: str, last_name: str, by: Any, **facts: Any
) -> Instructor:
    """Change the name of the instructor's account together with facts of the profile."""
    user = instructor.user
    accounts.change_profile(user, first_name=first_name, last_name=last_name, time_zone=user.time_zone)
    return change(instructor, by=by, **facts)


@transaction.atomic
def locate(instructor: Instructor, *, ways: Mapping[Offering, Sequence[str]], by: Any, **facts: Any) -> None:
    """Say where the instructor is and how each offering's lessons are met, together."""
    changed = change(instructor, by=by, **facts)
    catalogue.set_ways(changed, ways, by=by)


def public_point(instructor: Instructor) -> tuple[float | None, float | None]:
    """The place's centre, shifted 25–50 m by a fixed direction of this instructor's own (privacy rule)."""
    place = instructor.place
    if place is None:
        return None, None
    return shifted(place.latitude, place.longitude, key=f"instructor-{instructor.pk}")


def shifted(latitude: float, longitude: float, *, key: str) -> tuple[float, float]:
    """The point moved by 25–50 m; the same key always moves it the same way."""
    digest = hashlib.sha256(key.encode()).digest()
    angle = digest[0] / 256 * 2 * math.pi
    metres = 25 + digest[1] / 256 * 25
    degree = 111_320.0
    return (
        round(latitude + metres * math.sin(angle) / degree, 6),
        round(longitude + metres * math.cos(angle) / (degree * math.cos(math.radians(latitude))), 6),
    )


def count_lessons(instructor_id: int, number: int) -> None:
    """Write down that so many more lessons were given; negative where one turned out not to be."""
    Instructor.objects.filter(pk=instructor_id).update(
        lesson_count=Greatest(F("lesson_count") + number, Value(0))
    )


def set_commission_step(instructor_id: int, step: int) -> None:
    """Write down which of the rules' commissions is an instructor's from now on."""
    Instructor.objects.filter(pk=instructor_id).update(commission_step=step)
